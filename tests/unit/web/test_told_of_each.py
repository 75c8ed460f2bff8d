# SPDX-License-Identifier: Apache-2.0
"""A message about many persons says in each row, and in numbers above them, what it tells of each."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.pages.lines import _TOLD, shown_document
from exchange.interfaces.web.paging import ROWS
from exchange.messages.catalog import message_types
from exchange.messages.questions import questions_of
from tests.unit.web.test_acts_now import Pair, play

_ACCEPTED = {"outcome": "accepted", "valid_until": "2027-12-20", "reception": "VN-MOH"}
_REFUSED = {
    "outcome": "refused",
    "refusal_reason": "nationality_not_established",
    "reasons": "The register has another person of this name.",
}


async def decided(pair: Pair, refused: int) -> str:
    """Let the origin side accept everybody but one person of a notice; return the decision."""
    lines = [
        {"case_code": code, **(_REFUSED if at == refused else _ACCEPTED)}
        for at, code in enumerate(pair.cases)
    ]
    return await pair.decided(document={"persons": lines})


def test_the_one_who_was_refused_is_found_without_opening_a_page(tmp_path: Path) -> None:
    """On both sides; before it was sent only the names stood there, also on the page with everything."""

    async def story(pair: Pair) -> None:
        number = await decided(pair, refused=2)
        for side in (pair.kh, pair.vn):
            shown = await side.officer.get(f"/message/{number}")

            assert shown.says("5 persons Accepted: 4 Refused: 1")
            rows = shown.words.partition("5 persons")[2]
            assert [word for word in rows.split() if word in ("Accepted", "Refused")] == [
                "Accepted", "Accepted", "Refused", "Accepted", "Accepted",
            ]  # fmt: skip

    play(tmp_path, story, persons=5)


def shown(persons: int, page: int) -> Any:
    lines: list[Any] = [{"case_code": "x", "outcome": "accepted"} for _ in range(persons - 1)]
    document: Any = {"header": {"type": "RPD"}, "persons": [*lines, {"outcome": "refused"}]}
    return shown_document(Asked("GET", "/", "", "", query={"page": (str(page),)}), document)


@pytest.mark.parametrize("page", [1, 3])
def test_the_numbers_count_every_person_on_every_page(page: int) -> None:
    found = shown(2 * ROWS + 5, page)

    assert {line.value: count for line, count in found.told.items()} == {
        "accepted": 2 * ROWS + 4,
        "refused": 1,
    }


def test_what_a_type_tells_is_a_question_about_each_person() -> None:
    for code, name in _TOLD.items():
        assert code in message_types()
        assert name in {one.name for one in questions_of(code) if one.part == "persons"}, code
