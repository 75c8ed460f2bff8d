# SPDX-License-Identifier: Apache-2.0
"""Entries of the home register: what is right, what is not, and where a person stands."""

from datetime import date
from typing import Any

import pytest
from exchange.cases.register import (
    Entry,
    Reintegration,
    check_entry,
    entry_bytes,
    entry_keys,
    entry_of,
    read_entry,
    reintegration,
    stay_on,
)
from exchange.cases.register_sheet import COLUMNS, entry_in, row_of, stay_of, visit_of
from exchange.errors import StoreDamagedError, StoreNewerError
from exchange.messages.dates import Span
from exchange.messages.searchkeys import name_keys
from exchange.messages.sheets import SheetRow
from tests.support.register_entries import TODAY, members

JUNE = Span(date(2027, 6, 1), date(2027, 6, 30))


def entry(**more: Any) -> Entry:
    found = read_entry(members(**more))
    assert isinstance(found, Entry), found
    return found


def faults(**more: Any) -> list[tuple[str, str]]:
    found = read_entry(members(**more))
    wrong = found if isinstance(found, tuple) else check_entry(found, TODAY)
    return [(each.pointer, each.rule) for each in wrong]


def test_entry_is_right_and_comes_back_as_it_was() -> None:
    assert faults() == []
    assert entry_of(entry_bytes(entry())) == entry()


def test_entry_of_a_newer_program_is_not_read() -> None:
    with pytest.raises(StoreNewerError):
        entry_of(entry_bytes(entry()).replace(b'{"v": 1,', b'{"v": 2,'))


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"v":1,"entry":{}}', b"[1]", b"\xff"])
def test_damaged_entry_is_a_damaged_store(raw: bytes) -> None:
    with pytest.raises(StoreDamagedError):
        entry_of(raw)


@pytest.mark.parametrize(
    ("more", "place", "rule"),
    [
        ({"name": None}, "/name", "form.required"),
        ({"name": ""}, "/name", "form.text"),
        ({"name": "a\u202eb"}, "/name", "form.text"),
        ({"sex": "female"}, "/sex", "form.text"),
        ({"received_from": "Thailand"}, "/received_from", "form.text"),
        ({"received_on": "04/10/2027"}, "/received_on", "form.text"),
        ({"intake": "found"}, "/intake", "form.text"),
        ({"is_child": "no"}, "/is_child", "form.text"),
        ({"shelter": "street 5"}, "/shelter", "form.text"),
        ({"stays": [{"provider": "KH-NGO-NOBODY", "in_on": "2027-05-02"}]}, "/stays/0/provider", "form.text"),
        ({"visits": [{"on": "2027-05-02", "method": "visit"}]}, "/visits/0/outcome", "form.required"),
        ({"closure": {"on": "2027-05-02", "reason": "gone"}}, "/closure/reason", "form.text"),
    ],
)
def test_wrong_form_is_named_at_its_place(more: dict[str, Any], place: str, rule: str) -> None:
    assert (place, rule) in faults(**more)


@pytest.mark.parametrize(
    ("more", "place", "rule"),
    [
        ({"received_on": "2027-02-30"}, "/received_on", "date.impossible"),
        ({"received_on": "2570-05-01"}, "/received_on", "date.buddhist"),
        ({"received_on": "2027-12-01"}, "/received_on", "date.future"),
        ({"birth": {"value": "2541"}}, "/birth/value", "date.buddhist"),
        ({"birth": {"value": "1870"}}, "/birth/value", "date.birth"),
        ({"stays": ["KH-NGO-AFESIP 2027-04-01.."]}, "/stays/0/in_on", "date.order"),
        ({"stays": ["KH-NGO-AFESIP 2027-05-09..2027-05-08"]}, "/stays/0/out_on", "date.order"),
        (
            {"stays": ["KH-NGO-AFESIP 2027-05-02..2027-05-09", "KH-NGO-HCC 2027-05-08.."]},
            "/stays/1/in_on",
            "date.order",
        ),
        (
            {"stays": ["KH-NGO-AFESIP 2027-05-02..", "KH-NGO-HCC 2027-05-08.."]},
            "/stays/0/out_on",
            "entry.stay",
        ),
        (
            {"family": {"sought_on": "2027-05-09", "assessed_on": "2027-05-08"}},
            "/family/assessed_on",
            "date.order",
        ),
        ({"visits": ["2027-04-01 visit stable"]}, "/visits/0/on", "date.order"),
        ({"closure": {"on": "2027-04-01", "reason": "reintegrated"}}, "/closure/on", "date.order"),
        ({"is_child": False, "birth": {"value": "2012"}}, "/is_child", "safeguard.doubt"),
        ({"is_child": False, "birth": None}, "/is_child", "safeguard.doubt"),
        ({"is_child": False, "birth": {"value": "2009"}}, "/is_child", "safeguard.doubt"),
    ],
)
def test_what_does_not_fit_together_is_named(more: dict[str, Any], place: str, rule: str) -> None:
    assert (place, rule) in faults(**more)


