# SPDX-License-Identifier: Apache-2.0
"""Between the inputs of a page and the value of a question, in both directions.

1. A place has a name made of its steps: `f-names-0-full`. A day has three inputs, a moment one more; of a
   birth the day, or day and month, may be empty. What is chosen from a list that is not closed has one more,
   for what the list has not (`OTHER`).
2. What is left empty is left out; of a list of groups the empty ones are dropped. A question of codes that
   was answered with none is an empty list, because that is an answer.
3. Only what cannot become a value is a problem here: an impossible day, a letter in a number, a choice that
   is none of the list, a text that is not written as its field needs it. Whether a value may be said, the
   form and the rules judge.
4. Digits of every script are taken. A year of the Buddhist era is told with the day that was understood
   (`Problem.read_as`), and the page shows that day to be saved; where the language of the page counts in that
   era, the year means what it says (`in_common_era`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from exchange.clock import in_zone
from exchange.i18n.place_codes import country_code, language_tag
from exchange.interfaces.web.asking import Values
from exchange.interfaces.web.moments import ERAS
from exchange.messages.as_written import as_day, ascii_digits, gregorian_year
from exchange.messages.codelists import codelist
from exchange.messages.dates import value_span
from exchange.messages.document import JsonValue
from exchange.messages.questions import Field, Kind

TOP: Final = "f"
MOST_GROUPS: Final = 60
LONGEST: Final = 8_000
OTHER: Final = "_o"
"""End of the name of the input for what a list has not."""
_YEAR: Final = "_y"
_OF_A_BIRTH: Final = {4: "year", 7: "month", 10: "day"}
"""Precision of a birth by the length of its text."""
_BETWEEN: Final = re.compile(r"[,;\n]")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])", re.ASCII)


@dataclass(frozen=True)
class Problem:
    """Something that cannot become a value; `code` says what, in words of the page."""

    place: str
    code: str
    title: str
    more: str = ""
    """What stands behind it, for a reader of English; of a text that is too long how long it may be."""
    read_as: str = ""
    """The day, month or year that was understood, of a year of the Buddhist era."""
    form: str = ""
    """In which way it has to be written (`Field.form`)."""


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
    return _judged(field, place, _value(field, inputs, place))


def _value(field: Field, inputs: Values, place: str) -> "JsonValue | Problem":
    """Return a single value, or what is wrong with it."""
    match field.kind:
        case Kind.LINES:
            return _lines(field, _text(inputs, place))
        case Kind.PART_DAY:
            return _part_day(inputs, place)
        case Kind.COUNTRY | Kind.LANGUAGE | Kind.SCRIPT | Kind.LANGUAGES:
            return _listed(field, inputs, place)
    return _single(field, _text(inputs, place))


def in_common_era(inputs: Values, language: str) -> Values:
    """Return inputs with years of the common era, where the language of the page counts in another one."""
    if language not in ERAS:
        return inputs
    years = {name: given for name, given in inputs.items() if name.endswith(_YEAR)}
    return {**inputs, **{name: (_common(given[0]),) for name, given in years.items() if given}}


def _common(text: str) -> str:
    year = ascii_digits(text.strip())
    return str(gregorian_year(int(year))) if year.isascii() and year.isdigit() and len(year) <= 4 else text


def as_understood(inputs: Values, problems: Iterable[Problem]) -> Values:
    """Return inputs with the years that were understood, to be looked at and saved."""
    years = {f"{one.place}{_YEAR}": (one.read_as[:4],) for one in problems if one.read_as}
    return {**inputs, **years}


def inputs_of(field: Field, value: JsonValue, *, zone: str, place: str = TOP) -> dict[str, tuple[str, ...]]:
    """Return the inputs that show a value."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return _inputs_below(field, value, zone, place)
    if isinstance(value, list):
        return _inputs_of_list(field, value, zone, place)
    match field.kind:
        case Kind.DAY | Kind.PART_DAY:
            return _inputs_of_day(str(value), place)
        case Kind.INSTANT:
            return _inputs_of_instant(str(value), zone, place)
        case Kind.YES_NO:
            return {place: ("yes" if value is True else "no",)}
    return {place: (str(value),)}


def _inputs_of_list(
    field: Field, value: list[JsonValue], zone: str, place: str
) -> dict[str, tuple[str, ...]]:
    if field.kind in (Kind.CODES, Kind.LANGUAGES):
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
    misfits = _precision(value, place) if field.name == "birth" else ()
    return Entered(value, (*wrong, *misfits))


def _precision(birth: dict[str, JsonValue], place: str) -> tuple[Problem, ...]:
    """Add how exact a birth is, or tell that something else was chosen."""
    text, chosen = birth.get("value"), birth.get("precision")
    shown = _OF_A_BIRTH.get(len(text)) if isinstance(text, str) else None
    if shown is None or chosen == shown:
        return ()
    if chosen is None:
        birth["precision"] = shown
        return ()
    return (Problem(f"{place}-precision", "precision", "Precision"),)


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
    return Entered(value, wrong or (() if value else _missing(field, place)))


def _one_of(field: Field) -> Field:
    return Field(field.name, field.title, "", Kind.GROUP, needed=False, fields=field.fields)


def _codes(field: Field, inputs: Values, place: str) -> Entered:
    chosen: list[JsonValue] = [code for code in dict.fromkeys(inputs.get(place, ())) if code]
    known = all(_is_choice(field, str(code)) for code in chosen)
    return Entered(chosen if known else None, () if known else (Problem(place, "code", field.title),))


