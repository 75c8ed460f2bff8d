# SPDX-License-Identifier: Apache-2.0
"""A movement code has the form of a case code and is derived from nothing."""

import pytest
from exchange.errors import IdentifierError
from exchange.ids import new_case_code, new_movement_code, parse_movement_code
from tests.support.keys import seeded_random


def test_new_code_is_read_again() -> None:
    code = new_movement_code(seeded_random("movement"))

    assert parse_movement_code(code) == code


def test_two_codes_differ_and_are_no_case_code_of_the_same_moment() -> None:
    random = seeded_random("movement")
    codes = {str(new_movement_code(random)), str(new_movement_code(random)), str(new_case_code(random))}

    assert len(codes) == 3


@pytest.mark.parametrize(
    "text",
    [
        "", "Q4TB", "q4tb-0xne-7rm2", "Q4TB-0XNE-7RM", "Q4TB-0XNE-7RM22", "Q4TB0XNE7RM2", "Q4TI-0XNE-7RM2",
        "Q4TB-0XNE-7RM2\n", " Q4TB-0XNE-7RM2", "M-Q4TB-0XNE-7RM2", "Q4TB–0XNE–7RM2",
    ],
)  # fmt: skip
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(IdentifierError):
        parse_movement_code(text)
