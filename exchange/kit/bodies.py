# SPDX-License-Identifier: Apache-2.0
"""Cases about the sealed body: its JWE, for whom it opens, its padding, its parts and their commitment.

The signature of each line is right, so the partner said it, and every fault is a logged verdict. A body that
does not open has one code, whatever the cause (threat model, rule 12).
"""

from collections.abc import Callable, Iterator
from typing import Final

from exchange.ids import AgencyCode, MessageId, new_message_id
from exchange.kit.breaking import (
    Members,
    SealedFor,
    Wrong,
    decoded,
    first_bit,
    json_with,
    json_without,
    one_bit,
    other_spelling,
    part_with,
    replaced,
    segment,
    with_members,
)
from exchange.kit.cases import ACCEPTED, Case, Offer, one, rejected
from exchange.kit.envelopes import OTHER_LINK, STRANGER
from exchange.kit.scribe import Order, Scribe
from exchange.protocol.jws import encode_segment
from exchange.protocol.parts import size_class
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import ENCAPSULATED_BYTES, KeyUse, Suite

UNOPENED: Final = rejected("decryption_failed")
UNCOMMITTED: Final = rejected("commitment_mismatch")
ILL_FORMED: Final = rejected("form_invalid")
MISMATCHED: Final = rejected("header_mismatch")
CLASSICAL: Final = "classical"
"""Context whose agreement names suite 1."""


def _body(
    name: str, rule: str, description: str, change: Callable[[bytes], bytes], context: str = "open"
) -> Case:
    return one(f"body-{name}", rule, description, UNOPENED, Wrong(body=change), context=context)


FORMS: Final = (
    _body("any-bytes", "body.form", "The body is one letter.", lambda _: b"x"),
    _body("four-segments", "body.form", "The tag is missing with its dot.",
          lambda right: right.rpartition(b".")[0]),
    _body("six-segments", "body.form", "A sixth segment follows.", lambda right: right + b".AAAA"),
    _body("empty-segments", "body.form", "All five segments are empty.", lambda _: b"...."),
    _body("padded", "body.form", "The ciphertext ends with padding.", segment(3, lambda text: text + b"=")),
    _body("other-spelling", "body.form", "The tag has other unused bits.", segment(4, other_spelling)),
    _body("short-tag", "body.form", "The tag has 12 bytes.", decoded(4, lambda raw: raw[:12])),
    _body("without-tag", "body.form", "The tag is empty.", segment(4, lambda _: b"")),
    _body("long-iv", "body.form", "The iv has 16 bytes.", decoded(2, lambda raw: raw + bytes(4))),
    _body("short-key", "body.form", "The encrypted key has one byte less.", decoded(1, lambda raw: raw[:-1])),
    _body("without-key", "body.form", "The encrypted key is empty, as if the key were agreed directly.",
          segment(1, lambda _: b"")),
    _body("general-json", "body.form", "The body is a JWE in JSON.", lambda right: b'{"ciphertext":"AAAA"}'),
)  # fmt: skip


def _jwe(name: str, description: str, change: Callable[[bytes], bytes], context: str = "open") -> Case:
    return _body(f"header-{name}", "body.header", description, decoded(0, change), context)


_EXTRA: Final[dict[str, JsonValue]] = {
    "zip": "DEF",
    "crit": ["exp"],
    "jku": "https://example.org/keys",
    "jwk": {"kty": "OKP"},
    "x5c": ["AAAA"],
    "x5u": "https://example.org/chain",
    "cty": "JWT",
    "typ": "JWE",
    "apu": "AAAA",
    "epk": {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
    "psk_id": "AAAA",
}
_ALGORITHMS: Final = ("ECDH-ES+A256KW", "HPKE-9", "HPKE-0-KE", "dir", "RSA-OAEP", "none", "A256KW")
_ENCRYPTIONS: Final = ("A128GCM", "A256CBC-HS512", "none")
HEADERS: Final = (
    *(_jwe(f"with-{n}", f"The JWE header has the member {n}.",
           json_with(**{n: v})) for n, v in _EXTRA.items()),
    *(_jwe(f"without-{n}", f"The member {n} is missing.",
           json_without(n)) for n in ("alg", "enc", "kid", "ek")),
    *(_jwe(f"alg-{n}", f"The algorithm is named {n}.", json_with(alg=n)) for n in _ALGORITHMS),
    *(_jwe(f"enc-{n}", f"The encryption is named {n}.", json_with(enc=n)) for n in _ENCRYPTIONS),
    _jwe("kid-unknown", "The key is none of the recipient.", json_with(kid="0" * 16)),
    _jwe("kid-number", "The key id is a number.", json_with(kid=1)),
    _jwe("alg-twice", "The algorithm stands twice.", replaced(b'{"alg"', b'{"alg":"dir","alg"')),
    _jwe("not-json", "The header is not JSON.", lambda right: right[:-1]),
    _jwe("spaces", "A space is added, so that the authenticated bytes are others.",
         replaced(b"{", b"{ ")),
    _jwe("too-long", "The header has more than 3 kB.", replaced(b"{", b"{" + b" " * 3072)),
    _jwe("ek-short", "The encapsulated secret has one byte less.",
         json_with(ek=encode_segment(bytes(ENCAPSULATED_BYTES - 1)).decode())),
    _jwe("ek-zero", "The encapsulated secret is zero bytes.",
         json_with(ek=encode_segment(bytes(ENCAPSULATED_BYTES)).decode())),
    _jwe("ek-padded", "The encapsulated secret is padded.", replaced(b'"ek":"', b'"ek":"=')),
    _jwe("ek-list", "The encapsulated secret is a list.", json_with(ek=[])),
)  # fmt: skip


def _sealed(name: str, description: str, to: SealedFor) -> Case:
    return one(f"body-sealed-for-{name}", "body.opens", description, UNOPENED, Wrong(sealed_for=to))


def _for_another_message(scribe: Scribe) -> Iterator[Offer]:
    id = new_message_id(scribe.now(), scribe.random)
    written = scribe.write(Wrong(sealed_for=SealedFor(id=MessageId(id))))
    yield Offer((written.line,), (UNOPENED,), (written.entry,))


def _to_ourselves(scribe: Scribe) -> Iterator[Offer]:
    key = scribe.own.key(KeyUse.SEAL, suite=scribe.suite).public
    written = scribe.write(Wrong(sealed_for=SealedFor(key=key)))
    yield Offer((written.line,), (UNOPENED,), (written.entry,))


def _other_way(scribe: Scribe) -> Iterator[Offer]:
    to = SealedFor(sender=scribe.partner.agency, recipient=scribe.own.code)
    written = scribe.write(Wrong(sealed_for=to))
    yield Offer((written.line,), (UNOPENED,), (written.entry,))


OPENS: Final = (
    _sealed("another-sender", "The body was sealed by another agency.", SealedFor(sender=STRANGER)),
    _sealed("another-recipient", "The body was sealed for another agency.", SealedFor(recipient=STRANGER)),
    Case("body-sealed-for-another-message", "body.opens", "The body was sealed for another message.",
         _for_another_message),
    Case("body-sealed-the-other-way", "body.opens", "The body was sealed for the other direction.",
         _other_way),
    Case("body-sealed-to-the-sender", "body.opens", "The body is sealed to the key of the sender.",
         _to_ourselves),
    _body("key-changed", "body.opens", "One bit of the encrypted key is changed.", decoded(1, one_bit)),
    _body("iv-changed", "body.opens", "One bit of the iv is changed.", decoded(2, one_bit)),
    _body("ciphertext-changed", "body.opens", "One bit of the ciphertext is changed.", decoded(3, first_bit)),
    _body("ciphertext-shorter", "body.opens", "The ciphertext has one byte less.",
          decoded(3, lambda raw: raw[:-1])),
    _body("ciphertext-empty", "body.opens", "There is no ciphertext.", segment(3, lambda _: b"")),
    _body("tag-changed", "body.opens", "One bit of the tag is changed.", decoded(4, one_bit)),
    _body("tag-zero", "body.opens", "The tag is zero bytes.", decoded(4, lambda _: bytes(16))),
)  # fmt: skip


def _suite(name: str, description: str, wrong: Wrong, expect: str, context: str = "open") -> Case:
    return one(f"suite-{name}", "body.suite", description, expect, wrong, context=context)


SUITES: Final = (
    _suite("lower", "Envelope and body are of suite 1, the agreement names suite 2.",
           Wrong(members=with_members(suite=1), sealed_for=SealedFor(suite=Suite.CLASSICAL)),
           rejected("agreement_mismatch")),
    _suite("lower-body", "The envelope says suite 2, the body is of suite 1.",
           Wrong(sealed_for=SealedFor(suite=Suite.CLASSICAL)), UNOPENED),
    _suite("other-number", "The body is right, and the envelope says suite 1.",
           Wrong(members=with_members(suite=1)), rejected("agreement_mismatch")),
    _suite("higher", "Envelope and body are of suite 2, the agreement names suite 1.",
           Wrong(members=with_members(suite=2), sealed_for=SealedFor(suite=Suite.HYBRID)),
           rejected("agreement_mismatch"), CLASSICAL),
)  # fmt: skip


def _epk(**changes: JsonValue) -> Callable[[bytes], bytes]:
    """Return a function that changes the ephemeral key in a header of suite 1."""
    key: Members = {"kty": "OKP", "crv": "X25519", "x": encode_segment(bytes(32)).decode()}
    return json_with(epk={name: value for name, value in (key | changes).items() if value is not None})


def _party(agency: AgencyCode) -> str:
    return encode_segment(agency.encode()).decode()


def _one(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return _jwe(f"classical-{name}", description, change, CLASSICAL)


SUITE_1: Final = (
    one("classical-right", "body.suite", "A right line of suite 1 under an agreement that names it.",
        ACCEPTED,
        context=CLASSICAL),
    _one("epk-small-order", "The ephemeral key is of small order.", _epk()),
    _one("epk-other-small-order", "The ephemeral key is the point 1.",
         _epk(x=encode_segment(b"\1" + bytes(31)).decode())),
    _one("epk-short", "The ephemeral key has 31 bytes.", _epk(x=encode_segment(bytes(31)).decode())),
    _one("epk-other-curve", "The ephemeral key names another curve.", _epk(crv="P-256")),
    _one("epk-other-kind", "The ephemeral key is of another kind.", _epk(kty="EC")),
    _one("epk-without-x", "The ephemeral key has no coordinate.", _epk(x=None)),
    _one("epk-with-kid", "The ephemeral key has one more member.", _epk(kid="0" * 16)),
    _one("epk-text", "The ephemeral key is a text.", json_with(epk="x")),
    *(_one(f"without-{n}", f"The member {n} is missing.", json_without(n)) for n in ("epk", "apu", "apv")),
    _one("apu-other", "The member apu names another agency.", json_with(apu=_party(STRANGER))),
    _one("apv-other", "The member apv names another agency.", json_with(apv=_party(STRANGER))),
    _one("with-ek", "The header has the member ek of suite 2.", json_with(ek="AAAA")),
    _one("with-zip", "The header asks for compression.", json_with(zip="DEF")),
    _one("alg-direct", "The algorithm is ECDH-ES without a wrapped key.", json_with(alg="ECDH-ES")),
    _one("alg-p2", "The algorithm is one of pass phrases.", json_with(alg="PBES2-HS256+A128KW")),
    _body("classical-tag-changed", "body.opens", "One bit of the tag is changed.",
          decoded(4, one_bit), CLASSICAL),
    _body("classical-key-changed", "body.opens", "One bit of the wrapped key is changed.",
          decoded(1, one_bit),
          CLASSICAL),
)  # fmt: skip


def _plaintext(name: str, description: str, change: Callable[[bytes], bytes]) -> Case:
    return one(f"padding-{name}", "parts.padding", description, UNCOMMITTED, Wrong(plaintext=change))


def _next_class(right: bytes) -> bytes:
    return right.ljust(size_class(len(right) + 1), b" ")


def _unpadded(right: bytes) -> bytes:
    return right.rstrip(b" ")


PADDING: Final = (
    _plaintext("none", "There is no padding.", _unpadded),
    _plaintext("one-more", "There is one space more than the size class has.", lambda right: right + b" "),
    _plaintext("one-less", "There is one space less.", lambda right: right[:-1]),
    _plaintext("next-class", "The plaintext is padded to the next size class.", _next_class),
    _plaintext("zeros", "The padding is zero bytes.", lambda right: right.replace(b" ", b"\0")
               if right.endswith(b"  ") and b" " not in _unpadded(right) else
               _unpadded(right) + b"\0" * (len(right) - len(_unpadded(right)))),
    _plaintext("tabs", "The padding is tabs.",
               lambda right: _unpadded(right) + b"\t" * (len(right) - len(_unpadded(right)))),
    _plaintext("message", "The padding carries a word.", lambda right: right[:-6] + b" hello"),
    _plaintext("without-last-line-feed", "The last part has no line feed.",
               lambda right: (_unpadded(right)[:-1]).ljust(len(right), b" ")),
    _plaintext("empty-part", "Two line feeds follow each other.",
               lambda right: (_unpadded(right) + b"\n").ljust(len(right), b" ")),
    one("parts-one", "parts.padding", "There is one part.",
        UNCOMMITTED, Wrong(parts=lambda right: right[:1])),
    one("parts-too-many", "parts.padding", "There are 1,011 parts.", UNCOMMITTED,
        Wrong(parts=lambda right: [b"{}"] * 1_011)),
)  # fmt: skip


def _committed(name: str, description: str, change: Callable[[list[bytes]], list[bytes]]) -> Case:
    """Return the case of parts that are changed after the commitment was made."""

    def play(scribe: Scribe) -> Iterator[Offer]:
        right = scribe.write()
        other = scribe.write(
            Wrong(parts=lambda _: change(list(right.parts)), members=with_members(pc=right.members["pc"])),
            Order(seq=right.seq, id=right.id),
        )
        yield Offer((other.line,), (UNCOMMITTED,), (other.entry,))

    return Case(f"commitment-{name}", "parts.commitment", description, play)


COMMITMENT: Final = (
    one("commitment-other", "parts.commitment", "The commitment is that of nothing.", UNCOMMITTED,
        Wrong(members=with_members(pc="A" * 43))),
    _committed("other-order", "Content and person change places.",
               lambda parts: [parts[0], *reversed(parts[1:])]),
    _committed("part-left-out", "The last part is left out.", lambda parts: parts[:-1]),
    _committed("part-again", "The last part stands twice.", lambda parts: [*parts, parts[-1]]),
    _committed("one-letter", "One letter of a part is another.",
               part_with(1, lambda part: part[:-3] + bytes([part[-3] ^ 1]) + part[-2:])),
)  # fmt: skip


def _part(
    name: str, rule: str, description: str, change: Callable[[bytes], bytes], *, number: int = 1
) -> Case:
    return one(name, rule, description, ILL_FORMED, Wrong(parts=part_with(number, change)))


def _again_salted(scribe: Scribe) -> Iterator[Offer]:
    """Use the salt of an accepted message once more."""
    first = scribe.write()
    salt = first.parts[1][:54]
    second = scribe.write(Wrong(parts=part_with(1, lambda part: salt + part[54:])))
    yield Offer((first.line,), (ACCEPTED,), (first.entry,))
    yield Offer((second.line,), (UNCOMMITTED,), (second.entry,))


SALTS: Final = (
    _part("salt-missing", "parts.salt", "A part has no salt.", lambda part: b"{" + part[55:]),
    _part("salt-short", "parts.salt", "A salt has 31 bytes.", lambda part: part[:50] + part[52:]),
    _part("salt-not-first", "parts.salt", "The salt is not the first member.",
          lambda part: b'{"note":"x",' + part[1:]),
    _part("salt-other-spelling", "parts.salt", "A salt has other unused bits.",
          lambda part: part[:9] + other_spelling(part[9:52]) + part[52:]),
    _part("salt-twice-in-a-part", "parts.salt", "A part has two salts.",
          lambda part: part[:53] + b"," + part[1:53] + part[53:]),
    one("salt-twice-in-a-message", "parts.salt", "Two parts have one salt.", ILL_FORMED,
        Wrong(parts=lambda right: [right[0], right[1], right[1][:54] + right[2][54:]])),
    Case("salt-of-an-earlier-message", "parts.salt", "A salt was used in an accepted message.",
         _again_salted),
)  # fmt: skip

JSON: Final = (
    _part("part-cut", "parts.json", "A part ends early.", lambda part: part[:-1]),
    _part("part-trailing", "parts.json", "Something follows the object.", lambda part: part + b"x"),
    _part("part-float", "parts.json", "A number is a fraction.",
          replaced(b'"persons_count":1', b'"persons_count":1.0')),
    _part("part-nan", "parts.json", "A number is NaN.",
          replaced(b'"persons_count":1', b'"persons_count":NaN')),
    _part("part-big-integer", "parts.json", "A number is 2^53.",
          replaced(b'"persons_count":1', b'"persons_count":9007199254740992')),
    _part("part-name-twice", "parts.json", "A name stands twice.",
          replaced(b'"persons_count":1', b'"persons_count":2,"persons_count":1')),
    _part("part-lone-surrogate", "parts.json", "A text holds half of a surrogate pair.",
          replaced(b'"full":"', b'"full":"\\udfff'), number=2),
    _part("part-nul", "parts.json", "A text holds an escaped NUL.",
          replaced(b'"full":"', b'"full":"\\u0000'), number=2),
    _part("part-invalid-utf-8", "parts.json", "A text is not UTF-8.",
          replaced(b'"full":"', b'"full":"\xff'), number=2),
    _part("part-deep", "parts.json", "A list is 17 deep.",
          replaced(b'"escorts":[]', b'"escorts":' + b"[" * 17 + b"]" * 17)),
)  # fmt: skip

HEADER_MEMBERS: Final[dict[str, JsonValue]] = {
    "message_id": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60",
    "sender": STRANGER,
    "recipient": STRANGER,
    "link": OTHER_LINK,
    "agreement": 2,
}
"""Members of the header that equal the envelope, each with another value."""


def _in_header(name: str, value: JsonValue, *, gone: bool = False) -> Case:
    def change(right: Members) -> Members:
        header = right["header"]
        kept = {k: v for k, v in header.items() if k != name} if isinstance(header, dict) else {}
        return {**right, "header": kept if gone else {**kept, name: value}}

    words = "is missing" if gone else "is not that of the envelope"
    place = f"header-{'without' if gone else 'other'}-{name.replace('_', '-')}"
    description = f"The member {name} of the header {words}."
    return one(place, "parts.header", description, MISMATCHED, Wrong(document=change))


EQUALITY: Final = (
    *(_in_header(name, value) for name, value in HEADER_MEMBERS.items()),
    *(_in_header(name, value, gone=True) for name, value in HEADER_MEMBERS.items()),
    one("envelope-other-agreement", "agreement.in_force", "The envelope names a version that nobody signed.",
        rejected("agreement_mismatch"), Wrong(members=with_members(agr=2))),
)  # fmt: skip

CASES: Final = (
    *FORMS,
    *HEADERS,
    *OPENS,
    *SUITES,
    *SUITE_1,
    *PADDING,
    *COMMITMENT,
    *SALTS,
    *JSON,
    *EQUALITY,
)
