# SPDX-License-Identifier: Apache-2.0
"""Passkeys in the form of browsers (Web Authentication, level 2), by the library webauthn.

No attestation is asked for: which make a device is of is nobody's business. The device has to know its user,
and the passkey is one that the browser can offer without a name. Ed25519, ECDSA with P-256 and RSA are taken,
as devices have them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from exchange.ids import OfficerNumber
from exchange.service.staff import PasskeyPlace, PasskeyRow, Signed

NAME: Final = "Exchange"
_WRONG: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""What the library raises for an answer of a browser that is not as it should be."""


class BrowserDevices:
    """Implements `exchange.service.staff.PasskeyDevices`."""

    def to_add(
        self, place: PasskeyPlace, *, challenge: bytes, officer: OfficerNumber, known: Sequence[bytes]
    ) -> str:
        options = generate_registration_options(
            rp_id=place.host,
            rp_name=NAME,
            user_name=officer,
            user_display_name=officer,
            user_id=user_handle(place, officer),
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=id) for id in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return options_to_json(options)

    def to_sign(self, place: PasskeyPlace, *, challenge: bytes) -> str:
        options = generate_authentication_options(
            rp_id=place.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return options_to_json(options)

    def added(self, place: PasskeyPlace, *, challenge: bytes, credential: Mapping[str, Any]) -> Signed | None:
        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=list(place.origins),
                require_user_verification=True,
            )
        except _WRONG:
            return None
        return Signed(made.credential_id, made.credential_public_key, made.sign_count)

    def signed(
        self, place: PasskeyPlace, *, challenge: bytes, credential: Mapping[str, Any], row: PasskeyRow
    ) -> Signed | None:
        try:
            found = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=list(place.origins),
                credential_public_key=row.public_key,
                credential_current_sign_count=row.signs,
                require_user_verification=True,
            )
        except _WRONG:
            return None
        if found.credential_id != row.id:
            return None
        return Signed(row.id, row.public_key, found.new_sign_count)


def user_handle(place: PasskeyPlace, officer: OfficerNumber) -> bytes:
    """Return how a device names the account; it says nothing to who does not know the officer."""
    return hashlib.sha256(f"exchange/passkey/1|{place.host}|{officer}".encode()).digest()
