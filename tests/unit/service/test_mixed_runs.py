# SPDX-License-Identifier: Apache-2.0
"""Mixed messages of all types leave in stages what they leave one after the other, at both ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from exchange.ids import MovementCode
from exchange.service import independence, release, stages, taking
from exchange.service.batching import Failed
from exchange.service.examine import Examined
from exchange.service.independence import LOOKS_NO_FURTHER
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import Ready, number_run
from exchange.service.rows import MessageRow, MessageState
from exchange.service.sealing import seal_message
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.careless import second_for, send_anyway
from tests.support.checks import settle
from tests.support.mixed_runs import EACH, EIGHT, FURTHER, OTHERS, Before, Idea, ground
from tests.support.world import KH, OFFICER, World
from tests.support.written import Watched, Written, written

KINDS = (*EIGHT, *EIGHT, *FURTHER, *OTHERS)
"""The listed types twice as often as the others."""
ideas = st.builds(Idea, st.sampled_from(KINDS), st.integers(0, EACH))
"""Each about one of three persons, or about all of them."""
runs = st.lists(ideas, min_size=2, max_size=9)
few = settings(max_examples=30, deadline=None)

SHARED = [
    ("a case, asked about twice", [Idea("TDQ of accepted", 0), Idea("TDQ of accepted", 0)]),
    ("a case, noticed twice", [Idea("RPN of traced", 1), Idea("RPN of traced", EACH)]),
    ("a question, answered twice", [Idea("TRS of traced", 0), Idea("TRS of traced", 0)]),
    ("a decision, changed twice", [Idea("RPD again", 2), Idea("RPD again", EACH)]),
    ("a request, answered twice for one", [Idea("TDS of papers", 0), Idea("TDS of papers", EACH)]),
]
"""Pairs that leave something else if both are judged before the first is written."""
AMENDED_TWICE = [Idea("AMD for one", 0), Idea("AMD for one", 1)]
"""Two persons of one notice, whose period two messages change: the second one finds another period."""
NAMES_ITS_RUN = frozenset({"VRQ naming the run", "AMD of the run", "CAN of the run"})
"""Kinds that may name a message of their run, which no officer can."""


@dataclass
class Numbered:
    """How each message of a run came out, and what stands in the store then."""

    outcomes: list[MessageRow | str] = field(default_factory=list)
    written: Written = field(default_factory=dict)

    @property
    def all_allowed(self) -> bool:
        return all(isinstance(one, MessageRow) for one in self.outcomes)


def seal_run(kinds: Sequence[Idea]) -> list[Ready]:
    """Seal messages on the ground, each behind those before it."""
    run: list[Ready] = []

    async def story(world: World) -> None:
        await world.open()
        await world.kh.store.read(lambda uow: run.extend(_sealed(uow, world, kinds)))

    ground().world(seed=91).run(story)
    return run


def _sealed(uow: UnitOfWork, world: World, kinds: Sequence[Idea]) -> Iterator[Ready]:
    node, before = world.kh.node, list[Before]()
    pairing = pairing_of(uow, node, world.link)
    for idea in kinds:
        document = ground().document(node, idea, before)
        second = second_for(document)
        sealed = seal_message(node, pairing, document, officer=OFFICER, second=second)
        before.append(Before(sealed.id, document))
        yield Ready(sealed, OFFICER, second)


def number_in(groups: Sequence[Sequence[Ready]]) -> Numbered:
    """Number runs in one unit of a fresh node on the ground."""
    found = Numbered()

    async def story(world: World) -> None:
        await world.open()
        node, link = world.kh.node, world.link
        done = await world.kh.store.write(
            lambda uow: [one for run in groups for one in number_run(uow, node, link, run)]
        )
        found.outcomes = [repr(one.error) if isinstance(one, Failed) else one for one in done]
        found.written = await written(world.kh, movements())

    ground().world(seed=92).run(story)
    return found


def movements() -> list[MovementCode]:
    told = ground().asks, ground().answers
    return [MovementCode(one.movement) for part in told for one in part.writer.sent if one.movement]


def differences(one: Written, other: Written) -> list[str]:
    """Return the names of what is not the same."""
    return [name for name, value in one.items() if other[name] != value]


def all_together(claims: Any) -> list[slice]:
    """Stand for `runs_of` that lets everything depend on nothing."""
    return [slice(0, len(list(claims)))]


# --- the sender


@few
@given(runs)
@example([idea for _, pair in SHARED for idea in pair])
@example([*AMENDED_TWICE, Idea("CAN for one", 2), Idea("AMD for one", 2)])
def test_a_run_of_all_types_leaves_what_its_messages_leave_one_after_the_other(kinds: list[Idea]) -> None:
    run, undone = seal_run(kinds), list[bool]()
    single = number_in([[ready] for ready in run])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "_in_stages", noting(undone, release._in_stages))
        together = number_in([run])

    assert together.outcomes == single.outcomes
    assert differences(single.written, together.written) == []
    if single.all_allowed and NAMES_ITS_RUN.isdisjoint(idea.kind for idea in kinds):
        assert not any(undone)


def noting(undone: list[bool], real: Callable[..., Any]) -> Callable[..., Any]:
    """Return `_in_stages` that notes for every run whether it was undone."""

    def noted(uow: Any, node: Any, pairing: Any, run: Sequence[Ready], first: Any) -> Any:
        found = real(uow, node, pairing, run, first)
        undone.append(len(run) > 1 and not found)
        return found

    return noted


@pytest.mark.parametrize(("why", "pair"), SHARED, ids=[why for why, _ in SHARED])
def test_what_shares_something_is_told_apart_at_the_sender(
    monkeypatch: pytest.MonkeyPatch, why: str, pair: list[Idea]
) -> None:
    """The comparison finds what goes wrong when everything counts as independent."""
    run = seal_run(pair)
    single = number_in([[ready] for ready in run])
    monkeypatch.setattr(release, "runs_of", all_together)
    wrong = number_in([run])

    assert differences(single.written, wrong.written), why


def test_amendments_on_the_list_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    run = seal_run(AMENDED_TWICE)
    single = number_in([[ready] for ready in run])
    monkeypatch.setattr(independence, "LOOKS_NO_FURTHER", LOOKS_NO_FURTHER | {"AMD"})
    wrong = number_in([run])

    assert wrong.all_allowed
    assert not single.all_allowed


def asked_beyond(idea: Idea) -> dict[str, set[str]]:
    """Return what numbering a message asks for beside its cases and what it names."""
    found: list[dict[str, set[str]]] = []
    (ready,) = seal_run([idea])

    def unit(world: World, uow: UnitOfWork) -> None:
        watched = Watched(uow, world.link)
        (outcome,) = number_run(watched.as_uow(), world.kh.node, world.link, [ready])
        assert watched.asked["cases"], idea
        assert isinstance(outcome, MessageRow) or idea.kind in EIGHT, outcome
        found.append(watched.beyond(ready.sealed.document))

    async def story(world: World) -> None:
        await world.open()
        await world.kh.store.write(lambda uow: unit(world, uow))

    ground().world(seed=92).run(story)
    return found[0]


@pytest.mark.parametrize("kind", dict.fromkeys(KINDS))
@pytest.mark.parametrize("place", [0, EACH])
def test_a_type_of_the_list_asks_for_nothing_but_what_it_names(kind: str, place: int) -> None:
    if kind.split()[0] in LOOKS_NO_FURTHER:
        assert asked_beyond(Idea(kind, place)) == {}


@pytest.mark.parametrize("kind", FURTHER)
def test_a_type_that_looks_further_is_found_to_do_so(kind: str) -> None:
    assert asked_beyond(Idea(kind, EACH))
    assert kind.split()[0] not in LOOKS_NO_FURTHER


def test_every_type_of_the_list_is_played() -> None:
    assert {kind.split()[0] for kind in EIGHT} == LOOKS_NO_FURTHER


# --- the recipient


def queue(kinds: Sequence[Idea]) -> bytes:
    """Return the store of KH with messages under way that its own checks have not seen."""
    found: list[bytes] = []

    async def story(world: World) -> None:
        await world.open()
        world.weather.down = True
        node, before = world.kh.node, list[Before]()
        for idea in kinds:
            document = ground().document(node, idea, before)
            row = await send_anyway(world.kh, document)
            before.append(Before(row.id, document))
        found.append(world.kh.store.snapshot())

    ground().world(seed=93).run(story)
    return found[0]


def receive(queued: bytes) -> tuple[Written, list[MessageRow]]:
    """Return what VN wrote about messages under way, and their rows."""
    found: list[Any] = []

    async def story(world: World) -> None:
        await world.open()
        await settle(world)
        said = await written(world.vn, movements())
        found.append((said, [row for row in said["messages"] if row.logged_at >= ground().at]))

    world = ground().world(seed=94)
    world.snapshots[KH] = queued
    world.run(story)
    return found[0]


def one_by_one(lines: Sequence[Examined]) -> list[list[Examined]]:
    return [[line] for line in lines]


def in_one_run(lines: Sequence[Examined]) -> list[list[Examined]]:
    return [list(lines)]


@few
@given(runs)
@example([idea for _, pair in SHARED for idea in pair])
@example(AMENDED_TWICE)
@example([*AMENDED_TWICE, Idea("CAN for one", 2), Idea("AMD for one", 2)])
def test_lines_of_all_types_leave_what_they_leave_one_after_the_other(kinds: list[Idea]) -> None:
    queued, undone = queue(kinds), list[bool]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "runs_of", one_by_one)
        single, rows = receive(queued)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "take_run", watching(undone))
        together, _ = receive(queued)

    assert differences(single, together) == []
    assert len(rows) == len(kinds)
    if all(row.state is MessageState.ACCEPTED and not row.stop for row in rows):  # a stop overtakes
        assert not any(undone)


def watching(undone: list[bool]) -> Callable[..., Any]:
    """Return `take_run` that notes for every run whether it had to be undone."""

    def noted(*given: Any) -> list[MessageRow]:
        undone.append(True)
        taken = stages.take_run(*given)
        undone[-1] = False
        return taken

    return noted


def test_what_shares_something_is_told_apart_at_the_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison finds what goes wrong when all lines count as independent."""
    queued = queue(AMENDED_TWICE)
    with monkeypatch.context() as patch:
        patch.setattr(taking, "runs_of", one_by_one)
        single, rows = receive(queued)
    with monkeypatch.context() as patch:
        patch.setattr(taking, "runs_of", in_one_run)
        wrong, wrong_rows = receive(queued)

    assert [row.state for row in rows] == [MessageState.ACCEPTED, MessageState.REJECTED]
    assert differences(single, wrong)
    assert [row.state for row in wrong_rows] == [MessageState.ACCEPTED] * 2
