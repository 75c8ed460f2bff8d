# SPDX-License-Identifier: Apache-2.0
"""Labels of one choice look different, and say as little as that needs (`i18n.choices`)."""

import pytest
from exchange.i18n.choices import choice_labels
from exchange.messages.codelists import agencies, codelist


def test_offices_of_one_country_are_called_by_their_name() -> None:
    assert choice_labels("agencies", ("VN-MOH", "VN-BG"), "en") == {
        "VN-MOH": "Ministry of Health and provincial departments of health",
        "VN-BG": "Border Guard Command, Ministry of National Defence",
    }


def test_offices_of_several_countries_have_their_country_beside_them() -> None:
    found = choice_labels("agencies", ("VN-BG", "TH-MFA", "IGO-IOM"), "en")

    assert found["TH-MFA"] == "Ministry of Foreign Affairs (Thailand)"
    assert found["VN-BG"] == "Border Guard Command, Ministry of National Defence (Vietnam)"
    assert found["IGO-IOM"] == "International Organization for Migration"


def test_an_office_that_has_ended_says_until_when_it_was() -> None:
    (found,) = choice_labels("agencies", ("VN-MOLISA",), "en").values()

    assert found == "Ministry of Labour, Invalids and Social Affairs, until 28 February 2025"


@pytest.mark.parametrize("language", ["en", "km", "th", "vi"])
def test_no_two_offices_of_the_whole_list_look_the_same(language: str) -> None:
    found = choice_labels("agencies", agencies(), language)

    assert len(set(found.values())) == len(agencies())


def test_other_lists_keep_their_labels_and_an_unknown_code_is_its_own() -> None:
    sexes = codelist("sexes").codes

    assert choice_labels("sexes", sexes, "en") == {code: one.label for code, one in sexes.items()}
    assert choice_labels("agencies", ("XX-NEW",), "en") == {"XX-NEW": "XX-NEW"}
