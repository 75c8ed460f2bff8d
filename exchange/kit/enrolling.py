# SPDX-License-Identifier: Apache-2.0
"""The kit becomes a partner by the ordinary two files, and needs nothing else afterwards.

`join` answers an invitation, as `protocol.enrolment` demands it of everybody. `enrolled` reads both files
again before a run: the cards, the agreement and the link stand in them, and the keys follow from the label.
So the kit has no data folder. It meets training nodes only.
"""

from dataclasses import dataclass
from datetime import datetime

from exchange.errors import UsageError
from exchange.ids import AgencyCode, sha256
from exchange.kit.agency import Member, member, private_keys
from exchange.messages.codelists import agencies
from exchange.protocol import enrolment
from exchange.protocol.agreement import Agreement
from exchange.protocol.cards import Card
from exchange.protocol.enrolment import Here, Invitation
from exchange.protocol.profiles import load_profile


@dataclass(frozen=True)
class Joined:
    """What the kit hands out: the joining file, and the words of the agreement."""

    file: bytes
    own: AgencyCode
    partner: AgencyCode
    words: tuple[str, ...]


@dataclass(frozen=True)
class Enrolled:
    """The kit and the node, as both files have them."""

    own: Member
    partner: Card
    agreement: Agreement


def join(raw: bytes, *, code: str, now: datetime) -> Joined:
    """Return the answer of the kit to an invitation; `code` is whom it plays, "" if the profile tells.

    Raises:
        UsageError: the invitation is of a real node, or it is not clear whom to play.
        ProtocolError: the invitation breaks a rule.
    """
    invitation = enrolment.read_invitation(raw)
    if not invitation.card.training:
        raise UsageError(
            f"{invitation.card.agency} is no training node; the kit meets training nodes only",
            hint="set up a node with: exchange init --training",
        )
    own = member(AgencyCode(code) if code else _other_side(invitation), born_at=now)
    points = [point for point, entry in agencies().items() if entry.contact_point]
    here = Here(card=own.card, known_keys=(), known_agencies=points, now=now)
    profile = load_profile(invitation.profile)
    signed = enrolment.join(invitation, here=here, profile=profile, key=own.recovery)
    file = enrolment.write_joining(
        own.card,
        signed.agreement,
        signature=signed.signature,
        invitation=invitation.digest,
        created_at=now,
        key=own.recovery,
    )
    words = enrolment.words(signed.agreement.raw, signed.agreement.link_id)
    return Joined(file, own.code, invitation.card.agency, words)


def enrolled(invitation_raw: bytes, joining_raw: bytes) -> Enrolled:
    """Return what both files say.

    Raises:
        UsageError: the joining file is not one of the kit, or answers another invitation.
        ProtocolError: a file has another form.
    """
    invitation = enrolment.read_invitation(invitation_raw)
    joining = enrolment.read_joining(joining_raw)
    own = Member(joining.card.agency, joining.card)
    if joining.card.recovery != own.recovery.public or not _has_keys(own):
        raise UsageError(
            "the joining file was not written by the kit", hint="write it with: exchange kit join"
        )
    if joining.invitation != sha256(invitation.raw):
        raise UsageError("the joining file answers another invitation", hint="write it again")
    return Enrolled(own, invitation.card, joining.agreement)


def _has_keys(own: Member) -> bool:
    known = private_keys(own.code)
    return all(key.kid in known for key in own.card.keys)


def _other_side(invitation: Invitation) -> AgencyCode:
    """Return the contact point of the other country of a profile that is for one pair.

    Raises:
        UsageError: the profile is for everybody.
    """
    countries = set(invitation.profile.upper().split("-"))
    others = countries - {invitation.card.agency[:2]}
    for code, entry in agencies().items():
        if entry.contact_point and len(countries) == 2 and {entry.country} == others:
            return code
    raise UsageError(
        f"profile {invitation.profile} is not for one pair",
        hint="say whom the kit plays, for example --as VN-MPS-IMM",
    )
