# SPDX-License-Identifier: Apache-2.0
"""The product of the benchmark: two real nodes under load, everything on.

TLS on loopback, signed requests, suite 2, full copies, cosignatures, rules, cases, audit, SQLite with every
commit durable. Each node is kept on a core of its own where the system can do that. Documents are complete
before the clock starts and go to the nodes by the local command `message.send_many`.

Counted: all CPU time of both node processes, from reading the command to the last verdict. Not counted: the
program that sends, which shares the cores with the nodes and so lowers messages per second, not the CPU time.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from exchange.ids import AgencyCode
from tests.bench.documents import Document
from tests.bench.machine import cpu_s, pin
from tests.support.pair import FIRST, RealNode, RealPair

CALLERS: Final = 4
"""Commands of one side under way at the same time, when enough messages are in flight for that."""
FILLERS: Final = 2
"""Commands under way at the same time while a queue is filled."""
BATCH: Final = 100
"""Documents in one command while a queue is filled: as many as a frame has lines."""
LIMIT_S: Final = 3_600.0
LEFT_ALONE_S: Final = 0.05
"""How long a node that has taken one message is not asked anything."""
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
"""What CPU time of another process is counted in."""


@dataclass(frozen=True)
class Load:
    """What some messages took: seconds on the clock, and CPU seconds of each node."""

    messages: int
    wall_s: float
    cpu_s: tuple[float, float]

    @property
    def per_s(self) -> float:
        return self.messages / self.wall_s

    @property
    def cpu_us(self) -> float:
        """CPU time of both ends a message; less than the system's clock can tell counts as one tick of it."""
        return max(sum(self.cpu_s), TICK_S) / self.messages * 1e6


@dataclass(frozen=True)
class Drain:
    """A queue that was filled while the partner was away, and emptied when it came back."""

    filled: Load
    drained: Load

    @property
    def cpu_us(self) -> float:
        return self.filled.cpu_us + self.drained.cpu_us


@dataclass(frozen=True)
class Idle:
    """One message at a time, milliseconds: by the clock of a node left alone, and as its caller sees it."""

    node_ms: tuple[float, ...]
    caller_ms: tuple[float, ...]


