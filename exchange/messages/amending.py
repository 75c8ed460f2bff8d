# SPDX-License-Identifier: Apache-2.0
"""Applies amendments to the message they change.

A change says where (`pointer`, RFC 6901, from the beginning of one part), what was sent (`old`) and what
stands from now on (`new`). Without `old` a member or the next entry of a list is added, without `new` it
is taken out. Changes are applied in order, all of them or none.

    standing = standing_document(message, facts)
    edited = apply_amendment(standing, amendment)
    edited.document      # the message as it will stand; None if a change does not fit
"""

import contextlib
import json
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from exchange.ids import MessageId
from exchange.messages.context import Facts
from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    header_of,
    object_at,
    objects_at,
    persons_of,
    pointer,
    text_at,
)

_INDEX = re.compile("0|[1-9][0-9]{0,3}", re.ASCII)
_MISSING: Any = object()
LIST_OF_THE_MOVEMENT = "/case_list"
"""Changed as a whole only, so that everybody sees who is added and who is taken off."""


class _DoesNotFitError(Exception):
    """A change points at nothing, or at another value than it says."""


@dataclass(frozen=True)
class Edited:
    """A message after an amendment, or the place in the amendment of the first change that does not fit."""

    document: Document | None
    pointer: str = ""
    points_at_nothing: bool = False


@dataclass(frozen=True)
class Moved:
    """Persons that an amendment adds to a movement or takes off."""

    added: tuple[str, ...]
    taken_off: tuple[str, ...]


def standing_document(message: MessageId, facts: Facts) -> Document | None:
    """Return a message as it stands after its amendments and answers; None if its content is not known."""
    document = facts.document_of(message)
    for later in facts.about(message) if document is not None else ():
        type_code = text_at(header_of(later), "type")
        if document is not None and type_code == "AMD":
            document = apply_amendment(document, later).document or document
        elif document is not None and type_code == "HRP":
            changes = object_at(content_of(later), "changes")
            document = {**document, "content": {**content_of(document), **changes}}
    return document


def apply_amendment(document: Document, amendment: Document) -> Edited:
    """Return the message after an amendment of good form; `document` is not changed."""
    edited = deepcopy(document)
    header, content = header_of(edited), content_of(edited)
    lines = {text_at(person, "case_code"): person for person in persons_of(edited)}
    for part, place, changes in _changes(amendment):
        root = content if part is None else lines.get(part)
        for index, change in enumerate(changes):
            at = pointer(*place, "changes", index)
            steps = _steps(text_at(change, "pointer"))
            try:
                points = root is not None and _change(root, steps, change)
            except _DoesNotFitError:
                return Edited(None, at)
            if not points:
                return Edited(None, at, points_at_nothing=True)
    moved = persons_moved(amendment)
    if moved.added or moved.taken_off:
        header["case_codes"] = content.get("case_list")
    return Edited(edited)


def corrected(person: dict[str, JsonValue], changes: Sequence[dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """Return what is known of a person after a data correction (COR); `person` is not changed.

    A change that does not fit what is known here changes nothing: both statements are kept in the messages.
    """
    known = deepcopy(person)
    for change in changes:
        said: dict[str, JsonValue] = {"old": change.get("wrong")}
        said |= {"new": change["right"]} if "right" in change else {}
        with contextlib.suppress(_DoesNotFitError):
            _change(known, _steps(text_at(change, "pointer")), said)
    return known


def persons_moved(amendment: Document) -> Moved:
    """Return who is added to and taken off a movement."""
    before: list[str] = []
    after: list[str] = []
    for change in objects_at(content_of(amendment), "changes"):
        if text_at(change, "pointer") == LIST_OF_THE_MOVEMENT:
            before, after = _texts(change.get("old")), _texts(change.get("new"))
    added = tuple(case for case in after if case not in before)
    return Moved(added, tuple(case for case in before if case not in after))


def same_value(first: JsonValue, second: JsonValue) -> bool:
    """Return whether two JSON values are equal; true and 1 are not."""
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def _changes(
    amendment: Document,
) -> list[tuple[str | None, tuple[str | int, ...], list[dict[str, JsonValue]]]]:
    """Return case (None for the content), place in the amendment, and changes of each part."""
    found: list[tuple[str | None, tuple[str | int, ...], list[dict[str, JsonValue]]]] = [
        (None, ("content",), objects_at(content_of(amendment), "changes"))
    ]
    for index, line in enumerate(persons_of(amendment)):
        found.append((text_at(line, "case_code"), ("persons", index), objects_at(line, "changes")))
    return found


def _steps(text: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _change(root: JsonValue, steps: list[str], change: dict[str, JsonValue]) -> bool:
    """Make one change; return False if the way to its place does not exist."""
    place = root
    for step in steps[:-1]:
        place = _at(place, step)
        if place is _MISSING:
            return False
    if not isinstance(place, dict | list):
        return False
    found = _at(place, steps[-1])
    if found is _MISSING and "old" in change:
        return False
    if (found is not _MISSING) != ("old" in change) or not _is(found, change):
        raise _DoesNotFitError
    return _put(place, steps[-1], change.get("new", _MISSING))


def _is(found: JsonValue, change: dict[str, JsonValue]) -> bool:
    return found is _MISSING or same_value(found, change["old"])


def _at(place: JsonValue, step: str) -> Any:
    if isinstance(place, dict):
        return place.get(step, _MISSING)
    if isinstance(place, list) and _INDEX.fullmatch(step) and int(step) < len(place):
        return place[int(step)]
    return _MISSING


def _put(place: dict[str, JsonValue] | list[JsonValue], step: str, value: JsonValue) -> bool:
    """Set, add or take out one member or entry; an entry is added at the end of its list only."""
    if isinstance(place, dict):
        place.pop(step, None) if value is _MISSING else place.update({step: value})
        return True
    if not _INDEX.fullmatch(step) or int(step) > len(place):
        return False
    index = int(step)
    place[index : index + 1] = [] if value is _MISSING else [deepcopy(value)]
    return True


def _texts(value: JsonValue) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
