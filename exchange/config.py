# SPDX-License-Identifier: Apache-2.0
"""The one configuration file of a node, `exchange.toml` in its data folder, and the environment over it.

    [agency]      code, node, names, office, zone, language, training
    [door]        host, port, address: where partners reach this node
    [desk]        host, port, address, certificate, key, codes: pages for the own staff
    [operations]  host, port: health and metrics, loopback only
    [paths]       high_water: a folder on another volume, if there is one
    [[witness]]   url, key: a third party that remembers how far our ledgers went; none is needed
    [witnessing]  quorum: how many witnesses have to agree at a start
    [[tsa]]       name, url, certificate: an authority for time stamps over statements; none is needed
    [staff]       host, port, certificate, key: the API for other systems of the same agency; off unless set
    [[staff.webhook]]  url, secret: told that something arrived, never what
    [notify]      server, sender, arrivals, overdue, administrator: mail to people, never with content

A variable `EXCHANGE_DOOR__PORT=8443` overrides `[door] port`. The passphrase never stands in the file:
it comes from `EXCHANGE_PASSPHRASE`, from the file named by `EXCHANGE_PASSPHRASE_FILE`, or is asked for.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exchange.config_faults import first_fault, place_of, toml_fault
from exchange.errors import ConfigurationError, IdentifierError
from exchange.ids import parse_agency, parse_node

FILE_NAME = "exchange.toml"
MAX_FILE_BYTES = 64 * 1024
MAX_AUTHORITIES: Final = 4
"""Time-stamping authorities: each one is asked for each statement, and two of two states are enough."""
LANGUAGES: Final = ("en", "km", "th", "vi")
"""As `exchange.i18n` has them; a test compares."""
ADDED: Final = "webhook"
"""A member that is several sections. TOML lets nobody add one of them where the empty list is written."""
EXAMPLE_ZONE: Final = "Asia/Phnom_Penh"
EXAMPLE_ADDRESS: Final = "https://exchange.agency.example:8443"
_DOOR = re.compile(r"https://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?/?", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgencySection(Section):
    """Who this node speaks for."""

    code: str
    """Code of the agency, as partners know it: country, then short name."""
    node: str
    """Number of this node, 16 hex digits, made by `exchange init`; it stands in the card, for ever."""
    names: dict[str, str] = Field(min_length=1)
    """Names of the agency, by language; at least one."""
    office: str
    """Office that acts when a message names none; an agency code of the same country."""
    office_kind: str = "social_welfare"
    """Kind of body of this office, a code of `determining-bodies`."""
    zone: str = "Asia/Phnom_Penh"
    """Time zone of the office, a name of the IANA list; days and hours of deadlines are counted in it."""
    language: str = "en"
    """Language of the office: `en`, `km`, `th` or `vi`; told to programs that ask the node for its state."""
    training: bool = False
    """This node is for training with invented persons; it becomes a partner of training nodes only."""

    @field_validator("code", "office")
    @classmethod
    def _is_agency(cls, value: str) -> str:
        return _checked(parse_agency, value)

    @field_validator("node")
    @classmethod
    def _is_node(cls, value: str) -> str:
        return _checked(parse_node, value)

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            near = get_close_matches(value, available_timezones(), n=1) or [EXAMPLE_ZONE]
            raise ValueError(
                f'{value[:40]} is no time zone of the IANA list; write zone = "{near[0]}"'
            ) from error

    @field_validator("language")
    @classmethod
    def _is_language(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"there are no texts in {value[:8]}; write one of {', '.join(LANGUAGES)}")
        return value


class DoorSection(Section):
    """The partner door: the only listener that the other country can reach."""

    host: str = "0.0.0.0"  # noqa: S104  the partner is outside; every request must be signed
    """Address of this machine on which the door listens; `0.0.0.0` is every one."""
    port: int = Field(default=8443, ge=0, le=65535)
    """Port of the door."""
    address: str = ""
    """`https://host:port` as partners see it; "" for a node that only calls."""

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and _DOOR.fullmatch(value) is None:
            bare = value.removeprefix("http://")
            wanted = f"https://{bare}" if _DOOR.fullmatch(f"https://{bare}") else EXAMPLE_ADDRESS
            raise ValueError(f'partners cannot call this; write address = "{wanted}"')
        return value


class DeskSection(Section):
    """Pages for the own staff, on a listener of their own. Port 0 turns them off."""

    host: str = "127.0.0.1"
    """Address of this machine on which the pages listen."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of the pages; 0 turns them off."""
    address: str = ""
    """`https://name` as officers type it, when TLS ends here or in a proxy here; "" on plain loopback."""
    certificate: str = ""
    """File with the certificate in PEM, for TLS on this listener."""
    key: str = ""
    """File with its key in PEM."""
    codes: bool = True
    """One-time codes are needed to sign in; only a training node may go without."""


