# SPDX-License-Identifier: Apache-2.0
"""Plays a scenario of the domain reference over two real nodes, and compares both with it after each step.

    tally = Journey(scenario).play()

1. Each step becomes real messages, released by the right side and delivered; the clocks stand at the time
   of the step (`World` does not wait for weeks: both clocks are set, and each node is told that it is right).
2. After each step the state of every person and movement seen so far is compared on both nodes, with the
   rows taken silently before it.
3. Each entry of `reject` is tried at its place: the own node must stop it with the code; then it is sent
   all the same (`careless`), and the recipient must refuse it with the code. Nothing may have changed.
   What a person decides is counted. What crosses on the line is sent before the other message arrives.
4. An entry that rests on other circumstances, or on a day after the next step, is tried in a world of its
   own that goes as far as its place ("aside").
5. A start other than `presumed` is reached by the messages that lead there (`prologue_of`).
6. A case with sides of its own is played on the link of these sides.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from exchange.errors import InputError
from exchange.ids import AgencyCode, CaseCode
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.codelists import codelist
from exchange.messages.media import Carried
from exchange.messages.release_questions import release_questions
from exchange.protocol.parts import Document
from exchange.service.rows import Direction, MessageRow, MessageState
from exchange.service.void import give_up
from tests.support.careless import next_envelope_key, send, send_anyway
from tests.support.handover_story import moment, number_of, text
from tests.support.journey_prologues import prologue_of
from tests.support.journey_stage import Raw, Route, Stage, Tally, WrongTurnError, demand_agreement
from tests.support.pictures import pdf
from tests.support.world import OFFICER, Agency, World

__all__ = ["Journey", "Stage", "Tally", "WrongTurnError", "demand_agreement"]

FOUND_EARLIER = {(1, "TRS for a case without TRQ"): "reference_unknown"}
"""Rejections whose fault an earlier check finds: an answer names its request, so one without a request has
no good reference, and references come before states. The tables alone give the code of the scenario."""
ASKED_WITH: dict[str, Raw] = {
    "HRC": {"fields": {"signature": "first"}},
    "DRS": {"fields": {"explanation": "corrected in our table", "settled": True}, "answers": 3},
}
"""What a message of a rejection needs to be written at all."""
HARMLESS = "identity_document_copy"
"""How a paper travels that is no kind of attachment itself."""
SEEN_BY_THE_HOST_ALONE = {
    (5, "HPR to a crossing of a third state without an accepted TRD"),
}
"""Rejections that rest on the decision of a third state, which only the node of the host side has."""


class Journey:
    """One scenario over one link."""

    def __init__(self, scenario: Raw, *, aside: Raw | None = None, is_part: bool = False) -> None:
        self.scenario, self.aside, self.is_part = scenario, aside, is_part
        self.rejected = [raw for one in scenario["reject"] for raw in _of_link(scenario, one)]
        own = [raw for one in scenario["steps"] for raw in _of_link(scenario, one)]
        self.steps = [*prologue_of(scenario, own), *(_altered(raw, aside) for raw in own)]
        self.stage = Stage(scenario, self.steps)
        self.tally = Tally()
        self.later: list[Raw] = []
        """Rejections to be tried aside."""

    def play(self) -> Tally:
        """Play the scenario with everything that belongs to it."""
        self.stage.world.run(self._story, limit_s=10 * 86_400)
        if self.aside is None:
            for raw in self.later:
                journey = Journey(self.scenario, aside=raw, is_part=self.is_part)
                self.tally.add(journey.play())
            for other in () if self.is_part else _other_links(self.scenario):
                elsewhere = Journey(other, is_part=True).play()
                elsewhere.steps = sum(_is_elsewhere(self.scenario, raw) for raw in other["steps"])
                self.tally.add(elsewhere)
        return self.tally

    async def _story(self, world: World) -> None:
        await self.stage.open()
        if self.aside is None:
            await self._rejections(0)
        for raw in self.steps:
            await self._step(raw)
            if self.aside is None:
                await self._rejections(raw["n"])
            elif isinstance(raw["n"], int) and raw["n"] <= self.aside["after_step"] < self._next(raw["n"]):
                await self._reject(self.aside)
                break
        await demand_agreement(self.stage)

    # Steps

    async def _step(self, raw: Raw) -> None:
        stage, route = self.stage, self.stage.route(raw)
        stage.lapse(moment(raw))
        crossing = next((one for one in self.rejected if _crosses(one, raw)), None)
        if crossing is not None:
            stage.world.weather.down = True
        sent = await self._send_all(raw, route)
        if crossing is not None:
            await self._cross(crossing)
        for row in await stage.judged(route.here, sent):
            if row.state is not MessageState.ACCEPTED:
                raise WrongTurnError(f"step {raw['n']}: {row.type} {row.state} {row.code}")
        if self.aside is None:
            await self._look(raw, sent)

    async def _send_all(self, raw: Raw, route: Route) -> list[MessageRow]:
        sent = []
        for document in self.stage.writer.documents(raw, route.here.node):
            row = await self._released(raw, route, document)
            sent.append(row)
            self.stage.writer.remember(raw, document, id=row.id, pc=row.commitment)
        return sent

    async def _released(self, raw: Raw, route: Route, document: Document) -> MessageRow:
        document, parts = _enclosed(document, raw.get("fields", {}).get("attachments", ()))
        try:
            return await send(route.here, document, link=route.link, attachments=parts)
        except InputError as error:
            raise WrongTurnError(f"step {raw['n']}: {raw['message']}: {error} {error.faults}") from error

    async def _look(self, raw: Raw, sent: list[MessageRow]) -> None:
        stage = self.stage
        stage.expect(raw)
        self.tally.states += await stage.compare(f"step {raw['n']}")
        await self._look_at_implied(raw, sent)
        if isinstance(raw["n"], int):
            self.tally.steps += 1
        self.tally.messages += len(sent)

    async def _look_at_implied(self, raw: Raw, sent: list[MessageRow]) -> None:
        cast, link = self.stage.cast, self.stage.world.link
        wanted = {
            code: tuple(rows) for key, rows in raw.get("implied", {}).items() for code in cast.codes([key])
        }
        ids = {row.id for row in sent}
        for agency in self.stage.world.agencies:
            found: dict[str, tuple[str, ...]] = {}
            for code in cast.codes(list(raw["persons"])):
                events = await agency.store.read(
                    lambda uow, code=code: uow.cases.events(link, CaseCode(code))
                )
                rows = [event.implied for event in events if event.message in ids and event.implied]
                found |= {code: rows[0]} if rows else {}
            if found != wanted and isinstance(raw["n"], int):
                raise WrongTurnError(f"step {raw['n']}: rows taken silently at {agency.code}: {found}")

    async def _cross(self, raw: Raw) -> None:
        """Let a message of the other side cross on the line: provisional there until the keeper's verdict."""
        stage, agency = self.stage, self.stage.agency(raw["from"])
        (document,) = stage.writer.documents({"at": text(stage.now()), "n": "crossing", **raw}, agency.node)
        row = await send(agency, document)
        provisional = (await stage.states(agency)).values()
        if not any(waits for _, waits in provisional):
            raise WrongTurnError(f"{raw['what']}: nothing is shown as provisional")
        stage.world.weather.down = False
        (row,) = await stage.judged(agency, [row])
        self._demand(raw, "recipient", row.code)
        self.tally.recipient += 1
        self.tally.notes.append(f"{raw['code']}: it crossed on the line, so the own node let it go")

    # Rejections

    async def _rejections(self, after: Any) -> None:
        if not isinstance(after, int):
            return
        place = [
            raw
            for raw in self.rejected
            if after <= raw["after_step"] < self._next(after) and "provisional" not in raw
        ]
        for raw in sorted(place, key=lambda one: one.get("at", "")):
            if raw["decided_by"] == "person":
                self._ask(raw)
            elif _needs_other_circumstances(raw) or self._is_too_late(raw, after):
                self.later.append(raw)
            else:
                await self._reject(raw)

    def _next(self, after: int) -> int:
        """Return the number of the next step on this link; what belongs between is tried before it."""
        numbers = (raw["n"] for raw in self.steps if isinstance(raw["n"], int))
        return min((number for number in numbers if number > after), default=1_000)

    def _ask(self, raw: Raw) -> None:
        """A person decides: the release page asks a question whose no has the code of the scenario."""
        raw = {"at": text(self.stage.now()), "n": "asked", **raw, **ASKED_WITH.get(raw["message"], {})}
        document: Any = self.stage.writer.documents(raw, self.stage.agency(raw["from"]).node)[0]
        if "attach" in raw["what"].lower():
            document, _ = _enclosed(document, ["other"])
        else:
            document["header"]["remark"] = "with baby"
        codes = {question.code for question in release_questions(document)}
        if raw["code"] not in codes:
            raise WrongTurnError(f"{raw['what']}: nobody is asked, {codes}")
        self.tally.persons += 1

    def _is_too_late(self, raw: Raw, after: int) -> bool:
        following = [step for step in self.steps if isinstance(step["n"], int) and step["n"] > after]
        return "at" in raw and bool(following) and moment(raw) > moment(following[0])

    async def _reject(self, raw: Raw) -> None:
        raw = {**raw, "from": raw.get("side_is", raw["from"])}
        stage, agency = self.stage, self.stage.route(raw).here
        if "at" in raw:
            stage.lapse(moment(raw))
        raw = {"at": text(stage.now()), "n": "rejected", **raw}
        before = await self._all_states()
        if raw["check"] == "protocol":
            await self._under_a_retired_key(raw, agency)
        elif "recipient" in raw:
            await self._to_another(raw, agency)
        else:
            await self._with_a_fault(raw, agency)
        if await self._all_states() != before:
            raise WrongTurnError(f"{raw['what']}: a state changed")

    async def _all_states(self) -> list[dict[str, tuple[str, int]]]:
        return [await self.stage.states(agency) for agency in self.stage.world.agencies]

    async def _with_a_fault(self, raw: Raw, agency: Agency) -> None:
        document, parts = _enclosed(self._spoiled(raw, agency), raw.get("attachments", ()))
        route = self.stage.route(raw)
        before = await self._numbers(agency)
        try:
            await send(agency, document, link=route.link, attachments=parts)
        except InputError as error:
            code = error.faults[0].code if error.faults else ""
        else:
            code = "released"
        self._demand(raw, "own node", code)
        if await self._numbers(agency) != before:
            raise WrongTurnError(f"{raw['what']}: the own node stored something")
        self.tally.own += 1
        if (self.scenario["id"], raw["what"]) in SEEN_BY_THE_HOST_ALONE:
            self.tally.one_end += 1
            self.tally.notes.append(f"{raw['code']}: at the host side only")
            return
        sent = await send_anyway(agency, document, link=route.link, attachments=parts)
        (row,) = await self.stage.judged(agency, [sent])
        taken = await self.stage.row(route.there, Direction.IN, row.seq, route.link)
        self._demand(
            raw, "recipient", taken.code if taken.state is MessageState.REJECTED else taken.state.value
        )
        self._demand(raw, "sender learns", row.code)
        self.tally.recipient += 1

    async def _to_another(self, raw: Raw, agency: Agency) -> None:
        """The own node has no link with an office that is no contact point; another node refuses the line."""
        try:
            self.stage.writer.documents({**raw, "to": raw["recipient"]}, agency.node)
        except InputError as error:
            self._demand(raw, "own node", error.faults[0].code)
        else:
            raise WrongTurnError(f"{raw['what']}: the own node wrote it")
        self.tally.own += 1
        document = self._spoiled(raw, agency)
        await self._refused(raw, agency, document, recipient=AgencyCode(raw["recipient"]))

    async def _under_a_retired_key(self, raw: Raw, agency: Agency) -> None:
        """A key that its own log retired; a right node has deleted it, so only the recipient can see it."""
        self.tally.notes.append(f"{raw['code']}: at the recipient only")
        await self._refused(raw, agency, self._spoiled(raw, agency), retired=next_envelope_key(agency))

    async def _refused(self, raw: Raw, agency: Agency, document: Document, **how: Any) -> None:
        """Send a line that is nobody's: no leaf of the recipient; the sender gives its number up."""
        there, link = self.stage.world.other(agency), self.stage.world.link
        sent = await send_anyway(agency, document, **how)

        async def refused() -> bool:
            return ("line_refused", raw["code"]) in there.noted.counts

        await self.stage.world.until(refused)
        if await there.store.read(lambda uow: uow.messages.by_seq(link, Direction.IN, sent.seq)):
            raise WrongTurnError(f"{raw['what']}: the recipient logged it")
        await give_up(agency.node, link, sent.seq, code="rekeyed", actor=OFFICER)

        async def voided() -> bool:
            return (await self.stage.row(agency, Direction.OUT, sent.seq)).state is MessageState.VOIDED

        await self.stage.world.until(voided)
        self.tally.recipient += 1

    def _spoiled(self, raw: Raw, agency: Agency) -> Document:
        """Return the message of a rejection with what is wrong with it."""
        document: Any = self.stage.writer.documents(raw, agency.node)[0]
        for name in raw.get("extra", ()):
            _put_in(document, name)
        for name in raw.get("missing", ()):
            _take_out(document, name)
        for person in document["persons"]:
            for name in raw.get("lacks", {}).get(self.stage.cast.key_of(person["case_code"]), ()):
                del person[name]
        if (self.scenario["id"], raw["what"]) in FOUND_EARLIER:
            document["header"]["in_reply_to"] = number_of("nowhere")
            self.tally.notes.append(f"{raw['code']}: a check before it finds the fault")
        if "clash" in raw:
            document["persons"][0]["not_to_contact"] = document["persons"][0]["whom"]
        if "bad_form" in raw:
            document["content"]["started_at"] = document["content"]["started_at"][:16]
        return document

    async def _numbers(self, agency: Agency) -> list[int]:
        return [row.next_seq for row in await agency.store.read(lambda uow: uow.links.all())]

    def _demand(self, raw: Raw, who: str, code: str) -> None:
        wanted = FOUND_EARLIER.get((self.scenario["id"], raw["what"]), raw["code"])
        if code != wanted:
            raise WrongTurnError(f"{raw['what']}: {who} says {code!r}, not {wanted!r}")


