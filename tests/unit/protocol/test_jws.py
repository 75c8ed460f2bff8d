# SPDX-License-Identifier: Apache-2.0
"""The one form of a signed object: every other spelling, header and type is refused."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import SignatureInvalidError, StrictJsonError
from exchange.protocol.jws import (
    decode_segment,
    encode_segment,
    read_compact,
    read_detached,
    sign_compact,
    sign_detached,
    verify_detached,
    verify_jws,
)
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, sign
from hypothesis import given
from hypothesis import strategies as st
from tests.support.keys import test_key

TYP = "exchange-card+jws"
KEY = test_key(KeyUse.RECOVERY, Algorithm.ED25519, "card")
PAYLOAD = b'{"v":1,"note":"payload"}'
HEADER: dict[str, Any] = {"alg": "Ed25519", "kid": KEY.kid, "typ": TYP}


def compact(header: bytes | dict[str, Any], payload: bytes = PAYLOAD, key: PrivateKey = KEY) -> bytes:
    """Build a JWS with any header; its signature is good."""
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    signing_input = encode_segment(raw) + b"." + encode_segment(payload)
    return signing_input + b"." + encode_segment(sign(key, signing_input))


def read_and_verify(raw: bytes) -> bytes:
    return verify_jws(read_compact(raw, typ=TYP, max_bytes=4096), KEY.public)


def test_a_signed_payload_is_read_and_verified() -> None:
    raw = sign_compact(PAYLOAD, typ=TYP, key=KEY)

    jws = read_compact(raw, typ=TYP, max_bytes=4096)

    assert verify_jws(jws, KEY.public) == PAYLOAD
    assert (jws.kid, jws.payload, jws.raw) == (KEY.kid, PAYLOAD, raw)
    assert raw == jws.signing_input + b"." + encode_segment(jws.signature)


def test_the_header_has_exactly_three_members_in_order() -> None:
    raw = sign_compact(PAYLOAD, typ=TYP, key=KEY)

    assert list(json.loads(decode_segment(raw.split(b".")[0])).items()) == list(HEADER.items())


def test_the_members_of_a_header_may_stand_in_another_order() -> None:
    assert read_and_verify(compact(dict(reversed(HEADER.items())))) == PAYLOAD


@pytest.mark.parametrize(
    ("name", "header"),
    [
        *[(f"{name} added", HEADER | {name: value}) for name, value in (
            ("crit", ["b64"]), ("b64", False), ("zip", "DEF"), ("jku", "https://x"), ("x5u", "https://x"),
            ("x5c", []), ("jwk", {}), ("cty", "json"), ("iat", 1), ("x", None),
        )],
        *[(f"{name} missing", {k: v for k, v in HEADER.items() if k != name}) for name in HEADER],
        *[(f"alg {alg}", HEADER | {"alg": alg}) for alg in (
            "EdDSA", "ed25519", "none", "None", "HS256", "ES256", "Ed448", "", None, 1, ["Ed25519"],
        )],
        *[(f"typ {typ}", HEADER | {"typ": typ}) for typ in (
            "exchange-envelope+jws", "JWT", "EXCHANGE-CARD+JWS", "application/exchange-card+jws", "", None, 1,
        )],
        *[(f"kid {kid!r}", HEADER | {"kid": kid}) for kid in (
            "", KEY.kid.upper() if KEY.kid.upper() != KEY.kid else "A" * 16, KEY.kid[:-1], KEY.kid + "0",
            KEY.kid + "\n", "../../etc/passwd", None, 7, [KEY.kid],
        )],
        ("an array", b"[]"),
        ("a string", b'"a"'),
        ("empty", b""),
        ("not JSON", b"{"),
        ("a name twice", b'{"alg":"none",' + json.dumps(HEADER).encode()[1:]),
        ("a name twice, escaped", json.dumps(HEADER).encode()[:-1] + b',"\\u0061lg":"Ed25519"}'),
        ("too long", json.dumps(HEADER).encode() + b" " * 200),
    ],
)  # fmt: skip
def test_another_header_is_refused_although_its_signature_is_good(
    name: str, header: bytes | dict[str, Any]
) -> None:
    with pytest.raises(StrictJsonError) as caught:
        read_compact(compact(header), typ=TYP, max_bytes=4096)

    assert caught.value.reason == "json"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("nothing", lambda raw: b""),
        ("one segment", lambda raw: raw.split(b".")[0]),
        ("two segments", lambda raw: raw.rpartition(b".")[0]),
        ("four segments", lambda raw: raw + b"."),
        ("five segments", lambda raw: raw + b".."),
        ("no header", lambda raw: raw[raw.index(b".") :]),
        ("no signature", lambda raw: raw.rpartition(b".")[0] + b"."),
        ("padding", lambda raw: raw + b"=="),
        ("padding of the header", lambda raw: raw.replace(b".", b"=.", 1)),
        ("a line feed at the end", lambda raw: raw + b"\n"),
        ("a line feed before", lambda raw: b"\n" + raw),
        ("a space inside", lambda raw: raw.replace(b".", b" .", 1)),
        ("a letter outside ASCII", lambda raw: raw[:-1] + b"\xc3"),
        ("standard alphabet", lambda raw: raw[:-4] + b"+/aa"),
        ("one character more", lambda raw: raw + b"A"),
        ("one character less", lambda raw: raw[:-1]),
        ("signature of 63 bytes", lambda raw: raw.rpartition(b".")[0] + b"." + encode_segment(bytes(63))),
        ("signature of 65 bytes", lambda raw: raw.rpartition(b".")[0] + b"." + encode_segment(bytes(65))),
        ("NUL", lambda raw: raw + b"\x00"),
        ("JSON form", lambda raw: b'{"payload":""}'),
    ],
)  # fmt: skip
def test_another_form_is_refused(name: str, change: Any) -> None:
    with pytest.raises(StrictJsonError):
        read_compact(change(sign_compact(PAYLOAD, typ=TYP, key=KEY)), typ=TYP, max_bytes=4096)


def test_bits_that_nobody_reads_are_refused() -> None:
    """The last character of a 64-byte signature carries two bits; the other four must be zero."""
    raw = sign_compact(PAYLOAD, typ=TYP, key=KEY)
    same_bytes = [
        raw[:-1] + bytes([last])
        for last in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if last != raw[-1] and base64.urlsafe_b64decode(raw[-86:-1] + bytes([last]) + b"==")
        == base64.urlsafe_b64decode(raw[-86:] + b"==")
    ]  # fmt: skip

    assert len(same_bytes) == 15
    for twin in same_bytes:
        with pytest.raises(StrictJsonError, match="canonical"):
            read_compact(twin, typ=TYP, max_bytes=4096)


def test_the_limit_is_that_of_the_caller() -> None:
    raw = sign_compact(PAYLOAD, typ=TYP, key=KEY)

    read_compact(raw, typ=TYP, max_bytes=len(raw))
    with pytest.raises(StrictJsonError, match="at most"):
        read_compact(raw, typ=TYP, max_bytes=len(raw) - 1)


def test_an_object_of_one_type_is_refused_in_the_place_of_another() -> None:
    raw = sign_compact(PAYLOAD, typ="exchange-gate+jws", key=KEY)

    for _ in range(2):
        read_compact(raw, typ="exchange-gate+jws", max_bytes=4096)
        with pytest.raises(StrictJsonError, match="type"):
            read_compact(raw, typ=TYP, max_bytes=4096)


def test_another_key_does_not_verify() -> None:
    jws = read_compact(sign_compact(PAYLOAD, typ=TYP, key=KEY), typ=TYP, max_bytes=4096)
    other = test_key(KeyUse.RECOVERY, Algorithm.ED25519, "other")

    with pytest.raises(SignatureInvalidError):
        verify_jws(jws, other.public)


def test_a_jws_that_names_our_key_but_was_signed_by_another_does_not_verify() -> None:
    raw = compact(HEADER, key=test_key(KeyUse.RECOVERY, Algorithm.ED25519, "other"))

    with pytest.raises(SignatureInvalidError):
        read_and_verify(raw)


def test_a_jws_that_names_another_key_but_was_signed_by_ours_does_not_verify() -> None:
    with pytest.raises(SignatureInvalidError):
        read_and_verify(compact(HEADER | {"kid": "0" * 16}))


def test_the_payload_of_one_jws_does_not_verify_with_the_signature_of_another() -> None:
    one = read_compact(sign_compact(b"{}", typ=TYP, key=KEY), typ=TYP, max_bytes=4096)
    other = read_compact(sign_compact(PAYLOAD, typ=TYP, key=KEY), typ=TYP, max_bytes=4096)

    with pytest.raises(SignatureInvalidError):
        verify_jws(replace(one, signature=other.signature), KEY.public)


def test_no_flipped_bit_of_a_jws_verifies() -> None:
    raw = sign_compact(PAYLOAD, typ=TYP, key=KEY)

    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((StrictJsonError, SignatureInvalidError)):
            read_and_verify(bytes(changed))


def test_a_detached_jws_verifies_beside_its_payload() -> None:
    text = sign_detached(PAYLOAD, typ=TYP, key=KEY)

    verify_detached(PAYLOAD, text, typ=TYP, key=KEY.public)

    assert text.split(".")[1] == ""
    assert read_detached(PAYLOAD, text, typ=TYP).kid == KEY.kid


def test_a_detached_jws_has_the_signature_of_the_compact_one() -> None:
    header, _, signature = sign_detached(PAYLOAD, typ=TYP, key=KEY).split(".")

    assert sign_compact(PAYLOAD, typ=TYP, key=KEY).decode().split(".")[::2] == [header, signature]


@pytest.mark.parametrize("payload", [b"", PAYLOAD + b"\n", PAYLOAD[:-1], b"{}"])
def test_a_detached_jws_does_not_verify_beside_other_bytes(payload: bytes) -> None:
    with pytest.raises(SignatureInvalidError):
        verify_detached(payload, sign_detached(PAYLOAD, typ=TYP, key=KEY), typ=TYP, key=KEY.public)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("with its payload", lambda text: sign_compact(PAYLOAD, typ=TYP, key=KEY).decode()),
        ("empty", lambda text: ""),
        ("two segments", lambda text: text.replace("..", ".")),
        ("a letter outside ASCII", lambda text: text + "ក"),
        ("a line feed", lambda text: text + "\n"),
        ("padding", lambda text: text + "=="),
        ("another type", lambda text: sign_detached(PAYLOAD, typ="exchange-gate+jws", key=KEY)),
        ("a long text", lambda text: text * 1000),
    ],
)
def test_another_form_of_a_detached_jws_is_refused(name: str, change: Any) -> None:
    text = change(sign_detached(PAYLOAD, typ=TYP, key=KEY))

    with pytest.raises(StrictJsonError):
        verify_detached(PAYLOAD, text, typ=TYP, key=KEY.public)


def test_no_flipped_character_of_a_detached_jws_verifies() -> None:
    text = sign_detached(PAYLOAD, typ=TYP, key=KEY)

    for place in range(len(text)):
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        with pytest.raises((StrictJsonError, SignatureInvalidError)):
            verify_detached(PAYLOAD, changed, typ=TYP, key=KEY.public)


@given(st.binary(max_size=200))
def test_a_segment_gives_its_bytes_back(raw: bytes) -> None:
    assert decode_segment(encode_segment(raw)) == raw
    assert encode_segment(raw) == base64.urlsafe_b64encode(raw).rstrip(b"=")


@given(st.text("ABab01-_+/=. \n", max_size=12).map(str.encode) | st.binary(max_size=12))
def test_a_segment_that_is_taken_has_one_spelling(segment: bytes) -> None:
    try:
        raw = decode_segment(segment)
    except StrictJsonError:
        return

    assert encode_segment(raw) == segment
