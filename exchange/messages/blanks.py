# SPDX-License-Identifier: Apache-2.0
"""The smallest file of each type: blank for an officer to write in, or as an invented example.

1. It begins with a published example of the type (`schemas/examples`), which is complete and right.
2. Every member is taken out that is not missed: `fill` adds it again, or neither the form nor a rule that
   needs no earlier message asks for it.
3. In a blank one "" stands wherever a value is needed, also where a list or a decision would be empty: what
   is forgotten is refused, never sent.
4. The days of an example are moved, so that it fits today.

    blank("TDS")    # {"type": "TDS", "persons": [{"case_code": "", "status": "", …}]}
"""

import json
import re
from copy import deepcopy
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from exchange.errors import InputError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.messages.catalog import message_types
from exchange.messages.codelists import schema_root
from exchange.messages.context import KnownFacts, RuleContext
from exchange.messages.document import RELEASE_FIELDS, Document, JsonValue, object_at, text_at
from exchange.messages.filling import Sources, fill
from exchange.messages.validation import check_form, check_rules

BEGIN_WITH = {
    "AMD": "decision-valid-longer",
    "CAN": "own-notice",
    "CKS": "closed-without-a-date",
    "CLO": "reintegrated",
    "COR": "birth-year",
    "CWD": "return-withdrawn-at-the-crossing",
    "DIR": "office-with-functions",
    "DRS": "corrected-by-an-entry",
    "DSC": "number-that-never-arrived",
    "FUP": "second-report-stable",
    "HDP": "with-papers-and-photograph",
    "HLD": "witness-for-thirty-days",
    "HPR": "two-persons-by-bus",
    "HRC": "first-record-two-handed-over",
    "HRP": "confirmed",
    "IDN": "adult-found",
    "INC": "person-missing",
    "INQ": "spelling-in-a-notice",
    "INR": "spelling-in-a-notice",
    "KEY": "yearly-change",
    "PDR": "erasure",
    "RCV": "two-persons-arrived",
    "RFN": "one-person",
    "RMD": "first-reminder-again",
    "ROP": "withdrawn-and-wants-to-go",
    "RPD": "one-person-accepted",
    "RPN": "adult-with-passport",
    "RSM": "host-ends-its-hold",
    "STM": "auditors-month",
    "TDQ": "two-adults",
    "TDS": "issued-and-pending",
    "TRA": "twelve-persons-by-road",
    "TRD": "accepted",
    "TRQ": "adult-looks-for-her-mother",
    "TRS": "relatives-found",
    "VRQ": "adult-with-declaration",
    "VRS": "national",
}
"""The usual case of each type."""
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_PARTS = frozenset({"header", "content", "persons"})


def blank(type_code: str) -> Document:
    """Return the smallest file of an installed type with "" for every value."""
    small = deepcopy(_smallest(type_code))
    empty = {name: _emptied(value) for name, value in small.items() if name != "type"}
    return {"type": type_code, **empty}


def example(type_code: str, today: date) -> Document:
    """Return an invented file of an installed type, with days that fit `today`."""
    _, numbered_at = _published(type_code)
    moved = _moved(_smallest(type_code), today - numbered_at.date())
    return moved if isinstance(moved, dict) else {}


@cache
def _smallest(type_code: str) -> Document:
    """Return a published example with everything taken out that is not missed (2)."""
    document, numbered_at = _published(type_code)
    header = object_at(document, "header")
    sources, context = _sources(header), _context(header, numbered_at)
    small = _flat(document)
    known = _faults(small, sources, context)
    for path in _paths(small):
        shorter = deepcopy(small)
        if _take_out(shorter, path) and _faults(shorter, sources, context) <= known:
            small = shorter
    return small


def _published(type_code: str) -> tuple[Document, datetime]:
    """Return a complete example, and the instant for which it is right."""
    root = schema_root() / "examples"
    folder = root / type_code.lower() / "valid"
    named = folder / f"{BEGIN_WITH.get(type_code, '')}.json"
    path = named if named.is_file() else min(folder.glob("*.json"))
    world = json.loads((root / "world.json").read_text(encoding="utf-8"))
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document, datetime.fromisoformat(world["numbered_at"])


def _flat(document: Document) -> Document:
    """Return a document as an officer writes it: flat, without what is filled at release."""
    header, content = dict(object_at(document, "header")), object_at(document, "content")
    for name in (*RELEASE_FIELDS, "type", "attachments"):
        header.pop(name, None)
    inner: Document = {name: value for name, value in content.items() if name in header or name in _PARTS}
    flat: Document = {"type": text_at(object_at(document, "header"), "type")}
    flat |= {name: value for name, value in content.items() if name not in inner}
    flat |= {name: value for name, value in header.items() if name not in flat}
    flat |= {"content": inner} if inner else {}
    persons = document.get("persons")
    return flat | ({"persons": deepcopy(persons)} if persons else {})


def _faults(small: Document, sources: Sources, context: RuleContext) -> frozenset[tuple[str, str]]:
    """Return what the form and the rules find; the one about a person counts once for all persons."""
    try:
        document = fill(small, sources).document
    except InputError as error:
        return frozenset((fault.code, fault.rule) for fault in error.faults)
    found = check_form(document, draft=True) or check_rules(document, context, KnownFacts())
    return frozenset((fault.code, fault.rule + re.sub(r"\d+", "n", fault.pointer)) for fault in found)


def _paths(value: JsonValue, *steps: str) -> list[tuple[str, ...]]:
    """Return the place of every member, outer ones first; all items of a list are one place."""
    found: list[tuple[str, ...]] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += [(*steps, name), *_paths(inner, *steps, name)] if name != "type" or steps else []
    elif isinstance(value, list):
        inner_places = (place for item in value for place in _paths(item, *steps))
        found += dict.fromkeys(inner_places)
    return found


def _take_out(value: JsonValue, path: tuple[str, ...]) -> bool:
    """Take a member out, in every item where lists lie on its way; return whether it was there."""
    if isinstance(value, list):
        return any([_take_out(item, path) for item in value])
    if not isinstance(value, dict) or path[0] not in value:
        return False
    if len(path) == 1:
        del value[path[0]]
        return True
    return _take_out(value[path[0]], path[1:])


def _emptied(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _emptied(inner) for name, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_emptied(value[0])]
    return ""


def _moved(value: JsonValue, by: timedelta) -> JsonValue:
    if isinstance(value, dict):
        return {name: _moved(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(item, by) for item in value]
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    return (date.fromisoformat(found[1]) + by).isoformat() + (found[2] or "")


def _sources(header: dict[str, JsonValue]) -> Sources:
    usual: dict[str, JsonValue] = {
        "language": "en",
        "checkpoint": "KH-VN-BAVET",
        "funding": "host_state",
        "handling": ["case_only"],
    }
    return Sources(
        sender=AgencyCode(text_at(header, "sender")),
        partner=AgencyCode(text_at(header, "recipient")),
        officer=OfficerNumber(text_at(header, "officer")),
        office=AgencyCode(text_at(header, "acting_agency")),
        office_kind="social_welfare",
        usual=usual,
        today=date(2027, 9, 17),
        random=lambda count: bytes(count),
    )


def _context(header: dict[str, JsonValue], numbered_at: datetime) -> RuleContext:
    both = (AgencyCode(text_at(header, "sender")), AgencyCode(text_at(header, "recipient")))
    allowed: Any = dict.fromkeys(message_types(), both)
    return RuleContext(
        sender=both[0], recipient=both[1], numbered_at=numbered_at, types_allowed=allowed, checkpoints=None
    )
