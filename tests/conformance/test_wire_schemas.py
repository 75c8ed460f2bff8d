# SPDX-License-Identifier: Apache-2.0
"""The schemas of the wire are sound files, and refuse of the vectors what is refused for its form.

`BEYOND` names the vectors that are refused though their form is right, by the reason; the schema takes them.
"""

import re
from calendar import isleap
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import jsonschema_rs
import pytest
from exchange.clock import parse_instant
from exchange.errors import IdentifierError, KeyRefusedError, ProtocolError, RefusedError
from exchange.ids import b64url, unb64url
from exchange.kit.judges import raw_of
from exchange.kit.vectors import vectors_of
from exchange.messages.media import Carried
from exchange.protocol.envelope import read_envelope
from exchange.protocol.jws import decode_segment
from exchange.protocol.parts import split_document
from exchange.protocol.strictjson import JsonValue, parse
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, check_public
from exchange.protocol.wireforms import wire_form, wire_schemas
from tests.support.schema_parts import parts_of

ROOT: Final = Path(__file__).parents[2]
VECTORS: Final = ROOT / "tests" / "vectors" / "kit"
PARTS: Final = [part for schema in wire_schemas().values() for part in parts_of(schema)]
PRIME: Final = 2**255 - 19
_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_EDWARDS: Final = (0, 1, PRIME - 1, _OF_ORDER_8, PRIME - _OF_ORDER_8)
"""Coordinates y of the eight points of small order; the page about enrolment lists them."""
SMALL_MONTGOMERY: Final = (
    0,
    1,
    PRIME - 1,
    *((1 + y) * pow(1 - y, -1, PRIME) % PRIME for y in SMALL_EDWARDS[3:]),
)
"""Their coordinates u = (1 + y) / (1 - y), RFC 7748 section 4.1; and 1 and -1, of order four."""

BEYOND: Final[Mapping[str, tuple[str, ...]]] = {
    "the signature, or its key": (
        "card-of-another-key",
        "card-signed-by-envelope-key",
        "agreement-one-signature",
        "agreement-signed-for-the-other",
        "agreement-other-bytes",
        "agreement-signed-by-envelope-key",
        "agreement-type-of-a-card",
        "agreement-renewed-signed-by-the-old-one",
        "agreement-renewed-by-one-side",
        "gate-head-key",
    ),
    "type in the header of the JWS": ("card-other-type", "gate-other-type", "jws-header-typ-*"),
    "form of the JWS": (
        "jws-*-segments",
        "jws-*-signature",
        "jws-other-spelling-of-signature",
        "jws-standard-alphabet",
    ),
    "sound keys, each once": (
        "card-key-off-curve",
        "card-key-other-kid",
        "card-key-twice",
        "card-key-for-two-uses",
        "card-key-is-recovery",
    ),
    "two members": (
        "card-key-dates-back",
        "agreement-same-party",
        "agreement-other-sides",
        "agreement-other-profile",
        "envelope-expires-before",
        "envelope-to-itself",
        "envelope-ends-at-once",
    ),
    "the object before": (
        "card-then-same-serial",
        "card-then-key-comes-back",
        "card-then-real-now",
        "card-then-other-node",
        "agreement-skips",
        "agreement-renewed-with-another-suite",
        "agreement-renewed-on-both-sides",
        "agreement-other-link",
        "agreement-other-digest",
        "agreement-turned",
        "agreement-same-again",
    ),
    "lines and padding behind the header": (
        "frame-without-end",
        "frame-without-padding",
        "frame-padding-*",
        "frame-after-the-padding",
        "frame-more-messages",
        "frame-less-messages",
        "frame-more-than-*",
    ),
    "canonical bytes": (
        "leaf-too-long",
        "leaf-space",
        "leaf-order",
        "leaf-line-feed",
        "leaf-escaped",
        "envelope-json-long",
    ),
    "who, when, and how far the logs go": (
        "gate-other-nonce",
        "gate-no-nonce",
        "gate-old",
        "gate-early",
        "gate-other-link",
        "gate-other-sender",
        "gate-other-recipient",
        "gate-seen-*",
        "gate-renew-nobody",
        "gate-renew-later-epoch",
        "gate-renew-begun-before",
    ),
}


def _fits(form: str, raw: bytes) -> bool:
    """Say whether a schema takes what stands there; what is no JSON of this protocol has no form."""
    try:
        return wire_form(form).is_valid(parse(raw))
    except ProtocolError:
        return False


def _segment(text: str, number: int) -> bytes:
    """Return what a segment of a JWS or JWE holds; nothing when it is not there, or is not base64url."""
    try:
        return decode_segment(text.encode().split(b".")[number])
    except (ProtocolError, IndexError):
        return b""


def _is_beyond(name: str) -> bool:
    return any(fnmatch(name, pattern) for patterns in BEYOND.values() for pattern in patterns)


