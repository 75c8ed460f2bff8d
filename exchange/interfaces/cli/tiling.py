# SPDX-License-Identifier: Apache-2.0
"""Writes the tiles of both ledgers of a link into a folder, in the paths of C2SP tlog-tiles.

    FOLDER/<agency>/checkpoint                 the signed head; written last, when all tiles are there
    FOLDER/<agency>/tile/<level>/<number>      hashes, 256 in a full tile

A tile that is in the folder already is not written again, so the same folder can be brought up to date.
There are hashes in it, and no entries: whoever has the folder can make any proof and learns no word.
"""

import os
from pathlib import Path

from exchange.errors import UsageError
from exchange.ids import parse_agency, unb64url
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.output import Answer
from exchange.ledger.tiles import TilePlace, tiles_of


def write_tiles(service: Service, folder: Path, *, partner: str, officer: str, ledger: int = 0) -> int:
    """Write what is missing in the folder and return how many tiles were written.

    Raises:
        UsageError: the folder cannot be written.
        ExchangeError: what the service answered.
    """
    start = service.ask("evidence.tiles", partner=partner, officer=officer, ledger=ledger)
    try:
        return sum(_write_log(service, folder, start["link"], log) for log in start["logs"])
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}", hint="check the folder") from error


def _write_log(service: Service, folder: Path, link: str, log: Answer) -> int:
    place = folder / parse_agency(log["by"])
    written = 0
    for tile in tiles_of(log["size"]):
        path = place / tile.path
        if not path.exists():
            _put(path, _tile(service, link, log, tile))
            written += 1
    if log["head"]:
        _put(place / "checkpoint", log["head"].encode("utf-8"))
    return written


def _tile(service: Service, link: str, log: Answer, tile: TilePlace) -> bytes:
    answer = service.ask(
        "evidence.tile", link=link, log=log["by"], ledger=log["ep"], size=log["size"], level=tile.level,
        index=tile.index,
    )  # fmt: skip
    return unb64url(answer["hashes"])


def _put(path: Path, raw: bytes) -> None:
    """Write a whole file under its name, or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
