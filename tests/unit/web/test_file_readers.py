# SPDX-License-Identifier: Apache-2.0
"""A file of class S4 is opened by its named readers; the entry in the list of files decides (rule 27)."""

from typing import Any

import pytest
from exchange.cases.permissions import Role
from exchange.cases.readable import Reading, readable
from exchange.errors import NotAllowedError
from exchange.interfaces.api.files import _demand_shown

READER, OTHER = "P-0007", "P-0002"


def document(sensitivity: str) -> Any:
    entry = {
        "number": 1,
        "type": "care_summary",
        "media_type": "application/pdf",
        "size": 9,
        "class": sensitivity,
        "readers": [READER],
    }
    return {"header": {"type": "RPN", "attachments": [entry]}, "content": {}, "persons": []}


def ask(whole: Any, role: Role, officer: str, number: int = 1) -> None:
    _demand_shown(readable(whole, Reading((role,), officer)).document, whole, number)


def test_a_named_reader_opens_a_file_of_class_s4() -> None:
    ask(document("S4"), Role.OFFICER, READER)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.RELEASER, Role.HANDOVER, Role.ADMINISTRATOR])
def test_nobody_else_opens_it_and_is_told_whom_to_ask(role: Role) -> None:
    with pytest.raises(NotAllowedError) as refused:
        ask(document("S4"), role, OTHER)

    assert READER in (refused.value.hint or "")


def test_a_file_whose_class_is_not_known_counts_as_s4() -> None:
    with pytest.raises(NotAllowedError):
        ask(document("S9"), Role.OFFICER, OTHER)


def test_an_officer_opens_a_file_of_a_lower_class() -> None:
    ask(document("S2"), Role.OFFICER, OTHER)
