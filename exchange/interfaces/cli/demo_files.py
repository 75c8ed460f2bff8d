# SPDX-License-Identifier: Apache-2.0
"""The small files that the officers of the demo write, one function for each message; persons are invented.

Time is compressed: what takes weeks happens within some minutes of this computer's clock, in the order in
which it would happen. Names of members are those of the wire; what is left out is filled by `message.fill`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from exchange.interfaces.cli.templates import Small
from exchange.messages.document import object_at

CROSSING: Final = {"checkpoint": "KH-VN-BAVET", "alternative": "KH-VN-PREYVOR"}
ZONE: Final = ZoneInfo("Asia/Phnom_Penh")
"""Both sides of this crossing have the same time."""
PAPER: Final = "return_certificate"
BORN: Final = {"precision": "day", "basis": "self_reported", "calendar": "gregorian"}


@dataclass(frozen=True)
class Woman:
    """An invented adult."""

    name: str
    country: str
    passport: str = ""
    """Number of her passport, or "" when she has no paper."""

    def block(self, today: date) -> Small:
        """Return who she is, as a message about her origin says it."""
        return {
            "names": self.names(),
            "sex": "F",
            "birth": {"value": _born(today), **BORN},
            "nationality": [{"country": self.country}],
        }

    def names(self) -> list[Any]:
        return [{"full": self.name, "script": "Latn", "kind": "official"}]

    def papers(self, today: date) -> list[Any]:
        passport = {"type": "passport", "number": self.passport, "expires": in_days(today, 900)}
        return [passport] if self.passport else []


def in_days(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def agreed(scope: str, today: date) -> list[Any]:
    """Return that the person herself agreed some days ago."""
    return [{"scope": scope, "state": "given", "giver": "person", "on": in_days(today, -5)}]


def found(woman: Woman, today: date) -> Small:
    """IDN: somebody was found; her state of origin is told because she agreed to that."""
    return {
        "type": "IDN",
        **woman.block(today),
        "place_of_origin": {"country": woman.country, "units": ["Tay Ninh"]},
        "identification": {"status": "presumed", "on": in_days(today, -7)},
        "consents": agreed("notify_origin", today),
        "found_on": in_days(today, -8),
        "found_region": "Phnom Penh",
        "care": "temporary_shelter",
        "contact_wish": "she wants a call from the embassy",
    }


def check(woman: Woman, case: str, today: date) -> Small:
    """VRQ: is she a national?"""
    return {
        "type": "VRQ",
        "case_code": case,
        **woman.block(today),
        "place_of_origin": {"country": woman.country, "units": ["Tay Ninh"]},
        "languages": {"spoken": ["vi"], "understood": ["vi"]},
        "consents": agreed("verify_nationality", today),
        "question": ["nationality"],
        "declaration": "I was born in Tay Ninh and want to go home.",
    }


def national(case: str, request: str) -> Small:
    """VRS: she is."""
    return {
        "type": "VRS",
        "in_reply_to": request,
        "case_code": case,
        "result": "national",
        "proof": "entry in the civil register of the province",
    }


def notice(women: Sequence[Small], today: date) -> Small:
    """RPN: who returns, when, with what consent and needs."""
    return {
        "type": "RPN",
        "proposed_from": today.isoformat(),
        "proposed_to": in_days(today, 21),
        "tracing_result": "she does not want her family to be traced",
        "persons": [*women],
    }


def returning(woman: Woman, today: date, *, case: str = "") -> Small:
    """Return one person of a notice; `case` if one is open already."""
    person: Small = {
        **woman.block(today),
        "documents": woman.papers(today),
        "identification": {"status": "confirmed", "on": in_days(today, -6)},
        "consents": agreed("return", today),
        "return_mode": "voluntary",
        "proceedings": {"needed": False},
        "needs_on_arrival": ["temporary_shelter"],
    }
    return {"case_code": case, **person} if case else person


def paper_wanted(woman: Woman, case: str, today: date) -> Small:
    """TDQ: she needs a paper to cross the border."""
    person: Small = {"case_code": case, **woman.block(today), "documents": []}
    return {
        "type": "TDQ",
        "document_wanted": PAPER,
        "needed_by": in_days(today, 7),
        "pickup": "embassy in Phnom Penh, collected by a social worker",
        "persons": [person],
    }


def paper_issued(case: str, request: str, today: date) -> Small:
    """TDS: here it is."""
    paper: Small = {
        "type": PAPER,
        "number": "R0000001",
        "issued": today.isoformat(),
        "expires": in_days(today, 90),
        "single_journey": True,
    }
    line: Small = {"case_code": case, "status": "issued", "document": paper}
    return {"type": "TDS", "in_reply_to": request, "persons": [line]}


def proposal(cases: list[str], now: datetime, stop_officers: dict[str, str]) -> Small:
    """HPR: where and when, and who may stop it on each side."""
    return {
        "type": "HPR",
        "case_codes": list(cases),
        **CROSSING,
        "place_detail": "road gate, protection office",
        "window_from": _clock(now, 2),
        "window_to": _clock(now, 120),
        "go_no_go_at": _clock(now, 1),
        "stop_officers": [{"side": side, "officer": who} for side, who in stop_officers.items()],
        "transport": ["ministry_vehicle"],
        "escorts": [{"side": "host", "role": "social_worker", "number": 1}],
        "record_form": "electronic",
    }


def confirmation(proposed: Small, named: Small, officer: str) -> Small:
    """HRP: agreed, exactly that proposal."""
    header = object_at(proposed, "header")
    return {
        "type": "HRP",
        "movement_code": header["movement_code"],
        "case_codes": header["case_codes"],
        "response": "confirm",
        "receiving_officers": [officer],
        "confirms": named,
    }


def departure(women: dict[str, Woman], movement: str, now: datetime, today: date) -> Small:
    """HDP: they have left; the final list."""
    return {
        "type": "HDP",
        "movement_code": movement,
        "event_at": _clock(now),
        "departed_at": _clock(now),
        "expected_at": _clock(now, 2),
        "vehicle": "white minibus",
        "escort_contact": "+855 23 000 0000",
        "persons": [_traveller(woman, case, today) for case, woman in women.items()],
    }


def record(
    women: dict[str, Woman], movement: str, now: datetime, *, officer: str, absent: Collection[str] = ()
) -> Small:
    """HRC, first signature: what happened to each person of the list."""
    today = now.astimezone(ZONE).date()
    return {
        "type": "HRC",
        "movement_code": movement,
        "event_at": _clock(now, 3),
        "minutes_number": f"1/{today.year}",
        "checkpoint": CROSSING["checkpoint"],
        "started_at": _clock(now, 2),
        "ended_at": _clock(now, 3),
        "signatory": _signature("host", officer, now, 3),
        "persons": [
            _line(woman, case, today, outcome="not_presented" if case in absent else "handed_over")
            for case, woman in women.items()
        ],
    }


def countersignature(first: Small, named: Small, now: datetime, officer: str) -> Small:
    """HRC, second signature: agreed as it stands; no line is repeated."""
    header = object_at(first, "header")
    return {
        "type": "HRC",
        "movement_code": header["movement_code"],
        "case_codes": header["case_codes"],
        "event_at": _clock(now, 4),
        "signatory": _signature("origin", officer, now, 4),
        "agreed": True,
        "countersigns": named,
    }


def reception(cases: list[str], movement: str, now: datetime, *, record: str, agency: str) -> Small:
    """RCV: they arrived."""
    arrived: Small = {
        "is_child": False,
        "arrived": True,
        "arrived_at": _clock(now, 4),
        "condition": "well",
    }
    return {
        "type": "RCV",
        "movement_code": movement,
        "event_at": _clock(now, 4),
        "record": record,
        "reception_agency": agency,
        "persons": [{"case_code": case, **arrived} for case in cases],
    }


def _traveller(woman: Woman, case: str, today: date) -> Small:
    return {
        "case_code": case,
        "names": woman.names(),
        "sex": "F",
        "is_child": False,
        "documents": woman.papers(today),
    }


def _line(woman: Woman, case: str, today: date, *, outcome: str) -> Small:
    line = {**_traveller(woman, case, today), "outcome": outcome}
    if outcome == "not_presented":
        return {**line, "reason": "ill", "identity_check": "not present"}
    return {**line, "identity_check": "compared with the photograph in the paper", "condition": "well"}


def _signature(side: str, officer: str, now: datetime, minutes: int) -> Small:
    return {"side": side, "officer": officer, "at": _clock(now, minutes), "kind": "electronic"}


def _born(today: date) -> str:
    return in_days(today.replace(year=today.year - 24, day=1), 13)


def _clock(now: datetime, minutes: int = 0) -> str:
    """Return a time of the crossing, some minutes from now."""
    return (now.astimezone(ZONE) + timedelta(minutes=minutes)).isoformat(timespec="minutes")
