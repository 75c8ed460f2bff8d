# SPDX-License-Identifier: Apache-2.0
"""The one configuration file of a node, `exchange.toml` in its data folder, and the environment over it.

    [agency]      code, node, names, office, zone, language, training
    [door]        host, port, address: where partners reach this node
    [desk]        host, port, address, certificate, key, codes: pages for the own staff
    [operations]  host, port: health and metrics, loopback only
    [paths]       high_water: a folder on another volume, if there is one

A variable `EXCHANGE_DOOR__PORT=8443` overrides `[door] port`. The passphrase never stands in the file:
it comes from `EXCHANGE_PASSPHRASE`, from the file named by `EXCHANGE_PASSPHRASE_FILE`, or is asked for.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exchange.errors import ConfigurationError, IdentifierError
from exchange.ids import parse_agency, parse_node

FILE_NAME = "exchange.toml"
MAX_FILE_BYTES = 64 * 1024


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencySection(Section):
    """Who this node speaks for."""

    code: str
    node: str
    names: dict[str, str] = Field(min_length=1)
    office: str
    """Office that acts when a message names none; an agency code of the same country."""
    office_kind: str = "social_welfare"
    """Kind of body of this office, a code of `determining-bodies`."""
    zone: str = "Asia/Phnom_Penh"
    language: str = "en"
    training: bool = False

    @field_validator("code", "office")
    @classmethod
    def _is_agency(cls, value: str) -> str:
        return _checked(parse_agency, value)

    @field_validator("node")
    @classmethod
    def _is_node(cls, value: str) -> str:
        return _checked(parse_node, value)


class DoorSection(Section):
    """The partner door: the only listener that the other country can reach."""

    host: str = "0.0.0.0"  # noqa: S104  the partner is outside; every request must be signed
    port: int = Field(default=8443, ge=0, le=65535)
    address: str = ""
    """`https://host:port` as partners see it; "" for a node that only calls."""


class DeskSection(Section):
    """Pages for the own staff, on a listener of their own. Port 0 turns them off."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    address: str = ""
    """`https://name` as officers type it, when TLS ends here or in a proxy here; "" on plain loopback."""
    certificate: str = ""
    """File with the certificate in PEM, for TLS on this listener."""
    key: str = ""
    """File with its key in PEM."""
    codes: bool = True
    """One-time codes are needed to sign in; only a training node may go without."""


class OperationsSection(Section):
    """Health and metrics for the own administrator; loopback only. Port 0 turns it off."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)


class PathsSection(Section):
    high_water: str = ""
    """Folder of the high-water files, best on another disk; "" means `high-water` in the data folder.

    A node without an address needs it outside the data folder, because it can ask nobody after a start.
    """


class Settings(BaseSettings):
    """Everything that can be set; unknown names are refused."""

    model_config = SettingsConfigDict(
        env_prefix="EXCHANGE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    agency: AgencySection
    door: DoorSection = DoorSection()
    desk: DeskSection = DeskSection()
    operations: OperationsSection = OperationsSection()
    paths: PathsSection = PathsSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def read_settings(folder: Path) -> Settings:
    """Return the settings of a data folder.

    Raises:
        ConfigurationError: no file, not TOML, an unknown or wrong member; names the member.
    """
    path = folder / FILE_NAME
    try:
        raw = path.read_bytes()[: MAX_FILE_BYTES + 1]
        members = tomllib.loads(raw.decode("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"no node is set up in {folder}", hint="begin with: exchange init --data <folder>"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as TOML", hint="correct the file") from error
    try:
        return Settings(**members)
    except ValidationError as error:
        raise ConfigurationError(
            _first_fault(path, error), hint="correct the file; see docs/reference"
        ) from error


def settings_text(settings: Settings) -> str:
    """Return the text of `exchange.toml` for these settings."""
    lines = ["# Settings of this node. What each means: docs/reference/settings.md", ""]
    for name, section in settings.model_dump().items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in section.items()]
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case dict():
            return "{ " + ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items()) + " }"
        case _:
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{text}"'


def _checked(parse: Callable[[str], str], value: str) -> str:
    try:
        return str(parse(value))
    except IdentifierError as error:
        raise ValueError(str(error)) from error


def _first_fault(path: Path, error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{path}: {place}: {first['msg']}"