class OidcSection(Section):
    """The sign-in service of the own agency (OpenID Connect), a further way to the pages. "" turns it off."""

    issuer: str = Field(
        default="", pattern=r"^(https?://[A-Za-z0-9.\[\]:-]{1,255}(/[A-Za-z0-9._~-]{1,64}){0,8}/?)?$"
    )
    """Exactly as the service names itself; plain `http` on loopback only."""
    client: str = Field(default="", max_length=255)
    """Name under which the service knows these pages."""
    secret_file: str = ""
    """File with one line, if the service gave a secret."""
    name: str = Field(default="", max_length=80)
    """As officers know the service; stands on the button."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not self.client:
            raise ValueError("client is missing")
        if self.issuer.startswith("http://") and not is_loopback(urlsplit(self.issuer).hostname or ""):
            raise ValueError("http is for this machine only; use https")
        return self


class OperationsSection(Section):
    """Health and metrics for the own administrator; loopback only. Port 0 turns it off."""

    host: str = "127.0.0.1"
    """Address of this machine on which health and metrics listen."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of health and metrics; 0 turns them off."""


class PathsSection(Section):
    """Folders outside the data folder."""

    high_water: str = ""
    """Folder of the high-water files, best on another disk; "" means `high-water` in the data folder.

    A node without an address needs it outside the data folder, because it can ask nobody after a start.
    """


class WitnessSection(Section):
    """A third party that remembers how far our ledgers went; none is needed."""

    url: str
    """Address of the witness, `https://host` or with a path; heads go to `/add-checkpoint` below it."""
    key: str
    """`<name>+<key id>+<key>`, as `exchange witness init` prints it."""


class WitnessingSection(Section):
    """How many of the chosen witnesses have to agree."""

    quorum: int = Field(default=1, ge=1, le=8)
    """So many stand together for a missing high-water file at a start; traffic never waits for a witness."""


class TsaSection(Section):
    """An authority that stamps the heads of statements with the time (RFC 3161); none is needed."""

    name: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$")
    """Tells authorities apart in evidence packs and in `exchange doctor`."""
    url: str = Field(pattern=r"^https?://[A-Za-z0-9.\[\]:-]{1,255}(/[A-Za-z0-9._~/-]{0,255})?$")
    """Where it takes requests; without user, query or fragment; plain `http` on loopback only."""
    certificate: str
    """PEM file with its root certificate, and with those between root and authority if there are any."""

    @field_validator("url")
    @classmethod
    def _is_private(cls, value: str) -> str:
        if value.startswith("http://") and not is_loopback(urlsplit(value).hostname or ""):
            raise ValueError("http is for this machine only; use https")
        return value


class WebhookSection(Section):
    """One address of the own agency that is told when something arrives; only an administrator sets it."""

    url: str = Field(pattern=r"^https?://[A-Za-z0-9.\[\]:-]{1,255}(/[A-Za-z0-9._~/-]{0,255})?$")
    """Where it is told; without user, query or fragment; plain `http` on loopback only."""
    secret: str = Field(min_length=32, max_length=256)
    """Keys the signature of what is told; at least 32 characters, best from a random source."""

    @field_validator("url")
    @classmethod
    def _is_private(cls, value: str) -> str:
        if value.startswith("http://") and not is_loopback(urlsplit(value).hostname or ""):
            raise ValueError("http is for this machine only; use https")
        return value


class StaffSection(Section):
    """The API for other systems of this agency. Port 0 turns it off."""

    host: str = "127.0.0.1"
    """Address of this machine on which the API listens."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of the API; 0 turns it off."""
    certificate: str = ""
    """PEM file; needed with `key` when the host is not loopback."""
    key: str = ""
    """File with its key in PEM."""
    webhook: tuple[WebhookSection, ...] = Field(default=(), max_length=8)
    """Addresses that are told when something arrives: `[[staff.webhook]]` below."""


class NotifySection(Section):
    """Mail to the own staff. Without `server` nothing is sent."""

    server: str = ""
    """Name of the mail server; "" sends nothing."""
    port: int = Field(default=587, ge=1, le=65535)
    """Port of the mail server."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to the mail server is protected; `none` is for a mail server on this machine."""
    user: str = ""
    """Name with which this node signs in at the mail server; "" signs in nowhere."""
    password_file: str = ""
    """File with one line; needed with `user`."""
    sender: str = ""
    """Address from which the mails come; needed with `server`."""
    arrivals: tuple[str, ...] = Field(default=(), max_length=20)
    """Who hears that something arrived."""
    overdue: tuple[str, ...] = Field(default=(), max_length=20)
    """Who hears on working days how much is late."""
    administrator: tuple[str, ...] = Field(default=(), max_length=20)
    """Who hears once a week that all is well, or that it is not."""
    languages: dict[str, str] = Field(default_factory=dict, max_length=60)
    """Language of the mails to an address, as `"office@agency.example" = "km"`; English for the others."""
    hour: int = Field(default=8, ge=0, le=23)
    """From this hour of the own zone on, digests are sent."""

    @field_validator("sender", "arrivals", "overdue", "administrator")
    @classmethod
    def _is_address(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        several = value if isinstance(value, tuple) else (value,) if value else ()
        if not all(_ADDRESS.fullmatch(one) for one in several):
            raise ValueError("a mail address looks like office@agency.example")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not set(self.languages) <= {*self.arrivals, *self.overdue, *self.administrator}:
            raise ValueError("languages names an address that gets no mail")
        if self.server and not self.sender:
            raise ValueError("sender is missing")
        if self.security == "none" and self.server and not is_loopback(self.server):
            raise ValueError("mail beyond this machine needs starttls or tls")
        return self


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
    witness: list[WitnessSection] = Field(default_factory=list, max_length=8)
    witnessing: WitnessingSection = WitnessingSection()
    tsa: list[TsaSection] = Field(default_factory=list, max_length=MAX_AUTHORITIES)
    staff: StaffSection = StaffSection()
    notify: NotifySection = NotifySection()
    oidc: OidcSection = OidcSection()

    @field_validator("tsa")
    @classmethod
    def _are_named_apart(cls, value: list[TsaSection]) -> list[TsaSection]:
        if len({one.name for one in value}) != len(value):
            raise ValueError("two [[tsa]] have one name")
        return value

    @model_validator(mode="after")
    def _has_quorum(self) -> Self:
        if self.witness and self.witnessing.quorum > len(self.witness):
            raise ValueError("witnessing.quorum is larger than the number of witnesses")
        return self

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
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read", hint="work as the user who runs the node; it must be a file"
        ) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path} is not UTF-8 text: line {line}", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        fault = toml_fault(error)
        raise ConfigurationError(f"{path} cannot be read: {fault.sentence}", hint=fault.hint) from error
    try:
        return Settings(**members)
    except ValidationError as error:
        fault = first_fault(error, Settings)
        raise ConfigurationError(
            f"{path}{place_of(fault, raw.decode('utf-8'))}: {fault.name}: {fault.sentence}",
            hint=fault.hint or "correct the file; see docs/reference/settings.md",
        ) from error


def settings_text(settings: Settings) -> str:
    """Return the text of `exchange.toml` for these settings."""
    lines = ["# Settings of this node. What each means: docs/reference/settings.md", ""]
    for name, value in settings.model_dump().items():
        several = isinstance(value, list)
        for section in value if several else [value]:
            lines.append(f"[[{name}]]" if several else f"[{name}]")
            lines += [f"{key} = {_toml(item)}" for key, item in section.items() if item or key != ADDED]
            lines.append("")
    return "\n".join(lines)


def is_loopback(host: str) -> bool:
    """Return whether a host is an address of this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
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
