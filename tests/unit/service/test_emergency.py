# SPDX-License-Identifier: Apache-2.0
"""One person releases in an emergency; the second one looks within the hours of the agreement (rule 28)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import InputError, NodeError, UsageError
from exchange.ids import Digest, OfficerNumber
from exchange.protocol.terms import ReleaseRule
from exchange.service.drafts import Fate, approve, send
from exchange.service.emergency import hours_alone
from exchange.service.emergency_review import review
from exchange.service.pairing import pairing_of
from exchange.service.release import release
from exchange.service.rows import LinkState
from tests.support.faulty import with_stage
from tests.support.notices import child_notice, notice
from tests.support.world import KH, OFFICER, SECOND

NOBODY = OfficerNumber("P-9999")
WITHIN = timedelta(hours=24)
"""`emergency_hours` of `rpn_child` in the profile of the world."""


def urgent(stage, *, urgency="emergency", child=True):
    document = (child_notice if child else notice)(stage.node, stage.partner.code)
    call = {"telephone_notice": {"at": "2027-09-14T02:00:00Z", "officer": "TEST duty officer"}}
    header = {**document["header"], "urgency": urgency}
    if urgency == "emergency":
        document = {**document, "content": {**document["content"], **call}}
    return {**document, "header": header}


async def open_ones(stage):
    return await stage.store.read(lambda uow: uow.emergencies.open())


async def terms_of(stage):
    return await stage.store.read(lambda uow: pairing_of(uow, stage.node, stage.link).agreement.terms)


async def acts(stage):
    rows = await stage.store.read(lambda uow: uow.audit.list())
    return [row.act for row in rows]


def test_one_officer_releases_it_and_it_is_open_until_the_hours_are_over():
    async def story(stage):
        sent = await send(stage.node, stage.link, urgent(stage), OFFICER, alone=True)

        assert (sent.fate, sent.seq) == (Fate.RELEASED, 1)
        (row,) = await open_ones(stage)
        assert (row.message, row.act, row.released_by) == (sent.id, "rpn_child s4_named_readers", OFFICER)
        assert row.until_at == stage.node.clock.now() + WITHIN
        assert "released_alone" in await acts(stage)

    with_stage(story, target=KH)


@pytest.mark.parametrize("agrees", [True, False], ids=["agrees", "objects"])
def test_what_the_second_person_says_is_recorded_once(agrees):
    async def story(stage):
        sent = await send(stage.node, stage.link, urgent(stage), OFFICER, alone=True)
        await review(stage.node, stage.link, sent.seq, SECOND, agrees=agrees, digest=sent.digest)

        assert await open_ones(stage) == []
        kept = await stage.store.read(lambda uow: uow.emergencies.of(stage.link, sent.seq))
        assert (kept.seen_by, kept.agrees) == (SECOND, agrees)
        with pytest.raises(UsageError, match="no second person has to look"):
            await review(stage.node, stage.link, sent.seq, SECOND, agrees=True)
        assert (await acts(stage)).count("looked_afterwards") == 1

    with_stage(story, target=KH)


@pytest.mark.parametrize(
    ("second", "digest", "error"),
    [
        (OFFICER, None, UsageError),
        (NOBODY, None, NodeError),
        (SECOND, Digest("A" * 43), InputError),
    ],
    ids=["the same officer", "not in the directory", "another message was shown"],
)
def test_who_may_not_look_leaves_it_open(second, digest, error):
    async def story(stage):
        sent = await send(stage.node, stage.link, urgent(stage), OFFICER, alone=True)

        with pytest.raises(error):
            await review(stage.node, stage.link, sent.seq, second, agrees=True, digest=digest)

        assert [row.message for row in await open_ones(stage)] == [sent.id]

    with_stage(story, target=KH)


@pytest.mark.parametrize("urgency", ["routine", "priority"])
def test_without_an_emergency_one_officer_alone_is_refused_and_nothing_is_stored(urgency):
    async def story(stage):
        with pytest.raises(InputError, match="one person alone may not release"):
            await send(stage.node, stage.link, urgent(stage, urgency=urgency), OFFICER, alone=True)

        assert await open_ones(stage) == []
        assert await stage.store.read(lambda uow: uow.drafts.list()) == []

    with_stage(story, target=KH)


def test_an_emergency_alone_is_never_assumed():
    async def story(stage):
        kept = await send(stage.node, stage.link, urgent(stage), OFFICER)

        assert kept.fate is Fate.NEEDS_SECOND
        assert await open_ones(stage) == []

    with_stage(story, target=KH)


def test_what_needs_one_person_only_is_released_as_ever():
    async def story(stage):
        sent = await send(stage.node, stage.link, urgent(stage, child=False), OFFICER, alone=True)

        assert sent.fate is Fate.RELEASED
        assert await open_ones(stage) == []

    with_stage(story, target=KH)


def test_behind_a_closed_gate_it_is_kept_for_the_second_person():
    async def story(stage):
        stage.node.presence.of(stage.link).gate = LinkState.CLOSED
        kept = await send(stage.node, stage.link, urgent(stage), OFFICER, alone=True)
        assert kept.fate is Fate.NEEDS_SECOND

        stage.node.presence.of(stage.link).gate = LinkState.OPEN
        done = await approve(stage.node, kept.id, SECOND, digest=kept.digest)
        assert done.fate is Fate.RELEASED
        assert await open_ones(stage) == []

    with_stage(story, target=KH)


def test_the_hours_are_the_fewest_of_all_acts_and_none_where_one_act_has_none():
    async def story(stage):
        terms, document = await terms_of(stage), urgent(stage)

        def ruled(**hours):
            rules = tuple(ReleaseRule(act, 2, value) for act, value in hours.items())
            return replace(terms, release=rules)

        assert hours_alone(document, ruled(rpn_child=6, s4_named_readers=2)) == timedelta(hours=2)
        assert hours_alone(document, ruled(rpn_child=6, s4_named_readers=None)) is None
        assert hours_alone(document, ruled(rpn_child=6, erasure=2)) is None
        assert hours_alone(document, ruled(erasure=6)) is None

    with_stage(story, target=KH)


def test_released_alone_counts_only_for_its_own_release():
    async def story(stage):
        await send(stage.node, stage.link, urgent(stage), OFFICER, alone=True)

        with pytest.raises(InputError, match="two persons"):
            await release(stage.node, stage.link, urgent(stage), officer=OFFICER)

    with_stage(story, target=KH)
