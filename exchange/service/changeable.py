# SPDX-License-Identifier: Apache-2.0
"""What stands now of the message that an amendment changes, or of the person whom a correction is about.

1. An amendment changes a message as it stands after its earlier amendments and answers; each part of it is
   read alone: what is said of all, or of one person.
2. A correction is about what is known of a person, from the newest messages and the corrections since.
3. To see it is to open the message or the case: it is demanded, counted and recorded as there (`reading`).
4. What the reader may not read cannot be changed: neither it nor a group or list that holds it (`hidden`).
5. What follows from changes is said with them (`with_changes`): the size of a group from its list, what it
   means for the movement, and the class of what is changed if it is above that of the form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchange.cases.readable import readable_line
from exchange.ids import CaseCode, LinkId, MessageId
from exchange.messages.amending import LIST_OF_THE_MOVEMENT, standing_document
from exchange.messages.changes_rules import effect_of
from exchange.messages.changing import CORRECTION, Edit, edits_in, with_edit, without, written
from exchange.messages.document import Document, content_of, header_of, objects_at, persons_of, text_at
from exchange.messages.sensitivity import Sensitivity, class_in_person_block, class_of
from exchange.service.access import CasePlace
from exchange.service.facts import StoreFacts
from exchange.service.following import known_of
from exchange.service.meaning import message_by_id
from exchange.service.nameable import AMENDMENT
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk, open_case, open_document, reading_of

BLOCK: Final = "RPN"
"""Type by whose form what is known of a person is read and named."""
SIZE_OF_THE_GROUP: Final = "/group_size"
_OPEN_DATE: Final = "date_open"
_USUAL: Final = Sensitivity.S3
"""Class of a form of changes; what is above it has to be said."""
Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Standing:
    """One part of what can be changed, as it stands now."""

    type: str
    """Type of the message; of a correction the one by whose form the person is named."""
    part: Document
    hidden: tuple[str, ...] = ()
    """Pointers into the part of what this reader does not see (4)."""
    names: Names = ()
    """Of the person, each with its language."""
    number: int = 0
    """Place of the person in the message, from 0 on."""

    def hides(self, place: str) -> bool:
        """Return whether something at, above or below a place is not shown."""
        return any(_touch(place, one) for one in self.hidden)


@dataclass(frozen=True)
class Listed:
    """One person on the list of a movement, with the names if they may be read."""

    case: str
    names: Names


def standing_part(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, target: str, case: CaseCode | None
) -> Standing | None:
    """Return a part of a message as it stands, that of a person or with None what is said of all (1).

    Returns None if the message or this part of it is not kept.

    Raises:
        NotAllowedError: as `open_document`.
    """
    row = message_by_id(uow, link, target) if target else None
    facts = StoreFacts(uow, pairing_of(uow, node, link), node.agency)
    document = standing_document(MessageId(target), facts) if row is not None else None
    if row is None or document is None:
        return None
    read = open_document(uow, node, reader, row, document, act="message_opened")
    hidden = [one.pointer for one in read.withheld]
    if case is None:
        return Standing(row.type, content_of(document), _below(hidden, "/content"))
    names = _names_of(uow, node, reader, link, case)
    for number, part in enumerate(persons_of(document)):
        if text_at(part, "case_code") == case:
            return Standing(row.type, part, _below(hidden, f"/persons/{number}"), names, number)
    return Standing(row.type, {}, (), names)


def standing_person(uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, case: CaseCode) -> Standing:
    """Return what is known of a person (2).

    Raises:
        NotAllowedError: as `open_case`.
    """
    place = CasePlace(link, case)
    open_case(uow, node, reader, place, act="case_opened")
    known = known_of(StoreFacts(uow, pairing_of(uow, node, link), node.agency), case)
    part = {**known, "case_code": case}
    read = readable_line(part, BLOCK, reading_of(uow, node, reader, None, [place]))
    hidden = tuple(one.pointer for one in read.withheld)
    return Standing(BLOCK, part, hidden, _said_names(part))


def persons_listed(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, codes: Iterable[str]
) -> tuple[Listed, ...]:
    """Return the persons of a list with their names."""
    return tuple(Listed(code, _names_of(uow, node, reader, link, CaseCode(code))) for code in codes)


def type_changed(uow: UnitOfWork, document: Document) -> str:
    """Return the type of the message that an amendment changes, "" for every other document."""
    if text_at(header_of(document), "type") != AMENDMENT:
        return ""
    rows = uow.messages.find(text_at(content_of(document), "target"))
    return rows[0].type if rows else ""


def with_changes(given: dict[str, Any], type_code: str, changed: str) -> dict[str, Any]:
    """Return what was entered together with what follows from its changes (5).

    `changed` is the type of the message that is changed.
    """
    given = _with_size(given) if type_code == AMENDMENT else given
    header = {name: value for name, value in given["header"].items() if name != "sensitivity"}
    content = {name: value for name, value in given["content"].items() if name != "effect"}
    highest = max(_classes(given, type_code, changed), default=_USUAL)
    if highest > _USUAL:
        header["sensitivity"] = highest.name
    if type_code == AMENDMENT:
        content |= _effect(header, given["content"])
    return {**given, "header": header, "content": content}


def _effect(header: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes mean for a movement, nothing without one; an open date is said by the officer."""
    if not header.get("movement_code"):
        return {}
    if content.get("effect") == _OPEN_DATE:
        return {"effect": _OPEN_DATE}
    return {"effect": effect_of({"content": dict(content)})} if content.get("changes") else {}


def _with_size(given: dict[str, Any]) -> dict[str, Any]:
    """Let the size of a group follow its list."""
    content = dict(given["content"])
    edits = edits_in(content)
    listed = next((one for one in edits if one.pointer == LIST_OF_THE_MOVEMENT), None)
    if listed is None or not isinstance(listed.before, list) or not isinstance(listed.after, list):
        return given
    edits = without(edits, SIZE_OF_THE_GROUP)
    size = Edit(SIZE_OF_THE_GROUP, len(listed.before), len(listed.after))
    content["changes"] = written(with_edit(edits, size), AMENDMENT)
    return {**given, "content": content}


def _classes(given: Mapping[str, Any], type_code: str, changed: str) -> Iterable[Sensitivity]:
    for line in given["persons"]:
        for edit in edits_in(line):
            if type_code == CORRECTION:
                yield from (class_in_person_block(edit.pointer, one) for one in (edit.before, edit.after))
            else:
                yield class_of(changed, f"/persons/0{edit.pointer}")
    for edit in edits_in(given["content"]):
        yield class_of(changed, f"/content{edit.pointer}")


def _names_of(uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, case: CaseCode) -> Names:
    """Return the names of a person whose case lies at the desk of the reader."""
    if not has_desk(uow, node, reader, CasePlace(link, case)):
        return ()
    return _said_names(known_of(StoreFacts(uow, pairing_of(uow, node, link), node.agency), case))


def _said_names(line: Document) -> Names:
    return tuple((text_at(name, "full"), text_at(name, "language")) for name in objects_at(line, "names"))


def _below(places: Iterable[str], part: str) -> tuple[str, ...]:
    return tuple(one.removeprefix(part) for one in places if one == part or one.startswith(f"{part}/"))


def _touch(first: str, second: str) -> bool:
    return first == second or first.startswith(f"{second}/") or second.startswith(f"{first}/")
