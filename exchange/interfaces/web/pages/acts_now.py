# SPDX-License-Identifier: Apache-2.0
"""The buttons of a case and of a message: what can be written now, and with what a form begins.

What is offered is decided in `service.offers`; the page of a case and the page of a message show the same.
A button that says what it is about (a question, a second look, a later decision) fills that in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from exchange.ids import CaseCode, LinkId
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import Clerk
from exchange.service.offers import DECISION, QUESTION, Kind, Offer, offers_after, offers_of_case
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader
from exchange.service.rows import Direction

NOTHING_SAID: Final[Mapping[str, Any]] = MappingProxyType({})


def said_before(type_code: str, asked: Asked) -> Mapping[str, Any]:
    """Return what the content of a new message says because of the button that began it."""
    target = asked.text("target")
    if not target:
        return NOTHING_SAID
    if type_code == DECISION:
        return {"revises": target}
    if type_code != QUESTION:
        return NOTHING_SAID
    return {"target": target, "asks_second_look": asked.text("kind") == Kind.SECOND_LOOK.value}


@dataclass(frozen=True)
class Acts:
    """What can be written now; `look` says until when a second look can be asked."""

    offers: tuple[Offer, ...]
    look: Mapping[str, Any] | None = None

    @property
    def is_our_turn(self) -> bool:
        return any(offer.kind in (Kind.ANSWER, Kind.STEP) for offer in self.offers)


async def acts_of_case(clerk: Clerk, link: LinkId, code: CaseCode) -> Acts:
    """Return the buttons of a case."""

    def unit(uow: UnitOfWork) -> tuple[Offer, ...]:
        case = uow.cases.get(link, code)
        return offers_of_case(uow, clerk.node, case) if case else ()

    return await _with_look(clerk, await clerk.node.store.read(unit))


async def acts_of_message(clerk: Clerk, about: Mapping[str, Any]) -> Acts:
    """Return the buttons of a message."""
    reader = Reader(clerk.officer, clerk.session.roles)

    def unit(uow: UnitOfWork) -> tuple[Offer, ...]:
        row = uow.messages.by_id(LinkId(about["link"]), Direction(about["direction"]), about["id"])
        return offers_after(uow, clerk.node, row, reader) if row else ()

    return await _with_look(clerk, await clerk.node.store.read(unit))


async def _with_look(clerk: Clerk, offers: tuple[Offer, ...]) -> Acts:
    refused = next((offer.cases[0] for offer in offers if offer.kind is Kind.SECOND_LOOK), None)
    if refused is None:
        return Acts(offers)
    return Acts(offers, await clerk.ask("case.second_look", code=refused))
