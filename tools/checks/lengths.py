# SPDX-License-Identifier: Apache-2.0
"""A file holds one idea and a function fits on a screen.

Source: CONTRIBUTING.md, "Code". A docstring does not count towards the length of its function.
"""

import ast
from collections.abc import Iterator

from tools.checks.tree import Finding, Tree

MAX_FILE_LINES = 500
"""Longer, and the file holds two ideas."""
MAX_FUNCTION_LINES = 50
"""One screen, without the docstring."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_files(tree: Tree) -> list[Finding]:
    """Find files of the program that are too long."""
    lengths = ((path, len(tree.text(path).splitlines())) for path in tree.under(("exchange/",)))
    return [
        Finding(
            path, MAX_FILE_LINES + 1, f"has {lines} lines; at most {MAX_FILE_LINES}: split it by its ideas"
        )
        for path, lines in lengths
        if lines > MAX_FILE_LINES
    ]


def check_functions(tree: Tree) -> list[Finding]:
    """Find functions of the program that are too long."""
    return [
        Finding(path, function.lineno, f"{function.name} has {lines} lines; at most {MAX_FUNCTION_LINES}")
        for path in tree.under(("exchange/",))
        for function in _functions(tree.text(path))
        if (lines := _length(function)) > MAX_FUNCTION_LINES
    ]


def _functions(source: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def _length(function: Function) -> int:
    end = function.end_lineno or function.lineno
    return end - function.lineno + 1 - _docstring_length(function)


def _docstring_length(function: Function) -> int:
    if ast.get_docstring(function, clean=False) is None:
        return 0
    first = function.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1
