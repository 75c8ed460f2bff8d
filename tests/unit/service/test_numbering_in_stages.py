# SPDX-License-Identifier: Apache-2.0
"""A run that takes its numbers in stages leaves what it would leave one message after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from exchange.messages.filling import fill
from exchange.protocol.parts import Document
from exchange.service import casework, release
from exchange.service.batching import Failed
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import Ready, number_run
from exchange.service.rows import Direction
from exchange.service.sealing import seal_message
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.notices import notice, small_notice, sources
from tests.support.world import OFFICER, VN, World

KINDS = ("good", "late", "again", "cancel", "stranger")


@dataclass
class Sealing:
    """Seals messages of given kinds, each about the notice before it where it needs one."""

    world: World
    uow: UnitOfWork

    def run(self, kinds: Sequence[str]) -> list[Ready]:
        node = self.world.kh.node
        pairing = pairing_of(self.uow, node, self.world.link)
        run, before, id = [], notice(node, VN), ""
        for kind in kinds:
            document = self._document(kind, before, id)
            sealed = seal_message(node, pairing, document, officer=OFFICER, second=None)
            run.append(Ready(sealed, OFFICER if kind != "stranger" else "P-9999"))  # type: ignore[arg-type]
            if kind == "good":
                before, id = document, sealed.id
        return run

    def _document(self, kind: str, before: Document, id: str) -> Document:
        node, header = self.world.kh.node, before["header"]
        assert isinstance(header, dict)
        match kind:
            case "late":
                small = {**small_notice(), "proposed_from": "2020-01-01", "proposed_to": "2020-01-02"}
                return fill(small, sources(node, VN)).document
            case "again":
                return before
            case "cancel" if id:
                cancel = {"type": "CAN", "target": id, "reason": "consent_withdrawn"}
                more = {"case_codes": header["case_codes"], "purpose": "return_arrangement"}
                return fill({**cancel, **more}, sources(node, VN)).document
            case _:
                return notice(node, VN)


def seal_run(kinds: Sequence[str]) -> list[Ready]:
    runs: list[list[Ready]] = []

    async def story(world: World) -> None:
        await world.open()
        runs.append(await world.kh.store.read(lambda uow: Sealing(world, uow).run(kinds)))

    World(seed=41).run(story)
    return runs[0]


def number_in(groups: Sequence[Sequence[Ready]]) -> list[object]:
    """Number runs in one unit of a fresh node; return every outcome and what the store holds then."""
    found: list[object] = []

    async def story(world: World) -> None:
        await world.open()
        node, link = world.kh.node, world.link
        done = await world.kh.store.write(
            lambda uow: [one for run in groups for one in number_run(uow, node, link, run)]
        )
        found.extend(repr(one.error) if isinstance(one, Failed) else one for one in done)
        found.extend(await world.kh.store.read(lambda uow: kept(uow, world)))

    World(seed=42).run(story)
    return found


def kept(uow: UnitOfWork, world: World) -> list[object]:
    link, own = world.link, world.kh.code
    cases = uow.cases.list(link=link)
    rows = uow.messages.numbers(link, Direction.OUT, 1, 100)
    return [
        rows,
        [uow.messages.line(link, Direction.OUT, row.seq) for row in rows],
        [uow.contents.parts(link, Direction.OUT, row.seq) for row in rows],
        [uow.questions.of_message(link, Direction.OUT, row.seq) for row in rows],
        uow.logs.leaves(link, own, 0, uow.logs.position(link, own).size),
        sorted(cases, key=lambda case: case.code),
        [uow.cases.events(link, case.code) for case in sorted(cases, key=lambda case: case.code)],
        uow.messages.open_count(link),
        uow.audit.list(),
        uow.links.get(link),
    ]


def numbers(found: Sequence[object], count: int) -> list[int]:
    """Return the number of each message, 0 for one that has none."""
    return [getattr(one, "seq", 0) for one in found[:count]]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from((*KINDS, "good", "good")), min_size=2, max_size=7))
def test_a_run_leaves_what_its_messages_leave_one_after_the_other(kinds: list[str]) -> None:
    run = seal_run(kinds)

    assert number_in([run]) == number_in([[ready] for ready in run])


@pytest.mark.parametrize(
    ("kinds", "taken"),
    [
        (("good", "good", "good"), [1, 2, 3]),
        (("good", "late", "good"), [1, 0, 2]),
        (("late", "stranger", "good"), [0, 0, 1]),
        (("good", "again", "good"), [1, 0, 2]),
        (("good", "cancel", "good"), [1, 2, 3]),
        (("late", "stranger"), [0, 0]),
    ],
)
def test_only_what_is_not_allowed_has_no_number(kinds: Sequence[str], taken: list[int]) -> None:
    found = number_in([seal_run(kinds)])

    assert numbers(found, len(kinds)) == taken


def test_a_message_that_goes_alone_leaves_the_others_their_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    run, together = seal_run(("good", "good", "cancel", "good", "good", "good")), list[int]()
    real = release._number

    def noted(uow: Any, node: Any, pairing: Any, part: Sequence[Ready], first: Any) -> Any:
        together.append(len(part))
        return real(uow, node, pairing, part, first)

    monkeypatch.setattr(release, "_number", noted)
    found = number_in([run])

    assert together == [2, 1, 3]
    assert numbers(found, 6) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("step", ["weigh_own", "author"])
def test_a_fault_of_the_program_in_a_stage_stops_no_other_message(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    run = seal_run(("good", "good", "good"))
    real: Callable[..., Any] = getattr(casework, step)

    def failing(uow: Any, node: Any, pairing: Any, row: Any, *given: Any) -> Any:
        if row.id == run[1].sealed.id:
            raise KeyError("planted")
        return real(uow, node, pairing, row, *given)

    monkeypatch.setattr(casework, step, failing)
    found = number_in([run])

    assert numbers(found, 3) == [1, 0, 2]
    assert found[1] == repr(KeyError("planted"))
