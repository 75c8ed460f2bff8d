# SPDX-License-Identifier: Apache-2.0
"""The checks of `exchange doctor` for keys.

1. own keys: no use ends within 60 days, or is over
2. keys of each partner, from its card: the same
3. partner door: shut while no key of ours for it may be used
4. a partner that is refused, or does not understand us, since keys were changed: who needs whose card
5. a new recovery key: which partners have not agreed to it yet

Keys end on a day that is known long before. Guide: docs/guides/keys.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from exchange.interfaces.cli.doctor_outside import Finding
from exchange.interfaces.cli.output import Answer

ROTATE: Final = (
    "two officers with the recovery key: exchange key rotate; then restart the service,"
    " and: exchange key announce"
)
TAKE_CARD: Final = (
    "ask it for its card, by any way (there: exchange key card -o card.jws), and here:"
    " exchange partner card card.jws"
)
GIVE_CARD: Final = "exchange key card -o card.jws, and there: exchange partner card card.jws"
CALLS_US: Final = (
    "this partner only calls, and nothing of it came yet; ask what its doctor says; if a door or TLS key of"
    f" ours was changed, it needs our card: {GIVE_CARD}"
)
NEXT: Final = {
    "pin": f"the partner shows another TLS key than in its card: {TAKE_CARD}; if it changed no key, somebody"
    " may be in between: tell your security officer",
    "not_found": "the partner does not know our door key or this link, or a clock is wrong; ask what its"
    f" doctor says; if a door key of ours was changed, it needs our card: {GIVE_CARD}",
    "signature_invalid": f"what the partner answers is signed by a key that is not in its card: {TAKE_CARD}",
    "card_invalid": f"the card of the partner has no key that may be used: {TAKE_CARD}",
    "no_own_key": ROTATE,
}
"""What to do about a reason why nothing goes between two nodes, if keys are behind it."""
_STRANGE: Final = frozenset({"key_unknown", "not_verified"})
"""Rules that a request breaks when its key is not in the card that is held of the partner."""


def keys_of(
    own: Sequence[Answer], shut_by: Sequence[str], partners: Mapping[str, Sequence[Answer]]
) -> Iterator[Finding]:
    """Judge what ends, of ours and of each partner, and say if the partner door is shut (checks 1 to 3)."""
    yield _own(own)
    if shut_by:
        found = f"shut, no own key for {' and '.join(shut_by)} may be used now; nobody is called or let in"
        yield Finding("partner door", False, found, f"{ROTATE}; then each partner needs it: {GIVE_CARD}")
    for partner, ends in partners.items():
        if ends:
            yield _of_partner(partner, ends)


def renewed(partners: Sequence[str]) -> Iterator[Finding]:
    """Say which partners have a recovery key of ours that we replaced (check 5)."""
    for partner in partners:
        found = "has the recovery key that we replaced; it takes no newer card of ours"
        todo = f"two officers: exchange agreement recovery {partner} -o FILE, and telephone {partner}"
        yield Finding(f"recovery key at {partner}", False, found, todo)


def _own(ends: Sequence[Answer]) -> Finding:
    if not ends:
        return Finding("own keys", True, "none ends within 60 days")
    return Finding("own keys", False, _told(ends), ROTATE)


def _of_partner(partner: str, ends: Sequence[Answer]) -> Finding:
    todo = "tell it now: its officers run exchange key rotate; its new card comes with its next contact"
    if any(end["over"] for end in ends):
        todo = f"its officers run exchange key rotate; if its card does not come by itself: {TAKE_CARD}"
    return Finding(f"keys of {partner}", False, _told(ends), todo)


def _told(ends: Sequence[Answer]) -> str:
    return ", ".join(
        f"{end['use']} {'is over since' if end['over'] else 'ends on'} {end['until'][:10]}" for end in ends
    )


def is_strange(rule: str) -> bool:
    """Return whether requests of a partner are refused because its key is not known here (check 4)."""
    return rule in _STRANGE
