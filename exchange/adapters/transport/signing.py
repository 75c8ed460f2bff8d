# SPDX-License-Identifier: Apache-2.0
"""Signatures of requests at the partner door (RFC 9421), made and judged.

A request counts as signed when all of this holds; the numbers stand beside the code:

1. Each field that matters stands exactly once, is printable ASCII and short.
2. `Signature-Input` has one member, `exchange`: exactly the seven components, each once and plain, and
   exactly the parameters `created keyid nonce tag`. Their order is free: it is signed as it stands.
3. The parameters have their form, and the tag is `exchange/1`.
4. `X-Exchange-To` names us.
5. `created` lies at most 300 s from our clock, both ways.
6. The key belongs to the partner of the link, and the signature verifies over the base of RFC 9421.
7. The nonce is new.
8. Later, when the body has been read: its length and its SHA-256 (RFC 9530) are those that were signed.

The library http-message-signatures computes the base and nothing else is left to it: by default it
accepts a request with uncovered parts, a second signature, any age and any repetition. Without a key
the same work is done with a key of nobody, so that an unknown link costs as much as a bad signature.
All failures are one `SignatureInvalidError`; which rule failed stands in `rule`, for our own log at most.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import http_sf
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from exchange.clock import Clock
from exchange.errors import AgainError, ExchangeError, IdentifierError, SignatureInvalidError
from exchange.ids import AgencyCode, KeyId, b64url, parse_key_id
from exchange.protocol import suites
from exchange.protocol.door import (
    MAX_AGE,
    NONCE_LIFE,
    SIGNATURE_LABEL,
    SIGNATURE_TAG,
    SIGNED_COMPONENTS,
    SIGNED_PARAMETERS,
)
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey

NONCE_BYTES = 16
MAX_NONCES = 200_000
"""A node remembers this many requests of 600 s; 333 a second, above any partner's allowance."""
MAX_FIELD_CHARS = 1_024
"""The longest `Signature-Input` that our rules allow has fewer than 300 characters."""

TOO_FAR = "created_too_far"
"""Rule 5 is broken."""

_SINGLE_FIELDS = (
    "signature",
    "signature-input",
    "content-digest",
    "content-type",
    "content-length",
    "x-exchange-to",
)
_FIELD = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_SIGNATURE = re.compile(rf"{SIGNATURE_LABEL}=:([A-Za-z0-9+/]{{86}}==):", re.ASCII)
_LENGTH = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_ORIGIN = "https://partner"
"""The library wants a whole URL; scheme and host are not among the signed components."""

Fields = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Claim:
    """What the fields of a request say about its signature; nothing of it is verified."""

    key: KeyId
    nonce: str
    created: int
    recipient: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class SignedBy:
    """The verified signer of a request."""

    key: KeyId


