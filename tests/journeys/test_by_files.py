# SPDX-License-Identifier: Apache-2.0
"""Two agencies without an address: everything goes in parcels that a courier carries."""

from typing import Any

import pytest
from exchange.errors import ParcelInvalidError
from exchange.service.parcel_writing import LEAST_VOLUME_BYTES
from exchange.service.reconcile import reconcile, verify
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.couriers import Courier, by_files
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN, Agency, World

QUEUE = 330
"""Messages of about 6 kB: more than the smallest volume takes."""


async def send(world: World, agency: Agency) -> int:
    """Release a notice; return its number."""
    partner, country = (VN, "VN") if agency is world.kh else (KH, "KH")
    document = notice(agency.node, partner, country=country)
    return (await release(agency.node, world.link, document, officer=OFFICER)).seq


async def state(world: World, agency: Agency, seq: int) -> MessageState:
    row: Any = await agency.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, seq))
    return row.state


async def settle(courier: Courier) -> None:
    """Carry parcels both ways until both ledgers are signed by the other side."""
    for _ in range(2):
        for agency in courier.world.agencies:
            await courier.carry(agency)


async def demand_equal(world: World) -> None:
    """Both ledgers hold, agree, and are signed to their ends by the other side."""
    for agency in world.agencies:
        assert not (await reconcile(agency.node, world.link)).differences
        for log in await verify(agency.node, world.link):
            assert log.faults == ()
            assert log.size == log.signed == log.cosigned


def test_a_message_and_its_verdict_travel_in_two_files() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        seq = await send(world, world.kh)

        taken = await courier.carry(world.kh)
        assert (taken.messages, await state(world, world.kh, seq)) == (1, MessageState.QUEUED)
        await courier.carry(world.vn)

        assert await state(world, world.kh, seq) is MessageState.ACCEPTED
        await settle(courier)
        await demand_equal(world)
        assert world.calls == 0

    by_files(1).run(story)


def test_both_sides_restart_between_all_parcels() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        for _ in range(3):
            for agency in world.agencies:
                await world.open()
                await send(world, agency)
                path = await courier.write(agency)
                for one in world.agencies:
                    one.crash()
                    one.start()
                await world.open()
                await courier.read(world.other(agency), path)
        await settle(courier)

        await demand_equal(world)
        for agency in world.agencies:
            assert {await state(world, agency, seq) for seq in (1, 2, 3)} == {MessageState.ACCEPTED}

    by_files(2).run(story)


def test_the_gate_of_a_link_by_files_opens_by_itself() -> None:
    async def story(world: World) -> None:
        await world.open()

        assert all(a.node.presence.of(world.link).gate is LinkState.OPEN for a in world.agencies)

    by_files(3).run(story)


def test_a_long_queue_goes_in_volumes_that_are_read_in_their_order() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await settle(courier)
        for _ in range(QUEUE):
            await send(world, world.kh)
        volumes = await courier.write_all(world.kh, volume_bytes=LEAST_VOLUME_BYTES)

        assert [(one.manifest.volume, one.manifest.volumes) for one in volumes] == [(1, 2), (2, 2)]
        assert [one.path for one in volumes] == ["/courier/5.parcel", "/courier/5.2.parcel"]
        assert all(one.bytes <= LEAST_VOLUME_BYTES for one in volumes)
        with pytest.raises(ParcelInvalidError) as caught:
            await courier.read(world.vn, volumes[1].path)
        assert caught.value.reason == "parcel_early"
        taken = [await courier.read(world.vn, one.path) for one in volumes]

        assert sum(one.messages for one in taken) == QUEUE
        await settle(courier)
        await demand_equal(world)

    by_files(4).run(story)
