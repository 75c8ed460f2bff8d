# SPDX-License-Identifier: Apache-2.0
"""Doubts about a message that is not sent yet: another country than the person's, another name than before.

Both may be right, so nothing is refused. Author and releaser see them, and who sends a person's data to a
country of which the person is not said to be a national has to say that this is meant.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from exchange.ids import LinkId
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.lines import Line, Place
from exchange.interfaces.web.pages.returning import changes_of
from exchange.messages.compared import Difference
from exchange.messages.document import Document, header_of, objects_at, persons_of, text_at
from exchange.messages.nationalities import not_of
from exchange.service.contradictions import said_otherwise, tell_otherwise
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader

CONFIRMED = "elsewhere"
"""Input that says that another country is meant."""


@dataclass(frozen=True)
class Stranger:
    """A person who is said to be of other countries than the one that the message goes to."""

    number: int
    countries: tuple[str, ...]


@dataclass(frozen=True)
class Doubts:
    """What author and releaser look at before the message is sent."""

    partner: str
    strangers: tuple[Stranger, ...] = ()
    otherwise: tuple[tuple[Place, list[Line], list[Line]], ...] = ()
    """What the case knows, and what the message says."""
    unconfirmed: bool = False
    """It was tried without saying that the other country is meant."""
    confirmed: bool = False
    """It was said, and something else is missing."""

    @property
    def stop(self) -> bool:
        """Whether it has to be said first that the other country is meant."""
        return bool(self.strangers) and not self.confirmed


async def doubts_about(clerk: Clerk, link: LinkId | None, document: Document | None) -> Doubts:
    """Return the doubts about a whole message; none about one that is not whole yet.

    Of a case of which something is told it is recorded that it was opened.
    """
    reader = Reader(clerk.officer, clerk.session.roles)
    confirmed = clerk.asked.text(CONFIRMED) == "yes"

    def unit(uow: UnitOfWork) -> Doubts:
        row = uow.links.get(link) if link else None
        if row is None or document is None:
            return Doubts(row.partner if row else "")
        return Doubts(row.partner, _strangers(document, row.partner), confirmed=confirmed)

    found = await clerk.node.store.read(unit)
    told = await _told(clerk, reader, link, document)
    type_code = text_at(header_of(document or {}), "type")
    return replace(found, otherwise=tuple(changes_of(type_code, [asdict(one) for one in told])))


async def _told(
    clerk: Clerk, reader: Reader, link: LinkId | None, document: Document | None
) -> tuple[Difference, ...]:
    """Return where the message says other than the cases of its persons; most say the same."""
    if link is None or document is None:
        return ()
    node, store, whole = clerk.node, clerk.node.store, document
    if not await store.read(lambda uow: said_otherwise(uow, node, reader, link, whole)):
        return ()
    return await store.write(lambda uow: tell_otherwise(uow, node, reader, link, whole))


def _strangers(document: Document, partner: str) -> tuple[Stranger, ...]:
    persons = persons_of(document)
    return tuple(
        Stranger(number + 1, _countries(persons[number])) for number in not_of(document, partner[:2])
    )


def _countries(person: Mapping[str, Any]) -> tuple[str, ...]:
    stated = [text_at(one, "country") for one in objects_at(dict(person), "nationality")]
    return tuple(dict.fromkeys(code for code in stated if code))
