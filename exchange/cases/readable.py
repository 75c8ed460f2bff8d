# SPDX-License-Identifier: Apache-2.0
"""What of a document somebody may read: the table of `permissions`, applied to every value.

    found = readable(document, Reading((Role.OFFICER,), officer="P-0001"))
    found.document      # without what is not shown
    found.withheld      # where something was, its class, and why it is not shown

1. A value is judged by its own class; a value without a class counts as S3, a document without a form as S4.
2. Class S4 is shown to named readers: who wrote or released the message, who was named for the case by two
   persons, and for an attachment of the list those whom it names.
3. Who wrote or released a message is no named reader of the flags that it repeats from the word of somebody
   else: what an earlier message said of a person is carried on without being shown.
4. What stands for all persons of a message is shown in full only to who is a named reader of each of them.
5. The part of a person whose case lies at another desk is left out as a whole.
6. A correction or an amendment of a person has the class of what it changes.
7. That a list is empty is S3 at most: it says that there is nothing.
8. The salt of a part from which something is withheld goes with it: it would let guesses be tested.

Pointers are those of the whole document, as it was sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from exchange.cases.permissions import Role, Showing, showing
from exchange.messages.document import Document, JsonValue, header_of, persons_of, text_at
from exchange.messages.form_tree import CHANGED, FormNode, Sensitivity, form_tree
from exchange.messages.sensitivity import class_in_person_block

SALT, PERSONS = "salt", "persons"


class Why(StrEnum):
    """Why something is not shown; the pages and the API say it in words."""

    NAMED_READERS = "named_readers"
    ROLE = "role"
    OTHER_DESK = "other_desk"


@dataclass(frozen=True)
class Withheld:
    """One place of a document that is not shown."""

    pointer: str
    sensitivity: Sensitivity
    why: Why


@dataclass(frozen=True)
class Reading:
    """Who reads, and of which cases the reader is a named one."""

    roles: tuple[Role, ...]
    officer: str = ""
    author: bool = False
    """Wrote or released this very message."""
    named: frozenset[str] = frozenset()
    """Codes of the cases for which two persons named this reader."""
    carried: frozenset[str] = frozenset()
    """Codes of the cases whose flags this message repeats from somebody else (3)."""
    elsewhere: frozenset[str] = frozenset()
    """Codes of cases that lie at another desk."""


@dataclass(frozen=True)
class Readable:
    """A document as somebody may read it."""

    document: Document
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True)
class _Kept:
    """What is left of a value, None for nothing."""

    value: JsonValue
    withheld: tuple[Withheld, ...] = ()


@dataclass(frozen=True)
class _Judge:
    """Decides about the values of one part."""

    reading: Reading
    named: bool
    carries: bool = False
    """The flags of this part were said before by somebody else (3)."""

    def says(self, sensitivity: Sensitivity, *, named: bool = False) -> Showing:
        return showing(self.reading.roles, sensitivity, named=named or self.named)

    def judged(self, value: JsonValue, sensitivity: Sensitivity, at: str, *, named: bool = False) -> _Kept:
        """Return a value that is shown or not as a whole."""
        match self.says(sensitivity, named=named):
            case Showing.SHOWN:
                return _Kept(value)
            case Showing.MASKED:
                return _Kept(None, (Withheld(at, sensitivity, Why.NAMED_READERS),))
            case _:
                return _Kept(None, (Withheld(at, sensitivity, Why.ROLE),))

    def kept(self, value: JsonValue, node: FormNode | None, at: str) -> _Kept:
        if node is None:
            return self.judged(value, Sensitivity.S3, at)
        if value in ([], {}):
            return self.judged(value, min(node.own, Sensitivity.S3), at)
        if isinstance(value, dict) and node.by_member is not None:
            return self._stated(value, node.by_member, at)
        if isinstance(value, dict) and "pointer" in value and at.startswith(f"/{PERSONS}/"):
            return self.judged(value, _changed_class(value), at)
        if isinstance(value, dict) and node.own < Sensitivity.S4 and (node.members or node.items):
            return self._group(value, node, at)
        if isinstance(value, list) and node.items is not None:
            return self._list(value, node.items, at)
        if node.by_code is not None:
            judge = replace(self, named=self.named and not self.carries)
            return judge.judged(value, node.by_code.get(str(value), Sensitivity.S4), at)
        return self.judged(value, node.own, at)

    def _group(self, value: Document, node: FormNode, at: str) -> _Kept:
        found = {
            name: self.kept(item, node.members.get(name, node.items), f"{at}/{name}")
            for name, item in value.items()
            if name != SALT
        }
        withheld = tuple(one for kept in found.values() for one in kept.withheld)
        shown: Document = {name: kept.value for name, kept in found.items() if kept.value is not None}
        if SALT in value and not withheld:
            shown = {SALT: value[SALT], **shown}
        return _Kept(shown or None, withheld)

    def _list(self, value: list[JsonValue], node: FormNode, at: str) -> _Kept:
        found = [self.kept(item, node, f"{at}/{number}") for number, item in enumerate(value)]
        withheld = tuple(one for kept in found for one in kept.withheld)
        shown: list[JsonValue] = [kept.value for kept in found if kept.value is not None]
        return _Kept(shown or None, withheld)

    def _stated(self, value: Document, by_member: str, at: str) -> _Kept:
        """Return a group that states its own class, as an entry of the attachment list does (2)."""
        stated = text_at(value, by_member)
        sensitivity = Sensitivity[stated] if stated in Sensitivity.__members__ else Sensitivity.S4
        readers = value.get("readers")
        named = isinstance(readers, list) and self.reading.officer in readers
        return self.judged(value, sensitivity, at, named=named)


def readable(document: Document, reading: Reading) -> Readable:
    """Return what of a document somebody may read, and what is withheld."""
    tree = form_tree(text_at(header_of(document), "type"))
    cases = [text_at(person, "case_code") for person in persons_of(document)] or _codes(document)
    everybody = bool(cases) and reading.named.issuperset(cases)
    whole = _Judge(reading, reading.author or everybody)
    parts = {
        name: whole.kept(value, tree.members.get(name), f"/{name}")
        if tree
        else whole.judged(value, Sensitivity.S4, f"/{name}")
        for name, value in document.items()
        if name != PERSONS
    }
    node = tree.members.get(PERSONS) if tree else None
    persons = list(_persons(document, node.items if node else None, reading))
    withheld = [one for kept in (*parts.values(), *persons) for one in kept.withheld]
    shown: Document = {name: kept.value for name, kept in parts.items() if kept.value is not None}
    if PERSONS in document:
        shown[PERSONS] = [kept.value for kept in persons if kept.value is not None]
    return Readable(shown, tuple(withheld))


def readable_line(
    line: Mapping[str, JsonValue], type_code: str, reading: Reading, *, at: str = ""
) -> Readable:
    """Return what of the part of one person in a message of a type somebody may read."""
    tree = form_tree(type_code)
    node = tree.members.get(PERSONS) if tree else None
    kept = _person(dict(line), node.items if node else None, reading, at)
    return Readable(kept.value if isinstance(kept.value, dict) else {}, kept.withheld)


def _changed_class(change: Document) -> Sensitivity:
    """Return the class of a correction (COR) or an amendment (AMD): that of the place which it names."""
    place = text_at(change, "pointer")
    values = [change[name] for name in CHANGED if name in change]
    return max((class_in_person_block(place, value) for value in values), default=Sensitivity.S4)


def _codes(document: Document) -> list[str]:
    codes = header_of(document).get("case_codes")
    return [str(code) for code in codes] if isinstance(codes, list) else []


def _persons(document: Document, node: FormNode | None, reading: Reading) -> Iterator[_Kept]:
    for number, person in enumerate(persons_of(document)):
        yield _person(person, node, reading, f"/{PERSONS}/{number}")


def _person(person: Document, node: FormNode | None, reading: Reading, at: str) -> _Kept:
    code = text_at(person, "case_code")
    if code in reading.elsewhere:
        return _Kept(None, (Withheld(at, Sensitivity.S3, Why.OTHER_DESK),))
    named = code in reading.named
    judge = _Judge(reading, reading.author or named, carries=code in reading.carried and not named)
    return judge.kept(person, node, at) if node else judge.judged(person, Sensitivity.S4, at)
