# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a message, for an officer who reads Khmer: in the summary and at the field."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from exchange.i18n import translations
from exchange.i18n.fault_sentences import FAULT_SENTENCES
from exchange.interfaces.web.pages.lines import Place, place_in_any_form
from exchange.interfaces.web.pages.sheet_words import headings_in
from exchange.interfaces.web.pages.writing import OPENING
from exchange.messages.notice_sheet import COLUMNS
from exchange.service.forms import open_form, save_step
from tests.support.examples import files, load
from tests.support.visitors import Shown
from tests.support.world import OFFICER
from tests.support.writers import Writer, play
from tests.unit.web.test_list_of_persons import rows, take

HEADINGS = [column.heading for column in COLUMNS]
ORDER = "“%(first)s” must come before “%(second)s”. Change one of the two."
KHMER = (
    *(translations("km").gettext(sentence) for sentence in FAULT_SENTENCES.values()),
    translations("km").gettext("Enter: %(title)s") % {"title": ""},
    translations("km").gettext(ORDER).partition("%(second)s")[2],
)
_SUMMARY = re.compile(r'<div class="govuk-error-summary".*?</ul>', re.S)
_AT_FIELD = re.compile(r'class="govuk-error-message">(.*?)</p>', re.S)
_LINK = re.compile(r'href="(/form/[^"]+)"')
_SMALL_LETTERS = re.compile(r"(?<!“)\b[a-z]{3,}\b")
"""English words; a code that is offered between quotation marks stays as it is."""


def bare(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def summary_of(page: Shown) -> str:
    found = _SUMMARY.search(page.text)
    return found[0] if found else ""


async def put_in(writer: Writer, form: str, example: dict[str, Any]) -> None:
    """Keep an example as what was entered into a form."""
    node = writer.house.node
    kept = await open_form(node, form, OFFICER)  # type: ignore[arg-type]
    given = {**kept.given, "content": example["content"], "persons": example["persons"] or [{}]}
    await save_step(node, kept.row.id, OFFICER, version=kept.row.version, given=given, answered=())


@pytest.mark.parametrize("type_code", OPENING)
def test_every_wrong_example_is_told_in_khmer(type_code: str, tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language="km")
        at_fields = 0
        for path in (path for path in files("invalid") if path.parent.parent.name == type_code.lower()):
            form = await writer.begin(type_code)
            await put_in(writer, form, load(path))

            whole = await writer.visitor.get(f"/form/{form}/check")
            summary = summary_of(whole)

            assert any(sentence in bare(summary) for sentence in KHMER) or not summary, path.name
            assert _SMALL_LETTERS.findall(bare(summary)) == [], (path.name, bare(summary))
            for address in _LINK.findall(summary)[:1]:
                asked = await writer.visitor.get(html.unescape(address))
                told = bare(" ".join(_AT_FIELD.findall(asked.text)))
                assert _SMALL_LETTERS.findall(told) == [], (path.name, told)
                at_fields += any(sentence in told for sentence in KHMER)
                assert any(sentence in bare(summary_of(asked)) for sentence in KHMER), path.name
            await writer.visitor.post(f"/form/{form}/drop")
        assert at_fields > 0

    play(tmp_path, story)


@pytest.mark.parametrize("headings", [HEADINGS, headings_in("km")], ids=["English", "Khmer"])
def test_a_list_is_taken_with_headings_of_both_languages(headings: Any, tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language="km")
        form = await writer.begin()
        cells = [[str(line.get(heading) or "") for heading in HEADINGS] for line in rows()]
        text = "".join("\t".join(line) + "\n" for line in (headings, *cells))

        taken = await take(writer, form, text)

        assert taken.to == f"/form/{form}", taken.words

    play(tmp_path, story)


def test_a_wrong_cell_is_told_in_khmer(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language="km")
        form = await writer.begin()
        cells = [[str(line.get(heading) or "") for heading in HEADINGS] for line in rows()]
        cells[1][HEADINGS.index("sex")] = "woman"
        text = "".join("\t".join(line) + "\n" for line in (headings_in("km"), *cells))

        shown = await take(writer, form, text)

        summary = bare(summary_of(shown))
        assert shown.status == 400
        assert translations("km").gettext("sex") in summary
        assert translations("km").gettext(FAULT_SENTENCES["code.unknown"]) in summary
        assert 'lang="en"' not in summary_of(shown)

    play(tmp_path, story)


@pytest.mark.parametrize("language", ["km", "th"])
def test_a_page_that_is_refused_speaks_the_language_of_the_reader_only(tmp_path: Path, language: str) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language=language)

        await writer.visitor.get("/today")
        shown = await writer.visitor.post("/form/00000000-0000-7000-8000-000000000000/person")

        main = shown.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        assert shown.status == 400
        assert _SMALL_LETTERS.findall(bare(main)) == []
        gone = "You are not writing this message any more: it was sent or discarded."
        assert translations(language).gettext(f"{gone} Look at your work of today.") in bare(main)

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("pointer", "person", "titles"),
    [
        ("/persons/1/names/0/full", 2, ("Names", "Full form")),
        ("/content/proposed_from", 0, ("First day of the period",)),
        ("/header/purpose", 0, ("Purpose",)),
        ("/persons/0/no_such_member", 0, ()),
        ("", 0, ()),
        ("/", 0, ()),
    ],
)
def test_a_place_is_said_by_its_titles_or_not_at_all(
    pointer: str, person: int, titles: tuple[str, ...]
) -> None:
    assert place_in_any_form(pointer) == Place(person, titles)
