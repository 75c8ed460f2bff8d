# SPDX-License-Identifier: Apache-2.0
"""Messages of many types that KH has ready together, on ground that both nodes share.

The ground is two stories with the sides exchanged, so that KH may ask as host and answer as origin in one
run. Persons stand at many places of their way: unknown, asked about, being traced, on a notice of three,
accepted, waiting for papers, ready, in a movement that is planned, in one that has left.

A message is an `Idea`: a kind, and which of the persons that fit it is about. So many of a run have
to do with each other: they share a case, answer one message, change or cancel one, name one movement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from exchange.ids import AgencyCode, MessageId
from exchange.messages.document import content_of, header_of, persons_of
from exchange.messages.filling import Sources, fill
from exchange.protocol.parts import Document
from exchange.service.node import Node
from tests.support.careless import send
from tests.support.checks import settle
from tests.support.handover_story import moment, text
from tests.support.journey_control import Sent
from tests.support.journey_documents import Writer
from tests.support.journey_persons import Cast
from tests.support.journey_stage import FUNCTIONS
from tests.support.world import KH, OFFICER, START, VN, Agency, Pair, World

PAIR = Pair(functions=FUNCTIONS)
WAYS = {
    "asked": ("VRQ",),
    "denied": ("VRQ", "VRS"),
    "traced": ("VRQ", "VRS", "TRQ"),
    "found": ("VRQ", "VRS", "TRQ", "TRS"),
    "noticed": ("RPN",),
    "accepted": ("RPN", "RPD"),
    "papers": ("RPN", "RPD", "TDQ"),
    "ready": ("RPN", "RPD", "TDS"),
    "planned": ("RPN", "RPD", "TDS", "HPR"),
    "gone": ("RPN", "RPD", "TDS", "HPR", "HRP", "HDP"),
}
"""What was sent about the persons of each name; three of each, on one notice."""
OF_ORIGIN = frozenset({"VRS", "TRS", "RPD", "TDS", "HRP"})
OF_MOVEMENT = frozenset({"HPR", "HRP", "HDP", "HRC"})
OF_ONE = frozenset({"IDN", "VRQ", "VRS", "TRQ", "TRS"})
"""Types that are about one person."""
EACH = 3
FIELDS: dict[str, dict[str, Any]] = {
    "VRS": {"result": "national"},
    "TRS": {"result": "relatives_found"},
    "RPD": {"outcome": "accepted"},
    "TDS": {"status": "issued"},
    "HRP": {"response": "confirm"},
    "HLD": {"effect": "all_steps", "reason": "safety_review"},
    "CWD": {"scope": ["return"]},
}
DENIED = {"result": "not_national"}
REFUSED = {"outcome": "refused", "refusal_reason": "legal_obstacle"}


class Idea(NamedTuple):
    """A kind of message, and the place of its person among those who fit."""

    kind: str
    place: int = 0


class Before(NamedTuple):
    """A message of the same run that was sealed before."""

    id: MessageId
    document: Document


@dataclass(frozen=True)
class Told:
    """One of the two stories, and what was written in it."""

    writer: Writer
    kh_is: str
    """`host` or `origin`."""

    def agency(self, world: World, side: str) -> Agency:
        return world.kh if side == self.kh_is else world.vn

    def codes(self, key: str) -> list[str]:
        return self.writer.cast.codes([key])

    def newest(self, kind: str, code: str) -> Sent:
        found = self.writer.newest(kind, code)
        assert found is not None, (kind, code)
        return found


@dataclass(frozen=True)
class Ground:
    """What both nodes hold before a run, and from when on it can be sent."""

    snapshots: dict[AgencyCode, bytes]
    asks: Told
    answers: Told
    at: datetime

    def world(self, seed: int) -> World:
        """Return a world that begins here; its nodes are not started."""
        world = World(seed, pair=PAIR)
        world.limits = replace(world.limits, keeps_books=False)
        world.snapshots = dict(self.snapshots)
        for agency in world.agencies:
            agency.clock.jump(self.at - START)
        return world

    def document(self, node: Node, idea: Idea, before: Sequence[Before]) -> Document:
        """Return the message of an idea as an officer of KH completes it, behind others of its run."""
        if idea.kind in ABOUT_MESSAGES:
            return ABOUT_MESSAGES[idea.kind](self, node, idea.place, before)
        kind, _, key = idea.kind.partition(" of ")
        return self.write(node, kind, key, idea.place)

    def write(self, node: Node, kind: str, key: str, place: int, **fields: Any) -> Document:
        """Return a message of a type about one person, or about all of the name if `place` is too large."""
        told = self.answers if kind in OF_ORIGIN else self.asks
        codes = told.codes(key)
        alone = codes[place % EACH :][:1] if kind in OF_ONE else codes[place : place + 1]
        return told.writer._document(step(kind, key, self.at, **fields), alone or codes, node)

    def code(self, key: str, place: int) -> str:
        """Return the case of one of the persons of a name whose host is KH."""
        return self.asks.codes(key)[place % EACH]

    def about(self, node: Node, codes: Sequence[str], **small: Any) -> Document:
        """Return a message about some persons that the officer types in a few words."""
        return self.completed(node, {"purpose": "return_arrangement", "case_codes": list(codes), **small})

    def completed(self, node: Node, small: dict[str, Any]) -> Document:
        usual = {"language": "en", "handling": ["case_only"], "funding": "host_state"}
        sources = Sources(
            sender=KH,
            partner=VN,
            officer=OFFICER,
            office=KH,
            office_kind="social_welfare",
            usual=usual,
            today=self.at.date(),
            random=node.random,
        )
        return fill(small, sources).document


def step(kind: str, key: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """Return a step of a story, as the scenarios have them."""
    said = FIELDS.get(kind, {}) | fields
    if (kind, key) == ("VRS", "denied"):
        said |= DENIED
    if kind == "HLD":
        said |= {"review_on": (at + timedelta(days=9)).date().isoformat()}
    return {
        "n": f"{kind} {key} {at}",
        "at": text(at),
        "from": "origin" if kind in OF_ORIGIN else "host",
        "message": kind,
        "persons": [key],
        "fields": said,
        **({"movement": f"movement of {key}"} if kind in OF_MOVEMENT else {}),
    }


def _amends(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Change the period of the notice about all, in the name of one of its persons."""
    code = ground.code("noticed", place)
    notice = ground.asks.newest("RPN", code)
    return _amendment(ground, node, [code], notice.id, notice.document, place)


