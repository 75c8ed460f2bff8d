# SPDX-License-Identifier: Apache-2.0
"""Names of countries and languages back to their codes."""

import pytest
from exchange.i18n.languages import LANGUAGES
from exchange.i18n.place_codes import country_code, language_tag
from exchange.i18n.places import country_name, language_of
from exchange.messages.codelists import agencies, codelist

COUNTRIES = sorted({one.country for one in agencies().values()} - {"ZZ"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_of_the_directory_is_found_by_its_name(language: str) -> None:
    assert [country_code(country_name(code, language)) for code in COUNTRIES] == COUNTRIES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_list_is_found_by_its_name(language: str) -> None:
    tags = list(codelist("languages").codes)

    assert [language_tag(language_of(tag, language)) for tag in tags] == tags


@pytest.mark.parametrize("text", ["viet nam", "VIETNAM", "vn", "Việt Nam", "Viet-Nam"])
def test_spelling_does_not_matter(text: str) -> None:
    assert country_code(text) == "VN"


def test_what_stands_in_brackets_may_be_left_out() -> None:
    assert (country_code("Myanmar"), country_code("Myanmar (Burma)")) == ("MM", "MM")


@pytest.mark.parametrize(
    "text", ["", " ", "Atlantis", "XX", "ZZ", "UN", "European Union", "Viet", "Congo", "V N M", "<b>"]
)
def test_what_is_no_country_or_more_than_one_is_none(text: str) -> None:
    assert country_code(text) is None


@pytest.mark.parametrize("text", ["", "Atlantean", "km km", "k", "12", "<b>"])
def test_what_is_no_language_is_none(text: str) -> None:
    assert language_tag(text) is None


def test_the_tag_of_any_language_is_one() -> None:
    assert (language_tag("jra"), language_tag("en-GB")) == ("jra", "en-GB")
