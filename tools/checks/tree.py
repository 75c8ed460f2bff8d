# SPDX-License-Identifier: Apache-2.0
"""The files of the project as the checks see them.

Files that git ignores are no part of the tree. Where git is missing (an unpacked archive), hidden
folders and what Python writes are left out instead.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CODE = ("exchange/", "tests/", "tools/")
"""Folders of Python that we write."""
NOT_OURS = {"__pycache__", "node_modules", "demo", "dist", "build"}
"""Folders that are never part of an unpacked archive's tree."""


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule. `line` counts from 1."""

    path: str
    line: int
    sentence: str


@dataclass(frozen=True)
class Tree:
    """Paths are relative to `root`, with `/`, sorted."""

    root: Path
    paths: tuple[str, ...]

    def raw(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def text(self, path: str) -> str:
        """Return the text; bytes that are not UTF-8 become U+FFFD."""
        return self.raw(path).decode("utf-8", errors="replace")

    def under(self, folders: tuple[str, ...], suffix: str = ".py") -> Iterator[str]:
        """Yield the paths in one of the folders (each ending in `/`) with the suffix."""
        return (path for path in self.paths if path.startswith(folders) and path.endswith(suffix))


def read_tree(root: Path) -> Tree:
    """Return the tree of a checkout, or of an unpacked archive."""
    listed = _listed_by_git(root)
    found = listed if listed is not None else _walked(root)
    return Tree(root, tuple(sorted(path for path in found if (root / path).is_file())))


def _listed_by_git(root: Path) -> list[str] | None:
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return [path for path in listed.stdout.decode().split("\0") if path]


def _walked(root: Path) -> list[str]:
    relative = (path.relative_to(root) for path in root.rglob("*"))
    return [path.as_posix() for path in relative if not _is_left_out(path)]


def _is_left_out(path: Path) -> bool:
    folders = path.parts[:-1]
    return any(name in NOT_OURS or (name.startswith(".") and name != ".ci") for name in folders)
