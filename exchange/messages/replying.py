# SPDX-License-Identifier: Apache-2.0
"""Completes the small file of a message that follows an earlier one: an answer, a departure, a record.

Added is what the earlier messages say and the new one repeats:

1. which message is answered, the movement, the cases, and a line for each person it is about;
2. of each person what the form needs and an earlier message of the case said: names, papers, flags …;
3. HRP: the proposal or its last change, by number and commitment. HRC: the record that is signed, the
   crossing of the appointment, the side of the officer. RCV: the record, and who was taken over in it.

What the file gives is never changed. Never added: an outcome, a time, a consent, custody, a condition.
A beginning of a case code is enough where it fits one person.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal

from exchange.errors import InputError
from exchange.ids import Digest, MessageId
from exchange.messages.catalog import Form, message_types
from exchange.messages.document import Document, JsonValue, header_of, objects_at, persons_of, text_at
from exchange.messages.schemas import members, most_persons, needed_members, schemas
from exchange.messages.taking_over import TAKEN_OVER
from exchange.messages.wording import fault

_REPEATED = frozenset({"names", "sex", "is_child", "nationality", "birth", "documents", "flags", "languages"})
_REPEATED_ON_THE_WAY = frozenset({"links", "guardian"})
"""Repeated until the record; afterwards the origin side has to say who cares for a child."""
_ON_THE_WAY = frozenset({"HDP", "HRC"})
_HAPPENED = {"HDP": "departed_at", "HRC": "started_at"}
"""Members that say when the event happened."""
_MOVED = frozenset({"HRP", "HDP", "HRC", "RCV", "TRD"})
"""Types that name the movement of the message they follow."""
_LEAST_CODE = 4
Line = dict[str, JsonValue]


@dataclass(frozen=True)
class Before:
    """What stands already when a message is written after another."""

    document: Document
    """The message that is answered or followed."""
    pc: Digest
    side: Literal["host", "origin"]
    """Our side in its cases."""
    officer: str
    office: str
    at: str
    """Now, with the offset of our office."""
    listed: tuple[str, ...] = ()
    """Persons of the movement as it was agreed; after the departure, the final list."""
    checkpoint: tuple[str, str] = ("", "")
    """Crossing of the appointment; its name with the code OTHER."""
    last_change: tuple[MessageId, Digest] | None = None
    """What a confirmation confirms."""
    record: Document | None = None
    """The record with lines that the message is or signs."""
    persons: Mapping[str, Line] = field(default_factory=dict)
    """What earlier messages said of each person, by case."""

    @property
    def type(self) -> str:
        return text_at(header_of(self.document), "type")

    @property
    def id(self) -> str:
        return text_at(header_of(self.document), "message_id")


def following(type_code: str, given: Document, before: Before) -> Document:
    """Return the small file of a message of a type, completed from what stands before it.

    Raises:
        InputError: no form of this type is installed, or a person is named whom the message is not about.
    """
    row = message_types().get(type_code)
    if row is None or row.form is None:
        raise InputError(
            f"{type_code[:40]} has no installed form", hint="see: exchange message answer <number>"
        )
    small: Document = {**deepcopy(given), "type": type_code}
    _refer(small, type_code, before)
    match type_code:
        case "HRP":
            _respond(small, before)
        case "HRC":
            _sign(small, before)
        case "RCV":
            _receive(small, before)
    if most_persons(row.form.schema) and "countersigns" not in small:
        _lines(small, type_code, row.form, before)
    about = _about(type_code, before)
    if about and "case_code" not in small and not objects_at(small, "persons"):
        small.setdefault("case_codes", list(about))
    moment = text_at(small, _HAPPENED.get(type_code, "")) or _arrived_at(small)
    if moment:
        small.setdefault("event_at", moment)
    return small


def _refer(small: Document, type_code: str, before: Before) -> None:
    """Name the message that is answered, and the movement."""
    replies = message_types()[before.type].replies
    if type_code in replies and not _refuses_reference(type_code) and type_code != "HRC":
        small.setdefault("in_reply_to", before.id)
    movement = text_at(header_of(before.document), "movement_code")
    if movement and type_code in _MOVED:
        small.setdefault("movement_code", movement)


def _refuses_reference(type_code: str) -> bool:
    form = message_types()[type_code].form
    header = schemas()[form.schema]["properties"]["header"] if form else {}
    return header.get("properties", {}).get("in_reply_to") is False


def _respond(small: Document, before: Before) -> None:
    if before.last_change is None:
        return
    number, pc = before.last_change
    small["in_reply_to"] = (
        given if (given := text_at(small, "in_reply_to")) not in {"", before.id} else number
    )
    if small.get("response") == "confirm":
        small.setdefault("confirms", {"id": number, "pc": pc})
        small.setdefault("receiving_officers", [before.officer])


def _sign(small: Document, before: Before) -> None:
    """Complete the signature; with `agreed` it is the countersignature of the record before."""
    if "agreed" in small and before.type == "HRC":
        small.setdefault("countersigns", {"id": before.id, "pc": before.pc})
        small.setdefault("event_at", before.at)
    elif "countersigns" not in small and "supplements" not in small:
        code, name = before.checkpoint
        small.setdefault("checkpoint", code)
        if name and small["checkpoint"] == code:
            small.setdefault("checkpoint_name", name)
    signatory = small.setdefault("signatory", {})
    if isinstance(signatory, dict):
        known: Line = {"side": before.side, "officer": before.officer, "at": before.at, "kind": "electronic"}
        small["signatory"] = {**known, **signatory}


def _receive(small: Document, before: Before) -> None:
    small.setdefault("reception_agency", before.office)
    if before.record is not None:
        small.setdefault("record", text_at(header_of(before.record), "message_id"))


def _about(type_code: str, before: Before) -> tuple[str, ...]:
    """Return whom a message of a type is about, when its file names nobody."""
    if type_code == "RCV" and before.record is not None:
        taken = [line for line in persons_of(before.record) if text_at(line, "outcome") in TAKEN_OVER]
        return tuple(text_at(line, "case_code") for line in taken)
    if before.listed and type_code in {"HRP", "HDP"}:
        return before.listed
    if type_code == "HRC" and before.type != "HRC":
        return before.listed
    codes = header_of(before.document).get("case_codes")
    return tuple(str(code) for code in codes) if isinstance(codes, list) else ()


def _lines(small: Document, type_code: str, form: Form, before: Before) -> None:
    """Give every person a line, with what is said once for all and what is known of each."""
    about, content = _about(type_code, before), members(form.schema, "properties", "content")
    own = [name for name in members(form.schema, "$defs", form.line) if name not in content]
    shared = {name: small.pop(name) for name in own if name in small and name != "case_code"}
    named = small.pop("case_code", None)
    given = objects_at(small, "persons") or [{"case_code": code} for code in ([named] if named else about)]
    small["persons"] = [_line(line, shared, type_code, form, before, about) for line in given]


def _line(
    given: Line, shared: Line, type_code: str, form: Form, before: Before, about: tuple[str, ...]
) -> Line:
    line: Line = {**deepcopy(shared), **given}
    line["case_code"] = code = _whole_code(text_at(line, "case_code"), about, open_list=type_code == "HRC")
    known, wanted = before.persons.get(code, {}), _REPEATED
    if type_code in _ON_THE_WAY:
        wanted = wanted | _REPEATED_ON_THE_WAY
    needed = needed_members(form.schema, form.line) | _REPEATED_ON_THE_WAY | {"documents", "is_child"}
    for name in members(form.schema, "$defs", form.line):
        if name in wanted & needed and name in known:
            line.setdefault(name, deepcopy(known[name]))
    return line


def _whole_code(beginning: str, about: tuple[str, ...], *, open_list: bool) -> str:
    """Return the code that begins so; a record may name a person who was on no list."""
    found = [code for code in about if code.startswith(beginning.upper())]
    if len(beginning) >= _LEAST_CODE and len(found) == 1:
        return found[0]
    if open_list or not about:
        return beginning
    expected, hint = f"one of {len(about)} persons of the message", "exchange message show <number>"
    problem = fault("reference_unknown", "reference.case", "/persons", expected=expected, found="another")
    raise InputError("the file names a person whom the message is not about", hint=hint, faults=(problem,))


def _arrived_at(small: Document) -> str:
    if small.get("type") != "RCV":
        return ""
    return max((text_at(line, "arrived_at") for line in objects_at(small, "persons")), default="")
