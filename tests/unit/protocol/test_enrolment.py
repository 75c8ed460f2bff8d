# SPDX-License-Identifier: Apache-2.0
"""Two files make a partner; whoever is weak, known, of the other kind or ourselves is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import AgreementInvalidError, CardInvalidError, KeyRefusedError, SignatureInvalidError
from exchange.ids import b64url, sha256, unb64url
from exchange.protocol.agreement import new_agreement, read_agreement, sign_agreement, verify_agreement
from exchange.protocol.cardform import Revocation
from exchange.protocol.enrolment import (
    Here,
    Invitation,
    Joining,
    check_joining,
    confirm,
    join,
    read_invitation,
    read_joining,
    write_invitation,
    write_joining,
)
from exchange.protocol.invitations import INVITATION_TYPE, JOINING_TYPE, MAX_FILE_BYTES
from exchange.protocol.jws import sign_compact
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.strictjson import encode
from exchange.protocol.suites import KeyUse, Suite
from tests.support.identity import DIRECTORY, KH, NOW, TH, VN, Agency, agency
from tests.support.keys import seeded_random

Change = Callable[[dict[str, Any]], object]
PROFILE = load_profile("kh-vn")


def at(who: Agency, **changes: Any) -> Here:
    return replace(Here(card=who.card, known_keys=(), known_agencies=DIRECTORY, now=NOW), **changes)


def invite(who: Agency | None = None, *, profile: str = "kh-vn") -> bytes:
    who = who or agency(KH)
    return write_invitation(
        who.card,
        profile=profile,
        answer_to="exchange@example.org",
        created_at=NOW,
        random=seeded_random("invite"),
        key=who.recovery,
    )


def answer(raw: bytes, who: Agency | None = None) -> bytes:
    who = who or agency(VN)
    invitation = read_invitation(raw)
    signed = join(invitation, here=at(who), profile=PROFILE, key=who.recovery)
    return write_joining(
        who.card,
        signed.agreement,
        signature=signed.signature,
        invitation=invitation.digest,
        created_at=NOW,
        key=who.recovery,
    )


def pair() -> tuple[Invitation, Joining]:
    raw = invite()
    return read_invitation(raw), read_joining(answer(raw))


def test_two_files_end_in_one_agreement_that_both_signed() -> None:
    invitation, joining = pair()

    confirmed = confirm(
        joining, invitation=invitation, here=at(agency(KH)), profile=PROFILE, key=agency(KH).recovery
    )

    agreement = confirmed.agreement
    verify_agreement(agreement.raw, confirmed.signature, agency(KH).recovery.public)
    verify_agreement(agreement.raw, joining.signature, agency(VN).recovery.public)
    assert [party.agency for party in agreement.parties] == [KH, VN]
    assert (agreement.suite, agreement.invitation) == (Suite.HYBRID, invitation.digest)
    assert agreement.terms == terms_for(PROFILE, KH, VN)


def test_an_invitation_says_what_was_offered() -> None:
    invitation = read_invitation(invite())

    assert (invitation.card, invitation.profile, invitation.suites) == (agency(KH).card, "kh-vn", (1, 2))
    assert (invitation.answer_to, invitation.created_at, len(invitation.nonce)) == (
        "exchange@example.org",
        NOW,
        16,
    )


def test_line_ends_that_a_mail_program_adds_are_no_fault() -> None:
    assert read_invitation(invite() + b"\r\n\r\n") == read_invitation(invite().rstrip())


def test_the_highest_suite_of_both_is_taken() -> None:
    classical = agency(VN).but(suites=(1,))

    assert read_joining(answer(invite(), classical)).agreement.suite is Suite.CLASSICAL


# --- the invitation file ---------------------------------------------------------------------------


def payload(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unb64url(raw.split(b".")[1].decode()))
    return found


def put(name: str, content: object) -> Change:
    return lambda value: value.__setitem__(name, content)


def resigned(raw: bytes, change: Change, *, typ: str, who: Agency) -> bytes:
    value = payload(raw)
    change(value)
    return sign_compact(encode(value), typ=typ, key=who.recovery)


WRONG_INVITATIONS: list[tuple[str, Change]] = [
    ("another version", put("v", 2)),
    ("an unknown member", put("x", 1)),
    ("a missing member", lambda value: value.pop("nonce")),
    ("a suite that the card does not name", put("suites", [1, 2, 3])),
    ("no suite", put("suites", [])),
    ("a short nonce", put("nonce", b64url(bytes(15)))),
    ("a long nonce", put("nonce", b64url(bytes(17)))),
    ("a nonce that is no base64url", put("nonce", "!" * 22)),
    ("an answer address with a line feed", put("answer", "a\nb")),
    ("an answer address that is too long", put("answer", "a" * 201)),
    ("no instant", put("created", "today")),
    ("an empty profile", put("profile", "")),
    ("no card", put("card", "")),
    ("a card that is no text", put("card", 7)),
]


@pytest.mark.parametrize(("what", "change"), WRONG_INVITATIONS, ids=[what for what, _ in WRONG_INVITATIONS])
def test_a_wrong_invitation_is_refused_although_it_is_rightly_signed(what: str, change: Change) -> None:
    raw = resigned(invite(), change, typ=INVITATION_TYPE, who=agency(KH))

    with pytest.raises((AgreementInvalidError, CardInvalidError)):
        read_invitation(raw)


def test_an_invitation_with_the_card_of_another_agency_is_refused() -> None:
    """A stranger puts the card of an agency into an invitation of his own."""
    raw = resigned(invite(), put("card", agency(TH).card.raw.decode()), typ=INVITATION_TYPE, who=agency(KH))

    with pytest.raises(AgreementInvalidError, match="changed"):
        read_invitation(raw)


@pytest.mark.parametrize("place", [3, 400, 5000, -5])
def test_a_changed_byte_in_an_invitation_is_refused(place: int) -> None:
    raw = bytearray(invite())
    raw[place] = ord("A") if raw[place] != ord("A") else ord("B")

    with pytest.raises((AgreementInvalidError, CardInvalidError)):
        read_invitation(bytes(raw))


@pytest.mark.parametrize("raw", [b"", b"\n", b"hello", b"a.b.c", b"x" * (MAX_FILE_BYTES + 1)])
def test_what_is_no_invitation_is_refused(raw: bytes) -> None:
    with pytest.raises(AgreementInvalidError):
        read_invitation(raw)


def test_a_joining_is_no_invitation_and_the_reverse() -> None:
    with pytest.raises(AgreementInvalidError):
        read_invitation(answer(invite()))
    with pytest.raises(AgreementInvalidError):
        read_joining(invite())


def test_a_card_alone_is_no_invitation() -> None:
    with pytest.raises(AgreementInvalidError):
        read_invitation(agency(KH).card.raw)


# --- who may become a partner ----------------------------------------------------------------------


def test_rule_1_our_own_invitation_is_not_for_us() -> None:
    with pytest.raises(CardInvalidError, match="our own card"):
        join(read_invitation(invite()), here=at(agency(KH)), profile=PROFILE, key=agency(KH).recovery)


def test_rule_1_another_agency_on_our_node_is_refused() -> None:
    twin = agency(VN).but(node=agency(KH).card.node)

    with pytest.raises(CardInvalidError, match="our own card"):
        join(read_invitation(invite()), here=at(twin), profile=PROFILE, key=twin.recovery)


def test_rule_2_an_agency_outside_the_directory_is_refused() -> None:
    with pytest.raises(CardInvalidError, match="list of agencies"):
        join(
            read_invitation(invite()),
            here=at(agency(VN), known_agencies=(VN, TH)),
            profile=PROFILE,
            key=agency(VN).recovery,
        )


@pytest.mark.parametrize("ours", [True, False])
def test_rule_3_training_and_real_nodes_never_meet(ours: bool) -> None:
    inviter, joiner = agency(KH).but(training=not ours), agency(VN).but(training=ours)

    with pytest.raises(CardInvalidError, match="training node"):
        join(read_invitation(invite(inviter)), here=at(joiner), profile=PROFILE, key=joiner.recovery)


def test_rule_4_an_expired_card_is_refused() -> None:
    with pytest.raises(CardInvalidError, match="expired"):
        join(
            read_invitation(invite()),
            here=at(agency(VN), now=NOW + timedelta(days=181)),
            profile=PROFILE,
            key=agency(VN).recovery,
        )


def test_rule_4_a_card_from_the_future_is_refused() -> None:
    with pytest.raises(CardInvalidError, match="future"):
        join(
            read_invitation(invite()),
            here=at(agency(VN), now=agency(KH).card.issued_at - timedelta(seconds=301)),
            profile=PROFILE,
            key=agency(VN).recovery,
        )


def test_rule_4_a_card_whose_current_key_is_revoked_is_refused() -> None:
    inviter = agency(KH).revoking(KeyUse.SEAL, Revocation.COMPROMISED)

    with pytest.raises(CardInvalidError, match="seal 1"):
        join(read_invitation(invite(inviter)), here=at(agency(VN)), profile=PROFILE, key=agency(VN).recovery)


@pytest.mark.parametrize("use", list(KeyUse))
def test_rule_5_a_key_that_another_agency_has_is_refused(use: KeyUse) -> None:
    card = agency(KH).card
    kid = card.recovery.kid if use is KeyUse.RECOVERY else agency(KH).key(use).kid

    with pytest.raises(KeyRefusedError, match="known from elsewhere"):
        join(
            read_invitation(invite()),
            here=at(agency(VN), known_keys=[kid]),
            profile=PROFILE,
            key=agency(VN).recovery,
        )


def test_rule_5_a_card_with_one_of_our_own_keys_is_refused() -> None:
    stolen = agency(VN).key(KeyUse.HEAD)
    thief = agency(KH).but(keys=(*agency(KH).fields.keys, stolen))

    with pytest.raises(KeyRefusedError, match="known from elsewhere"):
        join(read_invitation(invite(thief)), here=at(agency(VN)), profile=PROFILE, key=agency(VN).recovery)


# --- joining -----------------------------------------------------------------------------------------


def test_the_profile_is_the_one_of_the_invitation() -> None:
    with pytest.raises(AgreementInvalidError, match="another profile"):
        join(
            read_invitation(invite(profile="neutral")),
            here=at(agency(VN)),
            profile=PROFILE,
            key=agency(VN).recovery,
        )


def test_an_agency_without_a_side_in_the_profile_cannot_join() -> None:
    with pytest.raises(AgreementInvalidError, match="no side"):
        join(read_invitation(invite()), here=at(agency(TH)), profile=PROFILE, key=agency(TH).recovery)


def test_without_a_common_suite_nobody_joins() -> None:
    inviter, joiner = agency(KH).but(suites=(1,)), agency(VN).but(suites=(2,))

    with pytest.raises(AgreementInvalidError, match="no suite"):
        join(read_invitation(invite(inviter)), here=at(joiner), profile=PROFILE, key=joiner.recovery)


WRONG_JOININGS: list[tuple[str, Change]] = [
    ("another version", put("v", 0)),
    ("an unknown member", put("x", None)),
    ("a missing signature", lambda value: value.pop("signature")),
    ("an empty signature", put("signature", "")),
    ("a signature that is too long", put("signature", "a" * 513)),
    ("an agreement that is none", put("agreement", b64url(b"{}"))),
    ("an agreement that is no base64url", put("agreement", "!")),
    ("an invitation that is no digest", put("invitation", "abc")),
    ("another card", put("card", agency(TH).card.raw.decode())),
]


@pytest.mark.parametrize(("what", "change"), WRONG_JOININGS, ids=[what for what, _ in WRONG_JOININGS])
def test_a_wrong_joining_is_refused_although_it_is_rightly_signed(what: str, change: Change) -> None:
    raw = resigned(answer(invite()), change, typ=JOINING_TYPE, who=agency(VN))

    with pytest.raises((AgreementInvalidError, CardInvalidError)):
        read_joining(raw)


# --- confirming --------------------------------------------------------------------------------------


def refused(joining: Joining, invitation: Invitation, **changes: Any) -> Callable[[], None]:
    here = at(agency(KH), **changes)
    return lambda: check_joining(joining, invitation=invitation, here=here, profile=PROFILE)


def altered(
    joining: Joining, *, suite: Suite = Suite.HYBRID, invitation: str = "", **changes: Any
) -> Joining:
    """Return a joining whose agreement was made anew, with other parts, and signed by the joiner."""
    agreement = joining.agreement
    raw = new_agreement(
        changes.get("parties", agreement.parties),
        changes.get("terms", agreement.terms),
        suite=suite,
        invitation=sha256(invitation.encode()) if invitation else agreement.invitation,
    )
    return replace(joining, agreement=read_agreement(raw), signature=sign_agreement(raw, agency(VN).recovery))


def test_confirm_rule_1_a_joining_answers_the_open_invitation() -> None:
    invitation, joining = pair()
    for wrong in (replace(joining, invitation=sha256(b"another")), altered(joining, invitation="another")):
        with pytest.raises(AgreementInvalidError, match="another invitation"):
            refused(wrong, invitation)()


def test_confirm_rule_1_a_later_version_is_no_joining() -> None:
    invitation, joining = pair()
    one = joining.agreement
    two = read_agreement(new_agreement(one.parties, one.terms, suite=one.suite, previous=one))

    with pytest.raises(AgreementInvalidError, match="another invitation"):
        refused(replace(joining, agreement=two), invitation)()


def test_confirm_rule_2_the_joiner_is_judged_like_an_inviter() -> None:
    invitation, joining = pair()

    with pytest.raises(CardInvalidError, match="list of agencies"):
        refused(joining, invitation, known_agencies=(KH,))()
    with pytest.raises(KeyRefusedError):
        refused(joining, invitation, known_keys=[agency(VN).key(KeyUse.DOOR).kid])()
    with pytest.raises(CardInvalidError, match="expired"):
        refused(joining, invitation, now=NOW + timedelta(days=400))()


def test_confirm_rule_3_the_parties_are_those_of_the_cards() -> None:
    invitation, joining = pair()
    inviter, joiner = joining.agreement.parties
    for parties in (
        (replace(inviter, recovery=agency(TH).recovery.public), joiner),
        (replace(inviter, node=agency(TH).card.node), joiner),
        (inviter, replace(joiner, node=agency(TH).card.node)),
    ):
        with pytest.raises(AgreementInvalidError, match="not those of the two cards"):
            refused(altered(joining, parties=parties), invitation)()


def test_confirm_rule_4_a_lower_suite_than_both_name_is_refused() -> None:
    invitation, joining = pair()

    with pytest.raises(AgreementInvalidError, match="not the highest"):
        refused(altered(joining, suite=Suite.CLASSICAL), invitation)()


def test_confirm_rule_5_terms_of_another_profile_version_are_refused() -> None:
    invitation, joining = pair()
    value = json.loads(joining.agreement.raw)
    value["terms"]["expires_days"] = 29
    raw = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    with pytest.raises(AgreementInvalidError, match="terms are not those"):
        refused(replace(joining, agreement=read_agreement(raw)), invitation)()


def test_confirm_rule_5_the_profile_is_the_one_that_was_offered() -> None:
    invitation, joining = pair()

    with pytest.raises(AgreementInvalidError, match="terms are not those"):
        refused(joining, replace(invitation, profile="neutral"))()


@pytest.mark.parametrize("who", [KH, TH])
def test_confirm_rule_6_the_joiner_has_signed_with_its_own_recovery_key(who: Any) -> None:
    invitation, joining = pair()
    jws = sign_compact(joining.agreement.raw, typ="exchange-agreement+jws", key=agency(who).recovery).split(
        b"."
    )
    detached = b"..".join((jws[0], jws[2])).decode()

    with pytest.raises(SignatureInvalidError):
        refused(replace(joining, signature=detached), invitation)()


def test_nothing_is_signed_when_a_rule_is_broken() -> None:
    invitation, joining = pair()

    with pytest.raises(SignatureInvalidError):
        confirm(
            replace(joining, signature="a..b"),
            invitation=invitation,
            here=at(agency(KH)),
            profile=PROFILE,
            key=agency(KH).recovery,
        )


def test_a_joiner_cannot_confirm_in_the_place_of_the_inviter() -> None:
    invitation, joining = pair()

    with pytest.raises(CardInvalidError, match="our own card"):
        check_joining(joining, invitation=invitation, here=at(agency(VN)), profile=PROFILE)
