# SPDX-License-Identifier: Apache-2.0
"""Who got which data of a person, over every link; and withdrawals that another partner has to be told."""

from dataclasses import replace

import pytest
from exchange.messages.filling import fill
from exchange.messages.people import PersonBlock
from exchange.protocol.agreement import sign_agreement
from exchange.protocol.suites import Suite
from exchange.service.meaning import cases_of
from exchange.service.partners import enrol
from exchange.service.recipients import CATEGORIES, OTHER, recipients_of
from exchange.service.release import release
from exchange.service.rows import LinkState, MessageState
from exchange.service.withdrawals import look_for_others, to_pass_on
from tests.support import identity
from tests.support.checks import settle
from tests.support.identity import TH
from tests.support.notices import notice, small_notice, sources
from tests.support.world import KH, OFFICER, SECOND, VN, Pair, World, _agreement

OTHER_PAIR = Pair(other=TH, profile="kh-th")
TOLD_AT = "2027-10-03T08:00+07:00"


async def second_link(world):
    """Enrol a second partner in the store of KH, with an open gate; nobody answers there."""
    agreement = _agreement(Suite.HYBRID, OTHER_PAIR)
    mine, theirs = (sign_agreement(agreement.raw, identity.agency(code).recovery) for code in (KH, TH))
    card = identity.agency(TH).card
    node = world.kh.node
    await enrol(node, card, agreement, own=mine, partner=theirs, actors=(OFFICER, SECOND))
    node.presence.of(agreement.link_id).gate = LinkState.OPEN
    return agreement.link_id


def sources_for(world, partner):
    usual = sources(world.kh.node, partner)
    if partner == VN:
        return usual
    return replace(usual, usual={**usual.usual, "checkpoint": "KH-TH-POIPET"})


async def tell(world, link, partner, *, earlier=None):
    """Send a notice about one person to a partner; return the person's case there."""
    small = small_notice(str(partner)[:2])
    if earlier:
        small["persons"][0]["links"] = [{"kind": "earlier_case", "case_code": earlier}]
    document = fill(small, sources_for(world, partner)).document
    await release(world.kh.node, link, document, officer=OFFICER)
    return cases_of(document)[0]


async def tell_both(world):
    """Open both links and send a notice about one person on each; return the other link and both cases."""
    await world.open()
    other = await second_link(world)
    earlier = await tell(world, world.link, VN)
    return other, earlier, await tell(world, other, TH, earlier=earlier)


async def withdraw(world, link, partner, case, scope="return"):
    small = {
        "type": "CWD", "purpose": "return_arrangement", "scope": [scope], "withdrawn_at": TOLD_AT,
        "persons": [{"case_code": case}],
    }  # fmt: skip
    document = fill(small, sources_for(world, partner)).document
    await release(world.kh.node, link, document, officer=OFFICER)


async def close_as_double(world, case, other):
    person = {"case_code": case, "reason": "duplicate", "linked_case": other, "other_side_must_close": True}
    small = {"type": "CLO", "purpose": "follow_up", "event_at": TOLD_AT, "persons": [person]}
    document = fill(small, sources_for(world, VN)).document
    await release(world.kh.node, world.link, document, officer=OFFICER)


async def open_withdrawals(world):
    for row in await world.kh.store.read(lambda uow: uow.links.all()):
        await look_for_others(world.kh.node, row.link)
    return await world.kh.store.read(lambda uow: to_pass_on(uow, world.kh.node))


def test_one_notice_names_partner_number_and_categories():
    async def story(world):
        await world.open()
        case = await tell(world, world.link, VN)
        await settle(world)
        found = await recipients_of(world.kh.node, world.link, case)
        [given] = found.given
        assert (given.partner, given.seq, given.type, given.case) == (VN, 1, "RPN", case)
        assert (given.state, given.has_arrived) == (MessageState.ACCEPTED, True)
        assert given.categories == ("consent", "identity", "papers", "victim_status", "wishes")
        assert found.complete

    World(seed=1).run(story)


def test_what_the_partner_told_us_is_not_something_it_got():
    async def story(world):
        await world.open()
        case = await tell(world, world.link, VN)
        await settle(world)
        assert (await recipients_of(world.vn.node, world.link, case)).given == ()

    World(seed=1).run(story)


def test_another_person_of_the_same_notice_is_not_counted():
    async def story(world):
        await world.open()
        document = notice(world.kh.node, VN, persons=2)
        await release(world.kh.node, world.link, document, officer=OFFICER)
        for case in cases_of(document):
            found = await recipients_of(world.kh.node, world.link, case)
            assert found.cases == ((world.link, case),)
            assert len(found.given) == 1

    World(seed=1).run(story)


