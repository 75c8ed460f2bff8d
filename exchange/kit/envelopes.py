# SPDX-License-Identifier: Apache-2.0
"""Cases about the line, its envelope and its signature: what a node decides before it opens anything.

Everything here but the right line is refused, and nothing of it is logged, because nobody has proved that
the partner wrote it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from exchange.ids import AgencyCode
from exchange.kit.agency import kit_key
from exchange.kit.breaking import (
    Wrong,
    decoded,
    first_bit,
    json_with,
    json_without,
    one_bit,
    other_spelling,
    replaced,
    segment,
    with_members,
    without,
)
from exchange.kit.cases import ACCEPTED, REFUSED, Case, Offer, again, one
from exchange.kit.scribe import Scribe
from exchange.protocol.envelope import MAX_LINE_BYTES
from exchange.protocol.jws import decode_segment, encode_segment
from exchange.protocol.strictjson import JsonValue, encode
from exchange.protocol.suites import KeyUse

STRANGER: Final = AgencyCode("ZZ-STRANGER")
"""An agency that exists nowhere."""
OTHER_LINK: Final = "AAAAAAAAAAAAAAAAAAAAAA"
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Order of the group of Ed25519 (RFC 8032 section 5.1)."""
_NUL: Final = b"\\u0000"
_DEEP: Final = b"[" * 20 + b"]" * 20


def _line(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"line-{name}", "line.form", description, REFUSED, Wrong(line=change))


LONG: Final = (
    _line("too-large", "The line has more than 6 MiB.", lambda right: right + b"A" * MAX_LINE_BYTES),
)
LINES: Final = (
    one(
        "line-right", "line.form", "A right notice of the next number, announced by its sent leaf.", ACCEPTED
    ),
    _line("without-separator", "The tilde is missing.", replaced(b"~", b"")),
    _line("second-separator", "A tilde stands after the body.", lambda right: right + b"~"),
    _line("two-separators", "Two tildes stand between envelope and body.", replaced(b"~", b"~~")),
    _line("without-envelope", "Nothing stands before the tilde.", lambda right: right[right.index(b"~") :]),
    _line("without-body", "Nothing stands after the tilde.", lambda right: right[: right.index(b"~") + 1]),
    _line("not-ascii", "A letter outside ASCII stands at the end.", lambda right: right + "é".encode()),
    _line("carriage-return", "The line ends with a carriage return.", lambda right: right + b"\r"),
    _line("space-at-the-end", "A space stands after the body.", lambda right: right + b" "),
    _line("space-before", "A space stands before the envelope.", lambda right: b" " + right),
    _line("empty-text", "The line is one letter.", lambda _: b"x"),
)


def _envelope(name: str, rule: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"jws-{name}", rule, description, REFUSED, Wrong(envelope=change))


def _high_s(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:], "little") + _ORDER
    return signature[:32] + s.to_bytes(32, "little")


FORMS: Final = (
    _envelope("two-segments", "jws.form", "The signature is missing with its dot.",
              lambda right: right.rpartition(b".")[0]),
    _envelope("four-segments", "jws.form", "A fourth segment follows.", lambda right: right + b".AAAA"),
    _envelope("detached", "jws.form", "The payload is left out, as in a detached JWS.",
              segment(1, lambda _: b"")),
    _envelope("empty-signature", "jws.form", "The signature is empty.", segment(2, lambda _: b"")),
    _envelope("short-signature", "jws.form", "The signature has 63 bytes.", decoded(2, lambda raw: raw[:-1])),
    _envelope("long-signature", "jws.form", "The signature has 65 bytes.",
              decoded(2, lambda raw: raw + b"\0")),
    _envelope("padded-signature", "jws.form", "The signature ends with padding.",
              segment(2, lambda t: t + b"==")),
    _envelope("padded-header", "jws.form", "A padding character stands after the header.",
              segment(0, lambda text: text + b"=")),
    _envelope("space-in-payload", "jws.form", "A space stands inside the payload segment.",
              segment(1, lambda text: text[:20] + b" " + text[20:])),
    _envelope("other-spelling-of-signature", "jws.form",
              "The last character of the signature has other unused bits: other text, same bytes.",
              segment(2, other_spelling)),
    _envelope("standard-alphabet", "jws.form", "The signature is written with the alphabet of + and /.",
              segment(2, lambda _: b"+/" * 43)),
    _envelope("json-serialisation", "jws.form", "The envelope is a JWS in JSON, not the compact one.",
              lambda right: encode(dict(zip(("protected", "payload", "signature"),
                                            right.decode().split("."), strict=True)))),
)  # fmt: skip


def _header(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"jws-header-{name}", "jws.header", description, REFUSED, Wrong(header=change))


