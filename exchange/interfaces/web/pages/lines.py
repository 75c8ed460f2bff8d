# SPDX-License-Identifier: Apache-2.0
"""A document as the lines of a page: a title, a value, and how the value is said in words.

1. Persons stand first, then what is said of all, then what the header says to people, then its numbers.
2. Titles and kinds are those of the form (`messages.form_titles`); a member of a newer form has its name.
3. What is not shown has a line as well, with why.
   A change of an amendment or a correction is shown by the field that it changes; its pointer is no line.
4. More than `MOST_WHOLE` persons stand in a list page by page, each with a page of its own, so that a message
   about hundreds is shown at once on a slow line. What the message tells of each stands in the row,
   and above the list how often: nobody opens 45 pages to find the one who was refused.

Files stand apart. Nothing here looks a word up: whoever shows a line does, in the language of the page.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from exchange.cases.readable import Withheld
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.messages.catalog import FORMS
from exchange.messages.document import Document, JsonValue, header_of, object_at, objects_at, text_at
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.service.nameable import Nameable
from exchange.service.whom import Person

_APART = frozenset({"salt", "list_versions", "attachments"})
"""Members that are not lines of a page."""
_POINTER = "pointer"
_VALUES = frozenset({"old", "new", "wrong", "right"})
"""Members of a change that are values of the field that it changes."""
_BLOCK = "RPN"
"""Type by whose form the fields of a person are named where the type is not known."""
_NUMBERS = frozenset(
    {
        "type", "type_version", "message_id", "link", "agreement", "case_codes", "movement_code",
        "in_reply_to", "refers_to", "batch",
    }
)  # fmt: skip
"""Members of the header that stand elsewhere on the page, or that only a specialist asks for."""
_SIDES = frozenset({"host", "origin"})
_SAID_BY_TITLE = {"Script": "script", "Year, month or day": "born"}
_PERSONS = "persons"
_TOLD: Final = MappingProxyType(
    {
        "VRS": "result", "TRS": "result", "RPD": "outcome", "TDS": "status", "HRC": "outcome",
        "RCV": "arrived", "FUP": "outcome", "HLD": "reason", "CLO": "reason",
    }
)  # fmt: skip
"""What a type tells of each person, in one member."""
MOST_WHOLE: Final = 3
"""Persons that a page shows in full: about 6 kB each."""


@dataclass(frozen=True)
class Line:
    """One value of a document, with what stands around it."""

    titles: tuple[str, ...]
    value: str
    code_list: str = ""
    kind: str = ""
    """How another value is said: `country`, `script`, `language`, `born`, `choice`, `yes_no`."""
    why: str = ""
    """Why there is a value that is not shown, "" when it is shown."""
    named: Nameable | None = None
    """What the value names: shown in words in place of its number."""
    address: str = ""
    """Where that is read, "" for no link."""
    whom: Person | None = None
    """Who the person is whose case the value names."""


@dataclass(frozen=True)
class Group:
    """Lines that stand under one title; `number` is that of the person."""

    name: str
    lines: list[Line]
    number: int = 0
    whom: Person | None = None
    """Who the person is, where the lines do not have to say it."""


@dataclass(frozen=True)
class PersonRow:
    """One person of a message about many, in one row."""

    number: int
    names: tuple[tuple[str, str], ...]
    """Each with the language in which it is written, "" if it is not said."""
    sex: str
    born: str
    is_child: bool
    case: str
    withheld: bool
    told: Line | None = None
    """What the message tells of the person, if it is one thing."""


@dataclass(frozen=True)
class Shown:
    """What one page shows of a document."""

    groups: tuple[Group, ...]
    persons: int
    rows: tuple[PersonRow, ...] = ()
    """Persons in a list, each with a page of its own."""
    beside: Mapping[str, int] = field(default_factory=dict)
    person: int = 0
    """The one person this page is about, 0 for the whole."""
    told: Mapping[Line, int] = field(default_factory=dict)
    """Of a list: how often each thing is told, of all persons of the message."""


@dataclass(frozen=True)
class Place:
    """Where something stands, in words: the number of the person, 0 for all, and the titles on the way."""

    person: int
    titles: tuple[str, ...]


def files_of(document: Document) -> list[Document]:
    """Return the attachment list of a document."""
    return objects_at(header_of(document), "attachments")


def shown_document(
    asked: Asked,
    document: Mapping[str, JsonValue],
    withheld: Sequence[Mapping[str, str]] = (),
    *,
    changed: str = "",
) -> Shown:
    """Return what a page shows of a document: all of it, a list of its persons, or one person of them (4).

    `changed` is the type of the message that it amends.
    """
    persons = _persons(document, withheld)
    if len(persons) <= MOST_WHOLE:
        return Shown(tuple(groups_of(document, withheld, changed=changed)), len(persons))
    chosen = asked.said("person")
    if chosen.isascii() and chosen.isdigit() and 1 <= int(chosen[:4]) <= len(persons):
        number = int(chosen[:4])
        own = [one for one in withheld if one["pointer"].startswith(f"/{_PERSONS}/{number - 1}")]
        found = _person_groups([persons[number - 1]], own, document, changed)
        return Shown(tuple(found), len(persons), person=number)
    part = asked_slice(asked, ROWS)
    rows = [_row(at, person, document) for at, person in persons[part.skip : part.skip + part.limit]]
    told = Counter(line for _, person in persons if (line := _told(person, document)))
    groups = tuple(
        group for group in groups_of(document, withheld, changed=changed) if group.name != "person"
    )
    return Shown(groups, len(persons), tuple(part.shown(rows)), part.ways(rows), told=told)


def groups_of(
    document: Mapping[str, JsonValue], withheld: Sequence[Mapping[str, str]] = (), *, changed: str = ""
) -> list[Group]:
    """Return a document in groups that are not empty: each `person`, `content`, `header`, `numbers`."""
    form = _form(_type_of(document))
    found = _person_groups(_persons(document, withheld), withheld, document, changed)
    node = _below(form, "content")
    of_all = _below(_form(changed), "content")
    content = [*_lines(document.get("content"), node, (), of_all), *_not_shown(withheld, "/content", node)]
    node, header = _below(form, "header"), document.get("header")
    members: Document = header if isinstance(header, dict) else {}
    said: Document = {name: value for name, value in members.items() if name not in _NUMBERS}
    apart = {"case_codes"} if document.get(_PERSONS) else set()
    numbers: Document = {name: value for name, value in members.items() if name in _NUMBERS - apart}
    found.append(Group("content", content))
    found.append(Group("header", [*_lines(said, node, ()), *_not_shown(withheld, "/header", node)]))
    found.append(Group("numbers", [*_lines(numbers, node, ())]))
    return [group for group in found if group.lines]


def _person_groups(
    persons: Sequence[tuple[int, JsonValue]],
    withheld: Sequence[Mapping[str, str]],
    document: Mapping[str, JsonValue],
    changed: str,
) -> list[Group]:
    node = _below(_form(_type_of(document)), _PERSONS)
    of_one = _below(_form(changed or _BLOCK), _PERSONS)
    return [
        Group(
            "person",
            [*_lines(person, node, (), of_one), *_not_shown(withheld, f"/{_PERSONS}/{at}", node)],
            at + 1,
        )
        for at, person in persons
    ]


def _persons(
    document: Mapping[str, JsonValue], withheld: Sequence[Mapping[str, str]]
) -> list[tuple[int, JsonValue]]:
    persons = document.get(_PERSONS)
    return persons_in_places(persons if isinstance(persons, list) else [], withheld)


def _told(person: JsonValue, document: Mapping[str, JsonValue]) -> Line | None:
    """Return what a message tells of a person."""
    type_code = _type_of(document)
    name = _TOLD.get(type_code, "")
    if not isinstance(person, dict) or name not in person:
        return None
    return next(_lines({name: person[name]}, _below(_form(type_code), _PERSONS), ()), None)


def _row(at: int, person: JsonValue, document: Mapping[str, JsonValue]) -> PersonRow:
    line: Document = person if isinstance(person, dict) else {}
    birth = object_at(line, "birth")
    return PersonRow(
        number=at + 1,
        names=tuple((text_at(name, "full"), text_at(name, "language")) for name in objects_at(line, "names")),
        sex=text_at(line, "sex"),
        born=text_at(birth, "value") or text_at(birth, "from"),
        is_child=line.get("is_child") is True,
        case=text_at(line, "case_code"),
        withheld=person is None,
        told=_told(person, document),
    )


def content_lines(type_code: str, content: Mapping[str, JsonValue]) -> list[Line]:
    """Return members of the content of a type as lines."""
    return [*_lines(dict(content), _below(_form(type_code), "content"), ())]


def place_of(type_code: str, pointer: str) -> Place:
    """Return a place of a document in words."""
    part, *steps = pointer.split("/")[1:] or [""]
    person = int(steps[0]) + 1 if part == _PERSONS and steps and steps[0].isdigit() else 0
    return Place(person, _titles_along(steps, _below(_form(type_code), part)))


def place_in_any_form(pointer: str) -> Place:
    """Return a place in words by the first form that has it; one that no form has is nowhere."""
    part, *steps = pointer.split("/")[1:] or [""]
    names = [step for step in (part, *steps) if not step.isdigit()]
    found = (place_of(code, pointer) for code in FORMS if _has(_form(code), names))
    return next(found, Place(0, ()))


def _has(node: TitledNode | None, names: Sequence[str]) -> bool:
    for name in names:
        node = _below(node, name)
    return bool(names) and node is not None


def persons_in_places(
    persons: Sequence[JsonValue], withheld: Sequence[Mapping[str, str]]
) -> list[tuple[int, JsonValue]]:
    """Return each person with its place in the whole message; None for one who is withheld as a whole."""
    places = [one["pointer"].split("/")[1:] for one in withheld]
    gone = {int(steps[1]) for steps in places if len(steps) == 2 and steps[0] == _PERSONS}
    shown = iter(persons)
    return [(at, None if at in gone else next(shown)) for at in range(len(persons) + len(gone))]


def withheld_places(withheld: Sequence[Withheld]) -> list[dict[str, str]]:
    """Return what is not shown as the commands say it."""
    return [{"pointer": one.pointer, "why": one.why.value} for one in withheld]


def _type_of(document: Mapping[str, JsonValue]) -> str:
    header = document.get("header")
    return str(header.get("type", "")) if isinstance(header, dict) else ""


def _form(type_code: str) -> TitledNode | None:
    return titled_form(type_code) if type_code in FORMS else None


def _below(node: TitledNode | None, name: str) -> TitledNode | None:
    """Return the place of a member, through the list it may stand in."""
    if node is None:
        return None
    holder = node.items if node.items is not None and name not in node.members else node
    return holder.members.get(name)


def _title(node: TitledNode | None, name: str) -> str:
    return node.title if node is not None and node.title else name.replace("_", " ").capitalize()


def _not_shown(withheld: Sequence[Mapping[str, str]], part: str, node: TitledNode | None) -> Iterator[Line]:
    for one in withheld:
        if one["pointer"] == part or one["pointer"].startswith(f"{part}/"):
            steps = one["pointer"].removeprefix(part).split("/")[1:]
            yield Line(_titles_along(steps, node), "", why=one["why"])


def _titles_along(steps: Sequence[str], node: TitledNode | None) -> tuple[str, ...]:
    found: list[str] = []
    for name in (step for step in steps if not step.isdigit()):
        node = _below(node, name)
        found.append(_title(node, name))
    return tuple(found)


def _lines(
    value: JsonValue, node: TitledNode | None, titles: tuple[str, ...], changed: TitledNode | None = None
) -> Iterator[Line]:
    """Yield the lines of a value; `changed` is the part of a form in which the pointers of changes begin."""
    if isinstance(value, dict):
        if _POINTER in value:
            yield from _change_lines(value, node, titles, changed)
            return
        for name, inner in value.items():
            if name not in _APART:
                below = _below(node, name)
                yield from _lines(inner, below, (*titles, _title(below, name)), changed)
    elif isinstance(value, list):
        below = node.items if node is not None and node.items is not None else node
        for item in value:
            yield from _lines(item, below, titles, changed)
    elif value is not None:
        yield _line(value, node, titles)


def _change_lines(
    change: Document, node: TitledNode | None, titles: tuple[str, ...], changed: TitledNode | None
) -> Iterator[Line]:
    """Yield the lines of one change: the field in words, and its values as those of that field."""
    steps = text_at(change, _POINTER).split("/")[1:]
    place = _along(steps, changed)
    titles = (*titles[:-1], *_titles_along(steps, changed))
    for name, inner in change.items():
        if name != _POINTER:
            below = _below(node, name)
            of_value = place if name in _VALUES else below
            yield from _lines(inner, of_value, (*titles, _title(below, name)))


def value_lines(type_code: str, part: str, place: str, value: JsonValue) -> list[Line]:
    """Return a value at a pointer into a part of a type as lines; their titles are those below it."""
    return [*_lines(value, _along(place.split("/")[1:], _below(_form(type_code), part)), ())]


def _along(steps: Sequence[str], node: TitledNode | None) -> TitledNode | None:
    for step in steps:
        if step.isdigit():
            node = node.items if node is not None and node.items is not None else node
        else:
            node = _below(node, step)
    return node


def _line(value: JsonValue, node: TitledNode | None, titles: tuple[str, ...]) -> Line:
    if isinstance(value, bool):
        return Line(titles, "yes" if value else "no", kind="yes_no")
    text = str(value)
    if node is None:
        return Line(titles, text)
    if node.kind == "language" or node.code_list == "languages":
        return Line(titles, text, kind="language")
    if node.code_list:
        return Line(titles, text, node.code_list)
    if text in node.choices:
        return Line(titles, text, "case-roles") if text in _SIDES else Line(titles, text, kind="choice")
    kind = _SAID_BY_TITLE.get(node.title, "country" if node.kind == "country" else "")
    return Line(titles, text, kind=kind)
