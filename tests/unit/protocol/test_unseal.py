# SPDX-License-Identifier: Apache-2.0
"""The front door of a sealed body: one answer for everything that is wrong (threat model, rule 12)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from exchange.errors import RejectedError
from exchange.ids import AgencyCode, KeyId, MessageId
from exchange.protocol import unseal as front_door
from exchange.protocol.jws import decode_segment, encode_segment
from exchange.protocol.seal import seal
from exchange.protocol.suites import (
    MAX_PLAINTEXT_BYTES,
    Algorithm,
    KeyUse,
    PrivateKey,
    Suite,
    algorithm_of,
    wrap_key,
)
from exchange.protocol.unseal import unseal
from tests.support.keys import test_key

SENDER, RECIPIENT = AgencyCode("KH-MOSVY"), AgencyCode("TH-DATIP")
ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60")
BOTH = pytest.mark.parametrize("suite", list(Suite))
INFO = b"JOSE-HPKE rcpt\xffA256GCM\xffKH-MOSVY|TH-DATIP|" + ID.encode()


def opener(suite: Suite, label: str = "opener") -> PrivateKey:
    return test_key(KeyUse.SEAL, algorithm_of(KeyUse.SEAL, suite), label)


def sealed(suite: Suite, plaintext: bytes = b"plaintext") -> bytes:
    key = opener(suite).public
    return seal(plaintext, suite=suite, key=key, sender=SENDER, recipient=RECIPIENT, message_id=ID)


def opened(
    body: bytes,
    suite: Suite,
    *,
    keys: Mapping[KeyId, PrivateKey] | None = None,
    sender: str = SENDER,
    recipient: str = RECIPIENT,
    message_id: str = ID,
) -> bytes:
    held = {opener(suite).kid: opener(suite)} if keys is None else keys
    return unseal(
        body,
        suite=suite,
        keys=held,
        sender=AgencyCode(sender),
        recipient=AgencyCode(recipient),
        message_id=MessageId(message_id),
    )


def assert_refused(action: Callable[[], object]) -> None:
    with pytest.raises(RejectedError) as caught:
        action()
    assert caught.value.reason == str(caught.value) == "decryption_failed"
    assert caught.value.pointer == ""
    assert caught.value.hint is None
    assert caught.value.__cause__ is None


def header_of(body: bytes) -> dict[str, Any]:
    header = json.loads(decode_segment(body.split(b".")[0]))
    assert isinstance(header, dict)
    return header


def with_header(body: bytes, header: dict[str, Any] | bytes) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return b".".join([encode_segment(raw), *body.split(b".")[1:]])


def with_segment(body: bytes, place: int, segment: bytes) -> bytes:
    segments = body.split(b".")
    segments[place] = segment
    return b".".join(segments)


def hybrid(header: dict[str, Any], *, info: bytes = INFO, bits: int = 256) -> bytes:
    """Seal by hand with any header, authenticated, so that only the front door can refuse it."""
    content_key = bytes(bits // 8)
    secret, wrapped = wrap_key(content_key, key=opener(Suite.HYBRID).public, info=info)
    merged = {
        "alg": "HPKE-9-KE",
        "enc": "A256GCM",
        "kid": opener(Suite.HYBRID).kid,
        "ek": encode_segment(secret).decode(),
    } | header
    protected = encode_segment(json.dumps({k: v for k, v in merged.items() if v != "absent"}).encode())
    content = AESGCM(content_key).encrypt(bytes(12), b"plaintext", protected)
    return b".".join([protected, *map(encode_segment, (wrapped, bytes(12), content[:-16], content[-16:]))])


@BOTH
@pytest.mark.parametrize("length", [0, 1, 1_024, 100_000])
def test_a_body_opens_for_its_recipient(suite: Suite, length: int) -> None:
    assert opened(sealed(suite, b"x" * length), suite) == b"x" * length


@BOTH
def test_the_largest_plaintext_opens(suite: Suite) -> None:
    """The libraries' own limits are far smaller."""
    assert len(opened(sealed(suite, bytes(MAX_PLAINTEXT_BYTES)), suite)) == MAX_PLAINTEXT_BYTES


