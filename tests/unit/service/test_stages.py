# SPDX-License-Identifier: Apache-2.0
"""Lines that have nothing to do with each other are taken in stages, and come out as one after the other."""

import copy
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from exchange.ids import sha256
from exchange.messages.document import content_of, header_of
from exchange.messages.filling import fill
from exchange.protocol.parts import SALT_BYTES, Document
from exchange.service import casework, stages, taking
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.careless import send_anyway
from tests.support.checks import log_of, settle
from tests.support.keys import seeded_random
from tests.support.notices import notice, sources
from tests.support.world import VN, World

LINES = 24
SEALED = sha256(b"sealed")
"""Stands for what is sealed and signed, which never comes out the same twice."""
Written = dict[str, Any]


def in_stages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many lines each run had that was taken in stages, as they are taken."""
    taken: list[int] = []

    def noted(*given: Any) -> list[MessageRow]:
        rows = stages.take_run(*given)
        taken.append(len(rows))
        return rows

    monkeypatch.setattr(taking, "take_run", noted)
    return taken


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "runs_of", lambda lines: [[line] for line in lines])


class Sender:
    """KH, which sends what its own checks would have stopped."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[tuple[MessageRow, Document]] = []

    async def send(self, kind: str, target: int = 0) -> None:
        """Queue a message; `target` is the place of the message it is about, of those sent before."""
        document = self._new(kind, target) if self.sent else self._notice()
        kh, node = self.world.kh, self.world.kh.node
        if kind == "has used salts":
            salts = seeded_random("salts")
            kh.node = replace(node, random=lambda size: (salts if size == SALT_BYTES else node.random)(size))
        self.sent.append((await send_anyway(kh, document), document))
        kh.node = node

    def _new(self, kind: str, target: int) -> Document:
        row, about = self.sent[target]
        match kind:
            case "breaks a rule":
                document = self._notice()
                content_of(document)["proposed_to"] = "2027-10-01"
                return document
            case "has no form":
                return self._notice() | {"content": {"surprise": 1}}
            case "repeats":
                return copy.deepcopy(self.sent[0][1])
            case "cancels":
                return self._about(about, {"type": "CAN", "target": row.id, "reason": "consent_withdrawn"})
            case "reminds":
                remind = {"type": "RMD", "target": row.id, "level": "first", "due_on": "2027-10-01"}
                return self._about(about, remind)
            case "amends":
                changes = [{"pointer": "/proposed_to", "old": "2027-10-24", "new": "2027-10-26"}]
                amend = {"type": "AMD", "target": row.id, "changes": changes, "reason": "The bus is booked."}
                return self._about(about, amend)
            case "holds":
                (code, *_) = self._cases(about)
                person = {"case_code": code, "reason": "safety_review"}
                return self._about(
                    about,
                    {"type": "HLD", "effect": "all_steps", "review_on": "2027-10-20", "persons": [person]},
                )
        return self._notice(persons=2 if kind == "of two" else 1)

    def _notice(self, persons: int = 1) -> Document:
        return notice(self.world.kh.node, VN, persons=persons)

    def _about(self, document: Document, small: dict[str, Any]) -> Document:
        full = {"purpose": "return_arrangement", "case_codes": self._cases(document)} | small
        return fill(full, sources(self.world.kh.node, VN)).document

    def _cases(self, document: Document) -> list[str]:
        codes = header_of(document)["case_codes"]
        assert isinstance(codes, list)
        return list(map(str, codes))


async def written(world: World) -> Written:
    """Return what VN wrote about the messages of KH."""

    def unit(uow: UnitOfWork) -> Written:
        rows = uow.messages.numbers(world.link, Direction.IN, 1, 100)
        cases = sorted(uow.cases.list(link=world.link), key=lambda case: case.code)
        return {
            "rows": [replace(row, envelope_hash=SEALED, body_hash=SEALED) for row in rows],
            "parts": [uow.contents.parts(world.link, Direction.IN, row.seq) for row in rows],
            "cases": cases,
            "events": [uow.cases.events(world.link, case.code) for case in cases],
            "questions": [uow.questions.of_case(world.link, case.code) for case in cases],
            "audit": uow.audit.list(limit=200),
            "kept": [(row.kind, row.subject, row.reason, row.at) for row in uow.audit.kept(world.link)],
            "link": uow.links.get(world.link),
        }

    said = await world.vn.store.read(unit)
    leaves = [json.loads(leaf) for leaf in await log_of(world.vn, world.vn)]
    log = [{name: value for name, value in leaf.items() if name not in {"eh", "cd"}} for leaf in leaves]
    return said | {"log": log, "counts": world.vn.noted.counts}


