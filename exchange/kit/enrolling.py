# SPDX-License-Identifier: Apache-2.0
"""The kit becomes a partner by the ordinary two files, and needs nothing else afterwards.

`join` answers an invitation, as `protocol.enrolment` demands it of everybody; `invite` writes one, and
`words_of` reads the answer of a node that joined. `enrolled` reads both files again before a run: the cards,
the agreement and the link stand in them, and the keys follow from the label. So the kit has no data folder.
It meets training nodes only.
"""

from dataclasses import dataclass
from datetime import datetime

from exchange.errors import UsageError
from exchange.ids import AgencyCode, RandomSource, sha256
from exchange.kit.agency import Member, member, private_keys
from exchange.messages.codelists import agencies
from exchange.protocol import enrolment
from exchange.protocol.agreement import Agreement
from exchange.protocol.cards import Card
from exchange.protocol.enrolment import Here, Invitation
from exchange.protocol.profiles import load_profile, profile_codes


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
    here = Here(card=own.card, known_keys=(), known_agencies=_contact_points(), now=now)
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


def invite(*, code: str, profile: str, answer_to: str, now: datetime, random: RandomSource) -> bytes:
    """Return an invitation of the kit as an agency, for a node that shall join.

    Raises:
        UsageError: no such contact point or profile.
    """
    if code not in _contact_points():
        raise UsageError(
            f"{code[:40]} is no contact point of the list of agencies", hint="for example VN-MPS-IMM"
        )
    if profile not in profile_codes():
        raise UsageError(
            f"there is no profile {profile[:40]}", hint=f"profiles: {', '.join(profile_codes())}"
        )
    own = member(AgencyCode(code), born_at=now)
    return enrolment.write_invitation(
        own.card, profile=profile, answer_to=answer_to, created_at=now, random=random, key=own.recovery
    )


def words_of(invitation_raw: bytes, joining_raw: bytes, *, now: datetime) -> Joined:
    """Return the words of an agreement that a node made for an invitation of the kit, after every check.

    Raises:
        UsageError: the invitation is not one of the kit.
        ProtocolError: the joining file breaks a rule.
    """
    invitation = enrolment.read_invitation(invitation_raw)
    joining = enrolment.read_joining(joining_raw)
    own = _member_in(invitation.card)
    if own is None:
        raise UsageError(
            "the invitation was not written by the kit", hint="write it with: exchange kit invite"
        )
    here = Here(card=own.card, known_keys=(), known_agencies=_contact_points(), now=now)
    enrolment.check_joining(
        joining, invitation=invitation, here=here, profile=load_profile(invitation.profile)
    )
    words = enrolment.words(joining.agreement.raw, joining.agreement.link_id)
    return Joined(joining_raw, own.code, joining.card.agency, words)


def enrolled(invitation_raw: bytes, joining_raw: bytes) -> Enrolled:
    """Return what both files say; the kit has written one of them.

    Raises:
        UsageError: neither file is one of the kit, or the second one answers another invitation.
        ProtocolError: a file has another form.
    """
    invitation = enrolment.read_invitation(invitation_raw)
    joining = enrolment.read_joining(joining_raw)
    if joining.invitation != sha256(invitation.raw):
        raise UsageError("the joining file answers another invitation", hint="write it again")
    for card, other in ((joining.card, invitation.card), (invitation.card, joining.card)):
        own = _member_in(card)
        if own is not None:
            return Enrolled(own, other, joining.agreement)
    raise UsageError(
        "neither file was written by the kit",
        hint="write one with: exchange kit join, or exchange kit invite",
    )


def _member_in(card: Card) -> Member | None:
    """Return the kit as the agency of a card, if all of its keys follow from the label."""
    own, known = Member(card.agency, card), private_keys(card.agency)
    is_ours = card.recovery == own.recovery.public and all(key.kid in known for key in card.keys)
    return own if is_ours else None


def _contact_points() -> list[AgencyCode]:
    return [point for point, entry in agencies().items() if entry.contact_point]


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
