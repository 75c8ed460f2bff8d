# SPDX-License-Identifier: Apache-2.0
"""What is wrong and what to do: a sentence for every rule and reason, in every language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import exchange.messages
import pytest
from exchange.errors import ExchangeError, InputError, LineError, NotAllowedError, UsageError
from exchange.i18n import LANGUAGES, translations
from exchange.i18n.explanations import IN_PLAIN_WORDS, in_plain_words
from exchange.i18n.fault_sentences import FAULT_SENTENCES
from exchange.i18n.faults import REASON_SENTENCES, error_words, fault_words, words_of
from exchange.i18n.labels import label
from exchange.i18n.results import RESULT_WORDS, result_words
from exchange.messages.catalog import FORMS
from exchange.messages.codelists import codelist
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.questions import questions_of
from exchange.messages.wording import SENTENCES
from tests.support.examples import files, judged, load

OTHERS = [language for language in LANGUAGES if language != "en"]
OWN_SCRIPT = [language for language in OTHERS if language != "vi"]
_ENGLISH = re.compile(r"(?<![.\w])[a-z]{2,}\b")
"""A word in small Latin letters; endings of file names are none."""
_QUOTED = re.compile("“[a-z0-9_]+”")
_CODE = re.compile(
    r"[A-Za-z0-9]*_[A-Za-z0-9_]*|\bS[0-4]\b|`|[{}]|\bJSON\b|\b(?:OTHER|TRS|RPN|HRC|ISO)\b|\bref\b"
)


def said(rule: str, language: str, *, expected: str = "", hint: str = "") -> str:
    return fault_words(rule, code="form_invalid", expected=expected, hint=hint, language=language).text


def english_in(text: str) -> list[str]:
    """Return English words; a code that is quoted is typed as it is."""
    return [word for word in _ENGLISH.findall(_QUOTED.sub("", text))]


def codes_in(text: str) -> list[str]:
    """Return what is no word: names with an underscore, codes in capitals, signs of programs."""
    return _CODE.findall(text)


def _written() -> tuple[str, ...]:
    """Return every text of the code that makes faults, with a code at each place that is filled in."""
    root = Path(exchange.messages.__file__).parent.parent
    folders = ("messages", "cases", "service", "interfaces/api", "interfaces/web/pages")
    files = (path for folder in folders for path in (root / folder).glob("*.py"))
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in files)
    found = (_text_in(node) for tree in trees for node in ast.walk(tree))
    return tuple(sorted({text for text in found if text is not None and "\n" not in text}))


def _text_in(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "rpn_child" for part in node.values)
        return "".join(map(str, parts))
    return None


WRITTEN = _written()
ALIKE = (
    "form.value",
    "code.unknown",
    "consent.scope",
    "office.function",
    "purpose.type",
    "safeguard.decision",
)
"""Rules that say what is expected in different ways; the others do as the first."""


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
    assert {(rule, one) for rule, one in told if one.more or english_in(one.text)} == set()


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
        ("at least 1 entries", "Ít nhất một mục"),
        ("at least 3 members", "Ít nhất 3 ô của phần này"),
        ("7", "Đúng là: 7"),
        ("S3", "Đúng là: Được bảo vệ"),
        ("TH-MSDHS-DATIP", "Đúng là: Cục Chống mua bán người"),
        ("2027-10-25", "Đúng là: ngày 25 tháng 10 năm 2027"),
        ("yes or no", "Hãy nhập có hoặc không"),
    ],
)
def test_what_is_expected_is_told_with_its_values(expected: str, words: str) -> None:
    assert words in said("form.length", "vi", expected=expected)


@pytest.mark.parametrize(
    "expected", ["a code of sexes", "the {limit} persons", "a crossing of KH", "at most many"]
)
def test_what_has_no_sentence_is_left_out_of_another_language(expected: str) -> None:
    assert said("form.value", "km", expected=expected) == said("form.value", "km")


@pytest.mark.parametrize(
    ("expected", "near", "words"),
    [
        ("a code of tracing-results", "not_found", "“Family not found”"),
        ("a code of tomorrows-list", "not_found", "“not found”"),
        ("one of per_person, in_total", "per_person", "“per person”"),
    ],
)
def test_the_nearest_code_is_offered_as_it_is_read(expected: str, near: str, words: str) -> None:
    assert words in said("code.unknown", "en", expected=expected, hint=f'did you mean "{near}"?')


def test_the_nearest_code_is_offered_in_the_language() -> None:
    told = said("code.unknown", "th", expected="a code of tracing-results", hint='did you mean "not_found"?')

    assert label("tracing-results", "not_found", "th") in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_consent_that_is_missing_is_named(language: str) -> None:
    hint = 'ask the person, then add {"scope": "trace_family", "state": "given"}'

    told = fault_words("consent.own", code="", expected='giver "person"', hint=hint, language=language)

    assert label("consent-scopes", "trace_family", language) in told.text
    assert told.more == ""


@pytest.mark.parametrize("near", ["{0.__class__}", "%(x)s", "{code}"])
def test_a_code_with_signs_of_a_placeholder_is_shown_as_it_is(near: str) -> None:
    assert f"“{near}”" in said("code.unknown", "km", hint=f'did you mean "{near}"?')


def test_a_rule_that_nobody_knows_is_told_by_its_code_and_in_english_the_rest_stands_apart() -> None:
    unknown = {"code": "date_invalid", "expected": "a day", "hint": "look"}

    told = fault_words("of.tomorrow", language="km", **unknown)

    assert (english_in(told.text), told.more) == ([], "")
    assert fault_words("of.tomorrow", language="en", **unknown).more == "a day; look"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_reads_a_code_of_any_example(language: str) -> None:
    faults = {fault for path in files("invalid") for fault in judged(load(path))}

    told = {(fault.rule, words_of(fault, language)) for fault in faults}

    assert {(rule, one) for rule, one in told if codes_in(f"{one.text} {one.more}")} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_reads_a_code_in_the_sentence_of_a_rule(language: str) -> None:
    told = {
        rule: fault_words(rule, code="", expected="", hint="", language=language).text for rule in SENTENCES
    }

    assert {rule: text for rule, text in told.items() if codes_in(text)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ALIKE)
def test_nobody_reads_a_code_whatever_is_expected_and_hinted_at(rule: str, language: str) -> None:
    """Every text that the code writes, as what a fault expects and as its hint."""
    for text in WRITTEN:
        for given in ({"expected": text, "hint": ""}, {"expected": "", "hint": text}):
            told = fault_words(rule, code="form_invalid", language=language, **given)

            assert codes_in(f"{told.text} {told.more}") == [], text


def test_what_the_code_writes_into_faults_is_found() -> None:
    assert {"a code of rpn_child", 'scope "rpn_child", state "given"', 'did you mean "rpn_child"?'} <= {
        *WRITTEN
    }


@pytest.mark.parametrize(
    "error",
    [
        NotAllowedError("your roles do not allow see_work (needed: officer)", hint="ask your administrator"),
        UsageError("no such page", hint="run: exchange due"),
        InputError("no consent", hint='add {"scope": "return"}'),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_reads_a_code_of_an_error(error: ExchangeError, language: str) -> None:
    told = error_words(error, language)

    assert codes_in(f"{told.text} {told.more}") == []
    assert "exchange " not in told.more


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_reads_a_code_in_the_explanation_of_a_field(language: str) -> None:
    texts = translations(language)
    shown = {in_plain_words(explanation) for explanation in explanations()} - {""}

    assert {text for text in shown if codes_in(texts.gettext(text).replace("/birth/value", ""))} == set()


def test_every_explanation_in_plain_words_stands_for_one_of_a_form() -> None:
    assert set(IN_PLAIN_WORDS) - set(explanations()) == set()


def explanations() -> set[str]:
    """Return what the schema files say about every field that is asked."""
    below = [question.field for code in FORMS for question in questions_of(code)]
    found = set()
    while below:
        field = below.pop()
        found.add(field.explanation)
        below += field.fields
    return found


@pytest.mark.parametrize(("language", "more"), [("en", "no such page"), ("km", ""), ("th", ""), ("vi", "")])
def test_only_a_reader_of_english_gets_the_own_words_of_an_error(language: str, more: str) -> None:
    told = error_words(UsageError("no such page", hint="run: exchange due"), language)

    assert told.more == more


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_happens_in_daily_work_says_more_than_its_reason(language: str) -> None:
    told = error_words(UsageError("you have 50 messages open", hint="send some first"), language)

    assert told.text != translations(language).gettext(REASON_SENTENCES["usage"])
    assert (told.more, codes_in(told.text)) == ("", [])


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
