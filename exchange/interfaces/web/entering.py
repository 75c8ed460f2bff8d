# SPDX-License-Identifier: Apache-2.0
"""Between the inputs of a page and the value of a question, in both directions.

1. A place has a name made of its steps: `f-names-0-full`. A day has three inputs, a moment one more.
2. What is left empty is left out; of a list of groups the empty ones are dropped. A question of codes that
   was answered with none is an empty list, because that is an answer.
3. Only what cannot become a value is a problem here: an impossible day, a letter in a number, a choice that
   is none of the list. Whether a value may be said, the form and the rules judge.
4. A year of the Buddhist era is told, never converted silently.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from exchange.interfaces.web.asking import Values
from exchange.messages.codelists import codelist
from exchange.messages.document import JsonValue
from exchange.messages.questions import Field, Kind

TOP: Final = "f"
MOST_GROUPS: Final = 60
LONGEST: Final = 8_000
BUDDHIST_FROM: Final = 2400
"""No day of a living person or of a return has such a Gregorian year."""
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])", re.ASCII)


@dataclass(frozen=True)
class Problem:
    """Something that cannot become a value; `code` says what, in words of the page."""

    place: str
    code: str
    title: str
    more: str = ""
    """What stands behind it, for a reader of English."""


@dataclass(frozen=True)
class Entered:
    """What was entered: a value, None if nothing was; and what is wrong."""

    value: JsonValue
    problems: tuple[Problem, ...] = ()


def read_field(field: Field, inputs: Values, *, zone: str, place: str = TOP) -> Entered:
    """Return the value of a field."""
    match field.kind:
        case Kind.GROUP:
            return _group(field, inputs, zone, place)
        case Kind.GROUPS:
            return _groups(field, inputs, zone, place)
        case Kind.CODES:
            return _codes(field, inputs, place)
        case Kind.DAY:
            return _judged(field, place, _day(inputs, place))
        case Kind.INSTANT:
            return _judged(field, place, _instant(inputs, place, zone))
        case Kind.LINES:
            lines: list[JsonValue] = [
                line.strip() for line in _text(inputs, place).splitlines() if line.strip()
            ]
            return _judged(field, place, lines or None)
    return _judged(field, place, _single(field, _text(inputs, place)))


def inputs_of(field: Field, value: JsonValue, *, zone: str, place: str = TOP) -> dict[str, tuple[str, ...]]:
    """Return the inputs that show a value."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return _inputs_below(field, value, zone, place)
    if isinstance(value, list):
        return _inputs_of_list(field, value, zone, place)
    match field.kind:
        case Kind.DAY:
            return _inputs_of_day(str(value), place)
        case Kind.INSTANT:
            return _inputs_of_instant(str(value), zone, place)
        case Kind.YES_NO:
            return {place: ("yes" if value is True else "no",)}
    return {place: (str(value),)}


def _inputs_of_list(
    field: Field, value: list[JsonValue], zone: str, place: str
) -> dict[str, tuple[str, ...]]:
    if field.kind is Kind.CODES:
        return {place: tuple(str(item) for item in value)}
    if field.kind is Kind.LINES:
        return {place: ("\n".join(str(item) for item in value),)}
    found: dict[str, tuple[str, ...]] = {}
    for number, item in enumerate(value):
        if isinstance(item, dict):
            found |= _inputs_below(field, item, zone, f"{place}-{number}")
    return found


def groups_in(inputs: Values, place: str) -> int:
    """Return how many groups of a list have inputs."""
    begins = re.compile(rf"{re.escape(place)}-([0-9]{{1,3}})-", re.ASCII)
    numbers = [int(match[1]) for name in inputs if (match := begins.match(name))]
    return min(max(numbers, default=-1) + 1, MOST_GROUPS)