def _judged(field: Field, place: str, value: "JsonValue | Problem") -> Entered:
    """Return a single value; a problem gets the title of the field."""
    if isinstance(value, Problem):
        return Entered(None, (replace(value, place=place, title=field.title),))
    return Entered(value, () if value is not None else _missing(field, place))


def _missing(field: Field, place: str) -> tuple[Problem, ...]:
    return (Problem(place, "needed", field.title),) if field.needed else ()


def _single(field: Field, text: str) -> "JsonValue | Problem":
    if not text:
        return None
    longest = field.longest or LONGEST
    if len(text) > longest:
        return Problem("", "too_long", "", str(longest))
    match field.kind:
        case Kind.YES_NO:
            return {"yes": True, "no": False}.get(text, Problem("", "code", ""))
        case Kind.NUMBER:
            digits = ascii_digits(text)
            is_number = digits.isascii() and digits.isdigit() and len(digits) <= 9
            return int(digits) if is_number else Problem("", "number", "")
        case Kind.CODE:
            return text if _is_choice(field, text) else Problem("", "code", "")
        case Kind.NOTE:
            return text
    return _line(field, text)


def _line(field: Field, text: str) -> "JsonValue | Problem":
    """Return a line as its field needs it, or what is wrong with how it is written."""
    if "\n" in text:
        return Problem("", "one_line", "")
    if field.form not in ("", "other"):
        text = ascii_digits(text).upper()
    if field.form == "clock" and (time := _TIME.fullmatch(text)):
        text = f"{time[1]:>02}:{time[2]}"
    return text if _is_written(field, text) else _not_written(field)


def _lines(field: Field, text: str) -> "JsonValue | Problem":
    read = [_line(field, line.strip()) for line in text.splitlines() if line.strip()]
    wrong = next((one for one in read if isinstance(one, Problem)), None)
    return wrong or [line for line in read if not isinstance(line, Problem)] or None


def _is_written(field: Field, text: str) -> bool:
    """Return whether a text is written as its field needs it; words are judged by the form alone."""
    return not field.form or re.fullmatch(field.pattern, text) is not None


def _not_written(field: Field) -> Problem:
    return Problem("", "form", "", form=field.form)


def _listed(field: Field, inputs: Values, place: str) -> "JsonValue | Problem":
    """Return what was chosen of a list, or written because the list has not got it."""
    chosen = [*inputs.get(place, ()), *inputs.get(f"{place}{OTHER}", ())]
    names = [name.strip() for text in chosen for name in _BETWEEN.split(text) if name.strip()]
    codes = dict.fromkeys(_code_of(field, name) for name in names)
    if None in codes:
        return Problem("", field.kind.value, "")
    if field.kind is Kind.LANGUAGES:
        return [*codes] or None
    return next(iter(codes), None) if len(codes) <= 1 else Problem("", "one_of", "")


def _code_of(field: Field, name: str) -> str | None:
    match field.kind:
        case Kind.COUNTRY:
            return country_code(name)
        case Kind.SCRIPT:
            return name if re.fullmatch("[A-Z][a-z]{3}", name) else None
    return language_tag(name)


def _is_choice(field: Field, code: str) -> bool:
    return code in field.choices or (not field.choices and codelist(field.code_list).has(code))


def _day(inputs: Values, place: str) -> "JsonValue | Problem":
    found = _date(inputs, place)
    return found.isoformat() if isinstance(found, date) else found


def _date(inputs: Values, place: str) -> date | Problem | None:
    parts = _parts(inputs, place)
    if not any(parts):
        return None
    if not all(map(_is_part, parts)):
        return Problem("", "day", "")
    year, month, day = map(int, parts)
    try:
        found = date(gregorian_year(year), month, day) if year >= 1000 else None
    except ValueError:
        found = None
    if found is None:
        return Problem("", "day", "")
    return found if found.year == year else Problem("", "buddhist", "", read_as=found.isoformat())


def _part_day(inputs: Values, place: str) -> "JsonValue | Problem":
    """Return a year, a month or a day: the parts before the first empty one, and nothing behind it."""
    parts = _parts(inputs, place)
    given = [part for part in parts if part]
    if not given:
        return None
    if parts[: len(given)] != given or not all(map(_is_part, given)) or len(given[0]) != 4:
        return Problem("", "part_day", "")
    year = gregorian_year(int(given[0]))
    text = as_day("/".join((*reversed(given[1:]), str(year))))
    if value_span(text) is None:
        return Problem("", "part_day", "")
    return text if str(year) == given[0] else Problem("", "buddhist", "", read_as=text)


def _parts(inputs: Values, place: str) -> list[str]:
    """Return the inputs of a day, the year first."""
    return [ascii_digits(_text(inputs, f"{place}_{part}")) for part in ("y", "m", "d")]


def _is_part(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _instant(inputs: Values, place: str, zone: str) -> "JsonValue | Problem":
    day, time = _date(inputs, place), ascii_digits(_text(inputs, f"{place}_t"))
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
    local = in_zone(datetime.fromisoformat(text), ZoneInfo(zone))
    return {**_inputs_of_day(local.date().isoformat(), place), f"{place}_t": (f"{local:%H:%M}",)}


def _text(inputs: Values, place: str) -> str:
    return (inputs.get(place) or ("",))[0].strip()
