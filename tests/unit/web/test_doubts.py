# SPDX-License-Identifier: Apache-2.0
"""Another name than before, another country than the person's: shown to both persons, never refused."""

from pathlib import Path
from typing import Any

from exchange.ids import OfficerNumber
from exchange.messages.filling import fill
from exchange.service.access import StopRow
from exchange.service.preparing import keep_prepared
from exchange.service.reading import MOST_OPENED
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.journeys.test_notice_sheet import HEADINGS, person
from tests.support.notices import notice, sources
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN
from tests.support.writers import ANSWERS, Writer, play

FOUND: dict[str, Any] = {
    "type": "IDN",
    "names": [{"full": "NGUYEN Thi Mai", "script": "Latn", "kind": "official"}],
    "sex": "F",
    "birth": {"value": "2001-05-14", "precision": "day", "basis": "self_reported", "calendar": "gregorian"},
    "nationality": [{"country": "VN"}],
    "is_child": False,
    "identification": {"status": "presumed", "on": "2027-09-06"},
    "found_on": "2027-09-05",
    "care": "temporary_shelter",
    "contact_wish": "none for now",
    "consents": [{"scope": "notify_origin", "state": "given", "giver": "person", "on": "2027-09-08"}],
}
ANOTHER = {"f-0-full": "NGUYEN Thi May"}


async def found_person(writer: Writer) -> tuple[str, str]:
    """Let the partner know of a person, and return the case and the message."""
    kh, link = writer.world.kh, writer.world.link
    document = fill(FOUND, sources(kh.node, VN)).document
    sent = await release(kh.node, link, document, officer=OFFICER)

    async def judged() -> bool:
        row = await kh.store.read(lambda uow: uow.messages.by_seq(link, Direction.OUT, sent.seq))
        assert row is not None
        return row.state is MessageState.ACCEPTED

    await writer.world.until(judged)
    return str(document["persons"][0]["case_code"]), sent.id  # type: ignore[index,call-overload]


async def notice_after(writer: Writer, case: str, message: str) -> str:
    await writer.visitor.get(f"/case/{case}")
    begun = await writer.visitor.post("/write", type="RPN", after=message, case=case)
    assert begun.status == 303, begun.words
    return begun.to.removeprefix("/form/")


async def asked_in(writer: Writer, form: str) -> list[str]:
    """Answer every question that is asked, and return their names."""
    names = []
    while not (to := (await writer.visitor.get(f"/form/{form}")).to).endswith("/check"):
        names.append(to.rpartition("/")[2])
        await writer.visitor.get(to)
        await writer.step(to, ANSWERS[names[-1]])
    return names


async def changed(writer: Writer, form: str, name: str, answer: dict[str, Any]) -> Shown:
    address = f"/form/{form}/persons/0/{name}"
    shown = await writer.visitor.get(f"{address}?back=check")
    await writer.step(address, answer)
    return shown


def test_what_is_known_of_the_person_is_filled_in(tmp_path: Path) -> None:
    """docs/guides/officer.md: what the program knows from earlier messages is not asked again."""

    async def story(writer: Writer) -> None:
        form = await notice_after(writer, *await found_person(writer))
        asked = await asked_in(writer, form)
        whole = await writer.visitor.get(f"/form/{form}/check")
        question = await writer.visitor.get(f"/form/{form}/persons/0/names")

        assert {"names", "sex", "birth", "nationality"}.isdisjoint(asked)
        assert "consents" in asked
        assert whole.says("NGUYEN Thi Mai")
        assert not whole.says("says otherwise")
        assert 'value="NGUYEN Thi Mai"' in question.text

    play(tmp_path, story)