def _inputs_below(
    field: Field, value: Mapping[str, JsonValue], zone: str, place: str
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for below in field.fields:
        found |= inputs_of(below, value.get(below.name), zone=zone, place=f"{place}-{below.name}")
    return found


def _group(field: Field, inputs: Values, zone: str, place: str) -> Entered:
    parts = {
        below.name: read_field(below, inputs, zone=zone, place=f"{place}-{below.name}")
        for below in field.fields
    }
    value: dict[str, JsonValue] = {
        name: part.value for name, part in parts.items() if part.value is not None and part.value != []
    }
    wrong = [problem for part in parts.values() for problem in part.problems]
    if not value and not any(problem.code != "needed" for problem in wrong):
        return Entered(None, _missing(field, place))
    return Entered(value, tuple(wrong))


def _groups(field: Field, inputs: Values, zone: str, place: str) -> Entered:
    items = [
        _group(_one_of(field), inputs, zone, f"{place}-{number}")
        for number in range(groups_in(inputs, place))
    ]
    whole = [item for item in items if item.value is not None]
    value: list[JsonValue] = [item.value for item in whole]
    wrong = tuple(
        problem
        for item in items
        for problem in item.problems
        if item.value is not None or problem.code != "needed"
    )
    return Entered(value, wrong)


def _one_of(field: Field) -> Field:
    return Field(field.name, field.title, "", Kind.GROUP, needed=False, fields=field.fields)


def _codes(field: Field, inputs: Values, place: str) -> Entered:
    chosen: list[JsonValue] = [code for code in dict.fromkeys(inputs.get(place, ())) if code]
    known = all(_is_choice(field, str(code)) for code in chosen)
    return Entered(chosen if known else None, () if known else (Problem(place, "code", field.title),))


def _judged(field: Field, place: str, value: "JsonValue | Problem") -> Entered:
    """Return a single value; a problem gets the title of the field."""
    if isinstance(value, Problem):
        return Entered(None, (Problem(place, value.code, field.title),))
    return Entered(value, () if value is not None else _missing(field, place))


def _missing(field: Field, place: str) -> tuple[Problem, ...]:
    return (Problem(place, "needed", field.title),) if field.needed else ()


def _single(field: Field, text: str) -> "JsonValue | Problem":
    if not text:
        return None
    if len(text) > (field.longest or LONGEST):
        return Problem("", "too_long", "")
    match field.kind:
        case Kind.YES_NO:
            return {"yes": True, "no": False}.get(text, Problem("", "code", ""))
        case Kind.NUMBER:
            is_number = text.isascii() and text.isdigit() and len(text) <= 9
            return int(text) if is_number else Problem("", "number", "")
        case Kind.CODE:
            return text if _is_choice(field, text) else Problem("", "code", "")
        case Kind.NOTE:
            return text
    return Problem("", "one_line", "") if "\n" in text else text


def _is_choice(field: Field, code: str) -> bool:
    return code in field.choices or (not field.choices and codelist(field.code_list).has(code))


def _day(inputs: Values, place: str) -> "JsonValue | Problem":
    found = _date(inputs, place)
    return found.isoformat() if isinstance(found, date) else found


def _date(inputs: Values, place: str) -> date | Problem | None:
    parts = [_text(inputs, f"{place}_{part}") for part in ("y", "m", "d")]
    if not any(parts):
        return None
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return Problem("", "day", "")
    year, month, day = map(int, parts)
    if year >= BUDDHIST_FROM:
        return Problem("", "buddhist", "")
    try:
        return date(year, month, day) if year >= 1000 else Problem("", "day", "")
    except ValueError:
        return Problem("", "day", "")


def _instant(inputs: Values, place: str, zone: str) -> "JsonValue | Problem":
    day, time = _date(inputs, place), _text(inputs, f"{place}_t")
    if day is None and not time:
        return None
    match = _TIME.fullmatch(time)
    if not isinstance(day, date) or match is None:
        return day if isinstance(day, Problem) else Problem("", "time", "")
    moment = datetime(day.year, day.month, day.day, int(match[1]), int(match[2]), tzinfo=ZoneInfo(zone))
    return moment.isoformat(timespec="minutes")


def _inputs_of_day(text: str, place: str) -> dict[str, tuple[str, ...]]:
    year, month, day = (*text[:10].split("-"), "", "")[:3]
    return {f"{place}_y": (year,), f"{place}_m": (month,), f"{place}_d": (day,)}


def _inputs_of_instant(text: str, zone: str, place: str) -> dict[str, tuple[str, ...]]:
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return {**_inputs_of_day(local.date().isoformat(), place), f"{place}_t": (f"{local:%H:%M}",)}


def _text(inputs: Values, place: str) -> str:
    return (inputs.get(place) or ("",))[0].strip()
