# SPDX-License-Identifier: Apache-2.0
"""Enrolment as one side does it: what is signed with the recovery key happens here, not in the service.

    inviter  invite   writes the invitation and tells the service whom it is for
    joiner   join     judges the invitation, makes and signs the agreement, stores the partner
    inviter  judge    judges the joining file; people compare the words; `countersign` stores the partner
    joiner   confirm  tells the service that the words were the same

The recovery key is read from its file for one act and forgotten. Source: docs/protocol/enrolment.md.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exchange.clock import SystemClock
from exchange.errors import AgreementInvalidError, UsageError, WordsDifferError
from exchange.ids import AgencyCode, KeyId, OfficerNumber, b64url, parse_agency
from exchange.interfaces.cli.client import Service
from exchange.protocol import enrolment
from exchange.protocol.cards import read_card
from exchange.protocol.enrolment import Here, Invitation, Joining
from exchange.protocol.profiles import load_profile, profile_codes, terms_for
from exchange.protocol.suites import PrivateKey

NEUTRAL = "neutral"
HALF = 4
EIGHT = 2 * HALF


@dataclass(frozen=True)
class Officers:
    """The two officers of one side who enrol a partner."""

    first: OfficerNumber
    second: OfficerNumber


@dataclass(frozen=True)
class Joined:
    """What the joiner hands out: the file for the inviter, and the words of the agreement."""

    file: bytes
    partner: AgencyCode
    profile: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A joining file that answers our invitation rightly; only people can say who wrote it."""

    joining: Joining
    invitation: Invitation
    here: Here
    words: tuple[str, ...]

    @property
    def partner(self) -> AgencyCode:
        return self.joining.card.agency


def here_of(service: Service, *, newcomer: AgencyCode | None = None) -> Here:
    """Return what the service knows when it judges a newcomer.

    Raises:
        UsageError: the newcomer is named, and is none: it is enrolled, or its enrolment is under way.
    """
    known = service.ask("partner.here", **({"newcomer": newcomer} if newcomer else {}))
    return Here(
        card=read_card(str(known["card"]).encode("ascii"), pinned_recovery=None),
        known_keys=[KeyId(key) for key in known["known_keys"]],
        known_agencies=[AgencyCode(code) for code in known["known_agencies"]],
        now=SystemClock().now(),
    )


def profile_for(own: AgencyCode, partner: AgencyCode, wanted: str = "") -> str:
    """Return the profile of a pair: the wanted one, that of the two countries, or the neutral one.

    Raises:
        UsageError: no such profile, one without a side of either agency, or both are of one country.
    """
    known = profile_codes()
    pair = "-".join(sorted((own[:2].lower(), partner[:2].lower())))
    chosen = wanted or (pair if pair in known else NEUTRAL)
    if chosen not in known:
        raise UsageError(f"there is no profile {chosen[:40]}", hint=f"profiles: {', '.join(known)}")
    try:
        terms_for(load_profile(chosen), own, partner)
    except AgreementInvalidError as error:
        raise UsageError(
            f"profile {chosen} is not for {own} and {partner}: {error}",
            hint=f"profiles for both: {', '.join(_profiles_for(own, partner)) or 'none'}",
        ) from error
    return chosen


def _profiles_for(own: AgencyCode, partner: AgencyCode) -> Iterator[str]:
    """Yield the profiles that have a side for each of two agencies."""
    for code in profile_codes():
        try:
            terms_for(load_profile(code), own, partner)
        except AgreementInvalidError:
            continue
        yield code


