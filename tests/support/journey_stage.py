# SPDX-License-Identifier: Apache-2.0
"""The stage of a journey: two real nodes, their clocks and deliveries, and what both hold.

A scenario may have a third state that lets a group pass; its node has a link with the host side alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from exchange.ids import AgencyCode, LinkId, MovementCode
from exchange.ledger.differences import Difference, DifferenceKind
from exchange.messages.codelists import checkpoints, codelist
from exchange.protocol.profiles import profile_codes
from exchange.service.reconcile import reconcile
from exchange.service.rows import Direction, LinkState, MessageRow, MessageState
from tests.support.checks import exchange_all, log_of, sent
from tests.support.handover_story import moment
from tests.support.journey_documents import Writer
from tests.support.journey_persons import Cast
from tests.support.world import Agency, Pair, World

Raw = Mapping[str, Any]
DONE = {MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED}
FUNCTIONS = tuple(codelist("agency-functions").codes)
"""One officer does everything, so that only the office is judged."""
DAYS_OF_A_KEY = 90
OF_TRANSIT = frozenset({"TRA", "TRD"})


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
    one_end: int = 0
    """Rejections that rest on what only the own node knows; the recipient cannot see the fault."""
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in ("steps", "messages", "states", "own", "recipient", "persons", "one_end"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes


def pair_of(scenario: Raw, *, start: datetime, end: datetime) -> Pair:
    """Return the link of a scenario; a profile without a file of its own is the neutral one."""
    profile = scenario["profile"] if scenario["profile"] in profile_codes() else "neutral"
    begin = (start - timedelta(days=1)).replace(microsecond=0)
    third = scenario.get("transit")
    return Pair(
        one=AgencyCode(scenario["host"]),
        other=AgencyCode(scenario["origin"]),
        profile=profile,
        start=begin.astimezone(start.tzinfo),
        periods=(end - begin).days // DAYS_OF_A_KEY + 2,
        functions=FUNCTIONS,
        more_crossings=_of_third_states(scenario) if third else (),
        third=AgencyCode(third) if third else None,
    )


def _of_third_states(scenario: Raw) -> tuple[str, ...]:
    """Return the crossings of the scenario that connect the origin side with the third state.

    The two sides have agreed on them; a decision of the third state is needed for each movement.
    """
    sides = {scenario["origin"][:2], scenario["transit"][:2]}
    named = {raw.get("fields", {}).get("checkpoint") for raw in scenario["steps"]}
    return tuple(
        code for code, one in sorted(checkpoints().items()) if code in named and one.countries == sides
    )


@dataclass(frozen=True)
class Route:
    """Who sends, who receives, and on which link."""

    here: Agency
    there: Agency
    link: LinkId


class Stage:
    """Two nodes that play: clocks, deliveries, and what both hold."""

    def __init__(self, scenario: Raw, steps: list[Raw]) -> None:
        self.scenario = scenario
        self.cast = Cast(scenario, AgencyCode(scenario["host"]), AgencyCode(scenario["origin"]))
        self.writer = Writer(self.cast, steps)
        self.world = World(
            int(scenario["id"]), pair=pair_of(scenario, start=moment(steps[0]), end=moment(steps[-1]))
        )
        self.world.limits = replace(self.world.limits, keeps_books=False)
        """The numbers of a scenario are its own: no statement takes one of them."""
        self.expected: dict[str, str] = {}

    def expect(self, raw: Raw) -> None:
        """Remember the states that a step gives."""
        for key, state in raw.get("after", {}).items():
            self.expected |= dict.fromkeys(self.cast.codes([key]), state)
        if "movement_after" in raw:
            self.expected[self.cast.movement(raw.get("movement", "M1"))] = raw["movement_after"]

    def agency(self, side: str) -> Agency:
        return self.world.kh if side == "host" else self.world.vn

    def route(self, raw: Raw) -> Route:
        """Return who sends a step to whom; transit is a matter of the host side and the third state."""
        world = self.world
        if raw["message"] in OF_TRANSIT and world.third and world.third_link:
            ends = (world.kh, world.third)
            here, there = ends if raw["from"] == "host" else (ends[1], ends[0])
            return Route(here, there, world.third_link)
        here = self.agency(raw["from"])
        return Route(here, world.other(here), world.link)

    async def open(self) -> None:
        await self.open_of(self.world)

    @staticmethod
    async def open_of(world: World) -> None:
        """Let time pass until every gate is open."""
        await world.open()
        third, link = world.third, world.third_link
        if third is None or link is None:
            return

        async def both() -> bool:
            return all(one.node.presence.of(link).gate is LinkState.OPEN for one in (world.kh, third))

        await world.until(both)

    def lapse(self, to: datetime) -> None:
        """Set both clocks to a later moment; a clock never goes back."""
        third = [self.world.third] if self.world.third else []
        for agency in (*self.world.agencies, *third):
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
            found[:] = [await self.row(agency, Direction.OUT, row.seq, row.link) for row in sent]
            return all(row.state in DONE or row.state is MessageState.STOPPED for row in found)

        await self.world.until(reached)
        return found

    async def row(
        self, agency: Agency, direction: Direction, seq: int, link: LinkId | None = None
    ) -> MessageRow:
        link = link or self.world.link
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


def _is_refused_key(stage: Stage, found: Difference) -> bool:
    """Return whether a difference is the line that a faulty partner signs with an ended key, as told."""
    tried = any(one["code"] == "key_revoked" for one in stage.scenario["reject"])
    return tried and found.kind is DifferenceKind.UNKNOWN_KEY


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
        unexpected = [one for one in found.differences if not _is_refused_key(stage, one)]
        if unexpected:
            raise WrongTurnError(f"{agency.code} finds {unexpected}")
    await stage.compare("at the end")