def _take_out(document: Any, name: str) -> None:
    if name == "lines":
        document["persons"] = []
    elif name in document["header"]:
        del document["header"][name]
    else:
        document["persons"][0].pop(name, None)


def _needs_other_circumstances(raw: Raw) -> bool:
    return raw["check"] == "rule" or "final_list_instead" in raw


def _altered(raw: Raw, aside: Raw | None) -> Raw:
    """Return a step as it has to be for a rejection under other circumstances."""
    if aside is None:
        return raw
    if aside["check"] == "rule" and raw["message"] == "RPN":
        return {**raw, "fields": {**raw["fields"], "funding": "not_settled"}}
    if "final_list_instead" in aside and raw["message"] == "HDP":
        return {**raw, "persons": aside["final_list_instead"], "fields": {}}
    return raw


def _put_in(document: Any, name: str) -> None:
    """Put a member that must not be there where a careless program would: case codes into the header."""
    if name == "case_codes":
        document["header"][name] = ["0000-0000-0000"]
    elif document["persons"]:
        document["persons"][0][name] = "somewhere"
    else:
        document["content"][name] = "somewhere"


def _enclosed(document: Document, kinds: Sequence[str]) -> tuple[Document, Sequence[Carried]]:
    """Return a document with a paper of each kind, also of those that are never exchanged."""
    if not kinds:
        return document, ()
    code = document["persons"][0]["case_code"]  # type: ignore[index, call-overload]
    files = [FileToAttach(pdf(), HARMLESS, case_code=str(code)) for _ in kinds]
    done = attach(document, files)
    entries: Any = done.document["header"]["attachments"]  # type: ignore[index, call-overload]
    for entry, kind in zip(entries, kinds, strict=True):
        entry["type"] = kind if codelist("attachment-types").has(kind) else HARMLESS
    return done.document, done.parts


