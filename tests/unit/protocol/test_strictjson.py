# SPDX-License-Identifier: Apache-2.0
"""Threat model, rules 1 and 2: what the one wire parser takes, and everything it refuses."""

import json
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from exchange.errors import StrictJsonError
from exchange.protocol.strictjson import (
    MAX_INT,
    WIRE,
    Limits,
    encode,
    encode_canonical,
    parse,
    parse_object,
)
from hypothesis import given
from hypothesis import strategies as st

SMALL = Limits(max_bytes=1_000, max_depth=3, max_members=4, max_items=5, max_name=6, max_int=999)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXT = st.text(CHARACTERS)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(CHARACTERS, max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)

REFUSED = [
    ("nothing", b""),
    ("white space alone", b" \n"),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("a byte order mark of UTF-16", b"\xff\xfe{\x00}\x00"),
    ("a raw NUL after the value", b"{}\x00"),
    ("a raw NUL in a string", b'"a\x00b"'),
    ("an escaped NUL", b'"a\\u0000b"'),
    ("an escaped NUL in a name", b'{"a\\u0000":1}'),
    ("an escaped NUL after an escaped backslash", b'"\\\\\\u0000"'),
    ("a raw control character in a string", b'"a\tb"'),
    ("a line feed in a string", b'"a\nb"'),
    ("a byte that is not UTF-8", b'"\xff"'),
    ("an overlong form", b'"\xc0\xaf"'),
    ("a cut UTF-8 sequence", b'"\xe1\x9e"'),
    ("a surrogate in UTF-8", b'"\xed\xa0\x80"'),
    ("a code point beyond Unicode", b'"\xf4\x90\x80\x80"'),
    ("a lone leading surrogate", b'"\\ud83d"'),
    ("a lone trailing surrogate", b'"\\uDE00"'),
    ("surrogates in the wrong order", b'"\\ude00\\ud83d"'),
    ("a leading surrogate before another escape", b'"\\ud83d\\u0041"'),
    ("a lone surrogate in a name", b'{"\\ud800":1}'),
    ("an unknown escape", b'"\\x41"'),
    ("a cut escape", b'"\\u00"'),
    ("a string without end", b'"abc'),
    ("a string ending in a backslash", b'"abc\\"'),
    ("two equal names", b'{"a":1,"a":1}'),
    ("two equal names, one escaped", b'{"a":1,"\\u0061":2}'),
    ("two equal names, both escaped", b'{"\\u0061":1,"\\u0061":2}'),
    ("two equal names in an inner object", b'{"x":[{"k":1},{"a":{"b":1,"b":2}}]}'),
    ("two equal empty names", b'{"":1,"":2}'),
    ("two equal names in Khmer, one escaped", '{"ក":1,"\\u1780":2}'.encode()),
    ("three equal names", b'{"a":1,"b":2,"a":3,"a":4}'),
    ("NaN", b"NaN"),
    ("NaN in an array", b"[NaN]"),
    ("infinity", b"Infinity"),
    ("minus infinity", b"[-Infinity]"),
    ("a fraction", b"1.5"),
    ("a whole number with a fraction", b"1.0"),
    ("an exponent", b"1e3"),
    ("a capital exponent", b"[1E3]"),
    ("an exponent with a sign", b'{"a":1e+3}'),
    ("a negative exponent", b"1e-3"),
    ("a number beyond every float", b"1e999"),
    ("minus zero", b"-0"),
    ("minus zero inside", b'{"a":[-0]}'),
    ("minus zero as a fraction", b"-0.0"),
    ("a leading zero", b"01"),
    ("a plus sign", b"+1"),
    ("a lone minus", b"-"),
    ("a hexadecimal number", b"0x10"),
    ("an integer one too large", b"9007199254740992"),
    ("an integer one too small", b"-9007199254740992"),
    ("an integer of sixty-four bits", b"[18446744073709551615]"),
    ("an integer of a thousand digits", b"1" * 1000),
    ("a second value", b"{} {}"),
    ("a word after the value", b"{}x"),
    ("a bracket after the value", b"[]]"),
    ("a form feed after the value", b"{}\x0c"),
    ("a comma after the value", b"1,"),
    ("a comma before the end of an array", b"[1,]"),
    ("a comma before the end of an object", b'{"a":1,}'),
    ("a comma alone", b"[,]"),
    ("a missing colon", b'{"a" 1}'),
    ("a name without value", b'{"a"}'),
    ("a name that is no string", b"{1:2}"),
    ("single quotes", b"{'a':1}"),
    ("a comment", b"/* */ 1"),
    ("a word of another language", b"None"),
    ("a capital literal", b"True"),
    ("brackets that do not match", b"[}"),
    ("an open bracket", b"[["),
    ("depth 17", b"[" * 17 + b"]" * 17),
    ("depth 17 of both kinds", b'{"a":[' * 8 + b"[]" + b"]}" * 8),
    ("depth 17 behind strings with brackets", b'["]]]",' * 17 + b"1" + b"]" * 17),
    ("a hundred thousand brackets", b"[" * 100_000),
    ("201 members", b"{" + b",".join(b'"n%d":1' % n for n in range(201)) + b"}"),
    ("201 members in an inner object", b'[{"a":{' + b",".join(b'"n%d":1' % n for n in range(201)) + b"}}]"),
    ("2,001 items", b"[" + b",".join([b"1"] * 2001) + b"]"),
    ("2,001 items behind other arrays", b"[[1,2],[" + b",".join([b"[]"] * 2001) + b"]]"),
    ("100,001 entries in all", b"[" + b",".join([b"[" + b"1," * 999 + b"1]"] * 100) + b",1]"),
    ("100,001 empty objects", b"[" + b",".join([b"[" + b"{}," * 499 + b"{}]"] * 101) + b"]"),
    ("a name of 65 characters", b'{"' + b"n" * 65 + b'":1}'),
    ("a name of 65 Khmer characters", ('{"' + "ក" * 65 + '":1}').encode()),
    ("a name of 65 characters, escaped", b'{"' + b"\\u0061" * 65 + b'":1}'),
    ("a long name in an array of objects", b'[{"a":1},[{"' + b"n" * 65 + b'":1}]]'),
]

