# SPDX-License-Identifier: Apache-2.0
"""One-time codes: the vectors of RFC 6238, appendix B, and what is no code."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from exchange.adapters.identity.codes import DeviceCodes
from exchange.ids import OfficerNumber

SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
"""The last six digits of the eight that the RFC prints for SHA-1."""


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, tz=UTC)

    assert DeviceCodes().step_of(SECRET, code, at=at) == seconds // 30


@pytest.mark.parametrize(
    ("aside_s", "counts"), [(-31, True), (0, True), (30, True), (-90, False), (90, False)]
)
def test_a_device_may_be_one_step_wrong(aside_s: int, counts: bool) -> None:
    at = datetime.fromtimestamp(1111111109, tz=UTC) + timedelta(seconds=aside_s)

    assert (DeviceCodes().step_of(SECRET, "081804", at=at) is not None) is counts


@pytest.mark.parametrize("code", ["", "08180", "0818040", "08180a", "٠٨١٨٠٤", " 81804", "-81804"])
def test_what_is_not_six_digits_is_no_code(code: str) -> None:
    assert DeviceCodes().step_of(SECRET, code, at=datetime.fromtimestamp(1111111109, tz=UTC)) is None


def test_secrets_are_long_and_never_the_same() -> None:
    codes = DeviceCodes()
    secrets = {codes.new_secret() for _ in range(20)}

    assert len(secrets) == 20
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_address_for_a_device_names_officer_and_agency() -> None:
    address = DeviceCodes().address(SECRET, officer=OfficerNumber("P-0001"), agency="KH-MOSVY-DAHT")

    assert address.startswith("otpauth://totp/KH-MOSVY-DAHT:P-0001?")
    assert f"secret={SECRET}" in address
