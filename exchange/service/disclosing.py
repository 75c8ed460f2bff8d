# SPDX-License-Identifier: Apache-2.0
"""Discloses one message, of a group one person, to somebody who was no party: a court, an expert, a lawyer.

1. One officer proposes, with a purpose; another officer of the directory reads the same, and confirms. What
   the second one names is the digest of what was shown: it binds the purpose, and the bytes of every part
   that goes out. Reading does not replace a proposal. An emergency does not lift any of this.
2. Out go the header, the part of the person, and the common content only of a message about one person or
   none: that of a group speaks of others. Every other part stays closed; of it goes out one hash with salt.
3. What goes out names no other person of the message. If it does, nothing goes out.
4. A part that was erased cannot be disclosed. The others can: the hash of an erased part is kept (`erasing`).
5. Each step is a recorded act with purpose (rule 30).

How the evidence around the parts is gathered stands in `exhibits`; the form in docs/protocol/disclosure.md.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exchange.clock import instant_text, parse_instant
from exchange.errors import InputError, NodeError, UsageError
from exchange.ids import Digest, OfficerNumber, b64url, sha256
from exchange.ledger.merkle import root_of
from exchange.ledger.proofs import inclusion_proof
from exchange.messages.document import JsonValue, object_at, objects_at, text_at
from exchange.protocol.parts import part_hash
from exchange.protocol.strictjson import encode
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow, MessageRow

PROPOSAL_LIFE: Final = timedelta(days=7)
"""A second person who has not confirmed within a week looks at a new proposal."""
HEADER, COMMON, FIRST_PERSON = 0, 1, 2
"""Numbers of parts (docs/protocol/content.md)."""
_PROPOSED: Final = "disclosure:"
"""Setting of a message: digest, person, officer and time of the open proposal."""


@dataclass(frozen=True)
class DisclosedPart:
    """One part as it was committed to, with its path to the commitment in the envelope."""

    number: int
    raw: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Selection:
    """What of a message goes out, and what stays closed."""

    message: MessageRow
    person: int
    """Which person, from 1; 0 if the message is about none."""
    persons: int
    parts: tuple[DisclosedPart, ...]
    count: int
    """Parts of the message, disclosed or not."""

    def digest(self, purpose: str) -> Digest:
        """Return what both persons agree to: purpose, envelope, and each part that goes out."""
        listed: list[JsonValue] = [[part.number, sha256(part.raw)] for part in self.parts]
        shown: dict[str, JsonValue] = {"envelope": self.message.envelope_hash, "parts": listed}
        return sha256(encode(shown | {"count": self.count, "person": self.person, "purpose": purpose}))


@dataclass(frozen=True)
class _Proposal:
    digest: str
    officer: str
    at: datetime


async def propose(
    node: Node, row: MessageRow, *, person: int, officer: OfficerNumber, purpose: str
) -> Selection:
    """Show what would go out, and keep it as a proposal unless another officer proposed just this.

    Another proposal of the same message is replaced.

    Raises:
        UsageError: no purpose, or there is no such person.
        NodeError: content was erased, or the officer is not in the directory.
        InputError: `names_others`: what would go out names another person of the message.
    """
    if not purpose.strip():
        raise UsageError("a disclosure needs a purpose", hint="say what it is for: --purpose TEXT")

    def unit(uow: UnitOfWork) -> Selection:
        now = node.clock.now()
        demand_officer(uow, officer, now)
        chosen = select(uow, row, person)
        digest, known = chosen.digest(purpose), _proposal(uow, row, now)
        is_known = known is not None and known.digest == digest
        if not is_known:
            kept = {"digest": digest, "officer": officer, "at": instant_text(now)}
            uow.settings.put(_PROPOSED + row.id, json.dumps(kept))
        act = "disclosure_read" if is_known else "disclosure_proposed"
        uow.audit.record(AuditRow(now, officer, act, row.id, purpose))
        return chosen

    return await node.store.write(unit)


async def confirm(
    node: Node, row: MessageRow, *, person: int, second: OfficerNumber, purpose: str, digest: Digest
) -> Selection:
    """Return what goes out, once, after another officer looked at the same.

    Raises:
        UsageError: nothing is proposed, the proposal is one's own or too old, or there is no such person.
        InputError: `digest` is not that of the proposal, or what would go out is not what was proposed.
        NodeError: content was erased, or the officer is not in the directory.
    """

    def unit(uow: UnitOfWork) -> Selection:
        now = node.clock.now()
        demand_officer(uow, second, now)
        _demand_proposal(uow, row, second, digest, now)
        chosen = select(uow, row, person)
        if chosen.digest(purpose) != digest:
            raise InputError(
                "this is not what was proposed", hint="name the same person and purpose, or propose again"
            )
        uow.settings.put(_PROPOSED + row.id, "")
        uow.audit.record(AuditRow(now, second, "disclosure_confirmed", row.id, purpose, digest))
        return chosen

    return await node.store.write(unit)


def _demand_proposal(
    uow: UnitOfWork, row: MessageRow, second: OfficerNumber, digest: Digest, now: datetime
) -> None:
    proposal = _proposal(uow, row, now)
    again = "propose it first: exchange evidence disclose"
    if proposal is None:
        raise UsageError("no disclosure of this message is proposed, or it is too old", hint=again)
    if proposal.officer == second:
        raise UsageError(
            "the second person must be another officer than the one who proposed",
            hint=f"proposed by {proposal.officer}; ask a colleague",
        )
    if proposal.digest != digest:
        raise InputError("this is not the digest of the proposal", hint=again)


def _proposal(uow: UnitOfWork, row: MessageRow, now: datetime) -> _Proposal | None:
    """Return the open proposal to disclose a message, or None if there is none, or none any more."""
    kept = uow.settings.get(_PROPOSED + row.id)
    if not kept:
        return None
    said = json.loads(kept)
    found = _Proposal(said["digest"], said["officer"], parse_instant(said["at"]))
    return found if now - found.at <= PROPOSAL_LIFE else None


def select(uow: UnitOfWork, row: MessageRow, person: int) -> Selection:
    """Return what of a message goes out for one person of it.

    `person` counts from 1; 0 is right for a message about one person or none.

    Raises:
        UsageError, NodeError, InputError: as `propose`.
    """
    parts = {part.number: part.raw for part in uow.contents.parts(row.link, row.direction, row.seq)}
    hashes = _hashes(uow, row, parts)
    if hashes is None or b64url(root_of(hashes)) != row.commitment:
        raise NodeError(
            f"content of message {row.id} was erased or never opened here; its parts cannot be proved",
            hint="the evidence pack still proves that it was sent and received: exchange evidence export",
        )
    persons = len(hashes) - FIRST_PERSON - len(objects_at(json.loads(parts[HEADER]), "attachments"))
    chosen = _person(person, persons)
    numbers = _numbers(chosen, persons)
    if any(number not in parts for number in numbers):
        raise NodeError(f"what message {row.id} says of person {chosen} was erased", hint="nothing is left")
    lines = {each: json.loads(parts[at]) for each in range(1, persons + 1) if (at := each + 1) in parts}
    _demand_no_other_name([json.loads(parts[number]) for number in numbers], lines, chosen)
    return Selection(
        message=row,
        person=chosen,
        persons=persons,
        parts=tuple(
            DisclosedPart(number, parts[number], tuple(inclusion_proof(number, hashes))) for number in numbers
        ),
        count=len(hashes),
    )


def _hashes(uow: UnitOfWork, row: MessageRow, parts: Mapping[int, bytes]) -> list[bytes] | None:
    """Return the hash of each part of a message, also of the erased ones; None if one is not known."""
    left = uow.contents.left(row.link, row.direction, row.seq)
    known = left | {number: part_hash(row.id, number, raw) for number, raw in parts.items()}
    if HEADER not in parts or known.keys() != set(range(len(known))):
        return None
    return [known[number] for number in range(len(known))]


def _person(asked: int, persons: int) -> int:
    if asked == 0 and persons > 1:
        raise UsageError(
            f"the message is about {persons} persons; one of them is disclosed",
            hint=f"say which one: --person 1 to --person {persons}",
        )
    if not 0 <= asked <= persons:
        raise UsageError(f"the message is about {persons} persons, there is no person {asked}")
    return asked or min(persons, 1)


def _numbers(person: int, persons: int) -> tuple[int, ...]:
    """Return the parts that go out (rule 2)."""
    common = (COMMON,) if persons <= 1 else ()
    return (HEADER, *common, *([FIRST_PERSON + person - 1] if person else []))


def _demand_no_other_name(
    going: list[JsonValue], persons: Mapping[int, dict[str, JsonValue]], chosen: int
) -> None:
    """Refuse if a text that goes out contains a name of another person of the message (rule 3)."""
    own = _names(persons[chosen]) if chosen else frozenset[str]()
    others = frozenset(name for number, line in persons.items() if number != chosen for name in _names(line))
    texts = [text for value in going for text in _texts(value)]
    if any(name in text for name in others - own for text in texts if text not in own):
        raise InputError(
            "what would go out names another person of the message; a part cannot be cut",
            hint="disclose it to nobody but a court that may read both persons, by the evidence pack and the "
            "printed message",
        )


def _names(line: dict[str, JsonValue]) -> frozenset[str]:
    groups = (line, object_at(line, "registered_identity"))
    written = (text_at(name, "full") for group in groups for name in objects_at(group, "names"))
    return frozenset(name.casefold() for name in written if name.strip())


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text in a value, in one letter case."""
    if isinstance(value, str):
        yield value.casefold()
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
