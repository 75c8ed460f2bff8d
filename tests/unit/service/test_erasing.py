# SPDX-License-Identifier: Apache-2.0
"""Two officers erase one person of a message, or hold a case back; nobody does it alone (rule 28)."""

from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import InputError, NodeError, UsageError
from exchange.ids import Digest
from exchange.messages.filling import fill
from exchange.service.draft_story import Story, Version, story_bytes
from exchange.service.enclosures import kept
from exchange.service.erasing import confirm, dry_run, give_up, look, propose
from exchange.service.erasures import ProposedAct
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile
from exchange.service.release import release
from exchange.service.retention import what_is_due
from exchange.service.rows import Direction, MessageState
from tests.support.erasing import (
    BINH,
    ERASE,
    HOLD,
    MAI,
    NOBODY,
    UNHOLD,
    erase,
    group_notice,
    plant,
    settled,
)
from tests.support.notices import decision, notice, sources
from tests.support.world import KH, OFFICER, SECOND, VN, Agency, World


def play(story: Any) -> None:
    """Play a story after VN accepted a notice about Mai and Binh."""

    async def opened(world: World) -> None:
        await group_notice(world)
        await story(world)

    World(seed=13).run(opened)


async def names_in(agency: Agency, direction: Direction) -> list[str]:
    def unit(uow: UnitOfWork) -> list[str]:
        row = uow.messages.by_seq(agency.world.link, direction, 1)
        document: Any = document_of(uow, row) if row else None
        return [person["names"][0]["full"] for person in document["persons"]]

    return await agency.store.read(unit)


async def acts(agency: Agency) -> list[tuple[str, str, str]]:
    rows = await agency.store.read(lambda uow: uow.audit.list())
    return [(row.actor, row.act, row.purpose) for row in rows if row.object == MAI]


async def refused(agency: Agency, act: Any, reason: str) -> str:
    with pytest.raises(UsageError) as caught:
        await propose(agency.node, MAI, act, reason, OFFICER)
    return str(caught.value)


async def say(world: World, agency: Agency, small: dict[str, Any]) -> None:
    partner = VN if agency.code == KH else KH
    document = fill({"purpose": "return_arrangement", **small}, sources(agency.node, partner)).document
    await release(agency.node, world.link, document, officer=OFFICER)


def test_one_person_goes_at_both_sides_and_the_other_of_the_message_stays() -> None:
    async def story(world: World) -> None:
        for agency, direction in ((world.kh, Direction.OUT), (world.vn, Direction.IN)):
            await erase(agency)

            assert await names_in(agency, direction) == ["TRAN Van Binh"]
            assert await agency.store.read(lambda uow: uow.cases.get(world.link, MAI)) is None
            line = await agency.store.read(lambda uow, way=direction: uow.messages.line(world.link, way, 1))
            assert line[0]
            assert line[1] is None

    play(story)


def test_exchange_goes_on_about_the_others_after_an_erasure() -> None:
    async def story(world: World) -> None:
        for agency in world.agencies:
            await erase(agency)
        hold = {"persons": [{"case_code": BINH, "reason": "safety_review"}], "effect": "all_steps"}
        await say(world, world.kh, {"type": "HLD", "case_codes": [BINH], "review_on": "2027-10-20", **hold})
        await settled(world)

        for agency in world.agencies:
            case = await agency.store.read(lambda uow: uow.cases.get(world.link, BINH))
            assert case is not None
            assert case.state == "on_hold"
            assert (await reconcile(agency.node, world.link)).differences == ()

    play(story)


def test_both_officers_and_the_reason_are_recorded() -> None:
    async def story(world: World) -> None:
        await erase(world.vn)

        assert (await acts(world.vn))[:2] == [
            (SECOND, "erase_confirmed", "person_asked"),
            (OFFICER, "erase_proposed", "person_asked"),
        ]

    play(story)


def test_everything_about_the_person_is_shown_before() -> None:
    async def story(world: World) -> None:
        await plant(world.vn)

        shown = await propose(world.vn.node, MAI, ERASE, "person_asked", OFFICER)

        assert [(one.seq, one.type, one.shared) for one in shown.messages] == [(1, "RPN", True)]
        assert (len(shown.drafts), len(shown.forms), shown.register, shown.movements) == (1, 1, 1, 0)
        assert (shown.state, shown.closed_on, shown.until, shown.waits) == ("notice_pending", None, None, ())

    play(story)


