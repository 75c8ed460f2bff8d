# SPDX-License-Identifier: Apache-2.0
"""Knows which cases and movements held lines name, for all lines that are taken in one unit.

A line follows the held lines before it that share a case or movement with it (rules 18 and 19). A held line
is opened when the first line asks for it, and once: what it names never changes, also if the savepoint in
which it was opened is undone. Which lines are held is asked of the store each time, because that does change.
"""

from exchange.ids import Digest
from exchange.service.examine import Examined
from exchange.service.meaning import named_by, subjects_of
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction


class HeldSubjects:
    """What held lines of a link name, as the lines of one unit ask for it."""

    def __init__(self, uow: UnitOfWork, pairing: Pairing) -> None:
        self._uow = uow
        self._link = pairing.link.link
        self._named: dict[Digest, frozenset[str]] = {}

    def is_shared_by(self, line: Examined) -> bool:
        """Return True if a held line before this one shares a case or movement with it."""
        if line.document is None or line.fault:
            return False
        before = [seq for seq in self._uow.messages.held_numbers(self._link) if seq < line.envelope.seq]
        if not before:
            return False
        subjects = subjects_of(line.document)
        return any(not subjects.isdisjoint(self._names(seq)) for seq in before)

    def _names(self, seq: int) -> frozenset[str]:
        row = self._uow.messages.by_seq(self._link, Direction.IN, seq)
        if row is None:
            return frozenset()
        if row.envelope_hash not in self._named:
            self._named[row.envelope_hash] = named_by(self._uow, row)
        return self._named[row.envelope_hash]
