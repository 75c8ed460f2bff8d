# SPDX-License-Identifier: Apache-2.0
"""The file in which a new version of an agreement travels, and what makes it count.

The file is one line of JSON: `v`, `agreement` (its exact bytes, base64url), `signatures` (one or two of
`{by, jws}`, each a detached signature by the recovery key of a party). It holds no secret and has no
signature of its own: what is agreed is signed, and nothing else in it matters. `check_version` asks, in
this order:

1. The version may follow the held one (`agreement.check_successor`): same link, next number, its digest,
   same parties, of which one may have a new recovery key.
2. Each signature is by a party, each party signs at most once.
3. Each signature verifies under the recovery key that the version itself names for the party; of at least
   one side that is the key which the held version pins.

Words are compared only for a new recovery key (`service.new_recovery`): nobody but the people of its side can
vouch for it. Source: docs/protocol/agreement-versions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exchange.errors import AgreementInvalidError, ProtocolError
from exchange.ids import AgencyCode, b64url, parse_agency
from exchange.protocol.agreement import (
    MAX_AGREEMENT_BYTES,
    Agreement,
    check_successor,
    read_agreement,
    verify_agreement,
)
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse

MAX_VERSION_FILE_BYTES: Final = 96 * 1024
"""An agreement in base64url and two signatures of about 200 bytes."""
MAX_SIGNATURE_CHARS: Final = 512
_LIMITS = Limits(max_bytes=MAX_VERSION_FILE_BYTES, max_depth=4, max_members=8, max_items=4, max_name=32)


@dataclass(frozen=True)
class VersionFile:
    """A version and the signatures that came with it; not checked against anything."""

    agreement: Agreement
    signatures: Mapping[AgencyCode, str]


def write_version(agreement: Agreement, signatures: Mapping[AgencyCode, str]) -> bytes:
    """Return the file of a version with the signatures that there are.

    Raises:
        AgreementInvalidError: a reader would refuse it.
    """
    signed: list[JsonValue] = [
        {"by": party.agency, "jws": signatures[party.agency]}
        for party in agreement.parties
        if party.agency in signatures
    ]
    value: dict[str, JsonValue] = {"v": 1, "agreement": b64url(agreement.raw), "signatures": signed}
    raw = encode(value)
    read_version(raw)
    return raw + b"\n"


def read_version(raw: bytes) -> VersionFile:
    """Return the version in a file; line ends after it, which mail programs add, are no fault.

    Raises:
        AgreementInvalidError: the file or the agreement in it has another form.
    """
    try:
        value = parse(raw.rstrip(b"\r\n"), _LIMITS)
        members = Members(
            value, ("v", "agreement", "signatures"), kind="version file", error=AgreementInvalidError
        )
        members.integer("v", low=1, high=1)
        agreement = read_agreement(members.octets("agreement", max_bytes=MAX_AGREEMENT_BYTES))
        rows = [_signature(item) for item in members.items("signatures", least=1, most=2)]
    except AgreementInvalidError:
        raise
    except ProtocolError as error:
        raise AgreementInvalidError(f"this is no file of an agreement version: {error}") from error
    if len(dict(rows)) != len(rows):
        raise AgreementInvalidError("the version file holds two signatures of one agency")
    return VersionFile(agreement, dict(rows))


def check_version(held: Agreement, offered: Agreement, signatures: Mapping[AgencyCode, str]) -> None:
    """Return if a version with its signatures may follow `held`; the rules stand at the top.

    Raises:
        AgreementInvalidError: rule 1 or 2.
        SignatureInvalidError: rule 3.
    """
    check_successor(held, offered)  # 1
    for agency, jws in signatures.items():
        verify_agreement(offered.raw, jws, offered.party(agency).recovery)  # 2, 3


def _signature(value: JsonValue) -> tuple[AgencyCode, str]:
    members = Members(value, ("by", "jws"), kind="signature", error=AgreementInvalidError)
    return members.identifier("by", parse_agency), members.text("jws", max_chars=MAX_SIGNATURE_CHARS)
