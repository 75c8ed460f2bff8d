# SPDX-License-Identifier: Apache-2.0
"""The one wire parser: JSON as this protocol allows it, and nothing else.

Accepted is RFC 8259 JSON in UTF-8 with these refusals (threat model, rules 1 and 2):

1. more bytes than the limit; a byte order mark; NUL, raw or as `\\u0000`; bytes that are not UTF-8;
2. nesting, members of an object, items of an array, entries in all, or a name beyond the limits;
3. any number but an integer of at most 2^53-1 in size: no fraction, exponent, NaN, infinity, no `-0`;
4. a name that occurs twice in one object, in whatever spelling (`"a"` and `"\\u0061"` are one name);
5. lone surrogates, and anything after the value. White space of JSON around it is no fault.

How it works, in linear time: the *skeleton* is the text without its strings. Numbers, depth and
counts are judged on it before anything is built. `orjson` then builds the value; it keeps the last of
two equal names silently, so the members that were built are counted against the colons of the
skeleton, which are the members that were written.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import orjson

from exchange.errors import StrictJsonError

JsonValue: TypeAlias = "str | int | bool | list[JsonValue] | dict[str, JsonValue] | None"
"""A value of this protocol; there are no fractions."""

MAX_INT = 2**53 - 1
"""Largest integer that every JSON implementation keeps exactly (RFC 8259 section 6)."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one document; depth counts nested containers, a name counts characters."""

    max_bytes: int
    max_depth: int
    max_members: int
    max_items: int
    max_name: int
    max_int: int = MAX_INT
    max_entries: int = 100_000
    """Members and items of all containers together: some 30 ms of work, six times our largest part."""


WIRE = Limits(max_bytes=6 * 1024 * 1024, max_depth=16, max_members=200, max_items=2_000, max_name=64)
"""Threat model section 7: the largest message line, and the JSON limits."""

_NOT_AN_INTEGER = re.compile(rb"[0-9][.eE]|-0")
_CHUNK_BYTES = 64 * 1024
"""Bytes cut into strings at a time: bounds the memory that a text of quotation marks can take."""
_STRUCTURE = b"[]{},"
_OTHERS = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def parse(raw: bytes, limits: Limits = WIRE) -> JsonValue:
    """Return the value of `raw`.

    Raises:
        StrictJsonError: `raw` breaks one of the rules at the top of this module. The text of the error
            never quotes the input.
    """
    if len(raw) > limits.max_bytes:
        raise StrictJsonError(f"{len(raw)} bytes of JSON; at most {limits.max_bytes} are allowed")
    if b"\x00" in raw or raw.startswith(b"\xef\xbb\xbf"):
        raise StrictJsonError("JSON begins with a byte order mark or contains NUL")
    skeleton = _skeleton(raw)
    _check_structure(skeleton.translate(None, _OTHERS), limits)
    _check_numbers(skeleton, limits)
    try:
        value: JsonValue = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise StrictJsonError("not JSON in UTF-8, or something follows the value") from None
    _check_names(value, written=skeleton.count(b":"), max_name=limits.max_name)
    if _SUSPECT_ESCAPE.search(raw) is not None:
        _check_strings(value)
    return value


def parse_object(raw: bytes, limits: Limits = WIRE) -> dict[str, JsonValue]:
    """Return the members of `raw`, which must be one JSON object.

    Raises:
        StrictJsonError: as `parse`, or the value is not an object.
    """
    value = parse(raw, limits)
    if not isinstance(value, dict):
        raise StrictJsonError("expected a JSON object")
    return value


def encode(value: JsonValue) -> bytes:
    """Return compact UTF-8 JSON with members in the given order; `parse` gives `value` back.

    Raises:
        StrictJsonError: `value` holds something that `parse` would refuse whatever the limits.
    """
    return _encode(value, 0)


def encode_canonical(value: JsonValue) -> bytes:
    """Return compact ASCII JSON with names sorted by code point, the form of ledger leaves.

    Raises:
        StrictJsonError: as `encode`.
    """
    raw = _encode(value, orjson.OPT_SORT_KEYS)
    return raw if raw.isascii() and b"\x7f" not in raw else _CANONICAL.encode(value).encode("ascii")


