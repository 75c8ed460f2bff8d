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

import unicodedata
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date

from exchange.errors import Fault, InputError
from exchange.ids import AgencyCode, OfficerNumber, RandomSource, new_case_code
from exchange.messages.catalog import Form, message_type
from exchange.messages.codelists import list_versions
from exchange.messages.dates import Span, as_day, value_span
from exchange.messages.document import Document, JsonValue, object_at, objects_at, pointer, text_at
from exchange.messages.form_tree import lists_in
from exchange.messages.release import release_digest, released
from exchange.messages.schemas import HEADER, members
from exchange.messages.sensitivity import highest_class
from exchange.messages.wording import fault, kind_of

__all__ = ["Added", "Filled", "Sources", "fill", "release_digest", "released"]

_PARTS = ("header", "content", "persons")
_SCRIPTS = {
    "LATIN": "Latn",
    "KHMER": "Khmr",
    "THAI": "Thai",
    "LAO": "Laoo",
    "MYANMAR": "Mymr",
    "CJK": "Hani",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
}
"""First word of the Unicode name of a letter, and the ISO 15924 code of its script."""

_BY_CASES = frozenset({"AMD", "RMD", "RSM", "CWD", "CAN", "INC"})
"""Types of which a line may say nothing but its case."""
_MOMENTS = {"CWD": ("withdrawn_at",), "INC": ("happened_at", "known_at")}
"""Members that say when the event happened, the best one first."""


@dataclass(frozen=True)
class Sources:
    """Where added members come from."""

    sender: AgencyCode
    partner: AgencyCode | None
    """The partner this is written to; None while several are possible."""
    officer: OfficerNumber
    office: AgencyCode
    """Office of the officer; usually the contact point itself."""
    office_kind: str
    """Code of `determining-bodies`, for example `social_welfare`."""
    usual: Mapping[str, JsonValue]
    """Usual values of the agreement: `language`, `checkpoint`, `funding`, `handling`."""
    today: date
    random: RandomSource


@dataclass(frozen=True)
class Added:
    """One member that the program added."""

    pointer: str
    value: JsonValue
    source: str


@dataclass(frozen=True)
class Filled:
    """The draft, and everything in it that the officer did not write."""

    document: Document
    added: tuple[Added, ...]


def fill(small: Document, sources: Sources) -> Filled:
    """Return the whole draft for what an officer wrote; `small` is not changed.

    Raises:
        InputError: no type with an installed form, or another recipient than the partner.
    """
    form, code = _form(small)
    document = _nested(deepcopy(small), form)
    filler = _Filler(sources)
    _share_tracing(document, filler)
    for index, person in enumerate(objects_at(document, "persons")):
        if code == "RPN":
            _fill_person(person, filler, index)
    if code == "RPN":
        _fill_notice(document, filler)
    _fill_control(document, filler, code)
    _fill_header(document, form, filler)
    return Filled(_ordered(document, form), tuple(filler.added))


