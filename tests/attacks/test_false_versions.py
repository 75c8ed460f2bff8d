# SPDX-License-Identifier: Apache-2.0
"""A partner that switches to what was never agreed, or not as agreed: no effect, a named difference, a link
that goes on (design 4.1, threat model rule 7)."""

import pytest
from exchange.errors import AgreementInvalidError, SignatureInvalidError, UsageError
from exchange.ids import sha256
from exchange.ledger.entries import agrx
from exchange.protocol.agreement import new_agreement, read_agreement
from exchange.protocol.suites import Suite
from exchange.service.agreements import give_up, keep_agreed, propose, sign
from exchange.service.held_versions import held_versions
from exchange.service.rows import Direction, MessageState
from tests.support.faulty import OTHER_DIGEST, with_stage
from tests.support.new_versions import TWO, next_version, signed_by
from tests.support.world import KH, VN, _agreement

FIRST = _agreement(Suite.HYBRID)
SECOND = next_version(FIRST, suite=Suite.CLASSICAL)
THIRD = next_version(SECOND)


async def both_signed(stage, version=SECOND):
    """The node of VN has signed what KH, the partner of the stage, proposed."""
    await sign(stage.node, stage.link, signed_by(version, KH, VN), actors=TWO)


async def send(stage, **envelope):
    """Give the node one right line and return how it stands there."""
    built = stage.partner.build(**envelope)
    stage.partner.log(built.entry)
    await stage.give(built)
    row = await stage.row(Direction.IN, built.envelope.seq)
    return row.state, row.code


async def switch(stage, n=2, *, ad=SECOND.digest, fs=None):
    stage.partner.log(agrx(n=n, ad=ad, fs=stage.partner.next_seq if fs is None else fs))
    await stage.give()


async def goes_on_under(stage, n, suite):
    assert await send(stage, agr=n, suite=suite) == (MessageState.ACCEPTED, "")


