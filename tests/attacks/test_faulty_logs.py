# SPDX-License-Identifier: Apache-2.0
"""A partner whose log is wrong: evidence is kept, nothing of ours changes, the link goes on.

Threat model, rules 18, 20, 24 to 26; the classes are those of `discrepancy-types`.
"""

import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import FrameInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.entries import Event, accp, beat, rejc
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.frames import FrameTail, Outcome
from exchange.protocol.suites import KeyUse
from exchange.service.meaning import document_of
from exchange.service.reconcile import reconcile
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.faulty import OTHER_DIGEST, verdict_on, with_stage
from tests.support.notices import decision, notice
from tests.support.world import KH, OFFICER, VN


async def goes_on(stage):
    """Check that the next right frame works."""
    stage.partner.told = await stage.copy_size()
    line = stage.partner.build()
    stage.partner.announce(line)
    assert [r.outcome for r in await stage.give(line)] == [Outcome.LOGGED]
    assert (await stage.verdicts())[-1][1:] == ("accepted", "")
    assert await stage.copy_size() == len(stage.partner.leaves)


# Heads and copies


def test_a_head_smaller_than_our_copy_is_kept_as_log_shrunk():
    """Rule 26, seen from the other side: a log never gets shorter."""

    async def story(stage):
        partner = stage.partner
        partner.log(beat(), beat())
        await stage.give()
        size = await stage.copy_size()
        partner.clock.jump(timedelta(seconds=1))
        forked = [*partner.leaves[:-2], partner.leaf(beat(), i=len(partner.leaves) - 2)]
        await stage.give(tail=FrameTail(partner.code, 1, 0, tuple(forked), partner.head(forked)))
        assert await stage.kinds() == ["log_shrunk"]
        assert await stage.copy_size() == size
        await goes_on(stage)

    with_stage(story)


def test_another_root_at_the_same_size_is_kept_as_log_forked():
    async def story(stage):
        partner = stage.partner
        await stage.give()
        root = leaf_hash(b"another history")
        wrong = partner.head(root=root)
        await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (), wrong))
        assert await stage.kinds() == ["log_forked"]
        await goes_on(stage)

    with_stage(story)


def test_a_changed_earlier_leaf_is_kept_as_log_forked():
    async def story(stage):
        partner = stage.partner
        partner.log(beat())
        await stage.give()
        partner.clock.jump(timedelta(seconds=1))
        index = len(partner.leaves) - 1
        forked = [*partner.leaves[:-1], partner.leaf(beat(), i=index), partner.leaf(beat(), i=index + 1)]
        await stage.give(tail=FrameTail(partner.code, 1, index, tuple(forked[index:]), partner.head(forked)))
        assert await stage.kinds() == ["log_forked"]
        assert await stage.copy_size() == len(partner.leaves)
        await goes_on(stage)

    with_stage(story)


def test_a_root_that_our_copy_does_not_give_stores_nothing():
    async def story(stage):
        partner = stage.partner
        await stage.give()
        size = await stage.copy_size()
        leaf = partner.leaf(beat())
        head = partner.head([*partner.leaves, leaf], root=leaf_hash(b"another"))
        await stage.give(tail=FrameTail(partner.code, 1, size, (leaf,), head))
        assert await stage.copy_size() == size
        assert len(await stage.kept()) == 1
        await goes_on(stage)

    with_stage(story)


def test_an_unsigned_head_stores_nothing():
    async def story(stage):
        partner = stage.partner
        text = partner.head().split("\n\n")[0] + "\n\n"
        for head in (text, text + "— nobody AAAA\n", "x"):
            await stage.give(tail=FrameTail(partner.code, 1, 0, tuple(partner.leaves), head))
            assert await stage.copy_size() == 0
        with pytest.raises(FrameInvalidError):
            await stage.give(tail=replace(partner.tail(0), head=""))
        assert await stage.copy_size() == 0
        await goes_on(stage)

    with_stage(story)


def test_a_head_signed_by_a_key_of_another_use_or_agency_stores_nothing():
    """Rule 10: keys have one use."""

    async def story(stage):
        from exchange.ledger import notes
        from tests.support import identity

        partner = stage.partner
        head = notes.read_head(partner.head()).claimed
        stranger = identity.agency(identity.TH).keys.keyring().signing(KeyUse.HEAD, stage.clock.now())
        own = identity.agency(stage.target).keys.keyring().signing(KeyUse.HEAD, stage.clock.now())
        forged = [sign_head(head, key, by=partner.code) for key in (stranger, own)]
        forged += [as_head(head, partner.key(use), partner.code) for use in (KeyUse.COSIGN, KeyUse.ENVELOPE)]
        for note in forged:
            await stage.give(tail=FrameTail(partner.code, 1, 0, tuple(partner.leaves), note))
            assert await stage.copy_size() == 0
        await goes_on(stage)

    with_stage(story)