@pytest.mark.parametrize("asked_for", ["the earlier case", "the later case"])
def test_cases_of_one_person_are_found_over_every_link(asked_for):
    async def story(world):
        other, earlier, later = await tell_both(world)
        place = (world.link, earlier) if asked_for == "the earlier case" else (other, later)
        found = await recipients_of(world.kh.node, *place)
        assert found.cases[0] == place
        assert set(found.cases) == {(world.link, earlier), (other, later)}
        assert {(given.partner, given.seq) for given in found.given} == {(VN, 1), (TH, 1)}

    World(seed=2).run(story)


def test_a_case_that_a_closure_names_is_of_the_same_person():
    async def story(world):
        await world.open()
        first = await tell(world, world.link, VN)
        double = await tell(world, world.link, VN)
        await close_as_double(world, double, first)

        found = await recipients_of(world.kh.node, world.link, first)

        assert found.cases == ((world.link, first), (world.link, double))
        assert [given.type for given in found.given] == ["RPN", "RPN", "CLO"]

    World().run(story)


def test_a_message_that_was_rejected_or_not_delivered_counts_with_its_state():
    async def story(world):
        await world.open()
        other = await second_link(world)
        case = await tell(world, other, TH)
        [given] = (await recipients_of(world.kh.node, other, case)).given
        assert (given.state, given.has_arrived) == (MessageState.QUEUED, False)

    World(seed=2).run(story)


def test_after_erasure_it_stays_known_that_something_was_given():
    async def story(world):
        other, earlier, later = await tell_both(world)
        await world.kh.store.write(lambda uow: uow.cases.erase(world.link, earlier))
        found = await recipients_of(world.kh.node, other, later)
        assert [given.partner for given in found.given] == [TH]

    World(seed=2).run(story)


def test_every_member_of_a_person_has_a_category():
    members = set(PersonBlock.model_fields) - {"case_code"}

    assert members <= CATEGORIES.keys()
    assert OTHER not in CATEGORIES.values()


def test_a_withdrawal_told_to_one_partner_is_due_with_every_other_one():
    async def story(world):
        _, earlier, later = await tell_both(world)
        await withdraw(world, world.link, VN, earlier)
        [task] = await open_withdrawals(world)
        assert (task.partner, task.case, task.scopes, task.told) == (TH, later, ("return",), VN)
        assert task.withdrawn_at == TOLD_AT

    World(seed=3).run(story)


def test_it_is_no_longer_due_once_the_other_partner_was_told():
    async def story(world):
        other, earlier, later = await tell_both(world)
        await withdraw(world, world.link, VN, earlier)
        assert len(await open_withdrawals(world)) == 1
        await withdraw(world, other, TH, later)
        assert await open_withdrawals(world) == []

    World(seed=3).run(story)


def test_another_scope_does_not_settle_it():
    async def story(world):
        other, earlier, later = await tell_both(world)
        await withdraw(world, world.link, VN, earlier)
        await withdraw(world, other, TH, later, scope="trace_family")
        scopes = {(task.partner, task.scopes) for task in await open_withdrawals(world)}
        assert (TH, ("return",)) in scopes

    World(seed=3).run(story)


def test_the_machine_sends_no_withdrawal_by_itself():
    async def story(world):
        other, earlier, _ = await tell_both(world)
        await withdraw(world, world.link, VN, earlier)
        await settle(world)
        link = await world.kh.store.read(lambda uow: uow.links.get(other))
        assert link.next_seq == 2
        assert await world.kh.store.read(lambda uow: uow.drafts.list()) == []

    World(seed=3).run(story)


def test_a_withdrawal_of_somebody_else_s_is_nobody_else_s_business():
    async def story(world):
        await world.open()
        other = await second_link(world)
        case = await tell(world, world.link, VN)
        await tell(world, other, TH)
        await withdraw(world, world.link, VN, case)
        assert await open_withdrawals(world) == []

    World(seed=3).run(story)


def test_no_case_code_stands_in_clear_in_what_is_noted():
    async def story(world):
        _, earlier, later = await tell_both(world)
        await withdraw(world, world.link, VN, earlier)
        await open_withdrawals(world)
        noted = await world.kh.store.read(
            lambda uow: [
                uow.settings.get("withdrawals-open"),
                uow.settings.get(f"withdrawals-new:{world.link}"),
            ]
        )
        assert noted[0]
        assert noted[0] != "[]"
        assert not any(code in text for code in (earlier, later) for text in noted)

    World(seed=3).run(story)
