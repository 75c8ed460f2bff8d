# SPDX-License-Identifier: Apache-2.0
"""Two persons of one side (rule 28): approval binds the digest of what was shown, and is never one's own."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.clock import instant_text
from exchange.interfaces.web.desk import House
from exchange.service.enclosures import unkept
from exchange.service.preparing import keep_prepared
from exchange.service.release import release
from exchange.service.renewal import RESTORED
from exchange.service.rows import DraftRow
from tests.support.notices import notice
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN, World


async def keep(world: World, house: House) -> DraftRow:
    """Keep a draft of the first officer, which a second person has to release."""
    document = notice(world.kh.node, VN, persons=1)
    (id,) = await keep_prepared(house.node, world.link, [document], OFFICER)
    draft = await house.node.store.read(lambda uow: uow.drafts.get(id))
    assert draft is not None
    return draft


def play(folder: Path, story: Any) -> None:
    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, "officer", "releaser")
        await give_account(house, SECOND, "releaser")
        await give_account(house, "P-0003", "officer")
        await story(world, house, await keep(world, house))

    World(seed=12).run(opened)


async def released(house: House) -> int:
    return len(await house.node.store.read(lambda uow: uow.messages.list(limit=100)))


async def at(house: House, officer: str, draft: DraftRow) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    await visitor.get(f"/draft/{draft.id}")
    return visitor


def test_the_second_person_releases_what_was_shown(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        second = await at(house, SECOND, draft)

        sent = await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert sent.to.startswith("/sent/")
        row = (await house.node.store.read(lambda uow: uow.messages.list(limit=1)))[0]
        assert (row.officer, row.released_by) == (OFFICER, SECOND)

    play(tmp_path, story)


def test_what_was_not_ticked_is_shown_again_and_not_sent(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        second = await at(house, SECOND, draft)

        shown = await second.post(f"/draft/{draft.id}/release", digest=draft.digest)

        assert (shown.status, await released(house)) == (400, 0)
        assert shown.words.count("Tick this once you have looked at everything on this page") == 2
        assert shown.hidden["digest"] == draft.digest

    play(tmp_path, story)


def test_it_stands_at_the_work_of_the_second_person(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        second = await at(house, SECOND, draft)

        shown = await second.get("/today")

        assert f'href="/draft/{draft.id}"' in shown.text

    play(tmp_path, story)


def test_nobody_releases_the_own_message(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        own = await at(house, OFFICER, draft)
        shown = own.last

        refused = await own.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert shown.says("Another person has to release it")
        assert "Release and send" not in shown.text
        assert (refused.status, await released(house)) == (400, 0)

    play(tmp_path, story)


def test_an_officer_without_the_role_releases_nothing(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        officer = await at(house, "P-0003", draft)

        refused = await officer.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert (refused.status, await released(house)) == (403, 0)

    play(tmp_path, story)


@pytest.mark.parametrize(
    "fields",
    [
        {"looked": "yes"},
        {"looked": "yes", "digest": "A" * 43},
        {"looked": "no", "digest": "own"},
        {"digest": "own"},
    ],
    ids=["no digest", "digest of something else", "not looked at", "no tick"],
)
def test_without_the_digest_of_what_was_shown_nothing_is_released(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        second = await at(house, SECOND, draft)
        given = {**fields, **({"digest": draft.digest} if fields.get("digest") == "own" else {})}

        refused = await second.post(f"/draft/{draft.id}/release", **given)

        assert (refused.status, await released(house)) == (400, 0)

    play(tmp_path, story)


def test_two_releases_send_one_message(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        second = await at(house, SECOND, draft)
        for _ in range(2):
            await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert await released(house) == 1

    play(tmp_path, story)


def test_opening_a_draft_is_recorded(tmp_path: Path) -> None:
    """Rule 30."""

    async def story(world: World, house: House, draft: DraftRow) -> None:
        await at(house, SECOND, draft)

        opened = [
            (row.actor, row.object, row.purpose) for row in await acts(house) if row.act == "draft_opened"
        ]
        assert opened == [(SECOND, draft.id, "case_work")]

    play(tmp_path, story)


async def restored(house: House) -> None:
    """Let the store be one that was put back just now."""
    now = instant_text(house.node.clock.now())
    await house.node.store.write(lambda uow: uow.settings.put(RESTORED, now))


@pytest.mark.parametrize("officer", [OFFICER, SECOND])
def test_a_draft_that_came_back_with_a_backup_says_so(tmp_path: Path, officer: str) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        visitor = await at(house, officer, draft)
        told = "came back with a backup"
        before = [(await visitor.get(page)).says(told) for page in ("/today", f"/draft/{draft.id}")]
        await restored(house)

        after = [(await visitor.get(page)).says(told) for page in ("/today", f"/draft/{draft.id}")]

        assert (before, after) == ([False, False], [True, True])

    play(tmp_path, story)


def test_a_draft_that_was_sent_under_another_number_leads_to_its_message(tmp_path: Path) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        document = unkept(draft.document)[0]
        sent = await release(house.node, world.link, document, officer=draft.prepared_by)
        await restored(house)
        second = await at(house, SECOND, draft)

        shown = await second.get(f"/draft/{draft.id}")
        tried = await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert f'href="/message/{sent.id}"' in shown.text
        assert f'action="/draft/{draft.id}/release"' not in shown.text
        assert (tried.to.startswith("/sent/"), await released(house)) == (False, 1)

    play(tmp_path, story)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_draft_whose_author_has_left_is_discarded_by_who_may_release(tmp_path: Path, waiting: bool) -> None:
    async def story(world: World, house: House, draft: DraftRow) -> None:
        store, now = house.node.store, house.node.clock.now()
        await store.write(lambda uow: uow.drafts.save(replace(draft, waiting=waiting)))
        second, other = await at(house, SECOND, draft), await at(house, "P-0003", draft)
        early = await second.post(f"/draft/{draft.id}/discard")
        await store.write(lambda uow: uow.officers.end(OFFICER, now - timedelta(hours=1)))

        today, shown = await second.get("/today"), await second.get(f"/draft/{draft.id}")
        strange = await other.post(f"/draft/{draft.id}/discard")
        kept = await store.read(lambda uow: uow.drafts.get(draft.id))
        done = await second.post(f"/draft/{draft.id}/discard")

        assert (early.status >= 400, strange.status >= 400, kept is not None) == (True, True, True)
        assert today.says("its author has left")
        assert f'href="/draft/{draft.id}"' in today.text
        assert shown.says("Its author has left.")
        assert f'action="/draft/{draft.id}/release"' not in shown.text
        assert (done.to, await store.read(lambda uow: uow.drafts.get(draft.id))) == ("/today", None)

    play(tmp_path, story)
