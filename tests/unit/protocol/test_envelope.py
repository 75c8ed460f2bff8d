# SPDX-License-Identifier: Apache-2.0
"""The front door of a message line (design, section 4.2): exact form, one code per fault."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange.errors import KeyRefusedError, RefusedError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, sha256
from exchange.protocol.envelope import (
    MAX_ENVELOPE_BYTES,
    MAX_LINE_BYTES,
    TYP,
    Envelope,
    check_body,
    join_line,
    read_envelope,
    sign_envelope,
    split_line,
    verify_envelope,
)
from exchange.protocol.jws import decode_segment, sign_compact
from exchange.protocol.strictjson import MAX_INT
from exchange.protocol.suites import Algorithm, KeyUse, Suite
from tests.support.keys import test_key

KEY = test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "envelope")
BODY = b"sealed.body"
NOW = datetime(2027, 10, 4, 9, 12, 4, 123_000, tzinfo=UTC)
ENVELOPE = Envelope(
    id=MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"),
    link=LinkId("A" * 22),
    agr=1,
    sender=AgencyCode("KH-MOSVY-DAHT"),
    recipient=AgencyCode("TH-MSDHS-DATIP"),
    seq=7,
    created_at=NOW,
    expires_at=NOW + timedelta(days=30),
    suite=Suite.HYBRID,
    body_sha256=sha256(BODY),
    body_size=len(BODY),
    pc=sha256(b"parts"),
)
PAYLOAD: dict[str, Any] = {
    "v": 1,
    "id": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60",
    "link": "A" * 22,
    "agr": 1,
    "from": "KH-MOSVY-DAHT",
    "to": "TH-MSDHS-DATIP",
    "seq": 7,
    "created": "2027-10-04T09:12:04.123Z",
    "expires": "2027-11-03T09:12:04.123Z",
    "suite": 2,
    "body": {"sha256": sha256(BODY), "size": len(BODY)},
    "pc": sha256(b"parts"),
}


def signed(payload: dict[str, Any] | bytes) -> bytes:
    """Sign any payload as an envelope; the signature is good."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return sign_compact(raw, typ=TYP, key=KEY)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        action()
    return caught.value.reason


def test_an_envelope_is_read_as_it_was_signed() -> None:
    raw = sign_envelope(ENVELOPE, KEY)

    claimed = read_envelope(raw)

    assert verify_envelope(claimed, KEY.public) == ENVELOPE
    assert (claimed.kid, claimed.hash) == (KEY.kid, sha256(raw))


def test_the_payload_has_exactly_its_members_in_order() -> None:
    payload = decode_segment(sign_envelope(ENVELOPE, KEY).split(b".")[1])

    assert payload == json.dumps(PAYLOAD, separators=(",", ":")).encode()


def test_members_in_another_order_and_with_spaces_mean_the_same() -> None:
    raw = signed(dict(reversed(PAYLOAD.items())))

    assert verify_envelope(read_envelope(raw), KEY.public) == ENVELOPE


def test_an_envelope_fits_into_a_kilobyte() -> None:
    assert len(sign_envelope(ENVELOPE, KEY)) < 1_024


@pytest.mark.parametrize(
    "name",
    [
        "type",
        "case",
        "subject",
        "name",
        "urgency",
        "place",
        "attachments",
        "V",
        "From",
        "Seq",
        "sha256",
        "size",
        "ឈ្មោះ",
        "",
    ],
)
def test_an_unlisted_member_is_refused_as_clear_text(name: str) -> None:
    assert refusal(lambda: read_envelope(signed(PAYLOAD | {name: "Sok"}))) == "clear_text_personal_data"
    body = PAYLOAD["body"] | {name + "x": 1}
    assert refusal(lambda: read_envelope(signed(PAYLOAD | {"body": body}))) == "clear_text_personal_data"


def test_an_unlisted_member_is_named_before_a_missing_one() -> None:
    payload = {name: value for name, value in PAYLOAD.items() if name != "pc"} | {"person": "Sok"}

    assert refusal(lambda: read_envelope(signed(payload))) == "clear_text_personal_data"


@pytest.mark.parametrize("name", [*PAYLOAD])
def test_a_missing_member_is_refused(name: str) -> None:
    payload = {other: value for other, value in PAYLOAD.items() if other != name}

    assert refusal(lambda: read_envelope(signed(payload))) == "envelope_invalid"


@pytest.mark.parametrize("name", ["sha256", "size"])
def test_a_missing_member_of_the_body_is_refused(name: str) -> None:
    body = {other: value for other, value in PAYLOAD["body"].items() if other != name}

    assert refusal(lambda: read_envelope(signed(PAYLOAD | {"body": body}))) == "envelope_invalid"


