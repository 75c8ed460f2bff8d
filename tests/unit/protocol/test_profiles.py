# SPDX-License-Identifier: Apache-2.0
"""Profiles and terms: what two agencies agreed, as data of exact form and consistent meaning."""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import holidays
import pytest
from exchange.errors import AgreementInvalidError
from exchange.ids import AgencyCode
from exchange.messages.codelists import schema_root
from exchange.protocol.profiles import load_profile, profile_codes, terms_for
from exchange.protocol.terms import SenderRole, Span, Terms, Unit, read_terms
from tests.support.identity import KH, TH, VN

Change = Callable[[dict[str, Any]], object]
LAO = AgencyCode("LA-MPS-ATD")


def profile_value(code: str = "kh-vn") -> dict[str, Any]:
    value: dict[str, Any] = json.loads((schema_root() / f"profiles/{code}.json").read_bytes())
    return value


def test_the_profiles_of_this_program_are_known() -> None:
    assert profile_codes() == ("kh-la", "kh-th", "kh-vn", "neutral")


@pytest.mark.parametrize("code", profile_codes())
def test_each_profile_can_be_read(code: str) -> None:
    profile = load_profile(code)

    assert profile.profile == code
    assert profile.statistics_threshold == 10
    assert profile.cut_off_hour == 16
    assert profile.expires_days == 30


@pytest.mark.parametrize("code", profile_codes())
def test_the_library_of_holidays_knows_every_calendar(code: str) -> None:
    known = holidays.list_supported_countries()

    assert [side.calendar for side in load_profile(code).sides if side.calendar not in known] == []


@pytest.mark.parametrize(
    "code", ["kh-mm", "", "..", "../profiles/kh-vn", "profile.schema", "kh-vn.json", "KH-VN", "kh-vn\n"]
)
def test_a_name_from_outside_never_becomes_a_path(code: str) -> None:
    with pytest.raises(AgreementInvalidError, match="not known"):
        load_profile(code)


def test_a_profile_file_that_says_it_is_another_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kh-th.json").write_text(json.dumps(profile_value("kh-vn")))

    with pytest.raises(AgreementInvalidError, match="another"):
        load_profile("kh-th", tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a":1,"a":2}', '{"cut_off_hour": 16.0}', "\ufeff{}"])
def test_a_profile_file_that_is_no_strict_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)

    with pytest.raises(AgreementInvalidError):
        load_profile("x", tmp_path)


def test_terms_have_the_two_sides_with_the_inviter_first() -> None:
    profile = load_profile("neutral")

    assert [side.country for side in terms_for(profile, VN, KH).sides] == ["VN", "KH"]
    assert [side.country for side in terms_for(profile, KH, TH).sides] == ["KH", "TH"]


def test_terms_leave_out_what_binds_other_countries() -> None:
    terms = terms_for(load_profile("neutral"), KH, TH)

    assert terms.deadline("DL-TH-STAY") is not None
    assert terms.deadline("DL-VN-EXIT") is None
    assert terms.instead == ()


def test_the_same_profile_gives_the_same_bytes() -> None:
    assert terms_for(load_profile("kh-vn"), KH, VN).raw == terms_for(load_profile("kh-vn"), KH, VN).raw


def test_terms_survive_being_read_again() -> None:
    terms = terms_for(load_profile("kh-th"), KH, TH)

    assert read_terms(json.loads(terms.raw)) == terms


def test_a_country_without_a_side_has_no_terms() -> None:
    with pytest.raises(AgreementInvalidError, match="no side for country LA"):
        terms_for(load_profile("kh-vn"), KH, LAO)


def test_a_link_joins_two_countries() -> None:
    with pytest.raises(AgreementInvalidError, match="one country"):
        terms_for(load_profile("kh-vn"), KH, AgencyCode("KH-GDI"))


def test_verification_in_viet_nam_takes_20_and_then_10_working_days() -> None:
    """Deadlines DL-VRS-VN-LOCAL and DL-VRS-VN stand for DL-VRS when that side has to act."""
    terms = terms_for(load_profile("kh-vn"), KH, VN)

    steps = terms.deadlines_for("DL-VRS", acting=VN)

    assert [(row.code, row.span()) for row in steps] == [
        ("DL-VRS-VN-LOCAL", Span(20, Unit.WORKING_DAY)),
        ("DL-VRS-VN", Span(10, Unit.WORKING_DAY)),
    ]
    assert [row.code for row in terms.deadlines_for("DL-VRS", acting=KH)] == ["DL-VRS"]


def test_a_deadline_that_was_not_agreed_is_none() -> None:
    assert terms_for(load_profile("kh-th"), KH, TH).deadlines_for("DL-VN-EXIT", acting=TH) == ()


@pytest.mark.parametrize(
    ("code", "urgency", "expected"),
    [
        ("DL-RPD", "routine", Span(5, Unit.WORKING_DAY)),
        ("DL-RPD", "priority", Span(2, Unit.WORKING_DAY)),
        ("DL-RPD", "emergency", Span(12, Unit.HOUR)),
        ("DL-TRS", "emergency", Span(10, Unit.WORKING_DAY)),
        ("DL-TDS", "emergency", Span(5, Unit.WORKING_DAY)),
    ],
)
def test_urgency_shortens_a_deadline_as_far_as_it_was_agreed(code: str, urgency: str, expected: Span) -> None:
    row = load_profile("kh-vn").deadline(code)

    assert row is not None
    assert row.span(urgency) == expected


