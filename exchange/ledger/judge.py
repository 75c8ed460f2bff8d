# SPDX-License-Identifier: Apache-2.0
"""Judges the order of a log's leaves, after they were stored.

1. `open` is the first leaf or none.
2. Numbers of `sent` run without gap from 1; no number and no message id is used for two.
3. `void` gives up a number that was sent under this id, once.
4. `rcvd` records a number, and a message id, once.
5. `accp` and `rejc` end a number that is held under this id. `rejc` with the code `voided` may also close a
   number that never came.
6. `agrx` goes to the next version of the agreement, with a first number that was not used before it; the
   first one of a log may name any version.
7. Events and own members are as `entries.EVENTS` demands (`entries.legal`).

In a later epoch the numbers run from the `fs` of its first `agrx`. A `void` of a lower number carries over
what the epoch before left open; the recipient answers it with `rcvd`, as it judged the message then, or with
`rejc` and the code `voided`. `epch` is the third leaf or none.

A fault names the leaf, a reason and the class of difference; the leaf has no effect here either. The time of
a leaf is never a fault: a time that runs backwards by more than the skew is noted apart (`backwards`), and
so is a verdict that came late (`decided_late`). The judge takes leaves in their order, in pieces of any size,
and keeps of them two tables of numbers and what the log says of statements, erasures and versions
(`cross_checks`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress
from operator import not_, sub

from exchange.ledger.cross_checks import CrossChecked
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.entries import Event, Leaf, Verdict, decode_leaf, legal, stored_form
from exchange.ledger.moments import NEVER, Moments
from exchange.ledger.numbers import (
    ACCEPTED,
    CLOSED,
    FINAL,
    GIVEN_UP,
    HELD,
    LISTED,
    OLD,
    REJECTED,
    UNSIGNED,
    Doubles,
    Numbers,
    packed_digest,
    packed_id,
)
from exchange.ledger.stretches import Stretch, pieces

_SENT = b'"ev":"sent"'
"""Stands in every leaf `sent` and in no other: leaves are canonical and hold no free text."""
VOIDED = "voided"
"""Code of `ack-rejections` by which a recipient closes a number that was given up."""
_VOIDED = VOIDED.encode()
EPOCH_PLACE = 2
"""Index of `epch`: behind `open` and `agrx`."""


class OrderFault(StrEnum):
    """Which rule of this module a leaf breaks."""

    OPEN_NOT_FIRST = "open_not_first"
    EPOCH_NOT_THIRD = "epoch_not_third"
    NUMBER_SKIPPED = "number_skipped"
    NUMBER_BACKWARDS = "number_backwards"
    NUMBER_AGAIN = "number_again"
    NUMBER_FAR = "number_far"
    ID_AGAIN = "id_again"
    VOID_UNSENT = "void_unsent"
    VOID_AGAIN = "void_again"
    VOID_OTHER_ID = "void_other_id"
    RECEIVED_AGAIN = "received_again"
    VERDICT_UNHELD = "verdict_unheld"
    VERDICT_OTHER_ID = "verdict_other_id"
    VERSION_SKIPPED = "version_skipped"
    VERSION_FROM_USED = "version_from_used"


@dataclass(frozen=True)
class LogFault:
    """A leaf that breaks a rule; `earlier` is the index of the leaf that it collides with, or -1."""

    index: int
    reason: str
    difference: DifferenceKind = DifferenceKind.LOG_INVALID
    number: int = 0
    is_of_partner: bool = False
    """True when the number is one of the partner's, not of the writer of the log."""
    earlier: int = -1


_VERDICT_MARKS = {
    Verdict.HELD.encode(): HELD,
    Verdict.ACCEPTED.encode(): ACCEPTED,
    Verdict.REJECTED.encode(): REJECTED,
}


