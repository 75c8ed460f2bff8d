# SPDX-License-Identifier: Apache-2.0
"""Version, form and codes: the first fault is the one both sides report, and no value is quoted."""

import json
from typing import Any

import pytest
from exchange.messages.document import RELEASE_FIELDS
from exchange.messages.explanation import MAX_FAULTS
from exchange.messages.forms import check_form
from exchange.messages.wording import SENTENCES, fault_text
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import GONE, child_notice, decision, notice

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _first(document: dict[str, Any]) -> tuple[str, str, str]:
    fault = check_form(document)[0]
    return fault.code, fault.rule, fault.pointer


def test_forbidden_member_is_reported_before_every_other_fault_of_form() -> None:
    document = notice(persons__0__sex=GONE, persons__0__criminal_record="none", header__urgency="fast")

    codes = [fault.code for fault in check_form(document)]

    assert codes == ["over_disclosure", "form_invalid", "code_unknown"]


def test_version_is_reported_before_a_forbidden_member() -> None:
    document = notice(header__type_version="9.0", persons__0__criminal_record="none")

    assert _first(document) == ("version_unsupported", "version.type", "/header/type_version")


@pytest.mark.parametrize("name", ["diagnosis", "bank_account", "political_opinion", "exploitation"])
@pytest.mark.parametrize(
    "place", ["header", "content", "persons__0", "persons__0__birth", "persons__0__names__0"]
)
def test_forbidden_member_is_found_at_any_depth(name: str, place: str) -> None:
    document = notice(**{f"{place}__{name}": {}})

    code, _, pointer = _first(document)

    assert code == "over_disclosure"
    assert pointer == "/" + f"{place}__{name}".replace("__", "/")


def test_other_unknown_member_is_a_fault_of_form() -> None:
    assert _first(notice(persons__0__height_cm=160))[:2] == ("form_invalid", "form.unknown")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"header": None},
        {"header": []},
        {"header": {}},
        {"header": {"type": 5}},
        {"header": {"type": None}},
    ],
)
def test_document_without_a_type_has_no_form(document: dict[str, Any]) -> None:
    assert _first(document) == ("form_invalid", "form.type", "/header/type")


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_what_is_no_group_has_no_form(document: Any) -> None:
    assert check_form(document)[0].code == "form_invalid"


@pytest.mark.parametrize(
    ("name", "code"), [("XXX", "code_unknown"), ("rpn", "code_unknown"), ("ACK", "version_unsupported")]
)
def test_type_that_cannot_be_read(name: str, code: str) -> None:
    assert _first(notice(header__type=name))[0] == code


@pytest.mark.parametrize("version", ["1", "1.0.0", "one", "1.0\n", "", "-1.0"])
def test_version_that_is_none_is_a_fault_of_form(version: str) -> None:
    assert _first(notice(header__type_version=version))[0] == "form_invalid"


def test_newer_minor_version_of_a_list_is_read() -> None:
    assert check_form(notice(header__list_versions={"sexes": "1.7.0"})) == ()


def test_code_hint_names_the_nearest_code() -> None:
    fault = check_form(notice(persons__0__consents__0__state="givn"))[0]

    assert fault.hint == 'did you mean "given"?'


@pytest.mark.parametrize(
    ("place", "value", "rule", "expected", "found"),
    [
        ("content__proposed_from", "", "form.text", "a day, as 2027-10-04", "an empty text"),
        (
            "content__proposed_from",
            "4/10/2027",
            "form.text",
            "a day, as 2027-10-04",
            "a text of 9 characters",
        ),
        (
            "header__officer",
            "p 1",
            "form.text",
            "the number of an officer, as P-0001",
            "a text of 3 characters",
        ),
        ("persons__0__sex", "", "form.required", "a text", "an empty text"),
        ("persons__0__sex", "", "code.unknown", "a code of sexes", "an empty text"),
        ("persons__0__sex", "x", "code.unknown", "a code of sexes", "another text"),
    ],
)
def test_a_wrong_text_is_explained_by_what_would_be_right(
    place: str, value: str, rule: str, expected: str, found: str
) -> None:
    document = notice(**{place: value})

    told = [(fault.rule, fault.expected, fault.found) for fault in check_form(document)]

    assert (rule, expected, found) in told
    assert not [one for one in told if one[0] == "form.length"]


@pytest.mark.parametrize("member", RELEASE_FIELDS)
def test_message_needs_the_members_of_the_release(member: str) -> None:
    document = notice(**{f"header__{member}": GONE})

    assert _first(document) == ("form_invalid", "form.required", f"/header/{member}")


@pytest.mark.parametrize("member", RELEASE_FIELDS)
def test_draft_must_not_have_a_member_of_the_release(member: str) -> None:
    others = {f"header__{name}": GONE for name in RELEASE_FIELDS if name != member}

    faults = check_form(notice(**others), draft=True)

    assert [(fault.rule, fault.pointer) for fault in faults] == [("form.release", f"/header/{member}")]


def test_draft_without_the_members_of_the_release_is_well_formed() -> None:
    assert check_form(notice(**{f"header__{name}": GONE for name in RELEASE_FIELDS}), draft=True) == ()


def test_open_list_takes_other_tags_and_refuses_what_is_none() -> None:
    assert check_form(notice(persons__0__languages={"spoken": ["jra"], "understood": ["zh-Hant-TW"]})) == ()
    assert (
        check_form(notice(persons__0__languages={"spoken": ["Jarai people"], "understood": []}))[0].code
        == "form_invalid"
    )