def test_who_may_send_what_and_who_releases_it() -> None:
    terms = load_profile("kh-vn")

    assert (terms.types["RPN"], terms.types["RPD"], terms.types["HLD"]) == (
        SenderRole.HOST, SenderRole.ORIGIN, SenderRole.EITHER,
    )  # fmt: skip
    assert ("rpn_child", 2, 24) in {(rule.act, rule.persons, rule.emergency_hours) for rule in terms.release}


@pytest.mark.parametrize(
    "act", ["enrolment", "address_change", "key_change", "erasure", "evidence_disclosure"]
)
def test_in_an_emergency_these_acts_still_need_both_persons(act: str) -> None:
    rule = next(rule for rule in load_profile("neutral").release if rule.act == act)

    assert rule.emergency_hours is None


def add(name: str, row: object) -> Change:
    return lambda value: value[name].append(row)


def put(*path: Any) -> Change:
    *steps, last, content = path

    def change(value: Any) -> None:
        for step in steps:
            value = value[step]
        value[last] = content

    return change


def hours(opens: str, closes: str) -> dict[str, str]:
    return {"opens": opens, "closes": closes}


WRONG: list[tuple[str, Change]] = [
    ("an unknown member", put("colour", "red")),
    ("a missing member", lambda value: value.pop("usual")),
    ("a number as text", put("cut_off_hour", "16")),
    ("an hour that no clock shows", put("cut_off_hour", 24)),
    ("true for a number", put("cut_off_hour", True)),
    ("a threshold under ten persons", put("statistics_threshold", 9)),
    ("a release by one person", put("release", 0, "persons", 1)),
    ("a release by three persons, whom no header can name", put("release", 0, "persons", 3)),
    ("an unknown sender", put("types", "RPN", "anybody")),
    ("a type in small letters", put("types", "rpn", "host")),
    ("no type", put("types", {})),
    ("an unknown unit", put("deadlines", 0, "unit", "fortnight")),
    ("an amount below zero", put("deadlines", 0, "amount", -1)),
    ("a code that ends in a line feed", put("deadlines", 0, "code", "DL-X\n")),
    ("a deadline twice", lambda value: value["deadlines"].append(value["deadlines"][0])),
    ("a deadline in the calendar of a stranger", put("deadlines", 0, "calendar_of", "FR")),
    ("a replaced deadline that is not listed", put("instead", 0, "code", "DL-NONE")),
    ("a step that is not listed", put("instead", 0, "steps", ["DL-NONE"])),
    ("a step that is the deadline itself", put("instead", 0, "steps", ["DL-VRS"])),
    ("a step of a stranger", put("instead", 0, "country", "FR")),
    ("one side only", lambda value: value["sides"].pop()),
    ("a side twice", lambda value: value["sides"].append(value["sides"][0])),
    ("a zone that does not exist", put("sides", 0, "zone", "Asia/Nowhere")),
    ("a zone that climbs", put("sides", 0, "zone", "../../etc/passwd")),
    ("an eighth day", put("sides", 0, "days", [1, 8])),
    ("days that run back", put("sides", 0, "days", [2, 1])),
    ("a day twice", put("sides", 0, "days", [1, 1])),
    ("hours that run back", put("sides", 0, "hours", [{"opens": "17:00", "closes": "08:00"}])),
    ("hours that overlap", put("sides", 0, "hours", [hours("08:00", "12:00"), hours("11:00", "17:00")])),
    ("an hour of one digit", put("sides", 0, "hours", [{"opens": "8:00", "closes": "12:00"}])),
    ("a crossing twice", lambda value: value["checkpoints"].append(value["checkpoints"][0])),
    ("a usual crossing that is not listed", put("usual", "checkpoint", "KH-TH-POIPET")),
    ("a usual language that is not listed", put("usual", "language", "fr")),
    ("no handling", put("usual", "handling", [])),
    ("sealing keys kept for years", put("retention", "sealing_key_days", 101)),
    ("content of refused messages kept for weeks", put("retention", "refused_content_days", 8)),
    ("lines larger than the protocol allows", put("limits", "line_bytes", 6291457)),
    ("a life of a year for a message", put("expires_days", 365)),
    ("a profile code with a slash", put("profile", "kh/vn")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change"), WRONG, ids=[what for what, _ in WRONG])
def test_wrong_terms_are_refused(what: str, change: Change) -> None:
    value = profile_value()
    change(value)

    with pytest.raises(AgreementInvalidError):
        read_terms(value)


@pytest.mark.parametrize("value", [None, [], "kh-vn", 1, {}])
def test_what_is_no_profile_at_all_is_refused(value: Any) -> None:
    with pytest.raises(AgreementInvalidError):
        read_terms(value)


def test_an_error_never_quotes_the_content() -> None:
    value = profile_value()
    value["title"] = ["a secret"]

    with pytest.raises(AgreementInvalidError) as caught:
        read_terms(value)

    assert str(caught.value) == "the terms do not have the form of a profile at /title"


def test_the_data_classes_have_the_members_of_the_schema() -> None:
    """Design D1: the schema is the contract."""
    schema = json.loads((schema_root() / "profiles/profile.schema.json").read_bytes())

    assert {field.name for field in fields(Terms)} - {"raw"} == set(schema["properties"])
    hints = get_type_hints(Terms)
    for name, place in {
        "deadlines": schema["$defs"]["deadline"],
        "sides": schema["$defs"]["side"],
        "instead": schema["properties"]["instead"]["items"],
        "release": schema["properties"]["release"]["items"],
        "retention": schema["properties"]["retention"],
        "limits": schema["properties"]["limits"],
        "usual": schema["properties"]["usual"],
    }.items():
        kind = hints[name] if is_dataclass(hints[name]) else get_args(hints[name])[0]
        assert {field.name for field in fields(kind)} == set(place["properties"]), name
