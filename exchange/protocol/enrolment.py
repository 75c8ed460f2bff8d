# SPDX-License-Identifier: Apache-2.0
"""Enrolment: two files, one telephone call, and the rules by which a stranger becomes a partner.

    inviter   write_invitation   ->  invitation file   ->   joiner   join       makes agreement 1, signs it
    inviter   confirm            <-  joining file      <-   joiner
    both      read the words of agreement 1 to each other; then the inviter's signature goes out

What stands in the files is the matter of `invitations`. Whether the other one may become our partner is
decided by `check_newcomer`, and by the numbered rules of `join` and `confirm`.

Nothing here proves who the other one is: only the two people who compare the words do.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exchange.errors import AgreementInvalidError, CardInvalidError, KeyRefusedError
from exchange.ids import AgencyCode, KeyId
from exchange.protocol.agreement import (
    Agreement,
    Party,
    common_suite,
    new_agreement,
    read_agreement,
    sign_agreement,
    verify_agreement,
)
from exchange.protocol.cards import Card
from exchange.protocol.invitations import Invitation as Invitation
from exchange.protocol.invitations import Joining as Joining
from exchange.protocol.invitations import read_invitation as read_invitation
from exchange.protocol.invitations import read_joining as read_joining
from exchange.protocol.invitations import write_invitation as write_invitation
from exchange.protocol.invitations import write_joining as write_joining
from exchange.protocol.profiles import terms_for
from exchange.protocol.suites import PrivateKey
from exchange.protocol.terms import Terms
from exchange.protocol.words import shown as shown
from exchange.protocol.words import words as words

MAX_SKEW: Final = timedelta(seconds=300)
"""Threat model section 7: clock skew."""


@dataclass(frozen=True)
class Here:
    """What a node knows when it judges a newcomer.

    `known_keys` are the key ids of every card and agreement held, of whatever agency; the own card's
    are added by themselves. `known_agencies` is the directory of contact points.
    """

    card: Card
    known_keys: Collection[KeyId]
    known_agencies: Collection[AgencyCode]
    now: datetime


@dataclass(frozen=True)
class Signed:
    """Agreement 1 and our own signature of it."""

    agreement: Agreement
    signature: str


def check_newcomer(card: Card, here: Here) -> None:
    """Return if the agency of a card may become our partner.

    Weak keys and keys with two uses are refused before, when the card is read.

    1. It is another agency and another node than ours.
    2. Its agency is in the directory.
    3. It trains if we train, and is real if we are real.
    4. It was not issued in the future, and every use has a key that may be used now.
    5. None of its keys is known: not as ours, not as another agency's.

    Raises:
        CardInvalidError: rule 1, 2, 3 or 4.
        KeyRefusedError: rule 5.
    """
    if card.agency == here.card.agency or card.node == here.card.node:  # 1
        raise CardInvalidError("this is our own card; the file has to go to the partner")
    if card.agency not in here.known_agencies:  # 2
        raise CardInvalidError(f"{card.agency} is no contact point of the list of agencies")
    if card.training != here.card.training:  # 3
        raise CardInvalidError(
            f"{card.agency} is a {_kind(card)} node and this is a {_kind(here.card)} node",
            hint="training and real nodes never meet; use the other node",
        )
    if card.issued_at > here.now + MAX_SKEW:  # 4
        raise CardInvalidError(
            f"the card of {card.agency} was issued in the future", hint="compare both clocks"
        )
    missing = card.missing_uses(here.now)
    if missing:
        raise CardInvalidError(
            f"the card of {card.agency} has expired: no usable key for {', '.join(missing)}",
            hint=f"ask {card.agency} for a file with its new card",
        )
    known = _kids(here.card) | set(here.known_keys)
    for kid in sorted(_kids(card) & known):  # 5
        raise KeyRefusedError(f"key {kid} of {card.agency} is known from elsewhere; a key has one owner")


def join(invitation: Invitation, *, here: Here, profile: Terms, key: PrivateKey) -> Signed:
    """Return agreement version 1 for an invitation, with the joiner's signature.

    1. The inviter may become our partner (`check_newcomer`).
    2. The profile is the one that the invitation names.
    3. The suite is the highest that both sides name.
    4. The parties are the inviter, then we, with the recovery keys of both cards.
    5. The terms are the profile's, for these two.

    Raises:
        CardInvalidError, KeyRefusedError: rule 1.
        AgreementInvalidError: any other rule.
    """
    check_newcomer(invitation.card, here)  # 1
    if profile.profile != invitation.profile:  # 2
        raise AgreementInvalidError(f"the invitation is for another profile than {profile.profile}")
    raw = new_agreement(
        (_party(invitation.card), _party(here.card)),  # 4
        terms_for(profile, invitation.card.agency, here.card.agency),  # 5
        suite=common_suite(invitation.suites, here.card.suites),  # 3
        invitation=invitation.digest,
    )
    return Signed(read_agreement(raw), sign_agreement(raw, key))


def confirm(
    joining: Joining, *, invitation: Invitation, here: Here, profile: Terms, key: PrivateKey
) -> Signed:
    """Return the agreement of a joining with the inviter's signature; people have compared the words.

    1. It answers our open invitation, in the file and in the agreement, and is version 1.
    2. The joiner may become our partner (`check_newcomer`).
    3. The parties are we, then the joiner, with the nodes and recovery keys of both cards.
    4. The suite is the highest that both sides name.
    5. The terms are, byte for byte, those of our own copy of the profile, for these two.
    6. The joiner's signature of the agreement verifies under the recovery key of its card.

    Raises:
        CardInvalidError, KeyRefusedError: rule 2.
        SignatureInvalidError: rule 6.
        AgreementInvalidError: any other rule.
    """
    check_joining(joining, invitation=invitation, here=here, profile=profile)
    return Signed(joining.agreement, sign_agreement(joining.agreement.raw, key))


def check_joining(joining: Joining, *, invitation: Invitation, here: Here, profile: Terms) -> None:
    """Return if a joining keeps the rules of `confirm`; for showing the words before the telephone call."""
    agreement = joining.agreement
    if not joining.invitation == agreement.invitation == invitation.digest:  # 1
        raise AgreementInvalidError("the joining answers another invitation than the open one")
    check_newcomer(joining.card, here)  # 2
    if agreement.parties != (_party(here.card), _party(joining.card)):  # 3
        raise AgreementInvalidError(
            "the parties of the agreement are not those of the two cards, the inviter first"
        )
    if agreement.suite != common_suite(invitation.suites, joining.card.suites):  # 4
        raise AgreementInvalidError(
            f"the agreement names suite {agreement.suite}, not the highest of both sides"
        )
    ours = terms_for(profile, here.card.agency, joining.card.agency)
    if invitation.profile != profile.profile or agreement.terms.raw != ours.raw:  # 5
        raise AgreementInvalidError(
            f"the terms are not those of profile {profile.profile} {profile.version} here",
            hint="both sides need the same version of the program",
        )
    verify_agreement(agreement.raw, joining.signature, joining.card.recovery)  # 6


def _party(card: Card) -> Party:
    return Party(agency=card.agency, node=card.node, recovery=card.recovery)


def _kids(card: Card) -> set[KeyId]:
    return {card.recovery.kid, *(key.kid for key in card.keys)}


def _kind(card: Card) -> str:
    return "training" if card.training else "real"