WRONG_VALUES = {
    "v": [0, 2, -1, True, "1", None, [1]],
    "id": [
        "",
        "0192F0C1-7A3E-7D10-8C3B-5A9D2F1E4B60",
        "0192f0c1-7a3e-4d10-8c3b-5a9d2f1e4b60",
        "x" * 36,
        1,
        None,
        "0192f0c17a3e7d108c3b5a9d2f1e4b60",
        "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60\n",
    ],
    "link": ["", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "/", "A" * 22 + "\n", 1, None],
    "agr": [0, -1, MAX_INT + 1, "1", True, None],
    "from": [
        "",
        "kh-mosvy",
        "KH",
        "KH-",
        "KH_MOSVY",
        "KH-MOSVY ",
        "TH-MSDHS-DATIP",
        "KH-" + "A" * 40,
        "ខ្មែរ",
        1,
        None,
    ],
    "to": ["", "th-datip", "KH-MOSVY-DAHT", "TH-MSDHS-DATIP\n", 1, None],
    "seq": [0, -1, MAX_INT + 1, "7", True, None, [7]],
    "created": [
        "",
        "2027-10-04",
        "2027-10-04T09:12:04Z",
        "2027-10-04T09:12:04.123+00:00",
        "2027-10-04T09:12:04.123z",
        "2027-02-30T09:12:04.123Z",
        "2027-11-03T09:12:04.123Z",
        "2028-01-01T00:00:00.000Z",
        "២០២៧-10-04T09:12:04.123Z",
        1,
        None,
    ],
    "expires": [
        "",
        "2027-10-04T09:12:04.123Z",
        "2027-10-04T09:12:04.122Z",
        "2026-01-01T00:00:00.000Z",
        "2027-11-03T24:00:00.000Z",
        1,
        None,
    ],
    "suite": [0, 3, -1, 99, "2", True, None, "HPKE-9-KE"],
    "body": [None, "", 1, [], [sha256(BODY), 11]],
    "pc": ["", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "A" * 42 + "+", 1, None],
}
WRONG = [(name, value) for name, values in WRONG_VALUES.items() for value in values]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}-{value!r}" for name, value in WRONG])
def test_a_wrong_value_is_refused_although_its_signature_is_good(name: str, value: object) -> None:
    assert refusal(lambda: read_envelope(signed(PAYLOAD | {name: value}))) == "envelope_invalid"


@pytest.mark.parametrize(
    "body",
    [{"sha256": sha256(BODY), "size": size} for size in (0, -1, MAX_LINE_BYTES + 1, "11", True, None)]
    + [{"sha256": digest, "size": 11} for digest in ("", "A" * 42, "A" * 42 + "B", "a" * 64, 1, None)],
    ids=repr,
)
def test_a_wrong_body_is_refused_although_its_signature_is_good(body: dict[str, Any]) -> None:
    assert refusal(lambda: read_envelope(signed(PAYLOAD | {"body": body}))) == "envelope_invalid"


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("empty", b""),
        ("no JSON", b"{"),
        ("an array", b"[]"),
        ("a member twice", json.dumps(PAYLOAD).encode()[:-1] + b',"seq":8}'),
        ("a member twice, escaped", json.dumps(PAYLOAD).encode()[:-1] + b',"s\\u0065q":8}'),
        ("a fraction", json.dumps(PAYLOAD | {"seq": 7.0}).encode()),
        ("a byte order mark", b"\xef\xbb\xbf" + json.dumps(PAYLOAD).encode()),
        ("bytes after the value", json.dumps(PAYLOAD).encode() + b"x"),
        ("deep nesting", json.dumps(PAYLOAD | {"body": [[[[[]]]]]}).encode()),
    ],
)
def test_another_form_of_payload_is_refused(name: str, raw: bytes) -> None:
    assert refusal(lambda: read_envelope(signed(raw))) == "envelope_invalid"


def test_a_signed_object_of_another_type_is_no_envelope() -> None:
    raw = sign_compact(json.dumps(PAYLOAD).encode(), typ="exchange-card+jws", key=KEY)

    assert refusal(lambda: read_envelope(raw)) == "envelope_invalid"


@pytest.mark.parametrize("raw", [b"", b"..", b"a.b.c", b"\xff" * 90, b"x" * (MAX_ENVELOPE_BYTES + 1)])
def test_bytes_that_are_no_jws_are_no_envelope(raw: bytes) -> None:
    assert refusal(lambda: read_envelope(raw)) == "envelope_invalid"


