# SPDX-License-Identifier: Apache-2.0
"""A draft keeps its files until a second person releases it; nothing of them is in the document."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import IdentifierError, StoreDamagedError
from exchange.ids import b64url
from exchange.messages.media import Carried
from exchange.service.enclosures import kept, unkept
from tests.support.notices import child_notice
from tests.support.pictures import png
from tests.support.staff import Desks
from tests.support.world import VN, World

DOCUMENT: Any = {"header": {"type": "RPN"}, "content": {}, "persons": []}


def test_a_draft_without_files_is_its_document() -> None:
    assert json.loads(kept(DOCUMENT, ())) == DOCUMENT


def test_files_come_back_byte_for_byte() -> None:
    files = (Carried(3, 1, b"\x00\xff"), Carried(4, 2, b""))

    assert unkept(kept(DOCUMENT, files)) == (DOCUMENT, files)


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"part": "3", "number": 1, "data": ""}, StoreDamagedError),
        ({"part": 3, "data": ""}, StoreDamagedError),
        ({"part": 3, "number": 1, "data": "="}, IdentifierError),
    ],
)
def test_a_damaged_draft_is_not_released(entry: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        unkept(json.dumps({**DOCUMENT, "enclosed": [entry]}).encode())


def test_a_picture_travels_when_the_second_person_releases_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        desks = Desks(world, tmp_path)
        await desks.open()
        document: Any = child_notice(world.kh.node, VN)
        agreed = [{"scope": "photo", "state": "given", "giver": giver, "on": "2027-09-08"}
                  for giver in ("guardian", "child_assent")]  # fmt: skip
        document["persons"][0] |= {"photograph": 1}
        document["persons"][0]["consents"] += agreed
        picture = {"data": b64url(png()), "type": "photograph"}
        waiting = await desks.kh("message.send", document=document, files=[picture])
        assert waiting["fate"] == "needs_second"
        shown = await desks.kh("message.show", id=waiting["id"])
        assert "enclosed" not in shown["document"]

        await desks.sent(await desks.kh("message.release", id=waiting["id"], officer="P-0002"))

    World(seed=12).run(story)
