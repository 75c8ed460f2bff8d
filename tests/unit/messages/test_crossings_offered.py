# SPDX-License-Identifier: Apache-2.0
"""Which crossings are offered for a way between two countries, and in which order."""

import pytest
from exchange.messages.codelists import checkpoints
from exchange.messages.crossings import crossings_between


def test_crossings_between_the_two_countries_come_first_then_ports_of_the_origin_side() -> None:
    found = [checkpoints()[code] for code in crossings_between("KH", "VN", None)]

    ways = [one.countries == {"KH", "VN"} for one in found]
    ports = [one.kind in ("air", "sea") for one in found]
    assert ways == sorted(ways, reverse=True)
    assert ports[ways.count(True) :] == sorted(ports[ways.count(True) :], reverse=True)
    assert found[-1].kind == "other"


@pytest.mark.parametrize(("host", "origin"), [("KH", "VN"), ("VN", "KH"), ("TH", "KH"), ("KH", "TH")])
def test_every_crossing_leads_to_the_origin_side(host: str, origin: str) -> None:
    found = [checkpoints()[code] for code in crossings_between(host, origin, None)]

    assert {one.code for one in found if one.kind != "other" and origin not in one.countries} == set()
    assert {one.code for one in checkpoints().values() if one.countries == {host, origin}} <= {
        one.code for one in found
    }


def test_of_an_agreement_that_names_crossings_only_these_and_another_place_are_offered() -> None:
    agreed = frozenset({"KH-VN-PREYVOR", "KH-TH-POIPET"})

    assert crossings_between("KH", "VN", agreed) == ("KH-VN-PREYVOR", "OTHER")


def test_between_countries_without_a_common_border_there_are_ports() -> None:
    found = [checkpoints()[code] for code in crossings_between("MY", "KH", None)]

    assert found[0].kind in ("air", "sea")
