# SPDX-License-Identifier: Apache-2.0
"""From the inputs of a page to a value, and back."""

from datetime import datetime
from typing import Any

import pytest
from exchange.interfaces.web.entering import (
    MOST_GROUPS,
    as_understood,
    groups_in,
    in_common_era,
    inputs_of,
    read_field,
)
from exchange.messages.catalog import FORMS
from exchange.messages.questions import Field, Kind, questions_of
from tests.support.examples import files, load

ZONE = "Asia/Phnom_Penh"


def field(kind: Kind, **members: Any) -> Field:
    return Field("x", "Title", "", kind, **{"needed": False, **members})


def read(one: Field, **inputs: str) -> Any:
    return read_field(one, {name: (value,) for name, value in inputs.items()}, zone=ZONE)


READ = [
    ("line", field(Kind.LINE), {"f": " Sok Dara "}, "Sok Dara"),
    ("empty line", field(Kind.LINE), {"f": "  "}, None),
    ("note", field(Kind.NOTE), {"f": "one\ntwo"}, "one\ntwo"),
    ("yes", field(Kind.YES_NO), {"f": "yes"}, True),
    ("no", field(Kind.YES_NO), {"f": "no"}, False),
    ("number", field(Kind.NUMBER), {"f": "012"}, 12),
    ("code", field(Kind.CODE, code_list="sexes"), {"f": "F"}, "F"),
    ("chosen language", field(Kind.LANGUAGE, code_list="languages"), {"f": "km"}, "km"),
    ("language by its name", field(Kind.LANGUAGE), {"f": "", "f_o": "Tiếng Việt"}, "vi"),
    ("languages", field(Kind.LANGUAGES), {"f": "km", "f_o": "Lao; French"}, ["km", "lo", "fr"]),
    ("no languages", field(Kind.LANGUAGES), {"f": "", "f_o": " "}, None),
    ("chosen country", field(Kind.COUNTRY), {"f": "VN", "f_o": ""}, "VN"),
    ("country in small letters", field(Kind.COUNTRY), {"f_o": "vn"}, "VN"),
    ("country by its name", field(Kind.COUNTRY), {"f": "", "f_o": "Viet Nam"}, "VN"),
    ("country in Khmer", field(Kind.COUNTRY), {"f_o": "វៀតណាម"}, "VN"),
    ("country twice", field(Kind.COUNTRY), {"f": "VN", "f_o": "Vietnam"}, "VN"),
    ("script", field(Kind.SCRIPT), {"f": "Khmr"}, "Khmr"),
    ("Khmer digits", field(Kind.NUMBER), {"f": "១២"}, 12),
    ("Thai digits of a day", field(Kind.DAY), {"f_d": "๑", "f_m": "๒", "f_y": "๒๐๒๗"}, "2027-02-01"),
    ("year of a birth", field(Kind.PART_DAY), {"f_d": "", "f_m": "", "f_y": "2015"}, "2015"),
    ("month of a birth", field(Kind.PART_DAY), {"f_d": "", "f_m": "5", "f_y": "2015"}, "2015-05"),
    ("day of a birth", field(Kind.PART_DAY), {"f_d": "໑໔", "f_m": "05", "f_y": "2015"}, "2015-05-14"),
    ("no birth", field(Kind.PART_DAY), {"f_d": "", "f_m": "", "f_y": ""}, None),
    ("officer", field(Kind.LINE, form="officer", pattern="[A-Z0-9-]+"), {"f": "p-០០០១"}, "P-0001"),
    ("clock", field(Kind.LINE, form="clock", pattern="[0-9]{2}:[0-9]{2}"), {"f": "9.05"}, "09:05"),
    ("no codes", field(Kind.CODES, code_list="service-types"), {}, []),
    ("day", field(Kind.DAY), {"f_d": "1", "f_m": "2", "f_y": "2027"}, "2027-02-01"),
    ("no day", field(Kind.DAY), {"f_d": "", "f_m": "", "f_y": ""}, None),
    (
        "moment",
        field(Kind.INSTANT),
        {"f_d": "1", "f_m": "2", "f_y": "2027", "f_t": "9:05"},
        "2027-02-01T09:05+07:00",
    ),
    ("lines", field(Kind.LINES), {"f": "Tay Ninh\n\n Chau Thanh "}, ["Tay Ninh", "Chau Thanh"]),
]