@pytest.mark.parametrize(
    "text",
    ["", " ", " Mai", "Mai\x00", "Mai\x1b", "Mai\x7f", "Mai\x9b", "Mai\u202e", "\u2066Mai", "Mai\nThi"],
)
def test_name_with_a_hidden_character_is_refused(text: str) -> None:
    assert _first(notice(persons__0__names__0__full=text))[0] == "form_invalid"


@pytest.mark.parametrize("text", ["Nguyễn Thị Mai", "ង្វៀន\u200bធី", "สมหญิง ใจดี", "O'Brien-de la Cruz", "မေ"])
def test_name_of_any_script_is_taken(text: str) -> None:
    assert check_form(notice(persons__0__names__0__full=text)) == ()


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("2027-09-17T09:40+07:00", True),
        ("2027-09-17T09:40:12.123Z", True),
        ("2027-09-17T09:40:12.1Z", False),
        ("2027-09-17 09:40+07:00", False),
        ("2027-09-17T24:00Z", False),
        ("2027-09-17T09:40", False),
    ],
)
def test_moment_needs_an_offset(text: str, ok: bool) -> None:
    document = notice(content__telephone_notice={"at": text, "officer": "duty officer"})

    assert (check_form(document) == ()) is ok


@pytest.mark.parametrize(
    ("birth", "ok"),
    [
        ({"value": "2003-05", "precision": "month"}, True),
        ({"value": "2003", "precision": "year"}, True),
        ({"precision": "unknown"}, True),
        ({"from": "2003-01-01", "to": "2004-01-01", "precision": "range"}, True),
        ({"value": "2003-05", "precision": "day"}, False),
        ({"value": "2003-05-14", "precision": "year"}, False),
        ({"value": "2003", "precision": "unknown"}, False),
        ({"value": "2003", "from": "2003-01-01", "to": "2004-01-01", "precision": "range"}, False),
        ({"precision": "day"}, False),
        ({"value": "2003-13", "precision": "month"}, False),
    ],
)
def test_birth_has_the_value_its_precision_says(birth: dict[str, str], ok: bool) -> None:
    document = notice(persons__0__birth={**birth, "basis": "self_reported", "calendar": "unknown"})

    assert (check_form(document) == ()) is ok


def test_guardian_names_who_it_is() -> None:
    assert _first(child_notice(persons__0__guardian__agency=GONE))[2] == "/persons/0/guardian/agency"
    assert _first(child_notice(persons__0__guardian__kind="person"))[2] == "/persons/0/guardian/name"


def test_override_needs_officer_and_reason() -> None:
    faults = check_form(notice(persons__0__consents__0__state="overridden"))

    assert {fault.pointer for fault in faults} == {
        "/persons/0/consents/0/officer",
        "/persons/0/consents/0/reason",
    }


@pytest.mark.parametrize("member", ["valid_until", "reception", "conditions", "child_receiver"])
def test_refusal_carries_nothing_of_an_acceptance(member: str) -> None:
    document = decision(
        persons__0={"case_code": "7KQ2-M9XD-4TBE", "outcome": "refused", "refusal_reason": "other"}
    )
    document["persons"][0]["reasons"] = "no record was found"
    assert check_form(document) == ()
    given = {
        "valid_until": "2027-12-17",
        "reception": "VN-MOH",
        "conditions": ["other"],
        "child_receiver": {"kind": "agency", "agency": "VN-MOH"},
    }
    document["persons"][0][member] = given[member]

    assert _first(document) == ("form_invalid", "form.not_here", f"/persons/0/{member}")


def test_what_a_person_typed_as_a_name_of_a_member_is_not_shown() -> None:
    document = notice(**{"persons__0__NGUYEN Thi Mai": "+855 12 345 678"})

    text = " ".join(fault_text(fault) + fault.hint for fault in check_form(document))

    assert "Mai" not in text
    assert "855" not in text
    assert "(name not shown)" in text


def test_number_of_faults_is_bounded() -> None:
    document = notice(persons=[{"x": 1}] * 1000)

    assert len(check_form(document)) == MAX_FAULTS


def test_forbidden_member_of_the_last_of_many_broken_persons_is_still_first() -> None:
    document = notice(persons=[{"case_code": "x"}] * 500 + [{"criminal_record": 1}])

    assert _first(document) == ("over_disclosure", "disclosure.reserved", "/persons/500/criminal_record")


def test_check_does_not_change_the_document() -> None:
    document = notice(persons__0__criminal_record="none")
    before = json.dumps(document)

    check_form(document)

    assert json.dumps(document) == before


@given(
    st.sampled_from(
        ["header", "content", "persons", "persons__0", "persons__0__birth", "header__list_versions"]
    ),
    values,
)
def test_any_value_at_any_place_is_judged_and_explained(place: str, value: Any) -> None:
    for fault in check_form(notice(**{place: value})):
        assert fault.rule in SENTENCES
        assert fault.code in {"version_unsupported", "over_disclosure", "form_invalid", "code_unknown"}
        fault_text(fault)


def test_long_lists_of_a_hostile_document_are_cut_before_they_are_explained() -> None:
    document = notice(persons=[{"flags": ["x"] * 2000, "documents": [{}] * 2000, "height_cm": 1}] * 3)

    faults = check_form(document)

    assert len(faults) == MAX_FAULTS
    assert ("form.items", "/persons/0/flags") in {(fault.rule, fault.pointer) for fault in faults}


def test_too_many_persons_are_a_fault_of_their_number() -> None:
    document = notice()
    document["persons"] *= 1001

    assert [(fault.rule, fault.pointer) for fault in check_form(document)] == [("form.items", "/persons")]
