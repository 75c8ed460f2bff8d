# SPDX-License-Identifier: Apache-2.0
"""Two agencies of the kit and what they agreed: what a node in memory is made from.

`sender` is the side that says everything right and wrong, `recipient` the one that is looked at. A setting
is made from scratch, or read from the file `context.json` of the vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exchange.ids import AgencyCode, Digest, LinkId, sha256
from exchange.kit.agency import Member
from exchange.protocol.agreement import Agreement, Party, new_agreement, read_agreement, sign_agreement
from exchange.protocol.suites import Suite
from exchange.protocol.terms import Terms

INVITATION: Final = Digest(sha256(b"invitation of the conformance kit"))


@dataclass(frozen=True)
class Agreed:
    """One version of an agreement with both signatures, and from which number of the sender on it holds."""

    agreement: Agreement
    signatures: dict[AgencyCode, str]
    from_seq: int = 1


@dataclass(frozen=True)
class Setting:
    """Both sides and every version of their agreement, the first one first."""

    sender: Member
    recipient: Member
    agreed: tuple[Agreed, ...]

    @property
    def link(self) -> LinkId:
        return self.agreed[0].agreement.link_id


def agree(sender: Member, recipient: Member, terms: Terms, *, suite: Suite) -> Setting:
    """Return a setting under version 1 of an agreement; the recipient invited."""
    raw = new_agreement((_party(recipient), _party(sender)), terms, suite=suite, invitation=INVITATION)
    return Setting(sender, recipient, (signed_by_both(read_agreement(raw), (sender, recipient)),))


def agree_again(setting: Setting, *, from_seq: int) -> Setting:
    """Return the setting with one more version, which holds from a number of the sender on."""
    last = setting.agreed[-1].agreement
    raw = new_agreement(last.parties, last.terms, suite=last.suite, previous=last)
    both = (setting.sender, setting.recipient)
    version = signed_by_both(read_agreement(raw), both, from_seq=from_seq)
    return Setting(setting.sender, setting.recipient, (*setting.agreed, version))


def signed_by_both(agreement: Agreement, members: Sequence[Member], *, from_seq: int = 1) -> Agreed:
    """Return a version with the signatures of both recovery keys."""
    signatures = {each.code: sign_agreement(agreement.raw, each.recovery) for each in members}
    return Agreed(agreement, signatures, from_seq)


def _party(member: Member) -> Party:
    return Party(agency=member.code, node=member.card.node, recovery=member.recovery.public)
