# SPDX-License-Identifier: Apache-2.0
"""Messages that may have to do with each other never stand in one run, at neither end."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from exchange.messages.catalog import message_types
from exchange.protocol.parts import Document
from exchange.service.independence import claims_of_own, claims_of_received, runs_of

ONE, OTHER, THIRD = "B20Z-5E7X-WA9P", "3FWN-8RTA-Q0ZV", "7K2M-4QXD-N5TB"
ASKED, NEVER = "01923f5e-7a10-7cc3-98c4-dc0c0c07398f", "01923f5e-7a11-7d3a-8f7e-5a0b8a1c2d3e"
REACHING = ("AMD", "CAN", "HRC", "HLD", "CWD", "INC", "CKS")

Claims = Callable[[Document], frozenset[str]]
both_ends = pytest.mark.parametrize("claims", [claims_of_own, claims_of_received])


def document(
    type_code: str = "RPN", *cases: str, persons: int = 1, content: Any = None, **header: str
) -> Document:
    return {
        "header": {"type": type_code, "case_codes": list(cases), **header},
        "content": content or {},
        "persons": [{} for _ in range(persons)],
    }


def runs(claims: Claims, documents: Sequence[Document]) -> list[int]:
    """Return how many messages each run has."""
    return [places.stop - places.start for places in runs_of(map(claims, documents))]


@both_ends
def test_messages_about_different_cases_go_together(claims: Claims) -> None:
    one, other = document("RPN", ONE, OTHER, in_reply_to=ASKED), document("TRQ", THIRD, in_reply_to=NEVER)

    assert runs(claims, [one, other]) == [2]


@both_ends
@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("the same case", document("TRQ", OTHER, ONE)),
        ("an answer to the same message", document("TRS", OTHER, in_reply_to=ASKED)),
        ("no case", document("RPN")),
        ("many persons", document("RPN", OTHER, persons=51)),
        *((f"{code} reaches further", document(code, OTHER)) for code in REACHING),
    ],
)
def test_what_may_depend_begins_a_run(claims: Claims, why: str, other: Document) -> None:
    first = document("RPD", ONE, in_reply_to=ASKED)

    assert runs(claims, [first, other]) == [1, 1], why


@both_ends
def test_what_goes_alone_cuts_what_is_around_it(claims: Claims) -> None:
    free = [document("RPN", code) for code in (ONE, OTHER, THIRD)]

    assert runs(claims, [*free[:2], document("CAN", THIRD), free[2]]) == [2, 1, 1]


@both_ends
def test_what_was_claimed_in_a_run_is_free_in_the_next(claims: Claims) -> None:
    again = [document("RPN", ONE), document("RPN", OTHER)] * 2

    assert runs(claims, again) == [2, 2]
    assert runs(claims, []) == []


def test_a_line_of_the_partner_may_name_another_one_anywhere() -> None:
    asks = document("VRQ", ONE, message_id=ASKED)
    names = document("RPN", OTHER, content={"remarks": [{"about": ASKED}]})

    assert runs(claims_of_received, [asks, names]) == [1, 1]


def test_a_line_of_the_partner_claims_its_movement() -> None:
    one, other = (document("HPR", code, movement_code=THIRD) for code in (ONE, OTHER))

    assert runs(claims_of_received, [one, other]) == [1, 1]


@pytest.mark.parametrize("code", ["VRS", "COR", "HPR", "RMD"])
def test_of_our_own_a_type_that_looks_further_goes_alone(code: str) -> None:
    assert runs(claims_of_own, [document("RPN", ONE), document(code, OTHER)]) == [1, 1]
    assert runs(claims_of_received, [document("RPN", ONE), document(code, OTHER)]) == [2]


def test_of_our_own_what_names_a_movement_goes_alone() -> None:
    assert runs(claims_of_own, [document("RPN", ONE), document("RPN", OTHER, movement_code=THIRD)]) == [1, 1]


def test_every_stop_goes_alone() -> None:
    stops = [code for code, entry in message_types().items() if entry.is_stop]

    assert set(stops) <= set(REACHING)
