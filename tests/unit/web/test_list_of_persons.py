# SPDX-License-Identifier: Apache-2.0
"""A list of persons on the pages: all rows become persons of the notice, or every wrong cell is told."""

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from exchange.bootstrap import read_spreadsheet, write_spreadsheet
from exchange.i18n import LANGUAGES, translations
from exchange.i18n.labels import label
from exchange.interfaces.web.pages.sheet_help import sheet_of_help
from exchange.interfaces.web.pages.sheet_words import in_our_words
from exchange.messages.sheets import Sheet, SheetRow
from tests.journeys.test_notice_sheet import HEADINGS, Row, no_consent, person, put
from tests.support.spreadsheets import table, workbook
from tests.support.visitors import Shown
from tests.support.writers import Writer, play

PLANTED = "<b onclick=x>NGUYEN</b>"


def rows(count: int = 3) -> list[Row]:
    return [person(number) for number in range(count)]


def text_of(lines: list[Row]) -> str:
    """Return rows as a spreadsheet program copies them."""
    cells = [HEADINGS, *([str(line.get(heading) or "") for heading in HEADINGS] for line in lines)]
    return "\r\n".join("\t".join(line) for line in cells) + "\r\n"


async def take(writer: Writer, form: str, text: str = "", file: bytes = b"") -> Shown:
    page = await writer.visitor.get(f"/form/{form}/list")
    files = {"file": file} if file else {}
    given = text.replace("\r\n", "\n")
    return await writer.visitor.post(
        f"/form/{form}/list", files=files, list=given, version=page.hidden["version"]
    )


@pytest.mark.parametrize("way", ["pasted", "spreadsheet"])
def test_every_row_becomes_a_person_and_nothing_is_asked_again(tmp_path: Path, way: str) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        given: dict[str, Any] = (
            {"text": text_of(rows())} if way == "pasted" else {"file": table(HEADINGS, rows())}
        )

        taken = await take(writer, form, **given)
        went = await writer.visitor.get(taken.to)
        whole = await writer.visitor.get(went.to)

        assert went.to == f"/form/{form}/check", taken.words
        assert all(whole.says(f"NGUYEN Thi Nr{number}") for number in range(3))
        assert not whole.says("Not ready to be sent"), whole.words
        assert (await writer.send(form)).to.startswith("/sent/")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (put("sex", "woman"), "Row 3, column “sex”"),
        (put("born", "2546-05-14"), "Row 3, column “born”"),
        (put("proceedings", "perhaps"), "Row 3, column “proceedings”"),
        (no_consent, "Row 3, column “consent giver”"),
        (put("document number", "C0000000"), "Row 3, column “document number”"),
        (put("proposed to", "2027-10-25"), "Row 3, column “proposed to”"),
        (put("return mode", ""), "Row 3, column “return mode”"),
    ],
    ids=["code", "buddhist year", "yes or no", "no consent", "repeated", "another period", "empty"],
)
def test_a_wrong_cell_is_told_and_nothing_is_taken_over(
    tmp_path: Path, wrong: Callable[[Row], None], words: str
) -> None:
    async def story(writer: Writer) -> None:
        form, lines = await writer.begin(), rows()
        wrong(lines[1])

        shown = await take(writer, form, text_of(lines))

        assert (shown.status, shown.says(words)) == (400, True), shown.words
        assert shown.says("Nothing was taken over")
        assert "NGUYEN Thi Nr2" in shown.text
        assert [len(one) for one in (await writer.forms())[0].given["persons"]] == [1]

    play(tmp_path, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cell_may_say_a_code_as_it_is_read(tmp_path: Path, language: str) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language=language)
        form, lines = await writer.begin(), rows(2)
        needs = [label("service-types", code, language) for code in ("education", "health")]
        lines[0] |= {
            "sex": label("sexes", "F", language),
            "return mode": label("return-modes", "voluntary", "en"),
        }
        lines[0] |= {
            "needs on arrival": "; ".join(needs),
            "proceedings": translations(language).gettext("no"),
        }

        taken = await take(writer, form, text_of(lines))

        assert taken.to == f"/form/{form}", taken.words
        person = (await writer.forms())[0].given["persons"][0]
        assert (person["sex"], person["return_mode"]) == ("F", "voluntary")
        assert person["needs_on_arrival"] == ["education", "health"]
        assert person["proceedings"] == {"needed": False}

    play(tmp_path, story)


def test_a_near_word_is_offered_as_it_can_be_typed(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, lines = await writer.begin(), rows(2)
        lines[0] |= {"return mode": "not_decide"}

        told = await take(writer, form, text_of(lines))
        lines[0] |= {"return mode": "Not decided yet"}
        taken = await take(writer, form, text_of(lines))

        assert told.says("Did you mean “Not decided yet”?")
        assert taken.to == f"/form/{form}", taken.words

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("heading", "words", "cell"),
    [
        ("guardian agency", "internal audit of the Ministry of Home Affairs", None),
        ("sex", "FEMALE", "F"),
        ("sex", "F", "F"),
        ("sex", "woman", None),
        ("name", "Female", None),
        ("rank", "Female", None),
    ],
    ids=["of two codes", "in capitals", "a code", "no word", "no list", "no column"],
)
def test_only_what_is_one_code_of_the_list_is_taken_for_it(
    heading: str, words: str, cell: str | None
) -> None:
    sheet = Sheet((heading,), (SheetRow(2, {heading: words}),))

    assert in_our_words(sheet, "km").rows[0].cells == {heading: words if cell is None else cell}


