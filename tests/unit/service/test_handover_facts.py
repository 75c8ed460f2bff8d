# SPDX-License-Identifier: Apache-2.0
"""What the store knows of a movement is read from the messages of its cases, each at most once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from exchange.ids import AgencyCode, CaseCode, Digest, LinkId, MessageId, MovementCode
from exchange.protocol.parts import Document
from exchange.service.handover_facts import HandoverFacts
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.documents import example

HOST, ORIGIN = AgencyCode("TH-MSDHS-DATIP"), AgencyCode("KH-MOSVY-DAHT")
MOTHER, CHILD, MAN = CaseCode("P5HJ-2CYK-6GSM"), CaseCode("3FWN-8RTA-Q0ZV"), CaseCode("XB41-T7ME-9DRW")
MOVEMENT = MovementCode("K4WD-9XQT-2BMH")
AT = datetime(2027, 9, 17, tzinfo=UTC)
DIGEST = Digest("n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg")


class Kept:
    """A store of one link: documents in the order of their effects."""

    def __init__(self) -> None:
        self.rows: list[MessageRow] = []
        self.documents: dict[str, Document] = {}
        self.reads = 0

    def add(self, kind: str, name: str, direction: Direction = Direction.OUT, **changes: Any) -> MessageRow:
        document: Any = example(kind, name)
        for path, value in changes.items():
            part, _, member = path.partition("__")
            document[part][member] = value
        seq = len(self.rows) + 1
        row = MessageRow(
            link=LinkId("s3F0c-Zb1mT8qWn5xYdE2g"), direction=direction, seq=seq,
            id=MessageId(f"0192f0c1-7a3e-7d10-8c3b-{seq:012d}"), type=kind.upper(),
            state=MessageState.ACCEPTED, code="", envelope_hash=DIGEST, body_hash=DIGEST, commitment=DIGEST,
            size_class=1024, agreement_n=1, created_at=AT, expires_at=AT, logged_at=AT, line_bytes=1,
            in_reply_to=document["header"].get("in_reply_to"),
        )  # fmt: skip
        self.rows.append(row)
        self.documents[row.id] = document
        return row

    def rows_of(self, case: CaseCode) -> list[MessageRow]:
        return [row for row in self.rows if case in self._codes(row)]

    def _codes(self, row: MessageRow) -> list[str]:
        document: Any = self.documents[row.id]
        codes: list[str] = document["header"]["case_codes"]
        return codes

    def document_of(self, row: MessageRow) -> Document | None:
        self.reads += 1
        return self.documents.get(row.id)

    @property
    def facts(self) -> HandoverFacts:
        read: Callable[[MessageRow], Document | None] = self.document_of
        sides = {Direction.OUT: HOST, Direction.IN: ORIGIN}
        return HandoverFacts(rows_of=self.rows_of, document_of=read, sender_of=sides)


@pytest.fixture
def kept() -> Kept:
    store = Kept()
    store.add("hpr", "two-persons-by-bus")
    return store


def test_movement_nobody_proposed_is_unknown(kept: Kept) -> None:
    assert kept.facts.appointment(MovementCode("Z4WD-9XQT-2BMH"), [MOTHER]) is None
    assert kept.facts.appointment(MOVEMENT, [MAN]) is None
    assert kept.facts.appointment(MOVEMENT, []) is None


def test_proposal_alone_is_the_last_change(kept: Kept) -> None:
    found = kept.facts.appointment(MOVEMENT, [MAN, MOTHER])

    assert found is not None
    assert (found.last_change, found.listed) == (kept.rows[0].id, (MOTHER, CHILD))
    assert found.terms["window_from"] == "2027-09-24T09:00+07:00"
    assert found.final is None


def test_counter_proposal_changes_the_terms_and_a_confirmation_does_not(kept: Kept) -> None:
    counter = kept.add("hrp", "one-hour-later", Direction.IN, header__movement_code=MOVEMENT)
    kept.add("hrp", "confirmed", header__movement_code=MOVEMENT)

    found = kept.facts.appointment(MOVEMENT, [MOTHER])

    assert found is not None
    assert found.last_change == counter.id
    assert found.terms["window_from"] == "2027-09-24T10:00+07:00"
    assert found.terms["window_to"] == "2027-09-24T11:00+07:00"


def test_amendment_changes_list_and_terms_by_its_pointers(kept: Kept) -> None:
    changes = [
        {"pointer": "/case_list", "old": [MOTHER, CHILD], "new": [MOTHER, CHILD, MAN]},
        {"pointer": "/group_size", "old": 2, "new": 3},
        {"pointer": "/escorts/0/number", "old": 1, "new": 2},
        {"pointer": "/transport_reason", "old": "road closed"},
    ]
    row = kept.add("hrp", "declined", header__movement_code=MOVEMENT, content__changes=changes)
    kept.rows[-1] = replace(row, type="AMD")

    found = kept.facts.appointment(MOVEMENT, [MOTHER])

    assert found is not None
    assert found.listed == (MOTHER, CHILD, MAN)
    assert (found.terms["group_size"], found.last_change) == (3, row.id)
    assert "escorts/0/number" not in found.terms


def test_departure_gives_the_final_list(kept: Kept) -> None:
    kept.add("hdp", "one-taken-off", header__movement_code=MOVEMENT)

    found = kept.facts.appointment(MOVEMENT, [CHILD])

    assert found is not None
    assert found.final == (MOTHER, CHILD)


def test_new_proposal_of_a_movement_begins_again(kept: Kept) -> None:
    kept.add("hdp", "one-taken-off", header__movement_code=MOVEMENT)
    again = kept.add("hpr", "two-persons-by-bus", content__place_detail="other hall")

    found = kept.facts.appointment(MOVEMENT, [CHILD])

    assert found is not None
    assert (found.last_change, found.final) == (again.id, None)
    assert found.terms["place_detail"] == "other hall"


def test_notice_and_its_decision_say_what_is_known_of_a_person() -> None:
    kept = Kept()
    kept.add("rpn", "family-of-two-with-infant")
    before = kept.facts.announced(MOTHER)

    assert before is not None
    assert (before.funding, before.valid_until) == ("host_state", None)
    assert before.birth is not None
    assert kept.facts.announced(MAN) is None


def test_acceptance_counts_for_the_notice_it_answers_only() -> None:
    kept = Kept()
    case = CaseCode("7KQ2-M9XD-4TBE")
    notice = kept.add("rpn", "adult-with-passport")
    kept.add("rpd", "one-person-accepted", Direction.IN, header__in_reply_to=notice.id)
    accepted = kept.facts.announced(case)
    kept.add("rpn", "adult-with-passport")
    announced_again = kept.facts.announced(case)

    assert accepted is not None
    assert announced_again is not None
    assert accepted.valid_until == date(2027, 12, 17)
    assert announced_again.valid_until is None


def test_countersignature_is_known_as_one() -> None:
    kept = Kept()
    record = kept.add("hrc", "first-record-two-handed-over")
    signed = kept.add("hrc", "countersignature-agreed", Direction.IN)

    found = [kept.facts.earlier(row) for row in (record, signed)]

    assert [one.signs for one in found] == [False, True]
    assert [one.sender for one in found] == [HOST, ORIGIN]
    assert {one.movement for one in found} == {"R2VN-8CGX-5MJT"}
    assert {one.cases for one in found} == {(MOTHER, CHILD)}


def test_erased_message_is_still_known_by_its_number_and_commitment() -> None:
    kept = Kept()
    record = kept.add("hrc", "first-record-two-handed-over")
    kept.documents.clear()

    found = kept.facts.earlier(record)

    assert (found.type, found.pc, found.movement, found.cases) == ("HRC", DIGEST, "", ())


def test_reports_on_a_person_are_counted() -> None:
    kept = Kept()
    for _ in range(3):
        kept.add("fup", "second-report-stable")

    assert kept.facts.follow_ups(MOTHER) == 3
    assert kept.facts.follow_ups(CHILD) == 0


def test_message_about_many_persons_is_read_once_in_a_judgement(kept: Kept) -> None:
    kept.add("rpn", "family-of-two-with-infant")
    facts = kept.facts

    for _ in range(50):
        for case in (MOTHER, CHILD):
            facts.announced(case)
            facts.last_line(case, "RPN")
            facts.appointment(MOVEMENT, [case])

    assert kept.reads == 2