def invite(
    service: Service, key: PrivateKey, partner: str, *, profile: str, answer_to: str, officer: OfficerNumber
) -> bytes:
    """Return the invitation file for a partner; the service remembers it until the partner joins."""
    here, agency = here_of(service), parse_agency(partner)
    if agency not in here.known_agencies:
        known = ", ".join(sorted(code for code in here.known_agencies if code != here.card.agency))
        raise UsageError(f"{agency} is no contact point of the list", hint=f"contact points: {known}")
    raw = enrolment.write_invitation(
        here.card,
        profile=profile_for(here.card.agency, agency, profile),
        answer_to=answer_to,
        created_at=here.now,
        random=secrets.token_bytes,
        key=key,
    )
    service.ask("partner.note_invitation", partner=agency, invitation=raw.decode("ascii"), officer=officer)
    return raw


def join(service: Service, key: PrivateKey, raw: bytes, *, officers: Officers) -> Joined:
    """Return the joining file for an invitation; the partner is stored and waits for the words."""
    invitation = enrolment.read_invitation(raw)
    here = here_of(service, newcomer=invitation.card.agency)
    signed = enrolment.join(invitation, here=here, profile=load_profile(invitation.profile), key=key)
    agreement = signed.agreement
    file = enrolment.write_joining(
        here.card,
        agreement,
        signature=signed.signature,
        invitation=invitation.digest,
        created_at=here.now,
        key=key,
    )
    service.ask(
        "partner.enrol",
        card=invitation.card.raw.decode("ascii"),
        agreement=b64url(agreement.raw),
        own=signed.signature,
        officer=officers.first,
        second=officers.second,
    )
    eight = enrolment.words(agreement.raw, agreement.link_id)
    return Joined(file, invitation.card.agency, invitation.profile, eight)


def judge(service: Service, raw: bytes) -> Judged:
    """Return the words of a joining file after every check that a program can make.

    Raises:
        UsageError: no invitation to this partner is open.
        ProtocolError: the file breaks a rule of `enrolment.confirm`.
    """
    joining = enrolment.read_joining(raw)
    answer = service.ask("partner.invitation", partner=joining.card.agency)
    invitation = enrolment.read_invitation(str(answer["invitation"]).encode("ascii"))
    here = here_of(service)
    profile = load_profile(invitation.profile)
    enrolment.check_joining(joining, invitation=invitation, here=here, profile=profile)
    agreement = joining.agreement
    return Judged(joining, invitation, here, enrolment.words(agreement.raw, agreement.link_id))


def countersign(
    service: Service, key: PrivateKey, judged: Judged, *, spoken: Sequence[str], officers: Officers
) -> None:
    """Sign the agreement as the inviter and store the partner; the words were the same."""
    demand_same(judged.words, spoken)
    signed = enrolment.confirm(
        judged.joining,
        invitation=judged.invitation,
        here=judged.here,
        profile=load_profile(judged.invitation.profile),
        key=key,
    )
    service.ask(
        "partner.enrol",
        card=judged.joining.card.raw.decode("ascii"),
        agreement=b64url(signed.agreement.raw),
        own=signed.signature,
        partner=judged.joining.signature,
        officer=officers.first,
        second=officers.second,
    )


def confirm_as_joiner(
    service: Service, partner: AgencyCode, *, spoken: Sequence[str], officers: Officers
) -> None:
    """Tell the service of the joiner that the words were the same."""
    service.ask(
        "partner.confirm_words",
        partner=partner,
        words=list(spoken),
        officer=officers.first,
        second=officers.second,
    )


def words_with(service: Service, partner: AgencyCode) -> tuple[str, ...]:
    """Return the words that the joiner has to compare with a partner.

    Raises:
        UsageError: there is nothing to confirm.
    """
    for row in service.ask("partner.list")["partners"]:
        if row["partner"] == partner and row["reason"] == "words":
            return tuple(row["words"])
    raise UsageError(
        f"there is nothing to confirm with {partner}",
        hint="who invited names the answer file in place of the code: exchange partner confirm FILE\n"
        "how partners stand: exchange partner list",
    )


def demand_same(expected: Sequence[str], spoken: Sequence[str]) -> None:
    """Raise WordsDifferError unless the words that were heard are the expected ones."""
    if [word.lower() for word in spoken] != list(expected):
        raise WordsDifferError
