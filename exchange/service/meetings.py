# SPDX-License-Identifier: Apache-2.0
"""What a paper of the crossing says beyond its own message: where, when, how old, who acts for a child.

1. Crossing, window and escorts are those of the proposal with its changes; nothing else of it is on paper.
2. Age and guardian are those of the sheet (`handovers`), age on the day of the window.
3. Before the departure the persons are those of the confirmed list, without who does not travel any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from exchange.messages.document import JsonValue, object_at, text_at
from exchange.messages.replying import Line
from exchange.protocol.parts import Document
from exchange.service.facts import StoreFacts
from exchange.service.handovers import Handover, Person, demand_movement, known_of, sheet_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader

CONFIRMED: Final = "confirmed"
PLACE_AND_TIME: Final = (
    "checkpoint", "checkpoint_name", "place_detail", "window_from", "window_to", "alternative",
    "alternative_name", "escorts",
)  # fmt: skip
"""Members of a proposal that an officer at the crossing needs; none is above class S3."""


@dataclass(frozen=True)
class Meeting:
    """Where and when a group is handed over, and what is known of its persons."""

    terms: Document
    """Members of the proposal (1); empty when it was erased."""
    persons: tuple[Document, ...]
    """Parts of persons: `case_code`, `names`, `sex`, `is_child`, `ages` and `guardian` if there is one."""
    host: str = ""
    """The agency that hands over, "" if it is not known."""

    def of(self, case: str) -> Document:
        """Return what is known of a person, nothing for one who is not on the list."""
        return next((one for one in self.persons if text_at(one, "case_code") == case), {})


def meeting_of(uow: UnitOfWork, node: Node, reader: Reader, handover: Handover) -> Meeting:
    """Return what is said of a handover.

    Raises:
        NotAllowedError: the movement is not shown to this reader now.
    """
    demand_movement(uow, node, reader, handover, on_paper=True)
    terms = {name: handover.terms[name] for name in PLACE_AND_TIME if name in handover.terms}
    return Meeting(terms, tuple(_travellers(uow, node, handover)), handover.row.host)


def _travellers(uow: UnitOfWork, node: Node, handover: Handover) -> Iterator[Document]:
    facts = StoreFacts(uow, pairing_of(uow, node, handover.row.link), node.agency)
    persons = sheet_of(uow, node, handover.row).persons
    return (_part(one, known_of(facts, one.case)) for one in persons if not one.stays)


def _part(person: Person, known: Line) -> Document:
    names: list[JsonValue] = [{"full": name} for name in person.names]
    ages: list[JsonValue] = list(person.ages)
    part: Document = {
        "case_code": person.case,
        "names": names,
        "sex": person.sex,
        "is_child": person.is_child,
        "ages": ages,
    }
    guardian = object_at(known, "guardian")
    return part | ({"guardian": guardian} if guardian else {})
