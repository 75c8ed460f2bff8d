# SPDX-License-Identifier: Apache-2.0
"""Kills a restore at one step after another: `python -m tests.support.restore_kills FOLDER`; prints JSON.

A step is a change of names, or the opening of a file, in the folder; the interpreter tells of each before it
happens. A child does the work and ends itself with SIGKILL there. The parent looks at what the disk holds,
then repeats the command. It runs in a process of its own: a process with threads must not be forked.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange.bootstrap.restoring import complete, finish, new_place, put_in_place

STEPS = frozenset({"os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove", "open"})
NEW, OLD = "the new one", "the old one"
MADE = {"store/exchange.db": NEW, "store/datakeys.db": NEW, "exchange.toml": NEW, "keys.sealed": NEW}
NODE = {"store/exchange.db": OLD, "store/datakeys.db": OLD, "exchange.toml": OLD, "keys/keys.sealed": OLD}


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Do something in a child that dies before its step of this number; return whether it died."""
    child = os.fork()
    if not child:
        left = [step]

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            if event in STEPS and "restored-here" in str(arguments):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def written(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def unpacked(folder: Path, node: dict[str, str]) -> Path:
    """Make a folder with a node or without one, and a whole backup beside it that waits for its place."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    written(folder, node)
    place = new_place(folder)
    written(place, MADE)
    complete(place, "backup")
    return place


def stores_of(folder: Path) -> set[str]:
    """Return which stores lie whole in a folder, wherever they are."""
    texts = [
        {path.read_text() for path in store.glob("*.db")}
        for store in (*folder.glob("store*"), *folder.glob("restoring-*/store"))
        if len(list(store.glob("*.db"))) == 2
    ]
    return {text for found in texts if len(found) == 1 for text in found}


def standing(folder: Path) -> dict[str, str]:
    return {
        name: (folder / name).read_text() if (folder / name).exists() else ""
        for name in ("store/exchange.db", "store/datakeys.db", "exchange.toml", "keys/keys.sealed")
    }


def play(folder: Path, node: dict[str, str]) -> list[dict[str, Any]]:
    """Kill at every step of putting a backup into its place; say what there was, and what is after it."""
    found: list[dict[str, Any]] = []
    is_killed = True
    while is_killed:
        place = unpacked(folder, node)
        is_killed = killed_at(len(found), lambda place=place: put_in_place(folder, place))  # type: ignore[misc]
        before = sorted(stores_of(folder))
        name, again = finish(folder), finish(folder)
        left = [path.name for path in folder.glob("restoring-*")]
        found.append(
            {
                "killed": is_killed, "stores": before, "named": name, "again": again,
                "after": standing(folder), "left": left,
            }
        )  # fmt: skip
    return found


def main() -> int:
    folder = Path(sys.argv[1]) / "restored-here"
    print(json.dumps({"new": play(folder, {}), "replaced": play(folder, NODE)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
