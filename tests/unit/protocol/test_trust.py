# SPDX-License-Identifier: Apache-2.0
"""Whether a key counts is judged by its place in the log, never by a claimed time; one test per rule."""

from datetime import timedelta

import pytest
from exchange.errors import CardInvalidError, ConfigurationError, KeyRefusedError, RefusedError
from exchange.ids import AgencyCode, KeyId
from exchange.protocol.cardform import Revocation
from exchange.protocol.keyring import Keyring, KeySpan, PartnerKeys
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, Suite
from exchange.protocol.trust import NOW as PRESENT
from exchange.protocol.trust import trusted_sealing_key, trusted_signer, trusted_signers
from tests.support.identity import NOW, TH, VN, Agency, agency
from tests.support.keys import test_key

ENVELOPE = agency(VN).key(KeyUse.ENVELOPE).kid


def partner(*spans: KeySpan) -> PartnerKeys:
    return PartnerKeys.of([agency(VN).card], spans)


def judge(
    keys: PartnerKeys,
    *,
    index: int | None,
    kid: KeyId = ENVELOPE,
    use: KeyUse = KeyUse.ENVELOPE,
    by: AgencyCode = VN,
) -> PublicKey:
    return trusted_signer(keys, kid, use=use, agency=by, index=index)


def reason(keys: PartnerKeys, *, index: int | None, **claims: object) -> str:
    with pytest.raises(RefusedError) as caught:
        judge(keys, index=index, **claims)  # type: ignore[arg-type]
    return caught.value.reason


@pytest.mark.parametrize("index", [0, 1, 10**6, PRESENT])
def test_a_key_of_the_card_may_sign(index: int | None) -> None:
    assert judge(partner(), index=index) == agency(VN).key(KeyUse.ENVELOPE).public


def test_rule_1_another_agency_may_not_use_the_keys_of_this_partner() -> None:
    assert reason(partner(), index=0, by=TH) == "signer_unknown"


def test_rule_2_a_key_outside_the_partners_cards_may_not_sign() -> None:
    assert reason(partner(), index=0, kid=agency(TH).key(KeyUse.ENVELOPE).kid) == "signer_unknown"


def test_rule_2_the_recovery_key_signs_no_envelope() -> None:
    assert reason(partner(), index=0, kid=agency(VN).recovery.kid) == "signer_unknown"


@pytest.mark.parametrize(
    "use", [KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR, KeyUse.SEAL, KeyUse.TLS, KeyUse.RECOVERY]
)
def test_rule_3_an_envelope_key_has_no_other_use(use: KeyUse) -> None:
    assert reason(partner(), index=0, use=use) == "signer_unknown"


@pytest.mark.parametrize("use", [KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR, KeyUse.SEAL, KeyUse.TLS])
def test_rule_3_no_other_key_signs_envelopes(use: KeyUse) -> None:
    assert reason(partner(), index=0, kid=agency(VN).key(use).kid) == "signer_unknown"


def test_rule_4_a_key_does_not_count_before_its_leaf() -> None:
    keys = partner().added(KeyUse.ENVELOPE, ENVELOPE, index=7)

    assert reason(keys, index=6) == "signer_unknown"
    assert judge(keys, index=7).kid == ENVELOPE


def test_rule_5_a_retired_key_verifies_the_past_and_never_the_new() -> None:
    keys = partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=40)

    assert judge(keys, index=39).kid == ENVELOPE
    assert reason(keys, index=40) == "key_revoked"
    assert reason(keys, index=41) == "key_revoked"
    assert keys.retired_at_index(KeyUse.ENVELOPE, ENVELOPE) == 40


def test_rule_5_retiring_one_key_leaves_the_others() -> None:
    other = agency(VN).key(KeyUse.ENVELOPE, 1).kid

    assert judge(partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=0), index=5, kid=other).kid == other


