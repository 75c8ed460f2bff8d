# SPDX-License-Identifier: Apache-2.0
"""An instant has one text, whatever the Python of a node takes for a time."""

from datetime import UTC, datetime

import pytest
from exchange.clock import instant_text, parse_instant
from exchange.errors import IdentifierError


@pytest.mark.parametrize("text", ["2027-11-03T00:00:00.000Z", "2027-11-03T23:59:59.999Z"])
def test_an_instant_is_written_as_it_was_read(text: str) -> None:
    assert instant_text(parse_instant(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2027-11-03T24:00:00.000Z",
        "2027-12-31T24:00:00.000Z",
        "2027-11-03T29:00:00.000Z",
        "2027-11-03T00:00:00.000+00:00",
        "2027-11-03 00:00:00.000Z",
        "20271103T000000.000Z",
        "2027-W44-3T00:00:00.000Z",
    ],
)
def test_another_text_of_an_instant_is_refused_for_its_form(text: str) -> None:
    """Not left to Python's calendar: from 3.14 on it takes 24:00 as the midnight after."""
    with pytest.raises(IdentifierError, match="not an instant"):
        parse_instant(text)


def test_a_moment_that_the_calendar_lacks_is_refused() -> None:
    with pytest.raises(IdentifierError, match="no such moment"):
        parse_instant("2027-02-29T00:00:00.000Z")


def test_reading_gives_utc() -> None:
    assert parse_instant("2027-11-03T01:02:03.004Z") == datetime(2027, 11, 3, 1, 2, 3, 4000, tzinfo=UTC)
