# SPDX-License-Identifier: Apache-2.0
"""What is due for erasure, what our ledger says of it, and what the partner has to follow."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from exchange.ledger.entries import Event, decode_leaf
from exchange.ledger.notes import cosign
from exchange.messages.filling import fill
from exchange.protocol.suites import KeyUse
from exchange.service.erasing import propose
from exchange.service.erasure_day import run_day
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile
from exchange.service.release import release
from exchange.service.retention import Retention, what_is_due
from exchange.service.rows import Direction, MessageState
from exchange.verifier.compare import compare_packs
from exchange.verifier.verify import verify_pack
from tests.support.erasing import BINH, ERASE, HOLD, MAI, erase, group_notice, settled
from tests.support.evidence import export
from tests.support.ledger_world import jump
from tests.support.notices import sources
from tests.support.world import KH, OFFICER, START, VN, Agency, Pair, World

DAY = timedelta(days=1)
LONG = Pair(start=START + timedelta(seconds=1), periods=12)
"""Keys for three years."""
MONTHS = timedelta(days=24 * 31)


def play(story: Any, *, pair: Pair | None = None) -> None:
    """Play a story after VN accepted a notice about Mai and Binh; nobody makes statements meanwhile."""
    world = World(29, pair=pair) if pair else World(29)
    world.limits = replace(world.limits, keeps_books=False)

    async def opened(world: World) -> None:
        await group_notice(world)
        await story(world)

    world.run(opened, limit_s=31 * 86_400)


async def say(world: World, agency: Agency, small: dict[str, Any]) -> None:
    partner = VN if agency.code == KH else KH
    document = fill({"purpose": "return_arrangement", **small}, sources(agency.node, partner)).document
    await release(agency.node, world.link, document, officer=OFFICER)
    await settled(world)


async def close(world: World, *codes: str) -> None:
    """Let persons withdraw, and close their cases."""
    at = "2027-10-04T08:00+07:00"
    for code in codes:
        persons = {"case_codes": [code], "persons": [{"case_code": code}]}
        await say(world, world.kh, {"type": "CWD", "scope": ["return"], "withdrawn_at": at, **persons})
        line = {"case_code": code, "reason": "consent_withdrawn", "other_side_must_close": True}
        await say(world, world.kh, {"type": "CLO", "event_at": at, "persons": [line]})


async def erasures_said(agency: Agency, by: str = "") -> list[tuple[int, str]]:
    """Return the entries `eras` of a log as an agency holds it."""

    def unit(uow: UnitOfWork) -> list[tuple[int, str]]:
        writer: Any = by or agency.code
        link = agency.world.link
        size = uow.logs.position(link, writer).size
        leaves = [decode_leaf(raw) for raw in uow.logs.leaves(link, writer, 0, size)]
        return [(int(one.fields["n"]), str(one.fields["dg"])) for one in leaves if one.ev == Event.ERAS]

    return await agency.store.read(unit)


async def found(agency: Agency) -> Retention:
    return await what_is_due(agency.node)


# --- what is due


def test_closed_case_is_due_when_its_months_are_over_and_not_before() -> None:
    async def story(world: World) -> None:
        await close(world, MAI)
        for agency in world.agencies:
            assert (await found(agency)).due == ()

        await jump(world, MONTHS)

        for agency in world.agencies:
            (due,) = (await found(agency)).due
            assert (due.case, due.waits, len(due.messages)) == (MAI, (), 3)
            await erase(agency, MAI, "retention_over")
            assert (await found(agency)).due == ()

    play(story, pair=LONG)


def test_list_of_what_is_due_changes_nothing() -> None:
    async def story(world: World) -> None:
        await close(world, MAI)
        await jump(world, MONTHS)
        await propose(world.vn.node, BINH, HOLD, "court", OFFICER)
        world.kh.crash()
        before = world.vn.store.snapshot()

        await found(world.vn)

        assert world.vn.store.snapshot() == before

    play(story, pair=LONG)


# --- what the ledger says


def test_one_entry_says_the_erasures_of_a_day_and_the_partner_has_to_follow() -> None:
    async def story(world: World) -> None:
        for code in (MAI, BINH):
            await erase(world.kh, code)
        await run_day(world.kh.node, world.link)
        assert await erasures_said(world.kh) == []

        await jump(world, DAY)
        assert await run_day(world.kh.node, world.link)
        assert not await run_day(world.kh.node, world.link)
        ((n, digest),) = await erasures_said(world.kh)
        assert n == 2

        async def heard() -> bool:
            return await erasures_said(world.vn, KH) == [(n, digest)]

        await world.until(heard)
        (owed,) = (await found(world.vn)).owed
        assert (owed.partner, owed.n, owed.until - owed.at) == (KH, 2, timedelta(days=30))

        for code in (MAI, BINH):
            await erase(world.vn, code)
        assert (await found(world.vn)).owed == ()
        await jump(world, DAY)
        await run_day(world.vn.node, world.link)
        assert await erasures_said(world.vn) == [(n, digest)]

    play(story)


def test_evidence_of_both_sides_verifies_after_everybody_was_erased(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for agency in world.agencies:
            for code in (MAI, BINH):
                await erase(agency, code)
        await jump(world, DAY)
        for agency in world.agencies:
            await run_day(agency.node, world.link)
        await world.until(lambda: _has_all(world))
        for agency in world.agencies:
            export(agency, tmp_path / f"{agency.code}.pack")

    play(story)
    ours, theirs = (verify_pack(tmp_path / f"{code}.pack") for code in (KH, VN))

    assert ours.holds
    assert theirs.holds
    assert compare_packs(ours, theirs) == []
    assert {way.sender: way.verdicts["accepted"] for way in ours.directions} == {KH: 1, VN: 0}


async def _has_all(world: World) -> bool:
    """Return whether both sides hold and cosigned what the other one wrote."""
    for agency in world.agencies:
        by = agency.code
        size = await agency.store.read(lambda uow, by=by: uow.logs.position(world.link, by).size)
        cosigned = await agency.store.read(lambda uow, by=by: uow.logs.cosigned(world.link, by))
        if cosigned[0] != size:
            return False
    return True


def test_cases_that_the_partner_erased_are_found_by_the_digest() -> None:
    async def story(world: World) -> None:
        await close(world, MAI, BINH)
        await erase(world.kh, BINH)
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)

        async def heard() -> bool:
            return bool((await found(world.vn)).owed)

        await world.until(heard)
        (owed,) = (await found(world.vn)).owed
        assert owed.cases == (BINH,)
        await erase(world.vn, BINH, "partner_erased")
        assert (await found(world.vn)).owed == ()

    play(story)


def test_partner_that_does_not_follow_is_a_difference_until_it_does() -> None:
    async def story(world: World) -> None:
        await erase(world.kh, MAI)
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)
        await jump(world, timedelta(days=31))

        async def named() -> bool:
            differences = (await reconcile(world.vn.node, world.link)).differences
            return [one.kind.value for one in differences] == ["erasure_mismatch"]

        await world.until(named)
        await erase(world.vn, MAI)
        await jump(world, DAY)
        await run_day(world.vn.node, world.link)
        assert (await reconcile(world.vn.node, world.link)).differences == ()

    play(story)


def test_case_that_the_partner_never_accepted_is_not_said() -> None:
    async def story(world: World) -> None:
        def refused(uow: UnitOfWork) -> None:
            row = uow.messages.by_seq(world.link, Direction.OUT, 1)
            assert row is not None
            uow.messages.update(replace(row, state=MessageState.REJECTED))

        await world.kh.store.write(refused)
        await erase(world.kh, MAI)
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)

        assert await erasures_said(world.kh) == []

    play(story)


def test_day_that_is_cut_off_at_any_commit_says_everything_once() -> None:
    async def story(world: World) -> None:
        await erase(world.kh, MAI)
        await jump(world, DAY)
        crashes = world.kh.crashes
        for moment in ("before", "after") * 3:
            world.kh.crash_at(moment)
            with contextlib.suppress(BaseException):  # the process dies in the middle
                await world.kh.as_process(run_day(world.kh.node, world.link))
            if not world.kh.is_up:
                world.kh.start()
            await world.open()
        await run_day(world.kh.node, world.link)

        assert world.kh.crashes > crashes
        assert [n for n, _ in await erasures_said(world.kh)] == [1]

    play(story)


def test_restored_store_erases_again_and_does_not_say_it_again() -> None:
    async def story(world: World) -> None:
        backup = world.kh.store.snapshot()
        await erase(world.kh, MAI)
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)
        await world.until(lambda: _has_heard(world.vn))

        world.kh.crash()
        world.kh.start(backup)
        await world.open()

        assert (await found(world.kh)).again == 1
        await erase(world.kh, MAI)
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)
        assert [n for n, _ in await erasures_said(world.kh)] == [1]
        assert (await found(world.kh)).again == 0

    play(story)


def test_partner_gives_nothing_of_an_erased_person_back_after_a_restore() -> None:
    async def story(world: World) -> None:
        await world.open()
        backup = world.kh.store.snapshot()
        await group_notice(world)
        await erase(world.vn, MAI)
        world.kh.crash()

        world.kh.start(backup)
        await world.open()

        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, 1))
        assert row is not None
        assert row.state is MessageState.ACCEPTED
        assert await is_kept(world.kh, Direction.OUT) == (False, False)
        assert b"NGUYEN" not in b"".join(await kept_parts(world.kh))
        assert (await reconcile(world.kh.node, world.link)).differences == ()

    World(seed=31).run(story)


async def kept_parts(agency: Agency) -> list[bytes]:
    link = agency.world.link
    parts = await agency.store.read(lambda uow: uow.contents.parts(link, Direction.OUT, 1))
    return [part.raw for part in parts]


async def _has_heard(agency: Agency) -> bool:
    return bool((await found(agency)).owed)


# --- what goes without a decision


async def is_kept(agency: Agency, direction: Direction) -> tuple[bool, bool]:
    """Return whether content and sealed body of the first message are here."""

    def unit(uow: UnitOfWork) -> tuple[bool, bool]:
        row = uow.messages.by_seq(agency.world.link, direction, 1)
        assert row is not None
        _, body = uow.messages.line(agency.world.link, direction, 1)
        return document_of(uow, row) is not None, body is not None

    return await agency.store.read(unit)


def test_sealed_bodies_go_thirty_days_after_the_cosignature() -> None:
    async def story(world: World) -> None:
        for days, kept in ((29, True), (2, False)):
            await jump(world, timedelta(days=days))
            for agency, way in ((world.kh, Direction.OUT), (world.vn, Direction.IN)):
                await run_day(agency.node, world.link)
                assert await is_kept(agency, way) == (True, kept), days

    play(story)


def test_body_of_a_message_that_the_partner_cosigned_late_stays_longer() -> None:
    async def story(world: World) -> None:
        await jump(world, timedelta(days=40))
        database, link = world.kh.store._store, world.link
        guard = "SELECT sql FROM sqlite_schema WHERE name = 'cosignature_kept'"
        (kept,) = database.execute(guard).fetchone()
        for statement in ("DROP TRIGGER cosignature_kept", "DELETE FROM cosignature", kept):
            database.execute(statement)
        at, keys = world.vn.clock.now() - timedelta(days=29), world.vn.node.keys

        def cosigned_late(uow: UnitOfWork) -> None:
            head = uow.logs.head(link, KH)
            assert head is not None
            line = cosign(head.note, keys.signing(KeyUse.COSIGN, at), by=VN, at=at)
            uow.logs.add_cosignature(link, KH, head.size, line)

        await world.kh.store.write(cosigned_late)
        await run_day(world.kh.node, link)

        assert await is_kept(world.kh, Direction.OUT) == (True, True)

    play(story)


def refuse(world: World) -> Callable[[UnitOfWork], None]:
    def unit(uow: UnitOfWork) -> None:
        row = uow.messages.by_seq(world.link, Direction.OUT, 1)
        assert row is not None
        uow.messages.update(replace(row, state=MessageState.REJECTED, code="consent_missing"))

    return unit


def test_content_of_a_refused_message_goes_within_seven_days() -> None:
    async def story(world: World) -> None:
        await world.kh.store.write(refuse(world))
        for days, kept in ((5, True), (1, False)):
            await jump(world, timedelta(days=days))
            await run_day(world.kh.node, world.link)
            assert await is_kept(world.kh, Direction.OUT) == (kept, kept), days

    play(story)


def test_hold_keeps_the_content_of_a_refused_message() -> None:
    async def story(world: World) -> None:
        await world.kh.store.write(refuse(world))
        by, at = (OFFICER, OFFICER + "2"), world.kh.clock.now()
        await world.kh.store.write(lambda uow: uow.erasures.hold(world.link, MAI, "court", by=by, at=at))  # type: ignore[arg-type]
        await jump(world, timedelta(days=8))
        await run_day(world.kh.node, world.link)
        assert await is_kept(world.kh, Direction.OUT) == (True, True)

        await world.kh.store.write(lambda uow: uow.erasures.lift(world.link, MAI, by=by, at=at))  # type: ignore[arg-type]
        await jump(world, DAY)
        await run_day(world.kh.node, world.link)
        assert await is_kept(world.kh, Direction.OUT) == (False, False)

    play(story)


def test_proposal_waits_in_the_list_of_what_is_due() -> None:
    async def story(world: World) -> None:
        await propose(world.vn.node, MAI, ERASE, "person_asked", OFFICER)

        (row,) = (await found(world.vn)).proposals
        assert (row.case, row.act, row.reason, row.proposed_by) == (MAI, ERASE, "person_asked", OFFICER)

    play(story)
