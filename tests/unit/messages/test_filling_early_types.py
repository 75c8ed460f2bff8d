# SPDX-License-Identifier: Apache-2.0
"""Small files of IDN, VRQ, VRS, TRQ, TRS, TDQ and TDS become whole drafts; answers to requests too."""

from contextlib import suppress
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import AgencyCode, CaseCode
from exchange.messages.answering import reply
from exchange.messages.filling import Filled, fill
from exchange.messages.validation import check_form, check_rules, fault_text
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import GONE, example, notice, sources
from tests.support.examples import context, facts
from tests.unit.messages.test_forms import values

PERSON: dict[str, Any] = {
    "names": [{"full": "DAO Thi Lan", "script": "Latn", "kind": "official"}],
    "sex": "F",
    "birth": {"value": "2003", "precision": "year", "basis": "self_reported", "calendar": "gregorian"},
    "nationality": [{"country": "VN"}],
}
PLACE = {"country": "VN", "units": ["Tay Ninh"]}


def agreed(scope: str) -> list[dict[str, str]]:
    return [{"scope": scope, "state": "given", "giver": "person", "on": "2027-09-08"}]


SMALL: dict[str, dict[str, Any]] = {
    "IDN": PERSON
    | {
        "identification": {"status": "presumed", "on": "2027-09-06"},
        "consents": agreed("notify_origin"),
        "found_on": "2027-09-06",
        "care": "temporary_shelter",
        "contact_wish": "no contact for now",
    },
    "VRQ": PERSON
    | {"place_of_origin": PLACE, "consents": agreed("verify_nationality"), "question": ["nationality"]},
    "TRQ": PERSON
    | {
        "case_code": "9TXC-H2WP-35NE",
        "place_of_origin": PLACE,
        "consents": agreed("trace_family"),
        "relatives": [],
        "flags": [],
        "whom": [{"ref": "M1", "relationship": "mother"}],
        "not_to_contact": [],
        "message_to_family": "she is well",
        "method": ["call"],
        "assess": ["income"],
    },
    "TDQ": {
        "document_wanted": "passport",
        "needed_by": "2027-09-30",
        "pickup": "embassy",
        "persons": [PERSON | {"case_code": "9TXC-H2WP-35NE", "documents": []}],
    },
}
NEVER = {
    "IDN": ("names", "sex", "nationality", "identification", "consents", "found_on", "care", "contact_wish"),
    "VRQ": ("names", "sex", "birth", "nationality", "place_of_origin", "consents", "question"),
    "TRQ": ("case_code", "relatives", "flags", "consents", "whom", "not_to_contact", "method", "assess"),
}


def small(code: str, **changes: Any) -> dict[str, Any]:
    given_members = SMALL[code] | changes
    return {"type": code} | {name: value for name, value in given_members.items() if value is not GONE}


def faults(filled: Filled) -> list[tuple[str, str]]:
    document = filled.document
    found = check_form(document, draft=True) or check_rules(document, context(notice()), facts())
    return [(fault.rule, fault.pointer) for fault in found]


@pytest.mark.parametrize("code", SMALL)
def test_smallest_file_becomes_a_draft_without_fault(code: str) -> None:
    filled = fill(small(code), sources())

    assert faults(filled) == []


@pytest.mark.parametrize(("code", "name"), [(code, name) for code in NEVER for name in NEVER[code]])
def test_what_only_people_know_is_never_added(code: str, name: str) -> None:
    filled = fill(small(code, **{name: GONE}), sources())

    assert name not in filled.document["persons"][0]
    if name != "names" or code != "IDN":
        assert faults(filled)


@pytest.mark.parametrize(("code", "is_new"), [("IDN", True), ("VRQ", True), ("TRQ", False)])
def test_new_case_is_opened_only_by_a_type_that_may_be_the_first(code: str, is_new: bool) -> None:
    filled = fill(small(code, case_code=GONE), sources())

    assert ("case_code" in filled.document["persons"][0]) is is_new


def test_documents_on_request_are_for_known_cases() -> None:
    person = {name: value for name, value in SMALL["TDQ"]["persons"][0].items() if name != "case_code"}

    filled = fill(small("TDQ", persons=[person]), sources())

    assert ("form.required", "/persons/0/case_code") in faults(filled)


def test_member_written_flat_and_in_the_person_with_another_value_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        fill(small("VRQ", persons=[{"sex": "M"}]), sources())

    assert caught.value.faults[0].pointer == "/persons/0/sex"


def test_person_of_the_file_may_be_written_as_a_list() -> None:
    written = {name: value for name, value in SMALL["IDN"].items()}

    flat, listed = fill(small("IDN"), sources()), fill({"type": "IDN", "persons": [written]}, sources())

    assert flat.document == listed.document


def test_two_persons_of_a_message_about_one_are_left_to_the_form() -> None:
    filled = fill({"type": "IDN", "persons": [SMALL["IDN"], SMALL["IDN"]]}, sources())

    assert ("form.items", "/persons") in faults(filled)


@pytest.mark.parametrize("code", ["IDN", "VRQ", "TRQ"])
@pytest.mark.parametrize("place", ["flat", "person", "content"])
def test_nothing_is_written_about_a_person_under_a_protection_claim(code: str, place: str) -> None:
    flags = {"flags": ["witness", "protection_claim"]}
    written = small(code, flags=GONE)
    file = {
        "flat": written | flags,
        "person": {"type": code, "persons": [written | flags]},
        "content": {"content": flags} | written,
    }[place]

    with pytest.raises(InputError) as caught:
        fill(file, sources())

    assert caught.value.faults[0].code == "safeguard_missing"
    assert fault_text(caught.value.faults[0]).startswith(
        "/persons/0/flags must not be told to the origin side"
    )


