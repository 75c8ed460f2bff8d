# SPDX-License-Identifier: Apache-2.0
"""How a paper is set: places to sign with the last person of it, lines and words that are not torn apart."""

import re
from dataclasses import replace

import pytest
import weasyprint
from exchange.adapters.documents.pdf import FONT_PREFIX, _own_fonts_only
from exchange.i18n.fonts import font_faces
from exchange.interfaces.papers import paper_of
from exchange.service.papers import Opened
from tests.support.papers import example, many_lines, opened, printed
from weasyprint.text.fonts import FontConfiguration

RECORD, AGREED = "hrc/first-record-two-handed-over", "hrc/countersignature-agreed"


def texts_of_pages(made: Opened, languages: tuple[str, ...]) -> list[str]:
    """Return the text of each page of a paper, letters only."""
    drawn = weasyprint.HTML(string=paper_of(made, languages).html, base_url=None).render()
    return [
        "".join(getattr(box, "text", "") for box in page._page_box.descendants()).replace("\u200b", "")
        for page in drawn.pages
    ]


def words_of_headings(made: Opened, language: str) -> tuple[set[str], set[str]]:
    """Return the words in the headings of the tables as they are set in lines, and as they were written."""
    html = paper_of(made, (language,)).html
    fetcher, fonts = _own_fonts_only(weasyprint), FontConfiguration()
    faces = weasyprint.CSS(string=font_faces(FONT_PREFIX), url_fetcher=fetcher, font_config=fonts)
    drawn = weasyprint.HTML(string=html, url_fetcher=fetcher).render(font_config=fonts, stylesheets=[faces])
    cells = [
        box for page in drawn.pages for box in page._page_box.descendants()
        if box.element_tag == "th" and type(box).__name__ == "TableCellBox"
    ]  # fmt: skip
    lines = [
        "".join(getattr(box, "text", "") for box in line.descendants())
        for cell in cells
        for line in cell.descendants()
        if type(line).__name__ == "LineBox"
    ]
    written = " ".join(
        re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<th[ >].*?</th>", html, re.DOTALL)
    )
    return set(" ".join(lines).split()), set(written.split())


def group(persons: int) -> Opened:
    """Return a record of so many persons that both sides have signed."""
    return replace(many_lines(RECORD, persons), signatures=opened(RECORD, AGREED).signatures)


@pytest.mark.parametrize("languages", [("km",), ("en",), ("km", "en")], ids="-".join)
def test_the_last_person_stands_on_the_page_that_is_signed(languages: tuple[str, ...]) -> None:
    """However many persons there are: nobody signs a page on which no person stands."""
    for persons in range(1, 13):
        pages = texts_of_pages(group(persons), languages)

        assert f"AAAA-BBBB-{persons - 1:04d}" in pages[-1], persons
        assert "P-0007" in pages[-1], persons


@pytest.mark.parametrize("language", ["km", "en", "th", "vi"])
def test_minutes_of_one_person_take_one_page(language: str) -> None:
    assert len(texts_of_pages(group(1), (language,))) == 1


def test_a_form_of_many_persons_is_signed_where_its_last_person_stands() -> None:
    for persons in range(1, 9):
        pages = texts_of_pages(replace(many_lines("hdp/three-persons", persons), blank=True), ("en",))

        assert f"AAAA-BBBB-{persons - 1:04d}" in pages[-1], persons
        assert "Stamp" in pages[-1], persons


def test_a_line_stays_on_its_page_however_much_somebody_carries() -> None:
    document = example(RECORD)
    person = document["persons"][0]
    person["names"] = [{"full": "PREAH MOHAKSATRIYANI NORODOM MONINEATH SIHANOUK SOVANNAROTH"}]
    person["belongings"] = [{"what": f"thing {at} that was counted", "count": 1} for at in range(45)]

    pages = texts_of_pages(Opened(printed(document)), ("km", "en"))

    (whole,) = (text for text in pages if person["case_code"] in text)
    things = [thing["what"].replace(" ", "") for thing in person["belongings"]]
    assert [thing for thing in things if thing not in whole.replace(" ", "")] == []


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(
    "made", [opened("hdp/three-persons"), group(1), opened("hdp/three-persons", blank=True)]
)
def test_no_word_of_a_heading_is_torn_apart(made: Opened, language: str) -> None:
    """In the languages that part words by spaces; `belongin gs` was read at the crossing."""
    set_in_lines, written = words_of_headings(made, language)

    assert set_in_lines
    assert sorted(set_in_lines - written) == []


def test_each_page_of_a_notice_names_the_person_whom_it_is_about() -> None:
    """A page that lies alone on a desk is not taken for one about somebody else."""
    pages = texts_of_pages(many_lines("rpn/child-with-guardian-and-best-interests", 6), ("km", "en"))

    last = 0
    for text in pages[1:]:
        named = [person for person in range(6) if f"AAAA-BBBB-{person:04d}" in text]
        assert named, text[:80]
        assert named[0] in (last, last + 1)
        last = named[-1]
    assert last == 5
