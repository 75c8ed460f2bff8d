# SPDX-License-Identifier: Apache-2.0
"""Versions of forms: the highest both know is written; a newer minor is read as far as it is known."""

import itertools
from copy import deepcopy
from typing import Any

import pytest
from exchange.messages.catalog import EARLIER_FORMS, FORMS
from exchange.messages.forms import check_form, version_faults
from exchange.messages.schemas import schemas
from exchange.messages.validation import check_rules, read_document
from exchange.messages.versions import (
    form_of_version,
    forms_of,
    highest_common,
    installed_versions,
    reading_form,
    understood,
)
from tests.support.documents import example
from tests.support.examples import context, facts

OLD = {"FUP": ("1.0",)}
"""A node that reads version 1.0 only."""


def report(version: str = "1.1", **members: Any) -> dict[str, Any]:
    document = example("fup", "second-report-stable")
    document["header"]["type_version"] = version
    document["persons"][0] |= members
    return document


@pytest.mark.parametrize(
    ("ours", "theirs", "version"),
    [
        (("1.0", "1.1"), ("1.0", "1.1"), "1.1"),
        (("1.0", "1.1"), ("1.0",), "1.0"),
        (("1.0",), ("1.0", "1.1", "1.2"), "1.0"),
        (("1.9", "1.10"), ("1.9", "1.10"), "1.10"),
        (("1.0", "1.1"), ("2.0",), None),
        (("1.0",), (), None),
    ],
)
def test_highest_version_that_both_know_is_written(
    ours: tuple[str, ...], theirs: tuple[str, ...], version: str | None
) -> None:
    assert highest_common("FUP", {"FUP": ours}, {"FUP": theirs}) == version


@pytest.mark.parametrize(
    ("stated", "known", "read_with"),
    [
        ("1.0", None, "1.0"),
        ("1.1", None, "1.1"),
        ("1.2", None, "1.1"),
        ("1.999", None, "1.1"),
        ("1.1", OLD, "1.0"),
        ("2.0", None, None),
        ("0.9", None, None),
        ("1", None, None),
        ("1.x", None, None),
        ("१.१", None, None),
        ("1.0", {}, None),
    ],
)
def test_version_is_read_with(stated: str, known: Any, read_with: str | None) -> None:
    form = reading_form("FUP", stated, known)

    assert (form.version if form else None) == read_with


def test_both_versions_are_installed_and_the_newer_one_is_the_form_of_the_type() -> None:
    assert [form.version for form in forms_of("FUP")] == ["1.0", "1.1"] == list(installed_versions()["FUP"])
    assert FORMS["FUP"].version == "1.1"
    assert form_of_version("FUP", "1.2") is None
    assert forms_of("ACK") == ()


def test_a_newer_minor_version_takes_nothing_away_and_demands_nothing_new() -> None:
    for code, earlier in EARLIER_FORMS.items():
        lines = [schemas()[form.schema]["$defs"][form.line] for form in (*earlier, FORMS[code])]
        for old, new in itertools.pairwise(lines):
            assert old["properties"].items() <= new["properties"].items()
            assert old["required"] == new["required"]


def test_unknown_members_are_left_out_of_what_is_understood_and_named() -> None:
    document = report("1.7", attempts=2, mood="calm")
    document["content"]["reported_in"] = {"quarter": 2}
    before = deepcopy(document)

    found = understood(document)

    assert found.unknown == ("/content/reported_in", "/persons/0/mood")
    assert found.document == report("1.1", attempts=2)
    assert document == before


def test_a_node_of_the_version_before_understands_less() -> None:
    found = understood(report("1.1", attempts=2), OLD)

    assert found.unknown == ("/persons/0/attempts",)
    assert found.document == report("1.0")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_known_version_is_understood_as_a_whole(version: str) -> None:
    document = report(version)

    assert understood(document).document is document


@pytest.mark.parametrize(
    ("document", "known", "code"),
    [
        pytest.param(report("2.0"), None, "version_unsupported", id="another major"),
        pytest.param(report("0.1"), None, "version_unsupported", id="an older major"),
        pytest.param(report("1.0", attempts=2), None, "form_invalid", id="a member of the next version"),
        pytest.param(report("1.1", mood="calm"), None, "form_invalid", id="unknown in a known version"),
        pytest.param(report("1.1", attempts=0), None, "form_invalid", id="out of range"),
        pytest.param(report("1.2", attempts=0), None, "form_invalid", id="out of range in a newer version"),
        pytest.param(report("1.2", outcome="grand"), None, "code_unknown", id="code in a newer version"),
        pytest.param(report("1.2", telephone="1"), None, "over_disclosure", id="reserved name"),
        pytest.param(report("1.2", mood={"religion": "x"}), None, "over_disclosure", id="reserved, deeper"),
        pytest.param(report("1.2"), {"FUP": ("2.0",)}, "version_unsupported", id="nothing of that major"),
    ],
)
def test_refused(document: dict[str, Any], known: Any, code: str) -> None:
    assert check_form(document, known=known)[0].code == code


@pytest.mark.parametrize(
    ("document", "known"),
    [
        (report("1.2", mood="calm", attempts=1), None),
        (report("1.1", attempts=1), OLD),
        (report("1.0"), OLD),
        (report("1.0"), None),
    ],
)
def test_accepted(document: dict[str, Any], known: Any) -> None:
    assert check_form(document, known=known) == ()
    assert check_rules(document, context(document, versions=known), facts()) == ()


def test_name_of_a_code_list_is_no_member_that_may_not_travel() -> None:
    document = report("1.0", mood="calm")
    document["header"]["list_versions"]["languages"] = "1.0.0"

    assert [fault.code for fault in check_form(document)] == ["form_invalid"]


def test_no_rule_sees_a_member_that_is_not_understood() -> None:
    read: Any = read_document(report("1.1", attempts=3), OLD)

    assert not hasattr(read.persons[0], "attempts")


@pytest.mark.parametrize(
    ("version", "partner", "faults"),
    [
        ("1.1", ("1.0", "1.1"), []),
        ("1.0", ("1.0", "1.1"), []),
        ("1.1", ("1.0",), ["version_unsupported"]),
        ("1.0", (), ["version_unsupported"]),
    ],
)
def test_sender_writes_only_what_the_card_of_the_partner_names(
    version: str, partner: tuple[str, ...], faults: list[str]
) -> None:
    found = version_faults(report(version), {"FUP": partner})

    assert [fault.code for fault in found] == faults