TAKEN: list[tuple[str, bytes, object]] = [
    ("an empty object", b"{}", {}),
    ("a string", b'"a"', "a"),
    ("white space around", b' \t\r\n{"a" : [ 1 , 2 ]}\n', {"a": [1, 2]}),
    ("every kind", b'[null,true,false,0,-1,"",[],{}]', [None, True, False, 0, -1, "", [], {}]),
    ("the largest integer", b"9007199254740991", MAX_INT),
    ("the smallest integer", b"-9007199254740991", -MAX_INT),
    ("a pair of surrogates", b'"\\ud83d\\ude00"', "😀"),
    ("Khmer", '"កម្ពុជា"'.encode(), "កម្ពុជា"),
    ("the text of an escape", b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
    ("a string like a fraction", b'["1.5","-0","1e3"]', ["1.5", "-0", "1e3"]),
    ("a string of digits", b'["9007199254740992000"]', ["9007199254740992000"]),
    ("strings with brackets and colons", b'{"a":"{[:,","b":"\\"]}"}', {"a": "{[:,", "b": '"]}'}),
    ("strings that end in backslashes", b'["\\\\","\\\\\\\\",1]', ["\\", "\\\\", 1]),
    ("equal names in different objects", b'[{"a":1},{"a":{"a":2}}]', [{"a": 1}, {"a": {"a": 2}}]),
    ("names that differ in case", b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    ("depth 16", b"[" * 16 + b"]" * 16, json.loads("[" * 16 + "]" * 16)),
    (
        "200 members",
        b"{" + b",".join(b'"n%d":1' % n for n in range(200)) + b"}",
        {f"n{n}": 1 for n in range(200)},
    ),
    ("2,000 items", b"[" + b",".join([b"1"] * 2000) + b"]", [1] * 2000),
    ("many small arrays", b"[" + b",".join([b"[1,2,3]"] * 1500) + b"]", [[1, 2, 3]] * 1500),
    ("a name of 64 Khmer characters", ('{"' + "ក" * 64 + '":1}').encode(), {"ក" * 64: 1}),
]


@pytest.mark.parametrize("raw", [raw for _, raw in REFUSED], ids=[name for name, _ in REFUSED])
def test_the_parser_refuses(raw: bytes) -> None:
    with pytest.raises(StrictJsonError) as caught:
        parse(raw)

    assert caught.value.reason == "json"


@pytest.mark.parametrize(("raw", "value"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_the_parser_takes(raw: bytes, value: object) -> None:
    parsed = parse(raw)

    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("bytes", b'"' + b"a" * 999 + b'"'),
        ("depth", b"[[[[]]]]"),
        ("members", b'{"a":1,"b":1,"c":1,"d":1,"e":1}'),
        ("items", b"[1,1,1,1,1,1]"),
        ("name", b'{"abcdefg":1}'),
        ("integer", b"1000"),
        ("negative integer", b"-1000"),
    ],
)
def test_each_limit_is_the_caller_s(name: str, raw: bytes) -> None:
    with pytest.raises(StrictJsonError):
        parse(raw, SMALL)

    parse(raw, WIRE)


@pytest.mark.parametrize(
    "raw",
    [b'{"a":[[1,1,1,1,1]],"b":999,"c":1,"abcdef":-999}', b'"' + b"a" * 998 + b'"', b'[{"a":1},{"a":[]}]'],
)
def test_what_lies_at_a_limit_is_taken(raw: bytes) -> None:
    assert parse(raw, SMALL) == json.loads(raw)


@pytest.mark.parametrize("shift", range(6))
def test_a_long_text_is_judged_across_the_places_where_it_is_cut(shift: int) -> None:
    """The text is cut into chunks of 64 KiB; strings, escapes and numbers may lie on a cut."""
    value: Any = {"pad": "x" * shift, "texts": [f'line {n}:1.5 "\\" [{{,ក😀😀' for n in range(1_990)], "n": 1}
    for encoded in (encode(value), encode_canonical(value)):
        assert len(encoded) > 64 * 1024

        assert parse(encoded) == value
        for bad in (encoded[:-1] + b',"n":2}', encoded[:-1] + b',"o":1.5}', encoded[:-1] + b',"o":"'):
            with pytest.raises(StrictJsonError):
                parse(bad)


def test_the_size_is_refused_before_the_bytes_are_read() -> None:
    with pytest.raises(StrictJsonError, match="1001 bytes"):
        parse(b"\xff" * 1001, SMALL)


def test_an_error_never_quotes_the_input() -> None:
    for raw in (b'{"Sok Dara":1,"Sok Dara":2}', b'"Sok Dara', b'{"Sok Dara":1.5}', b'["Sok Dara\\u0000"]'):
        with pytest.raises(StrictJsonError) as caught:
            parse(raw)

        assert "Sok" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"1", b"null", b"true"])
