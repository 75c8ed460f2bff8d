# SPDX-License-Identifier: Apache-2.0
"""A module has the name of a concept, not of a drawer, and a file of tests has a name of its own."""

from pathlib import PurePosixPath

from tools.checks.tree import CODE, Finding, Tree

DRAWERS = frozenset(
    {"utils", "util", "common", "helpers", "helper", "core", "base", "manager", "managers", "misc"}
)


def check(tree: Tree) -> list[Finding]:
    """Find modules and packages that are named like a drawer, and files of tests that share a name."""
    return _twice(tree) + [
        Finding(path, 1, f"{name} names no concept: say what the module is about")
        for path in tree.under(CODE)
        for name in _names(path)
        if name in DRAWERS
    ]


def _twice(tree: Tree) -> list[Finding]:
    """Find files of tests that share a name: they cannot be collected in one run."""
    first: dict[str, str] = {}
    found = []
    for path in sorted(tree.under(("tests/",))):
        name = PurePosixPath(path).name
        if name.startswith("test_") and (earlier := first.setdefault(name, path)) != path:
            found.append(Finding(path, 1, f"{earlier} has this name: say what these tests are about"))
    return found


def _names(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).with_suffix("").parts