def as_head(head: Head, key, by):
    """Sign a head with a key of another use, as only a program without our checks would."""
    return sign_head(head, replace(key, use=KeyUse.HEAD), by=by)


@pytest.mark.parametrize(
    "wrong",
    [
        {"link": LinkId("A" * 22)},
        {"by": AgencyCode("TH-MSDHS-DATIP")},
        {"by": VN},
        {"ep": 2},
        {"i": 99},
        {"i": 0},
    ],
)
def test_a_leaf_that_names_another_place_is_kept_as_log_invalid(wrong):
    async def story(stage):
        partner = stage.partner
        await stage.give()
        leaf = partner.leaf(beat(), **wrong)
        size = len(partner.leaves)
        head = partner.head([*partner.leaves, leaf])
        await stage.give(tail=FrameTail(partner.code, 1, size, (leaf,), head))
        assert await stage.kinds() == ["log_invalid"]
        assert await stage.copy_size() == size
        await goes_on(stage)

    with_stage(story)


def not_canonical(raw):
    return (raw.replace(b":1,", b": 1,", 1), raw + b" ", raw.replace(b'"beat"', b'"b\\u0065at"'), b"{}", b"x")


def test_a_leaf_that_is_not_canonical_is_kept_as_log_invalid():
    async def story(stage):
        partner = stage.partner
        await stage.give()
        size = len(partner.leaves)
        for raw in not_canonical(partner.leaf(beat())):
            head = partner.head([*partner.leaves, raw])
            await stage.give(tail=FrameTail(partner.code, 1, size, (raw,), head))
            assert await stage.copy_size() == size
        assert set(await stage.kinds()) == {"log_invalid"}
        await goes_on(stage)

    with_stage(story)


def test_2001_leaves_in_one_frame_are_refused_whole():
    """Threat model, section 7: at most 2,000 leaves a frame."""

    async def story(stage):
        partner = stage.partner
        await stage.give()
        many = [partner.log(beat()) for _ in range(2_001)]
        raw = partner.frame()
        from exchange.service.converse import answer

        with pytest.raises(FrameInvalidError):
            await answer(stage.node, stage.link, raw)
        assert await stage.copy_size() == len(partner.leaves) - len(many)
        partner.told = await stage.copy_size()
        head = partner.head(partner.leaves[:2_000])
        taken = tuple(partner.leaves[partner.told : 2_000])
        await stage.give(tail=FrameTail(partner.code, 1, partner.told, taken, head))
        assert await stage.copy_size() == 2_000
        await goes_on(stage)

    with_stage(story)


def test_a_tail_of_another_log_or_epoch_stores_nothing():
    async def story(stage):
        partner = stage.partner
        for by, ep in ((stage.target, 1), (AgencyCode("TH-MSDHS-DATIP"), 1), (partner.code, 2)):
            await stage.give(tail=FrameTail(by, ep, 0, tuple(partner.leaves), partner.head(ep=ep)))
            assert await stage.copy_size() == 0
        await goes_on(stage)

    with_stage(story)


def test_a_tail_beyond_our_copy_stores_nothing_and_proves_nothing():
    async def story(stage):
        partner = stage.partner
        partner.log(beat(), beat())
        await stage.give(tail=partner.tail(3))
        assert await stage.copy_size() == 0
        assert not {"log_forked", "log_shrunk", "log_invalid"} & set(await stage.kinds())
        await goes_on(stage)

    with_stage(story)


def test_the_same_fault_again_is_kept_three_times_only():
    """Rule 20: every list has a bound."""

    async def story(stage):
        partner = stage.partner
        await stage.give()
        for number in range(6):
            wrong = partner.head(root=leaf_hash(b"%d" % number))
            await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (), wrong))
        assert await stage.kinds() == ["log_forked"] * 3
        assert stage.noted.counts.count(("difference", "log_forked")) == 6

    with_stage(story)


# Leaves that are stored, but have no effect


def ids(value):
    return value.get("ev", "") + "/" + "+".join(sorted(value)) if isinstance(value, dict) else str(value)


