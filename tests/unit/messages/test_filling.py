# SPDX-License-Identifier: Apache-2.0
"""A small notice becomes a whole draft; what only people can know is never added."""

from contextlib import suppress
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.messages.filling import Filled, fill, script_of
from exchange.messages.validation import KnownFacts, RuleContext, check_form, check_rules
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import GONE, notice, small_notice, sources
from tests.support.examples import context, files, load
from tests.unit.messages.test_forms import values

NEVER = ("consents", "return_mode", "proceedings", "needs_on_arrival", "sex", "names", "nationality")
NEVER += ("identification", "guardian", "best_interests", "birth", "documents", "photograph")


def draft_faults(filled: Filled) -> list[str]:
    found = check_form(filled.document, draft=True) or check_rules(filled.document, act(), KnownFacts())
    return [fault.rule for fault in found]


def act() -> RuleContext:
    return context(notice())


def added(filled: Filled) -> dict[str, Any]:
    return {entry.pointer: entry.value for entry in filled.added}


def test_smallest_notice_becomes_a_draft_without_fault() -> None:
    filled = fill(small_notice(), sources())

    assert draft_faults(filled) == []


def test_every_added_member_is_named_with_its_source() -> None:
    small = small_notice()

    filled = fill(small, sources())

    places = added(filled)
    assert all(entry.source for entry in filled.added)
    for part in ("header", "content"):
        for name in filled.document[part]:
            assert name in small or f"/{part}/{name}" in places
    for name in filled.document["persons"][0]:
        assert name in small["persons"][0] or f"/persons/0/{name}" in places


def test_file_that_is_given_away_becomes_the_same_draft() -> None:
    kept, given_away = small_notice(), small_notice()

    filled = fill(given_away, sources(), given_away=True)

    expected = fill(kept, sources())
    for document in (filled.document, expected.document):
        document["persons"][0].pop("case_code")
        document["header"].pop("case_codes")
    assert filled.document == expected.document


def test_what_was_given_is_not_changed() -> None:
    small = small_notice()
    before = deepcopy(small)

    filled = fill(small, sources())

    assert small == before
    person = filled.document["persons"][0]
    for name, value in before["persons"][0].items():
        if name in ("birth", "identification"):
            assert value.items() <= person[name].items()
        elif name not in ("names", "nationality"):
            assert person[name] == value


@pytest.mark.parametrize("name", NEVER)
def test_what_only_people_know_is_never_added(name: str) -> None:
    filled = fill(small_notice(**{name: GONE}), sources())

    assert name not in filled.document["persons"][0]
    assert f"/persons/0/{name}" not in added(filled)


def test_notice_without_consents_is_told_what_is_missing() -> None:
    filled = fill(small_notice(consents=GONE), sources())

    assert draft_faults(filled) == ["consent.return"]


@pytest.mark.parametrize(
    "member", ["sex", "names", "return_mode", "proceedings", "needs_on_arrival", "identification"]
)
def test_missing_answer_of_a_person_is_a_fault_of_form(member: str) -> None:
    filled = fill(small_notice(**{member: GONE}), sources())

    (fault,) = check_form(filled.document, draft=True)

    assert (fault.rule, fault.pointer) == ("form.required", f"/persons/0/{member}")


@pytest.mark.parametrize(
    ("birth", "child"),
    [
        ({"value": "2003-05-14"}, False),
        ({"value": "2012-05-14"}, True),
        ({"value": "2009", "precision": "year", "basis": "self_reported", "calendar": "unknown"}, True),
        ({"value": "2545-05-14"}, True),
        ({"precision": "unknown", "basis": "presumed_child", "calendar": "unknown"}, True),
        ({"value": "someday"}, True),
        ("1990", True),
    ],
)
def test_in_doubt_about_the_age_the_person_is_a_child(birth: Any, child: bool) -> None:
    filled = fill(small_notice(birth=birth), sources())

    assert filled.document["persons"][0]["is_child"] is child
    assert filled.document["content"]["children_count"] == int(child)


def test_contradicting_age_is_a_fault_and_not_corrected() -> None:
    filled = fill(small_notice(birth={"value": "2012-05-14"}, is_child=False), sources())

    assert filled.document["persons"][0]["is_child"] is False
    assert draft_faults(filled) == ["safeguard.doubt"]


def test_contradicting_count_is_a_fault_and_not_corrected() -> None:
    small = small_notice() | {"persons_count": 2}

    filled = fill(small, sources())

    assert filled.document["content"]["persons_count"] == 2
    assert draft_faults(filled) == ["count.persons"]


def test_without_a_document_script_and_precision_are_asked() -> None:
    filled = fill(small_notice(documents=GONE), sources())

    pointers = {fault.pointer for fault in check_form(filled.document, draft=True)}

    assert pointers == {
        "/persons/0/names/0/script",
        "/persons/0/names/0/kind",
        "/persons/0/birth/precision",
        "/persons/0/birth/basis",
        "/persons/0/birth/calendar",
    }


@pytest.mark.parametrize("papers", [[], [{"type": "none"}], [{}], "passport"])
def test_no_document_is_no_document(papers: Any) -> None:
    filled = fill(small_notice(documents=papers), sources())

    assert "precision" not in filled.document["persons"][0]["birth"]


