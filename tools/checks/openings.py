# SPDX-License-Identifier: Apache-2.0
"""A file of Python begins with its licence and says what it is for.

Tests and tools too. An empty file (a package that only groups others) needs neither.
"""

import ast

from tools.checks.tree import CODE, Finding, Tree

LICENCE = "# SPDX-License-Identifier: Apache-2.0"


def check(tree: Tree) -> list[Finding]:
    """Find modules without the licence line or without a docstring."""
    return [finding for path in tree.under(CODE) for finding in _check_module(path, tree.text(path))]


def _check_module(path: str, source: str) -> list[Finding]:
    if not source:
        return []
    found = []
    if source.split("\n", 1)[0] != LICENCE:
        found.append(Finding(path, 1, f"the first line is not `{LICENCE}`"))
    if not ast.get_docstring(ast.parse(source)):
        found.append(Finding(path, 1, "the module has no docstring: say in one sentence what it is for"))
    return found
