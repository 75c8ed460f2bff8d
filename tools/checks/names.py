# SPDX-License-Identifier: Apache-2.0
"""A module has the name of a concept, not of a drawer."""

from pathlib import PurePosixPath

from tools.checks.tree import CODE, Finding, Tree

DRAWERS = frozenset(
    {"utils", "util", "common", "helpers", "helper", "core", "base", "manager", "managers", "misc"}
)


def check(tree: Tree) -> list[Finding]:
    """Find modules and packages that are named like a drawer."""
    return [
        Finding(path, 1, f"{name} names no concept: say what the module is about")
        for path in tree.under(CODE)
        for name in _names(path)
        if name in DRAWERS
    ]


def _names(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).with_suffix("").parts