_FORBIDDEN: Final[dict[str, JsonValue]] = {
    "zip": "DEF",
    "crit": ["b64"],
    "jku": "https://example.org/keys",
    "x5u": "https://example.org/chain",
    "x5c": ["AAAA"],
    "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43},
    "b64": False,
    "cty": "JWT",
    "x5t": "AAAA",
    "iss": "x",
}
_ALGORITHMS: Final = ("none", "None", "HS256", "ES256", "EdDSA", "RS256", "Ed448", "ed25519")
_TYPES: Final = (
    "exchange-card+jws",
    "exchange-agreement+jws",
    "exchange-invitation+jws",
    "exchange-joining+jws",
    "exchange-gate+jws",
    "JWT",
    "Exchange-Envelope+jws",
    "application/exchange-envelope+jws",
)
HEADERS: Final = (
    *(
        _header(f"with-{name}", f"The JWS header has the member {name}.", json_with(**{name: value}))
        for name, value in _FORBIDDEN.items()
    ),
    *(_header(f"without-{n}", f"The member {n} is missing.", json_without(n)) for n in ("alg", "kid", "typ")),
    *(_header(f"alg-{n}", f"The algorithm is named {n}.", json_with(alg=n)) for n in _ALGORITHMS),
    *(_header(f"typ-{i}", f"The type is {n}.", json_with(typ=n)) for i, n in enumerate(_TYPES, 1)),
    _header("alg-twice", "The algorithm stands twice, Ed25519 the second time.",
            replaced(b'{"alg"', b'{"alg":"none","alg"')),
    _header("alg-list", "The algorithm is a list.", json_with(alg=["Ed25519"])),
    _header("kid-short", "The key id has 15 digits.", json_with(kid="0" * 15)),
    _header("kid-number", "The key id is a number.", json_with(kid=1)),
    _header("kid-path", "The key id is a path.", json_with(kid="../../etc/passwd")),
    _header("not-json", "The header is not JSON.", lambda right: right[:-1]),
    _header("bom", "A byte order mark stands before the header.", lambda right: b"\xef\xbb\xbf" + right),
    _header("list", "The header is a list.", lambda right: b"[" + right + b"]"),
)  # fmt: skip


def _json(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"envelope-json-{name}", "envelope.json", description, REFUSED, Wrong(payload=change))


JSON: Final = (
    _json("cut", "The JSON ends early.", lambda right: right[:-1]),
    _json("trailing", "A second value follows the object.", lambda right: right + b"{}"),
    _json("trailing-comma", "A comma stands before the closing bracket.",
          lambda right: right[:-1] + b",}"),
    _json("list", "The payload is a list.", lambda right: b"[" + right + b"]"),
    _json("text", "The payload is a text.", lambda _: b'"envelope"'),
    _json("empty", "The payload is empty.", lambda _: b""),
    _json("comment", "A comment stands in the object.", replaced(b"{", b"{/*x*/")),
    _json("single-quotes", "Names stand in single quotes.", lambda right: right.replace(b'"', b"'")),
    _json("bom", "A byte order mark stands before the object.", lambda right: b"\xef\xbb\xbf" + right),
    _json("utf-16", "The payload is UTF-16.", lambda right: right.decode().encode("utf-16-le")),
    _json("invalid-utf-8", "The id holds a byte that is no UTF-8.", replaced(b'"id":"', b'"id":"\xff')),
    _json("raw-nul", "A NUL stands inside a text.", replaced(b'"id":"', b'"id":"\x00')),
    _json("escaped-nul", "An escaped NUL stands inside a text.", replaced(b'"id":"', b'"id":"' + _NUL)),
    _json("lone-surrogate", "Half of a surrogate pair stands in a text.",
          replaced(b'"id":"', b'"id":"\\ud800')),
    _json("name-twice", "The member seq stands twice.", replaced(b'"seq":', b'"seq":1,"seq":')),
    _json("name-twice-escaped", "The member seq stands twice, once in another spelling.",
          replaced(b'"seq":', b'"\\u0073eq":1,"seq":')),
    _json("nan", "The number is NaN.", replaced(b'"agr":1', b'"agr":NaN')),
    _json("infinity", "The number is infinite.", replaced(b'"agr":1', b'"agr":Infinity')),
    _json("float", "The number is 1.0.", replaced(b'"agr":1', b'"agr":1.0')),
    _json("exponent", "The number is 1e0.", replaced(b'"agr":1', b'"agr":1e0')),
    _json("plus", "The number is +1.", replaced(b'"agr":1', b'"agr":+1')),
    _json("leading-zero", "The number is 01.", replaced(b'"agr":1', b'"agr":01')),
    _json("minus-zero", "The number is -0.", replaced(b'"agr":1', b'"agr":-0')),
    _json("big-integer", "The number is 2^53.", replaced(b'"agr":1', b'"agr":9007199254740992')),
    _json("huge-integer", "The number has 100 digits.", replaced(b'"agr":1', b'"agr":1' + b"0" * 99)),
    _json("deep", "A member is a list 20 deep.", replaced(b'"agr":1', b'"agr":' + _DEEP)),
    _json("long", "The envelope has more than 4 kB.", replaced(b"{", b"{" + b" " * 4096)),
)  # fmt: skip