class _Filler:
    """Adds members that are missing and remembers each."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.added: list[Added] = []

    def put(
        self, group: dict[str, JsonValue], name: str, value: JsonValue, source: str, *place: str | int
    ) -> None:
        if name not in group:
            group[name] = value
            self.added.append(Added(pointer(*place, name), deepcopy(value), source))

    def usual(self, group: dict[str, JsonValue], name: str, key: str, *place: str | int) -> None:
        if key in self.sources.usual:
            self.put(group, name, deepcopy(self.sources.usual[key]), "usual value of the agreement", *place)


def _form(small: Document) -> tuple[Form, str]:
    stated = small.get("type", object_at(small, "header").get("type"))
    row = message_type(stated) if isinstance(stated, str) else None
    if row is None or row.form is None:
        place = "/header/type" if "header" in small else "/type"
        found = "none" if stated is None else kind_of(stated)
        problem = fault("form_invalid", "form.type", place, expected="a type of this exchange", found=found)
        raise InputError(
            "the file does not say which message it is", hint='add "type": "RPN"', faults=(problem,)
        )
    return row.form, row.code


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


def _share_tracing(document: Document, filler: _Filler) -> None:
    """Give a `tracing_result` written once for the file to every person without one."""
    shared = object_at(document, "content").pop("tracing_result", None)
    if shared is None:
        return
    for index, person in enumerate(objects_at(document, "persons")):
        filler.put(person, "tracing_result", shared, "the same for all persons in the file", "persons", index)


def _fill_person(person: dict[str, JsonValue], filler: _Filler, index: int) -> None:
    place = ("persons", index)
    filler.put(person, "case_code", new_case_code(filler.sources.random), "new random code", *place)
    if any(text_at(paper, "type") not in {"", "none"} for paper in objects_at(person, "documents")):
        _fill_from_document(person, filler, index)
    for number, nationality in enumerate(objects_at(person, "nationality")):
        at = (*place, "nationality", number)
        filler.put(nationality, "status", "claimed", "form", *at)
        if nationality["status"] == "claimed":
            filler.put(nationality, "stated_by", "person", "form", *at)
    identification = object_at(person, "identification")
    if identification:
        filler.put(
            identification, "body", filler.sources.office_kind, "configuration", *place, "identification"
        )
        filler.put(identification, "by", filler.sources.office, "configuration", *place, "identification")
    filler.put(person, "is_child", _may_be_child(person, filler.sources.today), "date of birth", *place)
    empty: dict[str, JsonValue] = {
        "flags": [],
        "links": [],
        "return_wishes": {},
        "languages": {"spoken": [], "understood": []},
    }
    for name, value in empty.items():
        filler.put(person, name, value, "form", *place)


def _fill_from_document(person: dict[str, JsonValue], filler: _Filler, index: int) -> None:
    """Add what a named document shows: script and kind of a name, precision and basis of a birth."""
    for number, name in enumerate(objects_at(person, "names")):
        script = script_of(text_at(name, "full"))
        if script is not None:
            filler.put(name, "script", script, "letters of the name", "persons", index, "names", number)
            filler.put(name, "kind", "official", "document named", "persons", index, "names", number)
    birth = object_at(person, "birth")
    if as_day(text_at(birth, "value")) is not None and len(text_at(birth, "value")) == 10:
        for member, value in (("precision", "day"), ("basis", "document"), ("calendar", "gregorian")):
            filler.put(birth, member, value, "document named", "persons", index, "birth")


def script_of(text: str) -> str | None:
    """Return the ISO 15924 code if all letters are of one known script, else None."""
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha()}
    found = {_SCRIPTS.get(name) for name in names}
    return found.pop() if len(found) == 1 else None


def _may_be_child(person: dict[str, JsonValue], today: date) -> bool:
    """Return True unless the birth shows an adult: in doubt about the age a person is a child."""
    span = _span(object_at(person, "birth"))
    return span is None or not span.is_surely_adult(today)


def _span(birth: dict[str, JsonValue]) -> Span | None:
    value = text_at(birth, "value")
    if value:
        return value_span(value) if len(value) in {4, 7, 10} and value[:4].isdigit() else None
    first, last = as_day(text_at(birth, "from")), as_day(text_at(birth, "to"))
    return Span(first, last) if first and last else None


def _fill_notice(document: Document, filler: _Filler) -> None:
    content, persons = object_at(document, "content"), objects_at(document, "persons")
    children = sum(person.get("is_child") is True for person in persons)
    filler.put(content, "persons_count", len(persons), "persons in the file", "content")
    filler.put(content, "children_count", children, "persons in the file", "content")
    filler.usual(content, "proposed_checkpoint", "checkpoint", "content")
    filler.usual(content, "funding", "funding", "content")
    filler.put(content, "escorts", [], "form", "content")


def _fill_control(document: Document, filler: _Filler, code: str) -> None:
    """Add what a control message repeats: a part for each case, and the moment of the event."""
    header, content = object_at(document, "header"), object_at(document, "content")
    cases = header.get("case_codes")
    if code in _BY_CASES and document["persons"] == [] and isinstance(cases, list):
        lines: list[JsonValue] = [{"case_code": case} for case in cases]
        document["persons"] = lines
        filler.added.append(Added("/persons", deepcopy(lines), "cases in the file"))
    for name in _MOMENTS.get(code, ()):
        if name in content:
            filler.put(header, "event_at", content[name], "moment in the file", "header")
    if code == "AMD":
        filler.put(content, "changes", [], "form", "content")


def _fill_header(document: Document, form: Form, filler: _Filler) -> None:
    header = object_at(document, "header")
    sources = filler.sources
    _drop_parties(header, sources)
    row = message_type(text_at(header, "type"))
    purpose = next(iter(row.purposes)) if row is not None and len(row.purposes) == 1 else None
    codes: list[JsonValue] = [person.get("case_code") for person in objects_at(document, "persons")]
    filler.put(header, "type_version", form.version, "installed schema", "header")
    filler.put(header, "acting_agency", sources.office, "configuration", "header")
    filler.put(header, "urgency", "routine", "form", "header")
    if purpose is not None:
        filler.put(header, "purpose", purpose, "installed schema", "header")
    if codes:
        filler.put(header, "case_codes", codes, "persons in the file", "header")
    filler.usual(header, "handling", "handling", "header")
    filler.put(header, "handling", ["case_only"], "form", "header")
    filler.put(header, "officer", sources.officer, "who is signed in", "header")
    filler.usual(header, "language", "language", "header")
    filler.put(header, "attachments", [], "form", "header")
    filler.put(header, "sensitivity", highest_class(document).name, "highest class in the file", "header")
    filler.put(header, "list_versions", _versions(document), "installed schema", "header")


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


def _in_order(group: dict[str, JsonValue], order: tuple[str, ...]) -> dict[str, JsonValue]:
    return {name: group[name] for name in order if name in group} | group
