# SPDX-License-Identifier: Apache-2.0
"""A handover is proposed with what the decision asks for in view, and answered with the proposal in view."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.forms import forms_of, open_form
from exchange.service.rows import Direction, OfficerRow
from tests.journeys.test_handover_desk import proposed
from tests.support.notices import NAMES, small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import KH, OFFICER, START, VN, World

INSIDE = {"window_from": "21 13:00", "window_to": "21 15:00", "go_no_go_at": "20 12:00"}
"""Days of October 2027 in the period of the notice, with more than a day before them."""
OUTSIDE = {"window_from": "14 13:00", "window_to": "14 15:00", "go_no_go_at": "13 12:00"}
TODAY = {"window_from": "4 13:00", "window_to": "4 15:00", "go_no_go_at": "4 12:00"}
STOPS = {"f-ours": "P-0001", "f-theirs": "P-0002"}
PERIOD = "outside_period-2027-10-20-2027-10-24"
"""The doubt about the period of the notice, as it is ticked."""
_OPTIONS = re.compile(r'<(?:option|input [^>]*type="(?:radio|checkbox)") ?[^>]*value="([^"]*)"')


def moment(text: str) -> dict[str, str]:
    day, time = text.split()
    return {"f_d": day, "f_m": "10", "f_y": "2027", "f_t": time}


def answers(window: dict[str, str], **changes: dict[str, str]) -> dict[str, dict[str, str]]:
    said = {
        "checkpoint": {"f": "KH-VN-BAVET"},
        "alternative": {"f": "KH-VN-PREYVOR"},
        "place_detail": {"f": "road gate"},
        "transport": {"f": "bus"},
        "record_form": {"f": "electronic"},
        "stop_officers": STOPS,
    }
    return {**said, **{name: moment(text) for name, text in window.items()}, **changes}


def window_of(window: dict[str, str]) -> dict[str, str]:
    """Return a window as a file of a message says it."""
    parts = {name: text.split() for name, text in window.items()}
    return {name: f"2027-10-{day:0>2}T{time}+07:00" for name, (day, time) in parts.items()}


@dataclass
class Desk:
    """An officer of each side, and what the partner has decided on a notice."""

    kh: Visitor
    vn: Visitor
    desks: Desks
    house: House
    cases: list[str]
    decision: str

    async def begin(self) -> str:
        await self.kh.get("/write")
        begun = await self.kh.post("/write", type="HPR", after=self.decision, case=tuple(self.cases))
        assert begun.status == 303, begun.words
        return begun.to

    async def answer(self, form: str, said: dict[str, dict[str, str]], *, at: str = "") -> Shown:
        """Answer what is asked until everything is, or until the question `at`; return that page."""
        return await _answer(self.kh, form, said, at=at)

    async def send(self, form: str, *sure: str) -> Shown:
        version = (await self.kh.get(f"{form}/check")).hidden["version"]
        return await self.kh.post(f"{form}/send", version=version, sure=sure)

    async def sent(self) -> int:
        rows = await self.house.node.store.read(
            lambda uow: uow.messages.list(direction=Direction.OUT, limit=100)
        )
        return sum(row.type == "HPR" for row in rows)


async def _answer(visitor: Visitor, form: str, said: dict[str, dict[str, str]], *, at: str = "") -> Shown:
    while not (step := (await visitor.get(form)).to).endswith("/check"):
        shown, name = await visitor.get(step), step.rpartition("/")[2]
        if name == at:
            return shown
        taken = await visitor.post(step, version=shown.hidden["version"], back="", **said.get(name, {}))
        assert taken.status == 303, taken.words
    return await visitor.get(step)


def play(folder: Path, story: Callable[[Desk], Awaitable[None]], *, conditions: tuple[str, ...] = ()) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        houses = [await open_house(agency, folder) for agency in (world.kh, world.vn)]
        officers = [Visitor(house) for house in houses]
        for house, officer in zip(houses, officers, strict=True):
            await give_account(house, OFFICER, "officer")
            await officer.sign_in(OFFICER)
        notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN", 2)))
        outcome = "accepted_with_conditions" if conditions else "accepted"
        said: dict[str, Any] = {"outcome": outcome, "valid_until": "2027-12-20"}
        said |= {"conditions": list(conditions)} if conditions else {}
        decision = await desks.sent(await desks.vn("message.answer", id=notice, **said))
        shown = await desks.vn("message.show", id=notice)
        cases = list(shown["document"]["header"]["case_codes"])
        await story(Desk(*officers, desks, houses[0], cases, decision))

    World(seed=11).run(opened)


def options(shown: Shown) -> list[str]:
    return [value for value in _OPTIONS.findall(shown.text) if value]


# --- the crossing


def test_the_crossing_is_asked_first_and_shows_the_one_of_the_notice(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        first = (await desk.kh.get(form)).to
        shown = await desk.kh.get(first)

        assert first.endswith("/content/0/checkpoint")
        assert '<option value="KH-VN-BAVET" selected>' in shown.text
        assert not shown.says("Accepted under conditions")

    play(tmp_path, story)


def test_a_crossing_that_the_decision_does_not_want_is_not_filled_in(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        shown = await desk.kh.get((await desk.kh.get(form)).to)
        case = await desk.kh.get(f"/case/{desk.cases[0]}")

        assert "selected" not in shown.text.replace("choose", "")
        assert shown.says("Accepted under conditions: Another crossing (2 of 2 persons)")
        assert case.says("Accepted under conditions: Another crossing")

    play(tmp_path, story, conditions=("other_checkpoint",))


def test_only_crossings_that_can_fit_are_offered_those_of_both_countries_first(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()

        found = options(await desk.kh.get((await desk.kh.get(form)).to))

        between = [code for code in found if code.startswith("KH-VN-")]
        assert found[: len(between)] == between
        assert found[-1] == "OTHER"
        assert [code for code in found if code.startswith(("KH-TH", "KH-LA", "KH-AIR"))] == []

    play(tmp_path, story)


def test_a_proposal_is_not_ready_while_nobody_has_chosen_the_crossing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()

        shown = await desk.kh.get(f"{form}/check")

        assert shown.says("Enter: Crossing")
        assert not shown.says("Discard Send")

    play(tmp_path, story)


@pytest.mark.parametrize("crossing", ["", "KH-TH-POIPET", "KH-AIR-PNH", "NOWHERE"])
def test_a_crossing_that_leads_elsewhere_is_not_taken(tmp_path: Path, crossing: str) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        step = (await desk.kh.get(form)).to
        version = (await desk.kh.get(step)).hidden["version"]

        taken = await desk.kh.post(step, version=version, back="", f=crossing)
        kept = await desk.kh.get(f"{form}/check")

        assert (taken.status, kept.says("Enter: Crossing")) == (400 if crossing else 303, True)

    play(tmp_path, story)


@pytest.mark.parametrize("type_code", ["RPN", "AMD"])
def test_a_notice_and_an_amendment_offer_the_same_crossings(tmp_path: Path, type_code: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.kh.get("/write")
        if type_code == "RPN":
            form = (await desk.kh.post("/write", type="RPN", partner="")).to
            shown = await desk.kh.get(f"{form}/content/0/proposed_checkpoint")
        else:
            case = tuple(desk.cases)
            form = (await desk.kh.post("/write", type="AMD", after=desk.decision, case=case)).to
            shown = await desk.kh.get(f"{form}/content/0/changes?at=/proposed_checkpoint")

        found = options(shown)

        assert found[0].startswith("KH-VN-"), shown.words
        assert [code for code in found if code.startswith(("KH-TH", "KH-LA"))] == []

    play(tmp_path, story)


# --- officers


async def _told(desks: Desks) -> None:
    officer = {"number": "P-0002", "name": "TRAN Van Duty", "functions": ["central_authority"]}
    entry = {"agency": "VN-MPS-IMM", "officer": officer, "valid_from": "2027-01-01"}
    await desks.sent(await desks.vn("message.send", document={"type": "DIR", "entry": entry}))


def test_who_may_stop_it_is_chosen_from_the_officers_of_both_sides(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await _told(desk.desks)
        inside = OfficerRow(OfficerNumber("P-0050"), "Auditor", KH, ("audit",), START, None)
        ended = OfficerRow(OfficerNumber("P-0051"), "Gone", KH, ("central_authority",), START, START)
        for row in (inside, ended):
            await desk.house.node.store.write(lambda uow, row=row: uow.officers.add(row))  # type: ignore[misc]
        form = await desk.begin()

        shown = await desk.answer(form, answers(INSIDE), at="stop_officers")
        await desk.answer(form, answers(INSIDE))
        (begun, *_) = await forms_of(desk.house.node, OFFICER)
        kept = await open_form(desk.house.node, begun.id, OFFICER)

        assert {"P-0001", BORDER, "P-0002"} <= set(options(shown))
        assert not {"P-0050", "P-0051"} & set(options(shown))
        assert shown.says("P-0002 TRAN Van Duty")
        assert not shown.says("has not told its officers")
        stops = [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-0002"}]
        assert kept.given["content"]["stop_officers"] == stops

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("told", "said", "words"),
    [
        (True, {"f-ours": "P-9999"}, "Officer of your side: choose one of the list"),
        (True, {"f-theirs": "P-9999"}, "Officer of the partner: choose one of the list"),
        (False, {"f-ours": "P-9999"}, "Officer of your side: choose one of the list"),
        (False, {"f-ours": ""}, "Enter: Officer of your side"),
        (False, {"f-theirs": ""}, "Enter: Officer of the partner"),
    ],
    ids=["not ours", "not theirs", "not ours, theirs not known", "ours missing", "theirs missing"],
)
def test_an_officer_who_does_not_exist_is_not_taken(
    tmp_path: Path, told: bool, said: dict[str, str], words: str
) -> None:
    async def story(desk: Desk) -> None:
        if told:
            await _told(desk.desks)
        form = await desk.begin()
        shown = await desk.answer(form, answers(INSIDE), at="stop_officers")

        step = f"{form}/content/0/stop_officers"
        taken = await desk.kh.post(step, version=shown.hidden["version"], back="", **{**STOPS, **said})

        assert shown.says("The partner has not told its officers here") is not told
        assert (taken.status, taken.words.count(words)) == (400, 2), taken.words

    play(tmp_path, story)


# --- doubts


@pytest.mark.parametrize(
    ("window", "kinds", "words"),
    [
        (INSIDE, (), ""),
        (
            OUTSIDE,
            (PERIOD,),
            "outside the period of the notice, 20 October 2027 to 24",
        ),
        (
            TODAY,
            (PERIOD, "short_notice"),
            "sooner than agreed: the list of persons had to be",
        ),
    ],
    ids=["as announced", "before the period", "in four hours"],
)
def test_a_window_that_nobody_expects_is_proposed_in_so_many_words_only(
    tmp_path: Path, window: dict[str, str], kinds: tuple[str, ...], words: str
) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        whole = await desk.answer(form, answers(window))
        refused = [await desk.send(form, *kinds[:number]) for number in range(len(kinds))]
        none_yet = await desk.sent()

        sent = await desk.send(form, *kinds)

        assert whole.says(words)
        assert tuple(re.findall(r'name="sure" type="checkbox" value="([a-z0-9_-]+)"', whole.text)) == kinds
        assert [shown.status for shown in refused] == [400] * len(kinds)
        assert all(shown.says("Tick each of them, or change the proposal") for shown in refused)
        assert none_yet == 0
        assert sent.to.startswith("/sent/"), sent.words
        assert await desk.sent() == 1
        told = [row.result for row in await acts(desk.house) if row.act == "doubts_ticked"]
        assert told == ([",".join(kinds).replace(PERIOD, "outside_period")] if kinds else [])

    play(tmp_path, story)


def test_ticks_on_a_page_that_is_stale_are_not_recorded(tmp_path: Path) -> None:
    """Only what was sent was ticked."""

    async def story(desk: Desk) -> None:
        form = await desk.begin()
        whole = await desk.answer(form, answers(OUTSIDE))
        stale = str(int(whole.hidden["version"]) - 1)

        refused = await desk.kh.post(f"{form}/send", version=stale, sure=(PERIOD,))

        assert (refused.status, await desk.sent()) == (409, 0)
        assert "doubts_ticked" not in [row.act for row in await acts(desk.house)]

    play(tmp_path, story)


def test_one_tick_does_not_answer_for_the_period_of_another_notice(tmp_path: Path) -> None:
    """Persons of two notices travel together, and the window lies outside both periods."""

    async def story(desk: Desk) -> None:
        later = small_notice("VN", 1) | {"proposed_from": "2027-11-01", "proposed_to": "2027-11-05"}
        notice = await desk.desks.sent(await desk.desks.kh("message.send", document=later))
        said = {"outcome": "accepted", "valid_until": "2027-12-20"}
        await desk.desks.sent(await desk.desks.vn("message.answer", id=notice, **said))
        (case,) = (await desk.desks.kh("message.show", id=notice))["document"]["header"]["case_codes"]
        desk.cases.append(case)
        form = await desk.begin()
        whole = await desk.answer(form, answers(OUTSIDE))
        ticks = re.findall(r'name="sure" type="checkbox" value="([^"]+)"', whole.text)

        one, both = await desk.send(form, ticks[0]), await desk.send(form, *ticks)

        assert len(set(ticks)) == 2, ticks
        assert (one.status, both.status) == (400, 303), both.words

    play(tmp_path, story)


def test_the_crossing_of_the_notice_is_proposed_again_in_so_many_words_only(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        await desk.answer(form, answers(INSIDE))

        refused, sent = await desk.send(form), await desk.send(form, "same_crossing")

        assert (refused.status, sent.status) == (400, 303)
        assert refused.says("The decision asks for another crossing than Bavet / Moc Bai")

    play(tmp_path, story, conditions=("other_checkpoint",))


def test_another_crossing_as_the_decision_asks_leaves_no_doubt(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin()
        await desk.answer(form, answers(INSIDE, checkpoint={"f": "KH-VN-PREYVOR"}))

        sent = await desk.send(form)

        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story, conditions=("other_checkpoint",))


# --- the answer


async def _responding(desk: Desk) -> str:
    """Let the host side propose a handover for today; return the form of the answer."""
    escorts = [{"side": "host", "role": "social_worker", "number": 1}]
    number, _ = await proposed(desk.desks, desk.cases, escorts=escorts)
    await desk.vn.get(f"/message/{number}/answer")
    begun = await desk.vn.post("/write", type="HRP", after=number)
    assert begun.status == 303, begun.words
    return begun.to


CONFIRMED = {"response": {"f": "confirm"}, "receiving_officers": {"f": BORDER}}
ALL_OF_IT = (
    "Bavet / Moc Bai",
    "Mon 4 Oct 2027, 13:00 – 15:00",
    "reception hall",
    "Prey Vor / Binh Hiep",
    "NGUYEN Thi Mai",
    "TRAN Van Binh",
    "Social worker",
    "Bus",
    "P-0001",
    "P-0002",
    "outside the period of the notice",
    "sooner than agreed",
)


def test_who_confirms_sees_the_whole_proposal_and_the_same_doubts(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await _responding(desk)

        question = await desk.vn.get((await desk.vn.get(form)).to)
        whole = await _answer(
            desk.vn, form, {"response": {"f": "confirm"}, "receiving_officers": {"f": BORDER}}
        )
        sent = await desk.vn.post(f"{form}/send", version=whole.hidden["version"])

        for page in (question, whole):
            assert [words for words in ALL_OF_IT if not page.says(words)] == []
        assert question.text.index("NGUYEN Thi Mai") < question.text.index(
            '<form method="post" action="/form'
        )
        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("changed", "demanded"),
    [
        ({"f-place_detail": "the new hall"}, False),
        ({f"f-window_from_{part[2:]}": value for part, value in moment("4 14:00").items()}, True),
        ({"f-checkpoint": "KH-VN-PREYVOR"}, True),
    ],
    ids=["another place at the crossing", "another time", "another crossing"],
)
def test_who_changes_time_or_crossing_answers_for_the_doubts(
    tmp_path: Path, changed: dict[str, str], demanded: bool
) -> None:
    async def story(desk: Desk) -> None:
        form = await _responding(desk)
        answers = {"response": {"f": "counter"}, "changes": changed, "reasons": {"f": "the gate opens later"}}
        version = (await _answer(desk.vn, form, answers)).hidden["version"]

        first = await desk.vn.post(f"{form}/send", version=version)
        sure = (PERIOD, "short_notice")
        sent = await desk.vn.post(f"{form}/send", version=version, sure=sure) if demanded else first

        assert first.status == (400 if demanded else 303), first.words
        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story)


@pytest.mark.parametrize("day", ["14", "21"], ids=["outside the period", "inside"])
def test_who_amends_the_time_answers_for_the_doubts(tmp_path: Path, day: str) -> None:
    async def story(desk: Desk) -> None:
        number, _ = await proposed(desk.desks, desk.cases, **window_of(INSIDE))
        await desk.kh.get("/write")
        case = tuple(desk.cases)
        form = (await desk.kh.post("/write", type="AMD", after=number, case=case)).to
        target = await desk.kh.get(f"{form}/content/0/target")
        said = {"version": target.hidden["version"], "back": "", "f": number}
        await desk.kh.post(f"{form}/content/0/target", **said)
        step = f"{form}/content/0/changes"
        changes = ("window_from", f"{day} 13:30"), ("window_to", f"{day} 15:30"), ("go_no_go_at", "13 12:00")
        for name, text in changes:
            hidden = (await desk.kh.get(f"{step}?at=/{name}")).hidden
            hidden.pop("token")
            taken = await desk.kh.post(step, **{**hidden, **moment(text)})
            assert taken.status == 303, taken.words
        others = {"reason": {"f": "the road is closed"}, "purpose": {"f": "handover"}}
        await _answer(desk.kh, form, others)
        version = (await desk.kh.get(f"{form}/check")).hidden["version"]

        first = await desk.kh.post(f"{form}/send", version=version)
        doubted = day == "14"
        sent = await desk.kh.post(f"{form}/send", version=version, sure=PERIOD) if doubted else first

        assert first.status == (400 if doubted else 303), first.words
        assert sent.to.startswith("/sent/"), sent.words

    play(tmp_path, story)


def test_it_is_recorded_that_the_persons_were_shown(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await _responding(desk)
        before = [row for row in await acts(desk.vn.house) if row.act == "sheet_opened"]

        await desk.vn.get((await desk.vn.get(form)).to)

        after = [row.actor for row in await acts(desk.vn.house) if row.act == "sheet_opened"]
        assert (before, after) == ([], [OFFICER])

    play(tmp_path, story)


@pytest.mark.parametrize("signer", ["P-8888", "P-0050", "<script>"])
def test_who_will_sign_is_an_own_officer_at_the_border(tmp_path: Path, signer: str) -> None:
    async def story(desk: Desk) -> None:
        inside = OfficerRow(OfficerNumber("P-0050"), "Inside", VN, ("reception",), START, None)
        await desk.vn.house.node.store.write(lambda uow: uow.officers.add(inside))
        form = await _responding(desk)
        shown = await _answer(desk.vn, form, {"response": {"f": "confirm"}}, at="receiving_officers")
        step = f"{form}/content/0/receiving_officers"

        taken = await desk.vn.post(step, version=shown.hidden["version"], back="", f=signer)

        assert BORDER in options(shown)
        assert (taken.status, taken.says("Who will sign: choose one of the list")) == (400, True)

    play(tmp_path, story)


def test_a_proposal_with_an_officer_of_ours_who_is_not_there_is_not_confirmed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        stops = [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-9999"}]
        number, movement = await proposed(desk.desks, desk.cases, stop_officers=stops)
        await desk.vn.get(f"/message/{number}/answer")
        form = (await desk.vn.post("/write", type="HRP", after=number)).to

        whole = await _answer(desk.vn, form, CONFIRMED)
        sheet = await desk.vn.get(f"/handover/{movement}")

        assert whole.says("No officer of your side has this number now")
        assert whole.says("no officer of this number is in your directory")
        assert sheet.says("no officer of this number is in your directory")

    play(tmp_path, story)


def test_who_proposes_reads_who_travels_and_not_only_codes(tmp_path: Path) -> None:
    """Beside each question while they are few, and before sending in the list itself."""

    async def story(desk: Desk) -> None:
        form = await desk.begin()
        asked = await desk.kh.get((await desk.kh.get(form)).to)
        whole = await desk.answer(form, answers(INSIDE))

        who = [(NAMES[at], code) for at, code in enumerate(desk.cases)]
        assert all(asked.says(f"{name} Female, born 14 May 2003 {code}") for name, code in who), asked.words
        assert all(whole.says(f"{name} , Female, born 14 May 2003 {code}") for name, code in who), whole.words
        opened = [row.object for row in await acts(desk.house) if row.result == "form"]
        assert set(opened) == {desk.decision}

    play(tmp_path, story)