def _encode(value: JsonValue, option: int) -> bytes:
    _check_encodable(value)
    try:
        raw = orjson.dumps(value, option=option)
    except TypeError:
        raise StrictJsonError("a name that is no string, half of a surrogate pair, or too deep") from None
    if _SUSPECT_ESCAPE.search(raw) is not None:
        _check_strings(value)
    return raw


def _skeleton(raw: bytes) -> bytes:
    """Return the text without its strings; exact for JSON, and what is not JSON is refused later."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside: list[bytes] = []
    in_string = False
    for start in range(0, len(raw), _CHUNK_BYTES):
        pieces = raw[start : start + _CHUNK_BYTES].split(b'"')
        outside.append(b"".join(pieces[in_string::2]))
        in_string ^= len(pieces) % 2 == 0
    if in_string:
        raise StrictJsonError("a string does not end")
    return b"".join(outside)


def _check_numbers(skeleton: bytes, limits: Limits) -> None:
    if _NOT_AN_INTEGER.search(skeleton) is not None:
        raise StrictJsonError("a number that is not an integer in its plain form")
    longest = len(str(limits.max_int))
    for digits in _long_numbers(longest).findall(skeleton):
        if len(digits) > longest or int(digits) > limits.max_int:
            raise StrictJsonError(f"an integer beyond {limits.max_int}")


@cache
def _long_numbers(digits: int) -> re.Pattern[bytes]:
    """Return what finds numbers of at least so many digits; there are as many as there are limits."""
    return re.compile(rb"[0-9]{%d,}" % digits)


def _check_structure(structure: bytes, limits: Limits) -> None:
    """Refuse too deep nesting and too large containers; `structure` holds brackets and commas only."""
    commas = structure.count(b",")
    if commas + structure.count(b"[") + structure.count(b"{") > limits.max_entries:
        raise StrictJsonError(f"more than {limits.max_entries} members and items in all")
    brackets = structure.translate(_ONE_KIND, b",")
    for _ in range(limits.max_depth):
        before = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    if brackets:
        raise StrictJsonError(f"JSON nested deeper than {limits.max_depth}, or its brackets do not match")
    if commas >= min(limits.max_members, limits.max_items):
        _check_counts(structure, limits)


def _check_counts(structure: bytes, limits: Limits) -> None:
    """Count the entries of each container; needs balanced brackets."""
    room = 0
    outer: list[int] = []
    for byte in structure:
        if byte == 0x2C:
            room -= 1
            if room <= 0:
                raise StrictJsonError("an object has too many members, or an array too many items")
        elif byte in b"[{":
            outer.append(room)
            room = limits.max_items if byte == 0x5B else limits.max_members
        else:
            room = outer.pop()


def _check_names(value: JsonValue, *, written: int, max_name: int) -> None:
    built = 0
    todo = [value]
    for entry in todo:  # which grows while it is read
        if isinstance(entry, str):
            continue
        if isinstance(entry, dict):
            built += len(entry)
            if entry and max(map(len, entry)) > max_name:
                raise StrictJsonError(f"a name has more than {max_name} characters")
            todo += entry.values()
        elif isinstance(entry, list):
            todo += entry
    if built != written:
        raise StrictJsonError("a name occurs twice in one object")


def _check_strings(value: JsonValue) -> None:
    if isinstance(value, str):
        if _FORBIDDEN.search(value) is not None:
            raise StrictJsonError("a string contains NUL or half of a surrogate pair")
    elif isinstance(value, dict):
        for name, entry in value.items():
            _check_strings(name)
            _check_strings(entry)
    elif isinstance(value, list):
        for entry in value:
            _check_strings(entry)


def _check_encodable(value: object) -> None:
    """Refuse kinds that `parse` never gives; strings are judged on what was encoded."""
    todo = [value]
    for entry in todo:  # which grows while it is read
        if entry is None or isinstance(entry, str):
            continue
        if isinstance(entry, dict):
            todo += entry.values()
        elif isinstance(entry, list):
            todo += entry
        elif not isinstance(entry, int):
            raise StrictJsonError(f"{type(entry).__name__} has no place in JSON of this protocol")
        elif not -MAX_INT <= entry <= MAX_INT:
            raise StrictJsonError(f"an integer beyond {MAX_INT}")
