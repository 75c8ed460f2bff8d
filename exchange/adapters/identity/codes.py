# SPDX-License-Identifier: Apache-2.0
"""One-time codes of a telephone or device, by pyotp: six digits, 30 seconds, SHA-1 as all devices have it.

A clock of a device may be wrong by one step. That a step is used once is kept by the account, not here.
"""

import hmac
from datetime import datetime

import pyotp

from exchange.ids import OfficerNumber

SECRET_CHARACTERS = 32
"""160 bits, as RFC 4226 section 4 recommends."""
DIGITS, STEP_S = 6, 30
STEPS_ASIDE = (0, -1, 1)


class DeviceCodes:
    """Implements `exchange.service.staff.Codes`."""

    def new_secret(self) -> str:
        return pyotp.random_base32(SECRET_CHARACTERS)

    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
            return None
        device = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
        now = int(at.timestamp()) // STEP_S
        fits = [
            now + aside
            for aside in STEPS_ASIDE
            if hmac.compare_digest(device.generate_otp(now + aside), code)
        ]
        return fits[0] if fits else None

    def address(self, secret: str, *, officer: OfficerNumber, agency: str) -> str:
        return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(
            name=officer, issuer_name=agency
        )
