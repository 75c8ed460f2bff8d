# SPDX-License-Identifier: Apache-2.0
"""Code lists of the domain, read once from the schema files and never changed.

The lists live beside the message schemas: in `schemas/` of a checkout, in `exchange/_schemas` of an
installed wheel. Codes are compared exactly. A code is never removed: one that should not be used any
more is `retired`, and stays valid in a message.

    codelist("return-modes").has("voluntary")            # True
    agency("VN-MOLISA").is_valid_on(date(2025, 3, 1))    # False, its entry ended the day before
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exchange.errors import ConfigurationError
from exchange.ids import AgencyCode

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "_schemas", _PACKAGE.parent / "schemas")


@dataclass(frozen=True)
class Code:
    """One code with its label; `extra` holds what only this list has (country, sensitivity, amount …)."""

    code: str
    label: str
    retired: bool
    extra: Mapping[str, object]


@dataclass(frozen=True)
class CodeList:
    """A list with its version; `notes` holds the members of the file beside the codes."""

    name: str
    version: str
    title: str
    codes: Mapping[str, Code]
    notes: Mapping[str, object]

    def has(self, code: str) -> bool:
        return code in self.codes

    def label(self, code: str) -> str:
        """Return the English label, or the code itself when it is not in this version of the list."""
        found = self.codes.get(code)
        return found.label if found else code


@dataclass(frozen=True)
class Agency:
    """Directory entry of an office; the days of validity are both included, None means open."""

    code: AgencyCode
    label: str
    country: str
    functions: frozenset[str]
    contact_point: bool
    valid_from: date | None
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        began = self.valid_from is None or self.valid_from <= day
        return began and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Checkpoint:
    """A place where a handover can take place; a crossing names two countries, a port one."""

    code: str
    label: str
    kind: str
    countries: frozenset[str]


@cache
def schema_root() -> Path:
    """Return the folder with `codelists/` and `messages/`.

    Raises:
        ConfigurationError: the installation has no schema files.
    """
    for place in _PLACES:
        if (place / "codelists" / "index.json").is_file():
            return place
    raise ConfigurationError("no schema files in this installation", hint="install the package again")


@cache
def list_versions() -> Mapping[str, str]:
    """Return the installed version of every list, by name."""
    index = _read("index")
    return MappingProxyType({entry["list"]: entry["version"] for entry in index["lists"]})


@cache
def codelist(name: str) -> CodeList:
    """Return a list by its name, for example `consent-scopes`.

    Raises:
        KeyError: there is no such list.
    """
    if name not in list_versions():
        raise KeyError(name)
    raw = _read(name)
    codes = {entry["code"]: _code(entry) for entry in raw["codes"]}
    notes = {key: value for key, value in raw.items() if key not in {"list", "version", "title", "codes"}}
    return CodeList(name, raw["version"], raw["title"], MappingProxyType(codes), MappingProxyType(notes))


@cache
def agencies() -> Mapping[AgencyCode, Agency]:
    """Return the directory of agencies, by code."""
    return MappingProxyType(
        {AgencyCode(code.code): _agency(code) for code in codelist("agencies").codes.values()}
    )


def agency(code: str) -> Agency | None:
    """Return the entry of an agency, or None when the directory does not know it."""
    return agencies().get(AgencyCode(code))


@cache
def checkpoints() -> Mapping[str, Checkpoint]:
    """Return the places of handover, by code."""
    found = codelist("checkpoints").codes.values()
    return MappingProxyType({code.code: _checkpoint(code) for code in found})


def raw_list(name: str) -> Any:
    """Return the JSON of a list, with its transitions and rules, as it stands in its file."""
    return _read(name)


def _read(name: str) -> Any:
    return json.loads((schema_root() / "codelists" / f"{name}.json").read_text(encoding="utf-8"))


def _code(entry: dict[str, Any]) -> Code:
    extra = {key: value for key, value in entry.items() if key not in {"code", "label", "retired"}}
    return Code(entry["code"], entry["label"], entry.get("retired", False), MappingProxyType(extra))


def _agency(code: Code) -> Agency:
    extra: Mapping[str, Any] = code.extra
    return Agency(
        code=AgencyCode(code.code),
        label=code.label,
        country=extra["country"],
        functions=frozenset(extra["functions"]),
        contact_point=extra.get("contact_point", False),
        valid_from=_day(extra.get("valid_from")),
        valid_to=_day(extra.get("valid_to")),
    )


def _checkpoint(code: Code) -> Checkpoint:
    extra: Mapping[str, Any] = code.extra
    return Checkpoint(code.code, code.label, extra["kind"], frozenset(extra["countries"]))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
