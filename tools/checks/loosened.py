# SPDX-License-Identifier: Apache-2.0
"""Nothing is put off without an issue that says when it will be done.

A skipped test, a test that is expected to fail, an unfinished function and a note to oneself each need the
number of an issue on the same line: `#12`.
"""

import re

from tools.checks.tree import CODE, Finding, Tree

PUT_OFF = re.compile(
    r"pytest\.(?:skip|xfail|importorskip)\b|mark\.(?:skip|skipif|xfail)\b|unittest\.skip"
    r"|raise NotImplemented[E]rror|\b(?:TO[D]O|FIX[M]E)\b"
)
ISSUE = re.compile(r"#\d+\b")


def check(tree: Tree) -> list[Finding]:
    """Find what was put off without an issue."""
    return [
        Finding(path, number, "is put off without an issue: do it now, or add its number like #12")
        for suffix in (".py", ".sql")
        for path in tree.under(CODE, suffix)
        for number, line in enumerate(tree.text(path).splitlines(), start=1)
        if PUT_OFF.search(line) and not ISSUE.search(line)
    ]