_NAMES: Final = ("v", "id", "link", "agr", "from", "to", "seq", "created", "expires", "suite", "body", "pc")
_EXTRA: Final = ("type", "case", "subject", "urgency", "place", "attachments", "name", "V")


def _members(name: str, description: str, **changes: JsonValue) -> Case:
    wrong = Wrong(members=with_members(**changes))
    return one(f"envelope-{name}", "envelope.values", description, REFUSED, wrong)


def _in_body(name: str, description: str, **changes: JsonValue) -> Case:
    def change(right: dict[str, JsonValue]) -> dict[str, JsonValue]:
        body = right["body"]
        return right | {"body": {**body, **changes} if isinstance(body, dict) else None}

    return one(f"envelope-body-{name}", "envelope.body", description, REFUSED, Wrong(members=change))


MEMBERS: Final = (
    *(
        one(f"envelope-without-{n}", "envelope.members", f"The member {n} is missing.", REFUSED,
            Wrong(members=without(n)))
        for n in _NAMES
    ),
    *(
        one(f"envelope-with-{n}", "envelope.members", f"A member {n} stands outside the sealed body.",
            REFUSED,
            Wrong(members=with_members(**{n: "x"})))
        for n in _EXTRA
    ),
    _members("v-2", "The version is 2.", v=2),
    _members("v-text", "The version is a text.", v="1"),
    _members("v-true", "The version is true.", v=True),
    _members("id-capitals", "The id has capital letters.", id="0192F0C1-7A3E-7D10-8C3B-5A9D2F1E4B60"),
    _members("id-version-4", "The id is a UUID of version 4.", id="0192f0c1-7a3e-4d10-8c3b-5a9d2f1e4b60"),
    _members("id-no-uuid", "The id is no UUID.", id="42"),
    _members("id-line-feed", "A line feed follows the id.", id="0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60\n"),
    _members("link-short", "The link id has 21 characters.", link="A" * 21),
    _members("agr-0", "The agreement version is 0.", agr=0),
    _members("agr-text", "The agreement version is a text.", agr="1"),
    _members("from-small-letters", "The sender is written in small letters.", from_="zz-stranger"),
    _members("from-list", "The sender is a list.", from_=[STRANGER]),
    _members("to-null", "The recipient is null.", to=None),
    _members("seq-0", "The number is 0.", seq=0),
    _members("seq-negative", "The number is -1.", seq=-1),
    _members("seq-text", "The number is a text.", seq="1"),
    _members("seq-true", "The number is true.", seq=True),
    _members("created-seconds", "The instant has no milliseconds.", created="2027-10-04T02:00:00Z"),
    _members("created-offset", "The instant has an offset.", created="2027-10-04T09:00:00.000+07:00"),
    _members("created-no-day", "The day does not exist.", created="2027-02-30T02:00:00.000Z"),
    _members("created-khmer-digits", "The instant has digits of another script.",
             created="២០២៧-10-04T02:00:00.000Z"),
    _members("created-number", "The instant is a number.", created=1822615200),
    _members("expires-before", "The message ends before it begins.", expires="2020-01-01T00:00:00.000Z"),
    _members("suite-0", "The suite is 0.", suite=0),
    _members("suite-3", "The suite is one that does not exist.", suite=3),
    _members("suite-text", "The suite is a text.", suite="2"),
    _members("body-text", "The body is a text.", body="x"),
    _members("body-null", "The body is null.", body=None),
    _members("pc-short", "The commitment has 42 characters.", pc="A" * 42),
    _members("pc-other-spelling", "The commitment has other unused bits.", pc="A" * 42 + "B"),
    _members("pc-list", "The commitment is a list.", pc=[]),
    one("envelope-to-itself", "envelope.values", "Sender and recipient are one agency.", REFUSED,
        Wrong(members=lambda right: right | {"to": right["from"]})),
    one("envelope-ends-at-once", "envelope.values", "The message ends when it begins.", REFUSED,
        Wrong(members=lambda right: right | {"expires": right["created"]})),
    _in_body("other-digest", "The digest is that of other bytes.", sha256="A" * 43),
    _in_body("digest-short", "The digest has 42 characters.", sha256="A" * 42),
    _in_body("size-0", "The size is 0.", size=0),
    _in_body("size-less", "The size is one.", size=1),
    _in_body("size-too-large", "The size is beyond that of a line.", size=6 * 1024 * 1024 + 1),
    _in_body("extra", "A member kind stands beside digest and size.", kind="x"),
    one("envelope-body-without-size", "envelope.body", "The size is missing.", REFUSED,
        Wrong(members=lambda right: right | {"body": {"sha256": "A" * 43}})),
    one("envelope-body-changed", "envelope.body", "One bit of the body is changed on the way.", REFUSED,
        Wrong(line=lambda right: right[:-9] + first_bit(right[-9:]))),
    one("envelope-body-longer", "envelope.body", "The body has one character more.", REFUSED,
        Wrong(line=lambda right: right + b"A")),
)  # fmt: skip

