# SPDX-License-Identifier: Apache-2.0
"""A new recovery key of a simulated agency: made, told to its partner, signed by it."""

from dataclasses import dataclass

from exchange.adapters.keys.renewal import under
from exchange.protocol.agreement import Agreement, sign_agreement, words
from exchange.protocol.amendment import renewed
from exchange.protocol.cards import Card
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, new_key
from exchange.protocol.versions import write_version
from exchange.service.agreements import file_of, propose, sign
from exchange.service.keychange import NEW_RECOVERY, adopt_card
from exchange.service.pairing import own_card
from exchange.service.versions import Signed
from tests.support.keys import seeded_random
from tests.support.new_versions import TWO
from tests.support.world import OFFICER, Agency, World


@dataclass(frozen=True)
class Renewal:
    """The new key of an agency, the version that names it, and the words that people compare."""

    key: PrivateKey
    agreement: Agreement

    @property
    def words(self) -> tuple[str, ...]:
        return words(self.agreement.raw, self.agreement.link_id)


def new_recovery(label: str = "new recovery") -> PrivateKey:
    return new_key(KeyUse.RECOVERY, Algorithm.ED25519, seeded_random(label))


async def renew(agency: Agency, *, above: int = 0, label: str = "new recovery") -> PrivateKey:
    """Do what `key recovery` and the next start do: the new key signs our newest card."""
    key, node = new_recovery(label), agency.node
    card: Card = await agency.store.read(lambda uow: own_card(uow, node))
    made = under(agency.identity.keys, card, key, above=above, now=agency.clock.now())
    assert await adopt_card(node, made.card, act=NEW_RECOVERY, officers=(OFFICER,))
    return key


async def offer(agency: Agency, held: Agreement | None = None) -> Renewal:
    """Renew the key of an agency and let it propose the version that names it."""
    key = await renew(agency)
    agreement = renewed(held or agency.world.agreement, agency.code, key.public)
    offered = Renewal(key, agreement)
    await propose(agency.node, agency.world.link, file_signed(offered, agency), actors=TWO)
    return offered


def file_signed(offered: Renewal, *agencies: Agency) -> bytes:
    """Return the file of the version, signed by agencies; the renewed one signs with its new key."""
    raw = offered.agreement.raw
    signatures = {}
    for agency in agencies:
        own = agency.identity.recovery
        is_renewed = offered.agreement.party(agency.code).recovery != own.public
        signatures[agency.code] = sign_agreement(raw, offered.key if is_renewed else own)
    return write_version(offered.agreement, signatures)


async def accept(agency: Agency, offered: Renewal, *, spoken: tuple[str, ...] | None = None) -> Signed:
    """Let the other side sign, with the words that it heard."""
    world: World = agency.world
    raw = file_signed(offered, world.other(agency), agency)
    heard = offered.words if spoken is None else spoken
    return await sign(agency.node, world.link, raw, actors=TWO, spoken=heard)


async def carry_back(agency: Agency, version: Signed) -> None:
    """Bring the file with both signatures back by hand."""
    other = agency.world.other(agency)
    await sign(other.node, agency.world.link, file_of(agency.node, version), actors=TWO)
