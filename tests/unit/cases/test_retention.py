# SPDX-License-Identifier: Apache-2.0
"""Until when content is kept: months after the closing, and for a child until after the 18th birthday."""

from datetime import date
from typing import Any

import pytest
from exchange.cases.retention import ErasureReason, HoldReason, KeptUntil, kept_until, months_after
from exchange.i18n.labels import label
from exchange.i18n.languages import LANGUAGES
from exchange.messages.codelists import codelist
from exchange.protocol.terms import Retention

AGREED = Retention(
    after_closure_months=24,
    after_majority_months=24,
    refused_content_days=7,
    delivered_line_days=30,
    sealing_key_days=90,
    ledger_months=120,
)
CLOSED = date(2027, 10, 4)
USUAL = date(2029, 10, 4)


@pytest.mark.parametrize(
    ("lines", "on", "for_a_child"),
    [
        ([], USUAL, False),
        ([{"sex": "F"}], USUAL, False),
        ([{"is_child": False}], USUAL, False),
        ([{"birth": {"value": "1998-02-11"}}], USUAL, False),
        ([{"birth": {"value": "2016-02-11"}}], date(2036, 2, 11), True),
        ([{"birth": {"value": "2016-02"}}], date(2036, 3, 1), True),
        ([{"birth": {"value": "2016"}}], date(2036, 12, 31), True),
        ([{"birth": {"from": "2012-01-01", "to": "2014-06-30"}}], date(2034, 6, 30), True),
        ([{"birth": {"value": "2016"}}, {"birth": {"value": "2014-01-01"}}], date(2036, 12, 31), True),
        ([{"is_child": True}], date(2047, 10, 4), True),
        ([{"flags": ["child", "unaccompanied_child"]}], date(2047, 10, 4), True),
        ([{"flags": ["disability"]}], USUAL, False),
        ([{"is_child": True, "birth": {"value": "2010-01-01"}}], date(2030, 1, 1), True),
        ([{"birth": {"value": "no day"}}], USUAL, False),
        ([{"birth": "2016"}], USUAL, False),
    ],
    ids=[
        "nothing said",
        "no day of birth",
        "treated as an adult",
        "an adult",
        "a child",
        "a month is its last day",
        "a year is its last day",
        "a span is its last day",
        "the later of two that were said",
        "a child without a day of birth",
        "a child by its flag",
        "another flag",
        "the day of birth counts before the flag",
        "a day that is none",
        "a text instead of a birth",
    ],
)
def test_content_is_kept_until(lines: list[dict[str, Any]], on: date, for_a_child: bool) -> None:
    assert kept_until(AGREED, CLOSED, lines) == KeptUntil(on, for_a_child)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 10, 31), 1, date(2027, 11, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 12, 1), 1, date(2028, 1, 1)),
        (date(2027, 1, 15), -1, date(2026, 12, 15)),
        (date(2027, 5, 1), 0, date(2027, 5, 1)),
    ],
)
def test_months_end_on_a_day_that_exists(day: date, months: int, expected: date) -> None:
    assert months_after(day, months) == expected


@pytest.mark.parametrize(
    ("name", "reasons"), [("erasure-reasons", ErasureReason), ("erasure-holds", HoldReason)]
)
def test_the_reasons_are_the_codes_of_their_list_with_a_label_in_every_language(
    name: str, reasons: type[ErasureReason] | type[HoldReason]
) -> None:
    codes = [reason.value for reason in reasons]

    assert list(codelist(name).codes) == codes
    shown = {label(name, code, language) for code in codes for language in LANGUAGES}
    assert len(shown) == len(codes) * len(LANGUAGES)
