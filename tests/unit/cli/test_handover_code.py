# SPDX-License-Identifier: Apache-2.0
"""`exchange handover sheet --qr` and `handover check`: a code on the sheet, one sentence as the answer."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli.handover_code import verdict
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService
from tests.unit.cli.test_handover_command import ROW, SHEET

TOKEN = "XH1:AAAQEAYEAUDAOCAJBIFQYDIOB4:12:ABCDEFGHIJKLMNOPQRSTUVWXYA"
SAME: dict[str, Any] = {
    "differs": "", "number": 12, "type": "HRC", "state": "accepted", "movement": ROW["code"], "held": [],
}  # fmt: skip


def handover(tmp_path: Path, *words: object, found: dict[str, Any] = SAME) -> tuple[Outcome, LocalService]:
    replies = {
        "handover.record": {"reservation": None}, "handover.sheet": SHEET, "handover.check": found,
        "handover.token": {"token": TOKEN, "number": 12, "type": "HRC"},
    }  # fmt: skip
    with LocalService(tmp_path / "data", replies) as service:
        done = run("handover", *words, "--data", tmp_path / "data", OFFICER="P-0031")
    return done, service


def test_the_sheet_with_a_code_has_the_code_and_its_text(tmp_path: Path) -> None:
    done, _ = handover(tmp_path, "sheet", "K4WD", "--qr")

    assert done.code == 0
    assert "█" in done.out
    assert TOKEN in done.out.splitlines()
    assert "exchange handover check" in done.out


def test_the_sheet_without_it_asks_for_no_code(tmp_path: Path) -> None:
    done, service = handover(tmp_path, "sheet", "K4WD")

    assert "handover.token" not in service.names()
    assert "█" not in done.out


@pytest.mark.parametrize(("name", "begins"), [("code.svg", b"<?xml"), ("code.PNG", b"\x89PNG")])
def test_a_code_is_written_as_a_picture(tmp_path: Path, name: str, begins: bytes) -> None:
    done, _ = handover(tmp_path, "sheet", "K4WD", "--qr-file", tmp_path / name)

    assert done.code == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_another_ending_is_refused_before_the_sheet_is_opened(tmp_path: Path) -> None:
    done, service = handover(tmp_path, "sheet", "K4WD", "--qr-file", tmp_path / "code.pdf")

    assert (done.code, service.names()) == (2, ["handover.token"])
    assert done.err.startswith("error: ")


def test_an_existing_picture_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "code.svg").write_text("mine")

    done, _ = handover(tmp_path, "sheet", "K4WD", "--qr-file", tmp_path / "code.svg")

    assert done.code == 2
    assert (tmp_path / "code.svg").read_text() == "mine"


def test_the_same_record_is_said_and_is_no_error(tmp_path: Path) -> None:
    done, service = handover(tmp_path, "check", TOKEN)

    assert (done.code, done.out) == (0, f"the same record: HRC number 12 of movement {ROW['code']}\n")
    assert service.members("handover.check") == {"token": TOKEN}


def test_a_difference_ends_with_1(tmp_path: Path) -> None:
    done, _ = handover(tmp_path, "check", TOKEN, found={**SAME, "differs": "digest"})

    assert (done.code, done.out) == (1, "the digest differs: number 12 is another record here; do not sign\n")


@pytest.mark.parametrize(
    ("differs", "held", "expected"),
    [
        ("link", [], "the link differs: the code is of two other agencies"),
        ("number", [], "the number differs: no record has number 12 here"),
        ("number", [9, 11], "the number differs: no record has number 12 here; here: number 9, 11"),
    ],
)
def test_each_difference_has_its_words(differs: str, held: list[int], expected: str) -> None:
    assert verdict({**SAME, "differs": differs, "held": held}) == expected