def test_notice_to_return_is_not_stopped_by_the_flag() -> None:
    """The person decided to return although the claim is set; only the early messages are stopped."""
    fill({"type": "RPN", "persons": [{"flags": ["protection_claim"]}]}, sources())


@pytest.mark.parametrize(
    "flags", ["protection_claim", [["protection_claim"]], {"protection_claim": True}, None, 5]
)
def test_flags_of_a_wrong_kind_are_left_to_the_form(flags: Any) -> None:
    filled = fill(small("TRQ", flags=flags), sources())

    assert ("form.kind", "/persons/0/flags") in faults(filled) or faults(filled)


def answered_by(code: str) -> dict[str, Any]:
    partner = {"VRQ": "VN-MPS-IMM", "TRQ": "KH-MOSVY-DAHT", "TDQ": "KH-MOSVY-DAHT"}[code]
    asked = {"VRQ": "KH-MOSVY-DAHT", "TRQ": "TH-MSDHS-DATIP", "TDQ": "TH-MSDHS-DATIP"}[code]
    return {"sender": AgencyCode(partner), "office": AgencyCode(partner), "partner": AgencyCode(asked)}


ANSWERS = {
    "VRQ": ("adult-with-declaration", "VRS", {"result": "national", "proof": "register"}),
    "TRQ": (
        "two-relatives-in-order",
        "TRS",
        {
            "result": "not_found",
            "risks": "unknown",
            "recommendation": "needs_more_tracing",
            "done_by": "KH-DOSVY-BMC",
            "done_on": "2027-09-15",
        },
    ),
    "TDQ": ("two-adults", "TDS", {"status": "denied", "reasons": "not registered"}),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_answer_names_the_request_and_its_cases(code: str) -> None:
    name, type_code, line = ANSWERS[code]
    request = example(code.lower(), name)
    cases = [CaseCode(case) for case in request["header"]["case_codes"]]

    filled = reply(request, type_code, dict.fromkeys(cases, line), sources=sources(**answered_by(code)))

    header = filled.document["header"]
    assert check_form(filled.document, draft=True) == ()
    assert isinstance(header, dict)
    assert header["in_reply_to"] == request["header"]["message_id"]
    assert header["case_codes"] == cases


def test_status_may_name_some_of_the_persons() -> None:
    request = example("tdq", "two-adults")
    case = CaseCode(request["header"]["case_codes"][1])

    filled = reply(request, "TDS", {case: ANSWERS["TDQ"][2]}, sources=sources(**answered_by("TDQ")))

    assert [line["case_code"] for line in filled.document["persons"]] == [case]


@pytest.mark.parametrize("type_code", ["RPD", "TRS", "TDQ", "XXX", ""])
def test_request_is_answered_with_its_own_reply_only(type_code: str) -> None:
    request = example("vrq", "adult-with-declaration")
    case = CaseCode(request["header"]["case_codes"][0])

    with pytest.raises(InputError) as caught:
        reply(request, type_code, {case: {}}, sources=sources(**answered_by("VRQ")))

    assert caught.value.faults[0].code == "reference_unknown"


@pytest.mark.parametrize("cases", [[], ["M4QD-71ZR-K8VA"], ["V8KT-3CQE-60HP", "M4QD-71ZR-K8VA"]])
def test_answer_is_about_persons_of_the_request(cases: list[str]) -> None:
    request = example("vrq", "adult-with-declaration")
    lines = {CaseCode(case): ANSWERS["VRQ"][2] for case in cases}

    with pytest.raises(InputError):
        reply(request, "VRS", lines, sources=sources(**answered_by("VRQ")))


def test_message_that_asks_nothing_is_not_answered() -> None:
    with pytest.raises(InputError):
        reply(example("vrs", "national"), "VRS", {}, sources=sources())


def test_result_may_be_written_flat_with_the_case_in_the_header() -> None:
    written = {
        "type": "verification-result",
        "in_reply_to": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c01",
        "case_codes": ["9TXC-H2WP-35NE"],
        "result": "national",
        "proof": "register",
    }

    filled = fill(written, sources(**answered_by("VRQ")))

    assert check_form(filled.document, draft=True) == ()
    assert filled.document["content"] == {}
    assert filled.document["persons"] == [
        {"case_code": "9TXC-H2WP-35NE", "result": "national", "proof": "register"}
    ]


def test_status_written_once_holds_for_all_persons_without_one() -> None:
    persons = [{"case_code": "D1VM-8NCA-T7XH", "status": "collected"}, {"case_code": "E5GZ-Q39K-B2RT"}]
    written = {"type": "TDS", "status": "pending", "reasons": "no photograph", "persons": persons}

    filled = fill(written, sources(**answered_by("TDQ")))

    assert [line["status"] for line in filled.document["persons"]] == ["collected", "pending"]
    assert check_form(filled.document, draft=True) == ()


@given(
    st.sampled_from(sorted(SMALL)),
    st.sampled_from(["persons", "header", "content", "flags", "result", "case_codes"]),
    values,
)
def test_any_value_is_filled_or_refused_but_never_breaks(code: str, name: str, value: Any) -> None:
    with suppress(InputError):
        check_form(fill(small(code) | {name: value}, sources()).document, draft=True)


@given(
    st.sampled_from(["VRS", "TRS", "TDS"]),
    st.sampled_from(["persons", "status", "case_codes", "document"]),
    values,
)
def test_any_value_of_a_reply_is_filled_or_refused(code: str, name: str, value: Any) -> None:
    with suppress(InputError):
        check_form(fill({"type": code, name: value}, sources()).document, draft=True)
