# SPDX-License-Identifier: Apache-2.0
"""A card is taken only whole, signed by the pinned key, with sound keys of one use each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import CardInvalidError
from exchange.ids import b64url
from exchange.protocol.cardform import MAX_KEYS, CardKey, Revocation, card_value
from exchange.protocol.cards import (
    CARD_TYPE,
    CONFLICT_REASON,
    MAX_CARD_BYTES,
    address_changes,
    newer_card,
    read_card,
    sign_card,
)
from exchange.protocol.jws import sign_compact
from exchange.protocol.strictjson import encode
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, Suite
from tests.support.identity import KH, NOW, VN, agency
from tests.support.keys import test_key

Change = Callable[[dict[str, Any]], object]


def signed(change: Change, *, typ: str = CARD_TYPE) -> bytes:
    """Return a card, rightly signed, whose JSON was changed before."""
    ours = agency()
    value: dict[str, Any] = card_value(ours.fields, ours.recovery.public)
    change(value)
    return sign_compact(encode(value), typ=typ, key=ours.recovery)


def test_a_card_says_what_the_agency_wrote() -> None:
    ours = agency()

    card = read_card(sign_card(ours.fields, key=ours.recovery), pinned_recovery=ours.recovery.public)

    assert (card.agency, card.serial, card.keys, card.addresses) == (
        KH,
        1,
        ours.fields.keys,
        ours.fields.addresses,
    )
    assert card.messages == ours.fields.messages
    assert card.messages["RPN"] == ("1.0",)
    assert card.recovery == ours.recovery.public


def test_suites_stand_in_any_order() -> None:
    assert agency().but(suites=(2, 1)).card.suites == (2, 1)


def test_a_card_without_a_pinned_key_proves_that_it_is_whole() -> None:
    assert read_card(agency().card.raw, pinned_recovery=None) == agency().card


def test_a_card_by_another_recovery_key_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(CardInvalidError, match="not the pinned"):
        read_card(agency(VN).card.raw, pinned_recovery=agency(KH).recovery.public)


def test_a_card_that_names_the_pinned_key_but_is_signed_by_another_is_refused() -> None:
    ours, other = agency(), agency(VN)
    raw = sign_compact(
        encode(card_value(ours.fields, ours.recovery.public)), typ=CARD_TYPE, key=other.recovery
    )

    with pytest.raises(CardInvalidError, match="signature"):
        read_card(raw, pinned_recovery=ours.recovery.public)


@pytest.mark.parametrize("place", [5, 200, 1500, -3])
def test_a_changed_byte_is_refused(place: int) -> None:
    raw = bytearray(agency().card.raw)
    raw[place] = ord("A") if raw[place] != ord("A") else ord("B")

    with pytest.raises(CardInvalidError):
        read_card(bytes(raw), pinned_recovery=None)


def test_a_card_is_not_signed_with_a_key_of_another_use() -> None:
    envelope = test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "not a recovery key")

    with pytest.raises(CardInvalidError, match="recovery key"):
        sign_card(agency().fields, key=envelope)


def test_what_is_signed_as_something_else_is_no_card() -> None:
    with pytest.raises(CardInvalidError):
        read_card(signed(lambda value: None, typ="exchange-envelope+jws"), pinned_recovery=None)


def test_a_card_of_more_than_64_kib_is_refused_before_it_is_read() -> None:
    with pytest.raises(CardInvalidError, match="bytes"):
        read_card(b"x" * (MAX_CARD_BYTES + 1), pinned_recovery=None)


def set_(name: str, content: object) -> Change:
    return lambda value: value.__setitem__(name, content)


def set_key(name: str, content: object, place: int = 0, **more: object) -> Change:
    return lambda value: value["keys"][place].update({name: content, **more})


def test_a_key_of_a_later_use_is_left_alone_and_told() -> None:
    raw = signed(set_key("use", "later-use", place=0))

    card = read_card(raw, pinned_recovery=None)

    assert card.unknown_uses == ("later-use",)
    assert len(card.keys) == len(agency().card.keys) - 1
    assert b"later-use" not in card.raw.split(b".")[0]


def test_a_card_without_a_key_for_second_signatures_lacks_nothing() -> None:
    fields = agency().fields
    keys = tuple(key for key in fields.keys if key.use is not KeyUse.HEAD_PQ)

    card = read_card(sign_card(replace(fields, keys=keys), key=agency().recovery), pinned_recovery=None)

    assert len(keys) < len(fields.keys)
    assert card.missing_uses(NOW) == ()


FORMS: list[tuple[str, Change]] = [
    ("another version", set_("v", 2)),
    ("a version that is text", set_("v", "1")),
    ("an unknown member", set_("note", "x")),
    ("a missing member", lambda value: value.pop("limits")),
    ("an agency in small letters", set_("agency", "kh-mosvy")),
    ("no names", set_("names", {})),
    ("a name that turns the reading direction", set_("names", {"en": "a\u202eb"})),
    ("a name with a line feed", set_("names", {"en": "a\nb"})),
    ("a name without a language", set_("names", {"": "x"})),
    ("a name that is a number", set_("names", {"en": 5})),
    ("a node of another length", set_("node", "00")),
    ("serial 0", set_("serial", 0)),
    ("a serial that is true", set_("serial", True)),
    ("an instant without milliseconds", set_("issued", "2027-10-04T09:12:04Z")),
    ("training as a number", set_("training", 0)),
    ("no suite", set_("suites", [])),
    ("suite 0", set_("suites", [0])),
    ("a suite twice", set_("suites", [2, 2])),
    ("a suite that is true", set_("suites", [True])),
    ("a suite as text", set_("suites", ["2"])),
    ("an address without TLS", set_("addresses", ["http://exchange.example"])),
    ("an address with a path", set_("addresses", ["https://exchange.example/x"])),
    ("an address with a user", set_("addresses", ["https://a@exchange.example"])),
    ("an address that ends in a line feed", set_("addresses", ["https://exchange.example\n"])),
    ("an address twice", set_("addresses", ["https://a.example"] * 2)),
    ("an address that is a number", set_("addresses", [7])),
    ("a type of four letters", set_("messages", {"RPNX": ["1.0"]})),
    ("a type without versions", set_("messages", {"RPN": []})),
    ("a limit below zero", set_("limits", {"line_bytes": -1})),
    ("a limit with capital letters", set_("limits", {"LINE": 1})),
    ("a recovery key of 31 bytes", set_("recovery", b64url(bytes(31)))),
    ("a recovery key of small order", set_("recovery", b64url(b"\x01" + bytes(31)))),
    ("keys that are no list", set_("keys", {})),
    ("too many keys", lambda value: value.__setitem__("keys", value["keys"][:1] * (MAX_KEYS + 1))),
    ("a key twice", lambda value: value["keys"].append(value["keys"][0])),
    ("a key with a use that is no code", set_key("use", "a friend")),
    (
        "a key of an unknown use with dates that run back",
        set_key("use", "friend", until="2020-01-01T00:00:00.000Z"),
    ),
    ("a key of an unknown use under an id that is none", set_key("use", "friend", kid="A" * 16)),
    ("a key of an unknown use that is too long", set_key("use", "friend", raw="A" * 4_097)),
    ("a key of an unknown use that is revoked without a reason", set_key("use", "friend", revoked=True)),
    ("a key with an unknown algorithm", set_key("alg", "RSA")),
    ("a signing key with the algorithm of sealing", set_key("alg", "X25519")),
    ("a key under another id", set_key("kid", "0" * 16)),
    ("an id in capital letters", set_key("kid", "A" * 16)),
    ("a key that ends before it begins", set_key("until", "2020-01-01T00:00:00.000Z")),
    ("revoked without a reason", set_key("revoked", True)),
    ("a reason without revoked", set_key("reason", "retired")),
    ("an unknown member of a key", set_key("x", 1)),
]


@pytest.mark.parametrize(("what", "change"), FORMS, ids=[what for what, _ in FORMS])
def test_a_card_of_another_form_is_refused_although_it_is_rightly_signed(what: str, change: Change) -> None:
    with pytest.raises(CardInvalidError):
        read_card(signed(change), pinned_recovery=None)


def revoked_with(flag: object, reason: object) -> Change:
    return lambda value: value["keys"][0].update(revoked=flag, reason=reason)


@pytest.mark.parametrize(
    ("flag", "reason"), [(False, "retired"), (True, "lost"), (1, "retired"), (True, None)]
)
def test_a_revocation_is_true_with_a_known_reason(flag: object, reason: object) -> None:
    with pytest.raises(CardInvalidError):
        read_card(signed(revoked_with(flag, reason)), pinned_recovery=None)


WEAK = [
    ("the zero point", Algorithm.ED25519, KeyUse.ENVELOPE, b"\x01" + bytes(31)),
    ("a point of order 4", Algorithm.ED25519, KeyUse.ENVELOPE, bytes(32)),
    ("a code above the prime", Algorithm.ED25519, KeyUse.HEAD, b"\xee" + b"\xff" * 30 + b"\x7f"),
    ("a short key", Algorithm.ED25519, KeyUse.HEAD, b"\x09" * 31),
    ("a sealing key of small order", Algorithm.X25519, KeyUse.SEAL, bytes(32)),
    ("a sealing key above the prime", Algorithm.X25519, KeyUse.SEAL, b"\xff" * 32),
    ("lattice coefficients above the modulus", Algorithm.MLKEM768_X25519, KeyUse.SEAL, b"\xff" * 1216),
    ("a point off the curve", Algorithm.P256, KeyUse.TLS, b"\x04" + b"\x01" * 64),
    ("a compressed point", Algorithm.P256, KeyUse.TLS, b"\x02" + b"\x01" * 64),
]


@pytest.mark.parametrize(("what", "algorithm", "use", "raw"), WEAK, ids=[row[0] for row in WEAK])
def test_a_card_with_a_weak_key_is_refused(what: str, algorithm: Algorithm, use: KeyUse, raw: bytes) -> None:
    """Threat model, rule 10."""
    key = PublicKey(use, algorithm, raw)
    entry = CardKey(use, key.kid, algorithm, raw, NOW, NOW + timedelta(days=1))

    with pytest.raises(CardInvalidError, match="key"):
        sign_card(replace(agency().fields, keys=(*agency().fields.keys, entry)), key=agency().recovery)


def test_one_key_for_two_uses_is_refused() -> None:
    reused = replace(agency().key(KeyUse.ENVELOPE), use=KeyUse.DOOR)

    with pytest.raises(CardInvalidError, match="twice"):
        sign_card(replace(agency().fields, keys=(*agency().fields.keys, reused)), key=agency().recovery)


def test_the_recovery_key_may_have_no_second_use() -> None:
    recovery = agency().recovery.public
    entry = CardKey(
        KeyUse.ENVELOPE, recovery.kid, Algorithm.ED25519, recovery.raw, NOW, NOW + timedelta(days=1)
    )

    with pytest.raises(CardInvalidError, match="second use"):
        sign_card(replace(agency().fields, keys=(entry,)), key=agency().recovery)


def test_a_recovery_key_is_not_listed_among_the_keys() -> None:
    other = test_key(KeyUse.RECOVERY, Algorithm.ED25519, "second recovery").public
    entry = CardKey(KeyUse.RECOVERY, other.kid, other.algorithm, other.raw, NOW, NOW + timedelta(days=1))

    with pytest.raises(CardInvalidError, match="not for cards"):
        sign_card(replace(agency().fields, keys=(entry,)), key=agency().recovery)


def test_the_current_key_is_the_newest_whose_dates_cover_the_moment() -> None:
    card = agency().card
    first, second = agency().key(KeyUse.HEAD, 0), agency().key(KeyUse.HEAD, 1)

    assert card.current(KeyUse.HEAD, NOW) == first
    assert card.current(KeyUse.HEAD, second.valid_from) == second
    assert card.current(KeyUse.HEAD, second.valid_from - timedelta(milliseconds=1)) == first


def test_the_current_sealing_key_is_that_of_the_suite() -> None:
    card = agency().card

    assert card.current(KeyUse.SEAL, NOW, suite=Suite.CLASSICAL).algorithm is Algorithm.X25519
    assert card.current(KeyUse.SEAL, NOW, suite=Suite.HYBRID).algorithm is Algorithm.MLKEM768_X25519


@pytest.mark.parametrize("days", [-30, 3 * 365])
def test_outside_all_dates_there_is_no_current_key(days: int) -> None:
    with pytest.raises(CardInvalidError, match="no usable key"):
        agency().card.current(KeyUse.HEAD, NOW + timedelta(days=days))


def test_a_revoked_key_is_not_current() -> None:
    with pytest.raises(CardInvalidError, match="no usable key"):
        agency().revoking(KeyUse.HEAD, Revocation.RETIRED).card.current(KeyUse.HEAD, NOW)


def test_a_fresh_card_misses_no_use() -> None:
    assert agency().card.missing_uses(NOW) == ()


def test_a_card_past_its_keys_misses_them_all() -> None:
    assert len(agency().card.missing_uses(NOW + timedelta(days=3650))) == 7


def test_a_card_without_an_address_needs_no_tls_key() -> None:
    keys = tuple(key for key in agency().fields.keys if key.use is not KeyUse.TLS)

    assert agency().but(keys=keys, addresses=()).card.missing_uses(NOW) == ()
    assert agency().but(keys=keys).card.missing_uses(NOW) == ("tls 2",)


def test_a_higher_serial_counts() -> None:
    second = agency().but(serial=2).card

    assert newer_card(agency().card, second) is second


def test_the_same_card_again_changes_nothing() -> None:
    held = agency().card

    assert newer_card(held, agency().card) is held


def test_a_lower_serial_changes_nothing() -> None:
    """A courier brings old cards late; the page about enrolment, a new card, step 2."""
    held = agency().but(serial=2).card

    assert newer_card(held, agency().card) is held


def test_a_lower_serial_of_another_node_is_refused() -> None:
    with pytest.raises(CardInvalidError, match="changes agency"):
        newer_card(agency().but(serial=2, node="0" * 16).card, agency().card)


def test_two_cards_of_one_serial_are_an_alarm() -> None:
    with pytest.raises(CardInvalidError) as caught:
        newer_card(agency().card, agency().but(names={"en": "Another"}).card)

    assert caught.value.reason == CONFLICT_REASON
    assert "call" in (caught.value.hint or "")


def test_a_changed_name_is_not_an_alarm_with_a_higher_serial() -> None:
    assert newer_card(agency().card, agency().but(names={"en": "Another"}, serial=2).card).names == {
        "en": "Another"
    }


@pytest.mark.parametrize(
    "changes", [{"agency": VN}, {"node": "0" * 16}, {"training": True}], ids=["agency", "node", "training"]
)
def test_a_newer_card_keeps_who_and_what_it_is_of(changes: dict[str, object]) -> None:
    with pytest.raises(CardInvalidError, match="changes"):
        newer_card(agency().card, agency().but(serial=2, **changes).card)


def test_a_newer_card_by_another_recovery_key_is_refused() -> None:
    other = replace(agency(VN), fields=replace(agency().fields, serial=2))

    with pytest.raises(CardInvalidError, match="recovery key"):
        newer_card(agency().card, other.card)


def test_a_card_under_the_recovery_key_that_is_pinned_since_follows() -> None:
    other = replace(agency(VN), fields=replace(agency().fields, serial=2))

    assert newer_card(agency().card, other.card, pinned=other.recovery.public) is other.card


def test_a_card_under_the_old_recovery_key_does_not_follow_once_another_one_is_pinned() -> None:
    second = agency().but(serial=2).card

    with pytest.raises(CardInvalidError, match="recovery key"):
        newer_card(agency().card, second, pinned=agency(VN).recovery.public)


@pytest.mark.parametrize("reason", list(Revocation))
def test_a_revoked_key_never_comes_back(reason: Revocation) -> None:
    held = agency().revoking(KeyUse.HEAD, reason, serial=2).card

    with pytest.raises(CardInvalidError, match="comes back"):
        newer_card(held, agency().but(serial=3).card)


def test_a_compromised_key_does_not_become_merely_retired() -> None:
    held = agency().revoking(KeyUse.HEAD, Revocation.COMPROMISED).card

    with pytest.raises(CardInvalidError, match="comes back"):
        newer_card(held, agency().revoking(KeyUse.HEAD, Revocation.RETIRED, serial=3).card)


def test_a_retired_key_may_turn_out_to_be_compromised() -> None:
    held = agency().revoking(KeyUse.HEAD, Revocation.RETIRED).card

    assert newer_card(held, agency().revoking(KeyUse.HEAD, Revocation.COMPROMISED, serial=3).card).serial == 3


def test_a_key_does_not_change_its_use_in_a_newer_card() -> None:
    moved = replace(agency().key(KeyUse.ENVELOPE), use=KeyUse.DOOR)
    keys = (moved, *(key for key in agency().fields.keys if key.kid != moved.kid))

    with pytest.raises(CardInvalidError, match="changes its use"):
        newer_card(agency().card, agency().but(keys=keys, serial=2).card)


def test_a_newer_card_adds_no_key_that_is_known_from_elsewhere() -> None:
    foreign = agency(VN).key(KeyUse.ENVELOPE)
    offered = agency().but(keys=(*agency().fields.keys, foreign), serial=2).card

    with pytest.raises(CardInvalidError, match="known from elsewhere"):
        newer_card(agency().card, offered, known_keys={foreign.kid})


def test_a_changed_address_is_noticed() -> None:
    assert address_changes(agency().card, agency().but(serial=2, addresses=("https://other.example",)).card)
    assert not address_changes(agency().card, agency().but(serial=2).card)
