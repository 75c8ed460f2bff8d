# SPDX-License-Identifier: Apache-2.0
"""Completes what an officer wrote into a whole draft, and says where each added member came from.

1. The officer writes the same names as on the wire, flat or as `{header, content, persons}`, and leaves
   out what the program can know.
2. A given member is never changed. If it contradicts the rest (a count, an age), the checks say so.
3. Never added: consent, identification, return mode, proceedings, needs, sex, names, nationality, and
   anything about a child's decision or guardian. Beside a given name, nationality or identification the
   obvious rest is added: the script of a name only if a document is named and its letters show it.
4. The five header members of the release are not part of a draft; see `release.py`.

    filled = fill({"type": "RPN", "persons": [...], ...}, sources)
    filled.added[0]    # Added(pointer="/header/urgency", value="routine", source="form")
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.errors import Fault, InputError
from exchange.messages.catalog import FORMS, Form, MessageType, message_type
from exchange.messages.codelists import list_versions
from exchange.messages.document import Document, JsonValue, copied, object_at, objects_at, pointer, text_at
from exchange.messages.fillers import Added, Filler, Sources, fill_person, script_of
from exchange.messages.form_tree import lists_in
from exchange.messages.handover_filling import complete_handover
from exchange.messages.person_rules import STOPPING_FLAGS, protected
from exchange.messages.release import release_digest, released
from exchange.messages.schemas import HEADER, members, needed_members
from exchange.messages.sensitivity import highest_class
from exchange.messages.versions import form_of_version
from exchange.messages.wording import fault, kind_of

__all__ = ["Added", "Filled", "Sources", "fill", "release_digest", "released", "script_of"]

_PARTS = ("header", "content", "persons")
_STOP = "not sent while protection_claim is set"
"""Safeguard of the catalogue that only the sender can keep."""
_SHARED = {
    "RPN": ("tracing_result",),
    "TDS": ("status", "reasons"),
}
"""Members of a line that may be written once for all persons of a file."""
_OPENS_A_CASE = frozenset({"IDN", "VRQ", "RPN"})
"""Types that may be the first about a person."""
_BIRTH = "birth"
"""A type without it names persons who are known already; nothing about them is concluded."""
_STOPPED = "return_arrangement"
"""What a stop is about, unless its officer says something else: nobody chooses one while a bus waits."""
_ASKED = {"TRQ": frozenset({"flags"})}
"""Members that are not added empty, because the answer decides whether the message is safe."""
_BY_CASES = frozenset({"AMD", "RMD", "RSM", "CWD", "CAN", "INC", "INQ", "INR"})
"""Types of which a line may say nothing but its case."""
_MOMENTS = {"CWD": ("withdrawn_at",), "INC": ("happened_at", "known_at")}
"""Members that say when the event happened, the best one first."""


@dataclass(frozen=True)
class Filled:
    """The draft, and everything in it that the officer did not write."""

    document: Document
    added: tuple[Added, ...]


def fill(small: Document, sources: Sources, *, given_away: bool = False) -> Filled:
    """Return the whole draft for what an officer wrote.

    `small` is not changed, unless its owner has no more use for it: `given_away`, the draft is made of it.

    Raises:
        InputError: no type with an installed form, another recipient than the partner, or a person who
            asked for protection from the side it would go to.
    """
    row, form = _form(small, sources)
    _demand_no_protection(small, row)
    document = _nested(small if given_away else _copied(small), form)
    filler = Filler(sources)
    _share(document, row, form, filler)
    if _BIRTH in row.person_members:
        needed = needed_members(form.schema, form.line) - _ASKED.get(row.code, frozenset())
        is_new = row.code in _OPENS_A_CASE
        for index, person in enumerate(objects_at(document, "persons")):
            fill_person(person, filler, index, needed=needed, is_new=is_new)
    if row.code == "RPN":
        _fill_notice(document, filler)
    _fill_control(document, filler, row.code)
    complete_handover(document, row.code, filler)
    _fill_header(document, form, filler)
    return Filled(_ordered(document, form), tuple(filler.added))


def _form(small: Document, sources: Sources) -> tuple[MessageType, Form]:
    """Return the type, and its form in the version that the file states or both sides know."""
    stated = small.get("type", object_at(small, "header").get("type"))
    row = message_type(stated) if isinstance(stated, str) else None
    if row is None or row.form is None:
        place = "/header/type" if "header" in small else "/type"
        found = "none" if stated is None else kind_of(stated)
        expected = "one of " + ", ".join(FORMS)
        problem = fault("form_invalid", "form.type", place, expected=expected, found=found)
        raise InputError(
            "the file does not say which message it is", hint='add "type": "RPN"', faults=(problem,)
        )
    given = small.get("type_version", object_at(small, "header").get("type_version"))
    wanted = given if isinstance(given, str) else (sources.versions or {}).get(row.code, row.form.version)
    return row, form_of_version(row.code, wanted) or row.form


def _demand_no_protection(small: Document, row: MessageType) -> None:
    """Stop a message to the origin side about a person under a protection claim.

    The flag does not travel in a notice of identification, so that this is the only place to see it.
    """
    if _STOP not in row.safeguards:
        return
    groups = [small, object_at(small, "content"), *objects_at(small, "persons")]
    if any(flag in STOPPING_FLAGS for group in groups for flag in _flags(group)):
        problem = protected(0)
        raise InputError("the message must not be sent", hint=problem.hint, faults=(problem,))


def _flags(group: dict[str, JsonValue]) -> Iterator[str]:
    stated = group.get("flags")
    yield from (flag for flag in stated if isinstance(flag, str)) if isinstance(stated, list) else ()


def _nested(small: Document, form: Form) -> Document:
    """Return the members sorted into header, content and persons; an unknown one goes into the content."""
    document: Document = {name: small.pop(name, [] if name == "persons" else {}) for name in _PARTS}
    header, content = object_at(document, "header"), object_at(document, "content")
    if not isinstance(document["header"], dict) or not isinstance(document["content"], dict):
        problem = fault("form_invalid", "form.document", "", expected="groups", found="another kind")
        raise InputError("header and content must be groups", faults=(problem,))
    in_header = members(HEADER)
    for name, value in small.items():
        group = header if name in in_header else content
        if name in group and group[name] != value:
            raise _contradiction(pointer("header" if name in in_header else "content", name))
        group[name] = value
    row = message_type(text_at(header, "type"))
    header["type"] = row.code if row else header.get("type")
    return document


def _contradiction(place: str) -> InputError:
    problem: Fault = fault(
        "form_invalid", "fill.twice", place, expected="one value", found="two different values"
    )
    return InputError("one member is given twice with different values", faults=(problem,))


def _share(document: Document, row: MessageType, form: Form, filler: Filler) -> None:
    """Move what is written once for the file into the parts of the persons.

    In a message about one person that is everything which stands in the part of the person; the person
    need not be written as a list then. Otherwise it is the members of `_SHARED`.
    """
    content, persons = object_at(document, "content"), document["persons"]
    if row.scope != "person":
        for name in _SHARED.get(row.code, ()):
            _put_shared(content.pop(name, None), name, document, filler)
        return
    if persons == []:
        document["persons"] = persons = [{}]
    if not (isinstance(persons, list) and len(persons) == 1 and isinstance(persons[0], dict)):
        return
    person = persons[0]
    line, own = members(form.schema, "$defs", form.line), members(form.schema, "properties", "content")
    for name in [name for name in content if name in line and name not in own]:
        value = content.pop(name)
        if person.setdefault(name, value) != value:
            raise _contradiction(pointer("persons", 0, name))
    codes = object_at(document, "header").get("case_codes")
    if isinstance(codes, list) and len(codes) == 1:
        filler.put(person, "case_code", codes[0], "case of the header", "persons", 0)


def _put_shared(value: JsonValue, name: str, document: Document, filler: Filler) -> None:
    if value is None:
        return
    for index, person in enumerate(objects_at(document, "persons")):
        filler.put(person, name, value, "the same for all persons in the file", "persons", index)


def _fill_notice(document: Document, filler: Filler) -> None:
    content, persons = object_at(document, "content"), objects_at(document, "persons")
    children = sum(person.get("is_child") is True for person in persons)
    filler.put(content, "persons_count", len(persons), "persons in the file", "content")
    filler.put(content, "children_count", children, "persons in the file", "content")
    filler.usual(content, "proposed_checkpoint", "checkpoint", "content")
    filler.usual(content, "funding", "funding", "content")
    filler.put(content, "escorts", [], "form", "content")


def _fill_control(document: Document, filler: Filler, code: str) -> None:
    """Add what a control message repeats: a part for each case, and the moment of the event."""
    header, content = object_at(document, "header"), object_at(document, "content")
    cases = header.get("case_codes")
    if code in _BY_CASES and document["persons"] == [] and isinstance(cases, list):
        lines: list[JsonValue] = [{"case_code": case} for case in cases]
        document["persons"] = lines
        filler.added.append(Added("/persons", copied(lines), "cases in the file"))
    for name in _MOMENTS.get(code, ()):
        if name in content:
            filler.put(header, "event_at", content[name], "moment in the file", "header")
    match code:
        case "AMD":
            filler.put(content, "changes", [], "form", "content")
        case "INQ":
            filler.put(content, "asks_second_look", False, "form", "content")


def _fill_header(document: Document, form: Form, filler: Filler) -> None:
    header = object_at(document, "header")
    sources = filler.sources
    _drop_parties(header, sources)
    row = message_type(text_at(header, "type"))
    purpose = usual_purpose(row) if row is not None else ""
    codes: list[JsonValue] = [person.get("case_code") for person in objects_at(document, "persons")]
    filler.put(header, "type_version", form.version, "installed schema", "header")
    filler.put(header, "acting_agency", sources.office, "configuration", "header")
    filler.put(header, "urgency", "routine", "form", "header")
    if purpose:
        filler.put(header, "purpose", purpose, "installed schema", "header")
    if codes:
        filler.put(header, "case_codes", codes, "persons in the file", "header")
    filler.usual(header, "handling", "handling", "header")
    filler.put(header, "handling", ["case_only"], "form", "header")
    filler.put(header, "officer", sources.officer, "who is signed in", "header")
    filler.usual(header, "language", "language", "header")
    filler.put(header, "attachments", [], "form", "header")
    if "sensitivity" not in header:
        filler.put(header, "sensitivity", highest_class(document).name, "highest class in the file", "header")
    if "list_versions" not in header:
        filler.put(header, "list_versions", _versions(document), "installed schema", "header")


def usual_purpose(row: MessageType) -> str:
    """Return the purpose of a type of which nobody is asked for one: its only one, or that of a stop."""
    if row.is_stop and _STOPPED in row.purposes:
        return _STOPPED
    return next(iter(row.purposes)) if len(row.purposes) == 1 else ""


def _versions(document: Document) -> JsonValue:
    """Return the installed versions of the lists whose codes stand in the document."""
    return {name: list_versions()[name] for name in sorted(lists_in(document))}


def _drop_parties(header: dict[str, JsonValue], sources: Sources) -> None:
    """Take sender and recipient out of a draft; they are filled at release and may not contradict it."""
    for name, known in (("sender", sources.sender), ("recipient", sources.partner)):
        given = header.get(name)
        if given is None:
            continue
        if known is not None and given != known:
            place = pointer("header", name)
            problem = fault("wrong_recipient", "fill.party", place, expected=known, found="another agency")
            raise InputError(f"the file names another {name} than the link", faults=(problem,))
        del header[name]


def _ordered(document: Document, form: Form) -> Document:
    """Return the document with its members in the order of the schema; unknown ones stay at the end."""
    persons = document["persons"]
    if isinstance(persons, list):
        line = members(form.schema, "$defs", form.line)
        persons = [_in_order(person, line) if isinstance(person, dict) else person for person in persons]
    content = _in_order(object_at(document, "content"), members(form.schema, "properties", "content"))
    return {
        "header": _in_order(object_at(document, "header"), members(HEADER)),
        "content": content,
        "persons": persons,
    }


def _copied(document: Document) -> Document:
    found = copied(document)
    return found if isinstance(found, dict) else {}


def _in_order(group: dict[str, JsonValue], order: tuple[str, ...]) -> dict[str, JsonValue]:
    return {name: group[name] for name in order if name in group} | group
