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
        self._links = SqlLinks(database, self._numbers)
        self._logs = SqlLogs(database, self._numbers, own=own)
        self._head_lines = SqlHeadLines(database, self._logs)
        self._stamps = SqlStamps(database, self._logs)
        self._tiles = SqlTiles(database, self._logs)
        self._witnessed = SqlWitnessed(database, self._logs)
        self._places = places = MessagePlaces(database, self._numbers)
        self._messages = SqlMessages(database, vault, self._numbers, places)
        self._contents = SqlContents(database, vault, places, files)
        self._cases = SqlCases(database, vault, self._numbers, files, places)
        self._movements = SqlMovements(database, vault, self._numbers, files)
        self._crossings = SqlCrossings(database, self._numbers)
        self._questions = SqlQuestions(database, self._numbers, files)
        self._searches = SqlSearches(database, vault, files)
        self._register = SqlRegister(database, vault, files)
        self._differences = SqlDifferences(database, self._numbers)
        self._statements = SqlStatements(database, self._numbers, self._messages)
        self._officers = SqlOfficers(database, vault)
        self._clients = SqlClients(database, vault)
        self._drafts = SqlDrafts(database, vault, self._numbers)
        self._emergencies = SqlEmergencies(database, places)
        self._erasures = SqlErasures(database, self._numbers, files)
        self._staff = SqlStaff(database, vault, self._numbers)
        self._access = SqlAccess(database, vault, files)
        self._audit = SqlAudit(database, vault, self._numbers)
        self._settings = SqlSettings(database)

    @property
    def links(self) -> SqlLinks:
        return self._links

    @property
    def logs(self) -> SqlLogs:
        return self._logs

    @property
    def head_lines(self) -> SqlHeadLines:
        return self._head_lines

    @property
    def stamps(self) -> SqlStamps:
        return self._stamps

    @property
    def tiles(self) -> SqlTiles:
        return self._tiles

    @property
    def witnessed(self) -> SqlWitnessed:
        return self._witnessed

    @property
    def messages(self) -> SqlMessages:
        return self._messages

    @property
    def contents(self) -> SqlContents:
        return self._contents

    @property
    def cases(self) -> SqlCases:
        return self._cases

    @property
    def movements(self) -> SqlMovements:
        return self._movements

    @property
    def crossings(self) -> SqlCrossings:
        return self._crossings

    @property
    def questions(self) -> SqlQuestions:
        return self._questions

    @property
    def searches(self) -> SqlSearches:
        return self._searches

    @property
    def register(self) -> SqlRegister:
        return self._register

    @property
    def differences(self) -> SqlDifferences:
        return self._differences

    @property
    def statements(self) -> SqlStatements:
        return self._statements

    @property
    def officers(self) -> SqlOfficers:
        return self._officers

    @property
    def clients(self) -> SqlClients:
        return self._clients

    @property
    def drafts(self) -> SqlDrafts:
        return self._drafts

    @property
    def emergencies(self) -> SqlEmergencies:
        return self._emergencies

    @property
    def erasures(self) -> SqlErasures:
        return self._erasures

    @property
    def staff(self) -> SqlStaff:
        return self._staff

    @property
    def access(self) -> SqlAccess:
        return self._access

    @property
    def audit(self) -> SqlAudit:
        return self._audit

    @property
    def settings(self) -> SqlSettings:
        return self._settings

    @property
    def failure(self) -> StoreError | None:
        """The first failure of the storage or of the key store."""
        return self._database.failure or self._vault.failure

    def attempt(self, work: Callable[[], T]) -> T:
        if self._database.reading:
            return work()
        grown, waiting = set(self._logs.grown), self._database.gathered.mark()
        self._database.begin_savepoint()
        try:
            result = work()
        except BaseException:
            self._logs.grown = grown
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
        grown = frozenset(self._logs.grown)
        self._logs.grown.clear()
        return grown

    def forget(self) -> None:
        """Drop what was remembered of a transaction that is undone."""
        self._forget_names()
        self._logs.grown.clear()
        self._database.gathered.end()

    def end_transaction(self) -> None:
        """Drop what is remembered for one transaction only."""
        self._files.forget()
        self._links.end_transaction()
        self._officers.forget()
        self._logs.forget()
        self._messages.forget()
        self._places.forget()
        self._contents.forget()
        self._cases.forget()

    def _forget_names(self) -> None:
        self._numbers.forget()
        self._links.forget()
        self._audit.forget()
        self.end_transaction()
