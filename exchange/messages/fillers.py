# SPDX-License-Identifier: Apache-2.0
"""Completes one person of a draft, and remembers every member that the officer did not write.

Beside a given name, nationality or identification the obvious rest is added: the script of a name only if
a document is named and its letters show it. What only people can know is never added (`filling.py`).
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from exchange.ids import AgencyCode, OfficerNumber, RandomSource, new_case_code
from exchange.messages.dates import Span, as_day, value_span
from exchange.messages.document import JsonValue, copied, object_at, objects_at, pointer, text_at

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
_OF_LETTERS = frozenset({"script", "kind"})
"""Members of a name that its letters show."""
_OF_A_DAY: Mapping[str, JsonValue] = {"precision": "day", "basis": "document", "calendar": "gregorian"}
"""Members of a birth whose whole day stands in a document."""


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
    versions: Mapping[str, str] | None = None
    """The highest version of each type that both sides know; None for the newest."""


@dataclass(frozen=True)
class Added:
    """One member that the program added."""

    pointer: str
    value: JsonValue
    source: str


class Filler:
    """Adds members that are missing and remembers each."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.added: list[Added] = []

    def put(
        self, group: dict[str, JsonValue], name: str, value: JsonValue, source: str, *place: str | int
    ) -> None:
        if name not in group:
            group[name] = value
            self.added.append(Added(pointer(*place, name), copied(value), source))

    def usual(self, group: dict[str, JsonValue], name: str, key: str, *place: str | int) -> None:
        if key in self.sources.usual:
            self.put(group, name, copied(self.sources.usual[key]), "usual value of the agreement", *place)


def fill_person(
    person: dict[str, JsonValue], filler: Filler, index: int, *, needed: Collection[str], is_new: bool
) -> None:
    """Add to one person what follows from the rest, and empty groups that the form needs.

    `is_new` gives a person without a case a new random code; otherwise the case exists already and its
    code is the officer's to name.
    """
    place = ("persons", index)
    if is_new:
        _give_code(person, filler, *place)
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
    _say_if_child(person, filler, *place)
    empty: dict[str, JsonValue] = {
        "flags": [],
        "links": [],
        "return_wishes": {},
        "languages": {"spoken": [], "understood": []},
    }
    for name, value in empty.items():
        if name in needed and name not in person:
            filler.put(person, name, value, "form", *place)


def _say_if_child(person: dict[str, JsonValue], filler: Filler, *place: str | int) -> None:
    if "is_child" not in person:
        filler.put(person, "is_child", may_be_child(person, filler.sources.today), "date of birth", *place)


def _give_code(person: dict[str, JsonValue], filler: Filler, *place: str | int) -> None:
    if "case_code" not in person:
        filler.put(person, "case_code", new_case_code(filler.sources.random), "new random code", *place)


def _fill_from_document(person: dict[str, JsonValue], filler: Filler, index: int) -> None:
    """Add what a named document shows: script and kind of a name, precision and basis of a birth."""
    for number, name in enumerate(objects_at(person, "names")):
        script = None if name.keys() >= _OF_LETTERS else script_of(text_at(name, "full"))
        if script is not None:
            filler.put(name, "script", script, "letters of the name", "persons", index, "names", number)
            filler.put(name, "kind", "official", "document named", "persons", index, "names", number)
    birth = object_at(person, "birth")
    missing = [member for member in _OF_A_DAY if member not in birth]
    if missing and as_day(text_at(birth, "value")) is not None and len(text_at(birth, "value")) == 10:
        for member in missing:
            filler.put(birth, member, _OF_A_DAY[member], "document named", "persons", index, "birth")


def script_of(text: str) -> str | None:
    """Return the ISO 15924 code if all letters are of one known script, else None."""
    if text.isascii():
        return "Latn" if any(map(str.isalpha, text)) else None
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha()}
    found = {_SCRIPTS.get(name) for name in names}
    return found.pop() if len(found) == 1 else None


def is_latin(name: Mapping[str, JsonValue]) -> bool:
    """Return whether one written form of a name is in Latin letters, by its script or its letters."""
    return (text_at(dict(name), "script") or script_of(text_at(dict(name), "full"))) == _SCRIPTS["LATIN"]


def may_be_child(person: dict[str, JsonValue], today: date) -> bool:
    """Return True unless the birth shows an adult: in doubt about the age a person is a child."""
    span = _span(object_at(person, "birth"))
    return span is None or not span.is_surely_adult(today)


def _span(birth: dict[str, JsonValue]) -> Span | None:
    value = text_at(birth, "value")
    if value:
        return value_span(value) if len(value) in {4, 7, 10} and value[:4].isdigit() else None
    first, last = as_day(text_at(birth, "from")), as_day(text_at(birth, "to"))
    return Span(first, last) if first and last else None