@pytest.mark.parametrize(
    ("text", "file", "words"),
    [
        ("", b"", "From 1 to 1000"),
        ("NGUYEN Thi Mai\tF\n", b"", "does not have this heading"),
        ("\t".join([*HEADINGS, "rank"]) + "\n", b"", "does not have this heading"),
        ("", b"PK\x03\x04 no archive", "cannot be read as a list"),
        ("", workbook([HEADINGS, ["=1+1"]]), "holds a formula"),
        (text_of(rows(201)), b"", "At most 200"),
    ],
    ids=["nothing", "no headings", "a heading of our own", "no spreadsheet", "a formula", "too many"],
)
def test_what_is_no_list_is_told(tmp_path: Path, text: str, file: bytes, words: str) -> None:
    async def story(writer: Writer) -> None:
        shown = await take(writer, await writer.begin(), text, file)

        assert (shown.status, shown.says(words)) == (400, True), shown.words

    play(tmp_path, story)


def test_a_wrong_spreadsheet_is_shown_as_text_that_can_be_put_right(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, lines = await writer.begin(), rows(2)
        lines[0] |= {"name": PLANTED, "sex": "woman"}

        shown = await take(writer, form, file=table(HEADINGS, lines))
        right = await take(writer, form, text_of(rows(2)))

        assert "&lt;b onclick=x&gt;NGUYEN" in shown.text
        assert PLANTED not in shown.text
        assert right.to == f"/form/{form}"

    play(tmp_path, story)


def test_the_empty_spreadsheet_has_the_headings(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        made = await writer.visitor.get(f"/form/{await writer.begin()}/list/blank")

        assert made.fields["Content-Disposition"] == 'attachment; filename="list-of-persons.xlsx"'
        assert made.text.startswith("PK")

    play(tmp_path, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_sheet_shows_an_example_that_can_be_taken_over(tmp_path: Path, language: str) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.post("/account/language", language=language)
        form = await writer.begin()
        rows = sheet_of_help(language, writer.house.node.clock.now().date(), ("VN", "KH"))
        text = "\n".join("\t".join(row[1:]) for row in rows[:2]) + "\n"

        taken = await take(writer, form, text)

        assert taken.to == f"/form/{form}", taken.words
        person = (await writer.forms())[0].given["persons"][0]
        assert (person["names"][0]["full"], person["nationality"][0]["country"]) == ("NGUYEN Thi Mai", "VN")
        assert len(person["birth"]["value"]) == len("2003-05-28")

    play(tmp_path, story)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_second_sheet_allows_is_understood(language: str) -> None:
    headings, *rows = sheet_of_help(language, date(2027, 10, 1), ("VN", "KH"))
    allowed = [(at, row[at]) for row in rows[2:] for at in range(1, len(headings)) if row[at]]

    sheet = Sheet(tuple(headings), tuple(SheetRow(2, {headings[at]: text}) for at, text in allowed))

    for (at, text), row in zip(allowed, in_our_words(sheet, language).rows, strict=True):
        (cell,) = row.cells.values()
        assert re.fullmatch("[A-Za-z0-9_-]+", cell), (headings[at], text, cell)


def test_the_file_has_both_sheets_and_keeps_a_day_as_it_is_typed(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        rows = sheet_of_help("en", date(2027, 10, 1), ("VN", "KH"))
        raw = write_spreadsheet(HEADINGS, (), title="notices", beside={"Example and values": rows})

        book = openpyxl.load_workbook(io.BytesIO(raw))

        assert book.sheetnames == ["notices", "Example and values"]
        assert book["notices"].column_dimensions["H"].number_format == "@"
        assert book["Example and values"]["B2"].value == "NGUYEN Thi Mai"
        assert read_spreadsheet(raw) == Sheet(tuple(HEADINGS), ())

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("heading", "written", "path", "meant"),
    [
        ("born", "14/05/2001", ("birth", "value"), "2001-05-14"),
        ("born", "១៤.៥.២០០១", ("birth", "value"), "2001-05-14"),
        ("nationality", "Viet Nam", ("nationality", 0, "country"), "VN"),
        ("name script", "Latin", ("names", 0, "script"), "Latn"),
        ("name kind", "as heard", ("names", 0, "kind"), "as_heard"),
        ("languages spoken", "Vietnamese; French", ("languages", "spoken"), ["vi", "fr"]),
    ],
)
def test_a_cell_is_understood_as_people_write_it(
    tmp_path: Path, heading: str, written: str, path: tuple[Any, ...], meant: Any
) -> None:
    async def story(writer: Writer) -> None:
        form, lines = await writer.begin(), rows(1)
        lines[0] |= {"languages spoken": "vi", "languages understood": "vi", heading: written}

        taken = await take(writer, form, text_of(lines))

        assert taken.to == f"/form/{form}", taken.words
        found = (await writer.forms())[0].given["persons"][0]
        for step in path:
            found = found[step]
        assert found == meant

    play(tmp_path, story)


@pytest.mark.parametrize("written", ["5/14/2001", "14/5/01", "31/2/2001", "14/5/2546", "May 2001", "unknown"])
def test_a_day_that_is_none_is_told_at_its_cell(tmp_path: Path, written: str) -> None:
    async def story(writer: Writer) -> None:
        form, lines = await writer.begin(), rows(1)
        lines[0] |= {"born": written}

        shown = await take(writer, form, text_of(lines))

        assert (shown.status, shown.says("Row 2, column “born”")) == (400, True), shown.words

    play(tmp_path, story)


def test_only_a_notice_takes_a_list(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin("IDN")

        assert (await writer.visitor.get(f"/form/{form}/list")).status == 400

    play(tmp_path, story)
