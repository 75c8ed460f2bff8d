# SPDX-License-Identifier: Apache-2.0
"""Frames travel over a pinned, signed connection, and every failure is a TransportError."""

from tests.support.door_world import LINK, carrier_of, open_door


async def test_a_frame_arrives_and_its_answer_comes_back() -> None:
    async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
        assert await carrier.exchange(LINK, b"frame\n", timeout_s=5) == b"frame\n"
        assert await carrier.gate(LINK, b"question", timeout_s=5) == b"question"
    assert len(door.app.seats) == 0
