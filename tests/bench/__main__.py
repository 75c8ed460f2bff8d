# SPDX-License-Identifier: Apache-2.0
"""Measures floor, product and peer side by side: `python -m tests.bench [--quick] [--json FILE]`.

1. Rounds: the floor, then the product in every way of loading it, then the peer, one right after the other.
2. One message at a time on idle nodes.
3. A queue that was filled while the partner was away, and what it leaves on disk.
4. A notice about a thousand persons, tens of thousands of open cases, long evidence packs (`scale`).
5. How the cost of a message, the start and `due` grow with what is stored.
6. Both ledgers are compared; a benchmark whose messages did not all arrive does not count.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.bench.documents import PLAINTEXT, documents
from tests.bench.floor import Floor
from tests.bench.machine import memory_of, this_machine
from tests.bench.peer import Peer, find_peer
from tests.bench.product import (
    Drain,
    Load,
    demand_whole,
    drain,
    idle,
    in_flight,
    pin_both,
    size_class,
    start_after_kill,
)
from tests.bench.report import Findings, Growth, Round
from tests.bench.scale import ScalePlan, measure_scale
from tests.support.pair import RealNode, RealPair

STORE_FILES: Final = ("store.db", "datakeys.db")


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    slices: dict[int, int]
    """Messages of a slice, by how many are in flight: so many that filling up and running dry do not show."""
    floor: int
    peer: int
    idle: int
    queue: int
    scale: ScalePlan
    growth: tuple[int, ...] = ()
    """Messages stored at each end when the cost of a message is measured again."""


QUICK: Final = Plan(
    rounds=2,
    slices={1: 10, 32: 64, 256: 256},
    floor=192,
    peer=8,
    idle=30,
    queue=300,
    scale=ScalePlan(
        persons=(10, 100),
        open_cases=((100, 0), (1_000, 0)),
        rebuilt=(20, 200),
        pack=(100, 1_000),
        append=2_000,
        compared=(1_000, 10_000),
    ),
)
FULL: Final = Plan(
    rounds=5,
    slices={1: 60, 32: 640, 256: 4_096},
    floor=512,
    peer=40,
    idle=300,
    queue=10_000,
    scale=ScalePlan(
        persons=(100, 1_000),
        open_cases=((4_000, 0), (40_000, 0), (400_000, 0), (40_000, 960_000)),
        rebuilt=(4_000, 40_000),
        pack=(10_000, 100_000),
        append=100_000,
        compared=(10_000, 100_000, 1_000_000),
    ),
    growth=(10_000, 100_000),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description="floor, product and peer side by side")
    parser.add_argument("--quick", action="store_true", help="less of everything, below two minutes")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    parser.add_argument("--queue", type=int, help="messages that wait for the partner")
    parser.add_argument("--growth", type=int, nargs="*", help="measure again with so many messages stored")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else FULL
    plan = plan if asked.queue is None else replace(plan, queue=asked.queue)
    plan = plan if asked.growth is None else replace(plan, growth=tuple(asked.growth))
    peer = Peer(None, "left out") if asked.no_peer else find_peer()
    findings = measure(plan, peer)
    print("\n".join(findings.lines()))
    if asked.json:
        asked.json.write_text(json.dumps(findings.as_json(), indent=1) + "\n", encoding="utf-8")
    return 0


def measure(plan: Plan, peer: Peer) -> Findings:
    """Run a plan on two new nodes and return what was found."""
    machine = this_machine()
    with tempfile.TemporaryDirectory() as name, RealPair(Path(name)) as pair:
        findings = Findings(machine, pinned=pin_both(pair), peer_reason=peer.reason)
        floor = Floor(Path(name))
        warm_up = {node.code: documents(node, 64) for node in pair.nodes}
        in_flight(pair, warm_up, 64)
        for number in range(plan.rounds):
            _say(f"round {number + 1} of {plan.rounds}")
            findings.rounds.append(_round(pair, floor, peer, plan))
        _say("idle")
        findings.idle = idle(pair.kh, documents(pair.kh, plan.idle))
        _say(f"a queue of {plan.queue}")
        findings.drain, findings.stored_bytes = _drained(pair, plan.queue)
        _say("much in it")
        findings.scale = measure_scale(pair, Path(name), plan.scale)
        findings.growth = [_grown(pair, floor, size, plan) for size in plan.growth]
        findings.memory = tuple(memory_of(node.process.pid) for node in pair.nodes if node.process)
        findings.size_class = size_class(pair.kh)
        findings.matched = demand_whole(pair)
        floor.close()
    return findings


def _round(pair: RealPair, floor: Floor, peer: Peer, plan: Plan) -> Round:
    product: dict[str, Load] = {}
    fixed = floor.run(documents(pair.kh, plan.floor))
    for both in (False, True):
        for at_once, messages in plan.slices.items():
            way = "both ways" if both else "one way"
            nodes = pair.nodes if both else pair.nodes[:1]
            work = {node.code: documents(node, messages // len(nodes)) for node in nodes}
            product[f"{way}, {at_once} in flight"] = in_flight(pair, work, at_once)
    return Round(fixed, product, peer.run(plan.peer, PLAINTEXT))


def _drained(pair: RealPair, queue: int) -> tuple[Drain, tuple[float, ...]]:
    """Return how a queue was drained, and how much each message of it takes on disk at its two ends."""
    work = documents(pair.kh, queue)
    before = [_stored(node) for node in pair.nodes]
    done = drain(pair, work)
    return done, tuple((_stored(node) - was) / queue for node, was in zip(pair.nodes, before, strict=True))


def _stored(node: RealNode) -> int:
    """Return the bytes of a store, without what still waits in its write-ahead log."""
    return sum(path.stat().st_size for name in STORE_FILES for path in node.folder.rglob(name))


def _grown(pair: RealPair, floor: Floor, size: int, plan: Plan) -> Growth:
    """Return what a message, a start and a worklist cost with so many stored; stores are filled first."""
    _say(f"growing to {size:,} messages")
    at_once = max(plan.slices)
    while (missing := size - _messages(pair)) > 0:
        each = min(missing // 2 + 1, 2_000)
        in_flight(pair, {node.code: documents(node, each) for node in pair.nodes}, at_once)
    load = in_flight(pair, {pair.kh.code: documents(pair.kh, plan.slices[at_once])}, at_once)
    fixed = floor.run(documents(pair.kh, plan.floor))
    began_s = time.monotonic()
    pair.vn.service.ask("due")
    due_ms = (time.monotonic() - began_s) * 1000
    start_s = start_after_kill(pair.vn)
    pair.until(pair.is_open)
    pin_both(pair)
    return Growth(size, load.cpu_us, fixed.cpu_us, start_s, due_ms)


def _messages(pair: RealPair) -> int:
    """Return how many messages of both directions a node has stored."""
    partner = pair.kh.service.ask("partner.list")["partners"][0]["partner"]
    entries: int = pair.kh.service.ask("partner.show", partner=partner)["entries"]["own"]
    return entries


def _say(step: str) -> None:
    print(f"  {step} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
