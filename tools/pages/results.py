# SPDX-License-Identifier: Apache-2.0
"""The page of results: for each code, is it logged, is the number used, who acts.

Made from the code lists `ack-rejections`, `again-codes` and `void-reasons`.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Code = dict[str, Any]

TOP = """# Results and reasons

<!-- Made by `make pages` from schemas/codelists; do not edit. -->

What the recipient says about a line, and what follows. There are three results: **logged** (a verdict
leaf exists and is in the tail), **again** (not taken yet; the same line is offered again) and
**refused** (nothing is logged; that line stops until a person decides). Any other answer of any machine
on the way, whatever its status, is treated like *again*. Only a signed leaf or a `void` ends a message.

The checks run in this order, and the first fault is reported: {order}.
Inside the catalogue rules: {rules}.
"""

REJECTED = """
## Rejected: a signed verdict

The leaf `rcvd` or `rejc` carries the code. The message has no effect. Its number is used; what still holds is
sent as a new message.
"""

REFUSED = """
## Refused: before a good signature, or a conflict

Nothing is logged. A partner sees one code for all of them; the exact code is for the officers of both sides.
"""

AGAIN = """
## Again: not taken yet

Nothing is logged, no number is used, nothing takes effect.
"""

VOID = """
## Void: the sender gives a number up

The leaf `void {seq, id, code}` is the sender's. A recipient without a verdict logs the rejection
`voided` and goes on. If the message was accepted already, the acceptance stands, and the sender has to
cancel it by a message.
"""

RETIRED = """
## Codes that are not used any more

They stay in the list, because codes are never removed.
"""


def page(root: Path) -> str:
    """Return the whole page from the code lists under `root`."""
    rejections = _list(root, "ack-rejections")
    live = [code for code in rejections["codes"] if not code.get("retired")]
    retired = [code for code in rejections["codes"] if code.get("retired")]
    return "".join(
        (
            TOP.format(
                order=_series(rejections["order_of_checks"]), rules=_series(rejections["catalogue_rules"])
            ),
            REJECTED + _verdicts(code for code in live if code["answer"] == "rejected"),
            REFUSED + _verdicts(code for code in live if code["answer"] == "refused"),
            AGAIN + _agains(_list(root, "again-codes")["codes"]),
            VOID + _voids(_list(root, "void-reasons")["codes"]),
            RETIRED + _retired(retired),
        )
    )


def _list(root: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        (root / "schemas" / "codelists" / f"{name}.json").read_text(encoding="utf-8")
    )
    return loaded


def _series(words: Sequence[str]) -> str:
    return " → ".join(words)


def _verdicts(codes: Iterable[Code]) -> str:
    rows = ((_name(code), code["label"], code["check"], *_facts(code), code["do"]) for code in codes)
    return _table(
        ("Code", "Means", "Found by the check of", "Logged", "Number used", "Who acts", "What to do"), rows
    )


def _agains(codes: Iterable[Code]) -> str:
    rows = ((_name(code), code["when"], *_facts(code), code["then"]) for code in codes)
    return _table(("Code", "When", "Logged", "Number used", "Who acts", "Then"), rows)


def _voids(codes: Iterable[Code]) -> str:
    return _table(("Code", "Means"), ((_name(code), code["label"]) for code in codes))


def _retired(codes: Iterable[Code]) -> str:
    return _table(("Code", "Meant", "Now"), ((_name(code), code["label"], code["note"]) for code in codes))


def _name(code: Code) -> str:
    return f"`{code['code']}`"


def _facts(code: Code) -> tuple[str, str, str]:
    return _yes(code["logged"]), _yes(code["number_used"]), code["acts"]


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n" + "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )
