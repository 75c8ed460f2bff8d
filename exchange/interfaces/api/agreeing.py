# SPDX-License-Identifier: Apache-2.0
"""Commands about the versions of an agreement. The recovery key stays with the command line."""

from typing import Any

from exchange.errors import UsageError
from exchange.ids import b64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.protocol.agreement import Agreement, renewed_party
from exchange.protocol.strictjson import parse_object
from exchange.service import agreements
from exchange.service.held_versions import held_versions, in_force, parsed_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AgreementRow, Direction, LinkRow
from exchange.service.versions import Signed, open_version


async def show(desk: Desk, ask: Ask) -> Answer:
    """Return one version of the agreement with a partner, and how far each version got."""
    row = await desk.link(ask.text("partner", ""))
    wanted = ask.number("version", 0)

    def unit(uow: UnitOfWork) -> Answer:
        rows, waiting = held_versions(uow, row.link), open_version(uow, row.link)
        now = {direction: in_force(uow, row.link, direction) for direction in Direction}
        versions = [_held(one) for one in rows] + ([_waiting(waiting)] if waiting else [])
        chosen = next((one for one in versions if one["n"] == (wanted or rows[-1].n)), None)
        if chosen is None:
            known = ", ".join(str(one["n"]) for one in versions)
            raise UsageError(f"there is no version {wanted} of this agreement", hint=f"versions: {known}")
        agreement = _bytes_of(rows, waiting, chosen["n"])
        return _shown(desk, row, agreement, chosen) | {
            "versions": versions,
            "renews": _renews(rows, agreement),
            "in_force": {
                "own": held.n if (held := now[Direction.OUT]) else 0,
                "partner": held.n if (held := now[Direction.IN]) else 0,
            },
        }

    return await desk.node.store.read(unit)


def _bytes_of(rows: tuple[AgreementRow, ...], waiting: Signed | None, n: int) -> Agreement:
    if waiting and waiting.agreement.n == n:
        return waiting.agreement
    return parsed_agreement(rows[n - 1].raw)


def _renews(rows: tuple[AgreementRow, ...], agreement: Agreement) -> str:
    """Return the agency that has a new recovery key in a version, or ""."""
    if agreement.n == 1:
        return ""
    renewed = renewed_party(parsed_agreement(rows[agreement.n - 2].raw), agreement)
    return renewed.agency if renewed else ""


def _held(row: AgreementRow) -> Answer:
    return {
        "n": row.n,
        "digest": parsed_agreement(row.raw).digest,
        "signed": {"own": bool(row.own_signature), "partner": bool(row.partner_signature)},
        "from": {"own": row.own_from_seq, "partner": row.partner_from_seq},
    }


def _waiting(signed: Signed) -> Answer:
    return {
        "n": signed.agreement.n,
        "digest": signed.agreement.digest,
        "signed": {"own": bool(signed.own), "partner": bool(signed.partner)},
        "from": {"own": 0, "partner": 0},
    }


def _shown(desk: Desk, row: LinkRow, agreement: Agreement, version: Answer) -> Answer:
    parties: list[Any] = [
        {
            "agency": party.agency,
            "node": party.node,
            "recovery_key": party.recovery.kid,
            "own": party.agency == desk.node.agency,
        }
        for party in agreement.parties
    ]
    return {
        "partner": row.partner,
        "link": row.link,
        "n": agreement.n,
        "digest": agreement.digest,
        "profile": agreement.profile,
        "suite": int(agreement.suite),
        "training": desk.node.training,
        "parties": parties,
        "signed": version["signed"],
        "from": version["from"],
        "terms": dict(parse_object(agreement.terms.raw)),
        "agreement": b64url(agreement.raw),
    }


async def propose(desk: Desk, ask: Ask) -> Answer:
    """Keep the file of a version that our side proposes."""
    row = await desk.link(ask.text("partner", ""))
    raw = ask.text("file").encode("ascii", "replace")
    version = await agreements.propose(desk.node, row.link, raw, actors=_two(ask))
    return _done(desk, row, version)


async def sign(desk: Desk, ask: Ask) -> Answer:
    """Keep the file of a version that the partner signed, with our signature."""
    row = await desk.link(ask.text("partner", ""))
    raw = ask.text("file").encode("ascii", "replace")
    version = await agreements.sign(desk.node, row.link, raw, actors=_two(ask), spoken=ask.texts("words"))
    desk.node.presence.of(row.link).notes_at_s = float("-inf")
    return _done(desk, row, version)


async def withdraw(desk: Desk, ask: Ask) -> Answer:
    """Give up the version that is on its way."""
    row = await desk.link(ask.text("partner", ""))
    version = await agreements.give_up(desk.node, row.link, actors=_two(ask))
    return _done(desk, row, version)


def _done(desk: Desk, row: LinkRow, version: Signed) -> Answer:
    desk.node.presence.wake(row.link)
    return {
        "partner": row.partner,
        "n": version.agreement.n,
        "digest": version.agreement.digest,
        "signed": {"own": bool(version.own), "partner": bool(version.partner)},
        "file": agreements.file_of(desk.node, version).decode("ascii"),
    }


def _two(ask: Ask) -> tuple[str, str]:
    first, second = ask.officer(), ask.officer("second")
    if first == second:
        raise UsageError(
            "a change of the agreement needs two different officers",
            hint="say the second one with --second",
        )
    return first, second


COMMANDS: dict[str, Command] = {
    "agreement.show": show,
    "agreement.propose": propose,
    "agreement.sign": sign,
    "agreement.withdraw": withdraw,
}