def _signed(form: str, jws: str) -> bool:
    return _fits("jws-header", _segment(jws, 0)) and _fits(form, _segment(jws, 1))


def _cards() -> Iterator[tuple[str, bool, bool]]:
    for vector in vectors_of(VECTORS, "cards"):
        yield vector["name"], _signed("card", vector["card"]), not vector["expect"].startswith("refused")


def _agreements() -> Iterator[tuple[str, bool, bool]]:
    for vector in vectors_of(VECTORS, "agreements"):
        yield vector["name"], _fits("agreement", vector["text"].encode()), vector["expect"] == "agreed"


def _frames() -> Iterator[tuple[str, bool, bool]]:
    for vector in vectors_of(VECTORS, "frames"):
        head = raw_of(vector["raw"]).partition(b"\n")[0]
        yield vector["name"], _fits("frame", head), vector["expect"] != "refused"


def _leaves() -> Iterator[tuple[str, bool, bool]]:
    for vector in vectors_of(VECTORS, "leaves"):
        raw, expect = vector["leaf"].encode(), vector["expect"]
        yield vector["name"], _fits("leaf", raw), expect != "not stored"
        yield vector["name"], _fits("event", raw), expect == "stored"


def _words() -> Iterator[tuple[str, bool, bool]]:
    for vector in vectors_of(VECTORS, "gate"):
        for word, expect in zip(vector["answers"], vector["expect"], strict=True):
            yield vector["name"], _signed("gate", word), expect == "open"


def _lines() -> Iterator[tuple[str, str, str, str]]:
    """Return name, envelope, body and verdict of every line that is short enough to have both."""
    for vector in vectors_of(VECTORS, "lines"):
        for step in vector["steps"]:
            for line, expect in zip(step["lines"], step["expect"], strict=True):
                if isinstance(line, str) and line.count("~") == 1:
                    yield vector["name"], *line.split("~"), expect


def _envelopes() -> Iterator[tuple[str, bool, bool]]:
    for name, envelope, _, _ in _lines():
        try:
            read_envelope(envelope.encode())
        except RefusedError:
            yield name, _signed("envelope", envelope), False
        else:
            yield name, _signed("envelope", envelope), True


READ: Final = {
    "cards": _cards,
    "agreements": _agreements,
    "frames": _frames,
    "leaves": _leaves,
    "words": _words,
    "envelopes": _envelopes,
}


@pytest.mark.parametrize("kind", READ)
def test_a_schema_gives_every_vector_the_verdict_of_the_reader(kind: str) -> None:
    rows = list(READ[kind]())

    differing = {name for name, fits, right in rows if fits != right}
    assert {name for name, _, right in rows if right}
    assert {name for name in differing if not _is_beyond(name)} == set()
    assert [name for name, fits, right in rows if right and not fits] == []


def test_every_row_of_what_is_beyond_the_form_is_needed() -> None:
    beyond = {name for kind in READ.values() for name, fits, right in kind() if fits and not right}

    patterns = [pattern for patterns in BEYOND.values() for pattern in patterns]
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in beyond)] == []


def test_the_header_of_a_body_that_opens_has_its_form() -> None:
    bodies = [vector["body"] for vector in vectors_of(VECTORS, "bodies")]
    bodies += [body for _, _, body, expect in _lines() if expect == "logged accepted"]

    assert [body for body in bodies if not _fits("body-header", _segment(body, 0))] == []


def test_a_body_whose_header_has_another_form_is_not_opened() -> None:
    wrong = [
        (name, expect) for name, _, body, expect in _lines() if not _fits("body-header", _segment(body, 0))
    ]

    assert len(wrong) >= 40
    assert {expect for _, expect in wrong} == {"logged rejected decryption_failed", "refused"}


def test_every_result_that_a_sender_understands_has_its_form() -> None:
    base = {"seq": 1, "id": "01a85c55-0428-7dbb-9a6a-49821a991c63"}
    results = [base | vector["result"] for vector in vectors_of(VECTORS, "results")]

    assert [result for result in results if not wire_form("frame#/$defs/result").is_valid(result)] == []


def test_a_part_with_an_attachment_has_its_form() -> None:
    document: dict[str, JsonValue] = {"header": {}, "content": {}, "persons": []}
    parts = split_document(document, lambda length: bytes(length), [Carried(7, 2, b"%PDF")])

    assert wire_form("attachment").is_valid(parse(parts[-1]))
    assert all(wire_form("part").is_valid(parse(part)) for part in parts)


@pytest.mark.parametrize("name", sorted(wire_schemas()))
def test_a_schema_file_is_a_schema_with_the_name_of_its_file(name: str) -> None:
    schema = wire_schemas()[name]

    jsonschema_rs.meta.validate(dict(schema))

    assert schema["$id"] == f"urn:exchange:wire:{name}:1.0"
    assert (ROOT / "schemas" / "wire" / f"{name}-1.0.json").is_file()