PARTIES: Final = (
    one("recipient-other-agency", "line.recipient", "The line is for another agency.", REFUSED,
        Wrong(members=with_members(to=STRANGER))),
    one("recipient-other-link", "line.recipient", "The line is of another link.", REFUSED,
        Wrong(members=with_members(link=OTHER_LINK))),
    one("signer-other-agency", "line.signer", "The line is from an agency that is not the partner.", REFUSED,
        Wrong(members=with_members(from_=STRANGER))),
)  # fmt: skip


def _signer(name: str, description: str, use: KeyUse, *, n: int = 1) -> Case:
    def play(scribe: Scribe) -> Iterator[Offer]:
        written = scribe.write(Wrong(key=scribe.own.key(use, n)))
        yield Offer((written.line,), (again("unknown_card"),), (written.entry,))

    return Case(f"signer-{name}", "line.signer", description, play)


def _unknown(name: str, description: str, expect: str, *, card: bool) -> Case:
    key = kit_key(STRANGER, KeyUse.ENVELOPE)
    return one(f"signer-{name}", "line.signer", description, expect, Wrong(key=key), card=card)


SIGNERS: Final = (
    _unknown("unknown", "The key is in no card of the partner.", again("unknown_card"), card=False),
    _unknown(
        "unknown-after-the-card", "The key is not in the card that the same frame shows.", REFUSED, card=True
    ),
    _signer("head-key", "The key is the partner's, for heads.", KeyUse.HEAD),
    _signer("cosign-key", "The key is the partner's, for cosignatures.", KeyUse.COSIGN),
    _signer("door-key", "The key is the partner's, for requests.", KeyUse.DOOR),
    _signer("recovery-key", "The key is the partner's recovery key.", KeyUse.RECOVERY),
)


def _signature(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"signature-{name}", "line.signature", description, REFUSED, Wrong(envelope=change))


def _signed_by_second_key(scribe: Scribe) -> Iterator[Offer]:
    """Sign with the second key, and name the first one."""
    first, second = (scribe.own.key(KeyUse.ENVELOPE, n).kid.encode() for n in (1, 2))
    wrong = Wrong(key=scribe.own.key(KeyUse.ENVELOPE, 2), envelope=decoded(0, replaced(second, first)))
    written = scribe.write(wrong)
    yield Offer((written.line,), (REFUSED,), (written.entry,))


def _with_second_key(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write(Wrong(key=scribe.own.key(KeyUse.ENVELOPE, 2)))
    yield Offer((written.line,), (ACCEPTED,), (written.entry,))


SIGNATURES: Final = (
    Case("signature-second-key", "line.signature", "The line is signed by the second key of the card.",
         _with_second_key),
    _signature("one-bit", "One bit of the signature is changed.", decoded(2, one_bit)),
    _signature("zero", "The signature is 64 zero bytes.", decoded(2, lambda _: bytes(64))),
    _signature("high-s", "The signature is the same modulo the order of the group.", decoded(2, _high_s)),
    _signature("payload-changed", "The payload is changed after the signature.",
               decoded(1, replaced(b'"agr":1', b'"agr":2'))),
    _signature("other-payload", "The signature is one over the payload without the header.",
               segment(0, lambda text: encode_segment(b'{"kid":' + _kid(text) + b',"alg":"Ed25519","typ":'
                                                      b'"exchange-envelope+jws"}'))),
    Case("signature-other-key", "line.signature",
         "Another key of the card signed than the one that is named.",
         _signed_by_second_key),
)  # fmt: skip


def _kid(header_segment: bytes) -> bytes:
    """Return the text of the key id in a header, with its quotes."""
    return b'"' + decode_segment(header_segment).split(b'"kid":"')[1][:16] + b'"'


CASES: Final = (*LINES, *FORMS, *HEADERS, *JSON, *MEMBERS, *PARTIES, *SIGNERS, *SIGNATURES)
