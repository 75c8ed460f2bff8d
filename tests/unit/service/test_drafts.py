# SPDX-License-Identifier: Apache-2.0
"""Two-person acts and waiting drafts (threat model, rules 14, 17, 27, 28)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.clock import instant_text
from exchange.errors import InputError, NodeError, UsageError
from exchange.ids import Digest, OfficerNumber
from exchange.protocol.strictjson import encode, parse_object
from exchange.service.drafts import Fate, approve, release_waiting, send
from exchange.service.node import Limits
from exchange.service.release import release, release_digest
from exchange.service.restored_drafts import id_to_keep
from exchange.service.rows import Direction, LinkState
from tests.support.faulty import with_stage
from tests.support.notices import child_notice, notice
from tests.support.world import KH, LIMITS, OFFICER, SECOND, SimulatedCrashError

NOBODY = OfficerNumber("P-9999")


def child(stage):
    return child_notice(stage.node, stage.partner.code)


def adult(stage):
    return notice(stage.node, stage.partner.code)


async def drafts(stage):
    return await stage.store.read(lambda uow: uow.drafts.list())


async def numbers(stage):
    rows = await stage.store.read(lambda uow: uow.messages.numbers(stage.link, Direction.OUT, 1, 100))
    return [row.seq for row in rows]


def shut(stage):
    """Close the gate, as a clock or a frozen link would."""
    stage.node.presence.of(stage.link).gate = LinkState.CLOSED


def end_crash(stage):
    stage.store.on_commit(before=lambda: None, after=lambda: None)


def crash(stage, moment):
    def die():
        end_crash(stage)
        raise SimulatedCrashError

    stage.store.on_commit(**{moment: die})


def test_a_notice_of_a_child_is_kept_for_a_second_person():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        assert kept.fate is Fate.NEEDS_SECOND
        assert await numbers(stage) == []
        done = await approve(stage.node, kept.id, SECOND, digest=kept.digest)
        assert (done.fate, done.seq) == (Fate.RELEASED, 1)
        assert await drafts(stage) == []
        row = await stage.row(Direction.OUT, 1)
        assert (row.officer, row.released_by) == (OFFICER, SECOND)

    with_stage(story, target=KH)


def test_the_same_officer_twice_is_refused():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        with pytest.raises(UsageError):
            await approve(stage.node, kept.id, OFFICER, digest=kept.digest)
        with pytest.raises(InputError):
            await release(stage.node, stage.link, child(stage), officer=OFFICER, second=OFFICER)
        assert await numbers(stage) == []
        assert len(await drafts(stage)) == 1

    with_stage(story, target=KH)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_second_person_who_is_not_in_the_directory_is_refused(is_open):
    """Rule 27: every request is authorised at the time it acts."""

    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        if not is_open:
            shut(stage)
        with pytest.raises(NodeError):
            await approve(stage.node, kept.id, NOBODY, digest=kept.digest)
        assert [row.approved_by for row in await drafts(stage)] == [None]
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_a_second_person_whose_time_is_over_is_refused():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        await stage.store.write(lambda uow: uow.officers.end(SECOND, stage.clock.now() - timedelta(hours=1)))
        with pytest.raises(NodeError):
            await approve(stage.node, kept.id, SECOND, digest=kept.digest)
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_an_approval_of_another_text_than_was_shown_is_refused():
    """Rule 28: approval binds the digest of what was shown."""

    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        [row] = await drafts(stage)
        document = parse_object(row.document)
        document["content"]["proposed_to"] = "2027-10-25"
        changed = replace(row, document=encode(document), digest=release_digest(document))
        await stage.store.write(lambda uow: uow.drafts.save(changed))
        with pytest.raises(InputError):
            await approve(stage.node, kept.id, SECOND, digest=kept.digest)
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_a_document_that_changed_behind_its_digest_is_not_released():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        [row] = await drafts(stage)
        document = parse_object(row.document)
        document["content"]["proposed_to"] = "2027-10-25"
        await stage.store.write(lambda uow: uow.drafts.save(replace(row, document=encode(document))))
        with pytest.raises(InputError):
            await approve(stage.node, kept.id, SECOND, digest=kept.digest)
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_a_direct_release_needs_the_approved_digest():
    async def story(stage):
        document = child(stage)
        for approved in (None, Digest("A" * 43)):
            with pytest.raises(InputError):
                await release(
                    stage.node, stage.link, document, officer=OFFICER, second=SECOND, approved=approved
                )
        right = release_digest(document)
        done = await release(stage.node, stage.link, document, officer=OFFICER, second=SECOND, approved=right)
        assert done.seq == 1

    with_stage(story, target=KH)


def test_an_approved_draft_cannot_be_approved_again():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        await approve(stage.node, kept.id, SECOND)
        with pytest.raises(UsageError):
            await approve(stage.node, kept.id, SECOND)
        assert await numbers(stage) == [1]

    with_stage(story, target=KH)


def test_a_draft_that_waits_for_the_gate_takes_its_number_when_it_opens():
    async def story(stage):
        shut(stage)
        waiting = await send(stage.node, stage.link, adult(stage), OFFICER)
        assert (waiting.fate, waiting.seq) == (Fate.WAITING, 0)
        approved = await send(stage.node, stage.link, child(stage), OFFICER)
        assert (await approve(stage.node, approved.id, SECOND)).fate is Fate.WAITING
        assert await numbers(stage) == []
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 2
        assert await release_waiting(stage.node, stage.link) == 0
        assert await numbers(stage) == [1, 2]
        assert await drafts(stage) == []
        assert {(await stage.row(Direction.OUT, seq)).id for seq in (1, 2)} == {waiting.id, approved.id}

    with_stage(story, target=KH)


@pytest.mark.parametrize("needs_second", [False, True])
def test_a_draft_that_comes_back_with_a_backup_is_not_sent_twice(needs_second):
    async def story(stage):
        shut(stage)
        sent = await send(stage.node, stage.link, child(stage) if needs_second else adult(stage), OFFICER)
        if needs_second:
            await approve(stage.node, sent.id, SECOND)
        (draft,) = await drafts(stage)
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 1

        await stage.store.write(lambda uow: uow.drafts.save(draft))
        assert await release_waiting(stage.node, stage.link) == 0

        assert await numbers(stage) == [1]
        assert await drafts(stage) == []

    with_stage(story, target=KH)


@pytest.mark.parametrize(("restored_after_s", "keeps"), [(60, False), (0, False), (-60, True)])
def test_a_draft_from_before_a_restore_takes_a_new_number(restored_after_s, keeps):
    """Its own may be used: the entries that would say so can be lost for good (rule 16)."""

    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        at = stage.node.clock.now() + timedelta(seconds=restored_after_s)
        await stage.store.write(lambda uow: uow.settings.put("restored", instant_text(at)))

        done = await approve(stage.node, kept.id, SECOND)

        assert (done.fate, done.id == kept.id) == (Fate.RELEASED, keeps)

    with_stage(story, target=KH)


def test_in_a_ledger_that_began_anew_a_draft_takes_a_new_number():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        (draft,) = await drafts(stage)
        row = await stage.store.read(lambda uow: uow.links.get(stage.link))
        assert await id_to_keep(stage.node, stage.link, draft) == kept.id

        await stage.store.write(lambda uow: uow.links.update(replace(row, own_epoch=2)))

        assert await id_to_keep(stage.node, stage.link, draft) is None

    with_stage(story, target=KH)


def test_a_draft_that_was_released_before_is_not_approved_again():
    async def story(stage):
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        (draft,) = await drafts(stage)
        await approve(stage.node, kept.id, SECOND)
        await stage.store.write(lambda uow: uow.drafts.save(draft))

        with pytest.raises(UsageError, match="released before"):
            await approve(stage.node, kept.id, SECOND)

        assert await numbers(stage) == [1]

    with_stage(story, target=KH)


def test_a_draft_without_its_second_person_does_not_wait_for_the_gate():
    async def story(stage):
        shut(stage)
        kept = await send(stage.node, stage.link, child(stage), OFFICER)
        assert kept.fate is Fate.NEEDS_SECOND
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 0
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_a_waiting_draft_that_is_not_allowed_any_more_stays_a_draft():
    async def story(stage):
        document = adult(stage)
        shut(stage)
        await send(stage.node, stage.link, document, OFFICER)
        await stage.open()
        await release(stage.node, stage.link, document, officer=OFFICER)
        assert await release_waiting(stage.node, stage.link) == 0
        assert [row.waiting for row in await drafts(stage)] == [False]
        assert await numbers(stage) == [1]

    with_stage(story, target=KH)


def test_a_waiting_draft_of_an_officer_who_left_does_not_hold_back_the_others():
    async def story(stage):
        shut(stage)
        await send(stage.node, stage.link, adult(stage), OFFICER)
        await send(stage.node, stage.link, notice_by(stage, SECOND), SECOND)
        await stage.store.write(lambda uow: uow.officers.end(OFFICER, stage.clock.now() - timedelta(hours=1)))
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 1
        assert await numbers(stage) == [1]
        assert len(await drafts(stage)) == 1

    with_stage(story, target=KH)


def notice_by(stage, officer):
    document = adult(stage)
    document["header"]["officer"] = officer
    return document


def test_waiting_drafts_beyond_the_bound_of_the_outbox_go_on_waiting():
    """Rule 20: at the bound sending is refused and nothing is dropped."""

    async def story(stage):
        shut(stage)
        for _ in range(3):
            await send(stage.node, stage.link, adult(stage), OFFICER)
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 2
        assert [row.waiting for row in await drafts(stage)] == [True]
        assert await numbers(stage) == [1, 2]

    limits: Limits = replace(LIMITS, open_messages=2)
    with_stage(story, target=KH, limits=limits)


@pytest.mark.parametrize("needs_second", [True, False])
def test_a_crash_right_after_a_release_does_not_send_its_draft_twice(needs_second):
    """Rule 17: the outbox entry and the end of the draft are one transaction."""

    async def story(stage):
        if needs_second:
            kept = await send(stage.node, stage.link, child(stage), OFFICER)
            crash(stage, "after")
            with pytest.raises(SimulatedCrashError):
                await approve(stage.node, kept.id, SECOND)
        else:
            shut(stage)
            await send(stage.node, stage.link, adult(stage), OFFICER)
            await stage.open()
            crash(stage, "after")
            with pytest.raises(SimulatedCrashError):
                await release_waiting(stage.node, stage.link)
        assert await release_waiting(stage.node, stage.link) == 0
        assert await drafts(stage) == []
        assert await numbers(stage) == [1]

    with_stage(story, target=KH)


@pytest.mark.parametrize("needs_second", [True, False])
def test_a_crash_right_before_a_release_leaves_the_draft_as_it_was(needs_second):
    async def story(stage):
        if needs_second:
            kept = await send(stage.node, stage.link, child(stage), OFFICER)
            crash(stage, "before")
            with pytest.raises(SimulatedCrashError):
                await approve(stage.node, kept.id, SECOND)
            assert (await approve(stage.node, kept.id, SECOND)).seq == 1
        else:
            shut(stage)
            await send(stage.node, stage.link, adult(stage), OFFICER)
            await stage.open()
            crash(stage, "before")
            with pytest.raises(SimulatedCrashError):
                await release_waiting(stage.node, stage.link)
            assert await release_waiting(stage.node, stage.link) == 1
        assert await drafts(stage) == []
        assert await numbers(stage) == [1]

    with_stage(story, target=KH)


def test_a_stop_needs_one_person_only():
    """Rule 28: a stop needs one. The catalogue says so for every stop."""
    from exchange.messages.catalog import message_types, two_person_acts

    stops = [code for code, row in message_types().items() if row.is_stop]
    assert stops
    for code in stops:
        assert not two_person_acts(code, sensitivity="S2", children=True, consent_states=())
