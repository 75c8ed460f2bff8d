# SPDX-License-Identifier: Apache-2.0
"""THE trust decision: may this key sign, or be sealed to, for this partner at this position.

`trusted_signer` answers for a signature that was received. `index` is the place of the signed thing in
the signer's log that we hold: of an envelope its `sent` leaf; of a head of size n the leaf n - 1. A thing
without a place there (a request at the door, a gate answer, a cosignature) has the index NOW.

1. The signer that is claimed is the partner of this link; no other agency's keys are looked at.
2. The key id is in a card of this partner that we hold; nothing from the message is ever used as a key.
3. The card names the key for exactly this use.
4. The place is not before the leaf `keyx add` of the key.
5. The place is before the leaf `keyx retire` of the key.
6. After a revocation for compromise the place is among what we held before it arrived.
7. At NOW also: the newest card names the key and does not say `revoked`, and no leaf ended it.

`trusted_sealing_key` chooses the key for a new body; the partner does not.

8. It is in the newest card, not revoked, and its dates cover this moment.
9. Its algorithm is that of the suite in the agreement; the message and the card have no say in it.
10. No leaf or card ended it.

Claimed times are never looked at in 1 to 7. To the partner all refusals look the same; the reasons
`signer_unknown` and `key_revoked` are for officers.
"""

from datetime import datetime
from typing import Final

from exchange.errors import KeyRefusedError, RefusedError
from exchange.ids import AgencyCode, KeyId
from exchange.protocol.keyring import PartnerKeys
from exchange.protocol.suites import KeyUse, PublicKey, Suite

NOW: Final = None
"""The place of what has no place in the log."""


def trusted_signer(
    keys: PartnerKeys, kid: KeyId, *, use: KeyUse, agency: AgencyCode, index: int | None
) -> PublicKey:
    """Return the key of a received signature if it may sign there; rules 1 to 7 of this module.

    Raises:
        RefusedError: `signer_unknown` (rules 1 to 4) or `key_revoked` (rules 5 to 7).
    """
    if agency != keys.agency:  # 1
        raise RefusedError("signer_unknown", f"{agency} is not the partner of this link")
    key = keys.find(use, kid)  # 2, 3
    if key is None:
        raise _unknown(keys, kid, use)
    span = keys.span(use, kid)
    if index is NOW:
        return _usable_now(keys, key)  # 7
    if index < span.from_index:  # 4
        raise RefusedError("signer_unknown", f"key {kid} of {agency} counts from entry {span.from_index} on")
    if not span.covers(index):  # 5, 6
        raise RefusedError(
            "key_revoked", f"key {kid} of {agency} counts to entry {span.until_index}, not {index}"
        )
    return key


def trusted_signers(keys: PartnerKeys, *, use: KeyUse, index: int | None) -> tuple[PublicKey, ...]:
    """Return every key of the partner that may sign at a place, for callers that try them by name."""
    return tuple(key for (of, _), key in keys.keys.items() if of is use and _may_sign(keys, key, index))


def trusted_sealing_key(keys: PartnerKeys, *, suite: Suite, at: datetime) -> PublicKey:
    """Return the key to which a new body for the partner is sealed; rules 8 to 10 of this module.

    Raises:
        CardInvalidError: rule 8 or 9; ask the partner for its new card.
        KeyRefusedError: rule 10.
    """
    span, key = keys.sealing(at, suite=suite)  # 8, 9
    if span.until_index is not None:  # 10
        raise KeyRefusedError(
            f"sealing key {key.kid} of {keys.agency} was retired", hint=f"ask {keys.agency} for its new card"
        )
    return key


def _may_sign(keys: PartnerKeys, key: PublicKey, index: int | None) -> bool:
    try:
        trusted_signer(keys, key.kid, use=key.use, agency=keys.agency, index=index)
    except RefusedError:
        return False
    return True


def _usable_now(keys: PartnerKeys, key: PublicKey) -> PublicKey:
    listed = keys.card.find(key.use, key.kid)
    if listed is None or listed.revoked is not None or keys.retired_at_index(key.use, key.kid) is not None:
        raise RefusedError("key_revoked", f"key {key.kid} of {keys.agency} is no longer in use")
    return key


def _unknown(keys: PartnerKeys, kid: KeyId, use: KeyUse) -> RefusedError:
    known = ", ".join(sorted(known for of, known in keys.keys if of is use))
    return RefusedError(
        "signer_unknown",
        f"key {kid} for {use} is not in the card of {keys.agency} (known: {known})",
        hint=f"ask {keys.agency} for its new card",
    )