def test_a_body_made_by_hand_opens() -> None:
    assert opened(hybrid({}), Suite.HYBRID) == b"plaintext"


@BOTH
@pytest.mark.parametrize(
    "change",
    [
        {"sender": "KH-NCCT"},
        {"recipient": "TH-AHTD"},
        {"sender": RECIPIENT, "recipient": SENDER},
        {"sender": "KH-MOSVY|TH"},
        {"sender": "ខ្មែរ"},
        {"keys": {}},
        {"keys": {KeyId("0" * 16): opener(Suite.HYBRID)}},
    ],
    ids=str,
)
def test_a_body_does_not_open_for_another_pair_or_without_its_key(
    suite: Suite, change: dict[str, Any]
) -> None:
    assert_refused(lambda: opened(sealed(suite), suite, **change))


def test_suite_2_does_not_open_under_another_message_id() -> None:
    body = sealed(Suite.HYBRID)

    assert_refused(lambda: opened(body, Suite.HYBRID, message_id=ID[:-1] + "1"))


@BOTH
def test_another_key_under_the_same_id_does_not_open(suite: Suite) -> None:
    keys = {opener(suite).kid: opener(suite, "other")}

    assert_refused(lambda: opened(sealed(suite), suite, keys=keys))


@BOTH
def test_a_key_of_another_use_under_the_same_id_does_not_open(suite: Suite) -> None:
    keys = {opener(suite).kid: test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "opener")}

    assert_refused(lambda: opened(sealed(suite), suite, keys=keys))


@BOTH
def test_the_suite_of_the_agreement_rules_and_not_that_of_the_message(suite: Suite) -> None:
    other = Suite.HYBRID if suite is Suite.CLASSICAL else Suite.CLASSICAL
    keys = {opener(one).kid: opener(one) for one in Suite}

    assert opened(sealed(suite), suite, keys=keys) == b"plaintext"
    assert_refused(lambda: opened(sealed(suite), other, keys=keys))


ADDED = [
    ("zip", "DEF"),
    ("crit", ["exp"]),
    ("jku", "https://x"),
    ("x5u", "https://x"),
    ("x5c", []),
    ("jwk", {}),
    ("b64", True),
    ("typ", "JWE"),
    ("cty", "json"),
    ("psk_id", ""),
    ("p2c", 1),
    ("skid", "a"),
    ("iv", "AAAA"),
    ("tag", "AAAA"),
]


@BOTH
@pytest.mark.parametrize(("name", "value"), ADDED)
def test_an_added_header_member_is_refused(suite: Suite, name: str, value: object) -> None:
    body = sealed(suite)

    assert_refused(lambda: opened(with_header(body, header_of(body) | {name: value}), suite))


@pytest.mark.parametrize(("name", "value"), ADDED)
def test_an_added_header_member_is_refused_although_it_is_authenticated(name: str, value: object) -> None:
    assert_refused(lambda: opened(hybrid({name: value}), Suite.HYBRID))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HPKE-9"},
        {"alg": "HPKE-8-KE"},
        {"alg": "hpke-9-ke"},
        {"alg": "dir"},
        {"alg": "none"},
        {"alg": None},
        {"alg": "ECDH-ES+A256KW"},
        {"alg": ["HPKE-9-KE"]},
        {"alg": "absent"},
        {"enc": "A128GCM"},
        {"enc": "A256CBC-HS512"},
        {"enc": "a256gcm"},
        {"enc": None},
        {"enc": "absent"},
        {"kid": "absent"},
        {"kid": None},
        {"kid": 1},
        {"kid": []},
        {"kid": ""},
        {"kid": opener(Suite.HYBRID).kid + " "},
        {"ek": "absent"},
        {"ek": ""},
        {"ek": None},
        {"ek": 1},
        {"ek": "A" * 1493},
        {"ek": "A" * 1495},
        {"ek": "A" * 1494},
        {"ek": "="},
        {"ek": "ក"},
        {"ek": ["A"]},
    ],
    ids=str,
)
def test_another_value_in_the_header_of_suite_2_is_refused_although_it_is_authenticated(
    header: dict[str, Any],
) -> None:
    assert_refused(lambda: opened(hybrid(header), Suite.HYBRID))


