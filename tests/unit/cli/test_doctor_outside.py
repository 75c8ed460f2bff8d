# SPDX-License-Identifier: Apache-2.0
"""What `exchange doctor` finds outside the node: certificates, mail server, sign-in service."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exchange.config import AgencySection, DeskSection, NotifySection, OidcSection, Settings, StaffSection
from exchange.interfaces.cli.doctor_outside import Finding, outside
from tests.support.certificates import pem_files
from tests.support.sign_in_server import SignInServer
from tests.support.smtp_server import MailServer

AGENCY = AgencySection(
    code="KH-MOSVY-DAHT", node="0123456789abcdef", names={"en": "x"}, office="KH-MOSVY-DAHT"
)
MAIL: dict[str, Any] = {"server": "127.0.0.1", "security": "none", "sender": "node@agency.example"}


def examined(**sections: Any) -> list[Finding]:
    return list(outside(Settings.model_construct(agency=AGENCY, **{**NOTHING, **sections})))


NOTHING: dict[str, Any] = {
    "desk": DeskSection(), "staff": StaffSection(), "notify": NotifySection(), "oidc": OidcSection()
}  # fmt: skip


@contextlib.contextmanager
def elsewhere(server: Any) -> Iterator[Any]:
    """Run a server in a loop of its own, as it is outside the command."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
        yield server
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def test_what_is_not_configured_is_not_mentioned() -> None:
    assert examined() == []


def test_a_certificate_and_its_key_are_well(tmp_path: Path) -> None:
    place = pem_files(tmp_path, "staff")

    (found,) = examined(staff=StaffSection(**{**place.model_dump(), "port": 8444}))

    assert (found.well, found.found) == (True, "[staff]: certificate and key belong together")


def test_files_that_do_not_belong_together_are_named_by_their_section(tmp_path: Path) -> None:
    place = pem_files(tmp_path, "staff", "other")

    (found,) = examined(staff=StaffSection(**{**place.model_dump(), "port": 8444}))

    assert not found.well
    assert found.found.startswith("certificate and key of [staff] do not belong together")


@pytest.mark.parametrize("key", ["", "/gone.pem"])
def test_a_missing_file_of_the_pages_is_named(tmp_path: Path, key: str) -> None:
    certificate = pem_files(tmp_path, "staff").certificate

    (found,) = examined(desk=DeskSection(port=8080, certificate=certificate, key=key))

    assert found.found == f"the file {key or '(none)'} of [desk] cannot be read"


def test_a_mail_server_that_answers_is_well_and_gets_no_mail() -> None:
    with elsewhere(MailServer()) as server:
        (found,) = examined(notify=NotifySection(**MAIL, port=server.port))

    assert (found.what, found.well) == ("mail server", True)
    assert server.mails == []


def test_a_mail_server_that_is_gone_is_said_to_be_so() -> None:
    (found,) = examined(notify=NotifySection(**MAIL, port=1))

    assert (found.well, found.found) == (False, "the mail server cannot be reached")
    assert found.todo == "check [notify] and the network"


def test_a_password_file_that_is_gone_is_named() -> None:
    wanted = NotifySection(**MAIL, port=1, user="node", password_file="/gone")

    (found,) = examined(notify=wanted)

    assert found.found == "the file /gone of [notify] password_file cannot be read"


def test_a_sign_in_service_that_describes_itself_is_well() -> None:
    with elsewhere(SignInServer(datetime.now(UTC))) as server:
        (found,) = examined(oidc=server.settings())

    assert (found.what, found.well) == ("sign-in service", True)


def test_a_sign_in_service_that_names_somebody_else_is_found() -> None:
    wrong = {"token_endpoint": "https://other.example/token"}
    with elsewhere(SignInServer(datetime.now(UTC), description=wrong)) as server:
        (found,) = examined(oidc=server.settings())

    assert (found.well, found.found) == (False, "the description names an address of somebody else")
