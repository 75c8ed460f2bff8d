# SPDX-License-Identifier: Apache-2.0
"""A stop is written at once: nobody is asked for its purpose; the urgency of an incident is asked first."""

import pytest
from exchange.messages.catalog import message_types
from exchange.messages.filling import fill, usual_purpose
from exchange.messages.questions import Question, questions_of
from tests.support.documents import sources

STOPS = ["CAN", "CWD", "HLD"]


def asked(type_code: str, name: str) -> Question:
    return next(one for one in questions_of(type_code) if one.name == name)


@pytest.mark.parametrize("type_code", STOPS)
def test_a_stop_asks_for_no_purpose(type_code: str) -> None:
    question = asked(type_code, "purpose")

    assert (question.more, question.field.needed) == (True, False)
    assert usual_purpose(message_types()[type_code]) == "return_arrangement"


@pytest.mark.parametrize("type_code", ["AMD", "CLO", "INQ", "RSM"])
def test_what_is_no_stop_asks_for_its_purpose(type_code: str) -> None:
    question = asked(type_code, "purpose")

    assert (question.more, question.field.needed) == (False, True)


@pytest.mark.parametrize(
    ("said", "sent"), [({}, "return_arrangement"), ({"purpose": "handover"}, "handover")]
)
def test_what_the_officer_says_of_the_purpose_counts(said: dict[str, str], sent: str) -> None:
    small = {"type": "HLD", "case_codes": ["7KQ2-M9XD-4TBE"], **said}

    header = fill(small, sources()).document["header"]

    assert isinstance(header, dict)
    assert header["purpose"] == sent


def test_the_urgency_of_an_incident_is_asked_at_once() -> None:
    assert not asked("INC", "urgency").more
    assert asked("HLD", "urgency").more
