# SPDX-License-Identifier: Apache-2.0
"""The fonts that go with the program can show every text of the catalogues, and are files of their own."""

import pytest
from exchange.i18n import LANGUAGES, draft_note, label, language_name, translations
from exchange.i18n.breaks import ZERO_WIDTH_SPACE
from exchange.i18n.fonts import FONTS, NAMES, font_faces, font_file, without_glyph
from tests.conformance.test_docs import ROOT
from tools.translations.files import read_catalogue
from tools.translations.texts import template


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_letter_of_a_catalogue_can_be_shown(language: str) -> None:
    texts = [str(message.string) for message in read_catalogue(ROOT, language) if message.id]

    assert without_glyph("".join(texts)) == ()


def test_every_letter_of_the_english_texts_can_be_shown() -> None:
    assert without_glyph("".join(str(message.id) for message in template(ROOT))) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_languages_and_notes_can_be_shown(language: str) -> None:
    said = language_name(language) + draft_note(language) + ZERO_WIDTH_SPACE

    assert (
        without_glyph(said + translations(language).gettext("Outcome") + label("sexes", "F", language)) == ()
    )


def test_letters_of_other_scripts_are_named_once_each() -> None:
    assert without_glyph("မြန်မာ Ma 中中") == tuple(dict.fromkeys("မြန်မာ中"))


def test_every_font_is_a_file_under_its_licence() -> None:
    licence = (ROOT / "exchange/i18n/fonts/OFL.txt").read_text(encoding="utf-8")

    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert all(font_file(name).startswith(b"\x00\x01\x00\x00") for name in NAMES)
    assert sum(len(font_file(name)) for name in NAMES) < 600_000


@pytest.mark.parametrize("name", ["", "../breaks.py", "NotoSans-Italic.ttf", "OFL.txt"])
def test_nothing_else_is_given_out_as_a_font(name: str) -> None:
    with pytest.raises(KeyError):
        font_file(name)


def test_every_family_has_two_weights() -> None:
    rules = font_faces("fonts/")

    assert all(rules.count(f'"{font.family}"') == 2 for font in FONTS)
