# SPDX-License-Identifier: Apache-2.0
"""The annex for the ministries says the terms of one version, in each language, as text only."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from exchange.errors import UsageError
from exchange.interfaces.annex.page import annex
from exchange.interfaces.annex.texts import ENGLISH, LOCAL, words_in
from exchange.messages.codelists import raw_list
from exchange.protocol.agreement import Agreement
from exchange.protocol.suites import Suite
from exchange.protocol.words import shown, words
from tests.support.new_versions import next_version
from tests.support.world import KH, _agreement

FIRST: Agreement = _agreement(Suite.HYBRID)
BOTH = {"own": True, "partner": True}


class Outline(HTMLParser):
    """Collects the elements, the languages and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.languages: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.languages |= {str(value) for name, value in attrs if name == "lang"}

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


@cache
def page_of_first() -> str:
    return annex(FIRST, signed=BOTH, own=KH)


def test_the_annex_names_parties_digest_and_fingerprints_in_words() -> None:
    text = outline(page_of_first()).text

    for party in FIRST.parties:
        assert party.agency in text
        assert shown(words(party.recovery.raw, FIRST.link_id)) in text
    assert FIRST.digest in text
    assert shown(words(FIRST.raw, FIRST.link_id)) in text


def test_every_type_and_every_deadline_of_the_terms_stands_in_it() -> None:
    text = outline(page_of_first()).text

    assert [code for code in FIRST.terms.types if f" {code} " not in text] == []
    assert [row.code for row in FIRST.terms.deadlines if row.code not in text] == []
    assert "20 working days" in text
    assert text.index("DL-VRS-VN-LOCAL") < text.index("DL-VRS-VN ")


def test_no_line_of_the_page_begins_with_a_colon() -> None:
    """A sentence stands in each language on a line of its own; what follows it begins a line, too."""
    assert re.findall(r"</span>\s*:", page_of_first()) == []


def test_the_languages_are_english_and_those_of_the_two_sides() -> None:
    assert outline(page_of_first()).languages == {"en", "km", "vi"}


def test_another_language_can_be_chosen() -> None:
    assert outline(annex(FIRST, signed=BOTH, own=KH, languages=("lo",))).languages == {"en", "lo"}


@pytest.mark.parametrize("language", ["fr", "", "../km", "KM"])
def test_a_language_without_texts_is_refused(language: str) -> None:
    with pytest.raises(UsageError, match="no texts"):
        annex(FIRST, signed=BOTH, own=KH, languages=(language,))


def test_texts_of_the_agreement_are_text() -> None:
    hostile = next_version(FIRST, title='<script>alert(1)</script>"', note="</bdi><img src=x onerror=1>")

    page = annex(hostile, signed=BOTH, own=KH)

    assert not {"script", "img"} & set(outline(page).elements)
    assert '<script>alert(1)</script>"' in outline(page).text


def test_the_page_needs_nothing_from_outside() -> None:
    page = page_of_first()

    assert not re.search(r"\b(?:src|href)\s*=", page)
    assert set(re.findall(r"\burl\(.{22}", page)) == {'url("data:font/ttf;base64,'[:26]}
    assert "default-src 'none'" in page


@pytest.mark.parametrize(
    ("languages", "families"), [(("km", "vi"), ["Khmr"]), (("th", "lo"), ["Thai", "Laoo"])]
)
def test_the_fonts_of_its_languages_are_inside(languages: tuple[str, ...], families: list[str]) -> None:
    page = annex(FIRST, signed=BOTH, own=KH, languages=languages)

    faces = re.findall(r'@font-face \{ font-family: "Exchange (\w+)"', page)
    assert faces == [family for family in families for _ in range(2)]


def test_the_footer_with_the_digest_is_repeated_on_every_printed_page() -> None:
    page = page_of_first()

    assert re.search(rf'<div class="foot">.*{FIRST.digest}.*</div>', page)
    assert re.search(r"@media print \{.*\.foot \{ position: fixed;", page, re.DOTALL)


@pytest.mark.parametrize("signed", [{"own": True, "partner": False}, {"own": False, "partner": True}])
def test_a_version_that_one_side_has_not_signed_says_so(signed: dict[str, bool]) -> None:
    unsigned = words_in(ENGLISH).labels["unsigned"]

    assert unsigned in annex(FIRST, signed=signed, own=KH)
    assert unsigned not in page_of_first()


def test_a_training_node_prints_its_band() -> None:
    band = words_in(ENGLISH).labels["training"]

    assert band in annex(FIRST, signed=BOTH, own=KH, training=True)
    assert band not in page_of_first()


def test_drafts_are_called_drafts() -> None:
    assert words_in(ENGLISH).labels["draft"] in page_of_first()
    assert all(words_in(language).is_draft for language in LOCAL)


@pytest.mark.parametrize("language", LOCAL)
def test_every_language_has_every_word(language: str) -> None:
    local, english = words_in(language), words_in(ENGLISH)
    types = {row["code"] for row in raw_list("message-types")["codes"] if row["wire"] == "message"}

    assert local.labels.keys() == english.labels.keys()
    assert (
        local.acts.keys() == english.acts.keys() == {r["code"] for r in raw_list("two-person-acts")["codes"]}
    )
    assert local.types.keys() == types
    assert local.deadlines.keys() == english.deadlines.keys()
    assert all(
        text.strip() == text and text for group in (local.labels, local.types) for text in group.values()
    )
