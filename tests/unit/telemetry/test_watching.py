# SPDX-License-Identifier: Apache-2.0
"""What a monitor is told of gates, waiting messages, last contact and backups; no content, no name."""

import asyncio
from dataclasses import dataclass

from exchange.bootstrap.backups import LAST_BACKUP
from exchange.clock import instant_text
from exchange.interfaces.watching import PATIENCE, Watch
from exchange.service.drafts import send
from exchange.service.node import Node
from exchange.service.pausing import end_pause, pause
from exchange.service.rows import LinkState
from tests.support.notices import notice
from tests.support.world import OFFICER, SECOND, VN, World


@dataclass
class Opened:
    """As much of an opened node as a watch needs."""

    node: Node


def watch_of(world: World) -> Watch:
    return Watch(Opened(world.kh.node))  # type: ignore[arg-type]


def values(watch: Watch) -> dict[str, float]:
    """Return the value of each line of the metrics."""
    lines = (line for line in watch.text().decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def let_wait(world: World) -> None:
    """Close the gate of KH, take VN off the network, and send a message."""
    presence = world.kh.node.presence.of(world.link)
    world.vn.crash()
    presence.gate = LinkState.CLOSED
    await send(world.kh.node, world.link, notice(world.kh.node, VN, country="VN"), OFFICER)


def test_an_open_link_is_a_gauge_and_what_is_not_known_has_no_line() -> None:
    async def story(world: World) -> None:
        await world.open()
        watch = watch_of(world)

        await watch.look()

        found = values(watch)
        assert found['exchange_gate_open{partner="VN-MPS-IMM"}'] == 1
        assert found['exchange_messages_waiting{partner="VN-MPS-IMM"}'] == 0
        assert "exchange_backup_age_seconds" not in found
        assert watch.looks() == ()

    World(seed=65).run(story)


def test_the_age_of_backup_and_contact_is_counted_in_seconds() -> None:
    async def story(world: World) -> None:
        await world.open()
        node, watch = world.kh.node, watch_of(world)
        made = instant_text(node.clock.now())
        await node.store.write(lambda uow: uow.settings.put(LAST_BACKUP, f"{made} {made}"))
        node.presence.of(world.link).last_contact_at = node.clock.now()
        world.vn.crash()
        await asyncio.sleep(90)

        await watch.look()

        found = values(watch)
        assert found["exchange_backup_age_seconds"] == 90
        assert found['exchange_last_contact_age_seconds{partner="VN-MPS-IMM"}'] == 90

    World(seed=66).run(story)


def test_a_gate_that_stays_closed_while_a_message_waits_is_to_be_looked_at() -> None:
    async def story(world: World) -> None:
        await world.open()
        watch = watch_of(world)
        await let_wait(world)
        await watch.look()
        assert values(watch)['exchange_gate_open{partner="VN-MPS-IMM"}'] == 0
        assert values(watch)['exchange_messages_waiting{partner="VN-MPS-IMM"}'] == 1
        assert watch.looks() == ()

        await asyncio.sleep(PATIENCE.total_seconds())
        await watch.look()
        assert watch.looks() == ("gate_closed",)

        world.kh.node.presence.of(world.link).gate = LinkState.OPEN
        await watch.look()
        assert watch.looks() == ()

    World(seed=67).run(story)


def test_a_closed_gate_for_which_nothing_waits_is_no_trouble() -> None:
    async def story(world: World) -> None:
        await world.open()
        watch = watch_of(world)
        world.vn.crash()
        world.kh.node.presence.of(world.link).gate = LinkState.CLOSED

        await watch.look()
        await asyncio.sleep(2 * PATIENCE.total_seconds())
        await watch.look()

        assert watch.looks() == ()

    World(seed=68).run(story)


def test_clocks_that_are_apart_are_to_be_looked_at() -> None:
    async def story(world: World) -> None:
        await world.open()
        watch = watch_of(world)
        world.kh.node.presence.of(world.link).apart_s = -360

        await watch.look()

        assert watch.looks() == ("clocks_apart",)

    World(seed=69).run(story)


def test_a_paused_link_is_shown_by_its_name_and_is_no_closed_gate_and_no_illness() -> None:
    async def story(world: World) -> None:
        await world.open()
        watch = watch_of(world)
        await pause(world.kh.node, world.link, reason="asked to wait", officer=OFFICER)
        await send(world.kh.node, world.link, notice(world.kh.node, VN, country="VN"), OFFICER)

        await watch.look()
        await asyncio.sleep(2 * PATIENCE.total_seconds())
        await watch.look()

        found = values(watch)
        assert found['exchange_link_paused{partner="VN-MPS-IMM"}'] == 1
        assert found['exchange_gate_open{partner="VN-MPS-IMM"}'] == 0
        assert found['exchange_messages_waiting{partner="VN-MPS-IMM"}'] == 1
        assert watch.looks() == ("link_paused",)

        await end_pause(world.kh.node, world.link, actors=(OFFICER, SECOND))
        await watch.look()
        assert watch.looks() == ()
        assert values(watch)['exchange_link_paused{partner="VN-MPS-IMM"}'] == 0

    World(seed=70).run(story)
