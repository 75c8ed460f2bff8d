# SPDX-License-Identifier: Apache-2.0
"""The drill for a lost key: what the page says, who may start it, and that it changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.protocol.keyring import Keyring
from exchange.protocol.suites import Algorithm, KeyUse
from exchange.service.key_trial import SIGNERS, Part, note_recovery, try_keys
from exchange.service.pairing import own_card
from tests.support.keys import test_key
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, World

KEY_OFFICER = OfficerNumber("P-0050")
Story = Callable[[World, House, Visitor], Awaitable[None]]


def play(folder: Path, story: Story, *, role: str = "key_officer") -> None:
    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, KEY_OFFICER, role)
        visitor = Visitor(house)
        await visitor.sign_in(KEY_OFFICER)
        await story(world, house, visitor)

    World(seed=9).run(opened)


async def try_recovery(house: House) -> None:
    now = house.node.clock.now()
    await house.node.store.write(
        lambda uow: note_recovery(uow, agency=house.node.agency, officers=(OFFICER, SECOND), now=now)
    )


@pytest.mark.parametrize("role", ["key_officer", "administrator"])
def test_the_page_says_what_is_tried_before_the_first_drill(tmp_path: Path, role: str) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        shown = await visitor.get("/keys")

        assert shown.says("No drill was made yet.")
        assert shown.words.count("not tried yet") == len(Part)

    play(tmp_path, story, role=role)


@pytest.mark.parametrize("role", ["officer", "releaser", "handover", "auditor"])
def test_another_role_cannot_start_the_drill(tmp_path: Path, role: str) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        await visitor.get("/partners")

        refused = await visitor.post("/keys")

        assert (refused.status, refused.says("Nothing was changed.")) == (403, True)
        assert not [row for row in await acts(house) if row.act == "keys_tried"]

    play(tmp_path, story, role=role)


def test_a_drill_after_the_recovery_key_was_tried_says_that_everything_works(tmp_path: Path) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        await try_recovery(house)
        await visitor.get("/keys")

        await visitor.post("/keys")
        shown = await visitor.get("/keys")

        assert shown.says("Everything works. Repeat the drill every three months.")
        assert shown.words.count(" works ") >= len(Part)
        recorded = [(row.actor, row.result) for row in await acts(house) if row.act == "keys_tried"]
        assert recorded == [(KEY_OFFICER, "works")]

    play(tmp_path, story)


def test_a_recovery_key_that_was_not_tried_for_a_quarter_is_named(tmp_path: Path) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        long_ago = house.node.clock.now() - timedelta(days=93)
        await house.node.store.write(
            lambda uow: note_recovery(uow, agency=house.node.agency, officers=(OFFICER, SECOND), now=long_ago)
        )
        await visitor.get("/keys")

        await visitor.post("/keys")
        shown = await visitor.get("/keys")

        assert shown.says("Something has to be done.")
        assert shown.says("exchange key drill")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("use", "part"), [*((use, Part.SIGNING) for use in SIGNERS), (KeyUse.SEAL, Part.SEALING)]
)
def test_a_key_that_is_gone_is_named_by_its_use(tmp_path: Path, use: KeyUse, part: Part) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        await try_recovery(house)
        held, now = house.node.keys, house.node.clock.now()
        keys = [held.signing(one, now) for one in SIGNERS] + list(held.sealing().values())
        kept = [key for key in keys if key.use is not use]
        crippled = replace(house.node, keys=Keyring(kept))

        trial = await try_keys(crippled, officer=KEY_OFFICER)

        assert [(one.part, one.names) for one in trial.found if not one.works] == [(part, (use.value,))]

    play(tmp_path, story)


def test_a_tls_key_that_the_card_does_not_name_is_named(tmp_path: Path) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        await try_recovery(house)
        held, now = house.node.keys, house.node.clock.now()
        keys = [held.signing(one, now) for one in SIGNERS if one is not KeyUse.TLS]
        keys += [*held.sealing().values(), test_key(KeyUse.TLS, Algorithm.P256, "of nobody")]
        crippled = replace(house.node, keys=Keyring(keys))

        trial = await try_keys(crippled, officer=KEY_OFFICER)

        assert [(one.part, one.names) for one in trial.found if not one.works] == [(Part.SIGNING, ("tls",))]

    play(tmp_path, story)


def test_a_drill_changes_neither_card_nor_ledger(tmp_path: Path) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        node = house.node

        async def state() -> tuple[bytes, int]:
            return await node.store.read(
                lambda uow: (
                    own_card(uow, node).raw,
                    uow.logs.position(world.link, node.agency).size,
                )
            )

        before = await state()
        await visitor.get("/keys")

        await visitor.post("/keys")

        assert await state() == before

    play(tmp_path, story)
