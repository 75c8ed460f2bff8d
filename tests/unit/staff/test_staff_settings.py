# SPDX-License-Identifier: Apache-2.0
"""The sections [staff] and [notify]: what is refused, and where the API listens."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import OpenNode, notices_of
from exchange.config import AgencySection, NotifySection, Settings, StaffSection, read_settings, settings_text
from exchange.errors import ConfigurationError
from exchange.interfaces.running import _staff_door
from pydantic import ValidationError
from tests.support.certificates import pem_files
from tests.support.staff_api import RunningClock, prepared

SECRET = "s" * 32
AGENCY = AgencySection(code="KH-MOSVY-DAHT", node="0" * 16, names={"en": "Test"}, office="KH-MOSVY-DAHT")
MAIL = {"server": "mail.example", "sender": "a@b.example"}


class _Node:
    """As much of a node as opening a door needs."""

    clock = RunningClock(prepared().now)
    random = staticmethod(bytes)


def opened(folder: Path, **sections: Any) -> OpenNode:
    settings = Settings.model_construct(
        agency=AGENCY, **{"staff": StaffSection(), "notify": NotifySection()} | sections
    )
    return OpenNode(_Node(), folder, settings, None, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "webhook",
    [
        {"url": "http://cases.example/hook", "secret": SECRET},
        {"url": "ftp://cases.example/hook", "secret": SECRET},
        {"url": "https://user:pw@cases.example/", "secret": SECRET},
        {"url": "https://cases.example/hook?token=1", "secret": SECRET},
        {"url": "https://cases.example/hook#a", "secret": SECRET},
        {"url": "https://", "secret": SECRET},
        {"url": "https://cases.example/hook", "secret": "short"},
        {"url": "https://cases.example/hook"},
    ],
)
def test_a_webhook_of_another_form_is_refused(webhook: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        StaffSection(webhook=(webhook,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "members",
    [
        {"server": "mail.example"},
        {**MAIL, "security": "none"},
        {**MAIL, "security": "plain"},
        {**MAIL, "sender": "nobody"},
        {**MAIL, "sender": "a@b.example\nBcc: c@d.example"},
        {**MAIL, "arrivals": ["a@b.example, c@d.example"]},
        {**MAIL, "arrivals": ["<a@b.example>"]},
        {**MAIL, "hour": 24},
        {**MAIL, "password": "in the file"},
    ],
)
def test_mail_settings_of_another_form_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NotifySection(**members)


def test_both_sections_are_written_and_read_back(tmp_path: Path) -> None:
    settings = Settings(
        agency=AGENCY,
        staff=StaffSection(port=8444, webhook=({"url": "https://c.example/h", "secret": SECRET},)),  # type: ignore[arg-type]
        notify=NotifySection(**MAIL, arrivals=("a@b.example",)),  # type: ignore[arg-type]
    )
    (tmp_path / "exchange.toml").write_text(settings_text(settings))

    assert read_settings(tmp_path) == settings


async def test_beyond_this_machine_the_api_needs_tls(tmp_path: Path) -> None:
    node = opened(tmp_path, staff=StaffSection(host="0.0.0.0", port=8444))

    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match="without TLS"):
            await _staff_door(node, stack)


@pytest.mark.parametrize(
    ("newest", "taken"), [(ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, False)]
)
async def test_with_tls_it_is_tls_1_3(tmp_path: Path, newest: ssl.TLSVersion, taken: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = newest

    async with contextlib.AsyncExitStack() as stack:
        place = await _staff_door(opened(tmp_path, staff=pem_files(tmp_path, "staff")), stack)
        with contextlib.nullcontext() if taken else pytest.raises((ssl.SSLError, ConnectionError)):
            _, writer = await asyncio.open_connection(*place.split(":"), ssl=context)
            writer.close()


async def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    node = opened(tmp_path, staff=pem_files(tmp_path, "staff", "other"))

    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match="belong together"):
            await _staff_door(node, stack)


async def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    place = pem_files(tmp_path, "staff")
    Path(place.key).write_bytes(b"no key")

    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match="belong together"):
            await _staff_door(opened(tmp_path, staff=place), stack)


@pytest.mark.parametrize("given", [{"certificate": "/gone.pem"}, {"key": "/gone.pem"}])
async def test_half_a_pair_of_tls_files_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    node = opened(tmp_path, staff=StaffSection(port=8444, **given))  # type: ignore[arg-type]

    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match="cannot be read"):
            await _staff_door(node, stack)


def test_a_password_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    node = opened(tmp_path, notify=NotifySection(**MAIL, user="node", password_file="/gone"))  # type: ignore[arg-type]

    with pytest.raises(ConfigurationError, match="password_file"):
        notices_of(node)
