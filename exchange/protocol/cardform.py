# SPDX-License-Identifier: Apache-2.0
"""What stands in a card: its members, their bounds, and the way to JSON and back.

Every public key is checked here before anything is done with it. Signatures, pinned keys and serials
are the matter of `cards`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, TypeVar

from exchange.clock import instant_text
from exchange.errors import CardInvalidError
from exchange.ids import AgencyCode, KeyId, NodeId, b64url, parse_agency, parse_key_id, parse_node
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import PUBLIC_BYTES, Algorithm, KeyUse, PublicKey, check_public

MAX_UNKNOWN_KEY_CHARS: Final = 4_096
"""A key of a use that is not known here; the largest of FIPS 204 takes 3,456 characters."""
MAX_KEYS: Final = 100
"""Keys in one card; two quarters of keys are 12, three years of them about 50."""

_ADDRESS = re.compile(r"https://(?:[A-Za-z0-9.-]{1,180}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_TYPE = re.compile(r"[A-Z]{3}", re.ASCII)
_USE = re.compile(r"[a-z][a-z0-9-]{1,31}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_DIRECTION = frozenset("\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PUBLIC_BYTES = max(PUBLIC_BYTES.values())

E = TypeVar("E", bound=StrEnum)


class Revocation(StrEnum):
    """Why a key was revoked."""

    RETIRED = "retired"
    """Its time is over; what it signed before `keyx retire` counts."""
    COMPROMISED = "compromised"
    """Somebody else may have it; only what was held before the card arrived counts."""


@dataclass(frozen=True)
class CardKey:
    """One key in a card; `revoked` is None while it may be used."""

    use: KeyUse
    kid: KeyId
    algorithm: Algorithm
    raw: bytes
    valid_from: datetime
    valid_until: datetime
    revoked: Revocation | None = None

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self.use, self.algorithm, self.raw)

    def is_usable(self, at: datetime) -> bool:
        """Return True if a new thing may be signed or sealed with it at that instant."""
        return self.revoked is None and self.valid_from <= at < self.valid_until


@dataclass(frozen=True, kw_only=True)
class CardFields:
    """What an agency writes into its card."""

    agency: AgencyCode
    names: dict[str, str]
    """Name of the agency by language tag."""
    node: NodeId
    serial: int
    issued_at: datetime
    training: bool
    keys: tuple[CardKey, ...]
    addresses: tuple[str, ...]
    """Where its partner door is; empty if it only calls, or takes parcels."""
    suites: tuple[int, ...]
    messages: dict[str, tuple[str, ...]]
    """Versions of each message type it can read."""
    limits: dict[str, int]
    unknown_uses: tuple[str, ...] = ()
    """Uses of keys that are not known here; the keys stay in the bytes of the card, and nothing uses them."""


_IDENTITY = {"v", "agency", "names", "node", "serial", "issued", "training", "recovery"}
CARD_NAMES: Final = frozenset(_IDENTITY | {"keys", "addresses", "suites", "messages", "limits"})
_KEY_NAMES = frozenset({"use", "kid", "alg", "raw", "from", "until"})


def card_value(content: CardFields, recovery: PublicKey) -> dict[str, JsonValue]:
    return {
        "v": 1,
        "agency": content.agency,
        "names": dict(content.names),
        "node": content.node,
        "serial": content.serial,
        "issued": instant_text(content.issued_at),
        "training": content.training,
        "recovery": b64url(recovery.raw),
        "keys": [_key_value(key) for key in content.keys],
        "addresses": list(content.addresses),
        "suites": list(content.suites),
        "messages": {type_: list(versions) for type_, versions in content.messages.items()},
        "limits": dict(content.limits),
    }


def _key_value(key: CardKey) -> JsonValue:
    value: dict[str, JsonValue] = {
        "use": key.use.value,
        "kid": key.kid,
        "alg": key.algorithm.value,
        "raw": b64url(key.raw),
        "from": instant_text(key.valid_from),
        "until": instant_text(key.valid_until),
    }
    if key.revoked is not None:
        value |= {"revoked": True, "reason": key.revoked.value}
    return value


def read_recovery(members: Members, name: str) -> PublicKey:
    """Return the sound recovery key in a member of a card or an agreement.

    Raises:
        ProtocolError: of the kind of `members`, or KeyRefusedError.
    """
    key = PublicKey(KeyUse.RECOVERY, Algorithm.ED25519, members.octets(name, max_bytes=_PUBLIC_BYTES))
    check_public(key)
    return key


def read_fields(members: Members) -> CardFields:
    """Return what a card says; requires `members` with exactly `CARD_NAMES`.

    Raises:
        CardInvalidError: a member is wrong.
        KeyRefusedError: a key is weak.
    """
    members.integer("v", low=1, high=1)
    values = members.items("keys", most=MAX_KEYS)
    unknown = [use for value in values if (use := _unknown_use(value))]
    return CardFields(
        agency=members.identifier("agency", parse_agency),
        names=_names(members),
        node=members.identifier("node", parse_node),
        serial=members.integer("serial", low=1),
        issued_at=members.instant("issued"),
        training=members.boolean("training"),
        keys=tuple(_read_key(value) for value in values if not _unknown_use(value)),
        unknown_uses=tuple(dict.fromkeys(unknown)),
        addresses=_addresses(members),
        suites=members.integers("suites", most=16, least=1, low=1),
        messages=_messages(members),
        limits=_card_limits(members),
    )


def _unknown_use(value: JsonValue) -> str:
    """Return the use of a key of which nothing is known here but the form, or "" for every other entry."""
    use = value.get("use") if isinstance(value, dict) else None
    if not isinstance(use, str) or use in {known.value for known in KeyUse} or not _USE.fullmatch(use):
        return ""
    members = Members(value, _KEY_NAMES, kind="key", error=CardInvalidError, optional=("revoked", "reason"))
    members.identifier("kid", parse_key_id)
    members.text("alg", max_chars=32)
    members.text("raw", max_chars=MAX_UNKNOWN_KEY_CHARS)
    if members.instant("from") >= members.instant("until"):
        raise members.fault("until", "an instant after `from`")
    _revocation(members)
    return use


def _read_key(value: JsonValue) -> CardKey:
    members = Members(value, _KEY_NAMES, kind="key", error=CardInvalidError, optional=("revoked", "reason"))
    key = CardKey(
        use=_one_of(members, "use", KeyUse),
        kid=members.identifier("kid", parse_key_id),
        algorithm=_one_of(members, "alg", Algorithm),
        raw=members.octets("raw", max_bytes=_PUBLIC_BYTES),
        valid_from=members.instant("from"),
        valid_until=members.instant("until"),
        revoked=_revocation(members),
    )
    check_public(key.public)
    if key.use is KeyUse.RECOVERY or key.public.kid != key.kid or key.valid_from >= key.valid_until:
        raise CardInvalidError(
            f"key {key.kid} has another id, a use that is not for cards, or dates that run back"
        )
    return key


def _revocation(members: Members) -> Revocation | None:
    if not members.has("revoked") and not members.has("reason"):
        return None
    if not (members.has("revoked") and members.has("reason")) or not members.boolean("revoked"):
        raise members.fault("revoked", "true together with a reason, or neither")
    return _one_of(members, "reason", Revocation)


def _one_of(members: Members, name: str, kind: type[E]) -> E:
    text = members.text(name, max_chars=32)
    if text not in {code.value for code in kind}:
        raise members.fault(name, "a known code")
    return kind(text)


def _names(members: Members) -> dict[str, str]:
    names = members.mapping("names", most=20)
    for tag, name in names.items():
        if (
            not _TAG.fullmatch(tag)
            or not isinstance(name, str)
            or not 1 <= len(name) <= 200
            or not _is_plain(name)
        ):
            raise members.fault("names", "names of 1 to 200 printable characters by language tag")
    if not names:
        raise members.fault("names", "at least one name")
    return {tag: str(name) for tag, name in names.items()}


def _is_plain(text: str) -> bool:
    return not any(char in _DIRECTION or unicodedata.category(char) == "Cc" for char in text)


def is_address(text: str) -> bool:
    """Return True if a card may name an address."""
    return _ADDRESS.fullmatch(text) is not None


def _addresses(members: Members) -> tuple[str, ...]:
    addresses = members.texts("addresses", most=8, max_chars=200)
    if not all(map(is_address, addresses)):
        raise members.fault("addresses", "https://host or https://host:port")
    return addresses


def _messages(members: Members) -> dict[str, tuple[str, ...]]:
    table = members.mapping("messages", most=200)
    versions = Members(table, table.keys(), kind="card", error=CardInvalidError)
    if not all(_TYPE.fullmatch(type_) for type_ in table):
        raise members.fault("messages", "versions by message type")
    return {type_: versions.texts(type_, most=16, max_chars=16, least=1) for type_ in table}


def _card_limits(members: Members) -> dict[str, int]:
    table = members.mapping("limits", most=50)
    limits = Members(table, table.keys(), kind="card", error=CardInvalidError)
    if not all(_CODE.fullmatch(code) for code in table):
        raise members.fault("limits", "numbers by code")
    return {code: limits.integer(code) for code in table}
