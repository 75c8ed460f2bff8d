# SPDX-License-Identifier: Apache-2.0
"""The versions of an agreement that are held, and which of them is in force at a number.

A version is held, as a row of the table of agreements, from the moment in which the first side switches to it
by a leaf `agrx`; from then on it never changes. A row says from which number on it holds in each direction,
0 while it does not. A message is judged by the version in force at its number: the newest one whose first
number is not above it. Source: docs/protocol/agreement-versions.md.
"""

from functools import lru_cache

from exchange.errors import NodeError
from exchange.ids import LinkId
from exchange.protocol.agreement import Agreement, read_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AgreementRow, Direction


@lru_cache(maxsize=256)
def parsed_agreement(raw: bytes) -> Agreement:
    return read_agreement(raw)


def held_versions(uow: UnitOfWork, link: LinkId) -> tuple[AgreementRow, ...]:
    """Return every held version, oldest first."""
    rows: list[AgreementRow] = []
    while (row := uow.links.agreement(link, len(rows) + 1)) is not None:
        rows.append(row)
    return tuple(rows)


def newest_held(uow: UnitOfWork, link: LinkId) -> AgreementRow:
    """Return the newest held version.

    Raises:
        NodeError: the link has no agreement.
    """
    rows = held_versions(uow, link)
    if not rows:
        raise NodeError(f"link {link} has no agreement in the store", hint="run: exchange partner list")
    return rows[-1]


def version_at(uow: UnitOfWork, link: LinkId, direction: Direction, seq: int) -> AgreementRow | None:
    """Return the version in force at a number of a direction, or None before the first."""
    rows = [row for row in held_versions(uow, link) if 0 < first_number(row, direction) <= seq]
    return rows[-1] if rows else None


def first_number(row: AgreementRow, direction: Direction) -> int:
    """Return the number from which on a version holds in a direction, 0 while it does not."""
    return row.own_from_seq if direction is Direction.OUT else row.partner_from_seq


def in_force(uow: UnitOfWork, link: LinkId, direction: Direction) -> AgreementRow | None:
    """Return the newest version to which the writer of a direction has switched."""
    switched = [row for row in held_versions(uow, link) if first_number(row, direction)]
    return switched[-1] if switched else None