def test_proposal_changes_nothing_and_can_be_given_up() -> None:
    async def story(world: World) -> None:
        await propose(world.vn.node, MAI, ERASE, "person_asked", OFFICER)

        assert len(await names_in(world.vn, Direction.IN)) == 2
        await give_up(world.vn.node, MAI, ERASE, SECOND)
        with pytest.raises(UsageError, match="nobody proposed"):
            await look(world.vn.node, MAI, ERASE)

    play(story)


@pytest.mark.parametrize(
    ("second", "digest", "error", "text"),
    [
        (OFFICER, None, UsageError, "must be another officer"),
        (NOBODY, None, NodeError, "not in the directory"),
        (SECOND, Digest("A" * 43), InputError, "changed since it was shown"),
    ],
    ids=["the same officer", "nobody of the directory", "another digest"],
)
def test_confirmation_by_the_wrong_person_or_of_something_else_is_refused(
    second: Any, digest: Any, error: type[Exception], text: str
) -> None:
    async def story(world: World) -> None:
        shown = await propose(world.vn.node, MAI, ERASE, "person_asked", OFFICER)

        with pytest.raises(error, match=text):
            await confirm(world.vn.node, MAI, ERASE, second, digest=digest or shown.digest)

        assert len(await names_in(world.vn, Direction.IN)) == 2

    play(story)


def test_what_came_after_the_proposal_is_not_erased_unseen() -> None:
    async def story(world: World) -> None:
        shown = await propose(world.vn.node, MAI, ERASE, "person_asked", OFFICER)
        await plant(world.vn)
        _, now = await look(world.vn.node, MAI, ERASE)

        for digest in (shown.digest, now.digest):
            with pytest.raises(InputError, match="changed since it was shown"):
                await confirm(world.vn.node, MAI, ERASE, SECOND, digest=digest)

    play(story)


@pytest.mark.parametrize(
    ("act", "reason"),
    [(ERASE, ""), (ERASE, "court"), (HOLD, "person_asked"), (HOLD, ""), (UNHOLD, "court")],
)
def test_reason_that_is_none_for_this_act_is_refused(act: Any, reason: str) -> None:
    async def story(world: World) -> None:
        assert "no reason" in await refused(world.vn, act, reason)

    play(story)


def test_message_without_its_verdict_is_waited_for() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        withdrawal = {"type": "CWD", "scope": ["photo"], "withdrawn_at": "2027-10-04T08:00+07:00"}
        await say(world, world.kh, withdrawal | {"persons": [{"case_code": MAI}]})

        assert "unsettled" in await refused(world.kh, ERASE, "person_asked")
        world.weather.down = False
        await settled(world)
        await erase(world.kh)

    play(story)


def test_released_draft_that_waits_for_the_gate_is_waited_for() -> None:
    async def story(world: World) -> None:
        await plant(world.vn)

        def waits(uow: UnitOfWork) -> None:
            (row,) = uow.drafts.list()
            uow.drafts.save(replace(row, waiting=True))

        await world.vn.store.write(waits)

        assert "draft_waits" in await refused(world.vn, ERASE, "person_asked")

    play(story)


def test_a_draft_that_named_the_person_before_it_was_changed_goes_too() -> None:
    async def story(world: World) -> None:
        await plant(world.vn)
        other = kept({"header": {"case_codes": []}, "content": {}, "persons": []}, ())
        before: Any = {"header": {"case_codes": [MAI]}, "content": {}, "persons": []}

        def changed(uow: UnitOfWork) -> None:
            (row,) = uow.drafts.list()
            story = Story().followed(Version(row.digest, before))
            uow.drafts.save(replace(row, document=other, story=story_bytes(story)))

        await world.vn.store.write(changed)
        await erase(world.vn)

        assert await world.vn.store.read(lambda uow: uow.drafts.list()) == []

    play(story)


@pytest.mark.parametrize("state", ["scheduled", "in_transfer"])
def test_person_on_a_list_is_not_erased(state: str) -> None:
    async def story(world: World) -> None:
        def travels(uow: UnitOfWork) -> None:
            row = uow.cases.get(world.link, MAI)
            assert row is not None
            uow.cases.update(replace(row, state=state))

        await world.vn.store.write(travels)

        assert "travelling" in await refused(world.vn, ERASE, "not_lawful")

    play(story)


