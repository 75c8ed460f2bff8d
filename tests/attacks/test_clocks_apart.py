# SPDX-License-Identifier: Apache-2.0
"""Two clocks that are too far apart are told apart from a partner that does not answer, on both sides."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from exchange.errors import FrameInvalidError, TransportError
from exchange.ids import LinkId
from exchange.service.clock_apart import note_apart, note_failed_call, note_in_time, note_word
from exchange.service.doorkeeper import Doorkeeper
from tests.support.door_world import (
    LINK,
    NOW,
    GivenClock,
    ask,
    carrier_of,
    door_key,
    head,
    open_door,
    signed,
)
from tests.support.false_partner import false_partner, response
from tests.support.world import World
from tests.unit.transport.test_carrier import route_to

FRAME = b"frame"
AN_HOUR = 3_600


async def told_at(door_after_s: int, fields: dict[str, str]) -> list[tuple[LinkId, int]]:
    """Return what the service hears of clocks when the door's clock runs so far ahead."""
    async with open_door() as door:
        door.clock.pass_by(door_after_s)
        reply = await ask(door, head(fields) + FRAME)
        assert (reply.status, reply.reason) == (404, "not_found")
        return list(door.service.clocks)


@pytest.mark.parametrize("ahead_s", [301, AN_HOUR, -301, -AN_HOUR])
async def test_the_called_side_learns_how_far_the_clock_of_a_good_signature_is(ahead_s: int) -> None:
    assert await told_at(ahead_s, signed(FRAME)) == [(LINK, -ahead_s)]


@pytest.mark.parametrize(
    "fields",
    [
        signed(FRAME, key=door_key("stranger")),
        signed(FRAME) | {"Content-Digest": signed(b"other")["Content-Digest"]},
        signed(FRAME) | {"X-Exchange-To": "TH-MSDHS-DATIP"},
    ],
    ids=["a key that nobody has", "a signature over something else", "another recipient"],
)
async def test_the_time_of_a_signature_that_does_not_count_says_nothing(fields: dict[str, str]) -> None:
    assert await told_at(AN_HOUR, fields) == []


async def test_a_good_signature_of_an_hour_ago_is_refused_all_the_same() -> None:
    async with open_door() as door:
        door.clock.pass_by(AN_HOUR)
        await ask(door, head(signed(FRAME)) + FRAME)

        assert door.service.taken == []


def not_found(*dates: str) -> bytes:
    return response("404 Not Found", *(f"Date: {text}" for text in dates))


async def apart(raw: bytes) -> TransportError:
    async with false_partner(raw) as partner, carrier_of(route_to(partner.port), GivenClock()) as carrier:
        with pytest.raises(TransportError) as failed:
            await carrier.exchange(LINK, FRAME, timeout_s=5)
    return failed.value


@pytest.mark.parametrize(("ahead_s", "found"), [(AN_HOUR, AN_HOUR), (-301, -301), (300, 0), (0, 0)])
async def test_the_calling_side_compares_the_date_of_the_answer(ahead_s: int, found: int) -> None:
    date = format_datetime((NOW + timedelta(seconds=ahead_s)).replace(microsecond=0), usegmt=True)

    error = await apart(not_found(date))

    assert (error.reason, error.apart_s) == ("not_found", found)


@pytest.mark.parametrize(
    "dates",
    [
        (),
        ("yesterday",),
        ("Mon, 99 Oct 2027 09:12:04 GMT",),
        ("Mon, 04 Oct 2027 09:12:04",),
        ("Mon, 04 Oct 2021 09:12:04 GMT", "Mon, 04 Oct 2021 09:12:04 GMT"),
        ("Mon, 04 Oct 2021 09:12:04 GMT" + " " * 10 + "(x)" * 9,),
        ("4 Oct 2021 09:12:04 +99999999999999",),
        ("4 Oct 2021 09:12:04 +9999",),
    ],
    ids=["none", "no date", "no day", "no zone", "two", "too long", "huge zone", "wide zone"],
)
async def test_a_date_of_another_form_says_nothing(dates: tuple[str, ...]) -> None:
    assert (await apart(not_found(*dates))).apart_s == 0


def test_what_is_known_of_a_clock_is_noted_once_and_forgotten_when_a_word_is_in_time() -> None:
    async def story(world: World) -> None:
        await world.open()
        node, link = world.kh.node, world.link
        presence = node.presence.of(link)

        note_failed_call(node, link, FrameInvalidError())
        note_failed_call(node, link, TransportError(reason="not_found"))
        assert presence.apart_s == 0
        note_failed_call(node, link, TransportError(reason="not_found", apart_s=AN_HOUR))
        assert presence.apart_s == AN_HOUR
        note_word(node, link, timedelta(seconds=-301))
        assert presence.apart_s == -301
        note_word(node, link, timedelta(seconds=300))
        assert presence.apart_s == 0

        Doorkeeper(node, b"card").note_clock(link, AN_HOUR)
        note_apart(node, link, AN_HOUR)
        assert presence.apart_s == AN_HOUR
        note_in_time(node, link)
        assert presence.apart_s == 0

    World(seed=62).run(story)
