# SPDX-License-Identifier: Apache-2.0
"""Plays a scenario of the domain reference over two real nodes, and compares both with it after each step.

    tally = Journey(scenario).play()

1. Each step becomes real messages, released by the right side and delivered; the clocks stand at the time
   of the step (`World` does not wait for weeks: both clocks are set, and each node is told that it is right).
2. After each step the state of every person and movement seen so far is compared on both nodes, with the
   rows taken silently before it.
3. Each entry of `reject` is tried at its place: the own node must stop it with the code; then it is sent
   all the same (`careless`), and the recipient must refuse it with the code. Nothing may have changed.
   What a person decides is counted.
4. An entry that rests on other circumstances, or on a day after the next step, is tried in a world of its
   own that goes as far as its place ("aside").
5. A start other than `presumed` is reached by the messages that lead there (`PROLOGUES`).
6. A case with sides of its own is played on the link of these sides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from exchange.errors import InputError
from exchange.ids import AgencyCode, CaseCode, MovementCode
from exchange.messages.catalog import message_types
from exchange.messages.codelists import codelist
from exchange.protocol.parts import Document
from exchange.protocol.profiles import profile_codes
from exchange.service.reconcile import reconcile
from exchange.service.rows import Direction, MessageRow, MessageState
from exchange.service.void import give_up
from tests.support.careless import next_envelope_key, send, send_anyway
from tests.support.checks import exchange_all, log_of, sent
from tests.support.handover_story import moment, number_of, text
from tests.support.journey_documents import Writer
from tests.support.journey_persons import Cast
from tests.support.journey_prologues import PROLOGUES
from tests.support.world import OFFICER, Agency, Pair, World

Raw = Mapping[str, Any]
DONE = {MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED}
FUNCTIONS = tuple(codelist("agency-functions").codes)
"""One officer does everything, so that only the office is judged."""
DAYS_OF_A_KEY = 90
FOUND_EARLIER = {(1, "TRS for a case without TRQ"): "reference_unknown"}
"""Rejections whose fault an earlier check finds: an answer names its request, so one without a request has
no good reference, and references come before states. The tables alone give the code of the scenario."""


class WrongTurnError(AssertionError):
    """A node did not do what the scenario says."""


@dataclass
class Tally:
    """What was played."""

    steps: int = 0
    messages: int = 0
    states: int = 0
    own: int = 0
    recipient: int = 0
    persons: int = 0
    unknown: int = 0
    """Rejections of a type that has no form yet."""
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in ("steps", "messages", "states", "own", "recipient", "persons", "unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes


def pair_of(scenario: Raw, *, start: datetime, end: datetime) -> Pair:
    """Return the link of a scenario; a profile without a file of its own is the neutral one."""
    profile = scenario["profile"] if scenario["profile"] in profile_codes() else "neutral"
    begin = (start - timedelta(days=1)).replace(microsecond=0)
    return Pair(
        one=AgencyCode(scenario["host"]),
        other=AgencyCode(scenario["origin"]),
        profile=profile,
        start=begin.astimezone(start.tzinfo),
        periods=(end - begin).days // DAYS_OF_A_KEY + 2,
        functions=FUNCTIONS,
    )


class Stage:
    """Two nodes that play: clocks, deliveries, and what both hold."""

    def __init__(self, scenario: Raw, steps: list[Raw]) -> None:
        self.cast = Cast(scenario, AgencyCode(scenario["host"]), AgencyCode(scenario["origin"]))
        self.writer = Writer(self.cast, steps)
        self.world = World(
            int(scenario["id"]), pair=pair_of(scenario, start=moment(steps[0]), end=moment(steps[-1]))
        )
        self.expected: dict[str, str] = {}

    def expect(self, raw: Raw) -> None:
        """Remember the states that a step gives."""
        for key, state in raw.get("after", {}).items():
            self.expected |= dict.fromkeys(self.cast.codes([key]), state)
        if "movement_after" in raw:
            self.expected[self.cast.movement(raw.get("movement", "M1"))] = raw["movement_after"]

    def agency(self, side: str) -> Agency:
        return self.world.kh if side == "host" else self.world.vn

    def lapse(self, to: datetime) -> None:
        """Set both clocks to a later moment; a clock never goes back."""
        for agency in self.world.agencies:
            ahead = to - agency.clock.now()
            if ahead > timedelta():
                agency.clock.jump(ahead)
                agency.node.guard.settle()

    def now(self) -> datetime:
        return max(agency.clock.now() for agency in self.world.agencies)

    async def judged(self, agency: Agency, sent: list[MessageRow]) -> list[MessageRow]:
        """Return messages of an agency once each has its verdict, or was stopped."""
        found: list[MessageRow] = []

        async def reached() -> bool:
            found[:] = [await self.row(agency, Direction.OUT, row.seq) for row in sent]
            return all(row.state in DONE or row.state is MessageState.STOPPED for row in found)

        await self.world.until(reached)
        return found

    async def row(self, agency: Agency, direction: Direction, seq: int) -> MessageRow:
        link = self.world.link
        row = await agency.store.read(lambda uow: uow.messages.by_seq(link, direction, seq))
        assert row is not None
        return row

    async def states(self, agency: Agency) -> dict[str, tuple[str, int]]:
        """Return the state of every case and movement, and how many own messages in it are provisional."""
        link = self.world.link

        def unit(uow: Any) -> dict[str, tuple[str, int]]:
            rows: list[Any] = list(uow.cases.list(link=link, limit=1_000))
            movements = {one.movement for one in self.writer.sent if one.movement}
            codes = [MovementCode(self.cast.movement(name)) for name in movements]
            rows += [row for code in codes if (row := uow.movements.get(link, code))]
            return {row.code: (row.state, row.provisional) for row in rows}

        return await agency.store.read(unit)

    async def compare(self, where: str, *, provisional: bool = False) -> int:
        """Compare everything expected with both nodes; return how many states were compared.

        At rest nothing is provisional; `provisional` allows messages that still wait for the keeper.
        """
        compared = 0
        for agency in self.world.agencies:
            states = await self.states(agency)
            found = {code: states.get(code, ("", 0)) for code in self.expected}
            if provisional:
                found = {code: (state, 0) for code, (state, _) in found.items()}
            wanted = {code: (state, 0) for code, state in self.expected.items()}
            if found != wanted:
                wrong = {code: (found[code], wanted[code]) for code in wanted if found[code] != wanted[code]}
                raise WrongTurnError(
                    f"{where}: at {agency.code} (found, expected) {list(wrong.values())[:3]}"
                )
            compared += len(wanted)
        return compared


async def demand_agreement(stage: Stage) -> None:
    """Demand at the end that every number has its verdict and both logs tell the same, to the last byte."""
    world = stage.world
    for agency in world.agencies:
        await stage.judged(agency, await sent(agency))
    for agency in world.agencies:
        await exchange_all(agency)
    for agency in world.agencies:
        if await log_of(agency, agency) != await log_of(world.other(agency), agency):
            raise WrongTurnError(f"the copy of the log of {agency.code} differs")
        found = await reconcile(agency.node, world.link)
        if not found.agrees:
            raise WrongTurnError(f"{agency.code} finds {found.differences}")
    await stage.compare("at the end")


class Journey:
    """One scenario over one link."""

    def __init__(self, scenario: Raw, *, aside: Raw | None = None) -> None:
        self.scenario, self.aside = scenario, aside
        own = [raw for raw in scenario["steps"] if _is_of(scenario, raw)]
        self.steps = [*PROLOGUES.get(scenario["id"], ()), *(_altered(raw, aside) for raw in own)]
        self.stage = Stage(scenario, self.steps)
        self.tally = Tally()
        self.later: list[Raw] = []
        """Rejections to be tried aside."""

    def play(self) -> Tally:
        """Play the scenario with everything that belongs to it."""
        self.stage.world.run(self._story, limit_s=10 * 86_400)
        if self.aside is None:
            for raw in self.later:
                journey = Journey(self.scenario, aside=raw)
                self.tally.add(journey.play())
            for other in _other_links(self.scenario):
                self.tally.add(Journey(other).play())
        return self.tally

    async def _story(self, world: World) -> None:
        await world.open()
        if self.aside is None:
            await self._rejections(0)
        for raw in self.steps:
            await self._step(raw)
            if self.aside is None:
                await self._rejections(raw["n"])
            elif raw["n"] == self.aside["after_step"]:
                await self._reject(self.aside)
                break
        await demand_agreement(self.stage)

    # Steps

    async def _step(self, raw: Raw) -> None:
        stage, agency = self.stage, self.stage.agency(raw["from"])
        stage.lapse(moment(raw))
        sent = []
        for document in stage.writer.documents(raw, agency.node):
            row = await self._released(raw, agency, document)
            sent.append(row)
            stage.writer.remember(raw, document, id=row.id, pc=row.commitment)
        for row in await stage.judged(agency, sent):
            if row.state is not MessageState.ACCEPTED:
                raise WrongTurnError(f"step {raw['n']}: {row.type} {row.state} {row.code}")
        if self.aside is None:
            await self._look(raw, sent)

    async def _released(self, raw: Raw, agency: Agency, document: Document) -> MessageRow:
        try:
            return await send(agency, document)
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

    # Rejections

    async def _rejections(self, after: Any) -> None:
        place = [
            raw for raw in self.scenario["reject"] if raw["after_step"] == after and isinstance(after, int)
        ]
        for raw in sorted(place, key=lambda one: one.get("at", "")):
            if raw["decided_by"] == "person":
                self.tally.persons += 1
            elif message_types()[raw["message"]].form is None:
                self.tally.unknown += 1
                self.tally.notes.append(f"{raw['message']} has no form yet")
            elif _needs_other_circumstances(raw) or self._is_too_late(raw, after):
                self.later.append(raw)
            else:
                await self._reject(raw)

    def _is_too_late(self, raw: Raw, after: int) -> bool:
        following = [step for step in self.steps if isinstance(step["n"], int) and step["n"] > after]
        return "at" in raw and bool(following) and moment(raw) > moment(following[0])

    async def _reject(self, raw: Raw) -> None:
        stage, agency = self.stage, self.stage.agency(raw["from"])
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
        document = self._spoiled(raw, agency)
        before = await self._numbers(agency)
        try:
            await send(agency, document)
        except InputError as error:
            code = error.faults[0].code if error.faults else ""
        else:
            code = "released"
        self._demand(raw, "own node", code)
        if await self._numbers(agency) != before:
            raise WrongTurnError(f"{raw['what']}: the own node stored something")
        self.tally.own += 1
        (row,) = await self.stage.judged(agency, [await send_anyway(agency, document)])
        there = self.stage.world.other(agency)
        taken = await self.stage.row(there, Direction.IN, row.seq)
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
            document["persons"][0][name] = "somewhere"
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

    async def _numbers(self, agency: Agency) -> int:
        link = self.stage.world.link
        row = await agency.store.read(lambda uow: uow.links.get(link))
        assert row is not None
        return row.next_seq

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


def _is_of(scenario: Raw, raw: Raw) -> bool:
    """Return True if a step is about cases of this link."""
    return all("host" not in scenario["cases"][key] for key in raw["persons"])


def _other_links(scenario: Raw) -> Iterator[Raw]:
    """Yield what belongs to cases with sides of their own, as scenarios."""
    for key, case in scenario["cases"].items():
        if "host" in case:
            sides = {name: case.get(name, scenario[name]) for name in ("host", "origin", "profile")}
            own = {name: value for name, value in case.items() if name not in sides}
            steps = [raw for raw in scenario["steps"] if key in raw["persons"]]
            yield {
                **scenario,
                **sides,
                "cases": {**scenario["cases"], key: own},
                "steps": steps,
                "reject": [],
            }
