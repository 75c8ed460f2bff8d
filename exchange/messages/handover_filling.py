# SPDX-License-Identifier: Apache-2.0
"""What the program can know about a handover message that an officer begins.

Added are: a new movement code for a proposal or a transit request without one, the size of its group, that
nobody is photographed, the totals of a record, and what a countersignature or a confirmation answers. Never
added: times, outcomes, reasons, custody, consent, whether a record is agreed, or why a case is closed.
"""

from collections import Counter
from typing import Protocol

from exchange.ids import RandomSource, new_movement_code
from exchange.messages.document import Document, JsonValue, object_at, objects_at, text_at


class Known(Protocol):
    """Where added members come from, as far as it is needed here."""

    @property
    def random(self) -> RandomSource: ...


class Filler(Protocol):
    """Adds a member that is missing, and remembers it with its source."""

    @property
    def sources(self) -> Known: ...

    def put(
        self, group: dict[str, JsonValue], name: str, value: JsonValue, source: str, *place: str | int
    ) -> None: ...

    def usual(self, group: dict[str, JsonValue], name: str, key: str, *place: str | int) -> None: ...


def complete_handover(document: Document, code: str, filler: Filler) -> None:
    """Add to a document of a type of the handover; any other type is left as it is."""
    match code:
        case "HPR":
            _proposal(document, filler)
        case "HRP":
            _answer(document, "confirms", filler)
        case "HDP":
            filler.put(object_at(document, "content"), "papers_with_escort", [], "form", "content")
            _empty_lists(document, ("flags", "links"), filler)
            for index, person in enumerate(objects_at(document, "persons")):
                languages: dict[str, JsonValue] = {"spoken": [], "understood": []}
                filler.put(person, "languages", languages, "form", "persons", index)
        case "HRC":
            _record(document, filler)
        case "TRA":
            header = object_at(document, "header")
            movement = new_movement_code(filler.sources.random)
            filler.put(header, "movement_code", movement, "new random code", "header")


def _proposal(document: Document, filler: Filler) -> None:
    header, content = object_at(document, "header"), object_at(document, "content")
    group = content.get("case_list", header.get("case_codes"))
    if isinstance(group, list) and group:
        filler.put(content, "case_list", list(group), "cases in the file", "content")
        filler.put(header, "case_codes", list(group), "cases in the file", "header")
        filler.put(content, "group_size", len(group), "cases in the file", "content")
    filler.put(header, "movement_code", new_movement_code(filler.sources.random), "new random code", "header")
    filler.usual(content, "checkpoint", "checkpoint", "content")
    filler.put(content, "escorts", [], "form", "content")
    filler.put(content, "photography", False, "form", "content")


def _answer(document: Document, name: str, filler: Filler) -> None:
    """Say in the header which message is answered, if the content names it."""
    header, content = object_at(document, "header"), object_at(document, "content")
    named = text_at(object_at(content, name), "id")
    if named:
        filler.put(header, "in_reply_to", named, "the message it names", "header")


def _record(document: Document, filler: Filler) -> None:
    content, lines = object_at(document, "content"), objects_at(document, "persons")
    _answer(document, "countersigns", filler)
    if not lines:
        return
    counted = Counter(text_at(line, "outcome") for line in lines if text_at(line, "outcome"))
    totals: dict[str, JsonValue] = {outcome: counted[outcome] for outcome in sorted(counted)}
    filler.put(content, "totals", totals, "lines in the file", "content")
    _empty_lists(document, ("documents", "flags", "links", "belongings", "papers"), filler)


def _empty_lists(document: Document, names: tuple[str, ...], filler: Filler) -> None:
    for index, line in enumerate(objects_at(document, "persons")):
        for name in names:
            filler.put(line, name, [], "form", "persons", index)
