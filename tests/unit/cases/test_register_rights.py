# SPDX-License-Identifier: Apache-2.0
"""What of the home register a role reads, member by member."""

import pytest
from exchange.cases.permissions import Role
from exchange.cases.register import Entry
from exchange.cases.register_rights import CLASSES, readable_entry, shows_member
from exchange.cases.register_sheet import COLUMNS
from exchange.messages.form_tree import Sensitivity, person_tree
from tests.support.register_entries import entry, members

AS_IN_MESSAGES = {"name": "names", "sex": "sex", "birth": "birth", "is_child": "is_child",
                  "nationality": "nationality", "document": "documents"}  # fmt: skip


def test_every_member_of_an_entry_has_a_class() -> None:
    assert set(CLASSES) == set(Entry.model_fields)
    assert {str(column.place[0]) for column in COLUMNS} <= set(CLASSES)


@pytest.mark.parametrize(("own", "there"), AS_IN_MESSAGES.items(), ids=str)
def test_what_messages_say_as_well_has_the_class_it_has_there(own: str, there: str) -> None:
    assert CLASSES[own] == person_tree().members[there].own


@pytest.mark.parametrize("role", [Role.OFFICER, Role.RELEASER])
def test_who_works_on_cases_reads_the_whole_entry(role: Role) -> None:
    whole = members(stays=["KH-NGO-AFESIP 2027-05-01.."], remark="came by bus")

    found = readable_entry(whole, [role])

    assert (found.members, found.withheld) == (whole, ())


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.KEY_OFFICER])
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_who_reads_no_content_reads_numbers_only(role: Role, name: str) -> None:
    assert shows_member(name, [role]) is (CLASSES[name] <= Sensitivity.S1)
    assert shows_member(name, [role], named=True) is (CLASSES[name] <= Sensitivity.S1)


def test_nobody_without_a_role_reads_anything() -> None:
    found = readable_entry(entry(1).model_dump(exclude_none=True), [])

    assert found.members == {}
    assert "name" in found.withheld


@pytest.mark.parametrize("role", list(Role))
def test_a_member_without_a_class_is_shown_to_nobody_who_is_not_named(role: Role) -> None:
    assert readable_entry({"blood_group": "A"}, [role]).withheld == ("blood_group",)
