# SPDX-License-Identifier: Apache-2.0
"""A link that an officer stops: who may, what it needs, and that nothing at all is written or given away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import (
    ExchangeError,
    GateClosedError,
    IdentifierError,
    LinkPausedError,
    NodeError,
    NotAllowedError,
    UsageError,
)
from exchange.ids import OfficerNumber
from exchange.protocol.gatewords import read_gate_word, verify_gate_word
from exchange.protocol.suites import KeyUse
from exchange.service.converse import answer
from exchange.service.gate import answer_gate
from exchange.service.gatetalk import read_report
from exchange.service.pauses import pause_of
from exchange.service.pausing import MOST_REASON, end_pause, pause, recall
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import RESTORE_SEEN, is_restored
from exchange.service.rows import LinkState, MessageState
from tests.support.faulty import Stage, with_stage
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.visitors import give_account, open_house
from tests.support.world import KH, OFFICER, SECOND, VN, World

Story = Callable[[World, Desks], Awaitable[None]]
WHY = "their node may be in the wrong hands"
ENDED = OfficerNumber("P-0003")
CROSSING = {
    "type": "CKS",
    "checkpoint": "KH-VN-BAVET",
    "status": "closed_indefinitely",
    "from": "2030-01-01T08:00+07:00",
}
"""A stop: it is about no case."""


def play(folder: Path, story: Story) -> None:
    """Play at the desks of two agencies whose gates are open."""

    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        await desks.quiet()
        await story(world, desks)

    World(seed=95).run(opened)


async def stop(desks: Desks, **changes: Any) -> dict[str, Any]:
    return await desks.kh("partner.pause", **{"partner": VN, "reason": WHY, **changes})


async def go_on(desks: Desks, **changes: Any) -> dict[str, Any]:
    return await desks.kh("partner.end_pause", **{"partner": VN, "second": SECOND, **changes})


async def set_state(world: World, state: LinkState, reason: str = "") -> None:
    def unit(uow: UnitOfWork) -> None:
        row = uow.links.get(world.link)
        assert row is not None
        uow.links.update(replace(row, state=state, reason=reason))

    await world.kh.store.write(unit)


async def is_settled(world: World, ids: Sequence[str]) -> bool:
    """Return whether each message is accepted on both sides, and nothing else arrived."""
    for agency in world.agencies:
        rows = await agency.store.read(lambda uow: uow.messages.list(limit=200))
        if sorted(row.id for row in rows if row.state is MessageState.ACCEPTED) != sorted(ids):
            return False
    return True


# What it does, and who is told


def test_one_officer_stops_a_link_at_once_and_it_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        told = await stop(desks)

        presence = world.kh.node.presence.of(world.link)
        assert (presence.gate, presence.reason) == (LinkState.PAUSED, "paused")
        assert told["pause"]["by"] == OFFICER
        assert told["pause"]["reason"] == WHY
        (row,) = (await desks.kh("partner.list"))["partners"]
        assert (row["state"], row["reason"], row["pause"]) == ("paused", "paused", told["pause"])
        acts = await world.kh.store.read(lambda uow: uow.audit.list(limit=50))
        (act,) = [act for act in acts if act.act == "partner_paused"]
        assert (act.actor, act.object, act.purpose) == (OFFICER, VN, WHY)

    play(tmp_path, story)


def test_two_officers_let_it_go_on_and_what_waited_goes(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        waits = await desks.kh("message.send", document=small_notice("VN", 1))
        theirs = await desks.vn("message.send", document=small_notice("KH", 1))
        await asyncio.sleep(600)
        assert (waits["fate"], waits["reason"]) == ("waiting", "paused")

        told = await go_on(desks)
        assert (told["state"], told["reason"]) == ("closed", "not_asked_yet")
        await world.until(lambda: is_settled(world, [waits["id"], theirs["id"]]))

        acts = await world.kh.store.read(lambda uow: uow.audit.list(limit=500))
        ends = {act.actor for act in acts if act.act == "partner_pause_ended"}
        assert ends == {OFFICER, SECOND}

    play(tmp_path, story)


def test_a_stop_waits_as_well(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        waits = await desks.kh("message.send", document=CROSSING)
        await asyncio.sleep(60)
        assert (waits["fate"], waits["reason"]) == ("waiting", "paused")
        assert (await desks.kh("due"))["paused"][0]["drafts"] == 1

        await go_on(desks)
        await world.until(lambda: is_settled(world, [waits["id"]]))

    play(tmp_path, story)


def test_nothing_is_written_for_an_hour_whatever_the_partner_sends(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        before, calls = world.kh.store.snapshot(), world.calls
        for _ in range(3):
            await desks.vn("message.send", document=small_notice("KH", 1))

        await asyncio.sleep(3_600)

        assert world.kh.store.snapshot() == before
        assert world.calls > calls, "the partner has to go on trying"
        assert world.kh.node.presence.of(world.link).failure == ""
        state = world.vn.node.presence.of(world.link).state_told
        assert state == "closed"

    play(tmp_path, story)


def test_a_head_is_there_for_every_entry_that_was_written_before(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        both = await asyncio.gather(
            *(desks.kh("message.send", document=small_notice("VN", 1)) for _ in range(20)), stop(desks)
        )

        def unit(uow: UnitOfWork) -> tuple[int, int]:
            head = uow.logs.head(world.link, KH)
            return uow.logs.position(world.link, KH).size, head.size if head else 0

        size, signed = await world.kh.store.read(unit)
        assert size == signed
        assert {one.get("fate") for one in both[:-1]} <= {"released", "waiting"}

    play(tmp_path, story)


def test_a_partner_waits_and_loses_nothing(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        sent = [await desks.vn("message.send", document=small_notice("KH", 1)) for _ in range(40)]
        await asyncio.sleep(7_200)
        await go_on(desks)

        await world.until(lambda: is_settled(world, [one["id"] for one in sent]))

    play(tmp_path, story)


# What is refused, and with which words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "needs a reason"),
        ("   ", "needs a reason"),
        ("\u3000", "needs a reason"),
        ("x" * (MOST_REASON + 1), f"has {MOST_REASON + 1} characters"),
        ("two\nlines", "cannot be seen"),
        ("a\x00b", "cannot be seen"),
        ("a\x1bb", "cannot be seen"),
        ("a\x7fb", "cannot be seen"),
        ("a\u2028b", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\ud800b", "cannot be seen"),
    ],
)
def test_a_reason_that_is_none_is_refused_and_the_link_goes_on(
    tmp_path: Path, reason: str, words: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError, match=words) as refused:
            await stop(desks, reason=reason)

        assert "Name no person" in str(refused.value.hint)
        assert world.kh.node.presence.of(world.link).gate is LinkState.OPEN

    play(tmp_path, story)


@pytest.mark.parametrize("reason", ["x" * MOST_REASON, "ម៉ាស៊ីន\u200bរបស់គេ", "เครื่องของเขา", "máy của họ"])
def test_a_reason_in_any_language_is_kept_as_it_was_written(tmp_path: Path, reason: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        assert (await stop(desks, reason=reason))["pause"]["reason"] == reason

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"partner": "TH-MSDHS-DATIP"}, UsageError, "is not enrolled"),
        ({"partner": "nobody"}, UsageError, "is not enrolled"),
        ({"officer": "P-0999"}, NodeError, "not in the directory"),
        ({"officer": ENDED}, NodeError, "was ended"),
        ({"officer": "me"}, IdentifierError, "officer"),
        ({"officer": ""}, IdentifierError, "officer"),
        ({"reason": 7}, UsageError, "reason is missing"),
        ({"reason": None}, UsageError, "reason is missing"),
    ],
)
def test_who_and_what_is_unknown_stops_nothing(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        await _end_officer(world)
        with pytest.raises(error, match=words):
            await stop(desks, **changes)

        assert world.kh.node.presence.of(world.link).gate is LinkState.OPEN

    play(tmp_path, story)


async def _end_officer(world: World) -> None:
    """Enter an officer whose entry has ended."""

    def unit(uow: UnitOfWork) -> None:
        first = uow.officers.get(OFFICER)
        assert first is not None
        uow.officers.add(replace(first, number=ENDED, valid_to=world.kh.clock.now()))

    await world.kh.store.write(unit)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"second": OFFICER}, UsageError, "two different officers"),
        ({"officer": SECOND}, UsageError, "two different officers"),
        ({"second": "P-0999"}, NodeError, "not in the directory"),
        ({"officer": "P-0999"}, NodeError, "not in the directory"),
        ({"second": ENDED}, NodeError, "was ended"),
        ({"second": ""}, IdentifierError, "officer"),
        ({"second": 2}, UsageError, "second is missing"),
        ({"partner": "TH-MSDHS-DATIP"}, UsageError, "is not enrolled"),
    ],
)
def test_one_officer_or_a_stranger_ends_no_pause(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        await _end_officer(world)
        await stop(desks)
        with pytest.raises(error, match=words):
            await go_on(desks, **changes)

        assert world.kh.node.presence.of(world.link).gate is LinkState.PAUSED

    play(tmp_path, story)


def test_a_second_pause_is_refused_and_names_the_first(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        first = await stop(desks)
        with pytest.raises(UsageError, match=f"{VN} is paused already, by {OFFICER} since"):
            await stop(desks, officer=SECOND, reason="another reason")

        (row,) = (await desks.kh("partner.list"))["partners"]
        assert row["pause"] == first["pause"]

    play(tmp_path, story)


def test_of_two_officers_at_once_one_has_paused_it(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        done = await asyncio.gather(stop(desks), stop(desks, officer=SECOND), return_exceptions=True)

        assert sorted(type(one).__name__ for one in done) == ["UsageError", "dict"]
        assert world.kh.node.presence.of(world.link).gate is LinkState.PAUSED

    play(tmp_path, story)


def test_what_is_not_paused_is_not_ended(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError, match="is not paused"):
            await go_on(desks)

        assert world.kh.node.presence.of(world.link).gate is LinkState.OPEN

    play(tmp_path, story)


def test_before_the_words_are_compared_there_is_nothing_to_stop(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await set_state(world, LinkState.JOINED, "words")
        with pytest.raises(UsageError, match="words were not compared") as refused:
            await stop(desks)

        assert "do not confirm" in str(refused.value.hint)

    play(tmp_path, story)


def test_a_link_that_waits_for_the_countersignature_waits_for_it_again(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await set_state(world, LinkState.JOINED, "countersignature")
        await stop(desks)
        await go_on(desks)

        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        assert (row.state, row.reason) == (LinkState.JOINED, "countersignature")

    play(tmp_path, story)


def test_two_who_confirm_a_store_do_not_end_a_pause(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        before = world.kh.store.snapshot()
        with pytest.raises(UsageError, match="is paused") as refused:
            await desks.kh("partner.resume", partner=VN, second=SECOND)

        assert "--end-pause" in str(refused.value.hint)
        assert world.kh.store.snapshot() == before
        assert world.kh.node.presence.of(world.link).gate is LinkState.PAUSED

    play(tmp_path, story)


def test_two_who_end_a_pause_do_not_confirm_a_store(tmp_path: Path) -> None:
    """Rules 16 and 26: that a store is the newest one is said by itself."""

    async def story(world: World, desks: Desks) -> None:
        await world.kh.store.write(lambda uow: uow.settings.put("restored", "2027-10-04T01:00:00.000Z"))
        await stop(desks)
        await go_on(desks)

        assert await world.kh.store.read(lambda uow: is_restored(uow, world.link))
        assert not await world.kh.store.read(lambda uow: uow.settings.get(RESTORE_SEEN + world.link))
        assert not world.kh.node.presence.of(world.link).is_confirmed

    play(tmp_path, story)


@pytest.mark.parametrize("only_answers", [False, True])
def test_a_new_ledger_is_not_decided_while_the_link_is_paused(tmp_path: Path, only_answers: bool) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        world.kh.node.presence.of(world.link).only_answers = only_answers
        before = world.kh.store.snapshot()
        with pytest.raises(LinkPausedError):
            await desks.kh("partner.renew", partner=VN, reason="both_restored", second=SECOND)

        assert world.kh.store.snapshot() == before

    play(tmp_path, story)


def test_a_frozen_link_is_paused_and_frozen_again_afterwards(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        presence = world.kh.node.presence.of(world.link)
        presence.gate, presence.reason = LinkState.FROZEN, "log_forked"
        await stop(desks)
        assert (presence.gate, presence.reason) == (LinkState.PAUSED, "paused")

        told = await go_on(desks)

        assert (told["state"], told["reason"]) == ("frozen", "log_forked")
        await asyncio.sleep(120)
        assert presence.gate is LinkState.FROZEN

    play(tmp_path, story)


@pytest.mark.parametrize("role", ["officer", "handover", "auditor", "key_officer"])
def test_other_roles_do_not_stop_a_partner(tmp_path: Path, role: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        await give_account(await open_house(world.kh, tmp_path), OFFICER, role)
        with pytest.raises(NotAllowedError, match="needed: administrator, releaser"):
            await stop(desks)

    play(tmp_path, story)


@pytest.mark.parametrize("role", ["releaser", "administrator"])
def test_a_releaser_or_an_administrator_stops_a_partner(tmp_path: Path, role: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        await give_account(await open_house(world.kh, tmp_path), OFFICER, role)
        assert (await stop(desks))["pause"]["by"] == OFFICER

    play(tmp_path, story)


@pytest.mark.parametrize("number", [OFFICER, SECOND])
def test_both_who_end_a_pause_need_a_role_for_it(tmp_path: Path, number: OfficerNumber) -> None:
    async def story(world: World, desks: Desks) -> None:
        await stop(desks)
        await give_account(await open_house(world.kh, tmp_path), number, "auditor")
        with pytest.raises(NotAllowedError):
            await go_on(desks)

        assert world.kh.node.presence.of(world.link).gate is LinkState.PAUSED

    play(tmp_path, story)


# What a partner gets whose keys may be stolen


async def halted(stage: Stage) -> bytes:
    """Stop the link of a stage and return its store."""
    await pause(stage.node, stage.link, reason=WHY, officer=OFFICER)
    return stage.store.snapshot()


async def asked(stage: Stage, raw: bytes) -> Any:
    """Return what the node answers at the gate, as its partner reads it."""
    jws = read_gate_word(await answer_gate(stage.node, stage.link, raw))
    key = stage.partner.theirs.find(KeyUse.DOOR, jws.kid)
    assert key is not None
    return verify_gate_word(jws, key)


def test_a_report_is_answered_as_by_a_closed_gate_and_nothing_of_it_is_taken() -> None:
    async def story(stage: Stage) -> None:
        before = await halted(stage)
        stage.partner.report = {"card": "a.b.c", "numbers": 5, "seen": {"ep": 1, "size": 0, "note": ""}}

        word = await asked(stage, stage.partner.word())

        assert read_report(word).state == "closed"
        assert stage.store.snapshot() == before
        assert await stage.kinds() == []

    with_stage(story)


@pytest.mark.parametrize("op", ["leaves", "lines", "agreement"])
@pytest.mark.parametrize("to_nonce", ["", "A" * 22])
def test_nothing_is_given_back_to_who_may_hold_stolen_keys(op: str, to_nonce: str) -> None:
    async def story(stage: Stage) -> None:
        before = await halted(stage)
        with pytest.raises(LinkPausedError):
            await answer_gate(stage.node, stage.link, stage.partner.word(op=op, to_nonce=to_nonce))

        assert stage.store.snapshot() == before

    with_stage(story)


def test_the_second_question_of_a_partner_that_only_calls_opens_nothing() -> None:
    async def story(stage: Stage) -> None:
        stage.node.presence.of(stage.link).only_answers = True
        before = await halted(stage)
        for _ in range(2):
            first = await asked(stage, stage.partner.word())
            await asked(stage, stage.partner.word(to_nonce=first.nonce))

        assert stage.node.presence.of(stage.link).start_gate is LinkState.CLOSED
        assert stage.store.snapshot() == before

    with_stage(story, closed=True)


def test_a_frame_gets_what_a_closed_gate_gives() -> None:
    async def story(stage: Stage) -> None:
        built = stage.partner.build()
        stage.partner.announce(built)
        before = await halted(stage)
        with pytest.raises(GateClosedError):
            await answer(stage.node, stage.link, stage.partner.frame(built.line))

        assert stage.store.snapshot() == before

    with_stage(story)


def test_we_ask_a_paused_partner_nothing() -> None:
    async def story(stage: Stage) -> None:
        await halted(stage)
        with pytest.raises(LinkPausedError):
            await stage.open()

    with_stage(story)


# The store has the last word


def test_a_process_that_does_not_know_of_the_pause_opens_no_gate() -> None:
    async def story(stage: Stage) -> None:
        before = await halted(stage)
        stage.start(before)
        assert stage.node.presence.of(stage.link).pause is None
        with pytest.raises(LinkPausedError):
            await stage.open()

        with pytest.raises(LinkPausedError):
            await answer_gate(stage.node, stage.link, stage.partner.word(op="lines"))
        assert stage.node.presence.of(stage.link).gate is not LinkState.OPEN

    with_stage(story)


def test_a_start_reads_the_pause_from_the_store_with_who_and_why() -> None:
    async def story(stage: Stage) -> None:
        stage.start(await halted(stage))
        await recall(stage.node)

        held = stage.node.presence.of(stage.link).pause
        assert held is not None
        assert (held.by, held.partner) == (OFFICER, stage.partner.code)

        def unit(uow: UnitOfWork) -> str:
            row = uow.links.get(stage.link)
            found = pause_of(uow, row) if row else None
            return found.reason if found else ""

        assert await stage.store.read(unit) == WHY

    with_stage(story)


def test_the_reason_lies_sealed_in_the_store() -> None:
    async def story(stage: Stage) -> None:
        assert WHY.encode() not in await halted(stage)

    with_stage(story)


def test_an_end_that_fails_leaves_the_link_paused() -> None:
    async def story(stage: Stage) -> None:
        await halted(stage)
        with pytest.raises(ExchangeError):
            await end_pause(stage.node, stage.link, actors=(OFFICER, OfficerNumber("P-0999")))

        assert stage.node.presence.of(stage.link).gate is LinkState.PAUSED

    with_stage(story)