@pytest.mark.parametrize(("one", "inputs", "value"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_inputs_become_a_value(one: Field, inputs: dict[str, str], value: Any) -> None:
    entered = read(one, **inputs)

    assert (entered.value, entered.problems) == (value, ())


WRONG = [
    ("needed", field(Kind.LINE, needed=True), {"f": ""}, "needed"),
    ("two lines", field(Kind.LINE), {"f": "a\nb"}, "one_line"),
    ("too long", field(Kind.LINE, longest=5), {"f": "abcdef"}, "too_long"),
    ("much too long", field(Kind.NOTE), {"f": "a" * 8_001}, "too_long"),
    ("letters", field(Kind.NUMBER), {"f": "2a"}, "number"),
    ("minus", field(Kind.NUMBER), {"f": "-2"}, "number"),
    ("a number with a power", field(Kind.NUMBER), {"f": "2²"}, "number"),
    ("no country", field(Kind.COUNTRY), {"f_o": "Atlantis"}, "country"),
    ("no code of a country", field(Kind.COUNTRY), {"f": "XX"}, "country"),
    ("two countries", field(Kind.COUNTRY), {"f": "VN", "f_o": "Laos"}, "one_of"),
    ("no language", field(Kind.LANGUAGES), {"f": "km", "f_o": "Atlantean"}, "languages"),
    ("no script", field(Kind.SCRIPT), {"f": "Khmer"}, "script"),
    ("day of a birth without a month", field(Kind.PART_DAY), {"f_d": "14", "f_y": "2015"}, "part_day"),
    ("birth without a year", field(Kind.PART_DAY), {"f_d": "14", "f_m": "5"}, "part_day"),
    ("short year of a birth", field(Kind.PART_DAY), {"f_y": "15"}, "part_day"),
    ("no such birth", field(Kind.PART_DAY), {"f_d": "31", "f_m": "2", "f_y": "2015"}, "part_day"),
    ("words for a birth", field(Kind.PART_DAY), {"f_y": "two thousand"}, "part_day"),
    ("Buddhist year of a birth", field(Kind.PART_DAY), {"f_y": "2558"}, "buddhist"),
    ("no officer", field(Kind.LINE, form="officer", pattern="[A-Z0-9-]+"), {"f": "Sok Dara"}, "form"),
    ("no telephone", field(Kind.LINE, form="telephone", pattern=r"\\+[0-9 ]+"), {"f": "012 345"}, "form"),
    ("one wrong line", field(Kind.LINES, form="officer", pattern="[A-Z-]+"), {"f": "A-B\nx y"}, "form"),
    ("no name", field(Kind.GROUPS, needed=True), {}, "needed"),
    ("no code", field(Kind.CODE, code_list="sexes"), {"f": "female"}, "code"),
    ("code of another list", field(Kind.CODE, choices=("host",)), {"f": "origin"}, "code"),
    ("one wrong code", field(Kind.CODES, code_list="service-types"), {"f": "<script>"}, "code"),
    ("maybe", field(Kind.YES_NO), {"f": "maybe"}, "code"),
    ("no such day", field(Kind.DAY), {"f_d": "31", "f_m": "2", "f_y": "2027"}, "day"),
    ("half a day", field(Kind.DAY), {"f_d": "3", "f_m": "", "f_y": "2027"}, "day"),
    ("letters in a day", field(Kind.DAY), {"f_d": "x", "f_m": "2", "f_y": "2027"}, "day"),
    ("short year", field(Kind.DAY), {"f_d": "3", "f_m": "2", "f_y": "27"}, "day"),
    ("Buddhist year", field(Kind.DAY), {"f_d": "3", "f_m": "2", "f_y": "2570"}, "buddhist"),
    ("day without time", field(Kind.INSTANT), {"f_d": "3", "f_m": "2", "f_y": "2027", "f_t": ""}, "time"),
    ("time without day", field(Kind.INSTANT), {"f_t": "10:00"}, "time"),
    ("no such time", field(Kind.INSTANT), {"f_d": "3", "f_m": "2", "f_y": "2027", "f_t": "25:00"}, "time"),
    (
        "wrong day of a moment",
        field(Kind.INSTANT),
        {"f_d": "33", "f_m": "2", "f_y": "2027", "f_t": "9:00"},
        "day",
    ),
]


@pytest.mark.parametrize(("one", "inputs", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_cannot_become_a_value_is_told_at_its_place(
    one: Field, inputs: dict[str, str], code: str
) -> None:
    entered = read(one, **inputs)

    assert [(problem.place, problem.code, problem.title) for problem in entered.problems] == [
        ("f", code, "Title")
    ]


BIRTH = next(one.field for one in questions_of("IDN") if one.name == "birth")
KNOWN = {"f-basis": "self_reported", "f-calendar": "gregorian"}


def test_how_exact_a_birth_is_follows_from_what_was_entered() -> None:
    entered = read(BIRTH, **KNOWN, **{"f-value_y": "2015", "f-value_m": "5"})

    assert entered.problems == ()
    assert entered.value["precision"] == "month"


@pytest.mark.parametrize("precision", ["day", "month", "range", "unknown"])
def test_another_precision_than_what_was_entered_is_told(precision: str) -> None:
    entered = read(BIRTH, **KNOWN, **{"f-value_y": "2015", "f-precision": precision})

    assert [(one.place, one.code) for one in entered.problems] == [("f-precision", "precision")]


def test_a_range_of_births_says_its_own_precision() -> None:
    first = {"f-from_d": "1", "f-from_m": "1", "f-from_y": "2012"}

    entered = read(BIRTH, **KNOWN, **first, **{"f-precision": "range"})

    assert (entered.value["precision"], entered.problems) == ("range", ())


def test_the_day_that_was_understood_stands_in_the_inputs() -> None:
    inputs = {"f_d": ("27",), "f_m": ("9",), "f_y": ("២៥៧០",)}
    entered = read_field(field(Kind.DAY), inputs, zone=ZONE)

    again = read_field(field(Kind.DAY), as_understood(inputs, entered.problems), zone=ZONE)

    assert [one.read_as for one in entered.problems] == ["2027-09-27"]
    assert (again.value, again.problems) == ("2027-09-27", ())


@pytest.mark.parametrize(
    ("language", "year", "meant"),
    [
        ("th", "2570", "2027"),
        ("th", "๒๕๗๐", "2027"),
        ("th", "2027", "2027"),
        ("th", "", ""),
        ("th", "25700", "25700"),
        ("th", "x", "x"),
        ("km", "2570", "2570"),
    ],
)
def test_a_year_means_what_the_calendar_of_the_page_says(language: str, year: str, meant: str) -> None:
    assert in_common_era({"f_y": (year,), "f_d": ("2570",)}, language) == {"f_y": (meant,), "f_d": ("2570",)}


CONSENTS = next(one.field for one in questions_of("RPN") if one.name == "consents")


def test_an_empty_group_of_a_list_is_dropped() -> None:
    inputs = {"f-0-scope": "", "f-1-scope": "return", "f-1-state": "given", "f-1-giver": "person"}
    on = {"f-1-on_d": "1", "f-1-on_m": "9", "f-1-on_y": "2027"}

    entered = read(CONSENTS, **inputs, **on)

    assert entered.value == [{"scope": "return", "state": "given", "giver": "person", "on": "2027-09-01"}]
    assert entered.problems == ()


def test_a_half_filled_group_is_told_at_the_missing_places() -> None:
    entered = read(CONSENTS, **{"f-0-scope": "return"})

    assert [problem.place for problem in entered.problems] == ["f-0-state", "f-0-giver", "f-0-on"]


def test_no_more_groups_are_read_than_a_page_has() -> None:
    assert groups_in({"f-999-scope": ("return",)}, "f") == MOST_GROUPS
    assert groups_in({"f-9999-scope": ("return",), "g-3-x": ("",), "f-x-1": ("",)}, "f") == 0


BY_FILE = {("AMD", "changes"), ("COR", "changes"), ("STM", "counted"), ("RPN", "tracing_result")}
"""Members whose values may be groups of any other member: a page takes texts, a file takes the rest."""


@pytest.mark.parametrize("type_code", list(FORMS))
def test_what_an_example_says_comes_back_from_its_inputs(type_code: str) -> None:
    """Every member of every published example that is asked for can be shown and entered again unchanged."""
    for document in map(load, files("valid")):
        if document["header"]["type"] != type_code:
            continue
        for question in questions_of(type_code):
            groups = document["persons"] if question.part == "persons" else [document[question.part]]
            for group in groups:
                value = group.get(question.name)
                if value is None or question.part == "header" or (type_code, question.name) in BY_FILE:
                    continue
                inputs = inputs_of(question.field, value, zone=ZONE)
                entered = read_field(question.field, inputs, zone=ZONE)
                assert same(entered.value, value), (question.name, value, entered.problems)


def same(found: Any, expected: Any) -> bool:
    """Return whether two values say the same, apart from attachments and the offset of a moment."""
    if isinstance(expected, dict):
        kept = {name: value for name, value in expected.items() if name != "attachment" and value != []}
        found = found if found is not None or kept else {}
        return isinstance(found, dict) and all(same(found.get(name), value) for name, value in kept.items())
    if isinstance(expected, list):
        return len(found or []) == len(expected) and all(map(same, found or [], expected))
    if isinstance(expected, str) and "T" in expected and expected[:4].isdigit() and len(expected) > 15:
        return datetime.fromisoformat(str(found)) == datetime.fromisoformat(expected).replace(second=0)
    return bool(found == expected)
