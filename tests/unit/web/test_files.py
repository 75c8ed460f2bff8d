# SPDX-License-Identifier: Apache-2.0
"""Files on the pages: looked through when they are added, taken off again, sent, and opened as downloads."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.door import StaffDoor
from exchange.messages.header_rules import MAX_INLINE, MAX_INLINE_BYTES
from exchange.service.rows import LinkState
from tests.journeys.test_handover_desk import departed
from tests.support.pictures import GPS, jpeg, pdf, png, segment
from tests.support.staff import Desks
from tests.support.visitors import Shown, acts
from tests.support.world import OFFICER
from tests.support.writers import ANSWERS, Writer, play
from tests.unit.web.test_handover_pages import _records, about_to_sign, record, shown_again
from tests.unit.web.test_handover_pages import play as play_handover

PHOTO = "photograph"
AGREED = {name.replace("f-0", "f-1"): value for name, value in ANSWERS["consents"].items()}
WITH_PHOTO = {**ANSWERS, "consents": {**ANSWERS["consents"], **AGREED, "f-1-scope": "photo"}}
"""The person agreed to the return and to the photograph."""


async def add(writer: Writer, form: str, data: bytes, kind: str = PHOTO, **more: str) -> Shown:
    """Add a file to a form as the page does."""
    page = await writer.visitor.get(f"/form/{form}/files")
    fields = {"version": page.hidden["version"], "type": kind, **more}
    return await writer.visitor.post(f"/form/{form}/files", files={"file": data} if data else {}, **fields)


def test_a_file_is_sent_with_the_message_and_opened_as_a_download(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, WITH_PHOTO)
        await add(writer, form, png())
        whole = await writer.visitor.get(f"/form/{form}/check")
        await writer.send(form)
        (number,) = await writer.sent()

        shown = await writer.visitor.get(f"/message/{number}")
        opened = await writer.visitor.get(f"/message/{number}/file/1")

        assert whole.says("1. Photograph for identification")
        assert f'href="/message/{number}/file/1"' in shown.text
        assert opened.text.encode(errors="replace")[1:4] == png()[1:4] or "PNG" in opened.text
        assert opened.fields["Content-Disposition"] == f'attachment; filename="file-1-{number}.png"'
        assert opened.fields["X-Content-Type-Options"] == "nosniff"
        assert opened.fields["Content-Security-Policy"].startswith("sandbox;")
        assert [(row.actor, row.object) for row in await acts(writer.house) if row.act == "file_opened"] == [
            (OFFICER, number)
        ]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("data", "fields", "words"),
    [
        (b"", {}, "Choose a file"),
        (png(), {"kind": ""}, "Choose what the file is"),
        (png(), {"kind": "medical_record"}, "Choose what the file is"),
        (png(), {"kind": "care_summary"}, "Say which officers of the partner may open it"),
        (b"GIF89a\x00\x00", {}, "This kind of file does not travel"),
        (b"PK\x03\x04 a spreadsheet", {}, "This kind of file does not travel"),
        (jpeg() + b"behind", {}, "damaged or cut off"),
        (pdf(b"<< /JavaScript 3 0 R >>"), {}, "do something by itself"),
        (jpeg(segment(0xE1, GPS)), {}, "where or with what it was made"),
        (pdf(b"%" + b"x" * MAX_INLINE_BYTES), {}, "larger than 256 kB"),
    ],
    ids=[
        "no file", "no type", "a type that is not exchanged", "no readers", "another picture", "an archive",
        "bytes behind a picture", "a PDF that acts", "a picture that says where", "too large",
    ],
)  # fmt: skip
def test_a_file_that_may_not_travel_is_told_in_words_and_not_kept(
    tmp_path: Path, data: bytes, fields: dict[str, str], words: str
) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        shown = await add(writer, form, data, **fields)

        assert (shown.status, shown.words.count(words)) == (400, 2), shown.words
        assert (await writer.forms())[0].files == ()

    play(tmp_path, story)


def test_what_says_where_a_picture_was_made_is_taken_out_when_the_box_is_ticked(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, WITH_PHOTO)

        added = await add(writer, form, jpeg(segment(0xE1, GPS)), strip="yes")
        whole = await writer.visitor.get(f"/form/{form}/check")

        assert added.status == 303
        assert not whole.says("Not ready to be sent")

    play(tmp_path, story)


def test_a_photograph_that_the_person_did_not_agree_to_is_not_sent(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        await add(writer, form, png())

        whole = await writer.visitor.get(f"/form/{form}/check")
        refused = await writer.visitor.post(f"/form/{form}/send", version=whole.hidden["version"])

        assert whole.says("Not ready to be sent")
        assert whole.says("Photograph of the face")
        assert (refused.status, await writer.sent()) == (400, [])

    play(tmp_path, story)


def test_a_sixth_file_has_no_room(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        for _ in range(MAX_INLINE):
            assert (await add(writer, form, png())).status == 303

        shown = await writer.visitor.get(f"/form/{form}/files")
        more = await writer.visitor.post(
            f"/form/{form}/files", files={"file": png()}, type=PHOTO, version=shown.hidden["version"]
        )

        assert 'type="file"' not in shown.text
        assert (more.status, more.says("room for five files")) == (400, True)

    play(tmp_path, story)


def test_a_file_that_was_taken_off_is_not_sent(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        await add(writer, form, png())
        page = await writer.visitor.get(f"/form/{form}/files")
        await writer.visitor.post(f"/form/{form}/files/remove", version=page.hidden["version"], number="1")
        await writer.send(form)
        (number,) = await writer.sent()

        assert (await writer.forms()) == []
        assert (await writer.visitor.get(f"/message/{number}/file/1")).status == 400

    play(tmp_path, story)


@pytest.mark.parametrize("number", ["0", "2", "x", "99999"])
def test_a_file_that_is_not_there_is_not_opened_and_not_recorded(tmp_path: Path, number: str) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        await writer.send(form)
        (message,) = await writer.sent()

        refused = await writer.visitor.get(f"/message/{message}/file/{number}")

        assert refused.status == 400
        assert not any(row.act == "file_opened" for row in await acts(writer.house))

    play(tmp_path, story)


def test_minutes_signed_on_paper_are_entered_with_their_scan(tmp_path: Path) -> None:
    async def story(world: Any, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        _, fields = await shown_again(border, page, **record())

        await border.post(f"{page}/check", **{**fields, "by": "paper"})
        without = await border.follow()
        nothing_yet = await _records(house)
        sent = await border.post(f"{page}/check", files={"scan": pdf()}, **fields)

        assert (without.status, without.words.count("Choose a file"), nothing_yet) == (400, 2, 0)
        assert sent.to.startswith("/sent/")
        number = sent.to.removeprefix("/sent/")
        opened = await house.commands("message.show", {"id": number, "officer": "P-0001"})
        assert opened["document"]["content"]["signatory"]["kind"] == "paper_only"
        assert opened["document"]["header"]["attachments"][0]["type"] == "handover_minutes_scan"

    play_handover(tmp_path, story)


@pytest.mark.parametrize("by", ["paper", ""])
def test_the_scan_of_a_record_that_is_taken_back_stays_with_it(tmp_path: Path, by: str) -> None:
    """Whoever signs it on the screen after all sends no scan; nothing is lost without a word."""

    async def story(world: Any, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        shown, fields = await shown_again(border, page, **record())
        world.weather.down, house.node.presence.of(world.link).gate = True, LinkState.CLOSED
        sent = await border.post(f"{page}/check", files={"scan": pdf()}, **fields)
        await border.post(f"/draft/{sent.to.removeprefix('/sent/')}/take-back")
        world.weather.down, house.node.presence.of(world.link).gate = False, LinkState.OPEN
        again = await border.get(f"{page}/check")
        fields = {name: value for name, value in again.hidden.items() if name != "token"}
        sent = await border.post(f"{page}/check", **fields, **({"by": by} if by else {}))

        told = "The scan that you added before is still here"
        assert (shown.says(told), again.says(told)) == (False, True)
        assert sent.to.startswith("/sent/"), sent.words
        asked = {"id": sent.to.removeprefix("/sent/"), "officer": "P-0001"}
        document = (await house.commands("message.show", asked))["document"]
        types = [one["type"] for one in document["header"]["attachments"]]
        assert types == (["handover_minutes_scan"] if by else [])

    play_handover(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "signed_in", "taken"),
    [
        ("/form/x/files", True, True),
        ("/form/x/list", True, True),
        ("/form/x/files", False, False),
        ("/form/x/send", True, False),
        ("/search", True, False),
        ("/nothing", True, False),
    ],
    ids=["files", "list", "a stranger", "another page of the form", "another page", "no page"],
)
def test_a_form_that_brings_a_file_is_read_only_where_one_is_taken_and_of_who_is_signed_in(
    tmp_path: Path, path: str, signed_in: bool, taken: bool
) -> None:
    async def story(writer: Writer) -> None:
        token = writer.visitor.token if signed_in else "A" * 43
        asked = Asked("POST", path, "10.0.0.7", token)

        assert await StaffDoor(writer.house)._takes_file(asked) is taken

    play(tmp_path, story)
