# SPDX-License-Identifier: Apache-2.0
"""An agreement is read from exact bytes, follows its predecessor, and is signed by both recovery keys."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import AgreementInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, b64url, link_id, sha256
from exchange.protocol.agreement import (
    MAX_AGREEMENT_BYTES,
    Agreement,
    Party,
    check_successor,
    common_suite,
    new_agreement,
    read_agreement,
    renewed_party,
    sign_agreement,
    verify_agreement,
)
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.suites import Algorithm, KeyUse, Suite
from tests.support.identity import KH, TH, VN, Agency, agency
from tests.support.keys import test_key

Change = Callable[[dict[str, Any]], object]
INVITATION = sha256(b"invitation")


def party(who: Agency) -> Party:
    return Party(who.card.agency, who.card.node, who.recovery.public)


def first() -> Agreement:
    parties = (party(agency(KH)), party(agency(VN)))
    terms = terms_for(load_profile("kh-vn"), KH, VN)
    return read_agreement(new_agreement(parties, terms, suite=Suite.HYBRID, invitation=INVITATION))


def second(previous: Agreement, *, suite: Suite = Suite.CLASSICAL) -> Agreement:
    return read_agreement(new_agreement(previous.parties, previous.terms, suite=suite, previous=previous))


def test_version_1_says_who_agreed_what() -> None:
    agreement = first()

    assert (agreement.n, agreement.link, agreement.previous, agreement.suite) == (1, None, None, Suite.HYBRID)
    assert [one.agency for one in agreement.parties] == [KH, VN]
    assert agreement.terms == terms_for(load_profile("kh-vn"), KH, VN)
    assert agreement.invitation == INVITATION


def test_the_link_id_is_made_of_version_1_for_ever() -> None:
    agreement = first()

    assert agreement.link_id == link_id(agreement.raw)
    assert second(agreement).link_id == agreement.link_id
    assert second(second(agreement)).link_id == agreement.link_id


def test_another_invitation_gives_another_link() -> None:
    one = first()
    other = new_agreement(one.parties, one.terms, suite=one.suite, invitation=sha256(b"another"))

    assert read_agreement(other).link_id != one.link_id


def test_each_side_finds_the_other() -> None:
    agreement = first()

    assert agreement.other(KH).agency == VN
    assert agreement.other(VN).agency == KH
    with pytest.raises(AgreementInvalidError, match="not a party"):
        agreement.other(TH)


def put(*path: Any) -> Change:
    *steps, last, content = path

    def change(value: Any) -> None:
        for step in steps:
            value = value[step]
        value[last] = content

    return change


def turn_parties(value: dict[str, Any]) -> None:
    value["parties"].reverse()


def add_side(value: dict[str, Any]) -> None:
    value["terms"]["sides"].append({**value["terms"]["sides"][0], "country": "TH"})


WRONG: list[tuple[str, Change]] = [
    ("another version of the format", put("v", 2)),
    ("an unknown member", put("x", 1)),
    ("a missing member", lambda value: value.pop("suite")),
    ("version 0", put("n", 0)),
    ("version 1 with a link", put("link", "A" * 22)),
    ("version 1 with a predecessor", put("previous", b64url(bytes(32)))),
    ("version 1 without an invitation", put("invitation", None)),
    ("version 2 with an invitation", put("n", 2)),
    ("an invitation that is no digest", put("invitation", "A" * 42 + "B")),
    ("an unknown suite", put("suite", 3)),
    ("a suite as text", put("suite", "2")),
    ("another profile than the terms", put("profile", "kh-th")),
    ("one party", lambda value: value["parties"].pop()),
    ("three parties", lambda value: value["parties"].append(value["parties"][0])),
    ("parties that are no list", put("parties", {})),
    ("one agency twice", put("parties", 1, "agency", "KH-MOSVY-DAHT")),
    ("parties in the other order than the sides", turn_parties),
    ("a party of another country than its side", put("parties", 1, "agency", "TH-MSDHS-DATIP")),
    ("a party without a node", lambda value: value["parties"][0].pop("node")),
    ("a recovery key of small order", put("parties", 0, "recovery", b64url(b"\x01" + bytes(31)))),
    ("a recovery key with padding", put("parties", 0, "recovery", b64url(bytes(32)) + "=")),
    ("a third side in the terms", add_side),
    ("wrong terms", put("terms", "cut_off_hour", 99)),
    ("no terms", put("terms", None)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change"), WRONG, ids=[what for what, _ in WRONG])
def test_a_wrong_agreement_is_refused(what: str, change: Change) -> None:
    value = json.loads(first().raw)
    change(value)

    with pytest.raises(AgreementInvalidError):
        read_agreement(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize("member", ["node", "recovery"])
def test_two_parties_never_share_a_node_or_a_key(member: str) -> None:
    value = json.loads(first().raw)
    value["parties"][1][member] = value["parties"][0][member]

    with pytest.raises(AgreementInvalidError, match="differ"):
        read_agreement(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b'{"v":1,"v":1}', b"{} ", b"x" * (MAX_AGREEMENT_BYTES + 1)],
    ids=["empty", "null", "list", "twice", "no members", "large"],
)
def test_what_is_no_agreement_is_refused(raw: bytes) -> None:
    with pytest.raises(AgreementInvalidError):
        read_agreement(raw)


def test_the_next_version_may_follow() -> None:
    one = first()
    two = second(one)

    check_successor(one, two)
    check_successor(two, second(two))

    assert (two.n, two.link, two.previous, two.suite) == (2, one.link_id, one.digest, Suite.CLASSICAL)


def test_rule_1_a_version_of_another_link_does_not_follow() -> None:
    with pytest.raises(AgreementInvalidError, match="not of link"):
        check_successor(first(), replace(second(first()), link=link_id(b"another")))


@pytest.mark.parametrize("n", [1, 3, 100])
def test_rule_2_no_version_is_left_out_or_repeated(n: int) -> None:
    with pytest.raises(AgreementInvalidError, match="expected version 2"):
        check_successor(first(), replace(second(first()), n=n))


def test_rule_3_a_version_that_names_another_predecessor_does_not_follow() -> None:
    with pytest.raises(AgreementInvalidError, match="digest of version 1"):
        check_successor(first(), replace(second(first()), previous=sha256(b"another")))


@pytest.mark.parametrize("change", ["turned", "another agency", "another node"])
def test_rule_4_a_version_with_other_parties_does_not_follow(change: str) -> None:
    one, other = first().parties
    parties = {
        "turned": (other, one),
        "another agency": (one, party(agency(TH))),
        "another node": (one, replace(other, node=agency(TH).card.node)),
    }[change]

    with pytest.raises(AgreementInvalidError, match="other parties"):
        check_successor(first(), replace(second(first()), parties=parties))


@pytest.mark.parametrize("place", [0, 1])
def test_rule_4_one_side_may_have_a_new_recovery_key_and_nothing_else_changes(place: int) -> None:
    renewed = [*first().parties]
    renewed[place] = replace(renewed[place], recovery=agency(TH).recovery.public)
    same = read_agreement(
        new_agreement((renewed[0], renewed[1]), first().terms, suite=first().suite, previous=first())
    )
    assert renewed_party(first(), same) == renewed[place]
    other_terms = replace(same, terms=replace(same.terms, raw=b"{}"))
    other_suite = replace(same, suite=next(suite for suite in Suite if suite is not same.suite))
    for offered in (other_terms, other_suite):
        with pytest.raises(AgreementInvalidError, match="changes more than that"):
            check_successor(first(), offered)


def test_rule_4_both_sides_do_not_change_their_recovery_keys_at_once() -> None:
    keys = (agency(TH).recovery.public, agency(VN, "another").recovery.public)
    parties = tuple(replace(one, recovery=key) for one, key in zip(first().parties, keys, strict=True))
    with pytest.raises(AgreementInvalidError, match="new recovery keys of both sides"):
        new_agreement((parties[0], parties[1]), first().terms, suite=first().suite, previous=first())


def test_nobody_has_a_new_recovery_key_in_an_ordinary_version() -> None:
    assert renewed_party(first(), second(first())) is None


def test_version_1_does_not_follow_itself() -> None:
    with pytest.raises(AgreementInvalidError):
        check_successor(first(), first())


def test_both_parties_sign_the_same_bytes() -> None:
    raw = first().raw

    for who in (agency(KH), agency(VN)):
        verify_agreement(raw, sign_agreement(raw, who.recovery), who.recovery.public)


def test_only_the_recovery_key_of_a_party_signs() -> None:
    for key in (agency(TH).recovery, test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "envelope")):
        with pytest.raises(AgreementInvalidError, match="recovery key of a party"):
            sign_agreement(first().raw, key)


def test_a_signature_is_of_these_bytes_by_this_key() -> None:
    raw = first().raw
    jws = sign_agreement(raw, agency(KH).recovery)

    with pytest.raises(SignatureInvalidError):
        verify_agreement(raw, jws, agency(VN).recovery.public)
    with pytest.raises(SignatureInvalidError):
        verify_agreement(raw + b" ", jws, agency(KH).recovery.public)


@pytest.mark.parametrize("jws", ["", "..", "a.b.c", "é..é", "x" * 2000])
def test_what_is_no_signature_gives_the_same_answer_as_a_wrong_one(jws: str) -> None:
    with pytest.raises(SignatureInvalidError):
        verify_agreement(first().raw, jws, agency(KH).recovery.public)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [((1, 2), (1, 2), 2), ((1,), (1, 2), 1), ((2,), (1, 2, 3), 2), ((1, 2, 9), (1, 9), 1)],
)
def test_the_highest_suite_that_both_name_and_we_know(
    ours: tuple[int], theirs: tuple[int], expected: int
) -> None:
    assert common_suite(ours, theirs) == expected


@pytest.mark.parametrize(("ours", "theirs"), [((1,), (2,)), ((3,), (3,)), ((), (1, 2))])
def test_without_a_common_suite_there_is_no_agreement(ours: tuple[int], theirs: tuple[int]) -> None:
    with pytest.raises(AgreementInvalidError, match="no suite in common"):
        common_suite(ours, theirs)


def test_a_new_agreement_is_refused_where_a_reader_would_refuse_it() -> None:
    one = first()
    parties = (replace(one.parties[0], agency=AgencyCode("LA-MPS-ATD")), one.parties[1])

    with pytest.raises(AgreementInvalidError, match="sides"):
        new_agreement(parties, one.terms, suite=Suite.HYBRID, invitation=INVITATION)
