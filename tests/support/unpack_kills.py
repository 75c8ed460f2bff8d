# SPDX-License-Identifier: Apache-2.0
"""Kills a restore while it unpacks: `python -m tests.support.unpack_kills FOLDER`; prints JSON.

A child restores a real backup. It is killed right before it touches a file or folder for the first time, for
each of them up to the mark that says that all is there; and in the middle of writing the store, by a limit
on the size of its files. The parent looks at what is left, and finishes or repeats the command. What happens
from the mark on: `restore_kills`. It runs in a process of its own: one with threads must not be forked.
"""

import asyncio
import json
import os
import resource
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exchange.bootstrap import make_backup, open_node, restore_backup, set_up
from exchange.bootstrap.restoring import COMPLETE, PREFIX, finish
from exchange.config import AgencySection, Settings

PASSPHRASE: Final = secrets.token_hex(16)
HALF_BYTES: Final = 64 * 1024
"""More than settings and card have, and less than an empty store has."""
NODE: Final = "0c5e1f8a7d3b4920"


def in_child(act: Callable[[], object], *, on_touch: Callable[[str], None], most_bytes: int = 0) -> bool:
    """Do something in a child that tells of each path it touches; return whether it was killed."""
    child = os.fork()
    if not child:
        if most_bytes:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        def touched(event: str, arguments: tuple[Any, ...]) -> None:
            if event in ("open", "os.mkdir", "sqlite3.connect") and PREFIX in str(arguments[0]):
                on_touch(Path(os.fsdecode(arguments[0])).name)

        sys.addaudithook(touched)
        act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def die(name: str) -> Callable[[str], None]:
    def on_touch(touched: str) -> None:
        if touched == name or (name == PREFIX and touched.startswith(PREFIX)):
            os.kill(os.getpid(), signal.SIGKILL)

    return on_touch


def names_up_to_mark(folder: Path, act: Callable[[], object]) -> list[str]:
    """Return what a restore touches until everything is there, each name once, in order."""
    told = folder.with_suffix(".touched")

    def note(name: str) -> None:
        with told.open("a") as file:
            file.write(f"{PREFIX if name.startswith(PREFIX) else name}\n")

    in_child(act, on_touch=note)
    names = list(dict.fromkeys(told.read_text().splitlines()))
    return names[: names.index(COMPLETE) + 1]


def files_of(folder: Path) -> dict[str, str]:
    """Return every file of a folder with its content, without locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes().hex()[:64] for path in files}


def backup_of(folder: Path) -> Path:
    """Set up a node and return a backup of it."""
    agency = AgencySection(code="KH-MOSVY-DAHT", node=NODE, names={"en": "One"}, office="KH-MOSVY-DAHT")
    set_up(folder, Settings(agency=agency), PASSPHRASE, officers={})
    path = folder.with_suffix(".7-days.backup")

    async def work() -> None:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            await make_backup(opened, path, with_data_keys=True)

    asyncio.run(work())
    return path


@dataclass(frozen=True)
class Place:
    """Where a backup is restored: into nothing, or in the place of the store of its own node."""

    backup: Path
    folder: Path
    node: Path | None = None

    def restore(self) -> object:
        return restore_backup(self.backup, self.folder, PASSPHRASE, replace=self.node is not None)

    def killed(self, name: str) -> dict[str, Any]:
        """Begin anew and kill the restore at a name; say what is left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.node:
            shutil.copytree(self.node, self.folder)
        before = files_of(self.folder)
        is_killed = in_child(self.restore, on_touch=die(name), most_bytes=0 if name else HALF_BYTES)
        after = files_of(self.folder)
        left = sorted(Path(path).name for path in after if path.startswith(PREFIX))
        kept = {path: text for path, text in after.items() if not path.startswith(PREFIX)}
        return {"killed": is_killed, "left": left, "kept": kept == before}

    def recognised(self, name: str) -> dict[str, Any]:
        """Kill the restore and finish as the next start does."""
        found = self.killed(name)
        return found | {"finished": finish(self.folder), "after": sorted(files_of(self.folder))}

    def repeated(self, name: str) -> dict[str, Any]:
        """Kill the restore and give the same command again; say what it came to."""
        found = self.killed(name)
        is_killed = in_child(self.restore, on_touch=lambda _: None)
        stores = [path.parts[-2].split("-")[0] for path in self.folder.rglob("store.db")]
        places = [path.name for path in self.folder.glob(f"{PREFIX}*")]
        return found | {"again": not is_killed, "stores": stores, "places": places}


def main() -> int:
    node = Path(sys.argv[1]) / "node"
    backup = backup_of(node)
    empty, taken = Place(backup, node.with_name("empty")), Place(backup, node.with_name("taken"), node)
    names = names_up_to_mark(empty.folder, empty.restore)
    found = {
        "recognised": {name: empty.recognised(name) for name in names},
        "repeated": [empty.repeated(""), taken.repeated(""), empty.repeated(COMPLETE)],
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