class LogJudge:
    """Walks one log from its first leaf.

    `outgoing` says what the log says of its writer's own numbers, `incoming` what it says of the partner's.
    A leaf counts as old when its time is before `old_before`; a verdict counts as signed when its index is
    below `cosigned`. A time is backwards when it lies more than `skew_ms` before the one of the leaf before,
    and a held number is decided late when that took more than `decide_ms`.
    """

    def __init__(
        self, *, old_before: str = "", cosigned: int = 0, skew_ms: int = NEVER, decide_ms: int = NEVER
    ) -> None:
        self.size = 0
        self.faults: list[LogFault] = []
        self.outgoing = Numbers()
        self.incoming = Numbers()
        self.cross_checked = CrossChecked()
        self.backwards: list[int] = []
        """Indexes of leaves whose time runs backwards."""
        self.decided_late: list[int] = []
        """Numbers of the partner that were held for too long before their verdict."""
        self._moments = Moments()
        self._last_ms = 0
        self._skew_ms = skew_ms
        self._decide_ms = decide_ms
        self._old_before = old_before.encode("ascii")
        self._cosigned = cosigned
        self._version = 0
        """Number of the agreement version that the log switched to last."""

    def take(self, leaves: Sequence[bytes]) -> None:
        """Judge the next leaves; requires stored bytes, which `decode_leaf` took."""
        for piece in pieces(leaves, self.size):
            if isinstance(piece, Stretch):
                self._take_stretch(piece)
            else:
                self._take_each(piece)

    def _take_stretch(self, stretch: Stretch) -> None:
        """Enter a stretch as a whole if there is nothing to name in it, else row by row."""
        times = self._moments.column(stretch.times)
        end, is_old = self.size + len(times), max(stretch.times) < self._old_before
        if (
            (is_old or min(stretch.times) >= self._old_before)
            and (not is_old or end <= self._cosigned)
            and min(map(sub, times, [self._last_ms, *times])) >= -self._skew_ms
            and self.outgoing.goes_on_with(stretch.sent)
            and stretch.received.follows(self.incoming.highest)
        ):
            others = map(not_, stretch.is_sent)
            mark = LISTED | OLD if is_old else LISTED
            self.outgoing.extend(stretch.sent, mark, list(compress(times, stretch.is_sent)), is_ended=False)
            self.incoming.extend(
                stretch.received, LISTED | ACCEPTED, list(compress(times, others)), is_ended=True
            )
            self._last_ms, self.size = times[-1], end
            return
        self._take_rows(stretch, times)

    def _take_rows(self, stretch: Stretch, times: list[int]) -> None:
        sent, received = stretch.sent.rows(), stretch.received.rows()
        for is_sent, t, at_ms in zip(stretch.is_sent, stretch.times, times, strict=True):
            number, id, digest = next(sent if is_sent else received)
            if is_sent:
                self._enter_sent(number, id, digest, t, at_ms)
            else:
                self._enter_rcvd(number, id, digest, self._aged(ACCEPTED, t), at_ms)
            self._pass(at_ms)

    def _take_each(self, leaves: Iterable[bytes]) -> None:
        sent_form, rcvd_form = stored_form(Event.SENT).fullmatch, stored_form(Event.RCVD).fullmatch
        for raw in leaves:
            if _SENT in raw and (match := sent_form(raw)):
                at_ms = self._moments.of(match["t"])
                self._take_sent(match, at_ms)
            elif match := rcvd_form(raw):
                at_ms = self._moments.of(match["t"])
                self._take_rcvd(match, at_ms)
            else:
                leaf = decode_leaf(raw)
                at_ms = self._moments.of(leaf.t.encode("ascii"))
                self._take_other(leaf, at_ms)
            self._pass(at_ms)

    def _pass(self, at_ms: int) -> None:
        """Go on to the next leaf."""
        if at_ms < self._last_ms - self._skew_ms:
            self.backwards.append(self.size)
        self._last_ms = at_ms
        self.size += 1

    def id_faults(self) -> list[LogFault]:
        """Return the second uses of a message id so far (rules 2 and 4); looks at all numbers at once."""
        return self.faults_of(self.outgoing.doubled(), self.incoming.doubled())

    def faults_of(self, sent_again: Doubles, received_again: Doubles) -> list[LogFault]:
        """Return the second uses of a message id that `Numbers.doubles` found in both tables."""
        sides = (
            (self.outgoing, DifferenceKind.LOG_INVALID, sent_again),
            (self.incoming, DifferenceKind.DUPLICATE, received_again),
        )
        return [
            LogFault(
                table.places[number - 1],
                OrderFault.ID_AGAIN,
                kind,
                number,
                is_of_partner=table is self.incoming,
                earlier=table.places[earlier - 1],
            )
            for table, kind, again in sides
            for number, earlier in again
        ]

    def _take_sent(self, leaf: re.Match[bytes], at_ms: int) -> None:
        seq, id, eh, cd, t = leaf.group("seq", "id", "eh", "cd", "t")
        self._enter_sent(int(seq), packed_id(id), packed_digest(eh, cd), t, at_ms)

    def _enter_sent(self, number: int, id: bytes, digest: bytes, t: bytes, at_ms: int) -> None:  # 2
        table = self.outgoing
        mark = LISTED | OLD if t < self._old_before else LISTED
        if number == len(table.marks) + 1 and number >= table.first:
            table.append(mark, self.size, 0, id, digest, at_ms)
        elif self._may_send(number):
            table.put(number, mark, place=self.size, id=id, digest=digest, at_ms=at_ms)

    def _may_send(self, number: int) -> bool:
        """Name what is wrong with a number that is not the next; return True when it is kept anyway."""
        table = self.outgoing
        if table.mark(number):
            self._blame(OrderFault.NUMBER_AGAIN, number, earlier=table.places[number - 1])
            return False
        if table.is_too_far(number):
            self._blame(OrderFault.NUMBER_FAR, number)
            return False
        if number < table.first:
            self._blame(OrderFault.NUMBER_BACKWARDS, number)
            return False
        if number == table.first and table.highest < number:
            return True
        if number > table.highest:
            self._blame(OrderFault.NUMBER_SKIPPED, number, kind=DifferenceKind.SEQUENCE_GAP)
        else:
            self._blame(OrderFault.NUMBER_BACKWARDS, number)
        return True

    def _take_rcvd(self, leaf: re.Match[bytes], at_ms: int) -> None:
        seq, id, eh, cd, t, k, code = leaf.group("seq", "id", "eh", "cd", "t", "k", "code")
        if (code is not None) is not (k == b"rejected"):
            self._blame(legal(decode_leaf(leaf.string)), int(seq), of_partner=True)
            return
        verdict = self._aged(_VERDICT_MARKS[k] | (CLOSED if code == _VOIDED else 0), t)
        self._enter_rcvd(int(seq), packed_id(id), packed_digest(eh, cd), verdict, at_ms)

    def _enter_rcvd(self, number: int, id: bytes, digest: bytes, verdict: int, at_ms: int) -> None:  # 4
        table, mark = self.incoming, LISTED | verdict
        if table.mark(number):
            self._blame(
                OrderFault.RECEIVED_AGAIN,
                number,
                kind=DifferenceKind.DUPLICATE,
                of_partner=True,
                earlier=table.places[number - 1],
            )
        elif table.is_too_far(number):
            self._blame(OrderFault.NUMBER_FAR, number, of_partner=True)
        elif number == len(table.marks) + 1:
            table.append(mark, self.size, self.size, id, digest, at_ms)
        else:
            table.put(number, mark, place=self.size, id=id, digest=digest, at_ms=at_ms)
            table.end(number, mark, place=self.size)

    def _take_other(self, leaf: Leaf, at_ms: int) -> None:
        if fault := legal(leaf):  # 7
            self._blame(fault)
        elif leaf.ev == Event.AGRX:
            self._take_agrx(leaf, at_ms)
        elif leaf.ev == Event.OPEN and self.size:  # 1
            self._blame(OrderFault.OPEN_NOT_FIRST)
        elif leaf.ev == Event.EPCH and (self.size != EPOCH_PLACE or leaf.fields["pe"] != leaf.ep - 1):
            self._blame(OrderFault.EPOCH_NOT_THIRD)
        elif leaf.ev == Event.VOID:
            self._take_void(leaf)
        elif leaf.ev in (Event.ACCP, Event.REJC):
            self._take_verdict(leaf, at_ms)
        else:
            self.cross_checked.take(leaf, self.size, at_ms)

    def _take_agrx(self, leaf: Leaf, at_ms: int) -> None:  # 6
        n, begin = int(leaf.fields["n"]), int(leaf.fields["fs"])
        if self._version and n != self._version + 1:
            self._blame(OrderFault.VERSION_SKIPPED)
        elif self._version and begin <= self.outgoing.highest:
            self._blame(OrderFault.VERSION_FROM_USED)
        else:
            if leaf.ep > 1 and not self._version and not self.outgoing.is_too_far(begin):
                self.outgoing.first = begin
            self._version = n
            self.cross_checked.take(leaf, self.size, at_ms)

    def _take_void(self, leaf: Leaf) -> None:  # 3
        number, id, t = _common(leaf)
        table = self.outgoing
        mark = table.mark(number)
        if not mark and number < table.first:
            self._carry_over(number, id, t)
        elif not mark & LISTED:
            self._blame(OrderFault.VOID_UNSENT, number)
        elif mark & GIVEN_UP:
            self._blame(OrderFault.VOID_AGAIN, number, earlier=table.ends[number - 1])
        elif table.id_of(number) != id:
            self._blame(OrderFault.VOID_OTHER_ID, number, earlier=table.places[number - 1])
        else:
            mark = LISTED | GIVEN_UP | (OLD if t < self._old_before else 0)
            table.end(number, mark, place=self.size)

    def _carry_over(self, number: int, id: bytes, t: bytes) -> None:
        """Note a number of an epoch before that is given up in this one."""
        mark = LISTED | GIVEN_UP | (OLD if t < self._old_before else 0)
        self.outgoing.put(number, mark, place=self.size, id=id, digest=bytes(16))
        self.outgoing.end(number, mark, place=self.size)

    def _take_verdict(self, leaf: Leaf, at_ms: int) -> None:  # 5
        number, id, t = _common(leaf)
        table = self.incoming
        mark = table.mark(number)
        closes = leaf.fields.get("code") == VOIDED
        verdict = self._aged(ACCEPTED if leaf.ev == Event.ACCP else REJECTED | (CLOSED if closes else 0), t)
        if mark & HELD and table.id_of(number) != id:
            self._blame(
                OrderFault.VERDICT_OTHER_ID, number, of_partner=True, earlier=table.places[number - 1]
            )
        elif mark & HELD:
            table.end(number, LISTED | verdict, place=self.size)
            if at_ms - table.times[number - 1] > self._decide_ms and not closes:
                self.decided_late.append(number)
        elif not mark and closes and not table.is_too_far(number):
            table.put(number, verdict, place=self.size, id=id, digest=bytes(16), at_ms=at_ms)
            table.end(number, verdict, place=self.size)
        else:
            earlier = table.places[number - 1] if mark else -1
            self._blame(OrderFault.VERDICT_UNHELD, number, of_partner=True, earlier=earlier)

    def _aged(self, mark: int, t: bytes) -> int:
        if t >= self._old_before:
            return mark
        if mark & FINAL:
            return mark | UNSIGNED if self.size >= self._cosigned else mark
        return mark | OLD

    def _blame(
        self,
        reason: str,
        number: int = 0,
        *,
        kind: DifferenceKind = DifferenceKind.LOG_INVALID,
        of_partner: bool = False,
        earlier: int = -1,
    ) -> None:
        self.faults.append(LogFault(self.size, str(reason), kind, number, of_partner, earlier))


def _common(leaf: Leaf) -> tuple[int, bytes, bytes]:
    return int(leaf.fields["seq"]), packed_id(str(leaf.fields["id"]).encode()), leaf.t.encode()
