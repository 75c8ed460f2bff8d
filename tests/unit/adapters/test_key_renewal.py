# SPDX-License-Identifier: Apache-2.0
"""How the keys of a node change, and what the card that names them says."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from exchange.adapters.keys.material import KINDS, NodeKeys
from exchange.adapters.keys.renewal import (
    LAST_DAY,
    LONGEST_MESSAGE,
    Changed,
    KeyAct,
    PreparedCard,
    changed,
    destroyable,
    lost,
    moved,
    read_prepared,
    retired,
    rotated,
    write_prepared,
)
from exchange.errors import CardInvalidError, StoreDamagedError, StrictJsonError, UsageError
from exchange.ids import KeyId, OfficerNumber
from exchange.protocol.cardform import Revocation
from exchange.protocol.cards import MAX_CARD_BYTES, Card, newer_card
from exchange.protocol.suites import KeyUse
from tests.support import identity
from tests.support.identity import KH, NOW, VN
from tests.support.keys import seeded_random

OWN = identity.agency(KH)
RANDOM = seeded_random("renewal")
USES = [use for use in KeyUse if use is not KeyUse.RECOVERY]


def _rotated(at: datetime, keys: NodeKeys = OWN.keys, card: Card = OWN.card) -> tuple[NodeKeys, Card]:
    made = rotated(keys, card, OWN.recovery, now=at, random=RANDOM)
    return made.keys, made.card


def _kid(use: KeyUse, place: int = 0) -> KeyId:
    return OWN.key(use, place).kid


def test_a_rotation_adds_a_period_of_each_use_behind_the_last_one() -> None:
    keys, card = _rotated(NOW)

    assert len(keys.keys) == len(OWN.keys.keys) + len(KINDS)
    assert newer_card(OWN.card, card) is card
    for use in USES:
        ends = sorted((own.valid_from, own.valid_until) for own in keys.keys if own.key.use is use)
        assert ends[-1][0] == max(own.valid_until for own in OWN.keys.keys if own.key.use is use)


@pytest.mark.parametrize("days", [0, 80, 200, 400, 800])
def test_after_a_rotation_every_use_has_a_key_that_may_be_used(days: int) -> None:
    at = NOW + timedelta(days=days)

    keys, card = _rotated(at)

    assert card.missing_uses(at) == ()
    assert {keys.keyring().signing(use, at).use for use in USES} == set(USES)


def test_a_rotation_each_quarter_for_years_never_ends_a_use_and_never_outgrows_the_card() -> None:
    """Sealing keys need one each quarter; the others would pile up until no card can be signed any more."""
    keys, card = OWN.keys, OWN.card
    for quarter in range(1, 41):
        at = NOW + timedelta(days=85 * quarter)
        keys, card = _rotated(at, keys.without(destroyable(keys, now=at, is_quiet=False)), card)

        assert card.missing_uses(at + timedelta(days=90)) == ()
        assert len(card.raw) < MAX_CARD_BYTES // 2


def test_signing_keys_that_are_over_are_gone_and_sealing_keys_stay() -> None:
    keys, _ = _rotated(NOW + timedelta(days=400))

    held = {own.key.kid for own in keys.keys}
    assert _kid(KeyUse.HEAD) not in held
    assert _kid(KeyUse.SEAL) in held


def test_a_card_signed_by_another_recovery_key_is_none() -> None:
    with pytest.raises(CardInvalidError):
        rotated(OWN.keys, OWN.card, identity.agency(VN).recovery, now=NOW, random=RANDOM)


@pytest.mark.parametrize("use", [use for use in USES if use is not KeyUse.SEAL])
def test_a_lost_key_is_called_compromised_and_another_one_signs_at_once(use: KeyUse) -> None:
    made = lost(OWN.keys, OWN.card, OWN.recovery, (_kid(use),), now=NOW, random=RANDOM)

    row = next(key for key in made.card.keys if key.kid == _kid(use))
    signing = made.keys.keyring().signing(use, NOW)
    assert row.revoked is Revocation.COMPROMISED
    assert signing.kid not in {own.key.kid for own in OWN.keys.keys}
    assert newer_card(OWN.card, made.card) is made.card
    assert made.keys.keyring().find(use, _kid(use)) is None


def test_a_lost_sealing_key_still_opens_what_is_under_way() -> None:
    made = lost(OWN.keys, OWN.card, OWN.recovery, (_kid(KeyUse.SEAL),), now=NOW, random=RANDOM)

    assert _kid(KeyUse.SEAL) in made.keys.keyring().sealing()


def test_a_revoked_key_stays_revoked_in_the_next_card() -> None:
    made = lost(OWN.keys, OWN.card, OWN.recovery, (_kid(KeyUse.HEAD),), now=NOW, random=RANDOM)

    _, card = _rotated(NOW, made.keys, made.card)

    assert [key.revoked for key in card.keys if key.kid == _kid(KeyUse.HEAD)] == [Revocation.COMPROMISED]


def test_a_retired_key_signs_nothing_more_and_what_it_opens_stays() -> None:
    for use in USES:
        kid = _kid(use)

        done = retired(OWN.keys, OWN.card, OWN.recovery, (kid,), now=NOW, random=RANDOM)

        row = next(key for key in done.card.keys if key.kid == kid)
        assert row.revoked is Revocation.RETIRED
        assert done.keys.keyring().signing(use, NOW).kid != kid
        assert (done.keys.keyring().find(use, kid) is not None) is (use is KeyUse.SEAL)


def test_several_keys_are_lost_in_one_card_and_a_new_one_signs_for_each() -> None:
    """After a whole machine was in other hands every key goes, also those whose time has not begun."""
    kids = tuple(own.key.kid for own in OWN.keys.keys)

    made = lost(OWN.keys, OWN.card, OWN.recovery, kids, now=NOW, random=RANDOM)

    assert made.card.serial == OWN.card.serial + 1
    assert {key.kid for key in made.card.keys if key.revoked is Revocation.COMPROMISED} == set(kids)
    assert not {made.keys.keyring().signing(use, NOW).kid for use in USES} & set(kids)
    for days in (0, 100, 170):
        assert made.card.missing_uses(NOW + timedelta(days=days)) == ()


def test_a_key_whose_time_has_not_begun_is_followed_by_one_of_the_same_dates() -> None:
    next_one = OWN.key(KeyUse.HEAD, 1)

    made = retired(OWN.keys, OWN.card, OWN.recovery, (next_one.kid,), now=NOW, random=RANDOM)

    dates = {(key.valid_from, key.valid_until) for key in made.card.keys if key.revoked is None}
    assert (next_one.valid_from, next_one.valid_until) in dates
    assert made.keys.keyring().signing(KeyUse.HEAD, NOW).kid == _kid(KeyUse.HEAD)


@pytest.mark.parametrize("act", [retired, lost])
@pytest.mark.parametrize(
    ("kids", "words"),
    [((), "no key is named"), ((_kid(KeyUse.DOOR), _kid(KeyUse.HEAD), _kid(KeyUse.DOOR)), "named twice")],
)
def test_no_key_and_a_key_named_twice_are_refused(
    act: Callable[..., Changed], kids: tuple[KeyId, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        act(OWN.keys, OWN.card, OWN.recovery, kids, now=NOW, random=RANDOM)


@pytest.mark.parametrize("act", [retired, lost])
def test_an_unknown_key_can_be_neither_retired_nor_lost(act: Callable[..., Changed]) -> None:
    with pytest.raises(UsageError, match="has no key"):
        act(OWN.keys, OWN.card, OWN.recovery, (_kid(KeyUse.HEAD), KeyId("0" * 16)), now=NOW, random=RANDOM)


@pytest.mark.parametrize(
    ("after", "is_quiet", "gone"),
    [
        (-timedelta(days=1), True, False),
        (timedelta(days=1), True, False),
        (LONGEST_MESSAGE, True, True),
        (LONGEST_MESSAGE, False, False),
        (LAST_DAY - timedelta(days=1), False, False),
        (LAST_DAY, False, True),
    ],
)
def test_a_sealing_key_is_destroyed_when_nothing_can_come_or_on_its_last_day(
    after: timedelta, is_quiet: bool, gone: bool
) -> None:
    """Design 4.1: until every number sealed to it has a verdict, at most 100 days."""
    key = OWN.key(KeyUse.SEAL)

    found = destroyable(OWN.keys, now=key.valid_until + after, is_quiet=is_quiet)

    assert (key.kid in found) is gone


def test_no_other_key_is_ever_destroyed_by_its_age() -> None:
    seals = {own.key.kid for own in OWN.keys.keys if own.key.use is KeyUse.SEAL}

    assert set(destroyable(OWN.keys, now=NOW + timedelta(days=4_000), is_quiet=True)) == seals


def test_a_prepared_card_comes_back_as_it_was() -> None:
    prepared = PreparedCard(OWN.card.raw, "rotate", (OfficerNumber("P-0001"), OfficerNumber("P-0002")))

    assert read_prepared(write_prepared(prepared)) == prepared


def test_a_card_whose_keys_were_not_written_any_more_is_not_whole() -> None:
    """A power cut between the two files: the old keys and the old card go on."""
    keys, card = _rotated(NOW)
    prepared = PreparedCard(card.raw, "rotate", ())

    assert prepared.is_whole(keys)
    assert not prepared.is_whole(OWN.keys)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"v":2,"card":"x","act":"rotate","officers":[]}',
        b'{"v":1,"card":"","act":"x","officers":[]}',
    ],
)
def test_other_bytes_are_no_prepared_card(raw: bytes) -> None:
    with pytest.raises((StoreDamagedError, StrictJsonError)):
        read_prepared(raw)


NEW_ADDRESS = "https://new.example:8443"


def test_a_move_changes_the_address_in_the_card_and_no_key() -> None:
    made = moved(OWN.keys, OWN.card, OWN.recovery, address=NEW_ADDRESS, now=NOW)

    assert made.keys == OWN.keys
    assert made.card.keys == OWN.card.keys
    assert (made.card.serial, made.card.addresses) == (2, (NEW_ADDRESS,))
    assert newer_card(OWN.card, made.card) is made.card


def test_a_node_that_is_no_longer_called_has_no_address_in_its_card() -> None:
    assert moved(OWN.keys, OWN.card, OWN.recovery, address="", now=NOW).card.addresses == ()


@pytest.mark.parametrize("act", [KeyAct.ROTATE, KeyAct.RETIRE, KeyAct.REVOKE])
def test_every_new_card_names_the_address_of_the_settings(act: KeyAct) -> None:
    kids = () if act is KeyAct.ROTATE else (_kid(KeyUse.ENVELOPE),)

    made = changed(OWN.keys, OWN.card, OWN.recovery, act, kids, address=NEW_ADDRESS, now=NOW, random=RANDOM)

    assert made.card.addresses == (NEW_ADDRESS,)
    assert made.keys != OWN.keys


def test_further_addresses_stay_while_the_first_one_stays() -> None:
    several = OWN.but(addresses=(NEW_ADDRESS, "https://second.example"))

    made = changed(
        OWN.keys, several.card, OWN.recovery, KeyAct.ROTATE,
        address=NEW_ADDRESS, now=NOW, random=RANDOM,
    )  # fmt: skip

    assert made.card.addresses == several.card.addresses


def test_a_move_to_the_same_address_is_refused() -> None:
    with pytest.raises(UsageError, match="already"):
        moved(OWN.keys, OWN.card, OWN.recovery, address=OWN.card.address, now=NOW)


@pytest.mark.parametrize(
    "address",
    [
        "new.example:8443",
        "http://new.example",
        "https://new.example/",
        "https://new.example/door",
        "https://a@new.example",
        "https://",
        "https://new.example:port",
        " https://new.example",
        "https://\u0e01.example",
    ],
)
def test_what_is_no_address_gets_no_card(address: str) -> None:
    with pytest.raises(CardInvalidError, match="is no address that a card can name"):
        moved(OWN.keys, OWN.card, OWN.recovery, address=address, now=NOW)


def test_a_move_is_signed_by_the_own_recovery_key_only() -> None:
    with pytest.raises(CardInvalidError):
        moved(OWN.keys, OWN.card, identity.agency(VN).recovery, address=NEW_ADDRESS, now=NOW)
