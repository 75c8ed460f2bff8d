# SPDX-License-Identifier: Apache-2.0
"""Texts of the languages: English is the original, a missing text is English, a draft says that it is one."""

import gettext
import subprocess
import sys

import pytest
from exchange.errors import UsageError
from exchange.i18n import LANGUAGES, direction, draft_note, is_draft, label, language_name, translations

OTHERS = [language for language in LANGUAGES if language != "en"]


def test_english_gives_back_what_it_is_asked_for() -> None:
    assert translations("en").gettext("Handover record") == "Handover record"


@pytest.mark.parametrize(
    ("language", "said"), [("km", "កំណត់ហេតុប្រគល់ទទួល"), ("th", "บันทึกการส่งมอบ"), ("vi", "Biên bản bàn giao")]
)
def test_a_text_is_said_in_the_language(language: str, said: str) -> None:
    assert label("message-types", "HRC", language) == said


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_that_nobody_translated_is_english(language: str) -> None:
    assert translations(language).gettext("a text of no page") == "a text of no page"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_this_version_of_the_list_does_not_know_is_its_own_label(language: str) -> None:
    assert label("sexes", "a_code_of_tomorrow", language) == "a_code_of_tomorrow"


def test_a_list_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        label("colours", "red", "km")


@pytest.mark.parametrize("language", ["lo", "fr", "", "../km", "km.po"])
def test_a_language_without_texts_is_refused(language: str) -> None:
    with pytest.raises(UsageError) as refusal:
        translations(language)

    assert "en, km, th, vi" in (refusal.value.hint or "")


def test_english_is_no_draft_and_carries_no_note() -> None:
    assert not is_draft("en")
    assert draft_note("en") == ""


@pytest.mark.parametrize("language", OTHERS)
def test_a_machine_draft_says_so(language: str) -> None:
    assert is_draft(language)
    assert draft_note(language)


def test_without_the_extra_every_language_is_english() -> None:
    program = (
        "import sys; sys.modules['babel'] = None; from exchange.i18n import label, is_draft;"
        "print(label('message-types', 'HRC', 'km'), is_draft('km'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "Handover record False"


@pytest.mark.parametrize(
    ("tag", "is_said"), [("km", "ltr"), ("en-GB", "ltr"), ("ar", "rtl"), ("fa-AF", "rtl")]
)
def test_a_page_runs_as_its_language_is_written(tag: str, is_said: str) -> None:
    assert direction(tag) == is_said


def test_every_language_has_a_name_of_its_own() -> None:
    assert len({language_name(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_catalogue_is_one_of_gettext() -> None:
    assert all(isinstance(translations(language), gettext.NullTranslations) for language in LANGUAGES)
