# SPDX-License-Identifier: Apache-2.0
"""Judges an ID token of the sign-in service of the own agency: bytes and expectations in, subject out.

The checks, in this order (OpenID Connect Core 1.0, section 3.1.3.7); any that fails has one answer:

1. form: at most `MAX_TOKEN`, three parts, a header that names no key and no key address of its own
2. algorithm: one of `ALGORITHMS`, never `none` and never one with a shared secret
3. signature, by the key of the service that `kid` names
4. issuer: exactly the configured one
5. audience: we, and if there are several or an authorized party, that is we as well
6. time: not expired, not issued later than now or long ago, within the clock skew
7. nonce: the one that went with this browser
8. subject: there, and not longer than the standard allows

Mail addresses, names and groups in a token are not looked at.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from exchange.errors import IdentifierError, SignInError, StrictJsonError
from exchange.ids import unb64url
from exchange.protocol.strictjson import Limits, parse_object

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA")
MAX_TOKEN: Final = 16 * 1024
"""With groups of a directory some services write 8 kB."""
SKEW_S: Final = 300
"""Threat model, section 7: clock skew."""
OLDEST_S: Final = 600
"""A token is made while the browser waits."""
LONGEST_SUBJECT: Final = 255
"""OpenID Connect Core, section 2."""
_FOREIGN: Final = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip")
_JSON: Final = Limits(max_bytes=MAX_TOKEN, max_depth=8, max_members=200, max_items=2_000, max_name=200)


@dataclass(frozen=True)
class Expected:
    """What a token has to say."""

    issuer: str
    client: str
    nonce: str
    now: datetime


def subject_of(token: str, keys: Mapping[str, Any], expected: Expected) -> str:
    """Return the subject of a right token.

    Raises:
        SignInError: any check failed; which one is said to nobody.
    """
    try:
        claims = _signed_claims(token, keys)
    except (JoseError, StrictJsonError, IdentifierError, ValueError, TypeError, KeyError) as error:
        raise SignInError("the sign-in service did not give a right answer") from error
    subject = claims.get("sub")
    fits = (
        claims.get("iss") == expected.issuer
        and _is_for(claims, expected.client)
        and _is_timely(claims, expected.now.timestamp())
        and _is_text(claims.get("nonce"), expected.nonce)
    )
    if not fits or not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise SignInError("the sign-in service did not give a right answer")
    return subject


def _signed_claims(token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims after checks 1 to 3."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3:
        raise ValueError("not a compact token")
    header = parse_object(unb64url(parts[0]), _JSON)
    if header.get("alg") not in ALGORITHMS or any(name in header for name in _FOREIGN):
        raise ValueError("a header that is not taken")
    chosen = _keys_named(keys, header.get("kid"))
    opened = jws.deserialize_compact(token, chosen, algorithms=list(ALGORITHMS))
    return dict(parse_object(opened.payload, _JSON))


def _keys_named(keys: Mapping[str, Any], kid: object) -> KeySet:
    """Return the public keys of the service that may have signed; a shared secret is none."""
    rows = [row for row in keys["keys"] if row.get("kty") in ("RSA", "EC", "OKP")]
    rows = [row for row in rows if row.get("use", "sig") == "sig" and "d" not in row]
    named = [row for row in rows if row.get("kid") == kid] if kid is not None else rows
    if len(named) != 1:
        raise ValueError("no key, or several")
    return KeySet.import_key_set({"keys": named})


def _is_for(claims: Mapping[str, Any], client: str) -> bool:
    audience, party = claims.get("aud"), claims.get("azp")
    several = audience if isinstance(audience, list) else [audience]
    if client not in several or (party is not None and party != client):
        return False
    return len(several) == 1 or party == client


def _is_timely(claims: Mapping[str, Any], now_s: float) -> bool:
    expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    if expires is None or issued is None:
        return False
    return expires + SKEW_S > now_s and -SKEW_S <= now_s - issued <= OLDEST_S + SKEW_S


def _seconds(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_text(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(), expected.encode())