def test_rule_6_after_a_compromise_only_what_was_held_counts() -> None:
    card = agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card

    keys = partner().with_card(card, held_leaves=12)

    assert judge(keys, index=11).kid == ENVELOPE
    assert reason(keys, index=12) == "key_revoked"


def test_rule_6_a_leaf_that_comes_later_does_not_move_the_end_up() -> None:
    """A thief of key and log writes the retirement far ahead."""
    card = agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card

    keys = partner().with_card(card, held_leaves=12).ended(KeyUse.ENVELOPE, ENVELOPE, index=500)

    assert keys.retired_at_index(KeyUse.ENVELOPE, ENVELOPE) == 12


def test_rule_6_a_compromise_cuts_what_was_retired_before() -> None:
    card = agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card

    keys = partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=40).with_card(card, held_leaves=30)

    assert reason(keys, index=30) == "key_revoked"


def test_rule_6_the_same_card_again_does_not_cut_deeper() -> None:
    card = agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card

    keys = partner().with_card(card, held_leaves=12).with_card(card, held_leaves=30)

    assert keys.retired_at_index(KeyUse.ENVELOPE, ENVELOPE) == 12


@pytest.mark.parametrize("why", list(Revocation))
def test_rule_7_a_revoked_key_signs_nothing_new(why: Revocation) -> None:
    keys = partner().with_card(agency(VN).revoking(KeyUse.ENVELOPE, why).card, held_leaves=12)

    assert reason(keys, index=PRESENT) == "key_revoked"


def test_rule_7_a_key_that_the_newest_card_no_longer_names_signs_nothing_new() -> None:
    rest = tuple(key for key in agency(VN).fields.keys if key.kid != ENVELOPE)
    keys = partner().with_card(agency(VN).but(keys=rest, serial=2).card, held_leaves=12)

    assert reason(keys, index=PRESENT) == "key_revoked"


def test_rule_7_a_key_that_a_leaf_retired_signs_nothing_new() -> None:
    assert reason(partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=3), index=PRESENT) == "key_revoked"


def test_a_card_that_says_retired_leaves_what_is_under_way() -> None:
    """Lines that were numbered before the leaf `keyx retire` still count."""
    keys = partner().with_card(agency(VN).revoking(KeyUse.ENVELOPE, Revocation.RETIRED).card, held_leaves=12)

    assert judge(keys, index=13).kid == ENVELOPE


def test_a_refusal_names_the_keys_that_are_known_and_what_to_do() -> None:
    with pytest.raises(RefusedError) as caught:
        judge(partner(), index=0, kid=KeyId("0" * 16))

    assert ENVELOPE in str(caught.value)
    assert "card" in (caught.value.hint or "")


# --- sealing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", list(Suite))
def test_a_body_is_sealed_to_the_current_key_of_the_suite(suite: Suite) -> None:
    expected = agency(VN).card.current(KeyUse.SEAL, NOW, suite=suite).public

    assert trusted_sealing_key(partner(), suite=suite, at=NOW) == expected


def test_rule_8_outside_its_dates_no_key_is_sealed_to() -> None:
    with pytest.raises(CardInvalidError, match="no usable key"):
        trusted_sealing_key(partner(), suite=Suite.HYBRID, at=NOW + timedelta(days=365))


def test_rule_8_a_key_that_only_an_older_card_names_is_not_sealed_to() -> None:
    rest = tuple(key for key in agency(VN).fields.keys if key.use is not KeyUse.SEAL)
    keys = partner().with_card(agency(VN).but(keys=rest, serial=2).card, held_leaves=0)

    with pytest.raises(CardInvalidError, match="no usable key"):
        trusted_sealing_key(keys, suite=Suite.HYBRID, at=NOW)


@pytest.mark.parametrize("why", list(Revocation))
def test_rule_8_a_revoked_key_is_not_sealed_to(why: Revocation) -> None:
    keys = partner().with_card(agency(VN).revoking(KeyUse.SEAL, why).card, held_leaves=0)

    with pytest.raises(CardInvalidError, match="no usable key"):
        trusted_sealing_key(keys, suite=Suite.CLASSICAL, at=NOW)


