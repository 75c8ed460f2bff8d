# SPDX-License-Identifier: Apache-2.0
"""The terms of an agreement as data: what two agencies may send, until when, and who releases it.

The form is `schemas/profiles/profile.schema.json`; a profile file and the terms inside an agreement
have the same form. Reading them goes in this order:

1. Form: the schema, on a value that came from the strict parser.
2. Meaning: codes occur once, what is named exists, office hours run forward, zones are known.
3. Only then the value becomes `Terms`.

No country is named here: a side is found by the first two letters of an agency code. This module
counts no days (`cases/deadlines`) and knows no message type (`messages/catalog`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema_rs
from pydantic import TypeAdapter

from exchange.errors import AgreementInvalidError
from exchange.ids import AgencyCode
from exchange.messages.codelists import schema_root
from exchange.protocol.strictjson import JsonValue, encode


class SenderRole(StrEnum):
    """Which side of a case may send a type."""

    HOST = "host"
    ORIGIN = "origin"
    EITHER = "either"
    TRANSIT = "transit"


class Unit(StrEnum):
    """Unit in which a deadline counts."""

    MINUTE = "minute"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    MONTH = "month"


@dataclass(frozen=True)
class Span:
    """So many of a unit, for example 20 working days."""

    amount: int
    unit: Unit


@dataclass(frozen=True)
class Deadline:
    """One deadline of the list `deadlines`, as these two sides agreed it."""

    code: str
    amount: int
    unit: Unit
    calendar_of: str
    """`none`, a role (`sender`, `recipient`, `host`, `origin`), or the country of a side."""
    priority: Span | None = None
    emergency: Span | None = None
    maximum: bool = False
    internal: bool = False
    offline_tolerance_hours: int = 0

    def span(self, urgency: str = "routine") -> Span:
        """Return the time for an urgency; one without its own value gets the next less urgent one."""
        routine = Span(self.amount, self.unit)
        match urgency:
            case "emergency":
                return self.emergency or self.priority or routine
            case "priority":
                return self.priority or routine
            case _:
                return routine


@dataclass(frozen=True)
class Instead:
    """When the side of `country` has to act, `code` is replaced by `steps`, one after the other."""

    code: str
    country: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class OfficeHours:
    opens: time
    closes: time


@dataclass(frozen=True)
class Side:
    """Calendar, hours and languages of one country."""

    country: str
    calendar: str
    """Country code of the library `holidays`."""
    zone: str
    days: tuple[int, ...]
    """Working days, Monday is 1."""
    hours: tuple[OfficeHours, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Retention:
    after_closure_months: int
    after_majority_months: int
    refused_content_days: int
    delivered_line_days: int
    sealing_key_days: int
    ledger_months: int


@dataclass(frozen=True)
class AgreedLimits:
    line_bytes: int
    notice_persons: int
    inline_attachments: int
    inline_attachment_bytes: int
    attachments: int
    attachment_bytes: int
    attachments_bytes: int
    messages_per_second: int
    messages_burst: int


@dataclass(frozen=True)
class ReleaseRule:
    """An act that needs two persons of one side."""

    act: str
    persons: int
    emergency_hours: int | None
    """The second may follow within so many hours; None: never."""


@dataclass(frozen=True)
class UsualValues:
    """What `message fill` writes where the officer wrote nothing."""

    language: str
    checkpoint: str | None
    funding: str | None
    handling: tuple[str, ...]
    urgency: str


@dataclass(frozen=True)
class Terms:
    """Everything two agencies agreed as data. `raw` is the compact JSON it was read from."""

    profile: str
    version: str
    title: str
    note: str
    types: Mapping[str, SenderRole]
    deadlines: tuple[Deadline, ...]
    instead: tuple[Instead, ...]
    sides: tuple[Side, ...]
    cut_off_hour: int
    languages: tuple[str, ...]
    checkpoints: tuple[str, ...]
    retention: Retention
    limits: AgreedLimits
    statistics_threshold: int
    release: tuple[ReleaseRule, ...]
    expires_days: int
    opened_leaf: bool
    usual: UsualValues
    raw: bytes = field(default=b"", repr=False)

    def deadline(self, code: str) -> Deadline | None:
        """Return the deadline of a code, or None when it was not agreed."""
        return next((row for row in self.deadlines if row.code == code), None)

    def deadlines_for(self, code: str, *, acting: AgencyCode) -> tuple[Deadline, ...]:
        """Return the deadlines, one after the other, that `acting` has for `code`; none if not agreed."""
        country = country_of(acting)
        for rule in self.instead:
            if rule.code == code and rule.country == country:
                return tuple(row for step in rule.steps if (row := self.deadline(step)) is not None)
        row = self.deadline(code)
        return () if row is None else (row,)

    def side_of(self, agency: AgencyCode) -> Side:
        """Return calendar, hours and languages of the side of an agency.

        Raises:
            AgreementInvalidError: its country is not in these terms.
        """
        return _side(self.sides, country_of(agency), profile=self.profile)


def country_of(agency: AgencyCode) -> str:
    """Return the country of an agency: the first two letters of its code."""
    return agency[:2]


def read_terms(value: JsonValue) -> Terms:
    """Return the terms in a value that came from the strict parser.

    Raises:
        AgreementInvalidError: the form or the meaning is wrong; names the place, never the content.
    """
    error = next(profile_schema().iter_errors(value), None)
    if error is not None:
        place = "/".join(str(step) for step in error.instance_path)
        raise AgreementInvalidError(f"the terms do not have the form of a profile at /{place[:200]}")
    terms = replace(_TERMS.validate_python(value), raw=encode(value))
    _check_codes(terms)
    _check_references(terms)
    for side in terms.sides:
        _check_side(side)
    return terms


@cache
def profile_schema() -> jsonschema_rs.Validator:
    """Return the validator of the form of profiles and terms."""
    return jsonschema_rs.validator_for(
        (schema_root() / "profiles" / "profile.schema.json").read_text("utf-8")
    )


def _check_codes(terms: Terms) -> None:
    _once("deadline", [row.code for row in terms.deadlines])
    _once("checkpoint", terms.checkpoints)
    _once("language", terms.languages)
    _once("side", [side.country for side in terms.sides])
    _once("act", [rule.act for rule in terms.release])
    _once("replaced deadline", [f"{rule.code} of {rule.country}" for rule in terms.instead])
    for rule in terms.instead:
        _once("step", (rule.code, *rule.steps))


def _once(kind: str, codes: Iterable[str]) -> None:
    code, times = max(Counter(codes).items(), key=lambda pair: pair[1], default=("", 0))
    if times > 1:
        raise AgreementInvalidError(f"the terms name {kind} {code} {times} times")


def _check_references(terms: Terms) -> None:
    countries = {side.country for side in terms.sides}
    for rule in terms.instead:
        _known("deadline", (rule.code, *rule.steps), {row.code for row in terms.deadlines})
        _known("side", [rule.country], countries)
    _known("side", [row.calendar_of for row in terms.deadlines if row.calendar_of.isupper()], countries)
    _known("language", [terms.usual.language], terms.languages)
    if terms.usual.checkpoint is not None:
        _known("checkpoint", [terms.usual.checkpoint], terms.checkpoints)


def _known(kind: str, codes: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(codes) - set(known))
    if unknown:
        raise AgreementInvalidError(f"the terms use {kind} {unknown[0]} without listing it")


def _check_side(side: Side) -> None:
    moments = [moment for hours in side.hours for moment in (hours.opens, hours.closes)]
    if moments != sorted(set(moments)) or list(side.days) != sorted(set(side.days)):
        raise AgreementInvalidError(f"office hours or working days of side {side.country} do not run forward")
    try:
        ZoneInfo(side.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AgreementInvalidError(f"time zone of side {side.country} is not known here") from error


def _side(sides: Iterable[Side], country: str, *, profile: str) -> Side:
    for side in sides:
        if side.country == country:
            return side
    raise AgreementInvalidError(
        f"profile {profile} has no side for country {country}",
        hint="choose the profile of this pair, or neutral",
    )


_TERMS = TypeAdapter(Terms)
