# SPDX-License-Identifier: Apache-2.0
"""Joins the modules of the verifier into one file that runs alone: `verify.py`."""

import re
from importlib.resources import files
from typing import Final

MODULES: Final = (
    "forms", "ed25519", "tree", "pack", "keys", "lattice", "stamps", "witnessed", "logs", "messages",
    "verify", "compare", "report", "page", "claims", "attested", "disclosure", "court", "given",
    "main",
)  # fmt: skip
"""In the order in which they need each other."""
_OWN_IMPORT = re.compile(r"^from exchange\.verifier\.\w+ import (?:\([^)]*\)|[^\n]*)\n", re.M)
_FOREIGN_IMPORT = re.compile(
    r"^(?:from (?!exchange)[\w.]+ import (?:\([^)]*\)|[^\n]*)|import [\w.]+)\n", re.M
)
_LICENCE: Final = "# SPDX-License-Identifier: Apache-2.0\n"
_TITLE: Final = (
    '"""Verifies evidence packs and disclosures: python3 verify.py FILE. Needs only Python 3.11."""\n'
)


def one_file() -> str:
    """Return the text of `verify.py`."""
    imports: set[str] = set()
    bodies = []
    for name in MODULES:
        text = files("exchange.verifier").joinpath(f"{name}.py").read_text(encoding="utf-8")
        imports |= set(_FOREIGN_IMPORT.findall(text))
        body = _FOREIGN_IMPORT.sub("", _OWN_IMPORT.sub("", text)).removeprefix(_LICENCE)
        bodies.append(f"# ---- {name}\n{_as_comment(body)}")
    last = bodies.pop()
    return "".join((_LICENCE, _TITLE, "\n", *sorted(imports), "\n\n", "\n\n".join(bodies), "\n\n", last))


def _as_comment(body: str) -> str:
    """Turn the docstring of a module into comments; a file has only one docstring."""
    match = re.match(r'"""(.*?)"""\n', body, re.S)
    if match is None:
        return body
    lines = match.group(1).rstrip().split("\n")
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + body[match.end() :]
