# SPDX-License-Identifier: Apache-2.0
"""Which offices are offered where (`messages.offices`); what is offered passes the rules."""

from datetime import date

import pytest
from exchange.ids import AgencyCode
from exchange.messages.codelists import agencies, agency
from exchange.messages.offices import Around, names_an_office, offices_at, with_offices
from exchange.messages.questions import Field, fields_of_part, fields_of_person_block, questions_of
from exchange.messages.returns import Decision
from exchange.messages.taking_over import office_taking_over
from exchange.messages.validation import KnownFacts
from tests.support.documents import decision

KH, VN, MY, TH = map(AgencyCode, ("KH-MOSVY-DAHT", "VN-MPS-IMM", "MY-MAPO", "TH-MSDHS-DATIP"))
TODAY = date(2026, 11, 30)


def around(own: AgencyCode, partner: AgencyCode, host: AgencyCode, *, day: date = TODAY) -> Around:
    return Around(own, partner, host, tuple(agencies().values()), day)


def countries(codes: tuple[str, ...]) -> list[str]:
    """Return the countries of offices in the order in which they come first."""
    return list(dict.fromkeys(entry.country for code in codes if (entry := agency(code))))


@pytest.mark.parametrize("place", [("reception",), ("reception_agency",), ("child_receiver", "agency")])
def test_who_receives_is_an_office_for_reception_of_the_deciding_side(place: tuple[str, ...]) -> None:
    assert offices_at(place, around(VN, KH, KH)) == ("VN-MOH",)
    for code in offices_at(place, around(KH, TH, TH)):
        entry = agency(code)
        assert entry is not None
        assert (entry.country, "reception" in entry.functions) == ("KH", True)


@pytest.mark.parametrize(("day", "code"), [(date(2025, 2, 28), "VN-MOLISA"), (date(2025, 3, 1), "VN-MOH")])
def test_an_office_is_offered_from_its_first_to_its_last_day(day: date, code: str) -> None:
    assert offices_at(("reception",), around(VN, KH, KH, day=day)) == (code,)


def test_of_a_country_without_an_office_for_reception_all_that_see_persons_are_offered() -> None:
    assert offices_at(("reception",), around(MY, KH, KH)) == ("MY-MAPO", "MY-IMM")


@pytest.mark.parametrize(("host", "first", "second"), [(KH, "VN", "KH"), (VN, "KH", "VN")])
def test_custody_is_of_the_origin_side_first_and_may_stay_with_the_host(
    host: AgencyCode, first: str, second: str
) -> None:
    """Whichever of the two signs first."""
    for own, partner in ((KH, VN), (VN, KH)):
        found = offices_at(("custody", "agency"), around(own, partner, host))

        assert countries(found) == [first, second]
        assert "VN-MOLISA" not in found


@pytest.mark.parametrize(
    "place", [("guardian", "agency"), ("documents", "original_held_by"), ("identification", "by")]
)
def test_elsewhere_stand_the_offices_of_the_two_sides(place: tuple[str, ...]) -> None:
    found = offices_at(place, around(KH, VN, KH))

    assert countries(found) == ["KH", "VN"]
    assert not {"KH-AUDIT", "VN-AUDIT", "KH-NCCT", "IGO-IOM", "TH-MFA"}.intersection(found)


def test_an_ended_office_is_offered_only_for_what_it_stated_in_the_past() -> None:
    sides = around(KH, VN, KH)

    assert "VN-MOLISA" in offices_at(("identification", "other_side", "by"), sides)
    assert "VN-MOLISA" not in offices_at(("guardian", "agency"), sides)
    assert "VN-MOLISA" not in offices_at(("passed_on_to",), sides)


def test_a_result_of_tracing_is_of_an_own_office() -> None:
    assert countries(offices_at(("done_by",), around(KH, VN, VN))) == ["KH"]
    assert countries(offices_at(("done_by",), around(VN, KH, KH))) == ["VN"]


def test_every_office_that_is_offered_for_reception_passes_the_rule() -> None:
    header = Decision.model_validate(decision()).header
    for own, partner in ((KH, VN), (VN, KH), (MY, KH), (TH, KH)):
        for code in offices_at(("reception",), around(own, partner, partner)):
            assert [*office_taking_over(code, (own,), (TODAY,), header, KnownFacts(), "persons", 0)] == []


def test_every_field_of_every_form_that_names_an_office_offers_some() -> None:
    """Without any the whole list would be shown."""
    types = ("RPN", "RPD", "HRC", "RCV", "TRS", "COR", "DIR", "TDQ", "VRQ", "HDP")
    fields = [one.field for code in types for one in questions_of(code)]
    fields += [*fields_of_part("RPN", "persons"), *fields_of_person_block()]
    naming = [field for field in fields if names_an_office(field)]

    assert len(naming) > 10
    for field in naming:
        assert all(below.choices for below in _naming(with_offices(field, around(KH, VN, KH))))


def _naming(field: Field) -> list[Field]:
    below = [one for inner in field.fields for one in _naming(inner)]
    return [field, *below] if field.code_list == "agencies" else below