def test_a_secret_with_unread_bits_is_refused_although_it_is_authenticated() -> None:
    """1,120 bytes leave two bits of the last character of `ek`; the other four must be zero."""
    secret, wrapped = wrap_key(bytes(32), key=opener(Suite.HYBRID).public, info=INFO)
    text = encode_segment(secret).decode()
    twin = text[:-1] + chr(ord(text[-1]) + 1)
    header = {"alg": "HPKE-9-KE", "enc": "A256GCM", "kid": opener(Suite.HYBRID).kid}
    bodies = []
    for ek in (text, twin):
        protected = encode_segment(json.dumps(header | {"ek": ek}).encode())
        content = AESGCM(bytes(32)).encrypt(bytes(12), b"plaintext", protected)
        bodies.append(
            b".".join([protected, *map(encode_segment, (wrapped, bytes(12), content[:-16], content[-16:]))])
        )

    assert opened(bodies[0], Suite.HYBRID) == b"plaintext"
    assert_refused(lambda: opened(bodies[1], Suite.HYBRID))


def test_the_info_of_the_draft_alone_is_refused() -> None:
    assert_refused(lambda: opened(hybrid({}, info=b"JOSE-HPKE rcpt\xffA256GCM\xff"), Suite.HYBRID))


@pytest.mark.parametrize("bits", [128, 192])
def test_a_shorter_content_key_is_refused_although_it_opens(bits: int) -> None:
    assert_refused(lambda: opened(hybrid({}, bits=bits), Suite.HYBRID))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ECDH-ES"},
        {"alg": "ECDH-ES+A128KW"},
        {"alg": "HPKE-9-KE"},
        {"alg": None},
        {"enc": "A128GCM"},
        {"enc": None},
        {"kid": "0" * 16},
        {"kid": None},
        {"apu": ""},
        {"apu": "VEgtREFUSVA"},
        {"apu": None},
        {"apv": "S0gtTU9TVlk"},
        {"apv": 1},
        {"epk": None},
        {"epk": {}},
        {"epk": []},
        {"epk": {"kty": "OKP", "crv": "X25519"}},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": "A" * 43}},
        {"epk": {"kty": "OKP", "crv": "X448", "x": "A" * 43}},
        {"epk": {"kty": "EC", "crv": "X25519", "x": "A" * 43}},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": "A" * 42}},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": 1}},
        {"epk": {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "d": "A"}},
    ],
    ids=str,
)
def test_another_value_in_the_header_of_suite_1_is_refused(header: dict[str, Any]) -> None:
    body = sealed(Suite.CLASSICAL)

    assert_refused(lambda: opened(with_header(body, header_of(body) | header), Suite.CLASSICAL))


@BOTH
@pytest.mark.parametrize("name", ["alg", "enc", "kid", "ek", "epk", "apu", "apv"])
def test_a_missing_header_member_is_refused(suite: Suite, name: str) -> None:
    body = sealed(suite)
    header = header_of(body)
    if name not in header:
        header[name] = "x"
    else:
        del header[name]

    assert_refused(lambda: opened(with_header(body, header), suite))


@BOTH
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"a"',
        b"\xff",
        b'{"alg":"HPKE-9-KE","alg":"HPKE-9-KE"}',
        b"[" * 2_000,
        b"{}" + b" " * 3_000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_a_header_that_is_no_strict_object_is_refused(suite: Suite, raw: bytes) -> None:
    assert_refused(lambda: opened(with_header(sealed(suite), raw), suite))


