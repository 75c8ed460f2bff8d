# SPDX-License-Identifier: Apache-2.0
"""Who agreed to the return, and whether it still holds (procedure section 5)."""

from typing import Any

import pytest
from exchange.messages.validation import check_rules, fault_text
from tests.support.documents import child_notice, notice
from tests.support.examples import context, facts


def consent(giver: str, state: str = "given", on: str = "2027-09-08", **more: str) -> dict[str, str]:
    return {"scope": "return", "state": state, "giver": giver, "on": on, **more}


def faults(document: dict[str, Any], **act: Any) -> list[str]:
    return [fault.rule for fault in check_rules(document, context(document, **act), facts())]


@pytest.mark.parametrize(
    ("consents", "rule"),
    [
        ([], "consent.return"),
        ([consent("person") | {"scope": "trace_family"}], "consent.return"),
        ([consent("person", "refused")], "consent.ended"),
        ([consent("person", "expired")], "consent.ended"),
        ([consent("person"), consent("person", "withdrawn", "2027-09-09")], "consent.ended"),
        ([consent("person"), consent("person", "withdrawn")], "consent.ended"),
        ([consent("person", valid_until="2027-09-16")], "consent.ended"),
        ([consent("guardian")], "consent.own"),
        ([consent("court")], "consent.own"),
        ([consent("person", "withdrawn"), consent("guardian")], "consent.own"),
    ],
)
def test_adult_without_own_consent_does_not_return(consents: list[dict[str, str]], rule: str) -> None:
    assert faults(notice(persons__0__consents=consents)) == [rule]


def test_override_never_replaces_the_consent_to_return() -> None:
    entry = consent("not_obtained", "overridden", officer="P-0007", reason="not asked")
    document = notice(persons__0__consents=[entry], header__released_by="P-0011")

    assert faults(document) == ["consent.ended"]


@pytest.mark.parametrize(
    "consents",
    [
        [consent("person")],
        [consent("person", valid_until="2027-09-17")],
        [consent("person", "withdrawn", "2027-08-01"), consent("person")],
        [consent("person", "refused", "2027-08-01"), consent("person"), consent("court", "refused")],
    ],
)
def test_latest_consent_of_the_person_counts(consents: list[dict[str, str]]) -> None:
    assert faults(notice(persons__0__consents=consents)) == []


@pytest.mark.parametrize(
    ("givers", "rules"),
    [
        (["child_assent"], ["consent.child"]),
        (["guardian"], ["consent.assent"]),
        (["person"], ["consent.child", "consent.assent"]),
        (["guardian", "person"], ["consent.assent"]),
    ],
)
def test_child_needs_someone_who_speaks_for_it_and_its_own_assent(
    givers: list[str], rules: list[str]
) -> None:
    assert faults(child_notice(persons__0__consents=[consent(giver) for giver in givers])) == rules


@pytest.mark.parametrize("giver", ["guardian", "parent", "court"])
def test_child_returns_with_assent_and_one_who_may_speak_for_it(giver: str) -> None:
    assert faults(child_notice(persons__0__consents=[consent(giver), consent("child_assent")])) == []


def test_child_that_says_no_does_not_return() -> None:
    consents = [consent("guardian"), consent("child_assent", "refused")]

    assert faults(child_notice(persons__0__consents=consents)) == ["consent.assent"]


@pytest.mark.parametrize(
    ("value", "precision", "asked"),
    [
        ("2021-09-18", "day", False),
        ("2021-09-17", "day", True),
        ("2022", "year", False),
        ("2021", "year", True),
    ],
)
def test_assent_is_asked_of_a_child_that_may_be_six(value: str, precision: str, asked: bool) -> None:
    birth = {"value": value, "precision": precision, "basis": "document", "calendar": "gregorian"}
    document = child_notice(persons__0__birth=birth, persons__0__consents=[consent("guardian")])

    assert faults(document) == (["consent.assent"] if asked else [])


def test_agreement_may_set_another_age_of_assent() -> None:
    document = child_notice(persons__0__consents=[consent("guardian")])

    assert faults(document, assent_from_age=12) == []


@pytest.mark.parametrize("value", ["2009-09-17", "2009-09-01"])
def test_who_turned_eighteen_agrees_in_person_and_keeps_the_guardian(value: str) -> None:
    both = [consent("person"), consent("guardian")]

    assert faults(child_notice(persons__0__birth__value=value, persons__0__consents=both)) == []
    for missing, rule in (("person", "consent.own"), ("guardian", "consent.child")):
        some = [entry for entry in both if entry["giver"] != missing]
        document = child_notice(persons__0__birth__value=value, persons__0__consents=some)
        assert faults(document) == [rule]


def test_who_may_be_eighteen_may_agree_in_either_way() -> None:
    birth = {"value": "2009", "precision": "year", "basis": "self_reported", "calendar": "gregorian"}

    for giver in ("person", "child_assent"):
        document = child_notice(
            persons__0__birth=birth, persons__0__consents=[consent("guardian"), consent(giver)]
        )
        assert faults(document) == []


@pytest.mark.parametrize(
    ("givers", "rules"),
    [
        (["parent", "child_assent"], ["consent.threat"]),
        (["parent", "court", "child_assent"], []),
        (["guardian", "child_assent"], []),
    ],
)
def test_parent_who_may_be_a_danger_cannot_agree(givers: list[str], rules: list[str]) -> None:
    document = child_notice(
        persons__0__flags=["child", "threat_from_family"],
        persons__0__consents=[consent(giver) for giver in givers],
    )

    assert faults(document) == rules


def test_guardian_who_is_a_dangerous_parent_cannot_agree_either() -> None:
    document = child_notice(
        persons__0__flags=["child", "threat_from_family"],
        persons__0__guardian={"kind": "person", "name": "N", "relationship": "father", "from": "2027-01-01"},
    )

    assert faults(document) == ["consent.threat"]


@pytest.mark.parametrize("state", ["refused", "withdrawn", "expired", "overridden"])
def test_photograph_needs_its_own_consent(state: str) -> None:
    document = notice(persons__0__photograph=1)
    document["header"]["attachments"] = [
        {
            "number": 1,
            "type": "photograph",
            "media_type": "image/jpeg",
            "size": 100,
            "hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
            "part": 3,
            "language": "en",
            "class": "S2",
        }
    ]
    document["persons"][0]["consents"].append(consent("person", state) | {"scope": "photo"})

    assert "consent.photo" in faults(document)


def test_fault_reads_as_the_guide_shows_it() -> None:
    """The text of the first minutes, section 4."""
    document = notice(persons__0__consents=[])

    (fault,) = check_rules(document, context(document), facts())

    assert fault_text(fault) == (
        '/persons/0/consents has no consent to return; found: none; expected: scope "return", state "given"'
    )
    assert fault.hint == (
        'ask the person, then add {"scope": "return", "state": "given", "giver": "person", "on": "<date>"}'
    )