def share(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def pin_both(pair: RealPair) -> bool:
    """Give each node a core of its own; return False where the system cannot."""
    return all([pin(_pid(node), core) for core, node in enumerate(pair.nodes)])


def in_flight(pair: RealPair, work: Mapping[AgencyCode, Sequence[Document]], at_once: int) -> Load:
    """Release documents of one or both sides so that `at_once` of a side wait for their verdict."""
    callers = min(CALLERS, at_once)
    messages = sum(map(len, work.values()))

    calls = [
        partial(_deliver, node, hand, at_once // callers)
        for node in pair.nodes
        for hand in _dealt(work.get(node.code, ()), callers)
    ]
    return _measured(pair, messages, lambda: _together(calls))


def drain(pair: RealPair, waiting: Sequence[Document]) -> Drain:
    """Fill the queue of the first node while the second one is away, then let it come back."""
    kh, vn = pair.nodes
    vn.stop()
    fill = [partial(_enqueue, kh, hand) for hand in _dealt(waiting, FILLERS)]
    filled = _measured(pair, len(waiting), lambda: _together(fill))
    vn.start()
    pin_both(pair)
    drained = _measured(pair, len(waiting), lambda: _until_empty(kh))
    return Drain(filled, drained)


def idle(node: RealNode, work: Sequence[Document]) -> Idle:
    """Send one message after the other, each when the one before has its verdict.

    In turns the verdict is waited for at once, as an officer's program does, and asked for when it has long
    been there. Who waits has to be answered on the same core, so only a node that was left alone shows by its
    own clock what a message takes.
    """
    by_node, by_caller = [], []
    for waited, document in zip(cycle((True, False)), work, strict=False):
        began_s = time.perf_counter()
        sent = node.service.ask("message.send", document=document, officer=FIRST)
        if not waited:
            time.sleep(LEFT_ALONE_S)
        verdict = _wait(node, sent["link"], sent["seq"])
        if waited:
            by_caller.append((time.perf_counter() - began_s) * 1000)
        else:
            by_node.append(float(verdict["ms"]))
    return Idle(tuple(by_node), tuple(by_caller))


def one_notice(pair: RealPair, document: Document) -> Load:
    """Send one message of the first node and wait for its verdict."""

    def send() -> None:
        sent = pair.kh.service.ask("message.send", document=document, officer=FIRST)
        _wait(pair.kh, sent["link"], sent["seq"])

    return _measured(pair, 1, send)


def start_after_kill(node: RealNode) -> float:
    """End a node as a power cut would; return the seconds from its start until it answers a command."""
    node.kill()
    began_s = time.monotonic()
    node.start()
    return time.monotonic() - began_s


def size_class(node: RealNode) -> int:
    """Return the padded bytes of an early message of a node, from its entry in the ledger."""
    entries = node.service.ask("ledger.list")["entries"]
    return int(next(one["sz"] for one in entries if "sz" in one))


def demand_whole(pair: RealPair) -> int:
    """Return how many messages were matched; raises if ledgers or cosignatures of the two differ."""
    found = pair.reconcile()
    for one in found:
        assert not one["differences"], one
        assert not one["faults"], one
        assert one["entries"] == one["cosigned"], one
    return int(found[0]["matched"])


def _measured(pair: RealPair, messages: int, work: Callable[[], None]) -> Load:
    running = [node for node in pair.nodes if node.process is not None]
    used_s = [cpu_s(_pid(node)) for node in running]
    began_s = time.monotonic()
    work()
    wall_s = time.monotonic() - began_s
    spent = [cpu_s(_pid(node)) - before for node, before in zip(running, used_s, strict=True)]
    return Load(messages, wall_s, (spent[0], spent[1] if len(spent) > 1 else 0.0))


def _deliver(node: RealNode, work: Sequence[Document], at_once: int) -> None:
    """Send `at_once` documents in a call and wait for their verdicts, until all are sent."""
    for chunk in _chunks(work, at_once):
        numbers = _send(node, chunk)
        _wait(node, *max(numbers, key=lambda number: number[1]))


def _enqueue(node: RealNode, work: Sequence[Document]) -> None:
    for chunk in _chunks(work, BATCH):
        _send(node, chunk)


def _send(node: RealNode, chunk: Sequence[Document]) -> list[tuple[str, int]]:
    answer = node.service.ask("message.send_many", documents=list(chunk), officer=FIRST)
    assert all(one.get("fate") == "released" for one in answer["sent"]), answer["sent"]
    return [(answer["link"], one["seq"]) for one in answer["sent"]]


def _wait(node: RealNode, link: str, seq: int) -> dict[str, Any]:
    ends_s = time.monotonic() + LIMIT_S
    while time.monotonic() < ends_s:
        verdict: dict[str, Any] = node.service.ask("message.wait", link=link, seq=seq, timeout_s=60)
        if verdict["state"] == "accepted":
            return verdict
        assert verdict["state"] in {"queued", "held"}, verdict
    raise AssertionError(f"message {seq} has no verdict after {LIMIT_S:.0f} s")


def _until_empty(node: RealNode) -> None:
    """Wait until every released message has its verdict."""
    ends_s = time.monotonic() + LIMIT_S
    while node.service.ask("status")["partners"][0]["waiting"]:
        assert time.monotonic() < ends_s, "the queue is not empty"
        time.sleep(0.05)


def _dealt(work: Sequence[Document], hands: int) -> list[Sequence[Document]]:
    """Return the documents as dealt to some callers; none for a caller without any."""
    return [part for hand in range(hands) if (part := work[hand::hands])]


def _chunks(work: Sequence[Document], size: int) -> Iterator[list[Document]]:
    left = iter(work)
    while chunk := list(islice(left, size)):
        yield chunk


def _together(calls: Sequence[Callable[[], None]]) -> None:
    """Run calls side by side; the first error of any comes out."""
    with ThreadPoolExecutor(max_workers=max(1, len(calls))) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


def _pid(node: RealNode) -> int:
    assert node.process is not None, f"{node.code} does not run"
    return node.process.pid