def test_a_refusal_does_not_quote_what_stands_in_clear_text() -> None:
    with pytest.raises(RefusedError) as caught:
        read_envelope(signed(PAYLOAD | {"Sok Dara": "Phnom Penh"}))

    assert "Sok" not in str(caught.value)
    assert "Phnom" not in str(caught.value)


def test_another_key_does_not_verify() -> None:
    claimed = read_envelope(sign_envelope(ENVELOPE, KEY))
    other = test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "other")

    assert refusal(lambda: verify_envelope(claimed, other.public)) == "signature_invalid"


@pytest.mark.parametrize("use", [KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR, KeyUse.RECOVERY])
def test_a_key_of_another_use_neither_signs_nor_verifies(use: KeyUse) -> None:
    same_seed = test_key(use, Algorithm.ED25519, "envelope")
    claimed = read_envelope(sign_envelope(ENVELOPE, KEY))

    with pytest.raises(KeyRefusedError):
        sign_envelope(ENVELOPE, same_seed)
    assert refusal(lambda: verify_envelope(claimed, same_seed.public)) == "signature_invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0},
        {"seq": MAX_INT + 1},
        {"agr": 0},
        {"body_size": 0},
        {"expires_at": NOW},
        {"expires_at": NOW - timedelta(milliseconds=1)},
        {"recipient": ENVELOPE.sender},
    ],
    ids=repr,
)
def test_an_impossible_envelope_cannot_be_made(change: dict[str, Any]) -> None:
    assert refusal(lambda: replace(ENVELOPE, **change)) == "envelope_invalid"


def test_the_largest_and_smallest_numbers_are_possible() -> None:
    for envelope in (
        replace(ENVELOPE, seq=1, agr=1, body_size=1),
        replace(ENVELOPE, seq=MAX_INT, agr=MAX_INT),
    ):
        assert verify_envelope(read_envelope(sign_envelope(envelope, KEY)), KEY.public) == envelope


def test_the_body_that_the_envelope_names_is_taken() -> None:
    check_body(ENVELOPE, BODY)


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"x", b"sealed.bodx", b"\xff" * len(BODY)])
def test_another_body_is_refused(body: bytes) -> None:
    assert refusal(lambda: check_body(ENVELOPE, body)) == "envelope_invalid"


def test_a_body_of_the_right_digest_and_another_size_is_refused() -> None:
    assert refusal(lambda: check_body(replace(ENVELOPE, body_size=12), BODY)) == "envelope_invalid"


def test_a_line_gives_its_two_halves_back() -> None:
    assert split_line(join_line(b"envelope", b"body")) == (b"envelope", b"body")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"~",
        b"envelope",
        b"envelope~",
        b"~body",
        b"a~b~c",
        b"a~~b",
        b"a~b~",
        b"a~b\n",
        b"a\n~b",
        b"\na~b",
        b"a~\xff",
        "a~ក".encode(),
        b"\xef\xbb\xbfa~b",
    ],
)
def test_another_form_of_line_is_refused(raw: bytes) -> None:
    assert refusal(lambda: split_line(raw)) == "envelope_invalid"


def test_a_line_beyond_the_limit_is_too_large() -> None:
    assert refusal(lambda: split_line(b"a~" + b"b" * (MAX_LINE_BYTES - 1))) == "too_large"
    assert refusal(lambda: join_line(b"a", b"b" * (MAX_LINE_BYTES - 1))) == "too_large"
    assert len(join_line(b"a", b"b" * (MAX_LINE_BYTES - 2))) == MAX_LINE_BYTES


def test_an_agreement_may_lower_the_limit() -> None:
    assert split_line(b"a~bc", max_bytes=4) == (b"a", b"bc")
    assert refusal(lambda: split_line(b"a~bcd", max_bytes=4)) == "too_large"


def test_no_flipped_bit_of_a_line_is_taken() -> None:
    """Every bit of the envelope and of the body, one at a time."""
    line = join_line(sign_envelope(ENVELOPE, KEY), BODY)

    for bit in range(8 * len(line)):
        changed = bytearray(line)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RefusedError):
            take(bytes(changed))


def take(line: bytes) -> Envelope:
    raw, body = split_line(line)
    envelope = verify_envelope(read_envelope(raw), KEY.public)
    check_body(envelope, body)
    return envelope


def test_a_body_cannot_be_moved_under_another_envelope() -> None:
    other = replace(ENVELOPE, seq=8, body_sha256=Digest(sha256(b"other body")), body_size=10)

    assert refusal(lambda: take(join_line(sign_envelope(other, KEY), BODY))) == "envelope_invalid"
