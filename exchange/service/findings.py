# SPDX-License-Identifier: Apache-2.0
"""What the use cases need of the store to find a person again, and of the home register.

Two tables of one unit of work, as `ports` has the others. Search keys (`messages.searchkeys`) are texts of
persons: an adapter keeps only keyed tokens of them.
"""

import builtins
from collections.abc import Collection
from typing import Protocol

from exchange.ids import CaseCode, LinkId
from exchange.service.rows import FoundCase, FoundEntry, RegisterRow


class Searches(Protocol):
    """Keyed tokens by which persons of cases are found again; they go with the case."""

    def index(self, link: LinkId, code: CaseCode, keys: Collection[str]) -> None:
        """Remember search keys of a case; nothing is remembered of a code that is not in the store."""
        ...

    def find(self, keys: Collection[str], *, limit: int) -> list[FoundCase]:
        """Return the cases that have the most of some keys, each with those it has."""
        ...


class Register(Protocol):
    """The home register, encrypted at rest; it is never sent. An entry goes with its case."""

    def add(self, row: RegisterRow, keys: Collection[str]) -> None:
        """Keep a new entry; raises AppendOnlyError when the file number is used."""
        ...

    def update(self, row: RegisterRow, keys: Collection[str]) -> None:
        """Replace the entry of `row.number`."""
        ...

    def get(self, number: str) -> RegisterRow | None: ...
    def page(self, *, after: int = 0, limit: int = 100) -> tuple[builtins.list[RegisterRow], int]:
        """Return entries, oldest first, and the place after which the next page begins, or 0."""
        ...

    def of_case(self, link: LinkId, code: CaseCode) -> builtins.list[RegisterRow]: ...
    def find(self, keys: Collection[str], *, limit: int) -> builtins.list[FoundEntry]:
        """Return the entries that have the most of some keys, each with those it has."""
        ...
