# SPDX-License-Identifier: Apache-2.0
"""The month's table is counted from entries, and it closes."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from exchange.cases.register import Entry
from exchange.cases.register_report import month_of, report
from exchange.messages.dates import Span
from tests.support.register_entries import entry

JUNE = month_of("2027-06")
YEAR = Span(date(2010, 1, 1), date(2010, 12, 31))
PROVIDERS = ("KH-NGO-AFESIP", "KH-NGO-HCC", "KH-GOV-PPCENTRE")


def some(count: int, first: int, **more: Any) -> list[Entry]:
    return [entry(first + number, received_on="2010-02-01", **more) for number in range(count)]


def test_balance_of_reintegration_closes_with_the_figures_of_2010() -> None:
    """Procedure, section 11, number 10: 1,611 = 237 + 165 + 595 + 614."""
    entries = [
        *some(237, 0, family={"sought_on": "2010-03-01"}),
        *some(165, 1_000, family={"sought_on": "2010-03-01", "assessed_on": "2010-04-01"}),
        *some(595, 2_000, visits=["2010-05-01 visit stable"]),
        *some(614, 3_000, closure={"on": "2010-06-01", "reason": "reintegrated"}),
        *some(40, 4_000),
        *some(30, 5_000, closure={"on": "2011-06-01", "reason": "reintegrated"}),
    ]

    counts = report(entries, YEAR).counts

    assert counts.cells["reintegration"] == 1_611 == 237 + 165 + 614 + 595
    assert {name: count for name, count in counts.cells.items() if name.startswith("reintegration/")} == {
        "reintegration/family_being_sought": 237,
        "reintegration/family_assessed": 165,
        "reintegration/followed": 595,
        "reintegration/closed_in_the_period": 614,
    }
    assert counts.broken() == []


def test_received_are_counted_by_country_age_and_intake() -> None:
    entries = [
        entry(1, received_on="2027-06-01", received_from="TH"),
        entry(2, received_on="2027-06-30", received_from="TH", is_child=True),
        entry(3, received_on="2027-06-15", received_from="VN", intake="announced"),
        entry(4, received_on="2027-05-31"),
        entry(5, received_on="2027-07-01"),
    ]

    cells = report(entries, JUNE).counts.cells

    assert {
        name: count for name, count in cells.items() if "received" in name or name.endswith("nounced")
    } == {
        "received": 3,
        "received_children": 1,
        "received_adults": 2,
        "announced": 1,
        "received/TH": 2,
        "received/TH/children": 1,
        "received/TH/adults": 1,
        "received/VN": 1,
        "received/VN/children": 0,
        "received/VN/adults": 1,
    }
    assert cells["without_notice"] == 2


def test_provider_has_who_was_there_came_left_and_remains() -> None:
    entries = [
        entry(1, stays=["KH-NGO-HCC 2027-05-02.."]),
        entry(2, stays=["KH-NGO-HCC 2027-05-02..2027-06-10"]),
        entry(3, stays=["KH-NGO-HCC 2027-06-03..2027-06-03"]),
        entry(4, stays=["KH-NGO-HCC 2027-06-03.."]),
        entry(5, stays=["KH-NGO-HCC 2027-07-01.."]),
        entry(6, stays=["KH-NGO-HCC 2027-05-02..2027-05-31"]),
    ]

    cells = report(entries, JUNE).counts.cells

    names = ("at_the_beginning", "taken_in", "cared_for", "left", "remaining")
    assert [cells[f"providers/KH-NGO-HCC/{name}"] for name in names] == [2, 2, 4, 2, 2]
    assert cells["remaining"] == 2


@pytest.mark.parametrize("seed", range(20))
def test_every_sum_of_a_random_register_closes(seed: int) -> None:
    dice = Random(seed)

    found = report([_random(dice, number) for number in range(120)], JUNE)

    assert found.counts.cells["received"] > 0
    assert found.counts.broken() == []


def _random(dice: Random, number: int) -> Entry:
    on = date(2027, 4, 1) + timedelta(days=dice.randint(0, 100))
    came, stays, day = on, [], on
    for _ in range(dice.randint(0, 4)):
        end = day + timedelta(days=dice.choice((0, 1, 10, 40)))
        stays.append(f"{dice.choice(PROVIDERS)} {day}..{end}")
        day = end
    if stays and dice.random() < 0.4:
        stays[-1] = stays[-1].rpartition("..")[0] + ".."
    more: dict[str, Any] = {"family": {"sought_on": str(on)}} if dice.random() < 0.5 else {}
    if dice.random() < 0.3:
        more["visits"] = [f"{day} visit stable"]
    if dice.random() < 0.3:
        more["closure"] = {"on": str(day), "reason": "reintegrated"}
    country, child = dice.choice(("TH", "VN", "MY")), dice.random() < 0.6
    return entry(number, received_on=str(came), received_from=country, is_child=child, stays=stays, **more)


def test_small_counts_of_the_report_are_hidden_for_publication() -> None:
    entries = [
        *(entry(number, received_on="2027-06-02", received_from="TH", is_child=True) for number in range(30)),
        *(entry(100 + number, received_on="2027-06-02", received_from="VN") for number in range(3)),
    ]

    shown = report(entries, JUNE).counts.published(10)

    assert shown["received"] == 33
    assert shown["received/VN"] is None
    assert shown["received/TH"] is None


@pytest.mark.parametrize("text", ["2027", "2027-13", "june", "", "2027-6"])
def test_other_texts_are_no_month(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        month_of(text)