WRONG = {
    "a version skipped": {"n": 3, "ad": THIRD.digest},
    "the version in force once more": {"n": 1, "ad": FIRST.digest},
    "other bytes": {"ad": OTHER_DIGEST},
    "a number that was used": {"fs": 1},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_switch_has_no_effect_and_is_named(wrong):
    async def story(stage):
        await both_signed(stage)
        await goes_on_under(stage, 1, Suite.HYBRID)
        await switch(stage, **wrong)
        assert await stage.kinds() == ["log_invalid"]
        assert await send(stage, agr=2, suite=Suite.CLASSICAL) == (
            MessageState.REJECTED,
            "agreement_mismatch",
        )
        await goes_on_under(stage, 1, Suite.HYBRID)

    with_stage(story)


def test_a_right_switch_after_a_wrong_one_has_its_effect():
    async def story(stage):
        await both_signed(stage)
        await switch(stage, ad=OTHER_DIGEST)
        await switch(stage)
        await goes_on_under(stage, 2, Suite.CLASSICAL)
        assert await stage.kinds() == ["log_invalid"]

    with_stage(story)


def test_a_switch_to_a_version_that_we_never_signed_has_no_effect():
    async def story(stage):
        await switch(stage)
        [kept] = await stage.kept()
        assert kept.reason.endswith("switches to version 2, which we did not sign")
        assert await send(stage, agr=2, suite=Suite.CLASSICAL) == (
            MessageState.REJECTED,
            "agreement_mismatch",
        )
        await goes_on_under(stage, 1, Suite.HYBRID)

    with_stage(story)


def test_a_switch_that_came_before_its_version_counts_once_we_have_signed():
    async def story(stage):
        await switch(stage)
        await both_signed(stage)
        await keep_agreed(stage.node, stage.link)
        await goes_on_under(stage, 2, Suite.CLASSICAL)

    with_stage(story)


def test_before_the_first_number_of_a_switch_the_old_version_holds():
    async def story(stage):
        await both_signed(stage)
        await switch(stage, fs=3)
        await goes_on_under(stage, 1, Suite.HYBRID)
        assert await send(stage, agr=2, suite=Suite.CLASSICAL) == (
            MessageState.REJECTED,
            "agreement_mismatch",
        )
        await goes_on_under(stage, 2, Suite.CLASSICAL)
        assert await send(stage, agr=1, suite=Suite.HYBRID) == (MessageState.REJECTED, "agreement_mismatch")

    with_stage(story)


@pytest.mark.parametrize("agr", [1, 3])
def test_a_line_that_names_another_version_than_that_of_its_number_is_rejected(agr):
    """Also when both versions have the same suite, so that nothing else tells them apart."""

    async def story(stage):
        same = next_version(FIRST, expires_days=9)
        await both_signed(stage, same)
        assert await send(stage, agr=2) == (MessageState.REJECTED, "agreement_mismatch")
        await switch(stage, ad=same.digest)
        assert await send(stage, agr=agr) == (MessageState.REJECTED, "agreement_mismatch")
        await goes_on_under(stage, 2, Suite.HYBRID)

    with_stage(story)


def test_a_version_does_not_allow_another_suite_than_its_own():
    async def story(stage):
        await both_signed(stage)
        await switch(stage)
        assert await send(stage, agr=2, suite=Suite.HYBRID) == (MessageState.REJECTED, "agreement_mismatch")
        await goes_on_under(stage, 2, Suite.CLASSICAL)

    with_stage(story)


@pytest.mark.parametrize("n", [3, 9_999])
def test_a_line_of_an_unknown_version_is_rejected_and_the_link_goes_on(n):
    async def story(stage):
        assert await send(stage, agr=n) == (MessageState.REJECTED, "agreement_mismatch")
        await goes_on_under(stage, 1, Suite.HYBRID)

    with_stage(story)


def test_a_report_with_a_wrong_signature_opens_the_gate_and_is_named():
    async def story(stage):
        await stage.open()
        await propose(stage.node, stage.link, signed_by(SECOND, VN), actors=TWO)
        stage.partner.report = {"agreement": {"n": 2, "ad": SECOND.digest, "sig": "x.y.z", "held": 2}}
        stage.start(stage.store.snapshot())
        await stage.open()
        assert await stage.kinds() == ["signature_missing"]
        assert not await keep_agreed(stage.node, stage.link)
        await goes_on_under(stage, 1, Suite.HYBRID)

    with_stage(story, closed=True)


def test_a_report_that_claims_both_signatures_without_giving_one_switches_nothing():
    async def story(stage):
        await propose(stage.node, stage.link, signed_by(SECOND, VN), actors=TWO)
        stage.partner.report = {"agreement": {"n": 2, "ad": SECOND.digest, "sig": "", "held": 2}}
        stage.start(stage.store.snapshot())
        await stage.open()
        assert not await keep_agreed(stage.node, stage.link)

    with_stage(story)


# Files that people bring


def other_link():
    """A version 2 of another link of the same two agencies."""
    first = read_agreement(
        new_agreement(FIRST.parties, FIRST.terms, suite=FIRST.suite, invitation=sha256(b"another"))
    )
    return next_version(first)


FILES = {
    "a version skipped": (lambda: signed_by(THIRD, KH, VN), AgreementInvalidError),
    "another link": (lambda: signed_by(other_link(), KH, VN), AgreementInvalidError),
    "only our signature": (lambda: signed_by(SECOND, VN), AgreementInvalidError),
    "only the partner's signature": (lambda: signed_by(SECOND, KH), AgreementInvalidError),
}


@pytest.mark.parametrize(("make", "error"), FILES.values(), ids=FILES.keys())
def test_a_wrong_file_is_refused_and_nothing_is_kept(make, error):
    async def story(stage):
        with pytest.raises(error):
            await sign(stage.node, stage.link, make(), actors=TWO)
        assert len(await stage.store.read(lambda uow: held_versions(uow, stage.link))) == 1
        await both_signed(stage)

    with_stage(story)


def test_a_file_of_a_version_in_force_changes_nothing():
    async def story(stage):
        before = await stage.store.read(lambda uow: held_versions(uow, stage.link))
        same = await sign(stage.node, stage.link, signed_by(FIRST, KH, VN), actors=TWO)
        assert same.agreement == FIRST
        assert await stage.store.read(lambda uow: held_versions(uow, stage.link)) == before
        await both_signed(stage)

    with_stage(story)


def test_a_signature_by_a_stranger_is_refused():
    async def story(stage):
        raw = signed_by(SECOND, KH, VN).replace(b'"by":"KH-MOSVY-DAHT"', b'"by":"TH-MSDHS-DATIP"')
        with pytest.raises(AgreementInvalidError):
            await sign(stage.node, stage.link, raw, actors=TWO)

    with_stage(story)


def test_a_signature_over_another_version_is_refused():
    async def story(stage):
        changed = next_version(FIRST, expires_days=3)
        signatures = signed_by(SECOND, KH, VN).split(b'"signatures":')[1]
        raw = signed_by(changed, KH, VN).split(b'"signatures":')[0] + b'"signatures":' + signatures
        with pytest.raises(SignatureInvalidError):
            await sign(stage.node, stage.link, raw, actors=TWO)

    with_stage(story)


def test_two_versions_are_never_on_their_way_at_once():
    async def story(stage):
        await propose(stage.node, stage.link, signed_by(SECOND, VN), actors=TWO)
        other = next_version(FIRST, expires_days=3)
        with pytest.raises(UsageError, match="on its way"):
            await propose(stage.node, stage.link, signed_by(other, VN), actors=TWO)
        with pytest.raises(UsageError, match="on its way"):
            await sign(stage.node, stage.link, signed_by(other, KH, VN), actors=TWO)
        await give_up(stage.node, stage.link, actors=TWO)
        await sign(stage.node, stage.link, signed_by(other, KH, VN), actors=TWO)

    with_stage(story)


def test_no_version_is_proposed_before_both_sides_switched_to_the_one_before():
    async def story(stage):
        await both_signed(stage)
        await switch(stage)
        with pytest.raises(UsageError, match="not switched"):
            await propose(stage.node, stage.link, signed_by(THIRD, VN), actors=TWO)
        await keep_agreed(stage.node, stage.link)
        await propose(stage.node, stage.link, signed_by(THIRD, VN), actors=TWO)

    with_stage(story)