def test_rule_9_the_card_cannot_lower_the_suite() -> None:
    """A card that offers keys of suite 1 only cannot make us leave suite 2."""
    weak = tuple(key for key in agency(VN).fields.keys if key.algorithm is not Algorithm.MLKEM768_X25519)
    keys = partner().with_card(agency(VN).but(keys=weak, suites=(1,), serial=2).card, held_leaves=0)

    with pytest.raises(CardInvalidError, match="no usable key"):
        trusted_sealing_key(keys, suite=Suite.HYBRID, at=NOW)


def test_rule_10_a_key_that_a_leaf_retired_is_not_sealed_to() -> None:
    kid = agency(VN).card.current(KeyUse.SEAL, NOW, suite=Suite.HYBRID).kid

    with pytest.raises(KeyRefusedError, match="retired"):
        trusted_sealing_key(partner().ended(KeyUse.SEAL, kid, index=9), suite=Suite.HYBRID, at=NOW)


# --- what is known of a partner ----------------------------------------------------------------------


def test_all_signers_of_a_place_are_listed() -> None:
    first, second = agency(VN).key(KeyUse.HEAD, 0), agency(VN).key(KeyUse.HEAD, 1)
    keys = partner().ended(KeyUse.HEAD, first.kid, index=5)

    assert trusted_signers(keys, use=KeyUse.HEAD, index=4) == (first.public, second.public)
    assert trusted_signers(keys, use=KeyUse.HEAD, index=5) == (second.public,)


def test_spans_that_were_kept_are_taken_up_again() -> None:
    keys = partner(KeySpan(KeyUse.ENVELOPE, ENVELOPE, from_index=2, until_index=9))

    assert reason(keys, index=1) == "signer_unknown"
    assert reason(keys, index=9) == "key_revoked"
    assert judge(keys, index=8).kid == ENVELOPE


def test_a_compromised_key_whose_span_was_not_kept_counts_nowhere() -> None:
    cards = [agency(VN).card, agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card]

    assert reason(PartnerKeys.of(cards), index=0) == "key_revoked"


@pytest.mark.parametrize("why", list(Revocation))
def test_a_key_that_was_revoked_when_it_first_came_never_counts(why: Revocation) -> None:
    assert reason(PartnerKeys.of([agency(VN).revoking(KeyUse.ENVELOPE, why).card]), index=0) == "key_revoked"


def test_keys_of_older_cards_go_on_verifying() -> None:
    rest = tuple(key for key in agency(VN).fields.keys if key.kid != ENVELOPE)
    keys = PartnerKeys.of([agency(VN).but(keys=rest, serial=2).card, agency(VN).card])

    assert keys.card.serial == 2
    assert judge(keys, index=3).kid == ENVELOPE


def test_an_older_card_changes_nothing() -> None:
    newer = PartnerKeys.of([agency(VN).but(serial=2).card])

    assert newer.with_card(agency(VN).card, held_leaves=0) == newer


def without_envelope_key() -> Agency:
    """The partner with a first card that does not name its first envelope key yet."""
    return agency(VN).but(keys=tuple(key for key in agency(VN).fields.keys if key.kid != ENVELOPE))


def test_a_leaf_gives_no_key_that_no_card_names() -> None:
    keys = PartnerKeys.of([without_envelope_key().card]).added(KeyUse.ENVELOPE, ENVELOPE, index=1)

    assert keys.find(KeyUse.ENVELOPE, ENVELOPE) is None
    assert reason(keys, index=1) == "signer_unknown"
    assert trusted_signers(keys, use=KeyUse.ENVELOPE, index=1) == (agency(VN).key(KeyUse.ENVELOPE, 1).public,)


