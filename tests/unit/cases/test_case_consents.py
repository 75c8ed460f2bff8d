# SPDX-License-Identifier: Apache-2.0
"""Consents are asked, given and withdrawn one by one; silence is never consent."""

from datetime import date, timedelta

import pytest
from exchange.cases.consent import Consent, Consents, allows, learn, withdraw

TODAY = date(2027, 6, 1)
DAY = timedelta(days=1)


def given(scope: str = "return", giver: str = "person", state: str = "given", **more: date) -> Consent:
    return Consent(scope, state, giver, more.get("on", TODAY), more.get("until"))


@pytest.mark.parametrize(
    ("facts", "expected", "why"),
    [
        ([given()], True, "given"),
        ([given(state="overridden")], True, "overridden with a reason"),
        ([given(until=TODAY)], True, "the last day counts"),
        ([given(giver="guardian"), given(giver="child_assent")], True, "guardian and child agree"),
        ([], False, "nobody was asked"),
        ([given("trace_family")], False, "another scope"),
        ([given(state="refused")], False, "refused"),
        ([given(state="withdrawn")], False, "withdrawn"),
        ([given(state="expired")], False, "expired"),
        ([given(state="GIVEN")], False, "not a code"),
        ([given(until=TODAY - DAY)], False, "ended yesterday"),
        ([given(giver="guardian"), given(giver="child_assent", state="refused")], False, "the child refused"),
        ([given(giver="guardian", until=TODAY - DAY), given()], False, "one of two has ended"),
    ],
)
def test_a_scope_is_allowed_only_by_what_was_given(facts: list[Consent], expected: bool, why: str) -> None:
    assert allows(learn(Consents(), facts), "return", TODAY) is expected, why


def test_a_later_fact_of_the_same_giver_replaces_the_earlier_one() -> None:
    changed = learn(learn(Consents(), [given()]), [given(state="refused")])

    assert (len(changed.facts), allows(changed, "return", TODAY)) == (1, False)


def test_a_withdrawal_ends_its_scopes_and_no_other() -> None:
    consents = learn(Consents(), [given(), given("photo"), given("statistics")])

    ended = withdraw(consents, ("return", "photo"), TODAY)

    allowed = [scope for scope in ("return", "photo", "statistics") if allows(ended, scope, TODAY)]
    assert allowed == ["statistics"]


@pytest.mark.parametrize(
    ("fact", "anew", "expected"),
    [
        (given(on=TODAY + DAY), False, True),
        (given(on=TODAY), True, True),
        (given(on=TODAY), False, False),
        (given(on=TODAY - DAY), False, False),
        (given(on=TODAY - DAY), True, False),
        (given(on=TODAY + DAY, state="refused"), True, False),
        (given("photo", on=TODAY + DAY), True, False),
    ],
)
def test_a_withdrawn_scope_revives_only_by_a_newer_consent(fact: Consent, anew: bool, expected: bool) -> None:
    ended = withdraw(learn(Consents(), [given()]), ("return",), TODAY)

    assert allows(learn(ended, [fact], asked_anew=anew), "return", TODAY + DAY) is expected


def test_a_scope_that_was_never_given_can_be_withdrawn() -> None:
    ended = withdraw(Consents(), ("feedback_host",), TODAY)

    assert ended.withdrawn_on("feedback_host") == TODAY
    assert not allows(ended, "feedback_host", TODAY + DAY)


def test_a_second_withdrawal_counts_from_its_own_day() -> None:
    twice = withdraw(withdraw(Consents(), ("return",), TODAY), ("return",), TODAY + 3 * DAY)

    assert not allows(learn(twice, [given(on=TODAY + 2 * DAY)]), "return", TODAY + 9 * DAY)
