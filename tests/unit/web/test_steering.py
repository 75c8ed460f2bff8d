# SPDX-License-Identifier: Apache-2.0
"""An answer steers what is asked next: an outcome is asked for what it needs, and for nothing else."""

from pathlib import Path
from typing import Any

import pytest
from exchange.messages.document import persons_of
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction
from tests.unit.web.test_deciding import Deciding, play
from tests.unit.web.test_naming import Desk
from tests.unit.web.test_naming import play as play_naming

DAY = {"f_d": "20", "f_m": "12", "f_y": "2027"}
ANSWERS: dict[str, dict[str, Any]] = {
    "valid_until": DAY,
    "new_date": DAY,
    "reception": {"f": "VN-MOH"},
    "conditions": {"f": "guardian_present"},
    "refusal_reason": {"f": "identity_mismatch"},
    "reasons": {"f": "The registry entry belongs to another person."},
    "child_receiver": {"f__kind": "agency", "f__agency": "VN-MOH"},
}


async def asked_after(desk: Deciding, outcome: str, person: int) -> list[str]:
    """Answer every question of one person until another person, or the whole, comes; return their names."""
    to = (await desk.answer("outcome", outcome, person)).to
    asked: list[str] = []
    while f"/persons/{person}/" in to:
        name = to.rpartition("/")[2]
        asked.append(name)
        taken = await desk.answer(name, None, person, **ANSWERS[name])
        assert taken.status == 303, taken.words
        to = taken.to
    return asked


@pytest.mark.parametrize(
    ("outcome", "of_child", "of_adult"),
    [
        ("accepted", ["valid_until", "reception", "child_receiver"], ["valid_until", "reception"]),
        (
            "accepted_with_conditions",
            ["valid_until", "reception", "conditions", "child_receiver"],
            ["valid_until", "reception", "conditions"],
        ),
        ("refused", ["refusal_reason", "reasons"], ["refusal_reason", "reasons"]),
        ("deferred", ["new_date"], ["new_date"]),
    ],
)
def test_each_outcome_is_asked_for_what_it_needs(
    tmp_path: Path, outcome: str, of_child: list[str], of_adult: list[str]
) -> None:
    async def story(desk: Deciding) -> None:
        assert await asked_after(desk, outcome, 0) == of_child
        assert await asked_after(desk, outcome, 1) == of_adult
        assert not (await desk.check()).says("Not ready to be sent")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("outcome", "name", "empty"),
    [
        ("refused", "refusal_reason", {"f": ""}),
        ("refused", "reasons", {"f": " "}),
        ("accepted_with_conditions", "conditions", {}),
        ("accepted", "child_receiver", {}),
        ("deferred", "new_date", {"f_d": "", "f_m": "", "f_y": ""}),
    ],
)
def test_what_an_outcome_needs_is_missed_at_its_question(
    tmp_path: Path, outcome: str, name: str, empty: dict[str, str]
) -> None:
    async def story(desk: Deciding) -> None:
        await desk.answer("outcome", outcome)
        taken = await desk.answer(name, None, 0, **empty)

        assert (taken.status, taken.says("Enter:")) == (400, True)

    play(tmp_path, story)


@pytest.mark.parametrize(("outcome", "name"), [("accepted", "conditions"), ("", "reasons")])
def test_what_no_outcome_needs_may_stay_empty(tmp_path: Path, outcome: str, name: str) -> None:
    async def story(desk: Deciding) -> None:
        if outcome:
            await desk.answer("outcome", outcome, 1)

        assert (await desk.answer(name, "", 1)).status == 303

    play(tmp_path, story)


def test_what_was_entered_for_another_outcome_is_kept_and_not_sent(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        await asked_after(desk, "refused", 0)
        await asked_after(desk, "accepted", 1)
        await asked_after(desk, "refused", 1)
        whole = await desk.check()

        assert whole.says("Kept here, and not sent")
        assert whole.says("Acceptance valid until, person 2: TRAN Van Binh")
        assert whole.says("Receiving agency, person 2: TRAN Van Binh")
        assert not whole.says("Not ready to be sent")

        version = whole.hidden["version"]
        sent = await desk.visitor.post(f"/form/{desk.form}/send", version=version)
        assert sent.to.startswith("/sent/")
        assert [sorted(line) for line in await lines_sent(desk)] == [
            ["case_code", "outcome", "reasons", "refusal_reason"]
        ] * 2

    play(tmp_path, story)


def test_an_outcome_that_is_changed_back_has_its_answers_again(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        await asked_after(desk, "accepted", 1)
        await asked_after(desk, "deferred", 1)

        assert await asked_after(desk, "accepted", 1) == []
        whole = await desk.check()
        assert whole.says("Ministry of Health")
        assert whole.says("When the decision will come, person 2: TRAN Van Binh")

    play(tmp_path, story)


def test_a_change_on_the_whole_leads_to_what_it_needs(tmp_path: Path) -> None:
    """Else it would be missed only at the end."""

    async def story(desk: Deciding) -> None:
        await asked_after(desk, "accepted", 1)
        address = f"/form/{desk.form}/persons/1/outcome"
        await desk.visitor.get(f"{address}?back=check")
        hidden = desk.visitor.last.hidden
        taken = await desk.visitor.post(address, version=hidden["version"], back="check", f="refused")
        again = await desk.visitor.get(f"{address}?back=check")
        same = await desk.visitor.post(address, version=again.hidden["version"], back="check", f="accepted")

        assert taken.to.endswith("/persons/1/refusal_reason")
        assert same.to.endswith("/check")

    play(tmp_path, story)


def test_the_same_for_everybody_passes_over_whom_it_does_not_fit(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        await desk.answer("outcome", "accepted")
        await desk.answer("outcome", "refused", 1)
        await desk.answer("valid_until", None, 0, **DAY, all="yes")
        whole = await desk.check()

        assert not whole.says("Kept here, and not sent")
        await desk.answer("outcome", "accepted", 1)
        assert (await desk.visitor.get(f"/form/{desk.form}")).to.endswith("/persons/0/reception")
        await desk.answer("reception", "VN-MOH")
        await desk.answer("child_receiver", None, 0, **ANSWERS["child_receiver"])
        assert (await desk.visitor.get(f"/form/{desk.form}")).to.endswith("/persons/1/valid_until")

    play(tmp_path, story)


async def lines_sent(desk: Deciding) -> list[Any]:
    def unit(uow: UnitOfWork) -> list[Any]:
        rows = [row for row in uow.messages.list(limit=50) if row.direction is Direction.OUT]
        (row,) = (row for row in rows if row.type == "RPD")
        return persons_of(document_of(uow, row) or {})

    return await desk.house.node.store.read(unit)


def test_a_list_that_may_not_be_empty_is_not_said_to_take_none(tmp_path: Path) -> None:
    """A withdrawal of no consent said "or none", and then that there are too many or too few entries."""

    async def story(desk: Desk) -> None:
        form = await desk.begin("CWD")
        asked = await desk.ask(form, "content/0/scope")
        empty = await desk.officer.post(f"{form}/content/0/scope", version=asked.hidden["version"], back="")

        assert asked.says("Choose all that apply.")
        assert not asked.says("or none")
        assert (empty.status, empty.says("Enter: Consents withdrawn")) == (400, True)

    play_naming(tmp_path, story)
