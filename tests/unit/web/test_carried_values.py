# SPDX-License-Identifier: Apache-2.0
"""A message that follows repeats flags of class S4: they travel, and only named readers see them."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.cases.permissions import Role
from exchange.ids import OfficerNumber, new_message_id
from exchange.interfaces.web.desk import House
from exchange.messages.document import header_of
from exchange.messages.filling import fill, release_digest
from exchange.service.enclosures import kept, unkept
from exchange.service.release import release
from exchange.service.rows import DraftRow
from tests.support.notices import small_notice, sources
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN, World

COLLEAGUE = "P-0041"
SECRET, OPEN = "Pregnant", "Travels with own children or dependants"
HIDDEN = "Not shown: only named readers see this."
Story = Callable[[House, Visitor, str], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    """Play a story after KH told VN that a woman is pregnant; a colleague of the author goes on."""

    async def opened(world: World) -> None:
        await world.open()
        house, node = await open_house(world.kh, folder), world.kh.node
        await give_account(house, OFFICER, "officer")
        await give_account(house, COLLEAGUE, "officer")
        await give_account(house, SECOND, "releaser")
        small = small_notice("VN")
        small["persons"][0]["flags"] = ["pregnant", "with_dependants"]
        document = fill(small, sources(node, VN)).document
        digest = release_digest(document)
        await release(node, world.link, document, officer=OFFICER, second=SECOND, approved=digest)
        codes: Any = header_of(document)["case_codes"]
        colleague = Visitor(house)
        await colleague.sign_in(COLLEAGUE)
        await story(house, colleague, codes[0])

    World(seed=8).run(opened)


async def follow(visitor: Visitor) -> str:
    """Begin a family tracing request after the notice, and return the address of the form."""
    rows = await visitor.house.node.store.read(lambda uow: uow.messages.list(limit=1))
    await visitor.post("/write", type="TRQ", after=rows[0].id)
    return visitor.last.to


async def name_reader(house: House, case: str) -> None:
    first, second = Visitor(house), Visitor(house)
    await first.sign_in(OFFICER)
    await second.sign_in(SECOND)
    for visitor, act in ((first, "propose"), (second, "confirm")):
        await visitor.get(f"/case/{case}/access")
        await visitor.post(f"/case/{case}/access", act=act, reader=COLLEAGUE)


def test_what_is_repeated_from_somebody_else_is_not_shown_to_who_writes(tmp_path: Path) -> None:
    async def story(_: House, colleague: Visitor, case: str) -> None:
        form = await follow(colleague)
        shown = await colleague.get(f"{form}/check")
        asked = await colleague.get(f"{form}/persons/0/flags")

        assert (shown.says(HIDDEN), shown.says(SECRET), shown.says(OPEN)) == (True, False, True)
        assert not any('value="pregnant"' in line and "checked" in line for line in asked.text.splitlines())

    play(tmp_path, story)


def test_a_named_reader_is_shown_what_is_repeated(tmp_path: Path) -> None:
    async def story(house: House, colleague: Visitor, case: str) -> None:
        await name_reader(house, case)
        shown = await colleague.get(f"{await follow(colleague)}/check")

        assert (shown.says(HIDDEN), shown.says(SECRET)) == (False, True)

    play(tmp_path, story)


def test_the_author_of_the_first_word_is_shown_it_again(tmp_path: Path) -> None:
    async def story(house: House, _: Visitor, case: str) -> None:
        author = Visitor(house)
        await author.sign_in(OFFICER)
        shown = await author.get(f"{await follow(author)}/check")

        assert shown.says(SECRET)

    play(tmp_path, story)


def test_a_flag_that_the_writer_says_is_shown_to_the_writer(tmp_path: Path) -> None:
    async def story(_: House, colleague: Visitor, case: str) -> None:
        form = await follow(colleague)
        asked = await colleague.get(f"{form}/persons/0/flags")
        await colleague.post(f"{form}/persons/0/flags", **{**asked.hidden, "f": ["self_harm_risk"]})
        shown = await colleague.get(f"{form}/check")

        assert shown.says("Must not be left alone")
        assert not shown.says(SECRET)

    play(tmp_path, story)


def test_it_travels_all_the_same_and_stays_hidden_in_the_draft(tmp_path: Path) -> None:
    """The journey depends on it: what is left out of a later message is taken for gone."""

    async def story(house: House, colleague: Visitor, case: str) -> None:
        draft = await prepared(house, COLLEAGUE)
        document = unkept(draft.document)[0]
        own = await colleague.get(f"/draft/{draft.id}")
        releaser = Visitor(house)
        await releaser.sign_in(SECOND)

        assert "pregnant" in json.dumps(document)
        assert (own.says(HIDDEN), own.says(SECRET)) == (True, False)
        assert (await releaser.get(f"/draft/{draft.id}")).says(SECRET)

    play(tmp_path, story)


async def prepared(house: House, colleague: str) -> DraftRow:
    """Keep the request of a colleague as a draft for the second person."""
    rows = await house.node.store.read(lambda uow: uow.messages.list(limit=1))
    asked = {"id": rows[0].id, "as": "TRQ", "document": {"type": "TRQ"}, "send": False}
    small = {**asked, "officer": colleague, "held_roles": ["officer"]}
    document = (await house.commands("message.answer", small))["document"]
    now, officer = house.node.clock.now(), OfficerNumber(colleague)
    id = new_message_id(now, house.node.random)
    digest = release_digest(document)
    draft = DraftRow(id, rows[0].link, "TRQ", kept(document, ()), officer, digest, None, now)
    await house.node.store.write(lambda uow: uow.drafts.save(draft))
    return draft


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.KEY_OFFICER])
def test_a_role_without_content_begins_no_message_that_follows(role: Role, tmp_path: Path) -> None:
    async def story(house: House, _: Visitor, case: str) -> None:
        await give_account(house, "P-0060", role)
        visitor = Visitor(house)
        await visitor.sign_in("P-0060")
        await follow(visitor)

        assert visitor.last.status == 403

    play(tmp_path, story)