@BOTH
def test_a_header_with_a_name_twice_is_refused(suite: Suite) -> None:
    body = sealed(suite)
    raw = decode_segment(body.split(b".")[0])

    for more in (b',"enc":"A256GCM"}', b',"\\u0065nc":"A256GCM"}'):
        assert_refused(lambda more=more: opened(with_header(body, raw[:-1] + more), suite))


@BOTH
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("emptied", lambda segment: b""),
        ("cut", lambda segment: segment[:-1]),
        ("cut by four", lambda segment: segment[:-4]),
        ("longer", lambda segment: segment + b"AAAA"),
        ("padded", lambda segment: segment + b"="),
        ("with a space", lambda segment: b" " + segment),
        ("with a line feed", lambda segment: segment + b"\n"),
        ("not ASCII", lambda segment: b"\xff" + segment[1:]),
        ("standard alphabet", lambda segment: b"+" + segment[1:]),
        ("doubled", lambda segment: segment * 2),
        ("split", lambda segment: segment[:4] + b"." + segment[4:]),
    ],
)
def test_another_segment_is_refused(
    suite: Suite, place: int, name: str, change: Callable[[bytes], bytes]
) -> None:
    body = sealed(suite, b"plaintext of some length")

    assert_refused(lambda: opened(with_segment(body, place, change(body.split(b".")[place])), suite))


@BOTH
@pytest.mark.parametrize("length", [0, 8, 11, 13, 16])
def test_an_iv_of_another_length_is_refused(suite: Suite, length: int) -> None:
    assert_refused(lambda: opened(with_segment(sealed(suite), 2, encode_segment(bytes(length))), suite))


@BOTH
@pytest.mark.parametrize("length", [0, 4, 12, 15, 17, 32])
def test_a_tag_of_another_length_is_refused(suite: Suite, length: int) -> None:
    body = sealed(suite)
    tag = decode_segment(body.split(b".")[4]).ljust(length, b"\x00")[:length]

    assert_refused(lambda: opened(with_segment(body, 4, encode_segment(tag)), suite))


@BOTH
def test_a_tag_that_borrows_from_the_ciphertext_is_refused(suite: Suite) -> None:
    """Moving the border between ciphertext and tag keeps their joined bytes."""
    body = sealed(suite)
    ciphertext, tag = map(decode_segment, body.split(b".")[3:])
    moved = with_segment(body, 3, encode_segment(ciphertext[:-1]))

    assert_refused(lambda: opened(with_segment(moved, 4, encode_segment(ciphertext[-1:] + tag)), suite))


@BOTH
@pytest.mark.parametrize(
    "body", [b"", b".", b"....", b"a.b.c.d", b"a.b.c.d.e", b"a.b.c.d.e.f", b"~", b"{}", b"\xff" * 50]
)
def test_bytes_that_are_no_body_are_refused(suite: Suite, body: bytes) -> None:
    assert_refused(lambda: opened(body, suite))


@BOTH
def test_a_body_beyond_the_limit_is_refused_unread(suite: Suite) -> None:
    assert_refused(lambda: opened(sealed(suite) + b"A" * front_door.MAX_BODY_BYTES, suite))


@BOTH
def test_segments_of_two_bodies_do_not_mix(suite: Suite) -> None:
    one, other = sealed(suite), sealed(suite)

    for place in range(5):
        mixed = with_segment(one, place, other.split(b".")[place])
        assert_refused(lambda mixed=mixed: opened(mixed, suite))


@BOTH
def test_no_flipped_byte_of_a_body_opens(suite: Suite) -> None:
    """Every byte of the body, one bit each; the lower bits stay within the alphabet most often."""
    body = sealed(suite)

    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 1 << place % 3
        assert_refused(lambda changed=changed: opened(bytes(changed), suite))
