# SPDX-License-Identifier: Apache-2.0
"""Print every finding as `file:line: sentence`; exit 1 if there is one."""

import sys
from pathlib import Path

from tools.checks import ALL, findings
from tools.checks.tree import read_tree

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    tree = read_tree(ROOT)
    found = findings(tree)
    for finding in found:
        print(f"{finding.path}:{finding.line}: {finding.sentence}")
    if found:
        print(f"error: {len(found)} findings", file=sys.stderr)
        return 1
    print(f"{len(ALL)} project rules hold in {len(tree.paths)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
