# SPDX-License-Identifier: Apache-2.0
"""Long lists page by page: how many rows a page has, which page was asked for, and the ones beside it.

A page is at most about 30 kB, so that a slow line shows it at once. Numbers beyond `MOST_PAGES` are not
looked for: whoever wants something older searches for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from exchange.interfaces.web.asking import Asked

T = TypeVar("T")
ROWS: Final = 30
"""Rows of a list without content: about 700 bytes each in Khmer, whose letters take three bytes."""
WIDE_ROWS: Final = 20
"""Rows with a button and the times of two countries: about 1 kB each."""
MOST_PAGES: Final = 1_000


@dataclass(frozen=True)
class Slice:
    """The part of a list that one page shows; one row more is asked for, to know whether there is another."""

    page: int
    rows: int

    @property
    def skip(self) -> int:
        return (self.page - 1) * self.rows

    @property
    def limit(self) -> int:
        return self.rows + 1

    def shown(self, found: Sequence[T]) -> list[T]:
        return list(found[: self.rows])

    def ways(self, found: Sequence[object]) -> dict[str, int]:
        """Return the pages beside this one, 0 where there is none."""
        more = len(found) > self.rows and self.page < MOST_PAGES
        return {"before": self.page - 1, "after": self.page + 1 if more else 0}


def asked_slice(asked: Asked, rows: int) -> Slice:
    """Return the part that the address names with `page`; what is no page is the first one."""
    text = asked.said("page")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 1
    return Slice(min(max(number, 1), MOST_PAGES), rows)
