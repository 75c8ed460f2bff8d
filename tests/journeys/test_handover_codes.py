# SPDX-License-Identifier: Apache-2.0
"""Two officers at the crossing compare their records by a code, without network."""

from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.ids import LinkId, b64url
from exchange.protocol.handover_token import HandoverToken, read_token
from tests.journeys.test_handover_desk import accepted, departed, play, proposed, signed
from tests.support.staff import BORDER, Desks
from tests.support.world import World


def check(found: dict[str, Any]) -> tuple[str, str]:
    return found["differs"], found["type"]


def test_both_sides_show_the_same_code_for_the_final_list_and_for_the_record(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        for code in ("HDP", "HRC"):
            if code == "HRC":
                await signed(desks, movement)
            world.weather.down = True
            own, theirs = [await ask("handover.token", movement=movement) for ask in (desks.kh, desks.vn)]
            assert own == theirs
            for ask in (desks.kh, desks.vn):
                found = await ask("handover.check", token=own["token"])
                assert check(found) == ("", code)
                assert (found["movement"], found["number"]) == (movement, own["number"])
            world.weather.down = False

    play(story, tmp_path)


def test_a_countersignature_leaves_the_code_as_it_is(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        await signed(desks, movement)
        before = await desks.vn("handover.token", movement=movement)
        agreed = {"agreed": True}
        await desks.sent(await desks.vn("handover.sign", movement=movement, officer=BORDER, document=agreed))

        for ask in (desks.kh, desks.vn):
            assert await ask("handover.token", movement=movement) == before

    play(story, tmp_path)


def test_what_differs_is_named(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        token = read_token((await desks.kh("handover.token", movement=movement))["token"])
        other_link = LinkId(b64url(bytes(16)))
        wrong = {
            "link": HandoverToken(other_link, token.number, token.digest),
            "number": HandoverToken(token.link, 900, token.digest),
            "digest": HandoverToken(token.link, token.number, bytes(16)),
        }

        for differs, one in wrong.items():
            found = await desks.vn("handover.check", token=one.text)
            assert (found["differs"], found["movement"]) == (differs, "")
        found = await desks.vn("handover.check", token=wrong["number"].text)
        assert found["held"] == [token.number]

    play(story, tmp_path)


def test_a_record_that_has_not_arrived_differs_by_its_number(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        world.weather.down = True
        document = {
            "minutes_number": "12/2027",
            "started_at": "2027-10-04T08:55+07:00",
            "ended_at": "2027-10-04T08:59+07:00",
            "identity_check": "compared with the passport",
            "condition": "well",
        }
        await desks.kh(
            "handover.sign", movement=movement, officer=BORDER, document=document, all_handed_over=True
        )
        shown = await desks.kh("handover.token", movement=movement)

        found = await desks.vn("handover.check", token=shown["token"])

        assert shown["type"] == "HRC"
        assert found["differs"] == "number"

    play(story, tmp_path)


def test_before_the_departure_there_is_nothing_to_compare(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))

        with pytest.raises(UsageError):
            await desks.kh("handover.token", movement=movement)

    play(story, tmp_path)


def test_a_code_says_nothing_personal_and_no_place(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, codes = await departed(desks)
        token = (await desks.kh("handover.token", movement=movement))["token"]

        for word in (movement, *codes, "BAVET", "KH-", "VN-"):
            assert word not in token

    play(story, tmp_path)
