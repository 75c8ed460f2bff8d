# SPDX-License-Identifier: Apache-2.0
"""The agreement of two agencies: exact JSON bytes, and a detached JWS over them by each recovery key.

The members, in this order: v, n, link, previous, invitation, profile, suite, parties, terms.
`read_agreement` checks, in this order:

1. At most 64 KiB, JSON as this protocol allows it, exactly these members.
2. Two parties, the inviter first; they differ in agency, node and recovery key; both keys are sound.
3. The suite is one that this program knows.
4. Version 1 names the invitation it answers, and neither link nor predecessor; a later version names
   link and predecessor, and no invitation.
5. The terms have the form and meaning of a profile, with exactly the two sides of the parties.

The link id is made of version 1's bytes and never changes. `check_successor` says whether a version may
follow another, `renewed_party` which side has a new recovery key in it. Which version is in force at a number
is for the ledger to say (leaf `agrx`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from exchange.errors import AgreementInvalidError, ProtocolError, SignatureInvalidError, StrictJsonError
from exchange.ids import (
    AgencyCode,
    Digest,
    LinkId,
    NodeId,
    b64url,
    link_id,
    parse_agency,
    parse_digest,
    parse_link,
    parse_node,
    sha256,
)
from exchange.protocol.cardform import read_recovery
from exchange.protocol.jws import sign_detached, verify_detached
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse, parse_object
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite
from exchange.protocol.terms import Terms as Terms
from exchange.protocol.terms import country_of, read_terms
from exchange.protocol.words import shown as shown
from exchange.protocol.words import words as words

AGREEMENT_TYPE: Final = "exchange-agreement+jws"
MAX_AGREEMENT_BYTES: Final = 64 * 1024
"""An agreement of a pair has 7 kB; this leaves room for many more deadlines and crossings."""

_LIMITS = Limits(max_bytes=MAX_AGREEMENT_BYTES, max_depth=8, max_members=200, max_items=200, max_name=64)
_NAMES = frozenset({"v", "n", "link", "previous", "invitation", "profile", "suite", "parties", "terms"})
_MAX_VERSION = 10_000


@dataclass(frozen=True)
class Party:
    """One side of an agreement; its recovery key is the only key that the agreement pins."""

    agency: AgencyCode
    node: NodeId
    recovery: PublicKey


@dataclass(frozen=True)
class Agreement:
    """A version of an agreement, read; who signed it is a matter of its own (`verify_agreement`)."""

    n: int
    link: LinkId | None
    """None in version 1, whose bytes make the link id."""
    previous: Digest | None
    invitation: Digest | None
    parties: tuple[Party, Party]
    """The inviter first."""
    profile: str
    suite: Suite
    terms: Terms
    raw: bytes
    digest: Digest

    @property
    def link_id(self) -> LinkId:
        """The link this version belongs to."""
        return self.link or link_id(self.raw)

    def party(self, agency: AgencyCode) -> Party:
        """Return the party of an agency.

        Raises:
            AgreementInvalidError: it is not a party.
        """
        for party in self.parties:
            if party.agency == agency:
                return party
        raise AgreementInvalidError(f"{agency} is not a party of the agreement")

    def other(self, agency: AgencyCode) -> Party:
        """Return the partner of an agency.

        Raises:
            AgreementInvalidError: the agency is not a party.
        """
        first, second = self.parties
        return second if self.party(agency) is first else first


def new_agreement(
    parties: tuple[Party, Party],
    terms: Terms,
    *,
    suite: Suite,
    invitation: Digest | None = None,
    previous: Agreement | None = None,
) -> bytes:
    """Return the bytes of version 1 that answers an invitation, or of the version after `previous`.

    Raises:
        AgreementInvalidError: a reader would refuse it, or it may not follow `previous`.
    """
    raw = encode(
        {
            "v": 1,
            "n": 1 if previous is None else previous.n + 1,
            "link": None if previous is None else previous.link_id,
            "previous": None if previous is None else previous.digest,
            "invitation": invitation,
            "profile": terms.profile,
            "suite": int(suite),
            "parties": [_party_value(party) for party in parties],
            "terms": dict(parse_object(terms.raw)),
        }
    )
    agreement = read_agreement(raw)
    if previous is not None:
        check_successor(previous, agreement)
    return raw


def read_agreement(raw: bytes) -> Agreement:
    """Return the agreement in `raw`; the numbered rules stand at the top of this module.

    Raises:
        AgreementInvalidError: any rule is broken.
    """
    try:
        members = Members(parse(raw, _LIMITS), _NAMES, kind="agreement", error=AgreementInvalidError)  # 1
        return _read_members(members, raw)
    except AgreementInvalidError:
        raise
    except ProtocolError as error:
        raise AgreementInvalidError(f"the agreement is not valid: {error}") from error


def check_successor(held: Agreement, offered: Agreement) -> None:
    """Return if `offered` may follow `held`, the newest version that both signed.

    1. It is of the same link.
    2. Its number is the next one.
    3. It names the digest of the held version.
    4. Its parties are the same, in the same order, with the same nodes and recovery keys. Or one of them has
       a new recovery key; then suite and terms are the same.

    Raises:
        AgreementInvalidError: a rule is broken.
    """
    if offered.link != held.link_id:  # 1
        raise AgreementInvalidError(f"the new version is not of link {held.link_id}")
    if offered.n != held.n + 1:  # 2
        raise AgreementInvalidError(f"expected version {held.n + 1} of the agreement, found {offered.n}")
    if offered.previous != held.digest:  # 3
        raise AgreementInvalidError(f"version {offered.n} does not name the digest of version {held.n}")
    if _nodes(offered) != _nodes(held):  # 4
        raise AgreementInvalidError(f"version {offered.n} has other parties; that needs a new enrolment")
    renewed = [party for party in offered.parties if party not in held.parties]
    if len(renewed) > 1:
        raise AgreementInvalidError(
            f"version {offered.n} has new recovery keys of both sides", hint="one side after the other"
        )
    if renewed and (offered.suite, offered.terms.raw) != (held.suite, held.terms.raw):
        raise AgreementInvalidError(
            f"version {offered.n} has a new recovery key and changes more than that",
            hint="first a version with nothing but the new key, then another one",
        )


def renewed_party(held: Agreement, offered: Agreement) -> Party | None:
    """Return the side that has a new recovery key in the version after `held`, or None."""
    return next((party for party in offered.parties if party not in held.parties), None)


def sign_agreement(raw: bytes, key: PrivateKey) -> str:
    """Return the detached signature of an agreement by a recovery key.

    Raises:
        AgreementInvalidError: the key is no recovery key, or not that of a party.
    """
    pinned = {party.recovery for party in read_agreement(raw).parties}
    if key.use is not KeyUse.RECOVERY or key.public not in pinned:
        raise AgreementInvalidError(
            f"key {key.kid} is not the recovery key of a party",
            hint="if it is a new one, the partner has to agree to it first: exchange agreement recovery",
        )
    return sign_detached(raw, typ=AGREEMENT_TYPE, key=key)


def verify_agreement(raw: bytes, jws: str, key: PublicKey) -> None:
    """Return if `jws` is the detached signature of these agreement bytes by a recovery key.

    Raises:
        SignatureInvalidError: it is not, whatever the cause.
    """
    try:
        verify_detached(raw, jws, typ=AGREEMENT_TYPE, key=key)
    except StrictJsonError as error:
        raise SignatureInvalidError from error


def common_suite(ours: Iterable[int], theirs: Iterable[int]) -> Suite:
    """Return the highest suite that both sides name and this program knows.

    Raises:
        AgreementInvalidError: there is none.
    """
    known = {int(suite) for suite in Suite}
    both = known & set(ours) & set(theirs)
    if not both:
        raise AgreementInvalidError("the two agencies have no suite in common", hint="one has to update")
    return Suite(max(both))


def _nodes(agreement: Agreement) -> list[tuple[AgencyCode, NodeId]]:
    return [(party.agency, party.node) for party in agreement.parties]


def _party_value(party: Party) -> JsonValue:
    return {"agency": party.agency, "node": party.node, "recovery": b64url(party.recovery.raw)}


def _read_members(members: Members, raw: bytes) -> Agreement:
    members.integer("v", low=1, high=1)
    n = members.integer("n", low=1, high=_MAX_VERSION)
    parties = _read_parties(members)  # 2
    suite = members.integer("suite", low=1, high=255)
    if suite not in set(Suite):  # 3
        raise AgreementInvalidError(f"the agreement names suite {suite}, which this program does not know")
    _check_origin(members, n)  # 4
    terms = read_terms(members.value("terms"))  # 5
    if terms.profile != members.text("profile", max_chars=32):
        raise AgreementInvalidError("the agreement and its terms name different profiles")
    if [side.country for side in terms.sides] != [country_of(party.agency) for party in parties]:
        raise AgreementInvalidError("the terms do not have the sides of the parties, the inviter first")
    return Agreement(
        n=n,
        link=None if n == 1 else members.identifier("link", parse_link),
        previous=None if n == 1 else members.identifier("previous", parse_digest),
        invitation=members.identifier("invitation", parse_digest) if n == 1 else None,
        parties=parties,
        profile=terms.profile,
        suite=Suite(suite),
        terms=terms,
        raw=raw,
        digest=sha256(raw),
    )


def _read_parties(members: Members) -> tuple[Party, Party]:
    first, second = (_read_party(value) for value in members.items("parties", least=2, most=2))
    if first.agency == second.agency or first.node == second.node or first.recovery == second.recovery:
        raise AgreementInvalidError("the parties do not differ in agency, node and recovery key")
    return first, second


def _read_party(value: JsonValue) -> Party:
    members = Members(value, ("agency", "node", "recovery"), kind="party", error=AgreementInvalidError)
    return Party(
        agency=members.identifier("agency", parse_agency),
        node=members.identifier("node", parse_node),
        recovery=read_recovery(members, "recovery"),
    )


def _check_origin(members: Members, n: int) -> None:
    names = ("link", "previous") if n == 1 else ("invitation",)
    for name in names:
        if members.value(name) is not None:
            raise members.fault(name, f"null in version {n}")
