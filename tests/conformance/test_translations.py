# SPDX-License-Identifier: Apache-2.0
"""The catalogues have every text of the tree, translated, and nothing in a translation can mislead."""

import ast
import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from exchange.i18n import label
from exchange.i18n.days import _CALENDARS
from exchange.messages.codelists import codelist, list_versions
from tools.translations.files import TRANSLATED, missing, one, path_of, read_catalogue, updated, written
from tools.translations.texts import template, texts

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"\{[a-z_]+\}|%\([a-z_]+\)[sd]|%[sd%]")
FIXED = re.compile(r"\b(?:S[0-4]|[A-Z]{3}|SHA-256|JSON|UTC|TK/NNa)\b|exchange [a-z]+ [a-z]+")
"""What stays as it is: classes, message types, names of formats, commands."""
SAME = frozenset({"SHA-256", "AFESIP", "HCC", "WNU/CPN", "WHI", "Hagar", "ADHOC", "LICADHO"})
"""Names that no language changes; a name of a place or an organisation may also stay in one of them."""
NAMES = re.compile(r"Friends|Our Home|Damnok Toek| / ")
HIDDEN = {"Cc", "Cf", "Co", "Cs"}
"""Categories of letters that nobody sees; the zero-width spaces come when a text is shown."""


@cache
def wanted() -> Catalog:
    return template(ROOT)


@cache
def held(language: str) -> Catalog:
    return read_catalogue(ROOT, language)


def pairs(language: str) -> list[tuple[str, str]]:
    """Return each English text with what stands for it, of plurals the singular."""
    found = [(one(message), message.string) for message in held(language) if message.id]
    return [(english, said if isinstance(said, str) else (said or ("",))[0]) for english, said in found]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_exactly_the_texts_of_the_tree(language: str) -> None:
    again = written(updated(held(language), wanted()))

    assert path_of(ROOT, language).read_bytes() == again, "run: make translations"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert [one(message) for message in missing(updated(held(language), wanted()))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_what_stays_as_it_is_are_equal(language: str) -> None:
    differ = [
        english
        for english, said in pairs(language)
        for kept in (PLACEHOLDER, FIXED)
        if sorted(kept.findall(english)) != sorted(kept.findall(said))
        if kept is PLACEHOLDER or not set(kept.findall(english)) <= set(kept.findall(said))
    ]

    assert differ == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_digits_are_those_that_both_sides_read_out(language: str) -> None:
    digits = [said for _, said in pairs(language) if any(c.isdigit() and not c.isascii() for c in said)]

    assert digits == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_stays_in_english(language: str) -> None:
    left = [english for english, said in pairs(language) if said == english and _has_words(english)]

    assert [text for text in left if text not in SAME and not NAMES.search(text)] == []


def _has_words(text: str) -> bool:
    """Return whether anything but placeholders and signs is left of a text."""
    return any(letter.isalpha() for letter in PLACEHOLDER.sub("", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_has_letters_that_nobody_sees_or_space_at_its_ends(language: str) -> None:
    odd = [
        said
        for english, said in pairs(language)
        if said != said.strip()
        or any(unicodedata.category(letter) in HIDDEN for letter in said if letter != "\n")
        or (said.count("\n") != english.count("\n"))
    ]

    assert odd == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_translation_is_composed_as_unicode_wants_it(language: str) -> None:
    assert [said for _, said in pairs(language) if said != unicodedata.normalize("NFC", said)] == []


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("name", sorted(list_versions()))
def test_two_codes_of_one_list_never_look_the_same(name: str, language: str) -> None:
    codes = codelist(name).codes.values()
    english = [code.label for code in codes]
    if len(set(english)) < len(english):
        return

    said = [label(name, code.code, language) for code in codes]

    assert sorted(text for text in said if said.count(text) > 1) == []


def test_the_catalogues_hold_labels_titles_and_texts_of_code() -> None:
    found = {text.ids[0]: text.place for text in texts(ROOT)}

    assert found["Handed over and taken over"] == "schemas/codelists/handover-outcomes.json"
    assert found["Actual crossing"] == "schemas/messages/hrc-1.0.json"
    assert found["Page {page} of {pages}"] == "exchange/interfaces/papers/page.py"


def test_no_marked_text_of_code_is_overlooked() -> None:
    """The extraction does not look into f-strings; a text that is marked there would stay in English."""
    found = {one(message) for message in wanted() if message.id}
    said = {
        call.args[0].value
        for path in (ROOT / "exchange").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"marked", "_"}
        if call.args and isinstance(call.args[0], ast.Constant)
    }

    assert said - found == set()


def test_every_language_has_its_calendar() -> None:
    assert set(TRANSLATED) < set(_CALENDARS)
    assert all(len(calendar.months) == 12 for calendar in _CALENDARS.values())