def test_year_with_a_document_is_not_called_a_day() -> None:
    filled = fill(small_notice(birth={"value": "2003"}), sources())

    assert filled.document["persons"][0]["birth"] == {"value": "2003"}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("NGUYEN Thi Mai", "Latn"),
        ("Nguyễn Thị Mai", "Latn"),
        ("សុខ ចាន់ធូ", "Khmr"),
        ("สมหญิง ใจดี", "Thai"),
        ("SOK ចាន់ធូ", None),
        ("Иванова", None),
        ("123", None),
        ("", None),
    ],
)
def test_script_is_added_only_if_all_letters_show_it(text: str, script: str | None) -> None:
    assert script_of(text) == script


def test_usual_values_come_from_the_agreement() -> None:
    filled = fill(small_notice(), sources())

    assert filled.document["header"]["handling"] == ["case_only", "no_redisclosure"]
    assert filled.document["content"]["proposed_checkpoint"] == "KH-VN-BAVET"
    assert added(filled)["/content/funding"] == "host_state"


def test_without_usual_values_nothing_is_made_up() -> None:
    filled = fill(small_notice(), sources(usual={}))

    pointers = {fault.pointer for fault in check_form(filled.document, draft=True)}

    assert pointers == {"/header/language", "/content/proposed_checkpoint", "/content/funding"}


def test_case_code_is_kept_if_given_and_random_otherwise() -> None:
    given_code = fill(small_notice(case_code="3FWN-8RTA-Q0ZV"), sources())
    new_code = fill(small_notice(), sources())

    assert given_code.document["header"]["case_codes"] == ["3FWN-8RTA-Q0ZV"]
    assert new_code.document["header"]["case_codes"] == ["0123-4567-89AB"]


def test_status_of_nationality_is_claimed_by_the_person_unless_given() -> None:
    claimed = fill(small_notice(), sources()).document["persons"][0]["nationality"][0]
    stated = fill(small_notice(nationality=[{"country": "VN", "status": "confirmed"}]), sources())

    assert claimed == {"country": "VN", "status": "claimed", "stated_by": "person"}
    assert "stated_by" not in stated.document["persons"][0]["nationality"][0]


def test_whole_document_is_not_touched() -> None:
    whole = load(files("valid")[0])
    for name in ("message_id", "sender", "recipient", "link", "agreement"):
        del whole["header"][name]

    filled = fill(whole, sources())

    assert {entry.pointer for entry in filled.added} <= {"/content/escorts"}


def test_recipient_of_the_link_may_be_written_and_is_filled_at_release() -> None:
    filled = fill(small_notice() | {"recipient": "VN-MPS-IMM", "sender": "KH-MOSVY-DAHT"}, sources())

    assert "recipient" not in filled.document["header"]
    assert draft_faults(filled) == []


@pytest.mark.parametrize(
    "party", [{"recipient": "TH-MSDHS-DATIP"}, {"sender": "VN-MPS-IMM"}, {"recipient": 5}]
)
def test_another_party_than_the_link_is_refused(party: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        fill(small_notice() | party, sources())

    assert caught.value.faults[0].code == "wrong_recipient"


@pytest.mark.parametrize("type_", [None, 5, "", "XXX", "ACK", ["RPN"]])
def test_file_without_a_known_type_is_refused(type_: Any) -> None:
    with pytest.raises(InputError) as caught:
        fill(small_notice() | {"type": type_}, sources())

    assert caught.value.faults[0].rule == "form.type"


def test_name_of_the_type_is_as_good_as_its_code() -> None:
    filled = fill(small_notice() | {"type": "repatriation-notice"}, sources())

    assert filled.document["header"]["type"] == "RPN"


def test_member_given_twice_with_different_values_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        fill(small_notice() | {"header": {"urgency": "routine"}, "urgency": "priority"}, sources())

    assert caught.value.faults[0].pointer == "/header/urgency"


def test_forbidden_member_of_a_small_file_is_found() -> None:
    filled = fill(small_notice() | {"criminal_record": "none"}, sources())

    (fault,) = check_form(filled.document, draft=True)

    assert (fault.code, fault.pointer) == ("over_disclosure", "/content/criminal_record")


def test_class_rises_with_a_flag() -> None:
    filled = fill(small_notice(flags=["pregnant"]), sources())

    assert filled.document["header"]["sensitivity"] == "S4"


def test_lists_named_are_those_used() -> None:
    header = fill(small_notice(), sources()).document["header"]

    assert header["list_versions"]["consent-scopes"] == "1.0.0"
    assert "refusal-reasons" not in header["list_versions"]


def test_today_decides_the_age() -> None:
    small = small_notice(birth={"value": "2009-10-01"})

    assert fill(small, sources(today=date(2027, 9, 30))).document["persons"][0]["is_child"] is True
    assert fill(small, sources(today=date(2027, 10, 1))).document["persons"][0]["is_child"] is False


@given(
    st.sampled_from(["persons", "header", "content", "proposed_from", "tracing_result", "recipient"]), values
)
def test_any_value_is_filled_or_refused_but_never_breaks(name: str, value: Any) -> None:
    with suppress(InputError):
        filled = fill(small_notice() | {name: value}, sources())
        check_form(filled.document, draft=True)


@given(st.sampled_from([*NEVER, "case_code", "flags", "is_child", "languages", "links"]), values)
def test_any_value_of_a_person_is_filled_and_judged(name: str, value: Any) -> None:
    filled = fill(small_notice(**{name: value}), sources())

    check_form(filled.document, draft=True)