@pytest.mark.parametrize("reason", ["retention_over", "partner_erased"])
def test_time_or_partner_as_a_reason_needs_to_be_true(reason: str) -> None:
    async def story(world: World) -> None:
        assert "not_due" in await refused(world.vn, ERASE, reason)

    play(story)


# --- holding back


async def decide(agency: Agency, act: Any, reason: str = "") -> None:
    shown = await propose(agency.node, MAI, act, reason, OFFICER)
    await confirm(agency.node, MAI, act, SECOND, digest=shown.digest)


def test_held_case_is_not_erased_until_two_officers_lift_the_hold() -> None:
    async def story(world: World) -> None:
        vn = world.vn
        proposed = await propose(vn.node, MAI, ERASE, "person_asked", OFFICER)
        await decide(vn, HOLD, "court")

        assert "legal_hold" in await refused(vn, ERASE, "person_asked")
        with pytest.raises(UsageError, match="legal_hold"):
            await confirm(vn.node, MAI, ERASE, SECOND, digest=proposed.digest)
        assert "legal_hold" in await refused(vn, HOLD, "complaint")
        (hold,) = (await what_is_due(vn.node)).holds
        assert (hold.case, hold.reason, hold.placed_by) == (MAI, "court", (OFFICER, SECOND))

        await decide(vn, UNHOLD)
        await erase(vn)
        assert (await what_is_due(vn.node)).holds == ()

    play(story)


def test_hold_needs_a_second_officer_and_lifting_it_as_well() -> None:
    async def story(world: World) -> None:
        vn = world.vn
        for act, reason in ((HOLD, "court"), (UNHOLD, "")):
            shown = await propose(vn.node, MAI, act, reason, OFFICER)
            with pytest.raises(UsageError, match="must be another officer"):
                await confirm(vn.node, MAI, act, OFFICER, digest=shown.digest)
            await confirm(vn.node, MAI, act, SECOND, digest=shown.digest)

        assert "no_hold" in await refused(vn, UNHOLD, "")

    play(story)


def test_hold_does_not_stand_in_clear() -> None:
    async def story(world: World) -> None:
        await decide(world.vn, HOLD, "court")

        raw = world.vn.store.snapshot()
        assert MAI.encode() not in raw
        assert b"court" in raw

    play(story)


# --- messages without a part of the person


def test_message_that_only_names_the_case_goes_with_it() -> None:
    async def story(world: World) -> None:
        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, 1))
        assert row is not None
        cancel = {"type": "CAN", "case_codes": [MAI, BINH], "target": row.id, "reason": "consent_withdrawn"}
        await say(world, world.kh, cancel)
        await settled(world)

        def content(uow: UnitOfWork) -> bool:
            found = uow.messages.by_seq(world.link, Direction.IN, 2)
            assert found is not None
            assert found.state is MessageState.ACCEPTED
            return document_of(uow, found) is not None

        await erase(world.vn, MAI)
        assert await world.vn.store.read(content)
        await erase(world.vn, BINH)
        assert not await world.vn.store.read(content)

    play(story)


def test_answers_to_a_notice_go_with_its_persons() -> None:
    async def story(world: World) -> None:
        def received(uow: UnitOfWork) -> Any:
            row = uow.messages.by_seq(world.link, Direction.IN, 1)
            return document_of(uow, row) if row else None

        document = await world.vn.store.read(received)
        answer = decision(world.vn.node, KH, document)
        await release(world.vn.node, world.link, answer, officer=OFFICER)
        await release(world.vn.node, world.link, notice(world.vn.node, KH, country="KH"), officer=OFFICER)
        await settled(world)
        for code in (MAI, BINH):
            await erase(world.vn, code)

        def kept(uow: UnitOfWork) -> list[bool]:
            rows = uow.messages.numbers(world.link, Direction.OUT, 1, 10)
            return [document_of(uow, row) is not None for row in rows]

        assert await world.vn.store.read(kept) == [False, True]

    play(story)


@pytest.mark.parametrize("act", [ERASE, HOLD])
@pytest.mark.parametrize(("case", "text"), [("999", "case"), (MAI, "this is no reason")])
def test_a_case_that_is_not_there_is_said_before_the_reason(act: ProposedAct, case: str, text: str) -> None:
    async def story(world: World) -> None:
        for begun in (propose(world.vn.node, case, act, "", OFFICER), dry_run(world.vn.node, case, act, "")):
            with pytest.raises(UsageError, match=text) as raised:
                await begun
            assert ("reason" in str(raised.value)) is (case == MAI)

    play(story)
