# SPDX-License-Identifier: Apache-2.0
"""Every query has a name and a sentence, so that a reader meets the purpose before the joins.

    -- name: due
    -- Outgoing messages whose next attempt is due, stops first.
    SELECT …

`-- due --` is read as a name as well. A migration (`…/migrations/…` or a file that begins with a number) is
one text: it begins with a comment that says what it does, after the licence line if there is one.
"""

import re
from pathlib import PurePosixPath

from tools.checks.tree import Finding, Tree

NAME = re.compile(
    r"--\s*(?:name:\s*(?P<named>[a-z][a-z0-9_]*)\b.*|(?P<framed>[a-z][a-z0-9_]*)\s*--)\s*", re.ASCII
)
SENTENCE = re.compile(r"--\s+(?!SPDX-)\S+\s+\S.*")


def check(tree: Tree) -> list[Finding]:
    """Find queries without a name or a sentence, and names that are given twice in one file."""
    found = []
    for path in tree.under(("exchange/",), ".sql"):
        lines = tree.text(path).splitlines()
        found += _check_migration(path, lines) if _is_migration(path) else _check_queries(path, lines)
    return found


def _is_migration(path: str) -> bool:
    place = PurePosixPath(path)
    return "migrations" in place.parts or place.name[:1].isdigit()


def _check_migration(path: str, lines: list[str]) -> list[Finding]:
    if any(SENTENCE.fullmatch(line) for line in lines[:2]):
        return []
    return [Finding(path, 1, "the migration does not begin with a comment that says what it does")]


def _check_queries(path: str, lines: list[str]) -> list[Finding]:
    found: list[Finding] = []
    seen: set[str] = set()
    for index, line in enumerate(lines):
        name = _name(line)
        if name is None:
            continue
        if name in seen:
            found.append(Finding(path, index + 1, f"the name {name} is given twice"))
        seen.add(name)
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if not SENTENCE.fullmatch(following) or _name(following) is not None:
            found.append(Finding(path, index + 1, f"the query {name} has no sentence after its name"))
    return found + _check_beginning(path, lines)


def _check_beginning(path: str, lines: list[str]) -> list[Finding]:
    """Find statements that stand before the first name."""
    for index, line in enumerate(lines):
        if _name(line) is not None:
            return []
        if line.strip() and not line.startswith("--"):
            return [Finding(path, index + 1, "a statement stands before the first `-- name: …`")]
    return [Finding(path, 1, "the file holds no named query")]


def _name(line: str) -> str | None:
    match = NAME.fullmatch(line)
    return (match["named"] or match["framed"]) if match else None