def play(kinds: Sequence[tuple[str, int]], *, seed: int = 31) -> Written:
    """Return what VN wrote when messages of these kinds came in one frame."""
    found: Written = {}

    async def story(world: World) -> None:
        await world.open()
        world.weather.down = True
        sender = Sender(world)
        for kind, target in kinds:
            await sender.send(kind, target)
        await settle(world)
        found.update(await written(world))

    run(story, seed=seed)
    return found


def run(story: Callable[[World], Awaitable[None]], *, seed: int) -> None:
    World(seed=seed).run(story)


def both_ways(monkeypatch: pytest.MonkeyPatch, kinds: Sequence[tuple[str, int]]) -> tuple[Written, list[int]]:
    """Return what is written in stages, and the lengths of the runs; it is what is written one by one."""
    with monkeypatch.context() as patch:
        runs = in_stages(patch)
        staged = play(kinds)
    with monkeypatch.context() as patch:
        one_by_one(patch)
        single = play(kinds)
    for name, value in single.items():
        assert staged[name] == value, name
    return staged, runs


def verdicts(said: Written) -> list[str]:
    return [row.code or str(row.state) for row in said["rows"]]


def test_lines_about_different_cases_are_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    said, runs = both_ways(monkeypatch, [("notice", 0), ("of two", 0), ("notice", 0), ("notice", 0)])

    assert runs == [4]
    assert verdicts(said) == [MessageState.ACCEPTED] * 4


@pytest.mark.parametrize("kind", ["breaks a rule", "has no form", "repeats"])
def test_one_that_is_rejected_among_others_is_rejected_alone(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    said, _ = both_ways(monkeypatch, [("notice", 0), ("notice", 0), (kind, 0), ("notice", 0)])

    assert sorted(map(str, verdicts(said))).count("accepted") == 3


def test_salts_of_another_line_of_the_run_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    used = ("has used salts", 0)

    said, _ = both_ways(monkeypatch, [("notice", 0), used, ("notice", 0), used])

    assert verdicts(said) == [*[MessageState.ACCEPTED] * 3, "commitment_mismatch"]


@pytest.mark.parametrize(
    ("kind", "code"), [("reminds", "accepted"), ("amends", "accepted"), ("repeats", "state_conflict")]
)
def test_what_is_about_another_line_is_judged_behind_it(
    monkeypatch: pytest.MonkeyPatch, kind: str, code: str
) -> None:
    said, runs = both_ways(monkeypatch, [("notice", 0), ("notice", 0), (kind, 1), ("notice", 0)])

    assert max(runs, default=0) < 4
    assert verdicts(said)[2] == code


@pytest.mark.parametrize("kind", ["cancels", "holds"])
def test_a_stop_that_overtakes_its_target_is_judged_as_ever(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    both_ways(monkeypatch, [("notice", 0), ("notice", 0), (kind, 1), ("notice", 0)])


@pytest.mark.parametrize("seed", range(6))
def test_any_lines_give_what_they_give_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    strange = ["breaks a rule", "has no form", "repeats", "cancels", "reminds", "amends", "holds"]
    kinds = [
        (dice.choice(["notice"] * 7 + ["of two"] * 3 + strange), dice.randrange(max(place, 1)))
        for place in range(LINES)
    ]

    both_ways(monkeypatch, kinds)


@pytest.mark.parametrize("step", ["touched_by", "enter", "note_received"])
@pytest.mark.parametrize(("times", "held"), [(1, 0), (3, 1)], ids=["once", "again by itself"])
def test_a_fault_of_the_program_in_a_stage_holds_up_no_other_line(
    monkeypatch: pytest.MonkeyPatch, step: str, times: int, held: int
) -> None:
    real, left = getattr(casework, step), [KeyError("planted")] * times

    def faulty(*given: Any, **named: Any) -> Any:
        if left and any(isinstance(one, MessageRow) and one.seq == 2 for one in given):
            raise left.pop()
        return real(*given, **named)

    monkeypatch.setattr(casework, step, faulty)
    said = play([("notice", 0)] * 4)

    assert verdicts(said) == [MessageState.ACCEPTED] * 4
    assert said["counts"].count(("line_received", "held")) == held
    assert said["counts"].count(("line_received", "accepted")) == 4
    assert len(said["cases"]) == 4