FAULTY = [
    {"ev": "sent"},
    {"ev": "sent", "seq": "1"},
    {"ev": "sent", "seq": 0, "id": "x", "eh": "x", "cd": "x", "pc": "x", "sz": 1},
    {"ev": "rcvd"},
    {"ev": "rcvd", "seq": "one", "k": "accepted"},
    {"ev": "rcvd", "seq": 1, "k": "accepted"},
    {"ev": "accp"},
    {"ev": "accp", "seq": 1, "id": 7},
    {"ev": "rejc", "seq": 1},
    {"ev": "void"},
    {"ev": "void", "seq": 1, "id": "x", "code": "y"},
    {"ev": "keyx"},
    {"ev": "agrx", "n": "two"},
    {"ev": "novelty"},
    {"ev": "novelty", "seq": 1},
]


@pytest.mark.parametrize("members", FAULTY, ids=ids)
def test_a_leaf_of_a_wrong_form_is_stored_named_and_without_effect(members):
    """Design 5: not cosigning would throw the best evidence away."""

    async def story(stage):
        mine = await sent_by_us(stage)
        stage.partner.leaves.append(stage.partner.raw_leaf(**members))
        await stage.give()
        assert await stage.copy_size() == len(stage.partner.leaves)
        assert await stage.kinds() == ["log_invalid"]
        assert await stage.row(Direction.OUT, 1) == mine
        assert (await stage.cases())[0].state == "notice_pending"

    with_stage(story, target=KH)


@pytest.mark.parametrize("members", FAULTY, ids=ids)
def test_after_a_leaf_of_a_wrong_form_lines_and_effects_go_on(members):
    async def story(stage):
        stage.partner.leaves.append(stage.partner.raw_leaf(**members))
        await stage.give()
        await goes_on(stage)

    with_stage(story)


async def sent_by_us(stage):
    """Release a notice of the node and return its row."""
    await release(stage.node, stage.link, notice(stage.node, stage.partner.code), officer=OFFICER)
    return await stage.row(Direction.OUT, 1)


def test_a_verdict_on_a_number_never_sent_is_kept_as_unexpected():
    async def story(stage):
        mine = await sent_by_us(stage)
        stage.partner.log(verdict_on(replace(mine, seq=2), "accepted"))
        await stage.give()
        assert await stage.kinds() == ["unexpected_message"]
        assert await stage.row(Direction.OUT, 1) == mine

    with_stage(story, target=KH)


@pytest.mark.parametrize("wrong", [{"eh": OTHER_DIGEST}, {"cd": OTHER_DIGEST}])
def test_a_verdict_on_other_bytes_is_kept_and_decides_nothing(wrong):
    """Rule 15: delivered means a verified receipt for these bytes."""

    async def story(stage):
        mine = await sent_by_us(stage)
        stage.partner.log(verdict_on(mine, "rejected", "form_invalid", **wrong))
        await stage.give()
        assert await stage.kinds() == ["hash_mismatch"]
        assert await stage.row(Direction.OUT, 1) == mine
        stage.partner.log(verdict_on(mine, "accepted"))
        await stage.give()
        assert (await stage.row(Direction.OUT, 1)).state is MessageState.ACCEPTED

    with_stage(story, target=KH)


def test_a_second_verdict_is_kept_as_duplicate_and_changes_nothing():
    async def story(stage):
        mine = await sent_by_us(stage)
        stage.partner.log(verdict_on(mine, "accepted"))
        await stage.give()
        decided = await stage.row(Direction.OUT, 1)
        stage.partner.log(
            verdict_on(mine, "rejected", "form_invalid"), rejc(seq=1, id=mine.id, code="internal")
        )
        await stage.give()
        assert await stage.row(Direction.OUT, 1) == decided
        assert await stage.kinds() == ["duplicate", "log_invalid"]

    with_stage(story, target=KH)


@pytest.mark.parametrize("event", [Event.ACCP, Event.REJC])
def test_a_decision_on_what_was_never_received_decides_nothing(event):
    """Rule 15: `accp` names no bytes, so it counts only after a `rcvd` that does."""

    async def story(stage):
        mine = await sent_by_us(stage)
        entry = (
            accp(seq=1, id=mine.id) if event is Event.ACCP else rejc(seq=1, id=mine.id, code="form_invalid")
        )
        stage.partner.log(entry)
        await stage.give()
        assert await stage.row(Direction.OUT, 1) == mine
        assert await stage.kinds() == ["log_invalid"]
        stage.partner.log(verdict_on(mine, "held"), accp(seq=1, id=mine.id))
        await stage.give()
        assert (await stage.row(Direction.OUT, 1)).state is MessageState.ACCEPTED

    with_stage(story, target=KH)


WRONG_VERDICTS = [
    lambda row: verdict_on(row, "accepted", eh=OTHER_DIGEST),
    lambda row: verdict_on(row, "accepted", cd=OTHER_DIGEST),
    lambda row: verdict_on(row, "rejected", "form_invalid", eh=OTHER_DIGEST),
    lambda row: accp(seq=row.seq, id=row.id),
    lambda row: rejc(seq=row.seq, id=row.id, code="internal"),
]