def test_a_card_that_comes_after_the_leaves_finds_the_places_they_gave() -> None:
    """Else a partner could revive a retired key by showing its card late."""
    early = PartnerKeys.of([without_envelope_key().card])
    early = early.added(KeyUse.ENVELOPE, ENVELOPE, index=4).ended(KeyUse.ENVELOPE, ENVELOPE, index=9)

    keys = early.with_card(agency(VN).but(serial=2).card, held_leaves=20)

    assert judge(keys, index=8).kid == ENVELOPE
    assert reason(keys, index=3) == "signer_unknown"
    assert reason(keys, index=9) == "key_revoked"


def test_a_key_that_comes_as_compromised_never_counts_whatever_leaves_said() -> None:
    early = PartnerKeys.of([without_envelope_key().card]).added(KeyUse.ENVELOPE, ENVELOPE, index=4)

    keys = early.with_card(agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card, held_leaves=20)

    assert reason(keys, index=5) == "key_revoked"


def test_a_kept_place_without_an_end_does_not_save_a_compromised_key() -> None:
    cards = [agency(VN).card, agency(VN).revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED).card]

    keys = PartnerKeys.of(cards, [KeySpan(KeyUse.ENVELOPE, ENVELOPE, from_index=2)])

    assert reason(keys, index=5) == "key_revoked"


def test_a_leaf_that_adds_an_ended_key_takes_nothing_from_its_past() -> None:
    """Else a partner could deny what it signed before."""
    keys = partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=9).added(KeyUse.ENVELOPE, ENVELOPE, index=30)

    assert judge(keys, index=3).kid == ENVELOPE
    assert reason(keys, index=30) == "key_revoked"


def test_the_first_leaf_that_adds_a_key_counts() -> None:
    keys = partner().added(KeyUse.ENVELOPE, ENVELOPE, index=7).added(KeyUse.ENVELOPE, ENVELOPE, index=3)

    assert keys.span(KeyUse.ENVELOPE, ENVELOPE).from_index == 7


def test_in_a_new_epoch_what_had_ended_stays_ended() -> None:
    other = agency(VN).key(KeyUse.ENVELOPE, 1).kid
    keys = partner().ended(KeyUse.ENVELOPE, ENVELOPE, index=40).added(KeyUse.ENVELOPE, other, index=30)

    again = keys.in_new_epoch()

    assert reason(again, index=0) == "key_revoked"
    assert judge(again, index=0, kid=other).kid == other


# --- own keys ----------------------------------------------------------------------------------------


def test_the_own_key_for_a_signature_is_the_newest_in_its_dates() -> None:
    ring = agency(VN).keys.keyring()
    later = agency(VN).key(KeyUse.HEAD, 1)

    assert ring.signing(KeyUse.HEAD, NOW).kid == agency(VN).key(KeyUse.HEAD).kid
    assert ring.signing(KeyUse.HEAD, later.valid_from).kid == later.kid


def test_without_a_key_in_its_dates_nothing_is_signed() -> None:
    with pytest.raises(ConfigurationError, match="no own key"):
        agency(VN).keys.keyring().signing(KeyUse.HEAD, NOW + timedelta(days=3650))


def test_a_key_without_dates_counts_at_all_times() -> None:
    key = test_key(KeyUse.DOOR, Algorithm.ED25519, "door")

    assert Keyring([key]).signing(KeyUse.DOOR, NOW) is key


def test_own_keys_are_found_by_use_and_id_alone() -> None:
    ring = agency(VN).keys.keyring()

    assert ring.find(KeyUse.HEAD, agency(VN).key(KeyUse.HEAD).kid) is not None
    assert ring.find(KeyUse.DOOR, agency(VN).key(KeyUse.HEAD).kid) is None
    assert len(ring.sealing()) == 4
    assert len(ring.public(KeyUse.COSIGN)) == 2


def test_the_text_of_a_keyring_shows_no_key() -> None:
    assert repr(agency(VN).keys.keyring()) == "Keyring(16 keys)"
