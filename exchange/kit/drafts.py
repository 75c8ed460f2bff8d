# SPDX-License-Identifier: Apache-2.0
"""The drafts that the kit sends to a live node: an invented notice, and a withdrawal that overtakes it.

Everybody in them is invented. Days fit the clock, persons are nationals of the node's country, and the usual
values are those of the agreement.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Final

from exchange.ids import AgencyCode, OfficerNumber, RandomSource, new_case_code
from exchange.messages.document import object_at, objects_at
from exchange.messages.filling import Sources, fill
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.terms import Terms, country_of

OFFICER: Final = OfficerNumber("P-0001")
KIND: Final = "social_welfare"
Draft = Callable[[RandomSource], Document]
"""Returns a complete draft with a case of its own."""


def notice_drafts(own: AgencyCode, partner: AgencyCode, terms: Terms, now: Callable[[], datetime]) -> Draft:
    """Return what makes notices of one adult, each with a case of its own."""
    small = _notice(country_of(partner), now().date())
    return drafts_like(fill(small, _sources(own, partner, terms, now().date())).document)


def stop_drafts(own: AgencyCode, partner: AgencyCode, terms: Terms, now: Callable[[], datetime]) -> Draft:
    """Return what makes withdrawals of consent in cases of which nothing arrived yet."""
    small: Document = {
        "type": "CWD",
        "case_codes": ["0000-0000-0000"],
        "purpose": "return_arrangement",
        "scope": ["return"],
        "withdrawn_at": (now() - timedelta(hours=1)).isoformat(timespec="minutes"),
    }
    return drafts_like(fill(small, _sources(own, partner, terms, now().date())).document)


def drafts_like(draft: Document) -> Draft:
    """Return what makes drafts that differ from one of a single person by their case alone."""

    def made(random: RandomSource) -> Document:
        code = new_case_code(random)
        document = deepcopy(draft)
        object_at(document, "header")["case_codes"] = [code]
        objects_at(document, "persons")[0]["case_code"] = code
        return document

    return made


def _notice(country: str, today: date) -> Document:
    return {
        "type": "RPN",
        "proposed_from": _day(today, 21),
        "proposed_to": _day(today, 25),
        "tracing_result": "an invented person of the conformance kit",
        "persons": [_person(country, today)],
    }


def _person(country: str, today: date) -> JsonValue:
    return {
        "names": [{"full": "KIT Conformance", "script": "Latn", "kind": "official"}],
        "sex": "F",
        "birth": {"value": "1999-05-14", "precision": "day", "basis": "document", "calendar": "gregorian"},
        "nationality": [{"country": country}],
        "documents": [{"type": "passport", "number": "C0000000", "expires": _day(today, 900)}],
        "identification": {"status": "confirmed", "on": _day(today, -30)},
        "consents": [{"scope": "return", "state": "given", "giver": "person", "on": _day(today, -20)}],
        "return_mode": "voluntary",
        "proceedings": {"needed": False},
        "needs_on_arrival": [],
    }


def _sources(own: AgencyCode, partner: AgencyCode, terms: Terms, today: date) -> Sources:
    usual = terms.usual
    checkpoint = usual.checkpoint or next(iter(terms.checkpoints), None)
    return Sources(
        sender=own,
        partner=partner,
        officer=OFFICER,
        office=own,
        office_kind=KIND,
        usual={
            "language": usual.language,
            "checkpoint": checkpoint,
            "funding": usual.funding,
            "handling": list(usual.handling),
        },
        today=today,
        random=bytes,
    )


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
