# SPDX-License-Identifier: Apache-2.0
"""The pages about deadlines and holidays say what the data say."""

import re
from pathlib import Path

import pytest
from exchange.cases.calendars import read_announced
from exchange.cases.deadlines import REMINDERS
from exchange.ids import AgencyCode
from exchange.messages.catalog import message_types
from exchange.messages.codelists import codelist
from exchange.protocol.profiles import load_profile, profile_codes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "deadlines.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "guides" / "holidays.md").read_text("utf-8")
ASKING = sorted(code for code, row in message_types().items() if row.replies)


@pytest.mark.parametrize("code", sorted(codelist("deadlines").codes))
def test_every_deadline_has_one_row(code: str) -> None:
    assert len(re.findall(rf"^\| `{code}` \|", PAGE, re.MULTILINE)) == 1


@pytest.mark.parametrize("code", ASKING)
def test_every_message_that_waits_for_an_answer_is_listed_with_a_known_deadline(code: str) -> None:
    deadline = message_types()[code].deadline

    assert deadline in codelist("deadlines").codes
    assert re.search(rf"^\| `{code}` .* `{deadline}` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("profile", profile_codes())
@pytest.mark.parametrize("code", ASKING)
def test_an_answer_is_counted_in_the_calendar_of_the_side_that_answers(profile: str, code: str) -> None:
    """`service.due` uses the calendar of the side that answers; no profile may say otherwise."""
    terms = load_profile(profile)

    for side in terms.sides:
        steps = terms.deadlines_for(
            str(message_types()[code].deadline), acting=AgencyCode(f"{side.country}-X")
        )
        assert steps
        assert {step.calendar_of for step in steps} <= {"none", "recipient", side.country}


def test_the_reminders_have_every_level_in_the_order_of_the_list() -> None:
    assert [level for level, _ in REMINDERS] == list(codelist("reminder-levels").codes)
    assert all(code in codelist("deadlines").codes for _, code in REMINDERS)


def test_the_example_of_the_guide_can_be_read() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)

    announced = read_announced(example.encode())

    assert announced.of("IN").complete == {2036}
    assert len(announced.of("KH").holidays) == len(announced.of("KH").working) == 1


def test_the_guide_has_a_row_for_every_side_of_the_neutral_profile() -> None:
    for side in load_profile("neutral").sides:
        assert re.search(rf"^\| {side.calendar} \|", GUIDE, re.MULTILINE)
