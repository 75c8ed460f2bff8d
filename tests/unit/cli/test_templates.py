# SPDX-License-Identifier: Apache-2.0
"""The smallest files: the example can be sent, a blank one never is."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from exchange.ids import AgencyCode, OfficerNumber
from exchange.interfaces.cli import templates
from exchange.messages.blanks import BEGIN_WITH
from exchange.messages.catalog import FORMS
from exchange.messages.codelists import schema_root
from exchange.messages.document import Document
from exchange.messages.filling import Sources, fill
from exchange.messages.validation import check_form
from tests.support.command_line import run
from tests.support.keys import seeded_random

TODAY = date(2027, 9, 17)


def _filled(small: templates.Small) -> Document:
    sources = Sources(
        sender=AgencyCode("KH-MOSVY-DAHT"),
        partner=AgencyCode("VN-MPS-IMM"),
        officer=OfficerNumber("P-0001"),
        office=AgencyCode("KH-MOSVY-DAHT"),
        office_kind="social_welfare",
        usual={
            "language": "en",
            "checkpoint": "KH-VN-BAVET",
            "funding": "host_state",
            "handling": ["case_only"],
        },
        today=TODAY,
        random=seeded_random("templates"),
    )
    return fill(small, sources).document


def _blanks(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from _blanks(child)
    elif isinstance(value, list):
        for child in value:
            yield from _blanks(child)
    elif value == "":
        yield value


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2027, 12, 31), date(2028, 1, 1)])
def test_the_example_is_complete_on_every_day(today: date) -> None:
    assert check_form(_filled(templates.example("RPN", today)), draft=True) == ()


@pytest.mark.parametrize("code", FORMS)
def test_every_installed_type_has_a_blank_file_that_is_never_sent(code: str) -> None:
    small = templates.blank(code)

    assert small["type"] == code
    assert list(_blanks(small))
    assert check_form(_filled(small), draft=True)


def test_every_blank_of_a_new_notice_is_a_fault() -> None:
    small = templates.blank("RPN")

    faults = check_form(_filled(small), draft=True)

    assert len(faults) >= len(list(_blanks(small)))


@pytest.mark.parametrize("code", FORMS)
def test_every_example_has_the_right_form_on_another_day(code: str) -> None:
    assert check_form(_filled(templates.example(code, date(2028, 2, 29))), draft=True) == ()


@pytest.mark.parametrize("code", FORMS)
def test_each_type_begins_with_its_usual_example(code: str) -> None:
    assert (schema_root() / "examples" / code.lower() / "valid" / f"{BEGIN_WITH[code]}.json").is_file()


def test_what_the_program_knows_stands_in_no_blank_file() -> None:
    known = {"purpose", "group_size", "photography", "totals", "officer", "list_versions", "persons_count"}

    assert not known & {name for code in ("RPN", "HPR", "HRC", "TDS") for name in templates.blank(code)}


def test_a_blank_file_asks_for_what_only_a_person_knows() -> None:
    (person,) = templates.blank("RPN")["persons"]  # type: ignore[misc]

    assert {"names", "sex", "identification", "consents", "return_mode", "needs_on_arrival"} <= set(person)


def test_a_type_that_answers_another_says_how_it_is_written_more_easily() -> None:
    assert "exchange message answer" in templates.hints("HRP")[-1]
    assert "exchange message answer" not in templates.hints("RPN")[-1]


def test_new_prints_nothing_but_the_file_on_stdout() -> None:
    done = run("message", "new", "rpn")

    assert json.loads(done.out)["type"] == "RPN"
    assert done.err.startswith("hint: ")


def test_a_type_has_a_code_or_a_name() -> None:
    by_name = run("message", "new", "repatriation-notice", "--example")

    assert by_name.code == 0
    assert json.loads(by_name.out)["persons"][0]["names"] == [{"full": "NGUYEN Thi Mai"}]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("XYZ", "is no message type"),
        ("ACK", "has no installed form yet"),
        ("", "is no message type"),
    ],
)
def test_a_type_that_cannot_be_written_is_refused(name: str, error: str) -> None:
    done = run("message", "new", name)

    assert (done.code, done.out) == (2, "")
    assert error in done.err
    assert "\nhint: " in done.err
