# SPDX-License-Identifier: Apache-2.0
"""Rules of the project that no linter knows; `python -m tools.checks` prints what breaks them.

Each module holds one idea: functions that take a `Tree` and return findings. `ALL` names every check once.
The checks read files only; they import nothing of the program, so that they work when it does not.
"""

from collections.abc import Callable

from tools.checks import keymaterial, lengths, loosened, names, openings, paths, queries
from tools.checks.tree import Finding, Tree

ALL: tuple[Callable[[Tree], list[Finding]], ...] = (
    lengths.check_files,
    lengths.check_functions,
    openings.check,
    keymaterial.check,
    paths.check,
    names.check,
    queries.check,
    loosened.check,
)


def findings(tree: Tree) -> list[Finding]:
    """Return what any check finds, by file and line."""
    return sorted(finding for check in ALL for finding in check(tree))
