# SPDX-License-Identifier: Apache-2.0
"""Offices that take a person over: whose they are, and on which day they exist (`messages.taking_over`)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from exchange.messages.codelists import agency
from exchange.messages.validation import KnownFacts, check_form, check_rules
from tests.support.documents import changed, decision, example
from tests.support.examples import context, facts

RECEPTION, CUSTODY = "/persons/0/reception", "/persons/1/custody/agency"
OTHER_SIDE, ENDED = "reference.receiver", "office.ended"


def found(document: dict[str, Any], known: KnownFacts | None = None) -> list[tuple[str, str, str]]:
    """Return code, rule and place of every fault; the document must be of good form."""
    assert check_form(document) == ()
    faults = check_rules(document, context(document), known or facts())
    return [(fault.code, fault.rule, fault.pointer) for fault in faults]


def record(**changes: Any) -> dict[str, Any]:
    return changed(example("hrc", "first-record-two-handed-over"), changes)


def nobody_presented(**changes: Any) -> dict[str, Any]:
    return changed(example("hrc", "first-record-nobody-presented"), changes)


def reception(**changes: Any) -> dict[str, Any]:
    return changed(example("rcv", "two-persons-arrived"), changes)


def with_office(code: str, *, begins: str = "", ends: str = "") -> KnownFacts:
    """Return the facts of the examples with other days of one office."""
    entry = agency(code)
    assert entry is not None
    first = date.fromisoformat(begins) if begins else None
    last = date.fromisoformat(ends) if ends else None
    return replace(facts(), offices={code: replace(entry, valid_from=first, valid_to=last)})


@pytest.mark.parametrize("code", ["KH-PTC", "KH-MOSVY-DAHT", "TH-MSDHS-WPC", "IGO-IOM"])
def test_the_deciding_side_receives_at_its_own_office(code: str) -> None:
    assert found(decision(persons__0__reception=code)) == [("form_invalid", OTHER_SIDE, RECEPTION)]


@pytest.mark.parametrize("code", ["VN-MOH", "VN-WU", "VN-BG"])
def test_any_office_of_the_deciding_side_may_receive(code: str) -> None:
    """Not every country lists an office for reception, so its function is not judged."""
    assert found(decision(persons__0__reception=code)) == []


def test_an_office_that_has_ended_receives_nobody() -> None:
    assert found(decision(persons__0__reception="VN-MOLISA")) == [("form_invalid", ENDED, RECEPTION)]


def test_an_office_may_begin_before_the_acceptance_ends() -> None:
    """The acceptance of the example is of 17 September and ends on 17 December 2027."""
    assert found(decision(), with_office("VN-MOH", begins="2027-12-17")) == []
    assert found(decision(), with_office("VN-MOH", begins="2027-12-18")) == [
        ("form_invalid", ENDED, RECEPTION)
    ]


def test_an_office_may_end_on_the_day_of_the_decision() -> None:
    assert found(decision(), with_office("VN-MOH", ends="2027-09-17")) == []
    assert found(decision(), with_office("VN-MOH", ends="2027-09-16")) == [("form_invalid", ENDED, RECEPTION)]


@pytest.mark.parametrize(
    ("version", "judged"), [("1.1.0", True), ("1.0.9", True), ("1.2.0", False), ("1.1.1", False)]
)
def test_the_days_of_an_office_are_not_judged_by_an_older_list(version: str, *, judged: bool) -> None:
    """A newer list may have another last day; the country of an office is in every list the same."""
    document = decision(persons__0__reception="VN-MOLISA", header__list_versions={"agencies": version})
    abroad = decision(persons__0__reception="KH-PTC", header__list_versions={"agencies": version})

    assert bool(found(document)) is judged
    assert found(abroad) == [("form_invalid", OTHER_SIDE, RECEPTION)]


def test_a_child_is_taken_by_an_office_of_the_deciding_side() -> None:
    document = example("rpd", "three-persons-three-outcomes")
    document["persons"][0]["child_receiver"]["agency"] = "TH-MSDHS-PROV"

    assert found(document) == [("form_invalid", OTHER_SIDE, "/persons/0/child_receiver/agency")]


def test_a_relative_who_takes_the_child_is_no_office() -> None:
    assert found(example("rpd", "child-received-by-a-relative")) == []


def test_custody_of_a_child_who_was_handed_over_is_of_the_origin_side() -> None:
    document = record(persons__1__custody__agency="TH-MSDHS-PROV")

    assert found(document) == [("form_invalid", OTHER_SIDE, CUSTODY)]


def test_custody_of_a_child_who_was_added_is_of_the_origin_side() -> None:
    document = example("hrc", "first-record-child-added-with-custody")
    document["persons"][2]["custody"]["agency"] = "TH-MSDHS-PROV"

    assert found(document) == [("form_invalid", OTHER_SIDE, "/persons/2/custody/agency")]


@pytest.mark.parametrize("code", ["TH-MSDHS-PROV", "KH-DOSVY-BMC"])
def test_custody_of_a_child_who_was_not_handed_over_may_stay_with_the_host_side(code: str) -> None:
    assert found(nobody_presented(persons__1__custody={"kind": "agency", "agency": code})) == []


@pytest.mark.parametrize("code", ["VN-MOH", "IGO-UNICEF"])
def test_custody_is_never_of_a_third_state(code: str) -> None:
    for document in (record(), nobody_presented()):
        document["persons"][1]["custody"]["agency"] = code

        assert found(document) == [("form_invalid", OTHER_SIDE, CUSTODY)]


def test_an_office_that_has_ended_has_custody_of_nobody() -> None:
    ended = with_office("KH-DOSVY-BMC", ends="2027-09-16")

    assert found(record(), ended) == [("form_invalid", ENDED, CUSTODY)]
    assert found(nobody_presented(persons__1__custody__agency="KH-DOSVY-BMC"), ended) == [
        ("form_invalid", ENDED, CUSTODY)
    ]


def test_the_day_of_the_handover_counts_when_a_record_is_signed_later() -> None:
    """Minutes on paper of 16 September are entered on the 17th, when the office has another name."""
    day = "2027-09-16T09:{}+07:00"
    late = record(content__started_at=day.format("00"), content__ended_at=day.format("40"))

    assert found(late, with_office("KH-DOSVY-BMC", ends="2027-09-16")) == []
    assert found(late, with_office("KH-DOSVY-BMC", ends="2027-09-15")) == [("form_invalid", ENDED, CUSTODY)]


def test_a_reception_is_confirmed_for_an_own_office() -> None:
    wrong = reception(content__reception_agency="TH-MSDHS-WPC")

    assert found(wrong) == [("form_invalid", OTHER_SIDE, "/content/reception_agency")]


def test_a_reception_is_not_confirmed_for_an_office_that_has_ended() -> None:
    place = "/content/reception_agency"

    acting = reception(header__acting_agency="KH-PTC")

    assert found(acting, with_office("KH-DOSVY-BMC", ends="2027-09-14")) == []
    assert found(acting, with_office("KH-DOSVY-BMC", ends="2027-09-13")) == [("form_invalid", ENDED, place)]
