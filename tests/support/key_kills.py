# SPDX-License-Identifier: Apache-2.0
"""Kills the return of key files at one step after another: `python -m tests.support.key_kills FOLDER`.

Prints as JSON what each of the files said after each kill, and after the same command was given again.
"""

import json
import shutil
import sys
from functools import partial
from pathlib import Path

from exchange.bootstrap.keys_back import put
from tests.support.restore_kills import killed_at

DAMAGED, WHOLE = "damaged", "whole"
NAMES = ("keys.sealed", "card.json")
MOMENT = "2027-10-04T02:00:00.000Z"


def made(folder: Path) -> tuple[Path, Path]:
    """Make a folder of damaged key files, and whole ones beside it that wait for their place."""
    shutil.rmtree(folder, ignore_errors=True)
    keys, unpacked = folder / "keys", folder / "unpacked"
    for place, text in ((keys, DAMAGED), (unpacked, WHOLE)):
        place.mkdir(parents=True)
        for name in NAMES:
            (place / name).write_text(text)
    return keys, unpacked


def said(keys: Path) -> list[str]:
    return [(keys / name).read_text() if (keys / name).exists() else "" for name in NAMES]


def main(folder: Path) -> None:
    found: list[dict[str, object]] = []
    is_killed = True
    while is_killed:
        keys, unpacked = made(folder)
        wanted = tuple(keys / name for name in NAMES)
        is_killed = killed_at(len(found), partial(put, keys, unpacked, wanted, MOMENT))
        found.append({"killed": is_killed, "said": said(keys)})
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
