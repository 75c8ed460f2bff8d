# SPDX-License-Identifier: Apache-2.0
"""The second signature over the head of a statement: made, sent along, judged, kept.

1. Whoever makes a statement signs its own head in it once more, by ML-DSA-44 (`ledger.lattice`), if its card
   has a key for that. The line is kept beside the log, whether it travels or not.
2. It travels in the statement (version 1.1, `head_signatures`) to a partner whose card says that it reads it.
3. A line of the partner that verifies is kept when the statement is answered. One of a known key that does
   not verify is a place in which the statement differs. Lines of other keys are left alone.

Nothing waits for it: a head counts by its Ed25519 signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange.errors import ConfigurationError, NoteInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.lattice import LineState, judge_line, lattice_line
from exchange.ledger.notes import Head, head_name
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.protocol.trust import trusted_signers
from exchange.service.ledgers import HeadLine
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of, versions_to_write
from exchange.service.ports import UnitOfWork

MEMBER: Final = "head_signatures"
TYPE: Final = "STM"
WITHOUT: Final = "1.0"
"""The version of a statement that cannot carry it."""


@dataclass(frozen=True)
class Judged:
    """The second signatures in a statement of the partner."""

    line: HeadLine | None = None
    """The one that verifies."""
    findings: tuple[str, ...] = ()
    """Places of lines of known keys that do not verify."""


def sign_again(node: Node, head: Head) -> HeadLine | None:
    """Return the second signature over our own head, or None without a key or an entry (1)."""
    try:
        key = node.keys.signing(KeyUse.HEAD_PQ, node.clock.now())
    except ConfigurationError:
        return None
    return HeadLine(head.size, lattice_line(head, key)) if head.size else None


def is_read_by_partner(uow: UnitOfWork, node: Node, link: LinkId) -> bool:
    """Return True if the partner reads statements that carry the line (2)."""
    versions = versions_to_write(node, pairing_of(uow, node, link))
    return versions.get(TYPE, WITHOUT) != WITHOUT


def member_of(line: HeadLine) -> list[JsonValue]:
    """Return the member of a statement: what stands behind the name in the line."""
    return [line.line.split(" ")[2].rstrip("\n")]


def judge(pairing: Pairing, content: Mapping[str, JsonValue], head: Head) -> Judged:
    """Return what the second signatures in a statement of the partner are worth, over its own head (3)."""
    values = content.get(MEMBER)
    keys = trusted_signers(pairing.partner_keys, use=KeyUse.HEAD_PQ, index=head.size - 1)
    found, findings = None, []
    for place, value in enumerate(values if isinstance(values, list) else ()):
        line = f"\u2014 {head_name(head.by)} {value}\n"
        state = _state(line, head, keys)
        if state is LineState.WRONG:
            findings.append(f"/{MEMBER}/{place}")
        elif state is LineState.VERIFIED and found is None:
            found = HeadLine(head.size, line)
    return Judged(found, tuple(findings))


def _state(line: str, head: Head, keys: tuple[PublicKey, ...]) -> LineState:
    try:
        return judge_line(line, head, keys)
    except NoteInvalidError:
        return LineState.UNKNOWN


def keep(
    uow: UnitOfWork, link: LinkId, by: AgencyCode, line: HeadLine | None, *, epoch: int, at: datetime
) -> None:
    """Keep a line beside its log; a second one of the same head is not needed."""
    if line is not None:
        uow.head_lines.add(link, by, line, epoch=epoch, at=at)
