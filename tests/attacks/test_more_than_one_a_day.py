# SPDX-License-Identifier: Apache-2.0
"""A partner that writes thousands of what an honest one writes once a day: nobody waits for it.

Threat model, adversary P; rule 20: every list has a bound, and one partner holds up no other.
"""

from dataclasses import replace
from typing import Any

from exchange.ids import sha256
from exchange.ledger.entries import eras, stmt
from exchange.service import statements
from exchange.service.retention import OWED, what_is_due
from exchange.service.statements import ANSWERED_AT_ONCE, LOOKED_AT, answer_days
from tests.support.faulty import OTHER_DIGEST, Stage, with_stage
from tests.support.world import KH, LIMITS

MANY = 1_000


def play(story: Any) -> None:
    async def begun(stage: Stage) -> None:
        await stage.give()
        await story(stage)

    with_stage(begun, target=KH, limits=replace(LIMITS, keeps_books=True))


def test_the_oldest_entries_about_erasures_are_shown_and_no_more() -> None:
    async def story(stage: Stage) -> None:
        first = stage.partner.log(*(eras(dg=OTHER_DIGEST, n=1) for _ in range(MANY)))
        await stage.give()

        owed = (await what_is_due(stage.node)).owed

        assert [one.index for one in owed] == list(range(first, first + OWED))

    play(story)


def test_a_few_statements_are_answered_at_once_the_newest_first(monkeypatch: Any) -> None:
    """Each is a comparison of both ledgers; in the upkeep other partners wait for it."""
    checked: list[int] = []
    right = statements.check

    async def check(node: Any, row: Any) -> Any:
        checked.append(row.no)
        shown = await right(node, row)
        return replace(shown, content={}) if row.no % 10 == 0 else shown

    monkeypatch.setattr(statements, "check", check)

    async def story(stage: Stage) -> None:
        numbers = range(1, MANY + 1)
        stage.partner.log(*(stmt(no=no, per="2027-10-03", dg=sha256(b"%d" % no)) for no in numbers))
        await stage.give()

        assert await answer_days(stage.node, stage.link) == ANSWERED_AT_ONCE
        assert checked == list(range(MANY, MANY - 21, -1))

        checked.clear()
        assert await answer_days(stage.node, stage.link) == ANSWERED_AT_ONCE
        assert len(checked) <= LOOKED_AT

    play(story)
