# SPDX-License-Identifier: Apache-2.0
"""What two nodes tell each other at the gate about the versions of their agreement.

* A report tells the newest version that its writer signed: number, digest, signature, and in `held` the
  newest one of which it has both signatures.
* A node that lost a version asks for it; it comes with both signatures, and counts because one of them is
  its own.

Nothing here decides anything for people: who has not signed gets nothing but the news that the partner has.
Source: docs/protocol/agreement-versions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange.errors import AgreementInvalidError, FrameInvalidError, ProtocolError, SignatureInvalidError
from exchange.ids import AgencyCode, LinkId, b64url
from exchange.protocol.agreement import verify_agreement
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, encode
from exchange.protocol.versions import MAX_SIGNATURE_CHARS, VersionFile, check_version, read_version
from exchange.service.evidence import keep_difference
from exchange.service.held_versions import newest_held, parsed_agreement
from exchange.service.new_recovery import demand_own_key
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkRow
from exchange.service.versions import Signed, chain, find_signed, keep_signed, note, open_version, partner_of


@dataclass(frozen=True)
class Told:
    """What a gate report says of the partner's agreement."""

    n: int
    digest: str
    signature: str
    held: int


def told_version(uow: UnitOfWork, link: LinkId) -> dict[str, JsonValue]:
    """Return what our gate report says of the agreement: the newest version we signed, and hold."""
    waiting = open_version(uow, link)
    row = newest_held(uow, link)
    if waiting is None:
        digest = parsed_agreement(row.raw).digest
        return {"n": row.n, "ad": digest, "sig": row.own_signature, "held": row.n}
    return {
        "n": waiting.agreement.n,
        "ad": waiting.agreement.digest,
        "sig": waiting.own,
        "held": waiting.agreement.n if waiting.is_complete else row.n,
    }


def read_told(gives: Mapping[str, JsonValue]) -> Told:
    """Return what a report of the partner says of the agreement.

    Raises:
        FrameInvalidError: not of the agreed form.
    """
    members = Members(
        gives.get("agreement"),
        ("n", "ad", "sig"),
        kind="gate report",
        error=FrameInvalidError,
        optional=("held",),
    )
    n = members.integer("n", low=1)
    return Told(
        n=n,
        digest=members.text("ad", min_chars=0, max_chars=64),
        signature=members.text("sig", min_chars=0, max_chars=MAX_SIGNATURE_CHARS),
        held=members.integer("held", low=0, high=n) if members.has("held") else 0,
    )


def misses_version(uow: UnitOfWork, link: LinkId, gives: Mapping[str, JsonValue]) -> bool:
    """Return True if a report tells that the partner has both signatures of a version that is not here."""
    return read_told(gives).held > chain(uow, link).n


def hear_version(uow: UnitOfWork, node: Node, link: LinkRow, told: Told) -> None:
    """Take the partner's signature of the version on its way, and that it holds both.

    A signature that does not hold is kept as a difference and changes nothing; the link goes on.
    """
    version = open_version(uow, link.link)
    if version is None or told.digest != version.agreement.digest:
        return
    heard = version
    if not version.partner and told.signature:
        if not _is_signed(uow, node, link, version, told.signature):
            return
        heard = replace(heard, partner=told.signature)
    if told.held >= version.agreement.n and heard.is_complete:
        heard = replace(heard, partner_holds=True)
    if heard != version:
        keep_signed(uow, link.link, heard)
        note(uow, node, "agreement_countersigned", link.link, heard.agreement, ("partner",))


def _is_signed(uow: UnitOfWork, node: Node, link: LinkRow, version: Signed, signature: str) -> bool:
    agreement = version.agreement
    try:
        verify_agreement(agreement.raw, signature, agreement.party(link.partner).recovery)
    except SignatureInvalidError:
        reason = f"the signature of version {agreement.n} of the agreement is not that of {link.partner}"
        keep_difference(uow, node, link.link, "signature_missing", evidence=signature.encode(), reason=reason)
        return False
    return True


def give_version(uow: UnitOfWork, link: LinkId, asks: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a version that both sides signed, for a partner that lost it; empty if we do not hold it."""
    n = asks.get("n")
    row = uow.links.agreement(link, n) if type(n) is int else None
    if row is not None and row.partner_signature:
        return _given(row.raw, row.own_signature, row.partner_signature)
    waiting = open_version(uow, link)
    if waiting and waiting.is_complete and waiting.agreement.n == n:
        return _given(waiting.agreement.raw, waiting.own, waiting.partner)
    return _given(b"", "", "")


def _given(raw: bytes, own: str, partner: str) -> dict[str, JsonValue]:
    return {"agreement": b64url(raw), "own": own, "partner": partner}


def take_back(uow: UnitOfWork, node: Node, link: LinkId, gives: Mapping[str, JsonValue]) -> bool:
    """Keep a version from the partner that both sides have signed; return False if it gave none."""
    node.presence.demand_unpaused(link)
    if not gives.get("agreement"):
        return False
    try:
        partner = partner_of(uow, link)
        signatures = {partner: str(gives.get("own")), node.agency: str(gives.get("partner"))}
        file = _read_given(gives, signatures)
        known = find_signed(uow, link, file.agreement.digest)
        if known is not None and known.withdrawn:
            return False
        newest = chain(uow, link)
        check_version(newest, file.agreement, signatures)
        demand_own_key(uow, node, newest, file.agreement)
    except ProtocolError as error:
        node.journal.note("link_waits", link=link, reason=error.reason)
        return False
    version = Signed(file.agreement, signatures[node.agency], signatures[partner], partner_holds=True)
    keep_signed(uow, link, version)
    note(uow, node, "agreement_taken_back", link, version.agreement, ("node",))
    return True


def _read_given(gives: Mapping[str, JsonValue], signatures: dict[AgencyCode, str]) -> VersionFile:
    """Return a version that was given at the gate; not checked against anything.

    Raises:
        AgreementInvalidError: it has another form.
    """
    members = Members(
        dict(gives), ("agreement", "own", "partner"), kind="gate answer", error=AgreementInvalidError
    )
    rows: list[JsonValue] = [{"by": by, "jws": jws} for by, jws in signatures.items()]
    value: dict[str, JsonValue] = {"v": 1, "agreement": members.value("agreement"), "signatures": rows}
    return read_version(encode(value))
