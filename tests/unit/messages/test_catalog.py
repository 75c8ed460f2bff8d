# SPDX-License-Identifier: Apache-2.0
"""The table of message types is complete and agrees with the lists."""

import pytest
from exchange.messages.catalog import (
    PERSON_BLOCK,
    PERSON_COLUMNS,
    RESERVED_NAMES,
    message_type,
    message_types,
    two_person_acts,
)
from exchange.messages.codelists import codelist


def test_table_has_a_row_for_every_code() -> None:
    assert set(message_types()) == set(codelist("message-types").codes)


def test_purposes_functions_and_consents_are_codes_of_their_lists() -> None:
    for row in message_types().values():
        assert row.purposes <= set(codelist("purposes").codes), row.code
        assert row.functions <= set(codelist("agency-functions").codes), row.code
        assert set(row.consents) <= set(codelist("consent-scopes").codes), row.code
        assert row.deadline is None or codelist("deadlines").has(row.deadline), row.code


def test_five_types_are_stops() -> None:
    stops = {row.code for row in message_types().values() if row.is_stop}

    assert stops == {"CWD", "HLD", "CAN", "INC", "CKS"}


def test_acknowledgement_is_no_message() -> None:
    assert not message_types()["ACK"].is_message
    assert message_types()["ACK"].form is None


@pytest.mark.parametrize("name", ["RPN", "rpn", "repatriation-notice", "Repatriation-Notice"])
def test_type_is_found_by_code_and_by_name(name: str) -> None:
    found = message_type(name)

    assert found is not None
    assert found.code == "RPN"


@pytest.mark.parametrize("name", ["", "R", "notice", "RPNN", "repatriation notice"])
def test_unknown_name_finds_no_type(name: str) -> None:
    assert message_type(name) is None


def test_person_table_has_one_mark_for_each_type() -> None:
    for name, marks in PERSON_BLOCK.items():
        assert len(marks) == len(PERSON_COLUMNS), name
        assert set(marks) <= set("ROC-"), name


@pytest.mark.parametrize(
    "name",
    ["exploitation", "relatives", "fingerprints", "residence_right", "belongings", *sorted(RESERVED_NAMES)],
)
def test_notice_forbids(name: str) -> None:
    assert name in message_types()["RPN"].forbidden


@pytest.mark.parametrize("code", PERSON_COLUMNS)
def test_the_list_of_names_that_never_travel_is_that_of_the_person_table(code: str) -> None:
    marks = {name: marks[PERSON_COLUMNS.index(code)] for name, marks in PERSON_BLOCK.items()}

    assert message_types()[code].forbidden - RESERVED_NAMES == {n for n, mark in marks.items() if mark == "-"}


def test_every_message_has_its_rules_as_data() -> None:
    rules = codelist("message-rules").codes

    assert set(rules) == {code for code, row in message_types().items() if row.is_message}
    assert {code: row.label for code, row in rules.items()} == {c: message_types()[c].label for c in rules}
    purposes = {purpose for code in rules for purpose in message_types()[code].purposes}
    assert purposes == set(codelist("purposes").codes)
    assert all(message_types()[code].purposes for code in rules)


def test_type_outside_the_person_table_forbids_the_reserved_names_only() -> None:
    assert message_types()["RPD"].forbidden == RESERVED_NAMES
    assert message_types()["STM"].forbidden == RESERVED_NAMES | {"case_codes", "type_totals"}
    assert message_types()["TRA"].forbidden == RESERVED_NAMES | {"names", "persons"}


@pytest.mark.parametrize(
    ("code", "sensitivity", "children", "states", "acts"),
    [
        ("RPN", "S3", False, ["given"], ()),
        ("RPN", "S4", True, ["given"], ("rpn_child", "s4_named_readers")),
        ("RPN", "S3", False, ["overridden"], ("consent_override",)),
        ("HDP", "S4", True, [], ("s4_named_readers",)),
        ("HRC", "S4", True, ["overridden"], ()),
        ("INC", "S4", True, ["overridden"], ()),
        ("CWD", "S3", True, [], ()),
    ],
)
def test_acts_of_two_persons(
    code: str, sensitivity: str, children: bool, states: list[str], acts: tuple[str, ...]
) -> None:
    found = two_person_acts(code, sensitivity=sensitivity, children=children, consent_states=states)

    assert found == acts
    assert set(found) <= set(codelist("two-person-acts").codes)
