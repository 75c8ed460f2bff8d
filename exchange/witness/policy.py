# SPDX-License-Identifier: Apache-2.0
"""What a witness is called, where it listens, and for which logs it speaks: `witness.toml`.

    name = "witness.example/w1"
    host = "127.0.0.1"
    port = 8090                     # behind a TLS proxy; it takes heads only, and answers nobody else

    [[log]]
    agency = "KH-MOSVY-DAHT"
    keys = ["pZ3…"]                 # head keys in base64url, the new one beside the old one
    links = ["kQ9w7VtR0aLh4uJp6ZxC1g"]    # may be left out: every link of this agency

`exchange witness request` prints the `[[log]]` of a node. The file is read again before each request, so a
new log needs no restart.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from exchange.errors import ConfigurationError, ExchangeError
from exchange.ids import parse_agency, parse_link, unb64url
from exchange.ledger.notes import Head
from exchange.ledger.witnessing import demand_witness_name
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, check_public

POLICY_NAME: Final = "witness.toml"
MAX_POLICY_BYTES: Final = 1_048_576
"""Some thousand logs."""
MAX_LOGS: Final = 5_000
"""With keys and links of each it fills the file."""


class LogPolicy(BaseModel):
    """One agency whose logs are witnessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: str
    keys: list[str] = Field(min_length=1, max_length=16)
    links: list[str] = Field(default_factory=list, max_length=1_000)

    @field_validator("agency")
    @classmethod
    def _is_agency(cls, value: str) -> str:
        return _checked(parse_agency, value)

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, value: list[str]) -> list[str]:
        for each in value:
            _checked(head_key, each)
        return value

    @field_validator("links")
    @classmethod
    def _are_links(cls, value: list[str]) -> list[str]:
        return [_checked(parse_link, each) for each in value]


class Policy(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    log: list[LogPolicy] = Field(default_factory=list, max_length=MAX_LOGS)

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        return _checked(demand_witness_name, value)

    def keys_of(self, head: Head) -> tuple[PublicKey, ...]:
        """Return the keys that may sign heads of this log; none when the log is not known."""
        return tuple(
            head_key(key)
            for log in self.log
            if log.agency == head.by and (not log.links or head.link in log.links)
            for key in log.keys
        )


def head_key(text: str) -> PublicKey:
    """Return the head key of an agency; raises IdentifierError or KeyRefusedError."""
    key = PublicKey(KeyUse.HEAD, Algorithm.ED25519, unb64url(text))
    check_public(key)
    return key


def read_policy(folder: Path) -> Policy:
    """Return the policy of a witness.

    Raises:
        ConfigurationError: no file, or not of the form; names the member, never a value.
    """
    path = folder / POLICY_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read", hint="run: exchange witness init") from error
    if len(raw) > MAX_POLICY_BYTES:
        raise ConfigurationError(f"{path} has more than {MAX_POLICY_BYTES} bytes")
    try:
        members: Mapping[str, object] = tomllib.loads(raw.decode("utf-8"))
        return Policy.model_validate(members)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML") from error
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])
        raise ConfigurationError(f"{path}: {place} is not as it must be") from error


def _checked(parse: object, value: str) -> str:
    try:
        parse(value)  # type: ignore[operator]
    except ExchangeError as error:
        raise ValueError(str(error)) from None
    return value
