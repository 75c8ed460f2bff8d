# SPDX-License-Identifier: Apache-2.0
"""A file of changes gives a new version, or says by JSON pointer why not; the difference is told in words."""

import json
from typing import Any

import pytest
from exchange.errors import AgreementInvalidError, InputError
from exchange.protocol.agreement import Agreement, new_agreement, read_agreement
from exchange.protocol.amendment import Change, amended, differences
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.suites import Suite
from exchange.protocol.versions import check_version, read_version, write_version
from tests.support.identity import KH, VN
from tests.support.new_versions import next_version, signed_by
from tests.support.world import _agreement

FIRST: Agreement = _agreement(Suite.HYBRID)


def changed(**changes: Any) -> list[tuple[str, str, str]]:
    new = amended(FIRST, changes)
    return [(change.pointer, change.old, change.new) for change in differences(FIRST, new)]


def test_a_deadline_changes_and_everything_else_stays() -> None:
    new = amended(FIRST, {"deadlines": {"DL-RPD": {"amount": 7}}})

    assert new.n == 2
    assert new.terms.deadline("DL-RPD") != FIRST.terms.deadline("DL-RPD")
    assert differences(FIRST, new) == (
        Change(
            "/deadlines/DL-RPD",
            "deadlines: DL-RPD (Decision on a notice)",
            "5 working days, calendar of the recipient, priority 2 working days, emergency 12 hours",
            "7 working days, calendar of the recipient, priority 2 working days, emergency 12 hours",
        ),
    )


CHANGES = {
    "a type": ({"types": {"INQ": "host"}}, [("/types/INQ", "either", "host")]),
    "a type goes": ({"remove": ["/types/TRA"]}, [("/types/TRA", "host", "")]),
    "a deadline goes": (
        {"remove": ["/deadlines/DL-COR"]},
        [("/deadlines/DL-COR", "10 working days, calendar of the recipient", "")],
    ),
    "a crossing goes": ({"remove": ["/checkpoints/OTHER"]}, [("/checkpoints", "OTHER", "")]),
    "retention": (
        {"retention": {"ledger_months": 240}}, [("/retention/ledger_months", "120", "240")],
    ),
    "the zone of a side": (
        {"sides": {"VN": {"zone": "Asia/Bangkok"}}},
        [("/sides/VN/zone", "Asia/Ho_Chi_Minh", "Asia/Bangkok")],
    ),
    "hours of an act in an emergency": (
        {"release": {"rpn_child": {"emergency_hours": 12}}},
        [("/release/rpn_child/emergency_hours", "24", "12")],
    ),
    "the suite": ({"suite": 1}, [("/suite", "2", "1")]),
    "a switch": ({"opened_leaf": False}, [("/opened_leaf", "yes", "no")]),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_is_named(changes: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert changed(**changes) == expected


def test_the_whole_terms_replace_the_old_ones() -> None:
    terms = json.loads(FIRST.terms.raw)
    del terms["types"]["TRA"]
    terms["expires_days"] = 9

    assert changed(terms=terms, n=1, partner="VN-MPS-IMM") == [
        ("/types/TRA", "host", ""),
        ("/expires_days", "30", "9"),
    ]


WRONG = {
    "unknown member": ({"retain": {}}, ["/retain"]),
    "unknown member inside": ({"retention": {"forever": 1}}, ["/retention/forever"]),
    "a wrong unit": ({"deadlines": {"DL-RPD": {"unit": "week"}}}, ["/deadlines/DL-RPD/unit"]),
    "half a deadline": ({"deadlines": {"DL-NEW": {"amount": 1}}}, ["/deadlines/DL-NEW/unit"]),
    "a wrong role": ({"types": {"INQ": "both"}}, ["/types/INQ"]),
    "two faults": ({"expires_days": 0, "cut_off_hour": 24}, ["/cut_off_hour", "/expires_days"]),
    "a suite that nobody knows": ({"suite": 9}, ["/suite"]),
    "a suite as text": ({"suite": "1"}, ["/suite"]),
    "nothing to remove": ({"remove": ["/types/XXX"]}, ["/remove/0"]),
    "no pointer": ({"remove": ["types"]}, ["/remove/0"]),
    "no list": ({"remove": "/types/TRA"}, ["/remove"]),
}


@pytest.mark.parametrize(("changes", "places"), WRONG.values(), ids=WRONG.keys())
def test_wrong_changes_are_named_by_their_place(changes: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        amended(FIRST, changes)

    assert {fault.pointer for fault in caught.value.faults} >= set(places)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"usual": {"checkpoint": "KH-TH-POIPET"}}, "checkpoint"),
        ({"remove": ["/deadlines/DL-VRS"]}, "DL-VRS"),
        ({"sides": {"VN": {"zone": "Asia/Saigon/Nowhere"}}}, "zone"),
        ({"remove": ["/sides/VN"]}, "not right"),
        ({}, "nothing"),
        ({"expires_days": 30}, "nothing"),
    ],
    ids=str,
)
def test_terms_without_sense_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises((InputError, AgreementInvalidError), match=text):
        amended(FIRST, changes)


# The file of a version


def test_a_file_gives_back_version_and_signatures() -> None:
    second = next_version(FIRST)
    raw = signed_by(second, KH, VN)

    read = read_version(raw + b"\r\n")

    assert read.agreement == second
    assert write_version(read.agreement, read.signatures) == raw
    check_version(FIRST, read.agreement, read.signatures)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"v":1,"agreement":"","signatures":[]}',
        b'{"v":2}',
        signed_by(next_version(FIRST), KH).replace(b'"v":1', b'"v":2'),
        signed_by(next_version(FIRST), KH).replace(b'"v":1', b'"v":1,"x":1'),
        signed_by(next_version(FIRST), KH).replace(b"KH-MOSVY-DAHT", b"nobody"),
        signed_by(next_version(FIRST), KH, VN).replace(b'"VN-MPS-IMM"', b'"KH-MOSVY-DAHT"'),
        signed_by(next_version(FIRST), KH)[:-20],
        b" " * 100_000,
    ],
    ids=range(11),
)
def test_what_is_no_file_of_a_version_is_refused(raw: bytes) -> None:
    with pytest.raises(AgreementInvalidError):
        read_version(raw)


def test_another_profile_is_a_difference_like_any_other() -> None:
    other = read_agreement(
        new_agreement(
            FIRST.parties, terms_for(load_profile("neutral"), KH, VN), suite=FIRST.suite, previous=FIRST
        )
    )

    assert ("/profile", "kh-vn", "neutral") in [
        (change.pointer, change.old, change.new) for change in differences(FIRST, other)
    ]
