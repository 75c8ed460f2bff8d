# SPDX-License-Identifier: Apache-2.0
"""Runs units of work on one connection: a savepoint each, one commit for all of them.

    BEGIN IMMEDIATE
      cases that the units are about          read together
      SAVEPOINT … unit 1 … RELEASE
      SAVEPOINT … unit 2 … ROLLBACK TO        an exception undoes that unit alone
      finish(uow, links whose own log grew)   one signed head a log, once
    COMMIT                                    then everybody gets an answer
    destroy the data keys that were ended, and empty both write-ahead logs

A failed storage (`Database.failure`) is final: nothing is retried, an unknown outcome of a commit is a
failure, and every later call raises. Both stores use this class, so both mean the same by a commit.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from exchange.adapters.storage.database import RESTORE_HINT, Database
from exchange.adapters.storage.unit import SqlUnit
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreDamagedError, StoreError
from exchange.ids import AgencyCode, CaseCode, LinkId
from exchange.service.ports import AboutCases, Finish, Unit, UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came out of one unit: its value, or the exception that undid it."""

    value: T | None = None
    error: Exception | None = None


def _nothing() -> None:
    return None


class Transactions:
    """The one user of a connection and its vault.

    `before_commit` and `after_commit` are for simulations of a crash; what they raise comes out of
    `write`, before the commit with everything undone, after it with everything durable.
    """

    def __init__(self, database: Database, vault: Vault, *, own: AgencyCode, finish: Finish) -> None:
        self._database = database
        self._vault = vault
        self._unit = SqlUnit(database, vault, own=own)
        self._finish = finish
        self.commits = 0
        self.before_commit: Callable[[], None] = _nothing
        self.after_commit: Callable[[], None] = _nothing

    @property
    def failure(self) -> StoreError | None:
        return self._unit.failure

    def write(self, units: Sequence[Unit[T]]) -> list[Outcome[T]]:
        """Run units and commit them together; return their outcomes in order.

        Raises:
            StoreError: the storage failed; no unit may be taken as done.
            Exception: whatever `finish` raised; no unit is done.
        """
        self.demand_sound()
        try:
            outcomes = self._group(units)
        except BaseException:
            self._undo()
            self.demand_sound()
            raise
        self.after_commit()
        self.destroy_ended()
        return outcomes

    def read(self, unit: Unit[T]) -> Outcome[T]:
        """Run a unit that only reads."""
        return self.read_all([unit])[0]

    def read_all(self, units: Sequence[Unit[T]]) -> list[Outcome[T]]:
        """Run units that only read; nothing else runs on the one connection meanwhile."""
        self.demand_sound()
        self._database.reading = True
        try:
            return [self._attempt(unit) for unit in units]
        finally:
            self._database.reading = False
            self._unit.end_transaction()

    def destroy_ended(self) -> None:
        """Destroy the data keys that committed units ended; a kill in between is made good at start.

        What was sealed under them leaves the write-ahead log of the store as well, before the keys count as
        destroyed: after a kill anywhere in between the next start does all of it again.
        """
        ended = [row[0] for row in self._database.all("ended_keys")]
        if not ended:
            return
        self._vault.destroy(ended)
        self._database.empty_log()
        self._database.control("BEGIN IMMEDIATE")
        self._database.many("ended_key_done", ({"key": key} for key in ended))
        self._database.control("COMMIT")

    @property
    def is_low(self) -> bool:
        """New data keys should be made while nobody waits for them."""
        return self.failure is None and self._vault.is_low

    def restock(self) -> None:
        """Fill the stock of data keys."""
        self._vault.fill()

    def verify(self) -> None:
        """Check every page, reference, log and outbox of the store; takes seconds on a large one.

        Raises:
            StoreDamagedError: something is not as it was written.
        """
        self.demand_sound()
        self._vault.verify()
        self._database.verify()
        if self._database.all("log_gaps"):
            raise StoreDamagedError("a log does not hold the leaves its size says", hint=RESTORE_HINT)
        if self._database.all("outbox_gaps"):
            raise StoreDamagedError("an outbox does not say how many messages wait", hint=RESTORE_HINT)

    def demand_sound(self) -> None:
        """Raise StoreError if the storage failed before."""
        failure = self.failure
        if failure is not None:
            raise type(failure)(str(failure), hint=failure.hint) from failure

    def _group(self, units: Sequence[Unit[T]]) -> list[Outcome[T]]:
        self._database.control("BEGIN IMMEDIATE")
        self._read_ahead(units)
        outcomes = [self._attempt(unit) for unit in units]
        if all(outcome.error is not None for outcome in outcomes):
            self._undo()
            return outcomes
        grown = self._unit.take_grown()
        if grown:
            self._finish(self._unit, grown)
            self._unit.take_grown()
        self._database.gathered.run_all()
        self._database.gathered.end()
        self._unit.end_transaction()
        self.demand_sound()
        self.before_commit()
        self._database.control("COMMIT")
        self.commits += 1
        return outcomes

    def _read_ahead(self, units: Sequence[Unit[T]]) -> None:
        """Read the cases of all units together; if one of them cannot be read, its own unit says so."""
        named: dict[LinkId, list[CaseCode]] = {}
        for unit in units:
            if isinstance(unit, AboutCases):
                named.setdefault(unit.link, []).extend(unit.cases)
        with suppress(StoreDamagedError):
            for link, codes in named.items():
                self._unit.cases.read_named(link, codes)
        self.demand_sound()

    def _attempt(self, unit: Unit[T]) -> Outcome[T]:
        uow: UnitOfWork = self._unit
        try:
            outcome = Outcome(value=self._unit.attempt(lambda: unit(uow)))
        except StopIteration as error:
            outcome = Outcome(error=RuntimeError(f"a unit raised {error!r}"))
        except Exception as error:  # the unit's own exception goes to its caller, whatever it is
            outcome = Outcome(error=error)
        self.demand_sound()
        return outcome

    def _undo(self) -> None:
        self._unit.forget()
        if self._database.connection.in_transaction and self.failure is None:
            self._database.control("ROLLBACK")
