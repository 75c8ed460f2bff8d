# SPDX-License-Identifier: Apache-2.0
"""Random histories of two ledgers without nodes, with planted differences; cheap enough for ten thousand.

`planting` plays what two real nodes do; here only the entries are written, so that a history takes some
milliseconds. Both sides compare, each with its own log as the first, and must name exactly what was planted.

    LedgerHistory(seed=7).play()        # raises WrongNamesError
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from exchange.ids import AgencyCode
from exchange.ledger.compare import compare
from exchange.ledger.entries import agrx, beat, eras, opened, stmt, void
from tests.support.logs import GRACE, HOST, NOW, ORIGIN, TwoLogs, WrittenLog, digest, message_id
from tests.support.planting import BEYOND, WrongNamesError

BEGINS = NOW - timedelta(days=60)
"""Early enough for erasures and versions to be overdue."""
STALE_AFTER = timedelta(days=2)
OUTCOMES = ("accepted", "accepted", "accepted", "rejected", "held", "held_rejected", "given_up", "beat")


@dataclass
class LedgerHistory:
    """Some messages in both directions, one to three plants among them, and what both sides name."""

    seed: int
    plants: tuple[str, ...] = ()
    """Which; without it they are drawn."""
    logs: TwoLogs = field(default_factory=TwoLogs)
    at: datetime = BEGINS
    next: dict[AgencyCode, int] = field(default_factory=lambda: {HOST: 1, ORIGIN: 1})
    expected: set[str] = field(default_factory=set)
    unsigned: dict[AgencyCode, int] = field(default_factory=dict)
    """Up to which size the other side signed a log; without it, all."""
    stale: set[AgencyCode] = field(default_factory=set)

    def play(self) -> None:
        """Write the history and compare it from both sides; raises WrongNamesError."""
        self.dice = Random(self.seed)
        self.plants = self.plants or self._drawn()
        for log in (self.logs.own, self.logs.copy):
            log.write(opened(n=1, ad=digest("agreement"), crd=digest(f"card {log.by}")), at=self.at)
        among = [name for name in self.plants if name not in AT_THE_END]
        for name in among:
            self._some_messages()
            self.expected |= LEDGER_PLANTS[name](self, self._a_side())
        self._some_messages()
        for name in AT_THE_END:
            if name in self.plants:
                self.expected |= LEDGER_PLANTS[name](self, self._a_side())
        for own in (HOST, ORIGIN):
            self._compare(own)

    def send(self, by: AgencyCode) -> int:
        """Let a side send its next message; return its number."""
        number = self.next[by]
        self.next[by] += 1
        self.logs.send(number, by=by, at=self.tick())
        return number

    def tick(self, by: timedelta | None = None) -> datetime:
        """Let time pass; return the new moment."""
        self.at += by or timedelta(seconds=self.dice.randrange(1, 900))
        return self.at

    def message(self, by: AgencyCode, outcome: str) -> int:
        """Let a message of a side come to an honest end."""
        number = self.send(by)
        match outcome:
            case "given_up":
                self.logs.give_up(number, by=by, at=self.tick())
                self.logs.decide(number, "voided", by=by, at=self.tick())
            case "held" | "held_rejected":
                self.logs.record(number, "held", by=by, at=self.tick())
                code = "state_conflict" if outcome == "held_rejected" else ""
                self.logs.decide(number, code, by=by, at=self.tick())
            case _:
                self.logs.record(number, outcome, by=by, at=self.tick())
        return number

    def _some_messages(self) -> None:
        for _ in range(self.dice.randrange(2, 12)):
            by, outcome = self._a_side(), self.dice.choice(OUTCOMES)
            if outcome == "beat":
                self.logs.of(by).write(beat(), at=self.tick())
            else:
                self.message(by, outcome)

    def _a_side(self) -> AgencyCode:
        return self.dice.choice((HOST, ORIGIN))

    def _drawn(self) -> tuple[str, ...]:
        return tuple(self.dice.sample(sorted(LEDGER_PLANTS), self.dice.choice((1, 2, 2, 3))))

    def _compare(self, own: AgencyCode) -> None:
        views = [
            log.view(
                cosigned=self.unsigned.get(log.by),
                head_at=NOW - timedelta(days=5) if log.by in self.stale else NOW,
            )
            for log in (self.logs.of(own), self.logs.partner_of(own))
        ]
        result = compare(*views, now=NOW, grace=GRACE, stale_after=STALE_AFTER)
        found = {one.key for one in result.differences}
        if found != self.expected:
            raise WrongNamesError(
                f"ledgers {self.seed}, {' and '.join(self.plants)}, seen by {own}:"
                f" expected {sorted(self.expected)}, found {sorted(found)}"
            )


def missing_message(history: LedgerHistory, by: AgencyCode) -> set[str]:
    return {f"missing_message/{by}/{history.send(by)}"}


def unexpected_message(history: LedgerHistory, by: AgencyCode) -> set[str]:
    history.logs.record(BEYOND, by=by, label="unexpected", at=history.tick())
    return {f"unexpected_message/{by}/{BEYOND}"}


def sequence_gap(history: LedgerHistory, by: AgencyCode) -> set[str]:
    first = history.next[by]
    history.next[by] += 2
    history.message(by, "accepted")
    return {f"sequence_gap/{by}/{first}"}


def hash_mismatch(history: LedgerHistory, by: AgencyCode) -> set[str]:
    number = history.send(by)
    history.logs.record(number, by=by, label=f"other {by} {number}", at=history.tick())
    return {f"hash_mismatch/{by}/{number}"}


def duplicate(history: LedgerHistory, by: AgencyCode) -> set[str]:
    number = history.message(by, "accepted")
    history.logs.record(number, by=by, at=history.tick())
    return {f"duplicate/{by}/{number}"}


def log_invalid(history: LedgerHistory, by: AgencyCode) -> set[str]:
    entry = void(seq=BEYOND + 1, id=message_id("never sent"), code="withdrawn")
    history.logs.of(by).write(entry, at=history.tick())
    return {f"log_invalid/{by}/{BEYOND + 1}"}


def time_mismatch(history: LedgerHistory, by: AgencyCode) -> set[str]:
    log = _written(history, by)
    log.write(beat(), at=history.at - timedelta(hours=1))
    size = len(log.leaves)
    return {f"time_mismatch//{by}/{size - 2}/{by}/{size - 1}"}


def late(history: LedgerHistory, by: AgencyCode) -> set[str]:
    number = history.send(by)
    history.logs.record(number, by=by, at=history.tick(timedelta(hours=26)))
    return {f"late/{by}/{number}"}


def statement_mismatch(history: LedgerHistory, by: AgencyCode) -> set[str]:
    log = history.logs.of(by)
    log.write(stmt(no=77, per="2027-08-03", dg=digest("statement")), at=history.tick())
    return {f"statement_mismatch//{by}/{len(log.leaves) - 1}"}


def erasure_mismatch(history: LedgerHistory, by: AgencyCode) -> set[str]:
    log = history.logs.of(by)
    log.write(eras(dg=digest("list"), n=3), at=history.tick())
    return {f"erasure_mismatch//{by}/{len(log.leaves) - 1}"}


def agreement_overdue(history: LedgerHistory, by: AgencyCode) -> set[str]:
    log = history.logs.of(by)
    log.write(agrx(n=2, ad=digest("version 2"), fs=history.next[by]), at=history.tick())
    return {f"agreement_overdue//{by}/{len(log.leaves) - 1}"}


def receipt_missing(history: LedgerHistory, by: AgencyCode) -> set[str]:
    """The last entry of a log is a verdict that the sender never signed."""
    number = history.message(by, "accepted")
    log = history.logs.partner_of(by)
    history.unsigned[log.by] = len(log.leaves) - 1
    return {f"receipt_missing/{by}/{number}"}


def head_stale(history: LedgerHistory, by: AgencyCode) -> set[str]:
    history.stale.add(by)
    return {f"head_stale//{by}/{len(history.logs.of(by).leaves) - 1}"}


def _written(history: LedgerHistory, by: AgencyCode) -> WrittenLog:
    """Return a log whose last entry is of now."""
    log = history.logs.of(by)
    log.write(beat(), at=history.tick())
    return log


LEDGER_PLANTS: dict[str, Callable[[LedgerHistory, AgencyCode], set[str]]] = {
    plant.__name__: plant
    for plant in (
        missing_message, unexpected_message, sequence_gap, hash_mismatch, duplicate, log_invalid,
        time_mismatch, late, statement_mismatch, erasure_mismatch, agreement_overdue, receipt_missing,
        head_stale,
    )
}  # fmt: skip
AT_THE_END = ("receipt_missing", "head_stale")
"""Plants that speak of the last entry of a log, in this order."""
