# SPDX-License-Identifier: Apache-2.0
"""New versions of an agreement for tests: made, signed and carried between two simulated agencies."""

from collections.abc import Mapping
from typing import Any

from exchange.ids import AgencyCode
from exchange.ledger.entries import Event, Leaf, decode_leaf
from exchange.protocol.agreement import Agreement, new_agreement, read_agreement, sign_agreement
from exchange.protocol.strictjson import parse_object
from exchange.protocol.suites import Suite
from exchange.protocol.terms import read_terms
from exchange.protocol.versions import write_version
from exchange.service.agreements import file_of, propose, sign
from exchange.service.held_versions import held_versions
from exchange.service.ports import UnitOfWork
from tests.support import identity
from tests.support.checks import log_of
from tests.support.world import OFFICER, SECOND, Agency, World

TWO = (OFFICER, SECOND)


def next_version(previous: Agreement, *, suite: Suite | None = None, **terms: Any) -> Agreement:
    """Return the version after `previous`; `terms` replaces members of the terms."""
    value: Mapping[str, Any] = dict(parse_object(previous.terms.raw)) | terms
    raw = new_agreement(
        previous.parties, read_terms(dict(value)), suite=suite or previous.suite, previous=previous
    )
    return read_agreement(raw)


def signed_by(agreement: Agreement, *agencies: AgencyCode) -> bytes:
    """Return the file of a version with the signatures of these agencies."""
    signatures = {code: sign_agreement(agreement.raw, identity.agency(code).recovery) for code in agencies}
    return write_version(agreement, signatures)


async def agree(world: World, agreement: Agreement, *, proposer: Agency | None = None) -> None:
    """Let one side propose a version and the other sign it; only its file travels."""
    first = proposer or world.kh
    other = world.other(first)
    proposed = await propose(first.node, world.link, signed_by(agreement, first.code), actors=TWO)
    both = file_of(first.node, proposed), signed_by(agreement, first.code, other.code)
    await sign(other.node, world.link, both[1], actors=TWO)
    for agency in world.agencies:
        agency.node.presence.of(world.link).notes_at_s = float("-inf")
        agency.node.presence.wake(world.link)


async def numbers_of(agency: Agency, n: int) -> tuple[int, int]:
    """Return from which numbers on a version holds: for what the agency sends, and what it receives."""

    def unit(uow: UnitOfWork) -> tuple[int, int]:
        rows = held_versions(uow, agency.world.link)
        return (rows[n - 1].own_from_seq, rows[n - 1].partner_from_seq) if len(rows) >= n else (0, 0)

    return await agency.store.read(unit)


async def switched(world: World, n: int) -> bool:
    """Return True when both sides have switched to a version, and each knows it of the other."""
    return all([all(await numbers_of(agency, n)) for agency in world.agencies])


async def switches_of(agency: Agency) -> list[Leaf]:
    """Return the leaves `agrx` in the own log of an agency."""
    leaves = [decode_leaf(raw) for raw in await log_of(agency, agency)]
    return [leaf for leaf in leaves if leaf.ev == Event.AGRX]
