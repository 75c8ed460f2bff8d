# SPDX-License-Identifier: Apache-2.0
"""The form of a backup file: what is cut, changed, or of another node opens nothing (rules 31, 33)."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchange.adapters.storage.backups import (
    LIFE,
    BackupCard,
    Part,
    extract,
    new_card,
    read_card,
    write_backup,
)
from exchange.errors import InputError
from exchange.ids import parse_agency, parse_node
from tests.support.keys import seeded_random

STORE_KEY = bytes(range(32))
AT = datetime(2027, 10, 4, 2, 0, tzinfo=UTC)
CARD = new_card(
    agency=parse_agency("KH-MOSVY-DAHT"),
    node=parse_node("0c5e1f8a7d3b4920"),
    at=AT,
    migration=16,
    keys=b"a sealed key file",
    with_data_keys=True,
    random=seeded_random("backup"),
)
CONTENT = {Part.SETTINGS: b"[agency]\n", Part.STORE: b"s" * 70_000, Part.DATA_KEYS: b""}


def written(folder: Path, card: BackupCard = CARD) -> Path:
    """Write a backup of three small parts."""
    parts = {}
    for part, raw in CONTENT.items():
        parts[part] = folder / part.value
        parts[part].write_bytes(raw)
    path = folder / "one.7-days.backup"
    write_backup(path, card, parts, store_key=STORE_KEY)
    return path


def taken(path: Path, folder: Path, *, store_key: bytes = STORE_KEY) -> dict[Part, bytes]:
    """Return what comes out of a backup."""
    folder.mkdir()
    places = {part: folder / part.value for part in Part}
    with path.open("rb") as file:
        card, raw = read_card(file)
        held = extract(file, card, raw, places, store_key=store_key)
    return {part: places[part].read_bytes() for part in held}


def test_what_was_put_in_comes_out_and_the_card_is_the_one_that_was_made(tmp_path: Path) -> None:
    path = written(tmp_path)

    assert taken(path, tmp_path / "out") == CONTENT
    with path.open("rb") as file:
        assert read_card(file)[0] == CARD


def test_only_the_owner_can_read_a_backup_and_what_comes_out_of_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    taken(path, tmp_path / "out")

    modes = {stat.S_IMODE(each.stat().st_mode) for each in (path, *(tmp_path / "out").iterdir())}
    assert modes == {0o600}


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()

    with pytest.raises(InputError, match="exists"):
        written(tmp_path)
    assert path.read_bytes() == before


def test_nothing_of_the_parts_stands_open_in_the_file(tmp_path: Path) -> None:
    raw = written(tmp_path).read_bytes()

    assert b"[agency]" not in raw
    assert b"ssssssss" not in raw


def test_a_backup_with_data_keys_says_when_it_has_to_be_destroyed(tmp_path: Path) -> None:
    """Erased means gone from backups within 7 days (design 5)."""
    assert CARD.destroy_by == AT + LIFE
    assert LIFE.days == 7


def _cut(raw: bytes, at: int) -> bytes:
    return raw[:at]


LENGTH_OF_CARD = len(CARD.raw())


@pytest.mark.parametrize(
    "at",
    [0, 1, LENGTH_OF_CARD - 1, LENGTH_OF_CARD, LENGTH_OF_CARD + 40, LENGTH_OF_CARD + 16_500, -17, -1],
)
def test_a_cut_file_opens_nothing_to_its_end(tmp_path: Path, at: int) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:at])

    with pytest.raises(InputError):
        taken(path, tmp_path / "out")


def test_bytes_behind_the_end_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes() + b"more")

    with pytest.raises(InputError):
        taken(path, tmp_path / "out")


@pytest.mark.parametrize("place", [LENGTH_OF_CARD, LENGTH_OF_CARD + 60, LENGTH_OF_CARD + 30_000, -1])
def test_a_changed_byte_of_the_stream_is_refused(tmp_path: Path, place: int) -> None:
    path = written(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)

    with pytest.raises(InputError):
        taken(path, tmp_path / "out")


@pytest.mark.parametrize(
    "changed",
    [
        replace(CARD, destroy_by=None),
        replace(CARD, made_at=AT + LIFE),
        replace(CARD, migration=15),
        replace(CARD, keys=b"another key file"),
        replace(CARD, node=parse_node("8b7d20f3c6a1e954")),
    ],
    ids=["kept for ever", "made later", "older store", "other keys", "other node"],
)
def test_a_changed_card_opens_nothing(tmp_path: Path, changed: BackupCard) -> None:
    path = written(tmp_path)
    path.write_bytes(changed.raw() + path.read_bytes()[LENGTH_OF_CARD:])

    with pytest.raises(InputError, match="does not open"):
        taken(path, tmp_path / "out")


def test_another_store_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not open"):
        taken(written(tmp_path), tmp_path / "out", store_key=bytes(32))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}\n",
        b"not a backup\n",
        b'{"format":"exchange-backup/2"}\n',
        b"\x00" * 100,
        b"x" * 600_000,
    ],
)
def test_a_file_that_is_no_backup_is_named_as_such(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "no.backup"
    path.write_bytes(raw)

    with path.open("rb") as file, pytest.raises(InputError, match="no backup of the format"):
        read_card(file)
