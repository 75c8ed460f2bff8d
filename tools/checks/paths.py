# SPDX-License-Identifier: Apache-2.0
"""Nothing in the tree names a place on the machine where it was written.

Such a path works for its author alone, and tells strangers about a workplace.
"""

import re

from tools.checks.tree import Finding, Tree

MACHINE = re.compile(r"(?<![\w.])/(?:work|farm)(?:/|(?=[\s\"'`)\],;:]|$))|\.\.[/]shared\b", re.MULTILINE)


def check(tree: Tree) -> list[Finding]:
    """Find machine paths in any file."""
    return [
        Finding(path, number, "names a path of one machine; use a path inside the project")
        for path in tree.paths
        for number, line in enumerate(tree.text(path).splitlines(), start=1)
        if MACHINE.search(line)
    ]
