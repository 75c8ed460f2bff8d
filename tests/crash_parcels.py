# SPDX-License-Identifier: Apache-2.0
"""Kills real nodes while they read and write parcels: `make crash ARGS=--parcels`.

Neither node has an address. One side sends notices; the other one reads the parcel with them and is killed
with SIGKILL at a random moment, started again, and reads the same file once more, over and over. One kill
in five hits the writer instead, while it writes. At the end: every message is there exactly once, has its
verdict on both sides, and both ledgers agree and are signed.
"""

import random
import threading
import time
from pathlib import Path
from typing import Any

from exchange.errors import ExchangeError
from tests.support.notices import real_notice
from tests.support.pair import RealNode, RealPair

BATCH = 150
"""Messages sent before each new parcel."""
WRITER_SHARE = 0.2


class Kills:
    """The story: what was sent, and how often whom was killed in the middle of what."""

    def __init__(self, pair: RealPair, *, kills: int, seed: int, batch: int = BATCH) -> None:
        self.pair, self.kills, self.batch = pair, kills, batch
        self.dice = random.Random(seed)
        self.sent = 0
        self.in_the_middle = 0
        self.read_s = 1.0
        """How long the last reading took that was not broken off."""

    def play(self) -> str:
        """Play until enough kills; raises AssertionError when something is lost, doubled or differs."""
        done = 0
        while done < self.kills:
            self._send()
            path = self._write()
            while done < self.kills:
                if self.dice.random() < WRITER_SHARE:
                    self._break_off(self.pair.kh, self.pair.kh.write_parcel, self.pair.new_place())
                    done += 1
                    continue
                done += 1
                if not self._break_off(self.pair.vn, self.pair.vn.read_parcel, path):
                    break
        return self._conclude()

    def _send(self) -> None:
        for _ in range(self.batch):
            self.pair.kh.send(real_notice("VN"))
            self.sent += 1

    def _write(self) -> Path:
        return self.pair.kh.write_parcel(self.pair.new_place())

    def _break_off(self, node: RealNode, work: Any, path: Path) -> bool:
        """Kill a node at a random moment of its work and start it again; return False if it was done."""
        ended: list[bool] = []

        def run() -> None:
            try:
                work(path)
                ended.append(True)
            except ExchangeError:
                ended.append(False)

        worker = threading.Thread(target=run)
        began_s = time.monotonic()
        worker.start()
        worker.join(self.dice.uniform(0.0, 1.2 * self.read_s))
        was_in_the_middle = worker.is_alive()
        node.kill()
        worker.join()
        node.start()
        self.pair.until(self.pair.is_open)
        self.in_the_middle += was_in_the_middle
        if ended == [True] and node is self.pair.vn:
            self.read_s = max(0.3, time.monotonic() - began_s)
        return was_in_the_middle

    def _conclude(self) -> str:
        pair = self.pair
        for _ in range(2):
            pair.carry(pair.kh)
            pair.carry(pair.vn)
        into = [row["id"] for row in pair.vn.messages("in")]
        assert len(into) == len(set(into)), "a message is there twice"
        for found in pair.reconcile():
            assert not found["differences"], found["differences"]
            assert not found["faults"], found["faults"]
            assert found["cosigned"] == found["entries"], found
        counts = pair.reconcile()[0]["outgoing"]
        assert counts["sent"] == counts["received"] == counts["accepted"] == self.sent, counts
        left = len(list(pair.folder.glob(".*.part")))
        return (
            f"{self.kills} kills, {self.in_the_middle} of them in the middle: {self.sent} messages,"
            f" 0 lost, 0 doubled, ledgers equal and signed, {left} unfinished files left by the writer"
        )
