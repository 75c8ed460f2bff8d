# SPDX-License-Identifier: Apache-2.0
"""Write the vectors of the conformance kit into `tests/vectors/kit`."""

import json
from pathlib import Path
from typing import Any

from exchange.kit.contexts import FILE
from exchange.kit.vectors import SUFFIX

from tools.vectors import enrolment, erasures, frames, gates, jsons, lattice, ledger, lines, results, witness
from tools.vectors.kept import KeptBodies, kept_contexts

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "vectors" / "kit"
Row = dict[str, Any]


def files(folder: Path = FOLDER) -> dict[str, str]:
    """Return the text of each file of vectors; what is kept comes from `folder`."""
    contexts = kept_contexts(folder)
    bodies = KeptBodies(_kept(folder / f"bodies{SUFFIX}"))
    kinds = {
        "lines": lines.rows(contexts, bodies),
        "json": jsons.rows(),
        "leaves": ledger.leaves(contexts),
        "logs": ledger.logs(contexts),
        "heads": ledger.heads(contexts),
        "tails": ledger.tails(contexts),
        "cosignatures": ledger.cosignatures(contexts),
        "erasures": erasures.rows(contexts),
        "lattice": lattice.rows(contexts, _kept(folder / f"lattice{SUFFIX}")),
        "witness": witness.rows(contexts),
        "frames": frames.rows(contexts),
        "cards": enrolment.cards(contexts),
        "agreements": enrolment.agreements(contexts),
        "keys": enrolment.keys(contexts),
        "gate": gates.rows(contexts),
        "results": results.rows(),
        "bodies": bodies.rows(),
    }
    texts = {kind + SUFFIX: "".join(_line(row) for row in rows) for kind, rows in kinds.items()}
    return {FILE: json.dumps(contexts.raw, indent=1, ensure_ascii=False) + "\n"} | texts


def _kept(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}, {len(text.splitlines())} lines, {len(text) // 1000} kB")


if __name__ == "__main__":
    main()
