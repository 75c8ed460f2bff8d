# SPDX-License-Identifier: Apache-2.0
"""A person is returned through pages only, without script: both sides sign, and the auditor reconciles."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browsing import AUDITOR, Officer, PagesPair
from tests.support.page_stories import PERSON, Return
from tests.support.pictures import png


@pytest.fixture(scope="module")
def told(browser: Browser, made: PagesPair) -> Return:
    story = Return(browser, made)
    story.whole()
    return story


def test_the_person_has_arrived_on_both_sides(told: Return) -> None:
    for officer in (told.kh, told.vn):
        officer.go(f"/case/{told.case}")

        assert "Arrived at the reception service" in officer.text()
        assert officer.title() == PERSON


def test_every_message_of_the_case_is_marked_as_proved(told: Return) -> None:
    told.kh.go(f"/case/{told.case}")

    events = told.kh.page.locator(".timeline__event")
    assert events.count() == 10
    assert all("proof stored" in text for text in events.all_inner_texts())


def test_the_photograph_arrived_as_it_was_under_a_name_that_says_nothing(told: Return) -> None:
    assert told.file == png()
    assert len(told.vn.saved) == 1
    assert "TRAN" not in told.vn.saved[0]


def test_the_minutes_that_both_signed_are_a_pdf_for_the_archive(told: Return) -> None:
    assert told.minutes.startswith(b"%PDF-1.7")
    assert told.minutes.count(b"EmbeddedFile") >= 1


def test_nothing_is_left_to_answer(told: Return) -> None:
    told.kh.go("/today")

    assert "0 to answer" in told.kh.text()


def test_the_auditor_finds_no_difference_and_no_name(told: Return, browser: Browser, made: PagesPair) -> None:
    auditor = Officer(browser, made, made.kh, AUDITOR).sign_in()
    auditor.go("/audit")
    auditor.press("Compare now")

    assert "no difference" in auditor.text()
    assert "10 messages matched" in auditor.text()
    auditor.go("/acts")
    assert PERSON not in auditor.page.content()
    assert told.case not in auditor.page.content()


def test_the_auditor_takes_the_evidence_and_it_verifies(
    told: Return, browser: Browser, made: PagesPair, tmp_path: Path
) -> None:
    auditor = Officer(browser, made, made.kh, AUDITOR).sign_in()
    auditor.go("/audit")
    auditor.press("Evidence")
    pack, verifier = tmp_path / "a.pack", tmp_path / "verify.py"
    pack.write_bytes(auditor.download("Take the evidence"))
    verifier.write_bytes(auditor.download("Take the program that verifies it"))

    done = subprocess.run(
        [sys.executable, "-I", str(verifier), str(pack)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert auditor.saved[1] == "verify.py"
    assert PERSON.encode() not in pack.read_bytes()
    assert told.case.encode() not in pack.read_bytes()


def test_nothing_was_asked_of_another_host(told: Return) -> None:
    for officer in (told.kh, told.vn):
        assert officer.asked
        assert [url for url in officer.asked if not url.startswith(officer.base)] == []
        assert officer.stopped == []
