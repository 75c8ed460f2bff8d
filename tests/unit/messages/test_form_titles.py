# SPDX-License-Identifier: Apache-2.0
"""Every member of every form has a title, a kind where one is needed, and the order of its schema."""

from collections.abc import Iterator

import pytest
from exchange.messages.catalog import FORMS
from exchange.messages.form_titles import TitledNode, titled_form


def below(node: TitledNode, place: str = "") -> Iterator[tuple[str, TitledNode]]:
    for name, member in node.members.items():
        yield f"{place}/{name}", member
        yield from below(member, f"{place}/{name}")
    if node.items is not None:
        yield from below(node.items, f"{place}/*")


@pytest.mark.parametrize("type_code", sorted(FORMS))
def test_every_member_has_a_title(type_code: str) -> None:
    form = titled_form(type_code)

    untitled = [
        place
        for part in ("content", "persons")
        for place, node in below(form.members[part], part)
        if not node.title
    ]

    assert untitled == []


def test_a_member_knows_its_kind_its_list_and_its_choices() -> None:
    form = titled_form("HRC")

    assert form.at("content", "started_at").kind == "instant"
    assert form.at("persons", "outcome").code_list == "handover-outcomes"
    assert form.at("content", "signatory", "side").choices == ("host", "origin")


def test_members_of_a_choice_of_forms_are_there() -> None:
    assert titled_form("RPN").at("persons", "tracing_result", "message").title == "Tracing result TRS"


def test_the_order_is_that_of_the_schema() -> None:
    names = list(titled_form("HRC").at("content").members)

    assert names[:4] == ["minutes_number", "checkpoint", "checkpoint_name", "started_at"]


def test_a_type_without_a_form_is_an_error() -> None:
    with pytest.raises(KeyError):
        titled_form("ACK")


def test_a_member_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        titled_form("HRC").at("content", "colour")