def test_only_an_object_is_an_object(raw: bytes) -> None:
    with pytest.raises(StrictJsonError, match="object"):
        parse_object(raw)


def test_members_keep_the_order_in_which_they_were_written() -> None:
    assert list(parse_object(b'{"b":1,"a":2,"c":3}')) == ["b", "a", "c"]


def test_encoding_is_compact_utf8_in_the_given_order() -> None:
    assert encode({"b": [1, None, True], "a": "ក"}) == '{"b":[1,null,true],"a":"ក"}'.encode()


def test_canonical_encoding_sorts_names_and_escapes_what_is_not_ascii() -> None:
    assert encode_canonical({"b": "ក😀", "a": {"d": 1, "c": 2}}) == (
        b'{"a":{"c":2,"d":1},"b":"\\u1780\\ud83d\\ude00"}'
    )


def test_closed_sets_are_encoded_by_their_value() -> None:
    class Word(StrEnum):
        A = "a"

    class Number(IntEnum):
        ONE = 1

    assert encode([Word.A, Number.ONE]) == b'["a",1]'
    assert encode_canonical({"n": Number.ONE, "a": Word.A}) == b'{"a":"a","n":1}'


@pytest.mark.parametrize("encoder", [encode, encode_canonical])
@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1.0,
        float("nan"),
        float("inf"),
        b"a",
        (1, 2),
        {1, 2},
        object(),
        MAX_INT + 1,
        -MAX_INT - 1,
        "a\x00",
        "\ud800",
    ],
    ids=lambda value: repr(value).split(" object at")[0],
)
def test_what_the_parser_would_refuse_is_not_encoded(encoder: Callable[[Any], bytes], value: Any) -> None:
    for place in (value, [value], {"a": [{"b": value}]}):
        with pytest.raises(StrictJsonError):
            encoder(place)


@pytest.mark.parametrize("encoder", [encode, encode_canonical])
@pytest.mark.parametrize("value", [{1: 2}, {None: 1}, {"a": {True: 1}}, {"\x00": 1}, {"\udfff": 1}], ids=repr)
def test_names_that_the_parser_would_refuse_are_not_encoded(
    encoder: Callable[[Any], bytes], value: Any
) -> None:
    with pytest.raises(StrictJsonError):
        encoder(value)


@pytest.mark.parametrize("encoder", [encode, encode_canonical])
def test_nesting_without_end_is_not_encoded(encoder: Callable[[Any], bytes]) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]

    with pytest.raises(StrictJsonError):
        encoder(deep)


@given(VALUES)
def test_what_was_encoded_parses_to_the_same_value(value: Any) -> None:
    assert parse(encode(value)) == value
    assert parse(encode_canonical(value)) == value


@given(VALUES)
def test_canonical_encoding_is_that_of_the_standard_library(value: Any) -> None:
    assert encode_canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@given(VALUES, st.data())
def test_a_changed_document_is_refused_or_means_what_the_standard_library_reads(
    value: Any, data: Any
) -> None:
    """An independent parser is the oracle: nothing is taken that it reads in another way."""
    raw = bytearray(json.dumps(value).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place : place + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from([b'"', b"\\", b"{", b"]", b",", b":", b"0", b"-", b".", b"e", b"\\u0061", b" ", b""])
    )

    try:
        parsed = parse(bytes(raw))
    except StrictJsonError:
        return

    assert parsed == json.loads(bytes(raw), object_pairs_hook=_refuse_twice, parse_float=_refuse_float)


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        parsed = parse(raw)
    except StrictJsonError:
        return

    assert parsed == json.loads(raw)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _refuse_float(text: str) -> float:
    raise AssertionError(text)


@pytest.mark.parametrize("beside", ["", "é"])
def test_canonical_form_of_delete_is_one_whatever_stands_beside_it(beside: str) -> None:
    assert encode_canonical({"a": "\x7f" + beside}).startswith(b'{"a":"\\u007f')
