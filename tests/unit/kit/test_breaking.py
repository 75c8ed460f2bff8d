# SPDX-License-Identifier: Apache-2.0
"""Each way of breaking a thing changes that thing, and nothing else."""

import pytest
from exchange.errors import SignatureInvalidError, StrictJsonError
from exchange.ids import AgencyCode
from exchange.kit.agency import kit_key
from exchange.kit.breaking import (
    decoded,
    in_document,
    json_with,
    json_without,
    one_bit,
    other_spelling,
    out_of_document,
    part_with,
    replaced,
    segment,
    signed,
)
from exchange.protocol.jws import decode_segment, encode_segment, read_compact, verify_jws
from exchange.protocol.suites import KeyUse

KEY = kit_key(AgencyCode("KH-MOSVY-DAHT"), KeyUse.ENVELOPE)
TYP = "exchange-envelope+jws"
HEADER = f'{{"alg":"Ed25519","kid":"{KEY.kid}","typ":"{TYP}"}}'.encode()


def test_what_is_signed_of_any_header_and_payload_verifies() -> None:
    raw = read_compact(signed(b"any bytes", header=HEADER, key=KEY), typ=TYP, max_bytes=1_000)

    assert verify_jws(raw, KEY.public) == b"any bytes"


def test_a_changed_bit_of_the_signature_leaves_the_form_right() -> None:
    changed = decoded(2, one_bit)(signed(b"x", header=HEADER, key=KEY))

    with pytest.raises(SignatureInvalidError):
        verify_jws(read_compact(changed, typ=TYP, max_bytes=1_000), KEY.public)


@pytest.mark.parametrize("length", [1, 2, 31, 32, 64])
def test_another_spelling_is_other_text_of_the_same_bytes(length: int) -> None:
    text = encode_segment(bytes(range(length)))

    other = other_spelling(text)

    assert other != text
    with pytest.raises(StrictJsonError, match="canonical"):
        decode_segment(other)


def test_members_of_json_are_set_and_taken_out() -> None:
    assert json_with(b=2, from_="x")(b'{"a":1}') == b'{"a":1,"b":2,"from":"x"}'
    assert json_without("a")(b'{"a":1,"b":2}') == b'{"b":2}'


def test_a_segment_is_changed_alone() -> None:
    assert segment(1, bytes.upper)(b"a.b.c") == b"a.B.c"


def test_a_replacement_that_finds_nothing_is_a_mistake_of_the_kit() -> None:
    with pytest.raises(ValueError, match="nothing to replace"):
        replaced(b"x", b"y")(b"abc")


def test_one_part_is_changed_alone() -> None:
    assert part_with(1, bytes.upper)([b"a", b"b", b"c"]) == [b"a", b"B", b"c"]


def test_a_place_of_a_document_is_set_and_taken_out() -> None:
    assert in_document(("persons", 0, "sex"), "M")({"persons": [{"sex": "F"}]}) == {"persons": [{"sex": "M"}]}
    assert out_of_document(("persons", 0, "sex"))({"persons": [{"sex": "F"}]}) == {"persons": [{}]}
