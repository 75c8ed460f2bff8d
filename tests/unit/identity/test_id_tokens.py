# SPDX-License-Identifier: Apache-2.0
"""ID tokens of the sign-in service: each check of the list, with the tokens that it has to refuse."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange.adapters.identity.id_tokens import LONGEST_SUBJECT, Expected, subject_of
from exchange.errors import SignInError
from exchange.ids import b64url
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.support.sign_in_server import CLIENT, SUBJECT, right_claims, signing_key, token_of

ISSUER, NONCE = "https://login.agency.example/realm", "n-0S6_WzA2Mj"
NOW = datetime(2027, 10, 4, 9, 0, tzinfo=UTC)
EXPECTED = Expected(ISSUER, CLIENT, NONCE, NOW)
KEYS: dict[str, Any] = {"keys": [signing_key().as_dict(private=False)]}
AT_S = int(NOW.timestamp())


def claims(**changes: Any) -> dict[str, Any]:
    made = {**right_claims(ISSUER, NONCE, NOW), **changes}
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"exp": AT_S - 299},
        {"iat": AT_S + 299},
    ],
    ids=["as usual", "a list of one", "several for us", "just within the skew", "their clock is ahead"],
)
def test_a_right_token_gives_its_subject(changes: dict[str, Any]) -> None:
    assert subject_of(token_of(claims(**changes)), KEYS, EXPECTED) == SUBJECT


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://login.agency.example/other"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": [CLIENT, "other"]},
        {"aud": CLIENT, "azp": "other"},
        {"aud": None},
        {"exp": AT_S - 300},
        {"exp": None},
        {"exp": str(AT_S + 300)},
        {"exp": True},
        {"iat": AT_S - 901},
        {"iat": AT_S + 301},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * (LONGEST_SUBJECT + 1)},
    ],
)
def test_a_token_that_says_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignInError) as raised:
        subject_of(token_of(claims(**changes)), KEYS, EXPECTED)

    assert raised.value.reason == "sign_in_refused"


def test_a_token_without_signature_is_refused() -> None:
    parts = [b64url(json.dumps(each).encode()) for each in ({"alg": "none", "kid": "k1"}, claims())]

    with pytest.raises(SignInError):
        subject_of(".".join((*parts, "")), KEYS, EXPECTED)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    secret = OctKey.import_key(json.dumps(KEYS["keys"][0]))
    token = jwt.encode({"alg": "HS256", "kid": "k1"}, claims(), secret)

    with pytest.raises(SignInError):
        subject_of(token, KEYS, EXPECTED)


@pytest.mark.parametrize("name", ["jku", "jwk", "x5u", "x5c"])
def test_a_token_that_brings_its_own_key_is_refused(name: str) -> None:
    header, _, rest = token_of(claims()).partition(".")
    brought = b64url(json.dumps({"alg": "ES256", "kid": "k1", name: "https://evil.example"}).encode())

    with pytest.raises(SignInError):
        subject_of(f"{brought}.{rest}", KEYS, EXPECTED)
    assert header != brought


@pytest.mark.parametrize(
    "token",
    [
        token_of(claims(), seed="somebody else"),
        token_of(claims(), kid="k2"),
        "",
        "a.b",
        "a.b.c",
        token_of(claims()) + "A",
        token_of(claims())[:-8],
        token_of(claims(more="x" * 17_000)),
    ],
    ids=["another key", "unknown key", "nothing", "two parts", "no token", "longer", "cut", "too large"],
)
def test_what_is_not_signed_by_the_service_is_refused(token: str) -> None:
    with pytest.raises(SignInError):
        subject_of(token, KEYS, EXPECTED)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": []},
        {"keys": KEYS["keys"] * 2},
        {"keys": [{**KEYS["keys"][0], "use": "enc"}]},
        {"keys": [signing_key().as_dict(private=True)]},
        {"keys": [{"kty": "oct", "k": "AAAA", "kid": "k1"}]},
    ],
    ids=["no set", "no key", "twice", "not for signatures", "a private key", "a shared secret"],
)
def test_a_key_set_that_is_not_clear_opens_nothing(keys: dict[str, Any]) -> None:
    with pytest.raises(SignInError):
        subject_of(token_of(claims()), keys, EXPECTED)


def test_a_day_later_the_same_token_is_refused() -> None:
    later = Expected(ISSUER, CLIENT, NONCE, NOW + timedelta(days=1))

    with pytest.raises(SignInError):
        subject_of(token_of(claims()), KEYS, later)
