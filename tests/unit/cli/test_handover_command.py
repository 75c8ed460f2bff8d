# SPDX-License-Identifier: Apache-2.0
"""`exchange handover …`: a list without names, a sheet on paper, a signature that is looked at first."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli.handover import age, sheet_lines, window_in
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService
from tests.unit.cli.test_messages import ACCEPTED, SENT

HERE = {"zone": "Asia/Phnom_Penh", "from": "2027-10-21T10:00+07:00", "to": "2027-10-21T11:00+07:00",
        "go_no_go": "2027-10-21T06:00+07:00"}  # fmt: skip
THERE = {"zone": "Asia/Kuala_Lumpur", "from": "2027-10-21T11:00+08:00", "to": "2027-10-21T12:00+08:00",
         "go_no_go": "2027-10-21T07:00+08:00"}  # fmt: skip
ROW: dict[str, Any] = {
    "code": "K4WD-9XQT-2BMH", "state": "confirmed", "provisional": False, "crossing": "Bavet / Moc Bai",
    "alternative": "Prey Vor / Binh Hiep", "place": "reception hall", "persons": 1,
    "window": {**HERE, "host": HERE, "origin": THERE}, "next": [{"type": "HDP", "by": "KH-MOSVY-DAHT"}],
}  # fmt: skip
PERSON: dict[str, Any] = {
    "case": "7KQ2-M9XD-4TBE", "state": "scheduled", "names": ["NGUYEN Thi Mai"], "sex": "F", "is_child": True,
    "ages": [15, 16], "papers": [], "belongings": [], "actions": ["Must not be left alone"], "more_flags": 1,
    "languages": ["vi"],
}  # fmt: skip
STOP = {"agency": "KH-MOSVY-DAHT", "number": "P-0007", "name": "Sok Dara"}
SHEET = {"handover": ROW, "persons": [PERSON], "stop_officers": [STOP], "departure": {},
         "opened": "this records that you opened it"}  # fmt: skip
RECORD = {"type": "HRC", "id": "0192f0c1", "pc": "Eq3t"}
SUMMARY = {"totals": {"handed_over": 2}, "signatory": {"officer": "P-0031", "side": "host",
           "kind": "electronic", "at": "2027-10-21T10:45+07:00"}}  # fmt: skip
LINE: dict[str, Any] = {
    "case_code": "7KQ2-M9XD-4TBE", "names": [{"full": "NGUYEN Thi Mai"}], "sex": "F", "is_child": True,
    "outcome": "handed_over", "condition": "well", "identity_check": "passport", "papers": [],
    "belongings": [{"what": "bags", "count": 2}, {"what": "phone", "count": 1, "number": "IMEI 1"}],
}  # fmt: skip
THEIRS = {"content": {"minutes_number": "12/2027", "reservations": "rain"}, "persons": [LINE]}
RESERVED = {"sender": "VN-MPS-IMM", "document": {"content": {"reservations": "One bag is missing."}}}
NOW: dict[str, Any] = {"theirs": {"document": THEIRS}, "reservation": None}
ABOUT = {"movement": ROW["code"], "partner": "VN-MPS-IMM", "signs": None, "summary": SUMMARY}


def handover(tmp_path: Path, *words: str, sign: Any = None, now: Any = None) -> tuple[Outcome, LocalService]:
    signed = {**SENT, **ABOUT, "type": "HRC", "record": RECORD} if sign is None else sign
    replies = {"handover.list": {"handovers": [ROW]}, "handover.sheet": SHEET,
               "handover.record": now or NOW, "handover.sign": signed, "message.wait": ACCEPTED}  # fmt: skip
    with LocalService(tmp_path / "data", replies) as service:
        done = run("handover", *words, "--data", tmp_path / "data", OFFICER="P-0031")
    return done, service


def test_the_list_shows_the_window_in_both_zones_and_who_is_next(tmp_path: Path) -> None:
    done, _ = handover(tmp_path, "list")

    assert "Thu 21 Oct 2027 10:00-11:00 Phnom Penh / 11:00-12:00 Kuala Lumpur" in done.out
    assert "HDP by KH-MOSVY-DAHT" in done.out


def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"handover.list": {"handovers": []}}):
        done = run("handover", "list", "--data", tmp_path)

    assert done.out == "no handover yet: exchange message new HPR\n"


def test_a_window_that_was_erased_is_no_error() -> None:
    assert window_in({**HERE, "from": None}, THERE) == "no window"


def test_a_window_over_midnight_names_the_other_day() -> None:
    there = {**THERE, "from": "2027-10-22T00:30+08:00", "to": "2027-10-22T01:30+08:00"}

    assert window_in(HERE, there).endswith("/ Fri 22 Oct 00:30-01:30 Kuala Lumpur")


def test_the_sheet_can_be_read_out_and_ticked(tmp_path: Path) -> None:
    done, service = handover(tmp_path, "sheet", "K4WD")

    assert "[ ] here  [ ] papers  [ ] belongings   7KQ2-M9XD-4TBE" in done.out
    assert "NGUYEN Thi Mai (F, 15 to 16 years, child)" in done.out
    assert "! Must not be left alone" in done.out
    assert "! 1 more, not on paper" in done.out
    assert "Stop the handover: call P-0007 Sok Dara (KH-MOSVY-DAHT)" in done.out
    assert done.err == "hint: this records that you opened it\n"
    assert service.members("handover.sheet")["officer"] == "P-0031"


def test_a_sheet_after_the_departure_says_when_the_group_comes() -> None:
    left = {"departed_at": "2027-10-21T07:00+07:00", "expected_at": "2027-10-21T10:00+07:00",
            "vehicle": "white bus", "escort_contact": "+855 23 000 000",
            "papers_with_escort": []}  # fmt: skip

    lines = sheet_lines({**SHEET, "departure": left})

    assert "left Thu 21 Oct 07:00 Phnom Penh / 08:00 Kuala Lumpur in white bus" in lines
    assert "expected Thu 21 Oct 10:00 Phnom Penh / 11:00 Kuala Lumpur" in lines
    assert "escort +855 23 000 000" in lines


def test_who_does_not_travel_is_told_with_a_time_of_the_place_and_not_of_utc() -> None:
    stays = {"stays": True, "stays_by": "CWD", "stays_since": "2027-10-20T16:30+00:00"}

    lines = sheet_lines({**SHEET, "persons": [{**PERSON, **stays}]})

    at = lines.index("  1. DOES NOT TRAVEL   7KQ2-M9XD-4TBE")
    assert lines[at + 1] == "     CWD Wed 20 Oct 23:30 Phnom Penh / Thu 21 Oct 00:30 Kuala Lumpur"
    assert max(map(len, lines[at:])) <= 80


def test_the_sheet_says_from_whom_somebody_is_kept_apart() -> None:
    links = [{"kind": "keep_apart", "case": "3FWN-8RTA-Q0ZV"}, {"kind": "sibling", "case": "9TXC-H2WP-35NE"}]
    other = {**PERSON, "case": "3FWN-8RTA-Q0ZV"}

    lines = sheet_lines({**SHEET, "persons": [{**PERSON, "links": links}, other]})

    assert "     Must be kept apart: 2" in lines
    assert "     Brother or sister: 9TXC-H2WP-35NE" in lines


@pytest.mark.parametrize(
    ("ages", "text"), [([], "age not known"), ([24], "24 years"), ([15, 16], "15 to 16 years")]
)
def test_an_age_is_as_exact_as_the_birth(ages: list[int], text: str) -> None:
    assert age(ages) == text


def test_what_is_signed_is_shown_first_and_its_reference_afterwards(tmp_path: Path) -> None:
    words = ("K4WD", "--all-handed-over", "--minutes", "12/2027", "--started", "10:05", "--yes")
    done, service = handover(tmp_path, "sign", *words)

    assert done.code == 0
    assert "totals: 2 handed over" in done.out
    assert "signed: HRC {id 0192f0c1, pc Eq3t}" in done.out
    assert [members.get("send") for name, members in service.asked if name == "handover.sign"] == [
        False,
        None,
    ]
    asked = service.members("handover.sign")
    assert asked["document"] == {"minutes_number": "12/2027", "started_at": "2027-10-21T10:05+07:00"}


def test_nothing_is_signed_when_nobody_can_be_asked(tmp_path: Path) -> None:
    done, service = handover(tmp_path, "sign", "K4WD", "--agree")

    assert done.code == 2
    assert "nothing was signed" in done.err
    assert [members["send"] for _, members in service.asked] == [False]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "what is signed is not said"),
        (("--agree", "--reservation", "no"), "either agrees or has a reservation"),
        (("--agree", "--all-handed-over"), "a countersignature repeats no line"),
        (("--reservation", "no", "--minutes", "1"), "a countersignature repeats no line"),
    ],
)
def test_a_signature_says_one_thing(tmp_path: Path, words: tuple[str, ...], error: str) -> None:
    done, service = handover(tmp_path, "sign", "K4WD", *words)

    assert (done.code, service.names()) == (2, [])
    assert error in done.err


def test_hours_without_a_known_day_are_refused(tmp_path: Path) -> None:
    done, _ = handover(tmp_path, "sign", "ZZZZ", "--all-handed-over", "--started", "10:05")

    assert done.code == 2
    assert "the day of the handover is not known" in done.err


def test_who_signs_must_be_said(tmp_path: Path) -> None:
    assert run("handover", "sign", "K4WD", "--agree", "--data", tmp_path).code == 2


def test_the_record_of_the_partner_is_shown_person_by_person_before_it_is_signed(tmp_path: Path) -> None:
    signs = {**SENT, **ABOUT, "signs": RECORD, "type": "HRC", "record": RECORD}

    done, service = handover(tmp_path, "sign", "K4WD", "--agree", "--yes", sign=signs)

    assert "1. NGUYEN Thi Mai (F, child)   7KQ2-M9XD-4TBE" in done.out
    assert "handed over, well; compared: passport" in done.out
    assert "papers: none; belongings: 2 bags; phone IMEI 1" in done.out
    assert "custody: nobody is named" in done.out
    assert "reservations: rain" in done.out
    assert service.members("handover.record")["whole"] is True


def test_what_is_wrong_with_a_record_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    fault = {"code": "safeguard_missing", "pointer": "/persons/0/custody", "rule": "safeguard.custody",
             "expected": "an authority or person", "found": "none", "hint": ""}  # fmt: skip
    wrong = {**SENT, **ABOUT, "type": "HRC", "record": None, "faults": [fault]}

    done, service = handover(tmp_path, "sign", "K4WD", "--all-handed-over", "--yes", sign=wrong)

    assert done.code != 0
    assert "/persons/0/custody" in done.err
    assert [members.get("send") for name, members in service.asked if name == "handover.sign"] == [False]


@pytest.mark.parametrize(
    ("reservation", "words"),
    [
        (RESERVED, "! VN-MPS-IMM signed with a reservation: One bag is missing."),
        (
            {**RESERVED, "sender": "KH-MOSVY-DAHT"},
            "! our side signed with a reservation: One bag is missing.",
        ),
        (None, ""),
    ],
)
def test_a_sheet_says_what_was_not_agreed(
    tmp_path: Path, reservation: dict[str, Any] | None, words: str
) -> None:
    found = {**SHEET, "handover": {**ROW, "we": "host", "host": "KH-MOSVY-DAHT", "origin": "VN-MPS-IMM"}}
    with LocalService(tmp_path / "data", {
        "handover.sheet": found, "handover.record": {**NOW, "reservation": reservation},
    }):  # fmt: skip
        done = run("handover", "sheet", "K4WD", "--data", tmp_path / "data", OFFICER="P-0031")

    assert ("signed with a reservation" in done.out) is bool(words)
    assert words in done.out
