# SPDX-License-Identifier: Apache-2.0
"""The tables of one store, as one unit of work sees them.

There is one `SqlUnit` per connection; the transaction around it is the business of `transactions`.
"""

from collections.abc import Callable
from typing import TypeVar

from exchange.adapters.storage.access import SqlAccess
from exchange.adapters.storage.audit import SqlAudit
from exchange.adapters.storage.cases import CaseFiles, SqlCases
from exchange.adapters.storage.clients import SqlClients
from exchange.adapters.storage.contents import SqlContents
from exchange.adapters.storage.crossings import SqlCrossings
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.differences import SqlDifferences, SqlStatements
from exchange.adapters.storage.drafts import SqlDrafts
from exchange.adapters.storage.emergencies import SqlEmergencies
from exchange.adapters.storage.erasures import SqlErasures
from exchange.adapters.storage.head_lines import SqlHeadLines
from exchange.adapters.storage.links import LinkNumbers, SqlLinks
from exchange.adapters.storage.logs import SqlLogs
from exchange.adapters.storage.messages import MessagePlaces, SqlMessages
from exchange.adapters.storage.movements import SqlMovements
from exchange.adapters.storage.officers import SqlOfficers
from exchange.adapters.storage.questions import SqlQuestions
from exchange.adapters.storage.register import SqlRegister
from exchange.adapters.storage.searches import SqlSearches
from exchange.adapters.storage.settings import SqlSettings
from exchange.adapters.storage.staff import SqlStaff
from exchange.adapters.storage.stamps import SqlStamps
from exchange.adapters.storage.tiles import SqlTiles
from exchange.adapters.storage.unopened import SqlUnopened
from exchange.adapters.storage.vault import Vault
from exchange.adapters.storage.witnessed import SqlWitnessed
from exchange.errors import StoreError
from exchange.ids import AgencyCode, LinkId

T = TypeVar("T")


class SqlUnit:
    """Implements `exchange.service.ports.UnitOfWork`."""

    def __init__(self, database: Database, vault: Vault, *, own: AgencyCode) -> None:
        self._database = database
        self._vault = vault
        self._numbers = LinkNumbers(database)
        self._files = files = CaseFiles(database, vault, self._numbers)
        self.links = SqlLinks(database, self._numbers)
        self.logs = SqlLogs(database, self._numbers, own=own)
        self.head_lines = SqlHeadLines(database, self.logs)
        self.stamps = SqlStamps(database, self.logs)
        self.tiles = SqlTiles(database, self.logs)
        self.witnessed = SqlWitnessed(database, self.logs)
        self._places = places = MessagePlaces(database, self._numbers)
        self.messages = SqlMessages(database, vault, self._numbers, places)
        self.contents = SqlContents(database, vault, places, files)
        self.cases = SqlCases(database, vault, self._numbers, files, places)
        self.movements = SqlMovements(database, vault, self._numbers, files)
        self.crossings = SqlCrossings(database, self._numbers)
        self.questions = SqlQuestions(database, self._numbers, files)
        self.unopened = SqlUnopened(database, places)
        self.searches = SqlSearches(database, vault, files)
        self.register = SqlRegister(database, vault, files)
        self.differences = SqlDifferences(database, self._numbers)
        self.statements = SqlStatements(database, self._numbers, self.messages)
        self.officers = SqlOfficers(database, vault)
        self.clients = SqlClients(database, vault)
        self.drafts = SqlDrafts(database, vault, self._numbers)
        self.emergencies = SqlEmergencies(database, places)
        self.erasures = SqlErasures(database, self._numbers, files)
        self.staff = SqlStaff(database, vault, self._numbers)
        self.access = SqlAccess(database, vault, files)
        self.audit = SqlAudit(database, vault, self._numbers)
        self.settings = SqlSettings(database)

    @property
    def failure(self) -> StoreError | None:
        """The first failure of the storage or of the key store."""
        return self._database.failure or self._vault.failure

    def attempt(self, work: Callable[[], T]) -> T:
        if self._database.reading:
            return work()
        grown, waiting = set(self.logs.grown), self._database.gathered.mark()
        self._database.begin_savepoint()
        try:
            result = work()
        except BaseException:
            self.logs.grown = grown
            self._forget_names()
            if self.failure is None:
                self._database.undo_savepoint()
                self._database.gathered.undo(waiting)
                self._database.gathered.run_all()  # no row is remembered any more that tells of them
            raise
        self._database.keep_savepoint()
        return result

    def take_grown(self) -> frozenset[LinkId]:
        """Return the links whose own log grew since the last call."""
        grown = frozenset(self.logs.grown)
        self.logs.grown.clear()
        return grown

    def forget(self) -> None:
        """Drop what was remembered of a transaction that is undone."""
        self._forget_names()
        self.logs.grown.clear()
        self._database.gathered.end()

    def end_transaction(self) -> None:
        """Drop what is remembered for one transaction only."""
        self._files.forget()
        self.links.end_transaction()
        self.officers.forget()
        self.logs.forget()
        self.messages.forget()
        self._places.forget()
        self.contents.forget()
        self.cases.forget()

    def _forget_names(self) -> None:
        self._numbers.forget()
        self.links.forget()
        self.audit.forget()
        self.end_transaction()
