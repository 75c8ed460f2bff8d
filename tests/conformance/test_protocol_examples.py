# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/protocol are right: each is read by the product's own code.

What is read is the file `examples.json` as it is published. That the pages show the same values is the
matter of `test_docs`, which makes every page with examples anew and compares.
"""

import hashlib
import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.transport.signing import NonceBook, check_body, verify_request
from exchange.errors import CardInvalidError, RejectedError, SignatureInvalidError, TailInvalidError
from exchange.ids import AgencyCode, LinkId, MessageId, unb64url
from exchange.ledger.copy import CopyState, TakenTail, judge_tail
from exchange.ledger.entries import decode_leaf, legal
from exchange.ledger.judge import LogJudge
from exchange.ledger.merkle import CompactRange
from exchange.ledger.notes import verify_cosignature
from exchange.messages.forms import check_form
from exchange.protocol.agreement import verify_agreement
from exchange.protocol.cards import Card, read_card
from exchange.protocol.enrolment import Here, confirm, read_invitation, read_joining, words
from exchange.protocol.envelope import Envelope, read_envelope, split_line, verify_envelope
from exchange.protocol.envelope import check_body as check_sealed
from exchange.protocol.frames import Frame, decode_frame, encode_frame
from exchange.protocol.gatewords import read_gate_word, verify_gate_word
from exchange.protocol.parts import commitment, join_parts, unpad
from exchange.protocol.profiles import load_profile
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey, Suite, sign
from exchange.protocol.unseal import unseal
from exchange.service.examine import read_document
from tools.pages import MARKED
from tools.pages.examples.blocks import BLOCKS, fill

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "protocol"
EXAMPLES: Any = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
KH, TH = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("TH-MSDHS-DATIP")
NOW = datetime(2027, 10, 4, 2, 0, 10, tzinfo=UTC)
LINK = LinkId(EXAMPLES["enrolment"]["link"])
MARKER = re.compile(r"<!-- example: ([a-z0-9-]+) -->")


def card(agency: AgencyCode) -> Card:
    return read_card(EXAMPLES["cards"][agency].encode(), pinned_recovery=None)


def public(agency: AgencyCode, use: KeyUse) -> PublicKey:
    return card(agency).keys_for(use)[0].public


def private(agency: AgencyCode, use: KeyUse, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
    """Return an example key, made from its published label alone."""
    rows = [row for row in EXAMPLES["keys"][agency] if (row["use"], row["alg"]) == (use, algorithm)]
    return PrivateKey(use, algorithm, hashlib.sha256(rows[0]["label"].encode()).digest())


def message(number: int) -> Any:
    return EXAMPLES["messages"][str(number)]


def envelope(number: int) -> Envelope:
    """Return the verified envelope of a message."""
    raw, body = split_line(message(number)["line"].encode())
    claimed = read_envelope(raw)
    verified = verify_envelope(claimed, public(claimed.claimed.sender, KeyUse.ENVELOPE))
    check_sealed(verified, body)
    return verified


def frame(number: int) -> Frame:
    return decode_frame(EXAMPLES["frames"][str(number)].encode())


def empty_copy(by: AgencyCode) -> CopyState:
    return CopyState(LINK, by, 1, 0, CompactRange(), known=lambda start, end: [])


def taken(number: int) -> TakenTail:
    """Return the tail of a frame, taken over by a partner without a copy."""
    tail = frame(number).tail
    assert tail is not None
    return judge_tail(empty_copy(tail.by), tail, head_keys=[public(tail.by, KeyUse.HEAD)])


@pytest.mark.parametrize("agency", [KH, TH])
def test_every_key_comes_from_its_label(agency: AgencyCode) -> None:
    for row in EXAMPLES["keys"][agency]:
        key = private(agency, KeyUse(row["use"]), Algorithm(row["alg"]))

        assert (key.kid, key.public.raw) == (row["kid"], unb64url(row["public"]))


@pytest.mark.parametrize("agency", [KH, TH])
def test_a_card_has_every_key_that_its_agency_needs(agency: AgencyCode) -> None:
    assert card(agency).missing_uses(NOW) == ()


def test_a_card_that_was_changed_is_refused() -> None:
    text = EXAMPLES["cards"][TH]

    with pytest.raises(CardInvalidError):
        read_card((text[:-2] + ("AA" if text[-2:] != "AA" else "BA")).encode(), pinned_recovery=None)


def test_the_two_files_give_the_agreement_that_both_signed() -> None:
    files = EXAMPLES["enrolment"]
    here = Here(card(KH), known_keys=(), known_agencies=(KH, TH), now=NOW)

    signed = confirm(
        read_joining(files["joining"].encode()),
        invitation=read_invitation(files["invitation"].encode()),
        here=here,
        profile=load_profile("kh-th"),
        key=private(KH, KeyUse.RECOVERY),
    )

    assert signed.agreement.raw == files["agreement"].encode()
    assert (signed.agreement.digest, signed.agreement.link_id) == (files["agreement_digest"], LINK)
    assert signed.signature == files["signatures"][KH]
    verify_agreement(signed.agreement.raw, files["signatures"][TH], card(TH).recovery)


def test_the_words_are_those_of_the_agreement() -> None:
    files = EXAMPLES["enrolment"]

    assert list(words(files["agreement"].encode(), LINK)) == files["words"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_message_opens_to_the_document_it_was_made_of(number: int) -> None:
    example, signed = message(number), envelope(number)
    key = private(signed.recipient, KeyUse.SEAL, Algorithm.X25519)

    plaintext = unseal(
        example["body"].encode(),
        suite=Suite.CLASSICAL,
        keys={key.kid: key},
        sender=signed.sender,
        recipient=signed.recipient,
        message_id=signed.id,
    )
    parts = tuple(unpad(plaintext))

    assert [part.decode() for part in parts] == example["parts"]
    assert commitment(signed.id, parts) == signed.pc == example["pc"]
    assert read_document(signed, parts) == example["document"]
    assert check_form(example["document"]) == ()


def test_the_body_of_suite_2_opens_to_the_parts_of_message_1() -> None:
    key = private(KH, KeyUse.SEAL, Algorithm.MLKEM768_X25519)
    body = EXAMPLES["suite_2"]["body"].encode()

    plaintext = unseal(
        body, suite=Suite.HYBRID, keys={key.kid: key}, sender=TH, recipient=KH, message_id=envelope(1).id
    )

    assert [part.decode() for part in unpad(plaintext)] == message(1)["parts"]


def test_the_body_of_suite_2_does_not_open_for_another_message() -> None:
    key = private(KH, KeyUse.SEAL, Algorithm.MLKEM768_X25519)

    with pytest.raises(RejectedError) as refusal:
        unseal(
            EXAMPLES["suite_2"]["body"].encode(),
            suite=Suite.HYBRID,
            keys={key.kid: key},
            sender=TH,
            recipient=KH,
            message_id=envelope(2).id,
        )

    assert refusal.value.reason == "decryption_failed"


@pytest.mark.parametrize("number", [1, 2])
def test_a_message_stands_in_the_log_of_its_sender(number: int) -> None:
    signed, example = envelope(number), message(number)
    leaves = [decode_leaf(raw.encode()) for raw in EXAMPLES["logs"][signed.sender]["leaves"]]
    said = [leaf.fields for leaf in leaves if leaf.ev == "sent"]

    expected = {"seq": 1, "id": signed.id, "eh": example["eh"], "cd": example["cd"], "pc": example["pc"]}

    assert said == [expected | {"sz": example["plaintext_bytes"]}]


@pytest.mark.parametrize("agency", [KH, TH])
def test_a_log_keeps_every_rule_of_its_order(agency: AgencyCode) -> None:
    leaves = [raw.encode() for raw in EXAMPLES["logs"][agency]["leaves"]]
    judge = LogJudge()

    judge.take(leaves)

    assert (judge.faults, judge.id_faults()) == ([], [])
    assert [legal(decode_leaf(raw)) for raw in leaves] == [""] * len(leaves)


@pytest.mark.parametrize(("number", "by"), [(1, TH), (2, KH)])
def test_the_tail_of_a_frame_is_what_its_head_says(number: int, by: AgencyCode) -> None:
    tail = frame(number).tail

    assert tail is not None
    assert (taken(number).head.size, tail.by) == (len(tail.leaves), by)


def test_the_last_tail_goes_on_where_the_first_one_ended() -> None:
    before, tail = taken(1), frame(3).tail
    assert tail is not None
    state = CopyState(LINK, TH, 1, before.head.size, before.range, known=lambda start, end: [])

    after = judge_tail(state, tail, head_keys=[public(TH, KeyUse.HEAD)])

    assert after.head.root.hex() == EXAMPLES["logs"][TH]["root"]


def test_a_tail_with_a_leaf_too_few_is_refused() -> None:
    tail = frame(3).tail
    assert tail is not None

    with pytest.raises(TailInvalidError):
        judge_tail(empty_copy(TH), tail, head_keys=[public(TH, KeyUse.HEAD)])


@pytest.mark.parametrize(("number", "by", "head_in"), [(2, KH, 1), (3, TH, 2)])
def test_a_cosignature_is_over_the_head_that_the_other_side_sent(
    number: int, by: AgencyCode, head_in: int
) -> None:
    cosignature, tail = frame(number).cosignature, frame(head_in).tail
    assert cosignature is not None
    assert tail is not None

    verify_cosignature(tail.head, cosignature.line, public(by, KeyUse.COSIGN), by=by)

    assert cosignature.line == EXAMPLES["cosignatures"][by]
    assert cosignature.size == tail.start + len(tail.leaves)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_frame_is_written_as_it_is_read(number: int) -> None:
    raw = EXAMPLES["frames"][str(number)].encode()

    assert encode_frame(decode_frame(raw)) == raw
    assert len(raw) % 4_096 == 0


def test_the_request_is_signed_as_the_door_asks() -> None:
    request = EXAMPLES["request"]
    fields = tuple(request["fields"].items())

    signed = verify_request(
        request["method"],
        request["path"],
        query="",
        fields=fields,
        key_of=lambda _: public(TH, KeyUse.DOOR),
        now=NOW,
        recipient=KH,
        nonces=NonceBook(),
    )
    check_body(fields, EXAMPLES["frames"]["1"].encode())

    assert signed.key == public(TH, KeyUse.DOOR).kid


def test_the_shown_signature_base_is_what_was_signed() -> None:
    request = EXAMPLES["request"]
    signature = request["fields"]["Signature"].removeprefix("exchange=:").removesuffix(":")

    again = sign(private(TH, KeyUse.DOOR), request["signature_base"].encode())

    assert b64encode(again).decode() == signature


def test_the_request_is_refused_ten_minutes_later() -> None:
    request = EXAMPLES["request"]

    with pytest.raises(SignatureInvalidError):
        verify_request(
            request["method"],
            request["path"],
            query="",
            fields=tuple(request["fields"].items()),
            key_of=lambda _: public(TH, KeyUse.DOOR),
            now=NOW + timedelta(minutes=10),
            recipient=KH,
            nonces=NonceBook(),
        )


def test_each_word_of_the_gate_names_the_nonce_of_the_one_before() -> None:
    raws = [read_gate_word(EXAMPLES["gate"][str(number)].encode()) for number in (1, 2, 3, 4)]
    said = [
        verify_gate_word(raw, public(by, KeyUse.DOOR)) for raw, by in zip(raws, (TH, KH, TH, KH), strict=True)
    ]

    assert [word.to_nonce for word in said] == ["", *(word.nonce for word in said[:-1])]


def test_a_caller_gives_what_the_answer_asks_for_and_names_its_nonce() -> None:
    raws = [read_gate_word(EXAMPLES["giving"]["gate"][number].encode()) for number in ("4", "5", "6")]
    asks, gives, goes_on = (
        verify_gate_word(raw, public(by, KeyUse.DOOR)) for raw, by in zip(raws, (KH, TH, KH), strict=True)
    )

    assert (gives.to_nonce, goes_on.to_nonce) == (asks.nonce, gives.nonce)
    assert asks.asks == {"op": gives.op, "of": KH, "ep": 1, "from": gives.gives["from"]}
    assert (gives.asks, goes_on.gives) == ({}, {})
    leaves, log = gives.gives["leaves"], EXAMPLES["logs"][KH]
    assert isinstance(leaves, list)
    assert leaves == log["leaves"][asks.gives["own"]["size"] :]
    assert goes_on.asks == asks.asks | {"from": log["size"]}
    assert gives.gives["note"] == log["head"]


def test_a_new_epoch_is_named_by_both_before_either_begins_it() -> None:
    raws = [read_gate_word(EXAMPLES["new_epoch"]["gate"][number].encode()) for number in ("1", "2", "3")]
    said = [
        verify_gate_word(raw, public(by, KeyUse.DOOR)) for raw, by in zip(raws, (TH, KH, TH), strict=True)
    ]

    assert [word.to_nonce for word in said] == ["", said[0].nonce, said[1].nonce]
    assert {json.dumps(word.gives["renew"]) for word in said} == {'{"ep": 2, "why": "both_restored"}'}
    assert [word.gives["own"]["ep"] for word in said] == [1, 1, 2]


@pytest.mark.parametrize("by", [TH, KH])
def test_the_log_of_a_new_epoch_is_in_order_and_names_where_the_old_logs_ended(by: str) -> None:
    new = EXAMPLES["new_epoch"]["logs"][by]
    judge = LogJudge()

    judge.take([raw.encode("ascii") for raw in new["leaves"]])

    assert (judge.faults, judge.id_faults()) == ([], [])
    first = [json.loads(raw) for raw in new["leaves"][:3]]
    assert [leaf["ev"] for leaf in first] == ["open", "agrx", "epch"]
    sizes = {agency: log["size"] for agency, log in EXAMPLES["logs"].items()}
    other = TH if by == KH else KH
    assert (first[2]["sz"], first[2]["csz"]) == (sizes[by], sizes[other])


def test_parts_of_different_messages_have_different_salts() -> None:
    salts = [json.loads(part)["salt"] for number in (1, 2) for part in message(number)["parts"]]

    assert len(set(salts)) == len(salts)
    assert join_parts([part.encode() for part in message(2)["parts"]])["persons"]


def test_every_page_with_a_marked_example_is_made_anew() -> None:
    marked = {path.stem for path in FOLDER.glob("*.md") if MARKER.search(path.read_text(encoding="utf-8"))}

    assert marked == set(MARKED)


def test_every_example_is_shown_on_one_page() -> None:
    shown = [
        name
        for path in sorted(FOLDER.glob("*.md"))
        for name in MARKER.findall(path.read_text(encoding="utf-8"))
    ]

    assert sorted(shown) == sorted(BLOCKS)


def test_a_marker_of_an_unknown_example_is_no_quiet_mistake() -> None:
    with pytest.raises(KeyError):
        fill("<!-- example: nothing -->\n<!-- end of example -->\n")


def test_a_message_id_of_the_examples_has_the_time_of_its_envelope() -> None:
    signed = envelope(1)
    millis = int(MessageId(signed.id).replace("-", "")[:12], 16)

    assert millis == int(signed.created_at.timestamp() * 1000)