def _crosses(rejected: Raw, raw: Raw) -> bool:
    """Return whether a rejected message was sent before this step arrived."""
    return "provisional" in rejected and rejected["after_step"] == raw["n"]


def _elsewhere(case: Raw) -> bool:
    return "host" in case or "origin" in case


def _is_elsewhere(scenario: Raw, raw: Raw) -> bool:
    """Return whether a step is about no case of the link of the scenario itself."""
    return all(_elsewhere(scenario["cases"][key]) for key in raw["persons"])


def _of_link(scenario: Raw, raw: Raw) -> Iterator[Raw]:
    """Yield a step or rejection as far as it is about cases of this link."""
    cases = scenario["cases"]
    keys = [key for key in raw["persons"] if not _elsewhere(cases[key])]
    if raw["persons"] and not keys:
        return
    after = {key: state for key, state in raw.get("after", {}).items() if not _elsewhere(cases[key])}
    yield {**raw, "persons": keys, **({"after": after} if after else {})}


def _other_links(scenario: Raw) -> Iterator[Raw]:
    """Yield what belongs to cases with sides of their own, as scenarios."""
    for key, case in scenario["cases"].items():
        if not _elsewhere(case):
            continue
        sides = {name: case.get(name, scenario[name]) for name in ("host", "origin", "profile")}
        own = {name: value for name, value in case.items() if name not in sides}
        others = {name: {**one, "host": ""} for name, one in scenario["cases"].items()}
        yield {
            **scenario,
            **sides,
            "cases": {**others, key: own},
            "steps": [raw for raw in scenario["steps"] if key in raw["persons"]],
            "reject": [raw for raw in scenario["reject"] if key in raw["persons"]],
        }