def test_faults_quote_nothing_of_the_person() -> None:
    found = read_entry(members(name="SOK\u202eDara", sex="planted"))

    assert isinstance(found, tuple)
    assert "SOK" not in repr(found)
    assert "planted" not in repr(found)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"received_on": "2027-07-01"}, None),
        ({}, Reintegration.NOT_BEGUN),
        ({"family": {"sought_on": "2027-06-30"}}, Reintegration.SOUGHT),
        ({"family": {"sought_on": "2027-07-01"}}, Reintegration.NOT_BEGUN),
        ({"family": {"sought_on": "2027-05-02", "assessed_on": "2027-06-30"}}, Reintegration.ASSESSED),
        (
            {"family": {"assessed_on": "2027-05-02"}, "visits": ["2027-06-30 call stable"]},
            Reintegration.FOLLOWED,
        ),
        ({"visits": ["2027-07-01 call stable"]}, Reintegration.NOT_BEGUN),
        ({"closure": {"on": "2027-06-01", "reason": "reintegrated"}}, Reintegration.CLOSED),
        ({"closure": {"on": "2027-05-31", "reason": "reintegrated"}}, Reintegration.GONE),
        ({"closure": {"on": "2027-07-01", "reason": "reintegrated"}}, Reintegration.NOT_BEGUN),
    ],
)
def test_balance_follows_from_what_was_done_until_the_end_of_the_period(
    more: dict[str, Any], state: Reintegration | None
) -> None:
    assert reintegration(entry(**more), JUNE) is state


@pytest.mark.parametrize(
    ("day", "provider"),
    [
        (date(2027, 5, 1), None),
        (date(2027, 5, 2), "KH-NGO-AFESIP"),
        (date(2027, 5, 8), "KH-NGO-AFESIP"),
        (date(2027, 5, 9), "KH-NGO-HCC"),
        (date(2027, 6, 1), None),
    ],
)
def test_person_is_with_one_provider_at_the_end_of_a_day(day: date, provider: str | None) -> None:
    moved = entry(stays=["KH-NGO-AFESIP 2027-05-02..2027-05-09", "KH-NGO-HCC 2027-05-09..2027-06-01"])

    found = stay_on(moved, day)

    assert (found.provider if found else None) == provider


def test_person_is_found_by_every_name_and_by_the_document() -> None:
    keys = entry_keys(entry(other_names=["សុខ ដារ៉ា"], document="N 1"))

    assert keys == name_keys("SOK Dara") | name_keys("សុខ ដារ៉ា") | {"d|n1"}


def test_row_of_an_entry_is_read_as_the_same_entry() -> None:
    whole = entry(
        other_names=["=SOK", "សុខ"],
        document="N1",
        stays=["KH-NGO-AFESIP 2027-05-02..2027-05-09", "KH-NGO-HCC 2027-05-09.."],
        family={"sought_on": "2027-05-03", "assessed_on": "2027-05-08", "result": "found_suitable"},
        visits=["2027-05-20 visit stable", "2027-06-20 call at_risk"],
        closure={"on": "2027-06-30", "reason": "reintegrated"},
        remark="+1",
    )
    cells = dict(zip([column.heading for column in COLUMNS], row_of(whole), strict=True))

    assert entry_in(SheetRow(2, cells), TODAY) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "KH-NGO-AFESIP",
        "KH-NGO-AFESIP 2027-05-02",
        "2027-05-02..",
        "kh 2027-05-02..",
        "KH-NGO-HCC 2/5/27..",
        "KH-NGO-HCC 2027-05-02..x",
    ],
)
def test_other_texts_are_no_stay(text: str) -> None:
    assert stay_of(text) is None


@pytest.mark.parametrize(
    "text", ["", "2027-05-02", "2027-05-02 letter stable", "2027-05-02 visit", "visit stable"]
)
def test_other_texts_are_no_visit(text: str) -> None:
    assert visit_of(text) is None
