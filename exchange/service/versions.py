# SPDX-License-Identifier: Apache-2.0
"""The versions of an agreement that we signed, until they are held (`held_versions`).

What we signed stands in one setting of the link, with the partner's signature as soon as it is here, so that
a proposal can be given up. It binds nobody yet. When the first side switches to it by a leaf `agrx` it
becomes a held version, which never changes. Who proposes, signs and hears is in `agreements`; who switches in
`switching`. Source: docs/protocol/agreement-versions.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from exchange.errors import AgreementInvalidError, UsageError
from exchange.ids import AgencyCode, Digest, LinkId, b64url, unb64url
from exchange.protocol.agreement import Agreement
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse
from exchange.protocol.suites import Suite
from exchange.protocol.versions import check_version
from exchange.service.held_versions import held_versions, newest_held, parsed_agreement
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AgreementRow, AuditRow

MAX_SIGNED: Final = 8
"""Signed versions kept of a link; older ones are in force or were given up."""
_SIGNED: Final = "agreement-signed:"
_LIMITS = Limits(max_bytes=2**20, max_depth=3, max_members=8, max_items=MAX_SIGNED, max_name=16)


@dataclass(frozen=True)
class Signed:
    """One version that we signed."""

    agreement: Agreement
    own: str
    partner: str = ""
    """The partner's signature, "" while it is not here."""
    partner_holds: bool = False
    """The partner told us that it holds both signatures."""
    withdrawn: bool = False
    """Given up on our side; we switch to it only if the partner did."""

    @property
    def is_complete(self) -> bool:
        return bool(self.own and self.partner)

    def signatures(self, own: AgencyCode) -> dict[AgencyCode, str]:
        """Return the signatures that are here, by agency."""
        both = {own: self.own, self.agreement.other(own).agency: self.partner}
        return {agency: jws for agency, jws in both.items() if jws}


def pairing_under(uow: UnitOfWork, pairing: Pairing, n: int) -> Pairing:
    """Return the pairing as it stands for a message of version `n` of the agreement."""
    if n == pairing.agreement.n:
        return pairing
    row = uow.links.agreement(pairing.link.link, n)
    return replace(pairing, agreement=parsed_agreement(row.raw)) if row else pairing


def suites_of(uow: UnitOfWork, link: LinkId) -> dict[int, frozenset[Suite]]:
    """Return the suites of each version that a message may name: held, or signed by both sides.

    Of a number that is not held yet there may be two, one of which was given up.
    """
    suites: dict[int, frozenset[Suite]] = {}
    for one in signed_versions(uow, link):
        if one.is_complete:
            n = one.agreement.n
            suites[n] = suites.get(n, frozenset()) | {one.agreement.suite}
    held = [parsed_agreement(row.raw) for row in held_versions(uow, link)]
    return suites | {agreement.n: frozenset({agreement.suite}) for agreement in held}


def signed_versions(uow: UnitOfWork, link: LinkId) -> tuple[Signed, ...]:
    """Return what we signed and is not in force yet, in the order in which we signed it."""
    return _signed(uow.settings.get(_SIGNED + link) or "")


def open_version(uow: UnitOfWork, link: LinkId) -> Signed | None:
    """Return the version after the newest held one that we signed and did not give up, or None."""
    following = newest_held(uow, link).n + 1
    for one in signed_versions(uow, link):
        if one.agreement.n == following and not one.withdrawn:
            return one
    return None


def find_signed(uow: UnitOfWork, link: LinkId, digest: str) -> Signed | None:
    """Return the signed version with a digest, given up or not."""
    return next((one for one in signed_versions(uow, link) if one.agreement.digest == digest), None)


def keep_signed(uow: UnitOfWork, link: LinkId, version: Signed) -> None:
    """Keep a signed version, in place of what was known of the same bytes."""
    digest = version.agreement.digest
    others = [one for one in signed_versions(uow, link) if one.agreement.digest != digest]
    _put(uow, link, [*others, version][-MAX_SIGNED:])


def hold(uow: UnitOfWork, link: LinkId, version: Signed) -> AgreementRow:
    """Make a version that both signed a held one, which never changes; return its row.

    Raises:
        AgreementInvalidError: it is not signed by both, or may not follow the newest held version.
    """
    agreement = version.agreement
    known = uow.links.agreement(link, agreement.n)
    if known is not None and known.raw == agreement.raw:
        return known
    if not version.is_complete:
        raise AgreementInvalidError(f"version {agreement.n} of the agreement is not signed by both sides")
    check_version(parsed_agreement(newest_held(uow, link).raw), agreement, {})
    row = AgreementRow(link, agreement.n, agreement.raw, version.own, version.partner, 0, 0)
    uow.links.add_agreement(row)
    _put(uow, link, [one for one in signed_versions(uow, link) if one.agreement.n > agreement.n])
    return row


def known_version(uow: UnitOfWork, link: LinkId, n: int, digest: Digest) -> AgreementRow | Signed | None:
    """Return the version with this number and digest that both signed: held, or still to be held."""
    row = uow.links.agreement(link, n)
    if row is not None:
        return row if parsed_agreement(row.raw).digest == digest else None
    signed = find_signed(uow, link, digest)
    return signed if signed and signed.is_complete and signed.agreement.n == n else None


def chain(uow: UnitOfWork, link: LinkId) -> Agreement:
    """Return the newest version that both sides are known to have signed, held or not."""
    newest = parsed_agreement(newest_held(uow, link).raw)
    complete = (one for one in signed_versions(uow, link) if one.is_complete and not one.withdrawn)
    for one in sorted(complete, key=lambda one: one.agreement.n):
        if one.agreement.n == newest.n + 1 and one.agreement.previous == newest.digest:
            newest = one.agreement
    return newest


def partner_of(uow: UnitOfWork, link: LinkId) -> AgencyCode:
    """Return the partner of a link.

    Raises:
        UsageError: there is no such link.
    """
    row = uow.links.get(link)
    if row is None:
        raise UsageError(f"link {link} is not in the store", hint="run: exchange partner list")
    return row.partner


def note(
    uow: UnitOfWork, node: Node, act: str, link: LinkId, version: Agreement, actors: Iterable[str]
) -> None:
    """Record an act about a version, once for each of those who did it."""
    for actor in actors:
        uow.audit.record(AuditRow(node.clock.now(), actor, act, link, result=str(version.n)))


def _put(uow: UnitOfWork, link: LinkId, versions: Iterable[Signed]) -> None:
    rows: list[JsonValue] = [
        {
            "agreement": b64url(one.agreement.raw),
            "own": one.own,
            "partner": one.partner,
            "holds": one.partner_holds,
            "withdrawn": one.withdrawn,
        }
        for one in versions
    ]
    uow.settings.put(_SIGNED + link, encode(rows).decode("ascii"))


@lru_cache(maxsize=64)
def _signed(text: str) -> tuple[Signed, ...]:
    value = parse(text.encode("ascii"), _LIMITS) if text else []
    rows = value if isinstance(value, list) else []
    return tuple(_one(row) for row in rows if isinstance(row, dict))


def _one(row: Mapping[str, JsonValue]) -> Signed:
    return Signed(
        agreement=parsed_agreement(unb64url(str(row["agreement"]))),
        own=str(row["own"]),
        partner=str(row["partner"]),
        partner_holds=row["holds"] is True,
        withdrawn=row["withdrawn"] is True,
    )
