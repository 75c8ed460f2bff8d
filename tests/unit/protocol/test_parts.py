# SPDX-License-Identifier: Apache-2.0
"""Parts, salts, commitment and padding (design, section 4.3)."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from exchange.errors import RejectedError, StrictJsonError
from exchange.ids import MessageId, b64url, unb64url
from exchange.protocol.parts import (
    MAX_PARTS,
    SIZE_CLASSES,
    Document,
    commitment,
    join_parts,
    pad,
    part_hash,
    salts_of,
    size_class,
    split_document,
    unpad,
)
from exchange.protocol.strictjson import MAX_INT
from hypothesis import given
from hypothesis import strategies as st
from tests.support.keys import seeded_random

ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60")
OTHER_ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b61")
DOCUMENT: Document = {
    "header": {"type": "IDR", "case": "7KQ2-M9XD-4TBE"},
    "content": {"note": "line one\nline two", "count": 2},
    "persons": [{"family": "សុខ", "given": "Dara"}, {}],
}
SALT = b64url(bytes(range(32)))
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
MEMBERS = st.dictionaries(
    st.text(CHARACTERS, max_size=10).filter(lambda name: name != "salt"),
    st.text(CHARACTERS, max_size=30)
    | st.integers(-MAX_INT, MAX_INT)
    | st.none()
    | st.lists(st.booleans(), max_size=3),
    max_size=5,
)


def parts_of(document: Document = DOCUMENT, label: str = "salts") -> list[bytes]:
    return split_document(document, seeded_random(label))


def part(text: str = "", salt: str = SALT) -> bytes:
    return f'{{"salt":"{salt}"{text}}}'.encode()


def plaintext_of(content: bytes) -> bytes:
    return content.ljust(size_class(len(content)), b" ")


def rejection(action: Callable[[], object]) -> str:
    with pytest.raises(RejectedError) as caught:
        action()
    return caught.value.reason


def test_a_document_becomes_header_content_and_one_part_a_person() -> None:
    parts = parts_of()

    assert [list(json.loads(raw)) for raw in parts] == [
        ["salt", "type", "case"],
        ["salt", "note", "count"],
        ["salt", "family", "given"],
        ["salt"],
    ]


def test_parts_give_their_document_back() -> None:
    assert join_parts(parts_of()) == DOCUMENT


def test_a_part_is_compact_utf8_without_a_line_feed() -> None:
    third = parts_of()[2]

    assert third[58:] == '"family":"សុខ","given":"Dara"}'.encode() or third.endswith(b'"given":"Dara"}')
    assert all(b"\n" not in raw and b": " not in raw for raw in parts_of())


def test_every_part_has_a_salt_of_its_own() -> None:
    salts = salts_of(parts_of())

    assert len(set(salts)) == len(salts) == 4
    assert {len(salt) for salt in salts} == {32}
    assert salts != salts_of(parts_of(label="other"))


@given(
    st.fixed_dictionaries({"header": MEMBERS, "content": MEMBERS, "persons": st.lists(MEMBERS, max_size=4)})
)
def test_any_document_survives_parts_and_padding(document: Any) -> None:
    parts = parts_of(document)

    assert unpad(pad(parts)) == parts
    assert join_parts(unpad(pad(parts))) == document


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"header": {}, "content": {}},
        {"header": {}, "persons": []},
        {"header": {}, "content": {}, "persons": [], "more": {}},
        {"header": {}, "content": {}, "persons": {}},
        {"header": {}, "content": {}, "persons": None},
        {"header": [], "content": {}, "persons": []},
        {"header": {}, "content": "text", "persons": []},
        {"header": {}, "content": {}, "persons": [[]]},
        {"header": {"salt": "own"}, "content": {}, "persons": []},
        {"header": {}, "content": {}, "persons": [{"salt": None}]},
        {"header": {}, "content": {}, "persons": [{}] * (MAX_PARTS - 1)},
    ],
    ids=lambda document: json.dumps(document)[:60],
)
def test_another_document_is_not_split(document: Any) -> None:
    assert rejection(lambda: parts_of(document)) == "form_invalid"


@pytest.mark.parametrize("value", [1.5, "\x00", "\ud800", 2**53])
def test_a_value_without_place_in_our_json_is_not_split(value: Any) -> None:
    with pytest.raises(StrictJsonError):
        parts_of({"header": {}, "content": {"a": value}, "persons": []})


def test_a_thousand_persons_fit() -> None:
    document: Document = {"header": {}, "content": {}, "persons": [{"n": n} for n in range(MAX_PARTS - 2)]}

    assert join_parts(unpad(pad(parts_of(document)))) == document


WRONG_PARTS = [
    ("no salt", b'{"a":1}'),
    ("an empty object", b"{}"),
    ("salt later", b'{"a":1,"salt":"' + SALT.encode() + b'"}'),
    ("salt under an escaped name", b'{"\\u0073alt":"' + SALT.encode() + b'"}'),
    ("salt with an escaped character", part(salt="\\u0041" + SALT[1:])),
    ("salt of 31 bytes", part(salt=b64url(bytes(31)))),
    ("salt of 33 bytes", part(salt=b64url(bytes(33)))),
    ("salt with padding", part(salt=SALT + "=")),
    ("salt not canonical", part(salt=SALT[:-1] + "9")),
    ("salt of the standard alphabet", part(salt="+" * 43)),
    ("salt in hex", part(salt=bytes(32).hex())),
    ("salt as number", b'{"salt":1}'),
    ("two salts", part(f',"salt":"{SALT}"')),
    ("a space before the salt", b'{ "salt":"' + SALT.encode() + b'"}'),
    ("a space before the object", b" " + part()),
    ("an array", b'["salt"]'),
    ("two objects", part() + part()),
    ("a name twice", part(',"a":1,"a":2')),
    ("a name twice, escaped", part(',"a":1,"\\u0061":2')),
    ("a fraction", part(',"a":1.0')),
    ("minus zero", part(',"a":-0')),
    ("NUL", part(',"a":"\\u0000"')),
    ("a lone surrogate", part(',"a":"\\ud800"')),
    ("not UTF-8", part().replace(b"}", b',"a":"\xff"}')),
    ("a line feed between members", part(',\n"a":1')),
    ("a line feed at the end", part() + b"\n"),
    ("cut", part()[:-1]),
    ("a comma too many", part(",")),
    ("deep", part(',"a":' + "[" * 16 + "]" * 16)),
    ("a long name", part(f',"{"n" * 65}":1')),
    ("nothing", b""),
]


@pytest.mark.parametrize("raw", [raw for _, raw in WRONG_PARTS], ids=[name for name, _ in WRONG_PARTS])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_another_part_is_rejected_wherever_it_stands(raw: bytes, place: int) -> None:
    parts = parts_of()
    parts[place] = raw

    assert rejection(lambda: join_parts(parts)) == "form_invalid"


def test_a_salt_that_occurs_twice_in_a_message_is_rejected() -> None:
    parts = parts_of()

    assert rejection(lambda: join_parts([*parts, part(), part(',"a":1')])) == "form_invalid"
    assert rejection(lambda: join_parts([*parts, parts[0]])) == "form_invalid"


@pytest.mark.parametrize("count", [0, 1, MAX_PARTS + 1])
def test_too_few_and_too_many_parts_are_rejected(count: int) -> None:
    parts = [part(salt=b64url(n.to_bytes(32, "big"))) for n in range(count)]

    assert rejection(lambda: join_parts(parts)) == "form_invalid"
    assert rejection(lambda: pad(parts)) == "form_invalid"
    assert (
        rejection(lambda: unpad(plaintext_of(b"".join(raw + b"\n" for raw in parts))))
        == "commitment_mismatch"
    )


@pytest.mark.parametrize("parts", [[b"", b"b"], [b"a", b""], [b"a\n", b"b"], [b"a", b"\nb"], [b"a", b"b\nc"]])
def test_a_part_that_padding_would_hide_is_not_padded(parts: Sequence[bytes]) -> None:
    assert rejection(lambda: pad(parts)) == "form_invalid"


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        (0, 1_024),
        (1, 1_024),
        (1_024, 1_024),
        (1_025, 2_048),
        (2_048, 2_048),
        (2_049, 4_096),
        (4_097, 6_144),
        (6_144, 6_144),
        (6_145, 8_192),
        (8_193, 16_384),
        (16_385, 32_768),
        (32_769, 65_536),
        (65_536, 65_536),
        (65_537, 67_584),
        (67_584, 67_584),
        (67_585, 69_632),
        (100_000, 100_352),
        (131_073, 135_168),
        (1_000_000, 1_015_808),
        (1_048_576, 1_048_576),
        (1_048_577, 1_081_344),
        (6_000_000, 6_029_312),
    ],
)
def test_sizes_are_those_of_the_table_and_of_padme(length: int, padded: int) -> None:
    assert size_class(length) == padded


@given(st.integers(1, 2**26))
def test_a_size_class_is_its_own_and_wastes_little(length: int) -> None:
    padded = size_class(length)

    assert padded >= length
    assert size_class(padded) == padded
    if length > SIZE_CLASSES[-1]:
        assert padded <= length * 1.12


@pytest.mark.parametrize("length", [1_023, 1_024, 1_025, 6_144, 65_536, 65_537, 70_000])
def test_a_plaintext_has_the_length_of_its_class(length: int) -> None:
    parts = [b"a", b"b" * (length - 3)]

    plaintext = pad(parts)

    assert len(plaintext) == size_class(length)
    assert plaintext[length:].strip(b" ") == b""
    assert unpad(plaintext) == parts


@pytest.mark.parametrize(
    ("name", "plaintext"),
    [
        ("nothing", b""),
        ("spaces only", b" " * 1_024),
        ("no padding", b"a\nb\n"),
        ("one byte short", b"a\nb\n".ljust(1_023)),
        ("one byte long", b"a\nb\n".ljust(1_025)),
        ("the next class", b"a\nb\n".ljust(2_048)),
        ("a class below the content", b"a\n" + b"b" * 2_000 + b"\n"),
        ("no last line feed", b"a\nb".ljust(1_024)),
        ("padded with NUL", b"a\nb\n".ljust(1_024, b"\x00")),
        ("padded with tabs", b"a\nb\n".ljust(1_024, b"\t")),
        ("padded with no-break spaces", b"a\nb\n" + b"\xc2\xa0" * 510),
        ("one letter in the padding", b"a\nb\n".ljust(1_023) + b"x"),
        ("one carriage return in the padding", b"a\nb\n\r".ljust(1_024)),
        ("an empty first part", b"\nb\n".ljust(1_024)),
        ("an empty last part", b"a\nb\n\n".ljust(1_024)),
        ("an empty part between", b"a\n\nb\n".ljust(1_024)),
        ("one part", b"a\n".ljust(1_024)),
        ("a power of two above the table", (b"a\n" + b"b" * 65_540 + b"\n").ljust(131_072)),
    ],
)
def test_other_padding_is_a_commitment_mismatch(name: str, plaintext: bytes) -> None:
    assert rejection(lambda: unpad(plaintext)) == "commitment_mismatch"


def test_a_line_feed_in_the_padding_makes_the_spaces_a_part_without_salt() -> None:
    parts = unpad(b"a\nb\n".ljust(1_023) + b"\n")

    assert len(parts) == 3
    assert rejection(lambda: salts_of(parts[2:])) == "form_invalid"


def test_the_commitment_of_two_parts_is_computed_as_written() -> None:
    def leaf(number: int, raw: bytes) -> bytes:
        start = b"\x00" + b"exchange/part/v1" + b"\x00" + ID.encode() + b"\x00"
        return hashlib.sha256(start + bytes([0, 0, 0, number]) + raw).digest()

    root = hashlib.sha256(b"\x01" + leaf(0, b"a") + leaf(1, b"b")).digest()

    assert commitment(ID, [b"a", b"b"]) == b64url(root)
    assert part_hash(ID, 1, b"b") == leaf(1, b"b")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_the_commitment_is_the_merkle_root_of_rfc_9162(count: int) -> None:
    parts = [b"part %d" % number for number in range(count)]
    hashes = [part_hash(ID, number, raw) for number, raw in enumerate(parts)]

    assert unb64url(commitment(ID, parts)) == pairwise_root(hashes)


def pairwise_root(hashes: list[bytes]) -> bytes:
    """Compute the root level by level: an odd last node moves up unchanged."""
    while len(hashes) > 1:
        joined = [
            hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=False)
        ]
        hashes = joined + hashes[len(joined) * 2 :]
    return hashes[0]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("another message", lambda parts: commitment(OTHER_ID, parts)),
        ("another order", lambda parts: commitment(ID, parts[::-1])),
        ("one part less", lambda parts: commitment(ID, parts[:-1])),
        ("one part twice", lambda parts: commitment(ID, [*parts, parts[-1]])),
        ("one space more", lambda parts: commitment(ID, [parts[0] + b" ", *parts[1:]])),
        ("two parts glued", lambda parts: commitment(ID, [parts[0] + parts[1], *parts[2:]])),
        ("another salt", lambda parts: commitment(ID, parts_of(label="other"))),
    ],
)
def test_the_commitment_changes_with(name: str, other: Callable[[list[bytes]], str]) -> None:
    assert other(parts_of()) != commitment(ID, parts_of())


def test_no_flipped_bit_of_a_plaintext_keeps_the_commitment() -> None:
    plaintext, expected = pad(parts_of()), commitment(ID, parts_of())

    for place in range(len(plaintext)):
        changed = bytearray(plaintext)
        changed[place] ^= 1 << place % 8
        assert commitment_or_code(bytes(changed)) != expected


def commitment_or_code(plaintext: bytes) -> str:
    try:
        return commitment(ID, unpad(plaintext))
    except RejectedError as error:
        return error.reason