class NonceBook:
    """Remembers the nonces of 600 s, at most `limit` of them.

    At the bound every new request is refused with `busy` until old nonces have passed; half the
    places is the most that one key can take, so that one partner cannot lock the others out.
    """

    def __init__(self, *, limit: int = MAX_NONCES, life: timedelta = NONCE_LIFE) -> None:
        self._limit = limit
        self._share = max(1, limit // 2)
        self._life_s = life.total_seconds()
        self._until: dict[tuple[KeyId, str], float] = {}
        self._held: dict[KeyId, int] = {}

    def __len__(self) -> int:
        return len(self._until)

    def use(self, key: KeyId, nonce: str, *, now: datetime) -> bool:
        """Return True and remember the nonce, or False when this key used it before.

        Raises:
            AgainError: `busy`, the book is full.
        """
        moment = now.timestamp()
        self._forget(moment)
        if (key, nonce) in self._until:
            return False
        if len(self._until) >= self._limit or self._held.get(key, 0) >= self._share:
            raise AgainError("busy", "too many requests in ten minutes")
        self._until[key, nonce] = moment + self._life_s
        self._held[key] = self._held.get(key, 0) + 1
        return True

    def _forget(self, moment: float) -> None:
        """Drop what has passed; entries stand in the order of their time, so this looks at few."""
        while self._until:
            first = next(iter(self._until))
            if self._until[first] > moment:
                return
            del self._until[first]
            self._held[first[0]] -= 1
            if not self._held[first[0]]:
                del self._held[first[0]]


class RequestGuard:
    """Judges the requests that reach one node: our code, our clock, the nonces seen."""

    def __init__(self, *, recipient: AgencyCode, clock: Clock, nonces: NonceBook | None = None) -> None:
        self._recipient = recipient
        self._clock = clock
        self._nonces = nonces if nonces is not None else NonceBook()

    def claimed_key(self, fields: Fields) -> KeyId:
        """Return the key that a request names, to look it up; nothing is verified.

        Raises:
            SignatureInvalidError: the fields break rules 1 to 3.
        """
        return read_claim(fields).key

    def verify(self, method: str, path: str, *, query: str, fields: Fields, key: PublicKey | None) -> KeyId:
        """Return the key that signed a request; `key` is what the partner has under the claimed id.

        Raises:
            SignatureInvalidError: any rule of 1 to 7 is broken.
            AgainError: `busy`, the nonce book is full.
        """
        signed = verify_request(
            method,
            path,
            query=query,
            fields=fields,
            key_of=lambda _: key,
            now=self._clock.now(),
            recipient=self._recipient,
            nonces=self._nonces,
        )
        return signed.key

    def check_body(self, fields: Fields, body: bytes) -> None:
        """Refuse a body that is not the one whose digest and length were signed (rule 8)."""
        check_body(fields, body)


def sign_request(
    method: str,
    path: str,
    *,
    body: bytes,
    content_type: str,
    recipient: AgencyCode,
    key: PrivateKey,
    now: datetime,
    nonce: bytes,
    query: str = "",
) -> dict[str, str]:
    """Return the fields of a signed request; `nonce` is 16 random bytes, never used before.

    `query` is what follows `?`, without it. The caller sends exactly this method, path, query and body.
    """
    fields = {
        "Content-Digest": content_digest(body),
        "Content-Length": str(len(body)),
        "Content-Type": content_type,
        "X-Exchange-To": recipient,
    }
    prepared = _SIGNER.prepare(
        _Message(method, path, query, fields),
        key_id=key.kid,
        created=now,
        nonce=b64url(nonce),
        tag=SIGNATURE_TAG,
        label=SIGNATURE_LABEL,
        include_alg=False,
        covered_component_ids=SIGNED_COMPONENTS,
        use_existing_digest=True,
    )
    signature = base64.b64encode(suites.sign(key, prepared.signature_base)).decode("ascii")
    fields["Signature-Input"] = f"{SIGNATURE_LABEL}={prepared.signature_params}"
    fields["Signature"] = f"{SIGNATURE_LABEL}=:{signature}:"
    return fields


def verify_request(
    method: str,
    path: str,
    *,
    query: str,
    fields: Fields,
    key_of: Callable[[KeyId], PublicKey | None],
    now: datetime,
    recipient: AgencyCode,
    nonces: NonceBook,
) -> SignedBy:
    """Return who signed a request, by its fields alone; see the checklist of this module.

    Raises:
        SignatureInvalidError: any rule of 1 to 7 is broken.
        AgainError: `busy`, the nonce book is full.
    """
    claim = read_claim(fields)  # 1, 2, 3
    known = key_of(claim.key)
    key = known if known is not None else _nobody()
    genuine = _verifies(_Message(method, path, query, dict(claim.fields)), key)  # 6
    if rule := _broken(claim, known, recipient=recipient, now=now, genuine=genuine):  # 4, 5, 6
        is_only_late = rule == TOO_FAR and known is not None and genuine
        apart_s = claim.created - round(now.timestamp()) if is_only_late else 0
        raise SignatureInvalidError("the request is not signed as agreed", rule=rule, apart_s=apart_s)
    if not nonces.use(claim.key, claim.nonce, now=now):  # 7
        raise SignatureInvalidError("the request was seen before", rule="nonce_again")
    return SignedBy(claim.key)


def _broken(
    claim: Claim, known: PublicKey | None, *, recipient: AgencyCode, now: datetime, genuine: bool
) -> str:
    """Return which of the rules 4 to 6 is broken, or ""; called when the whole work is done."""
    if claim.recipient != recipient:
        return "other_recipient"
    if abs(now.timestamp() - claim.created) > MAX_AGE.total_seconds():
        return TOO_FAR
    if known is None or known.use is not KeyUse.DOOR or known.kid != claim.key:
        return "key_unknown"
    return "" if genuine else "not_verified"


def read_claim(fields: Fields) -> Claim:
    """Return what a request claims, if its fields have the exact form (rules 1 to 3).

    Raises:
        SignatureInvalidError: a field is missing, doubled or has another form.
    """
    single = _single(fields)
    parameters = _parameters(single["signature-input"])
    if _SIGNATURE.fullmatch(single["signature"]) is None or parameters["tag"] != SIGNATURE_TAG:
        raise SignatureInvalidError("the signature has another form", rule="signature_form")
    if type(parameters["created"]) is not int or _NONCE.fullmatch(parameters["nonce"]) is None:
        raise SignatureInvalidError("the signature parameters have another form", rule="parameter_form")
    try:
        key = parse_key_id(parameters["keyid"])
    except IdentifierError as error:
        raise SignatureInvalidError("the key id has another form", rule="parameter_form") from error
    return Claim(key, parameters["nonce"], parameters["created"], single["x-exchange-to"], single)


def check_body(fields: Fields, body: bytes) -> None:
    """Refuse a body whose length or SHA-256 is not that of the fields (rule 8).

    Raises:
        SignatureInvalidError: the body is another one.
    """
    single = _single(fields)
    length = single["content-length"]
    if _LENGTH.fullmatch(length) is None or int(length) != len(body):
        raise SignatureInvalidError("the body has another length", rule="body_length")
    if not hmac.compare_digest(single["content-digest"], content_digest(body)):
        raise SignatureInvalidError("the body has another digest", rule="body_digest")


def content_digest(body: bytes) -> str:
    """Return the one form of `Content-Digest` that is used here (RFC 9530 section 2)."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
    return f"sha-256=:{digest}:"


def _single(fields: Fields) -> dict[str, str]:
    """Return the fields that matter, each of which must stand exactly once (rule 1)."""
    found: dict[str, str] = {}
    for name, value in fields:
        small = name.lower()
        if small not in _SINGLE_FIELDS:
            continue
        if small in found or len(value) > MAX_FIELD_CHARS or _FIELD.fullmatch(value) is None:
            raise SignatureInvalidError("a signed field is doubled or has another form", rule="field_form")
        found[small] = value
    if len(found) != len(_SINGLE_FIELDS):
        raise SignatureInvalidError("a signed field is missing", rule="field_missing")
    return found


def _parameters(text: str) -> dict[str, Any]:
    """Return the parameters of the one signature, if components and parameters are exact (rule 2)."""
    try:
        members: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=_no_twins)
        components, parameters = members[SIGNATURE_LABEL]
        names = sorted(name for name, details in components if type(name) is str and not details)
    except (ValueError, TypeError, KeyError) as error:
        raise SignatureInvalidError("the signature input has another form", rule="signature_input") from error
    exact = len(members) == 1 and len(components) == len(names) and names == sorted(SIGNED_COMPONENTS)
    if not exact or sorted(parameters) != sorted(SIGNED_PARAMETERS):
        raise SignatureInvalidError("the signature covers other parts", rule="signature_input")
    if any(type(parameters[name]) is not str for name in ("keyid", "nonce", "tag")):
        raise SignatureInvalidError("a signature parameter has another type", rule="parameter_form")
    return dict(parameters)


def _no_twins(key: str, context: str) -> None:
    raise ValueError(f"{key} stands twice in one {context}")


def _verifies(message: "_Message", key: PublicKey) -> bool:
    verifier = _Verifier(signature_algorithm=_DoorSignature, key_resolver=_OneKey(key))
    try:
        found = verifier.verify(message, max_age=None, expect_tag=SIGNATURE_TAG, expect_label=SIGNATURE_LABEL)
    except HTTPMessageSignaturesException:
        return False
    return len(found) == 1


@cache
def _nobody() -> PublicKey:
    """Return a key whose private half is thrown away, for work that must cost the same."""
    seed = hashlib.sha256(b"exchange door key of nobody").digest()
    return PrivateKey(KeyUse.DOOR, Algorithm.ED25519, seed).public


class _Message:
    """A request as the library wants to see it."""

    def __init__(self, method: str, path: str, query: str, headers: dict[str, str]) -> None:
        self.method = method
        self.url = f"{_ORIGIN}{path}?{query}" if query else f"{_ORIGIN}{path}"
        self.headers = headers


class _DoorSignature(HTTPSignatureAlgorithm):
    """Ed25519 by way of `suites`, the one place that names algorithms."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: PublicKey | None = None, private_key: PrivateKey | None = None) -> None:
        self._public = public_key
        self._private = private_key

    def sign(self, message: bytes) -> bytes:
        if self._private is None:
            raise HTTPMessageSignaturesException("no private key")
        return suites.sign(self._private, message)

    def verify(self, signature: bytes, message: bytes) -> None:
        if self._public is None:
            raise HTTPMessageSignaturesException("no public key")
        try:
            suites.verify(self._public, message, signature)
        except ExchangeError as error:
            raise HTTPMessageSignaturesException("the signature does not verify") from error


class _OneKey(HTTPSignatureKeyResolver):
    """Gives the key that was looked up before; the key id was compared already."""

    def __init__(self, key: PublicKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> PublicKey:
        return self._key


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its own clock: age is rule 5, judged with the clock we are given."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        return None


_SIGNER = HTTPMessageSigner(signature_algorithm=_DoorSignature)
