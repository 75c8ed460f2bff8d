# SPDX-License-Identifier: Apache-2.0
"""What is wrong and what to do: a sentence for every rule and reason, in every language."""

import re
from collections.abc import Iterator

import pytest
from exchange.errors import ExchangeError, InputError, LineError, UsageError
from exchange.i18n import LANGUAGES, translations
from exchange.i18n.fault_sentences import FAULT_SENTENCES
from exchange.i18n.faults import REASON_SENTENCES, error_words, fault_words, words_of
from exchange.i18n.results import RESULT_WORDS, result_words
from exchange.messages.codelists import codelist
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.wording import SENTENCES, fault
from tests.support.examples import files, judged, load

OTHERS = [language for language in LANGUAGES if language != "en"]
OWN_SCRIPT = [language for language in OTHERS if language != "vi"]
_ENGLISH = re.compile(r"(?<![.\w])[a-z]{2,}\b")
"""A word in small Latin letters; endings of file names are none."""
_QUOTED = re.compile("“[a-z0-9_]+”")
_STAYS = frozenset({"yes", "no"})
"""What is typed as it is, in every language."""


def said(rule: str, language: str, *, expected: str = "", hint: str = "") -> str:
    return fault_words(rule, code="form_invalid", expected=expected, hint=hint, language=language).text


def english_in(text: str) -> list[str]:
    """Return English words; a code that is quoted is typed as it is."""
    return [word for word in _ENGLISH.findall(_QUOTED.sub("", text)) if word not in _STAYS]


def reasons() -> Iterator[str]:
    """Yield the reason of every class of error but those of message lines."""
    found = [ExchangeError]
    for one in found:
        found += [below for below in one.__subclasses__() if not issubclass(below, LineError)]
        yield one.reason


def test_every_rule_has_a_sentence_and_every_sentence_a_rule() -> None:
    assert set(FAULT_SENTENCES) == set(SENTENCES)


def test_every_reason_of_an_error_has_a_sentence() -> None:
    assert set(reasons()) - set(REASON_SENTENCES) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_said_in_the_language(language: str) -> None:
    texts = translations(language)
    every = {*FAULT_SENTENCES.values(), *REASON_SENTENCES.values(), *RESULT_WORDS.values()}

    assert [text for text in sorted(every) if texts.gettext(text) == text] == []


@pytest.mark.parametrize("language", OWN_SCRIPT)
def test_no_english_is_left_in_a_sentence(language: str) -> None:
    texts = translations(language)
    every = {*FAULT_SENTENCES.values(), *REASON_SENTENCES.values(), *RESULT_WORDS.values()}

    assert {text: found for text in every if (found := english_in(texts.gettext(text)))} == {}


@pytest.mark.parametrize("language", OWN_SCRIPT)
def test_no_english_is_left_of_any_example(language: str) -> None:
    faults = {fault for path in files("invalid") for fault in judged(load(path))}

    told = {(fault.rule, words_of(fault, language)) for fault in faults}

    assert len({rule for rule, _ in told}) > 100
    assert {(rule, one) for rule, one in told if one.english or english_in(one.text)} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_code_of_a_rejection_is_said_in_the_language(language: str) -> None:
    codes = codelist("ack-rejections").codes
    told = {code: fault_words("", code=code, expected="", hint="", language=language).text for code in codes}

    assert [code for code, text in told.items() if text == codelist("ack-rejections").label(code)] == []


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("at most 80 characters", "80 ký tự"),
        ("at least 2 entries", "Ít nhất 2 mục"),
        ("at most 256 KiB", "Nhiều nhất 256 KiB"),
        ("1 to 1000", "Từ 1 đến 1000"),
        ("S3", "Đúng là: S3"),
        ("2027-10-25", "Đúng là: 2027-10-25"),
        ("yes or no", "Hãy nhập yes hoặc no"),
    ],
)
def test_what_is_expected_is_told_with_its_values(expected: str, words: str) -> None:
    assert words in said("form.length", "vi", expected=expected)


@pytest.mark.parametrize(
    "expected", ["a code of sexes", "the {limit} persons", "a crossing of KH", "at most many"]
)
def test_what_has_no_sentence_is_left_out_of_another_language(expected: str) -> None:
    assert said("form.value", "km", expected=expected) == said("form.value", "km")


def test_the_nearest_code_is_offered() -> None:
    assert "“female”" in said("code.unknown", "th", hint='did you mean "female"?')


@pytest.mark.parametrize("near", ["{0.__class__}", "%(x)s", "{code}"])
def test_a_code_with_signs_of_a_placeholder_is_shown_as_it_is(near: str) -> None:
    assert f"“{near}”" in said("code.unknown", "km", hint=f'did you mean "{near}"?')


def test_a_rule_that_nobody_knows_is_told_by_its_code_and_the_rest_stays_apart() -> None:
    told = fault_words("of.tomorrow", code="date_invalid", expected="a day", hint="look", language="km")

    assert english_in(told.text) == []
    assert told.english == "a day; look"


def test_an_english_page_keeps_the_hint() -> None:
    problem = fault(
        "over_disclosure", "disclosure.reserved", "/x", expected="none", found="a text", hint="take x out"
    )

    assert words_of(problem, "en").english == "take x out"


def test_an_error_is_told_by_its_reason_with_its_own_words_apart() -> None:
    told = error_words(UsageError("no such page", hint="run: exchange due"), "km")

    assert (english_in(told.text), told.english) == ([], "no such page")


def test_an_error_with_a_reason_of_its_own_is_told_by_its_class() -> None:
    error = InputError("wrong")
    error.reason = "of_tomorrow"

    assert error_words(error, "th").text == translations("th").gettext(REASON_SENTENCES["input"])


@pytest.mark.parametrize("language", OTHERS)
def test_headings_of_a_list_are_different_in_a_language(language: str) -> None:
    shown = [translations(language).gettext(column.heading) for column in COLUMNS]

    assert len(set(shown)) == len(COLUMNS)
    assert set(shown).isdisjoint(column.heading for column in COLUMNS)


@pytest.mark.parametrize(
    "result", ["done", "agrees", "form_invalid", "rekeyed", "rpn_child", "hash_mismatch"]
)
def test_a_result_is_told_in_the_language(result: str) -> None:
    assert english_in(result_words(result, "km")) == []


@pytest.mark.parametrize("result", ["17", "KH-0042", "of_tomorrow", ""])
def test_a_result_of_no_list_is_shown_as_it_is(result: str) -> None:
    assert result_words(result, "km") == result