def _amends_the_run(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    for id, document in before:
        if header_of(document)["type"] == "RPN":
            return _amendment(ground, node, _cases(document), id, document, place)
    return _amends(ground, node, place, before)


def _amendment(
    ground: Ground, node: Node, codes: Sequence[str], target: str, document: Document, place: int
) -> Document:
    old = str(content_of(document)["proposed_to"])
    new = (date.fromisoformat(old) - timedelta(days=1 + place)).isoformat()
    changes = [{"pointer": "/proposed_to", "old": old, "new": new}]
    return ground.about(node, codes, type="AMD", target=target, changes=changes, reason="The bus is booked.")


def _cancels(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Cancel the notice for one of its persons."""
    code = ground.code("noticed", place)
    return _cancellation(ground, node, [code], ground.asks.newest("RPN", code).id)


def _cancels_the_run(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    if not before:
        return _cancels(ground, node, place, before)
    id, document = before[place % len(before)]
    return _cancellation(ground, node, _cases(document), id)


def _cancellation(ground: Ground, node: Node, codes: Sequence[str], target: str) -> Document:
    """Cancel a message for some of its persons."""
    content = {"target": target, "reason": "consent_withdrawn", "persons": list(codes)}
    header = {"type": "CAN", "purpose": "return_arrangement", "case_codes": list(codes)}
    persons = [{"case_code": code} for code in codes]
    return ground.completed(node, {"header": header, "content": content, "persons": persons})


def _amends_a_movement(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    return _of_movement(ground, node, "AMD", effect="details_changed")


def _cancels_a_movement(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    return _of_movement(ground, node, "CAN", target="movement", reason="other_solution")


def _of_movement(ground: Ground, node: Node, kind: str, **fields: Any) -> Document:
    raw = step(kind, "planned", ground.at, **fields) | {"movement": "movement of planned"}
    return ground.asks.writer._document(raw, ground.asks.codes("planned"), node)


def _reminds(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Remind of the notice about all, in the name of one of its persons."""
    code = ground.code("noticed", place)
    target, due = ground.asks.newest("RPN", code).id, ground.at.date() - timedelta(days=1)
    return ground.about(node, [code], type="RMD", target=target, level="first", due_on=str(due))


def _revises(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Change the decision on one of those who are ready."""
    return ground.write(node, "RPD", "ready", place, revises=True, **REFUSED)


def _asks_again(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Ask for a second look at a denial."""
    denial = ground.asks.newest("VRS", ground.code("denied", place))
    return ground.write(node, "VRQ", "denied", place, reexamination_of=denial.step)


def _names_the_run(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Ask for a check, and mention a message of the same run."""
    document = ground.write(node, "VRQ", "new", place)
    if before:
        header_of(document)["refers_to"] = [before[place % len(before)].id]
    return document


def _finds_a_double(ground: Ground, node: Node, place: int, before: Sequence[Before]) -> Document:
    """Say that somebody asked about is somebody else of the host."""
    document = ground.write(node, "VRS", "asked", place)
    (line,) = persons_of(document)
    line |= {"result": "duplicate_case", "other_case": ground.answers.codes("traced")[place % EACH]}
    return document


def _cases(document: Document) -> list[str]:
    codes = header_of(document)["case_codes"]
    assert isinstance(codes, list)
    return list(map(str, codes))


ABOUT_MESSAGES: dict[str, Callable[[Ground, Node, int, Sequence[Before]], Document]] = {
    "AMD for one": _amends,
    "AMD of the run": _amends_the_run,
    "AMD of a movement": _amends_a_movement,
    "CAN for one": _cancels,
    "CAN of the run": _cancels_the_run,
    "CAN of a movement": _cancels_a_movement,
    "RMD for one": _reminds,
    "RPD again": _revises,
    "VRQ again": _asks_again,
    "VRQ naming the run": _names_the_run,
    "VRS of a double": _finds_a_double,
}
EIGHT = (
    "IDN of new", "VRQ of new", "RPN of new", "VRQ of asked", "TRQ of asked", "RPN of asked", "RPN of traced",
    "TDQ of noticed", "TDQ of accepted", "TDQ of papers", "TRS of traced", "RPD of noticed", "RPD again",
    "TDS of papers", "TDS of accepted", "RPN of found", "VRQ again", "VRQ naming the run",
)  # fmt: skip
"""Kinds of the types that look no further than they name."""
FURTHER = (
    "VRS of a double", "AMD for one", "AMD of the run", "AMD of a movement", "CAN of a movement",
    "RMD for one", "CWD of noticed", "HPR of ready", "HRC of gone",
)  # fmt: skip
"""Kinds of types that ask for more than they name."""
OTHERS = ("VRS of asked", "CAN for one", "CAN of the run", "HLD of noticed")


@cache
def ground() -> Ground:
    """Return the ground; it is made once."""
    made: list[Ground] = []

    async def story(world: World) -> None:
        await world.open()
        for agency in world.agencies:
            agency.node = replace(agency.node, limits=replace(world.limits, keeps_books=False))
        stories = [_story(901, KH, VN), _story(902, VN, KH)]
        days = range(1, max(map(len, WAYS.values())) + 1)
        for day in days:
            at = START + timedelta(days=day)
            _lapse(world, at)
            for told in stories:
                for raw in told.writer.steps:
                    if moment(raw) == moment({"at": text(at)}):
                        await _say(world, told, raw)
            await settle(world)
        snapshots = {agency.code: agency.store.snapshot() for agency in world.agencies}
        made.append(Ground(snapshots, *stories, at=START + timedelta(days=days.stop)))

    world = World(900, pair=PAIR)
    world.limits = replace(world.limits, keeps_books=False)
    world.run(story, limit_s=30 * 86_400)
    return made[0]


def _story(id: int, host: AgencyCode, origin: AgencyCode) -> Told:
    cases = {key: {"start": "presumed", "count": EACH} for key in ("new", *WAYS)}
    scenario = {"id": id, "host": host, "origin": origin, "cases": cases}
    steps = [
        step(kind, key, START + timedelta(days=day)) for key, kinds in WAYS.items()
        for day, kind in enumerate(kinds, start=1)
    ]  # fmt: skip
    scenario["steps"] = sorted(steps, key=moment)
    return Told(Writer(Cast(scenario, host, origin), scenario["steps"]), "host" if host == KH else "origin")


async def _say(world: World, told: Told, raw: dict[str, Any]) -> None:
    agency = told.agency(world, raw["from"])
    for document in told.writer.documents(raw, agency.node):
        row = await send(agency, document)
        told.writer.remember(raw, document, id=row.id, pc=row.commitment)


def _lapse(world: World, to: datetime) -> None:
    for agency in world.agencies:
        agency.clock.jump(to - agency.clock.now())
        agency.node.guard.settle()