@pytest.mark.parametrize("number", range(len(WRONG_VERDICTS)))
def test_a_faulty_verdict_has_no_effect_on_the_case_either(number):
    """Rule 18: case state is a function of right messages; the message waits for its right verdict."""

    async def story(stage):
        document = stage.partner.document()
        line = stage.partner.build(document)
        stage.partner.announce(line)
        await stage.give(line)
        received = await stage.store.read(
            lambda uow: document_of(uow, uow.messages.by_seq(stage.link, Direction.IN, 1))
        )
        answer = decision(stage.node, stage.partner.code, received)
        await release(stage.node, stage.link, answer, officer=OFFICER)
        mine = await stage.row(Direction.OUT, 1)
        [before] = await stage.cases()
        assert (before.state, before.provisional) == ("notice_pending", 1)
        stage.partner.log(WRONG_VERDICTS[number](mine))
        await stage.give()
        assert await stage.cases() == [before]
        assert await stage.row(Direction.OUT, 1) == mine
        stage.partner.log(verdict_on(mine, "accepted"))
        await stage.give()
        [after] = await stage.cases()
        assert (after.state, after.provisional) == ("accepted", 0)

    with_stage(story)


def test_held_and_then_accepted_is_right():
    async def story(stage):
        mine = await sent_by_us(stage)
        stage.partner.log(verdict_on(mine, "held"))
        await stage.give()
        assert (await stage.row(Direction.OUT, 1)).state is MessageState.HELD
        stage.partner.log(accp(seq=1, id=mine.id))
        await stage.give()
        assert (await stage.row(Direction.OUT, 1)).state is MessageState.ACCEPTED
        assert await stage.kinds() == []

    with_stage(story, target=KH)


def test_a_number_announced_twice_keeps_its_first_announcement():
    async def story(stage):
        first, second = stage.partner.build(), stage.partner.build(seq=1)
        stage.partner.announce(first, second)
        results = await stage.give(first, second)
        assert [r.outcome for r in results] == [Outcome.LOGGED, Outcome.REFUSED]
        assert "duplicate" in await stage.kinds()
        await goes_on(stage)

    with_stage(story)


def test_an_id_announced_under_two_numbers_counts_once():
    async def story(stage):
        line = stage.partner.build()
        said = line.envelope
        stage.partner.announce(line)
        entry = line.entry
        stage.partner.log(replace(entry, fields={**entry.fields, "seq": 2}))
        assert [r.outcome for r in await stage.give(line)] == [Outcome.LOGGED]
        assert await stage.kinds() == ["duplicate"]
        assert await stage.verdicts() == [(said.seq, "accepted", "")]
        await goes_on(stage)

    with_stage(story)


def test_a_number_far_away_is_announced_without_harm():
    async def story(stage):
        far = stage.partner.build(seq=2**53 - 1)
        stage.partner.announce(far)
        assert [(r.outcome.value, r.code) for r in await stage.give(far)] == [("again", "gap")]
        await goes_on(stage)

    with_stage(story)


def test_a_number_far_away_takes_no_memory_when_both_ledgers_are_compared():
    """One entry of 300 bytes may name any number; a table up to that number would fill the memory."""

    async def story(stage):
        far = stage.partner.build(seq=5_000_000)
        stage.partner.announce(far)
        await stage.give()

        tracemalloc.start()
        found = await reconcile(stage.node, stage.link)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert "number_far" in [one.reason for one in found.differences]
        assert most < 32 * 2**20
        await goes_on(stage)

    with_stage(story)


def test_a_leaf_is_never_written_twice_into_our_copy():
    async def story(stage):
        partner = stage.partner
        partner.log(beat())
        for _ in range(3):
            await stage.give(tail=partner.tail(0))
        assert await stage.copy_size() == len(partner.leaves)
        assert await stage.kept() == []

    with_stage(story)


def test_leaves_of_the_longest_kind_are_taken():
    async def story(stage):
        partner = stage.partner
        raw = partner.raw_leaf(ev="novelty", a="x" * 1_800)
        assert len(raw) <= 2_048
        partner.leaves.append(raw)
        await stage.give()
        assert await stage.copy_size() == len(partner.leaves)
        too_long = partner.raw_leaf(ev="novelty", a="x" * 2_000)
        head = partner.head([*partner.leaves, too_long])
        await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (too_long,), head))
        assert await stage.copy_size() == len(partner.leaves)

    with_stage(story)
