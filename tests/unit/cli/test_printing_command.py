# SPDX-License-Identifier: Apache-2.0
"""`exchange message print`, `exchange handover print`: a private PDF; refused before anything is opened."""

import stat
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import b64url
from exchange.interfaces.papers import paper_of
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService
from tests.support.papers import opened

NAME = "hrc/first-record-two-handed-over"


def answer(*, blank: bool = False, left_out: int = 0) -> dict[str, Any]:
    paper = paper_of(opened(NAME), ("km", "en"))
    attached = {
        "name": paper.attached_name,
        "description": paper.attached_description,
        "data": b64url(paper.attached),
    }
    about = {"id": "0192f0c1", "type": "HRC", "blank": blank, "left_out": left_out}
    return {**about, "html": paper.html, "created": paper.created_at.isoformat(), "attached": attached}


def printed(tmp_path: Path, *words: object, reply: Any = None) -> tuple[Outcome, LocalService]:
    reply = reply or answer()
    with LocalService(tmp_path / "data", {"message.print": reply, "handover.print": reply}) as service:
        done = run(*words, "--data", tmp_path / "data", OFFICER="P-0031")
    return done, service


def test_a_message_is_written_as_a_pdf_that_only_the_officer_can_read(tmp_path: Path) -> None:
    out = tmp_path / "minutes.pdf"

    done, service = printed(tmp_path, "message", "print", "4d01", "--lang", "km,en", "-o", out)

    assert done.code == 0
    assert out.read_bytes().startswith(b"%PDF-1.7")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert service.members("message.print") == {
        "id": "4d01", "languages": ["km", "en"], "purpose": "case_work", "officer": "P-0031",
    }  # fmt: skip


def test_minutes_are_written_by_the_code_of_the_movement(tmp_path: Path) -> None:
    out = tmp_path / "minutes.pdf"

    done, service = printed(tmp_path, "handover", "print", "K4WD", "-o", out, reply=answer(blank=True))

    assert "to be filled in by hand" in done.out
    assert service.members("handover.print")["movement"] == "K4WD"


def test_what_stays_in_the_message_is_said(tmp_path: Path) -> None:
    done, _ = printed(
        tmp_path, "message", "print", "4d01", "-o", tmp_path / "a.pdf", reply=answer(left_out=2)
    )

    assert "2 values of class S4 are not on paper" in done.err


@pytest.mark.parametrize("name", ["minutes", "minutes.html", "minutes.pdf.txt"])
def test_another_ending_is_refused_before_anything_is_opened(name: str, tmp_path: Path) -> None:
    done, service = printed(tmp_path, "message", "print", "4d01", "-o", tmp_path / name)

    assert done.code == 2
    assert "does not end with .pdf" in done.err
    assert service.asked == []


def test_an_existing_file_is_kept_and_nothing_is_opened(tmp_path: Path) -> None:
    out = tmp_path / "minutes.pdf"
    out.write_text("kept")

    done, service = printed(tmp_path, "message", "print", "4d01", "-o", out)

    assert done.code == 2
    assert out.read_text() == "kept"
    assert service.asked == []


def test_who_acts_has_to_be_said(tmp_path: Path) -> None:
    with LocalService(tmp_path / "data", {}):
        done = run("message", "print", "4d01", "-o", tmp_path / "a.pdf", "--data", tmp_path / "data")

    assert done.code == 2
    assert "--officer" in done.err
