# SPDX-License-Identifier: Apache-2.0
"""The form of a parcel: its header is whole, signed and for one direction, its records have one reading."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import ParcelInvalidError, SignatureInvalidError
from exchange.ids import Digest, LinkId, b64url
from exchange.protocol.jws import sign_compact
from exchange.protocol.parcels import (
    HEADER_BYTES,
    MAX_RECORD_BYTES,
    PARCEL_TYP,
    Manifest,
    ParcelHeader,
    RecordReader,
    Way,
    addressed,
    check_digest,
    check_length,
    decode_back,
    decode_report,
    encode_back,
    encode_report,
    end_of_records,
    open_manifest,
    read_header,
    record,
    seal_header,
    sealed_bytes,
    stream_opener,
    stream_sealer,
    verify_header,
)
from exchange.protocol.strictjson import encode, parse
from exchange.protocol.suites import Algorithm, KeyUse, Suite, algorithm_of
from hypothesis import given
from hypothesis import strategies as st
from tests.support.identity import KH, NOW, TH, VN
from tests.support.keys import test_key

LINK = LinkId("B" * 22)
WAY = Way(LINK, KH, VN, Suite.HYBRID)
ID = "A" * 22
KEY = bytes(range(32))
DOOR = test_key(KeyUse.DOOR, Algorithm.ED25519, "parcel door")
MANIFEST = Manifest(3, 1, 2, NOW, 10, 40, 30, 7, 1)
DIGEST = Digest(b64url(hashlib.sha256(b"stream").digest()))


def seal_key(suite: Suite = Suite.HYBRID) -> Any:
    return test_key(KeyUse.SEAL, algorithm_of(KeyUse.SEAL, suite), f"parcel seal {suite}")


def header(way: Way = WAY, **changes: Any) -> bytes:
    said: dict[str, Any] = {
        "way": way, "id": ID, "stream_bytes": 1_000, "digest": DIGEST,
        "seal_key": seal_key(way.suite).public, "sign_key": DOOR,
    }  # fmt: skip
    return seal_header(MANIFEST, KEY, **(said | changes))


def verified(block: bytes, way: Way = WAY) -> ParcelHeader:
    return verify_header(read_header(block), DOOR.public, way)


BLOCK = header()


def refused(reason: str, block: bytes, way: Way = WAY) -> None:
    with pytest.raises(ParcelInvalidError) as caught:
        verified(block, way)
    assert caught.value.reason == reason


@pytest.mark.parametrize("suite", list(Suite))
def test_a_header_opens_for_its_recipient(suite: Suite) -> None:
    way = replace(WAY, suite=suite)
    key = seal_key(suite)

    opened = verified(header(way), way)
    manifest, content_key = open_manifest(opened, way, {key.kid: key})

    assert (manifest, content_key) == (MANIFEST, KEY)
    assert (opened.stream_bytes, opened.digest, opened.id) == (1_000, DIGEST, ID)


def test_a_header_names_no_agency_and_no_link() -> None:
    """Rule D11: who finds a stick learns no names."""
    payload = read_header(BLOCK).payload

    for name in (KH, VN, LINK, "MOSVY"):
        assert name.encode() not in BLOCK
        assert name.encode() not in payload


def test_every_header_has_the_same_length_whatever_is_inside() -> None:
    other = replace(MANIFEST, number=999_999, entries=50_000, messages=10_000, size=10**9)

    assert len(BLOCK) == HEADER_BYTES
    assert len(seal_header(other, KEY, way=WAY, id=ID, stream_bytes=1_000, digest=DIGEST,
                           seal_key=seal_key().public, sign_key=DOOR)) == HEADER_BYTES  # fmt: skip
    sizes = {len(read_header(header()).payload) for _ in range(3)}
    assert len(sizes) == 1


def test_a_header_that_is_cut_anywhere_is_refused() -> None:
    for length in range(HEADER_BYTES):
        with pytest.raises(ParcelInvalidError) as caught:
            read_header(BLOCK[:length])
        assert caught.value.reason in {"parcel_cut", "not_a_parcel"}


def test_a_header_with_one_changed_byte_is_refused() -> None:
    for at in range(0, HEADER_BYTES, 41):
        changed = bytearray(BLOCK)
        changed[at] ^= 1
        with pytest.raises((ParcelInvalidError, SignatureInvalidError)):
            verified(bytes(changed))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "not_a_parcel"),
        (b"\n", "not_a_parcel"),
        (b"PK\x03\x04" * 4_000, "not_a_parcel"),
        (b"exchange-parcel \n" + bytes(9_000), "not_a_parcel"),
        (b"exchange-parcel -1\n" + bytes(9_000), "not_a_parcel"),
        (b"exchange-parcel 11111\n" + bytes(9_000), "not_a_parcel"),
        (b"exchange-parcel \xb2\n" + bytes(9_000), "not_a_parcel"),
        (b"exchange-parcel 2\n" + bytes(9_000), "parcel_version"),
        (b"exchange-parcel 0\n" + bytes(9_000), "parcel_version"),
        (b"exchange-parcel 1\n" + bytes(9_000), "parcel_changed"),
        (b"exchange-parcel 1\n" + b" " * 8_173 + b"\n", "parcel_changed"),
    ],
)
def test_another_file_is_refused_with_its_own_reason(file: bytes, reason: str) -> None:
    with pytest.raises(ParcelInvalidError) as caught:
        read_header(file[:HEADER_BYTES])
    assert caught.value.reason == reason


def test_another_signer_is_refused() -> None:
    other = test_key(KeyUse.DOOR, Algorithm.ED25519, "other door")

    with pytest.raises(SignatureInvalidError):
        verified(header(sign_key=other))


@pytest.mark.parametrize(
    "way",
    [
        replace(WAY, sender=VN, recipient=KH),
        replace(WAY, recipient=TH),
        replace(WAY, link=LinkId("C" * 22)),
    ],
)
def test_a_parcel_of_another_direction_or_link_is_refused(way: Way) -> None:
    refused("parcel_foreign", BLOCK, way)


def test_an_object_of_another_type_is_no_header() -> None:
    """Rule 9."""
    payload = read_header(BLOCK).payload
    text = b"exchange-parcel 1\n" + sign_compact(payload, typ="exchange-gate+jws", key=DOOR)

    with pytest.raises(ParcelInvalidError):
        read_header(text.ljust(HEADER_BYTES - 1) + b"\n")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"bytes": 0},
        {"bytes": 10**9},
        {"bytes": "1000"},
        {"sha256": "A"},
        {"id": "A"},
        {"extra": 1},
        {"key": ""},
        {"for": addressed(WAY, "B" * 22)},
    ],
)
def test_a_signed_header_of_another_form_is_refused(change: dict[str, Any]) -> None:
    members = parse(read_header(BLOCK).payload)
    assert isinstance(members, dict)
    text = b"exchange-parcel 1\n" + sign_compact(encode(members | change), typ=PARCEL_TYP, key=DOOR)

    with pytest.raises(ParcelInvalidError):
        verified(text.ljust(HEADER_BYTES - 1) + b"\n")


def test_a_manifest_of_another_parcel_does_not_open() -> None:
    key = seal_key()
    moved = replace(verified(BLOCK), id="B" * 22)

    with pytest.raises(ParcelInvalidError) as caught:
        open_manifest(moved, WAY, {key.kid: key})
    assert caught.value.reason == "parcel_unopened"


def test_a_manifest_does_not_open_without_the_key() -> None:
    with pytest.raises(ParcelInvalidError) as caught:
        open_manifest(verified(BLOCK), WAY, {})
    assert caught.value.reason == "parcel_unopened"


def test_a_stream_cut_at_any_byte_or_longer_is_refused() -> None:
    said = verified(BLOCK)

    check_length(said, HEADER_BYTES + 1_000)
    for length in range(HEADER_BYTES, HEADER_BYTES + 1_000):
        with pytest.raises(ParcelInvalidError) as caught:
            check_length(said, length)
        assert caught.value.reason == "parcel_cut"
    with pytest.raises(ParcelInvalidError) as caught:
        check_length(said, HEADER_BYTES + 1_001)
    assert caught.value.reason == "parcel_changed"


def test_a_stream_with_another_digest_is_refused() -> None:
    check_digest(verified(BLOCK), DIGEST)
    with pytest.raises(ParcelInvalidError) as caught:
        check_digest(verified(BLOCK), Digest("A" * 43))
    assert caught.value.reason == "parcel_changed"


# --- the stream


def test_a_stream_opens_under_its_own_way_and_id_only() -> None:
    sealer = stream_sealer(KEY, WAY, ID)
    sealed = sealer.update(b"x" * 50_000) + sealer.finish()

    opener = stream_opener(KEY, WAY, ID)
    assert (opener.update(sealed) or b"") + (opener.finish() or b"") == b"x" * 50_000
    for way, id in (
        (replace(WAY, sender=TH), ID),
        (replace(WAY, link=LinkId("C" * 22)), ID),
        (WAY, "B" * 22),
    ):
        assert stream_opener(KEY, way, id).update(sealed) is None


@pytest.mark.parametrize("left_out", [1, 16, 17, 16_400, 40_000])
def test_a_stream_without_its_end_does_not_open(left_out: int) -> None:
    sealer = stream_sealer(KEY, WAY, ID)
    sealed = sealer.update(b"x" * 50_000) + sealer.finish()

    opener = stream_opener(KEY, WAY, ID)
    first = opener.update(sealed[:-left_out])

    assert first is None or opener.finish() is None


@given(st.integers(0, 300_000))
def test_the_length_of_a_parcel_is_never_estimated_too_small(content: int) -> None:
    padded = content + end_of_records(content)
    sealer = stream_sealer(KEY, WAY, ID)
    stream = len(sealer.update(bytes(padded))) + len(sealer.finish())

    assert stream + HEADER_BYTES <= sealed_bytes(content)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.integers(1, 97))
def test_records_come_out_as_they_went_in(records: list[bytes], step: int) -> None:
    content = b"".join(map(record, records))
    stream = content + bytes(end_of_records(len(content)))
    reader, found = RecordReader(), []

    for at in range(0, len(stream), step):
        found += reader.feed(stream[at : at + step])
    reader.finish()

    assert found == records


def test_a_stream_that_ends_inside_a_record_is_refused() -> None:
    stream = record(b"one") + record(b"two") + bytes(4)

    for length in range(len(stream)):
        reader = RecordReader()
        reader.feed(stream[:length])
        with pytest.raises(ParcelInvalidError):
            reader.finish()


@pytest.mark.parametrize(
    "stream",
    [
        (MAX_RECORD_BYTES + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        bytes(4) + b"x",
        bytes(400) + record(b"hidden"),
    ],
)
def test_a_record_that_is_too_long_or_stands_behind_the_end_is_refused(stream: bytes) -> None:
    with pytest.raises(ParcelInvalidError):
        RecordReader().feed(stream)


def test_a_hidden_record_that_comes_later_is_refused() -> None:
    reader = RecordReader()
    reader.feed(bytes(50))
    with pytest.raises(ParcelInvalidError):
        reader.feed(b"\x00\x01")


def test_a_report_comes_back() -> None:
    assert decode_report(encode_report({"state": "open"}, back=3)) == ({"state": "open"}, 3)


def test_a_page_that_comes_back_is_read_as_it_was_written() -> None:
    page = {"from": 3, "leaves": ["{}"], "note": "note"}

    assert decode_back(encode_back("leaves", KH, page)) == ("leaves", KH, page)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"v":1,"op":"leaves","of":"KH","gives":[]}',
        b'{"v":1,"op":"leaves","of":"kh-mosvy","gives":{}}',
        b'{"v":2,"op":"leaves","of":"KH-MOSVY-DAHT","gives":{}}',
        b'{"v":1,"op":"leaves","of":"KH-MOSVY-DAHT","gives":{},"x":1}',
    ],
)
def test_a_page_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(ParcelInvalidError):
        decode_back(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"v":1,"report":{}}',
        b'{"v":1,"back":0,"report":[]}',
        b'{"v":2,"back":0,"report":{}}',
        b'{"v":1,"back":-1,"report":{}}',
        b'{"v":1,"back":9999999,"report":{}}',
        b'{"v":1,"back":0,"report":{},"x":1}',
        b'{"v":1,"back":0,"report":{"a":1,"a":2}}',
        b'{"v":1,"back":0,"report":{"a":NaN}}',
    ],
)
def test_a_report_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(ParcelInvalidError):
        decode_report(raw)
