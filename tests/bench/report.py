# SPDX-License-Identifier: Apache-2.0
"""What the benchmark found: medians over the rounds, and ratios of what was measured side by side.

A ratio is taken inside each round, where floor, product and peer follow each other within seconds, and then
the median over the rounds: so a neighbour who slows the machine down slows all three.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.bench.floor import FloorRun
from tests.bench.machine import Machine, Memory
from tests.bench.peer import PeerRun
from tests.bench.product import Drain, Idle, Load, share
from tests.bench.scale import Scale


@dataclass
class Round:
    """What was measured in one go, one after the other."""

    floor: FloorRun
    product: dict[str, Load]
    peer: PeerRun | None


@dataclass(frozen=True)
class Growth:
    """What was measured with so many messages stored at each end."""

    stored: int
    cpu_us: float
    """CPU of both ends a message, and of the floor beside it."""
    floor_us: float
    start_s: float
    """From the start after a power cut until a command is answered, with the passphrase."""
    due_ms: float
    """`exchange due` with all these notices open, as its caller sees it."""


@dataclass
class Findings:
    """Everything of one run."""

    machine: Machine
    pinned: bool
    peer_reason: str
    rounds: list[Round] = field(default_factory=list)
    idle: Idle | None = None
    drain: Drain | None = None
    memory: tuple[Memory, ...] = ()
    stored_bytes: tuple[float, ...] = ()
    """For each message at its sender and at its recipient."""
    growth: list[Growth] = field(default_factory=list)
    scale: Scale | None = None
    size_class: int = 0
    """Padded bytes of the plaintext of the last message, as the node says."""
    matched: int = 0

    def lines(self) -> list[str]:
        """Return the table for people."""
        scale = [*self._growth(), *(self.scale.lines() if self.scale else ())]
        return [self.machine.words, "", *self._rates(), "", *self._others(), *scale, "", self._end()]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"lines": self.lines()}

    def _rates(self) -> list[str]:
        title = (
            "messages of 4 kB, suite 2, everything on",
            "messages/s",
            "CPU of both ends",
            "floor/product",
        )
        rows = [_row(*title), _row("floor: groups of 64, one thread", *self._floor())]
        rows += [self._way(way) for way in (self.rounds[0].product if self.rounds else {})]
        if self.drain:
            filled, drained = self.drain.filled, self.drain.drained
            rows.append(_row("queued while the partner is away", f"{filled.per_s:,.0f}", _us(filled.cpu_us)))
            rows.append(_row("delivered when it returns", f"{drained.per_s:,.0f}", _us(drained.cpu_us)))
            share_text = _percent(median(one.floor.cpu_us for one in self.rounds) / self.drain.cpu_us)
            rows.append(_row("queued, then delivered: both together", "", _us(self.drain.cpu_us), share_text))
        return [*rows, self._peer()]

    def _floor(self) -> tuple[str, str]:
        runs = [one.floor for one in self.rounds]
        rate = median(run.messages / run.wall_s for run in runs)
        return f"{rate:,.0f}", _us(median(run.cpu_us for run in runs))

    def _way(self, way: str) -> str:
        loads = [one.product[way] for one in self.rounds]
        of_floor = median(one.floor.cpu_us / one.product[way].cpu_us for one in self.rounds)
        rate, used = median(load.per_s for load in loads), median(load.cpu_us for load in loads)
        return _row(way, f"{rate:,.0f}", _us(used), _percent(of_floor))

    def _peer(self) -> str:
        runs = [(one.peer, one.product) for one in self.rounds if one.peer]
        if not runs:
            return f"peer: AS2 by pyas2lib {self.peer_reason}"
        last = list(runs[0][1])[-1]
        times = median(peer.cpu_us / product[last].cpu_us for peer, product in runs)
        used = median(peer.cpu_us for peer, _ in runs)
        rate = median(peer.messages / peer.wall_s for peer, _ in runs)
        return _row(
            "peer: AS2, packing only, one thread", f"{rate:,.0f}", _us(used), f"{times:.1f} x product"
        )

    def _others(self) -> list[str]:
        found = []
        if self.idle:
            found.append(
                _spread("idle, release to verdict, by the clock of a node left alone", self.idle.node_ms)
            )
            found.append(_spread("idle, command to verdict, as its caller sees it", self.idle.caller_ms))
        if self.drain:
            drained = self.drain.drained
            found.append(f"{drained.messages:,} queued messages delivered in {drained.wall_s:.1f} s")
        if self.stored_bytes:
            sides = " and ".join(f"{value / 1000:.1f} kB" for value in self.stored_bytes)
            found.append(f"stored for each message: {sides} at its two ends")
        now = " and ".join(f"{one.now:.0f} MiB" for one in self.memory)
        most = " and ".join(f"{one.most:.0f} MiB" for one in self.memory)
        held = f"memory of the two nodes: {now}; once, also for the passphrase at the start, {most}"
        return [*found, held]

    def _growth(self) -> list[str]:
        return [
            f"with {one.stored:,} messages stored: {_us(one.cpu_us)} a message, "
            f"floor/product {_percent(one.floor_us / one.cpu_us)}; start after a kill {one.start_s:.1f} s; "
            f"due {one.due_ms:.0f} ms"
            for one in self.growth
        ]

    def _end(self) -> str:
        cores = "each node on a core of its own" if self.pinned else "nodes not kept on cores of their own"
        return f"{self.matched:,} messages matched in both ledgers, no difference; {cores}"


def _row(first: str, *others: str) -> str:
    return f"{first:<44}" + "".join(f"{text:>18}" for text in others)


def _us(value: float) -> str:
    return f"{value:,.0f} µs"


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _spread(name: str, values: Sequence[float]) -> str:
    return f"{name}: p50 {share(values, 0.5):.1f} ms, p99 {share(values, 0.99):.1f} ms"
