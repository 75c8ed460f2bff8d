# SPDX-License-Identifier: Apache-2.0
"""What an amendment (AMD) or a correction (COR) can change, and the changes as they are written.

1. A member can be changed that people say: what the form of the message asks for (`questions`). Inside a
   group and in each entry of a list every member has a place of its own; a list of codes or lines is one.
2. An amendment can also add a member or an entry, a correction cannot: it has to say what is wrong.
3. A group that the form does not need, and every entry of a list, can be taken out as a whole. Numbers of
   files can only be taken out.
4. Changes are kept in the order in which they can be made one after the other: values first, then what is
   added to a list, then what is taken out of one, the last entry first. So the number of an entry in a
   pointer is always the one that it has in the message as it stands.

    members = members_of(fields, person, may_add=True)
    edits = with_edit(edits, Edit("/birth/value", "2002", "2003"))
    group["changes"] = written(edits, "AMD")

A pointer comes from here and is never typed. Whether a change may be made, `changes_rules` says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.messages.amending import same_value
from exchange.messages.document import JsonValue, objects_at, pointer, text_at
from exchange.messages.questions import FILES, Field, Kind

CORRECTION: Final = "COR"
_LISTS: Final = frozenset({Kind.CODES, Kind.LINES, Kind.LANGUAGES})


@dataclass(frozen=True)
class Title:
    """One step of the way to a member; `entry` is the number of an entry of a list, 0 for none."""

    text: str
    entry: int = 0


@dataclass(frozen=True)
class Member:
    """One place of a message that can be changed, with what it says now."""

    pointer: str
    titles: tuple[Title, ...]
    field: Field
    value: JsonValue = None
    """None if nothing is said there."""
    only_out: bool = False
    """It can be taken out as a whole; what stands in it has places of its own."""

    @property
    def may_go(self) -> bool:
        """Return whether it can be taken out."""
        return self.value is not None and (self.only_out or not self.field.needed)


@dataclass(frozen=True)
class Edit:
    """One change: what stands there and what shall stand there, None for nothing.

    A correction has a basis as well: how it is known.
    """

    pointer: str
    before: JsonValue
    after: JsonValue
    basis: str = ""

    @property
    def adds(self) -> bool:
        """Return whether it adds an entry to a list."""
        return self.before is None and _last(self.pointer).isdigit()

    @property
    def takes_off(self) -> bool:
        """Return whether it takes an entry out of a list."""
        return self.after is None and _last(self.pointer).isdigit()


def members_of(
    fields: Sequence[Field], part: Mapping[str, JsonValue], *, edits: Sequence[Edit] = (), may_add: bool
) -> tuple[Member, ...]:
    """Return what can be changed of a part of a message, in the order of its form (1, 2, 3)."""
    added = Counter(_above(edit.pointer) for edit in edits if edit.adds)
    return tuple(_Finder(added, may_add).below(fields, part, "", ()))


def field_at(fields: Sequence[Field], place: str) -> Member | None:
    """Return a place that the form has, whether the message says something there or not."""
    titles: list[Title] = []
    field: Field | None = None
    for step in place.split("/")[1:]:
        if step.isdigit() and titles:
            titles[-1] = replace(titles[-1], entry=int(step) + 1)
            continue
        field = next((one for one in (field.fields if field else fields) if one.name == step), None)
        if field is None:
            return None
        titles.append(Title(field.title))
    if field is None:
        return None
    return Member(place, tuple(titles), one_of(field) if _last(place).isdigit() else field)


def value_at(part: JsonValue, place: str) -> JsonValue:
    """Return what stands at a pointer, None if nothing does."""
    for step in place.split("/")[1:]:
        if isinstance(part, dict):
            part = part.get(step)
        elif isinstance(part, list) and step.isascii() and step.isdigit() and int(step) < len(part):
            part = part[int(step)]
        else:
            return None
    return part


def fits(edit: Edit, part: Mapping[str, JsonValue]) -> bool:
    """Return whether what a change says of the message is what stands there."""
    found = value_at(dict(part), edit.pointer)
    return found is None if edit.before is None else same_value(found, edit.before)


def edits_in(group: Mapping[str, Any]) -> tuple[Edit, ...]:
    """Return the changes of one part, of an amendment or a correction."""
    return tuple(
        Edit(
            text_at(one, "pointer"),
            one.get("wrong", one.get("old")),
            one.get("right", one.get("new")),
            text_at(one, "basis"),
        )
        for one in objects_at(dict(group), "changes")
    )


def written(edits: Sequence[Edit], type_code: str) -> list[JsonValue]:
    """Return changes as the message of a type has them."""
    return [_correction(edit) if type_code == CORRECTION else _change(edit) for edit in edits]


def with_edit(edits: Sequence[Edit], edit: Edit) -> tuple[Edit, ...]:
    """Return the changes with one more; it takes the place of those at its own place, above and below it."""
    kept = [one for one in edits if not _overlap(one.pointer, edit.pointer)]
    if same_value(edit.before, edit.after):
        return _in_order(kept)
    at = next((at for at, one in enumerate(edits) if one.pointer == edit.pointer), len(kept))
    return _in_order([*kept[:at], edit, *kept[at:]])


def without(edits: Sequence[Edit], place: str) -> tuple[Edit, ...]:
    """Return the changes without the one at a place; what was added to a list behind it moves up."""
    gone = next((one for one in edits if one.pointer == place), None)
    kept = [one for one in edits if one.pointer != place]
    if gone is None or not gone.adds:
        return tuple(kept)
    return tuple(_moved_up(one, gone) for one in kept)


def one_of(field: Field) -> Field:
    """Return one entry of a list of groups as a group."""
    return replace(field, kind=Kind.GROUP, needed=False) if field.kind is Kind.GROUPS else field


@dataclass(frozen=True)
class _Finder:
    """Walks a part of a message along the fields of its form."""

    added: Mapping[str, int]
    """Entries that changes add already, by their list."""
    may_add: bool

    def below(
        self, fields: Sequence[Field], group: Mapping[str, JsonValue], at: str, titles: tuple[Title, ...]
    ) -> Iterator[Member]:
        for field in fields:
            value = group.get(field.name)
            place, named = f"{at}{pointer(field.name)}", (*titles, Title(field.title))
            if field.name in FILES:
                yield from () if value is None else (Member(place, named, field, value, only_out=True),)
            elif isinstance(value, dict) and field.kind is Kind.GROUP:
                yield from self._group(field, value, place, named)
            elif isinstance(value, list) and field.kind is Kind.GROUPS:
                yield from self._entries(field, value, place, named)
            elif _is_of(field, value) and (self.may_add or value is not None):
                yield Member(place, named, field, value)

    def _group(
        self, field: Field, value: dict[str, JsonValue], at: str, titles: tuple[Title, ...]
    ) -> Iterator[Member]:
        yield from self.below(field.fields, value, at, titles)
        if not field.needed:
            yield Member(at, titles, field, value, only_out=True)

    def _entries(
        self, field: Field, value: list[JsonValue], at: str, titles: tuple[Title, ...]
    ) -> Iterator[Member]:
        entry = one_of(field)
        for number, item in enumerate(value):
            named = (*titles[:-1], Title(field.title, number + 1))
            if isinstance(item, dict):
                yield from self.below(field.fields, item, f"{at}/{number}", named)
                yield Member(f"{at}/{number}", named, entry, item, only_out=True)
        end = len(value) + self.added.get(at, 0) + 1 if self.may_add else 0
        for number in range(len(value), end):
            yield Member(f"{at}/{number}", (*titles[:-1], Title(field.title, number + 1)), entry)


def _is_of(field: Field, value: JsonValue) -> bool:
    """Return whether a value is one of the kind that is asked for; nothing is of every kind."""
    if value is None:
        return True
    if field.kind in (Kind.GROUP, Kind.GROUPS):
        return False
    if field.kind in _LISTS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if field.kind is Kind.YES_NO:
        return isinstance(value, bool)
    if field.kind is Kind.NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


def _change(edit: Edit) -> JsonValue:
    made: dict[str, JsonValue] = {"pointer": edit.pointer}
    made |= {} if edit.before is None else {"old": edit.before}
    return made if edit.after is None else {**made, "new": edit.after}


def _correction(edit: Edit) -> JsonValue:
    made: dict[str, JsonValue] = {"pointer": edit.pointer, "wrong": edit.before}
    made |= {"removed": True} if edit.after is None else {"right": edit.after}
    return {**made, "basis": edit.basis}


def _in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return changes in the order in which they can be made (4)."""
    found = list(edits)
    values = [one for one in found if not one.adds and not one.takes_off]
    more = sorted((one for one in found if one.adds), key=lambda one: _numbers(one.pointer))
    fewer = sorted(
        (one for one in found if one.takes_off), key=lambda one: _numbers(one.pointer), reverse=True
    )
    return (*values, *more, *fewer)


def _moved_up(edit: Edit, gone: Edit) -> Edit:
    above = _above(gone.pointer)
    if not edit.adds or _above(edit.pointer) != above or int(_last(edit.pointer)) < int(_last(gone.pointer)):
        return edit
    return replace(edit, pointer=f"{above}/{int(_last(edit.pointer)) - 1}")


def _numbers(place: str) -> tuple[tuple[str, int], ...]:
    return tuple((step, -1) if not step.isdigit() else ("", int(step)) for step in place.split("/")[1:])


def _overlap(first: str, second: str) -> bool:
    return first == second or first.startswith(f"{second}/") or second.startswith(f"{first}/")


def _last(place: str) -> str:
    return place.rpartition("/")[2]


def _above(place: str) -> str:
    return place.rpartition("/")[0]