def test_references_stay_on_the_wire_and_in_the_profile() -> None:
    names = {part["$ref"].partition("#")[0] for part in PARTS if isinstance(part.get("$ref"), str)}

    known = {schema["$id"] for schema in wire_schemas().values()}
    assert names - {""} <= known | {"urn:exchange:schema:profile:1"}


def test_every_list_text_and_number_has_a_bound() -> None:
    bounds = {"array": {"maxItems"}, "string": {"maxLength", "pattern"}, "integer": {"maximum"}}

    assert [part for part in PARTS if not bounds.get(str(part.get("type")), part.keys()) & part.keys()] == []


def test_a_pattern_that_repeats_without_end_stands_beside_a_greatest_length() -> None:
    octets = wire_schemas()["forms"]["$defs"]["octets"]
    uses = [part for part in PARTS if part.get("$ref", "").endswith("/octets")]
    endless = [part for part in PARTS if re.search(r"[])][*+]", part.get("pattern", ""))]

    assert [part for part in (*uses, *endless) if "maxLength" not in part] == [octets]


def test_every_group_refuses_unknown_members() -> None:
    groups = [part for part in PARTS if part.get("type") == "object"]

    assert groups
    assert [
        part for part in groups if part.get("additionalProperties") is True and "maxProperties" not in part
    ] == []
    assert all("additionalProperties" in part for part in groups)


def test_every_pattern_covers_the_whole_text_and_names_ascii_digits() -> None:
    patterns = [part["pattern"] for part in PARTS if isinstance(part.get("pattern"), str)]

    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)
    assert not [pattern for pattern in patterns if "\\d" in pattern or "\\w" in pattern or "(?!" in pattern]


def test_a_list_whose_items_differ_is_short() -> None:
    assert [part for part in PARTS if part.get("uniqueItems") and part["maxItems"] > 16] == []


@pytest.mark.parametrize(
    "text",
    [
        "2027-10-04T02:00:09.000Z",
        "2028-02-29T23:59:59.999Z",
        "2000-02-29T00:00:00.000Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "2027-02-29T00:00:00.000Z",
        "1900-02-29T00:00:00.000Z",
        "2027-04-31T00:00:00.000Z",
        "2027-13-01T00:00:00.000Z",
        "2027-00-01T00:00:00.000Z",
        "2027-01-00T00:00:00.000Z",
        "0000-01-01T00:00:00.000Z",
        "2027-10-04T25:00:00.000Z",
        "2027-10-04T02:60:00.000Z",
        "2027-10-04T02:00:60.000Z",
        "2027-10-04T24:00:00.000Z",
        "2027-10-04T02:00:00.00Z",
        "2027-10-04T02:00:00.000z",
        "2027-10-04T02:00:00.000Z\n",
    ],
)
def test_an_instant_is_one_of_the_calendar(text: str) -> None:
    try:
        parse_instant(text)
    except IdentifierError:
        assert not wire_form("forms#/$defs/instant").is_valid(text)
    else:
        assert wire_form("forms#/$defs/instant").is_valid(text)


def test_every_day_of_eight_centuries_has_the_form_of_an_instant() -> None:
    form = wire_form("forms#/$defs/instant")
    years = [year for year in range(1600, 2401) if year % 4 == 0 or year % 100 < 2]

    wrong = []
    for year in years:
        is_day = form.is_valid(f"{year}-02-29T00:00:00.000Z")
        wrong += [year] if is_day != isleap(year) else []
    assert wrong == []


def test_the_schema_of_a_key_refuses_exactly_the_small_order_and_what_is_not_canonical() -> None:
    forms = wire_schemas()["forms"]["$defs"]
    edwards = {_text(y, sign) for y in (*SMALL_EDWARDS, *range(PRIME, 2**255)) for sign in (0, 1)}
    montgomery = {_text(u) for u in (*SMALL_MONTGOMERY, *range(PRIME, 2**255))}

    assert set(forms["ed25519_key"]["not"]["enum"]) == edwards
    assert set(forms["x25519_key"]["not"]["enum"]) == montgomery


@pytest.mark.parametrize(
    ("kind", "use", "algorithm"),
    [("ed25519_key", KeyUse.HEAD, Algorithm.ED25519), ("x25519_key", KeyUse.SEAL, Algorithm.X25519)],
)
def test_every_key_that_a_schema_names_is_refused_by_the_reader(
    kind: str, use: KeyUse, algorithm: Algorithm
) -> None:
    for text in wire_schemas()["forms"]["$defs"][kind]["not"]["enum"]:
        with pytest.raises(KeyRefusedError):
            check_public(PublicKey(use, algorithm, unb64url(text)))


def test_a_key_of_x25519_with_a_number_of_256_bits_is_refused() -> None:
    form = wire_form("forms#/$defs/x25519_key")

    assert form.is_valid(_text(9))
    assert not form.is_valid(_text(9, 1))


def _text(number: int, sign: int = 0) -> str:
    return b64url((number | sign << 255).to_bytes(32, "little"))
