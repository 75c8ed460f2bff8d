# SPDX-License-Identifier: Apache-2.0
"""Two documents of one type beside each other: which members differ, each with both values.

1. Persons are the same if their case is; their order says nothing. Who is in one of the two only is one
   change as a whole.
2. Lists of equal length are compared place by place. Of another length, they are one change as a whole: who
   reads it sees all names before, and all names after.
3. Members that follow from others (`_FOLLOWS`) are no change of their own.

Pointers are those of the later document; of a person who is gone it is that of the list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exchange.messages.document import Document, JsonValue, persons_of, pointer, text_at

_FOLLOWS: Final = frozenset({"list_versions", "type_version", "case_codes", "message_id", "salt"})
_PERSONS: Final = "persons"
Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Difference:
    """One member that differs; None stands for a member that is not there."""

    pointer: str
    before: JsonValue
    after: JsonValue


def differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """Return what differs between two versions of a message."""
    found = list(_persons(before, after))
    for part in ("content", "header"):
        found += _members(before.get(part), after.get(part), (part,))
    return tuple(found)


def contradictions(
    before: Document, after: Document, number: int, names: Sequence[str]
) -> tuple[Difference, ...]:
    """Return where what is said of a person contradicts what was said before; to say more is none.

    `number` is the place of the person in the later document, `names` are the members that are compared.
    """
    found = (_contradicting(before.get(name), after.get(name), (_PERSONS, number, name)) for name in names)
    return tuple(one for each in found for one in each)


def _persons(before: Document, after: Document) -> Iterator[Difference]:
    earlier = {text_at(person, "case_code"): person for person in persons_of(before)}
    for number, person in enumerate(persons_of(after)):
        old = earlier.pop(text_at(person, "case_code"), None)
        yield from _members(old, person, (_PERSONS, number))
    for person in earlier.values():
        yield Difference(pointer(_PERSONS), person, None)


def _members(before: JsonValue, after: JsonValue, steps: Steps) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in (*after, *(name for name in before if name not in after)):
            if name not in _FOLLOWS:
                yield from _members(before.get(name), after.get(name), (*steps, name))
        return
    if _are_alike(before, after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):  # type: ignore[arg-type]
            yield from _members(old, new, (*steps, number))
        return
    yield Difference(pointer(*steps), before, after)


def _contradicting(before: JsonValue, after: JsonValue, steps: Steps) -> Iterator[Difference]:
    if before is None or after is None or before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            yield from _contradicting(before[name], after.get(name), (*steps, name))
        return
    if isinstance(before, list) and isinstance(after, list) and all(_is_said(one, after) for one in before):
        return
    if _are_alike(before, after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):  # type: ignore[arg-type]
            yield from _contradicting(old, new, (*steps, number))
        return
    yield Difference(pointer(*steps), before, after)


def _is_said(item: JsonValue, after: Sequence[JsonValue]) -> bool:
    """Return whether a list says an item again, perhaps with more about it."""
    return any(not [*_contradicting(item, one, ())] for one in after)


def _are_alike(before: JsonValue, after: JsonValue) -> bool:
    """Return whether two lists are compared place by place (2)."""
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return False
    return _are_groups(before) and _are_groups(after)


def _are_groups(items: Sequence[JsonValue]) -> bool:
    return all(isinstance(item, dict) for item in items)
