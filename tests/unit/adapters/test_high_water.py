# SPDX-License-Identifier: Apache-2.0
"""A place of high-water files that cannot be used is named, with what the system says of it."""

import json
from pathlib import Path

import pytest
from exchange.adapters.storage.highwater import HighWaterFiles
from exchange.errors import ConfigurationError
from exchange.ids import Digest, LinkId

LINK = LinkId("A" * 22)
ROOT = Digest("A" * 43)


def files(folder: Path) -> HighWaterFiles:
    return HighWaterFiles(folder, data=folder.parent / "kh")


def keep(water: HighWaterFiles) -> None:
    water.write(LINK, epoch=1, size=7, root=ROOT, next_seq=3)


def test_what_was_written_is_read_and_a_folder_without_it_is_no_trouble(tmp_path: Path) -> None:
    water = files(tmp_path)

    assert water.read(LINK) is None
    keep(water)

    assert water.read(LINK) == (1, 7, ROOT, 3)
    water.check()


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "marks"


def not_there(folder: Path) -> Path:
    return folder / "media" / "marks"


@pytest.mark.parametrize(
    ("place", "said"),
    [(below_a_file, "Not a directory"), (not_there, "No such file or directory")],
)
@pytest.mark.parametrize("act", [HighWaterFiles.check, keep, lambda water: water.read(LINK)])
def test_a_place_that_cannot_be_used_is_named_with_the_error(
    tmp_path: Path, place: object, said: str, act: object
) -> None:
    folder = place(tmp_path)  # type: ignore[operator]

    with pytest.raises(ConfigurationError) as refused:
        act(files(folder))  # type: ignore[operator]

    assert refused.value.reason == "high_water_unusable"
    assert str(folder) in str(refused.value)
    assert str(refused.value).endswith(said)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{", json.dumps({"epoch": 1, "size": 7, "root": "x", "next_seq": 3}).encode()],
    ids=["empty", "a list", "cut", "no digest"],
)
def test_a_file_of_another_form_is_damaged_and_stays_as_it_is(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / f"{LINK}.json"
    path.write_bytes(raw)

    for act in (HighWaterFiles.check, lambda water: water.read(LINK)):
        with pytest.raises(ConfigurationError, match=str(path)) as refused:
            act(files(tmp_path))
        assert refused.value.reason == "high_water_damaged"
    assert path.read_bytes() == raw
