# SPDX-License-Identifier: Apache-2.0
"""What a partner writes is text wherever it comes out: pages, papers, tables, mails and logs.

One notice with a person for each planted string, which stands in every field that lets it in. The recipient
opens it at every page that shows something of it; then every surface is looked through by the same rules.
"""

import csv
import io
import re
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from exchange.adapters.documents.spreadsheets import write_spreadsheet
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.interfaces.cli.figures import csv_text
from exchange.messages.filling import fill
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.sheets import write_row
from exchange.service.drafts import send
from exchange.service.notice_mails import Notices
from exchange.service.rows import Direction, MessageState
from tests.support.notices import small_notice, sources
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import OFFICER, VN, World
from tests.unit.service.test_notices import READERS, Post

STRINGS = {
    "mark-up": "<script>alert(1)</script>",
    "an attribute": '" onmouseover="alert(1)" x="',
    "a picture": "'><img src=//192.0.2.1/x onerror=alert(1)>",
    "a table that ends": "</td></table><a href=http://192.0.2.1/>x</a>",
    "a formula": "=cmd|'/C calc'!A0",
    "another formula": "@SUM(1+1)*cmd",
    "a template": "{{ 7*7 }}{% include 'layout.html' %}",
    "a placeholder": "{late} %(count)s %s {0.__class__}",
    "an address": "javascript:alert(1)",
    "a query": "x'; DROP TABLE message; --",
    "a path": "../../../../etc/passwd",
}
ELEMENTS = frozenset({"script", "img", "iframe", "object", "embed", "base", "math", "video"})
ADDRESSES = ("href", "src", "action", "formaction", "srcdoc", "data", "xlink:href")
PURPOSE = "return_arrangement"


class Surface(HTMLParser):
    """What a browser would make of a page: elements, attributes, addresses, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.names |= {name for name, _ in attrs}
        self.addresses |= {value or "" for name, value in attrs if name in ADDRESSES}

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u200b", "")


def planted_notice() -> dict[str, Any]:
    """Return a small notice with a person for each string."""
    small = small_notice(persons=len(STRINGS))
    for number, (person, text) in enumerate(zip(small["persons"], STRINGS.values(), strict=True)):
        person["names"] = [{"full": text}]
        person["proceedings"] = {"needed": False, "text": text}
        person["documents"][0]["number"] = f"C{number:07}"
    small["tracing_result"] = "\n".join(STRINGS.values())
    return {**small, "header": {"remark": " ".join(STRINGS.values())}}


@cache
def surfaces() -> dict[str, Any]:
    """Send the notice once, open it everywhere, and return what came out of the recipient."""
    found: dict[str, Any] = {}

    async def story(world: World) -> None:
        await world.open()
        post = Post()
        notices = Notices(world.vn.node, READERS, post, announced=lambda: NOTHING_ANNOUNCED)
        await notices.look()
        document = fill(planted_notice(), sources(world.kh.node, VN)).document
        sent = await send(world.kh.node, world.link, document, OFFICER)
        await world.until(lambda: arrived(world))
        await notices.look()
        house = await open_house(world.vn, Path(folder))
        await give_account(house, OFFICER, "officer")
        await give_account(house, "P-0005", "auditor")
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        cases = [row.code for row in await world.vn.node.store.read(lambda uow: uow.cases.list())]
        addresses = [
            "/today",
            "/cases",
            "/handovers",
            f"/message/{sent.id}",
            *(f"/message/{sent.id}?person={number + 1}" for number in range(len(STRINGS))),
            *(f"/case/{code}" for code in cases),
            "/retention",
            f"/case/{cases[0]}/keeping",
            f"/case/{cases[0]}/keeping/erase?reason=person_asked",
            f"/case/{cases[0]}/access",
        ]
        pages = {address: (await visitor.get(address)).text for address in addresses}
        found["persons"] = [pages[address] for address in addresses if "?person=" in address]
        pages |= await written_after(visitor, sent.id)
        await visitor.get(f"/message/{sent.id}")
        paper = await visitor.post(f"/message/{sent.id}/print", first="km", second="en", purpose=PURPOSE)
        await visitor.get("/search")
        pages["/search"] = (await visitor.post("/search", name=STRINGS["mark-up"], purpose=PURPOSE)).text
        auditor = Visitor(house)
        await auditor.sign_in("P-0005")
        pages["/acts"] = (await auditor.get("/acts")).text
        found.update(pages=pages, paper=paper.text)
        found.update(mails=list(post.mails), log=repr(world.vn.noted.events), document=document)

    with tempfile.TemporaryDirectory() as folder:
        World(seed=21).run(story)
    return found


async def written_after(visitor: Visitor, message: str) -> dict[str, str]:
    """Return the pages of a form that follows the notice, which repeats its persons."""
    await visitor.post("/write", type="RPD", after=message)
    form = visitor.last.to
    places = {"check": f"{form}/check", "person": f"{form}/check?person=1", "files": f"{form}/files"}
    return {f"form {name}": (await visitor.get(address)).text for name, address in places.items()}


async def arrived(world: World) -> bool:
    rows = await world.kh.node.store.read(lambda uow: uow.messages.list(direction=Direction.OUT, limit=1))
    return rows[0].state is MessageState.ACCEPTED


def demand_inert(html: str) -> Surface:
    """Return what a page is made of, if nothing planted became a part of it."""
    surface = Surface(html)
    assert surface.elements.isdisjoint(ELEMENTS)
    assert not any(name.startswith("on") for name in surface.names)
    assert [each for each in surface.addresses if "192.0.2.1" in each or "javascript" in each] == []
    return surface


def test_nothing_planted_becomes_a_part_of_a_page() -> None:
    pages = surfaces()["pages"]

    assert len(pages) == 13 + 2 * len(STRINGS)
    for html in pages.values():
        demand_inert(html)


@pytest.mark.parametrize("kind", list(STRINGS))
def test_the_officer_reads_what_was_written_letter_by_letter(kind: str) -> None:
    """Nothing is dropped or computed: placeholder, template and formula stand there as they came."""
    text = STRINGS[kind]

    shown = demand_inert(surfaces()["persons"][list(STRINGS).index(kind)]).text
    assert text in shown
    assert text in demand_inert(surfaces()["paper"]).text


def test_nothing_of_a_message_is_in_a_mail() -> None:
    mails = surfaces()["mails"]

    assert len(mails) >= 1
    for mail in mails:
        assert [text for text in STRINGS.values() if text in mail.subject + mail.text] == []
        assert "\n" not in mail.subject


def test_nothing_of_a_message_is_in_the_log() -> None:
    log = surfaces()["log"]

    assert [text for text in STRINGS.values() if text in log or repr(text)[1:-1] in log] == []


def test_no_cell_of_a_spreadsheet_is_a_formula() -> None:
    document = surfaces()["document"]
    lines = [
        write_row({**document["content"], "persons": [person]}, COLUMNS) for person in document["persons"]
    ]

    raw = write_spreadsheet([column.heading for column in COLUMNS], lines, title="notices")

    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert not any(str(cell.value).startswith(("=", "+", "@")) for cell in cells)
    assert any(STRINGS["a formula"] in str(cell.value) for cell in cells)


@pytest.mark.parametrize("kind", ["a formula", "another formula", "an attribute", "a query"])
def test_no_cell_of_a_table_for_spreadsheets_begins_like_a_formula(kind: str) -> None:
    text = STRINGS[kind]

    (row,) = list(csv.reader(io.StringIO(csv_text(("heading",), [(text,)]))))[1:]

    assert re.match(r"[=+@-]", row[0]) is None
    assert row[0].removeprefix("'") == text
