# SPDX-License-Identifier: Apache-2.0
"""A generated year of cases between one agency and three partners, played by the casework of both sides.

    year = GeneratedYear(seed=7, cases=1_000)
    year.play()
    year.pairs["VN"].host.store       # what each side holds

Every message goes through the product's own casework on both desks (see `desks`): no keys, frames or
databases. A group is announced, decided, sometimes cancelled, held or withdrawn, listed, handed over or not,
recorded by both sides, sometimes with somebody added, and received.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from exchange.cases.publication import Period, added, published, whole
from exchange.cases.statistics import SUMS
from exchange.ids import CROCKFORD
from exchange.service.statistics import THRESHOLD, Months, count_page
from tests.support.crossing_ideas import GIVEN, UNTIL
from tests.support.desks import LINK, NOTHING, Desk, Idea
from tests.support.differences import attack

YEAR = 2027
PARTNERS = {"VN": 0.45, "TH": 0.35, "LA": 0.2}
"""Share of the cases of each partner."""
MOST_IN_A_GROUP = 6
PAUSES = (1, 3, 9, 20)
EVER = Period("2027-01", "2029-12")


@dataclass
class Pair:
    """Both desks of one link."""

    host: Desk = field(default_factory=lambda: Desk("host"))
    origin: Desk = field(default_factory=lambda: Desk("origin"))

    @property
    def desks(self) -> tuple[Desk, Desk]:
        return self.host, self.origin

    def send(self, by: Desk, idea: Idea, id: str, at: datetime) -> bool:
        """Write a message at one desk and have the other one take it; return whether it is accepted."""
        other = self.origin if by is self.host else self.host
        by.clock.at = other.clock.at = at
        if not by.write(idea.document(id)):
            return False
        other.learn(by.log)
        seq = len(by.written)
        other.take(seq, by.written[-1])
        by.learn(other.log)
        return other.verdicts[seq]


@dataclass
class GeneratedYear:
    """One year from a seed."""

    seed: int
    cases: int
    pairs: dict[str, Pair] = field(default_factory=lambda: {name: Pair() for name in PARTNERS})
    messages: int = 0
    refused: int = 0

    def play(self) -> None:
        self._dice = Random(self.seed)
        self._ids = (f"{number:08x}-0000-7000-8000-000000000000" for number in itertools.count(1))
        left = self.cases
        while left > 0:
            size = min(left, self._dice.randint(1, MOST_IN_A_GROUP))
            name = self._dice.choices(tuple(PARTNERS), tuple(PARTNERS.values()))[0]
            self._group(self.pairs[name], tuple(self._code() for _ in range(size)))
            left -= size

    def _code(self) -> str:
        text = "".join(self._dice.choices(CROCKFORD, k=12))
        return "-".join((text[:4], text[4:8], text[8:]))

    def _group(self, pair: Pair, group: tuple[str, ...]) -> None:
        """Play the whole story of some persons who were found together."""
        day = self._dice.randint(0, 364)
        self._at = datetime(YEAR, 1, 1, 3, tzinfo=UTC) + timedelta(
            days=day, minutes=self._dice.randint(0, 600)
        )
        children = {case: self._dice.random() < 0.6 for case in group}
        lines = {case: {"is_child": children[case], "consents": GIVEN} for case in group}
        if not self._send(pair, pair.host, Idea("RPN", group, lines=lines)):
            return
        if self._dice.random() < 0.05:
            return
        decisions = {case: self._decision() for case in group}
        self._send(pair, pair.origin, Idea("RPD", group, lines=decisions))
        for case in group:
            self._trouble(pair, case)
        going = self._in_state(pair, group, "accepted")
        if going and self._dice.random() < 0.9:
            self._handover(pair, going)

    def _decision(self) -> dict[str, str]:
        outcome = self._dice.choices(("accepted", "refused", "deferred"), (8, 1, 1))[0]
        return {"outcome": outcome, "valid_until": UNTIL.replace("2027", "2029")}

    def _trouble(self, pair: Pair, case: str) -> None:
        """Sometimes somebody withdraws, is held, is refused after all, or the notice is cancelled."""
        dice = self._dice.random()
        if dice < 0.06:
            self._send(pair, pair.host, Idea("CWD", (case,), content={"scope": ["return"]}))
        elif dice < 0.1:
            self._send(pair, pair.host, Idea("HLD", (case,), content={"effect": "all_steps"}))
        elif dice < 0.13:
            self._send(
                pair, pair.origin,
                Idea("RPD", (case,), content={"revises": "earlier"}, lines={case: {"outcome": "refused"}}),
            )  # fmt: skip
        elif dice < 0.15:
            self._send(pair, pair.host, Idea("CLO", (case,), content={"reason": "other_solution"}))

    def _handover(self, pair: Pair, going: tuple[str, ...]) -> None:
        movement = f"M{self._code()[1:]}"
        listed = {"case_list": list(going), "group_size": len(going)}
        self._send(pair, pair.host, Idea("TDQ", going))
        issued = {case: {"status": "issued"} for case in going}
        self._send(pair, pair.origin, Idea("TDS", going, lines=issued))
        if not self._send(pair, pair.host, Idea("HPR", going, movement, listed)):
            return
        proposal = pair.host.last_change(movement)
        answer = {"response": "confirm", "confirms": {"id": proposal}}
        if not self._send(pair, pair.origin, Idea("HRP", going, movement, answer)):
            return
        ages = {case: {"is_child": self._dice.random() < 0.5} for case in going}
        if (
            self._send(pair, pair.host, Idea("HDP", going, movement, lines=ages))
            and self._dice.random() < 0.95
        ):
            self._record(pair, going, movement)

    def _record(self, pair: Pair, going: tuple[str, ...], movement: str) -> None:
        lines: dict[str, Any] = {case: {"outcome": self._outcome()} for case in going}
        if self._dice.random() < 0.15:
            lines[self._code()] = {"outcome": "added", "is_child": False, "consents": GIVEN}
        persons = tuple(lines)
        if not self._send(pair, pair.host, Idea("HRC", persons, movement, {"signatory": {}}, lines)):
            return
        record = str(pair.host.written[-1]["header"]["message_id"])  # type: ignore[index, call-overload]
        agreed = self._dice.random() < 0.97
        signs = {"countersigns": {"id": record, "pc": NOTHING}, "agreed": agreed}
        self._send(pair, pair.origin, Idea("HRC", persons, movement, signs))
        arrived = tuple(case for case, line in lines.items() if line["outcome"] in ("handed_over", "added"))
        if agreed and arrived and self._dice.random() < 0.9:
            told = {case: {"arrived": True} for case in arrived}
            self._send(pair, pair.origin, Idea("RCV", arrived, movement, {"record": record}, told))

    def _outcome(self) -> str:
        kinds = ("handed_over", "not_presented", "not_taken_over", "returned_to_host", "diverted_medical")
        return self._dice.choices(kinds, (16, 2, 1, 1, 1))[0]

    def _send(self, pair: Pair, by: Desk, idea: Idea) -> bool:
        self._at += timedelta(days=self._dice.choice(PAUSES), hours=self._dice.randint(0, 5))
        self.messages += 1
        accepted = pair.send(by, idea, next(self._ids), self._at)
        self.refused += not accepted
        return accepted

    def _in_state(self, pair: Pair, group: tuple[str, ...], state: str) -> tuple[str, ...]:
        return tuple(case for case in group if pair.host.case(case).view().shown.state == state)

    def faults(self) -> list[str]:
        """Return what does not hold: an equation, the equality of both sides, or what is hidden."""
        return [fault for name, pair in self.pairs.items() for fault in _faults(name, pair)]


def counted_by(desk: Desk) -> Months:
    """Return what one side counts of a link, over pages."""
    found: Months = {}
    after = -1
    while after:
        page, after = count_page(desk.store, LINK, max(after, 0), EVER)  # type: ignore[arg-type]
        for host, months in page.items():
            for month, cells in months.items():
                found.setdefault(host, {}).setdefault(month, Counter()).update(cells)
    return found


def _faults(name: str, pair: Pair) -> Iterator[str]:
    host, origin = (counted_by(desk) for desk in pair.desks)
    if host != origin:
        yield f"{name}: the two sides count differently"
    for side, months in host.items():
        for month, cells in months.items():
            yield from (f"{name} {side} {month}: {one} does not close" for one in whole(cells, SUMS).broken())
        everything = added(months.values(), SUMS)
        yield from (f"{name} {side}: {one} does not close" for one in everything.broken())
        announced = [doc for doc in pair.host.written if doc["header"]["type"] == "RPN"]  # type: ignore[index, call-overload]
        if everything.cells["notices"] != sum(len(doc["persons"]) for doc in announced):  # type: ignore[arg-type]
            yield f"{name} {side}: not every case is counted"
        shown = published(months, Period(f"{YEAR}-01", f"{YEAR}-12"), THRESHOLD, SUMS)
        if any(count is not None and count < THRESHOLD for count in shown.values()):
            yield f"{name} {side}: a small count is published"
        if attack(SUMS, shown):
            yield f"{name} {side}: a hidden count can be worked out"