def test_another_name_is_shown_beside_the_old_one_and_sent_all_the_same(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        case, message = await found_person(writer)
        form = await notice_after(writer, case, message)
        await asked_in(writer, form)
        await changed(writer, form, "names", ANOTHER)
        whole = await writer.visitor.get(f"/form/{form}/check")
        sent = await writer.send(form)
        await writer.visitor.follow()
        vn = await open_house(writer.world.vn, tmp_path / "vn")
        await give_account(vn, SECOND, "officer")
        partner = Visitor(vn)
        await partner.sign_in(SECOND)
        theirs = await partner.get(f"/case/{case}")

        told = whole.words.partition("An earlier message of this case says otherwise")[2]
        assert "NGUYEN Thi Mai NGUYEN Thi May" in told[:300]
        assert sent.to.startswith("/sent/"), sent.words
        assert "NGUYEN Thi Mai NGUYEN Thi May" in theirs.words.partition("Said otherwise before")[2][:300]

    play(tmp_path, story)


async def _guessed(writer: Writer, case: str) -> str:
    """Begin a notice with a list in which somebody else stands under the code of a case."""
    form = await writer.begin()
    line = {**person(7), "case": case}
    cells = [HEADINGS, [str(line.get(heading) or "") for heading in HEADINGS]]
    page = await writer.visitor.get(f"/form/{form}/list")
    text = "\n".join("\t".join(row) for row in cells) + "\n"
    taken = await writer.visitor.post(f"/form/{form}/list", list=text, version=page.hidden["version"])
    assert taken.status == 303, taken.words
    return form


async def _opened(writer: Writer, case: str) -> list[str]:
    return [row.result for row in await acts(writer.house) if (row.act, row.object) == ("case_opened", case)]


def test_what_a_case_says_otherwise_is_an_opening_of_the_case(tmp_path: Path) -> None:
    """Rule 30: the code of a case, which every list shows, must not give the name without a record."""

    async def story(writer: Writer) -> None:
        case, _ = await found_person(writer)
        before = await _opened(writer, case)
        form = await _guessed(writer, case)
        whole = await writer.visitor.get(f"/form/{form}/check")

        told = whole.words.partition("An earlier message of this case says otherwise")[2]
        assert (before, "NGUYEN Thi Mai" in told) == ([], True)
        assert await _opened(writer, case) == ["form"]

    play(tmp_path, story)


def test_what_a_case_says_otherwise_is_not_told_to_who_opened_too_much(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        case, _ = await found_person(writer)
        row = StopRow(OfficerNumber(OFFICER), writer.house.node.clock.now(), MOST_OPENED)
        await writer.house.node.store.write(lambda uow: uow.access.stop(row))
        form = await _guessed(writer, case)
        whole = await writer.visitor.get(f"/form/{form}/check")

        assert (whole.status, whole.says("NGUYEN Thi Mai")) == (200, False)
        assert await _opened(writer, case) == []

    play(tmp_path, story)


def test_what_a_case_knows_is_filled_in_for_whom_may_read_it_and_recorded(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        case, message = await found_person(writer)
        form = await notice_after(writer, case, message)
        address = f"/form/{form}/persons/0/names"
        shown = await writer.visitor.get(address)
        opened = await _opened(writer, case)
        row = StopRow(OfficerNumber(OFFICER), writer.house.node.clock.now(), MOST_OPENED)
        await writer.house.node.store.write(lambda uow: uow.access.stop(row))
        stopped = await writer.visitor.get(address)

        assert ('value="NGUYEN Thi Mai"' in shown.text, "form" in opened) == (True, True)
        assert (stopped.status, "NGUYEN Thi Mai" in stopped.text) == (200, False)

    play(tmp_path, story)


async def _stranger(writer: Writer) -> str:
    form = await writer.begin()
    await writer.answer(form, ANSWERS | {"nationality": {"f-0-country": "KH"}})
    return form


def test_a_person_of_another_country_is_sent_only_when_it_is_said_that_it_is_meant(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await _stranger(writer)
        shown = await writer.visitor.get(f"/form/{form}/check")
        refused = await writer.send(form)
        nothing = await writer.sent()
        again = await writer.visitor.get(f"/form/{form}/check")
        version = again.hidden["version"]
        sent = await writer.visitor.post(f"/form/{form}/send", version=version, elsewhere="yes")

        assert shown.says("Person 1 is a national of: Cambodia. This message goes to Vietnam.")
        assert (refused.status, 'href="#elsewhere"' in refused.text, nothing) == (400, True, [])
        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story)


def test_the_second_person_has_to_say_so_as_well(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        document: Any = notice(writer.world.kh.node, VN, persons=1)
        document["persons"][0]["nationality"][0]["country"] = "KH"
        (id,) = await keep_prepared(writer.house.node, writer.world.link, [document], OFFICER)
        second = Visitor(writer.house)
        await second.sign_in(SECOND)
        fields = {"digest": (await second.get(f"/draft/{id}")).hidden["digest"], "looked": "yes"}

        refused = await second.post(f"/draft/{id}/release", **fields)
        nothing = await writer.sent()
        sent = await second.post(f"/draft/{id}/release", **fields, elsewhere="yes")

        assert (refused.status, 'href="#elsewhere"' in refused.text, nothing) == (400, True, [])
        assert refused.text.count('value="yes" checked') == 1
        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story)


def test_a_person_of_the_country_is_not_asked_about(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)

        shown = await writer.visitor.get(f"/form/{form}/check")

        assert 'name="elsewhere"' not in shown.text

    play(tmp_path, story)
