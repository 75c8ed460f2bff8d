# SPDX-License-Identifier: Apache-2.0
"""Code lists are read once, are complete, and know which agency exists on which day."""

from datetime import date

import pytest
from exchange.messages.codelists import (
    agencies,
    agency,
    checkpoints,
    codelist,
    list_versions,
    schema_root,
)


def test_every_list_of_the_index_has_the_number_of_codes_it_says() -> None:
    import json

    index = json.loads((schema_root() / "codelists" / "index.json").read_text(encoding="utf-8"))

    for entry in index["lists"]:
        assert len(codelist(entry["list"]).codes) == entry["codes"], entry["list"]


def test_every_file_of_the_folder_is_in_the_index() -> None:
    files = {path.stem for path in (schema_root() / "codelists").glob("*.json")} - {"index"}

    assert files == set(list_versions())


@pytest.mark.parametrize("name", ["no-such-list", "", "../codelists/sexes", "index"])
def test_unknown_list_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        codelist(name)


def test_codes_are_compared_exactly() -> None:
    modes = codelist("return-modes")

    assert modes.has("voluntary")
    assert not modes.has("Voluntary")
    assert not modes.has("voluntary ")


def test_label_of_an_unknown_code_is_the_code() -> None:
    assert codelist("sexes").label("F") == "Female"
    assert codelist("sexes").label("Q") == "Q"


def test_retired_code_stays_in_the_list() -> None:
    code = codelist("ack-rejections").codes["sequence_gap"]

    assert code.retired
    assert not codelist("ack-rejections").codes["form_invalid"].retired


@pytest.mark.parametrize(
    ("code", "day", "valid"),
    [
        ("VN-MOLISA", date(2025, 2, 28), True),
        ("VN-MOLISA", date(2025, 3, 1), False),
        ("VN-MOH", date(2025, 2, 28), False),
        ("VN-MOH", date(2025, 3, 1), True),
        ("KH-MOSVY", date(1990, 1, 1), True),
    ],
)
def test_agency_exists_on_its_days_both_included(code: str, day: date, valid: bool) -> None:
    found = agency(code)

    assert found is not None
    assert found.is_valid_on(day) is valid


def test_unknown_agency_is_none() -> None:
    assert agency("KH-NOBODY") is None


def test_each_country_has_one_contact_point() -> None:
    countries = [entry.country for entry in agencies().values() if entry.contact_point]

    assert len(countries) == len(set(countries)) == 9


def test_crossings_name_two_countries_and_ports_one() -> None:
    for place in checkpoints().values():
        expected = {"land": 2, "river": 2, "air": 1, "sea": 1, "other": 0}[place.kind]
        assert len(place.countries) == expected, place.code
