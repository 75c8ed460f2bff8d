# SPDX-License-Identifier: Apache-2.0
"""The sign-in service of the agency, spoken with over a real connection on loopback."""

from datetime import UTC, datetime
from typing import Any

import pytest
from exchange.adapters.identity.sign_in_service import SignInService
from exchange.clock import SystemClock
from exchange.config import OidcSection
from exchange.errors import SignInError, TransportError
from exchange.service.signing_on import Asking
from pydantic import ValidationError
from tests.support.sign_in_server import SUBJECT, SignInServer

BACK = "https://desk.example/sign-in/elsewhere/back"
ASKING = Asking("state", "nonce", "v" * 43)


def service(server: SignInServer, *, secret: str = "") -> SignInService:
    return SignInService(server.settings(), secret, BACK, SystemClock())


def running(**changes: Any) -> SignInServer:
    return SignInServer(datetime.now(UTC), **changes)


async def test_the_browser_goes_there_and_its_code_gives_the_subject() -> None:
    async with running() as server:
        asked = service(server, secret="shared")
        address = await asked.address(ASKING)
        subject = await asked.subject(server.let_in(address), ASKING)

        assert address.startswith(f"{server.issuer}/authorize?")
        assert {name: server.sent[name] for name in ("response_type", "scope", "code_challenge_method")} == {
            "response_type": "code", "scope": "openid", "code_challenge_method": "S256",
        }  # fmt: skip
        assert (server.sent["redirect_uri"], server.sent["state"]) == (BACK, "state")
        assert subject == SUBJECT
        assert server.asked[-1][1]["client_secret"] == "shared"


@pytest.mark.parametrize(
    "asking",
    [Asking("state", "other", "v" * 43), Asking("state", "nonce", "w" * 43)],
    ids=["nonce", "verifier"],
)
async def test_what_did_not_go_with_this_browser_is_refused(asking: Asking) -> None:
    async with running() as server:
        asked = service(server)
        code = server.let_in(await asked.address(ASKING))

        with pytest.raises(SignInError):
            await asked.subject(code, asking)


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://other.example"}, {"aud": "other"}, {"exp": 1}],
    ids=["issuer", "audience", "old"],
)
async def test_a_token_that_is_not_right_is_refused(claims: dict[str, Any]) -> None:
    async with running(claims=claims) as server:
        asked = service(server)
        code = server.let_in(await asked.address(ASKING))

        with pytest.raises(SignInError):
            await asked.subject(code, ASKING)


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://other.example"},
        {"authorization_endpoint": "https://other.example/authorize"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"jwks_uri": "https://127.0.0.1/keys"},
        {"token_endpoint": None},
        {"jwks_uri": "http://127.0.0.1:port/keys"},
    ],
    ids=["issuer", "page", "port", "scheme", "none", "no number"],
)
async def test_only_the_configured_issuer_is_called(description: dict[str, Any]) -> None:
    """Rule 32."""
    async with running(description=description) as server:
        with pytest.raises(TransportError) as raised:
            await service(server).address(ASKING)

        assert raised.value.reason == "issuer_differs"
        assert len(server.asked) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with running() as server:
        away = OidcSection(issuer=f"{server.issuer}/elsewhere", client="desk")

        with pytest.raises(SignInError):
            await SignInService(away, "", BACK, SystemClock()).address(ASKING)

        assert len(server.asked) == 1


async def test_a_service_that_is_not_there_is_said_to_be_so() -> None:
    async with running() as server:
        asked = service(server)

    with pytest.raises(TransportError) as raised:
        await asked.address(ASKING)

    assert raised.value.reason == "unreachable"


@pytest.mark.parametrize(
    "members",
    [
        {"issuer": "http://login.example", "client": "desk"},
        {"issuer": "https://login.example", "client": ""},
        {"issuer": "https://user@login.example", "client": "desk"},
        {"issuer": "https://login.example/?a=b", "client": "desk"},
        {"issuer": "ftp://login.example", "client": "desk"},
    ],
)
def test_a_wrong_setting_is_refused(members: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OidcSection(**members)
