# SPDX-License-Identifier: Apache-2.0
"""A draft that comes back: of two acts at once exactly one happens, and nothing is lost on the way."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from exchange.cases.permissions import Role
from exchange.errors import DraftMovedError, InputError, NodeError, UsageError
from exchange.ids import Digest, OfficerNumber
from exchange.service.draft_story import MOST_VERSIONS, Returned, Story, Version, story_bytes, story_of
from exchange.service.draft_unchanged import demand_unchanged
from exchange.service.drafts import Fate, approve, release_draft, release_waiting, send
from exchange.service.enclosures import unkept
from exchange.service.returning import MOST_REASON, change, discard, send_back, take_back
from exchange.service.rows import Direction, LinkState
from exchange.service.staff import AccountRow
from tests.support.faulty import with_stage
from tests.support.notices import child_notice, notice
from tests.support.world import KH, OFFICER, SECOND

WHY = "the year of birth is not the one in the passport"


def child(stage):
    return child_notice(stage.node, stage.partner.code)


async def kept(stage):
    return await send(stage.node, stage.link, child(stage), OFFICER)


async def draft(stage):
    rows = await stage.store.read(lambda uow: uow.drafts.list())
    return rows[0] if rows else None


async def numbers(stage):
    rows = await stage.store.read(lambda uow: uow.messages.numbers(stage.link, Direction.OUT, 1, 100))
    return [row.seq for row in rows]


async def acts(stage):
    rows = await stage.store.read(lambda uow: uow.audit.list(limit=100))
    return [(row.actor, row.act, row.object) for row in rows if row.act.startswith("draft_")][::-1]


async def look(stage):
    """Let the second person look at the draft as it is."""
    row = await draft(stage)
    story = story_of(row.story).looked(SECOND, row.digest)
    await stage.store.write(lambda uow: uow.drafts.save(replace(row, story=story_bytes(story))))


def changed(row):
    document = unkept(row.document)[0]
    document["content"]["proposed_to"] = "2027-10-22"
    return document


def test_a_draft_that_was_sent_back_is_not_released():
    async def story(stage):
        sent = await kept(stage)
        row = await send_back(stage.node, sent.id, SECOND, reason=WHY, digest=sent.digest)
        for officer in (SECOND, OFFICER):
            with pytest.raises(UsageError):
                await approve(stage.node, sent.id, officer, digest=sent.digest)
        now = await draft(stage)
        assert (now.returned, now.digest) == (row.returned, sent.digest)
        assert (now.returned.by, now.returned.reason) == (SECOND, WHY)
        assert await numbers(stage) == []
        assert (SECOND, "draft_sent_back", sent.id) in await acts(stage)

    with_stage(story, target=KH)


def test_the_reason_stands_in_no_record_of_acts():
    async def story(stage):
        sent = await kept(stage)
        await send_back(stage.node, sent.id, SECOND, reason=WHY)
        rows = await stage.store.read(lambda uow: uow.audit.list(limit=100))
        assert not [row for row in rows if WHY in repr(row)]

    with_stage(story, target=KH)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * (MOST_REASON + 1)])
def test_a_reason_has_to_be_said(reason):
    async def story(stage):
        sent = await kept(stage)
        with pytest.raises(UsageError):
            await send_back(stage.node, sent.id, SECOND, reason=reason)
        assert (await draft(stage)).returned is None

    with_stage(story, target=KH)


@pytest.mark.parametrize(
    ("officer", "digest", "error"),
    [
        (OFFICER, None, UsageError),
        (OfficerNumber("P-9999"), None, NodeError),
        (SECOND, Digest("A" * 43), InputError),
    ],
    ids=["the author", "not in the directory", "another text than was shown"],
)
def test_who_may_not_send_back_changes_nothing(officer, digest, error):
    async def story(stage):
        sent = await kept(stage)
        with pytest.raises(error):
            await send_back(stage.node, sent.id, officer, reason=WHY, digest=digest)
        assert (await draft(stage)).returned is None
        assert (await approve(stage.node, sent.id, SECOND)).fate is Fate.RELEASED

    with_stage(story, target=KH)


@pytest.mark.parametrize("act", [take_back, discard])
def test_nobody_takes_back_or_discards_the_draft_of_a_colleague(act):
    async def story(stage):
        sent = await kept(stage)
        with pytest.raises(UsageError):
            await act(stage.node, sent.id, SECOND)
        assert (await draft(stage)).returned is None

    with_stage(story, target=KH)


@pytest.mark.parametrize("first_is_release", [True, False])
def test_release_and_taking_back_at_once_have_one_outcome(first_is_release):
    """Two persons at once: one act happens, the other one is told; nothing is sent twice or half."""

    async def story(stage):
        sent = await kept(stage)
        both = [approve(stage.node, sent.id, SECOND), take_back(stage.node, sent.id, OFFICER)]
        done = await asyncio.gather(*both[:: 1 if first_is_release else -1], return_exceptions=True)
        failed = [one for one in done if isinstance(one, Exception)]
        assert [isinstance(one, UsageError) for one in failed] == [True]
        left = await draft(stage)
        assert (await numbers(stage) == [1]) is (left is None)
        assert left is None or left.returned.by == OFFICER

    with_stage(story, target=KH)


def test_a_release_that_read_the_draft_before_it_was_taken_back_sends_nothing():
    """The commit of the release asks again: what was read a moment ago may be over."""

    async def story(stage):
        sent = await kept(stage)
        read_before = await draft(stage)
        await take_back(stage.node, sent.id, OFFICER)
        await change(stage.node, sent.id, OFFICER, changed(read_before))
        with pytest.raises(DraftMovedError):
            await release_draft(stage.node, replace(read_before, approved_by=SECOND))
        assert await numbers(stage) == []
        assert (await draft(stage)).digest != read_before.digest

    with_stage(story, target=KH)


def test_a_release_behind_a_closed_gate_does_not_bring_a_draft_back():
    async def story(stage):
        sent = await kept(stage)
        read_before = await draft(stage)
        await discard(stage.node, sent.id, OFFICER)
        stage.node.presence.of(stage.link).gate = LinkState.CLOSED
        with pytest.raises(DraftMovedError):
            await release_draft(stage.node, replace(read_before, approved_by=SECOND))
        assert await draft(stage) is None

    with_stage(story, target=KH)


def test_a_waiting_message_is_taken_back_before_its_gate_opens():
    async def story(stage):
        stage.node.presence.of(stage.link).gate = LinkState.CLOSED
        document = notice(stage.node, stage.partner.code)
        waiting = await send(stage.node, stage.link, document, OFFICER)
        with pytest.raises(UsageError):
            await send_back(stage.node, waiting.id, SECOND, reason=WHY)
        await take_back(stage.node, waiting.id, OFFICER)
        await stage.open()
        assert await release_waiting(stage.node, stage.link) == 0
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_who_read_a_draft_before_it_was_released_behind_a_closed_gate_acts_on_nothing():
    """The first commit counts, also of a release that waits: nobody sends back what a colleague released."""

    async def story(stage):
        sent = await kept(stage)
        read_before = await draft(stage)
        stage.node.presence.of(stage.link).gate = LinkState.CLOSED
        await approve(stage.node, sent.id, SECOND)
        with pytest.raises(DraftMovedError, match="it was released, and waits"):
            await stage.store.write(lambda uow: demand_unchanged(uow, read_before))

    with_stage(story, target=KH)


def test_a_waiting_message_that_comes_back_the_same_is_not_released_by_the_approval_before():
    """ADR 0085: what was taken back needs a second person again, also if nothing was changed."""

    async def story(stage):
        sent = await kept(stage)
        stage.node.presence.of(stage.link).gate = LinkState.CLOSED
        await approve(stage.node, sent.id, SECOND)
        read_before = await draft(stage)
        await take_back(stage.node, sent.id, OFFICER)
        await change(stage.node, sent.id, OFFICER, unkept(read_before.document)[0])
        await stage.open()
        with pytest.raises(DraftMovedError):
            await release_draft(stage.node, read_before)
        assert await numbers(stage) == []

    with_stage(story, target=KH)


def test_a_changed_draft_needs_a_second_person_again_and_has_its_number():
    async def story(stage):
        sent = await kept(stage)
        await send_back(stage.node, sent.id, SECOND, reason=WHY)
        again = await change(stage.node, sent.id, OFFICER, changed(await draft(stage)))
        assert (again.fate, again.id) == (Fate.NEEDS_SECOND, sent.id)
        with pytest.raises(InputError):
            await approve(stage.node, sent.id, SECOND, digest=sent.digest)
        assert (await approve(stage.node, sent.id, SECOND, digest=again.digest)).seq == 1
        assert await draft(stage) is None

    with_stage(story, target=KH)


def test_a_draft_that_was_changed_since_the_last_look_is_not_released_by_its_number_alone():
    """Rule 28: at the command line nobody has to type the digest of what was shown."""

    async def story(stage):
        sent = await kept(stage)
        await look(stage)
        await change(stage.node, sent.id, OFFICER, changed(await draft(stage)))
        for officer in (SECOND, OfficerNumber("P-0003")):
            with pytest.raises(InputError) as caught:
                await approve(stage.node, sent.id, officer)
            assert "changed since it was shown" in str(caught.value)
        assert await numbers(stage) == []

        await look(stage)

        assert (await approve(stage.node, sent.id, SECOND)).fate is Fate.RELEASED

    with_stage(story, target=KH)


def test_a_change_that_is_wrong_leaves_the_draft_as_it_was():
    async def story(stage):
        sent = await kept(stage)
        wrong = changed(await draft(stage))
        wrong["content"]["proposed_to"] = "2027-13-45"
        other = notice(stage.node, stage.partner.code)
        other["header"]["type"] = "IDN"
        for document in (wrong, other):
            with pytest.raises(InputError):
                await change(stage.node, sent.id, OFFICER, document)
        assert (await draft(stage)).digest == sent.digest
        assert (await draft(stage)).returned is None

    with_stage(story, target=KH)


# --- the story


def version(n):
    return Version(Digest(f"{n}" * 43), {"header": {}, "content": {"n": n}, "persons": []})


def test_the_last_look_of_each_person_counts():
    """What changed is shown since the own last look, also when the page is opened again."""
    story = Story().looked(SECOND, version(1).digest).followed(version(1)).followed(version(2))
    third = version(3).digest
    looked = story.looked(SECOND, third)
    assert story.before(SECOND, third) == version(1)
    assert looked.before(SECOND, third) == version(1)
    assert looked.looked(SECOND, third) is looked
    assert story.before(OfficerNumber("P-0099"), third) == version(2)


def test_in_the_first_round_nothing_is_compared():
    assert Story().looked(SECOND, version(1).digest).before(SECOND, version(1).digest) is None


def test_a_version_that_is_not_kept_any_more_gives_the_oldest():
    story = Story().looked(SECOND, version(0).digest)
    for n in range(MOST_VERSIONS + 2):
        story = story.followed(version(n))
    assert len(story.versions) == MOST_VERSIONS
    assert story.before(SECOND, version(9).digest) == version(2)


def test_a_story_comes_back_as_it_was_kept():
    back = Returned(SECOND, datetime(2027, 10, 4, 9, 0, tzinfo=UTC), WHY)
    story = Story((version(1),), {SECOND: (version(1).digest,)}, back, True, {"after": "", "given": {}})
    assert story_of(story_bytes(story)) == story
    assert (story_bytes(Story()), story_of(b"")) == (b"", Story())


async def leave(stage, officer, how):
    """Let an officer go: the entry ends, or the account is closed."""
    now = stage.clock.now()
    if how == "ended":
        await stage.store.write(lambda uow: uow.officers.end(officer, now - timedelta(hours=1)))
        return
    account = AccountRow(officer, (Role.OFFICER,), "en", "hash", "", 0, False, now, now, closed_at=now)
    await stage.store.write(lambda uow: uow.staff.accounts.save(account))


@pytest.mark.parametrize("how", ["ended", "closed"])
@pytest.mark.parametrize("state", ["kept", "waiting", "returned"])
def test_a_draft_whose_author_has_left_is_discarded_by_somebody_else(how, state):
    async def story(stage):
        sent = await kept(stage)
        row = await draft(stage)
        back = Returned(SECOND, stage.clock.now(), WHY) if state == "returned" else None
        standing = replace(row, waiting=state == "waiting", returned=back)
        await stage.store.write(lambda uow: uow.drafts.save(standing))
        with pytest.raises(UsageError):
            await discard(stage.node, sent.id, SECOND)
        await leave(stage, OFFICER, how)

        await discard(stage.node, sent.id, SECOND)

        assert await draft(stage) is None
        assert (SECOND, "draft_discarded", sent.id) in await acts(stage)

    with_stage(story, target=KH)


@pytest.mark.parametrize("act", [take_back, change])
def test_nobody_changes_the_draft_of_an_author_who_has_left(act):
    async def story(stage):
        sent = await kept(stage)
        more = (changed(await draft(stage)),) if act is change else ()
        await leave(stage, OFFICER, "ended")

        with pytest.raises(UsageError):
            await act(stage.node, sent.id, SECOND, *more)

        assert (await draft(stage)).returned is None

    with_stage(story, target=KH)
