# SPDX-License-Identifier: Apache-2.0
"""Kills real nodes at random moments: `python -m tests.crash --kills 30 --seed 1`.

Both sides send notices and answer them while one of the two processes is killed with SIGKILL and started
again, over and over. At the end: every message that `send` said was released is with the partner, exactly
once; cases agree; both ledgers agree and are signed by the other side.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from exchange.errors import ExchangeError
from tests.crash_parcels import Kills
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealNode, RealPair


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 at random moments")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parcels", action="store_true", help="kill while parcels are read and written")
    arguments = parser.parse_args()
    if arguments.parcels:
        kills = 50 if arguments.kills == parser.get_default("kills") else arguments.kills
        with tempfile.TemporaryDirectory() as folder, RealPair(Path(folder), by_files=True) as pair:
            print(Kills(pair, kills=kills, seed=arguments.seed).play())
        return 0
    with tempfile.TemporaryDirectory() as folder, RealPair(Path(folder)) as pair:
        told = play(pair, kills=arguments.kills, seed=arguments.seed)
    print(told)
    return 0


def play(pair: RealPair, *, kills: int, seed: int) -> str:
    """Play the story with kills; raises AssertionError when something is lost, doubled or differs."""
    dice = random.Random(seed)
    released: dict[str, list[str]] = {node.code: [] for node in pair.nodes}
    over = threading.Event()
    officers = [
        threading.Thread(target=_officer, args=(node, released[node.code], over)) for node in pair.nodes
    ]
    for thread in officers:
        thread.start()
    try:
        for _ in range(kills):
            time.sleep(dice.uniform(0.05, 1.5))
            node = dice.choice(pair.nodes)
            node.kill()
            node.start()
    finally:
        over.set()
        for thread in officers:
            thread.join()
    pair.until(pair.is_open)
    pair.until(pair.is_quiet)
    return _check(pair, released, kills)


def _officer(node: RealNode, released: list[str], over: threading.Event) -> None:
    """Send notices and answer those that came, until it is over."""
    while not over.is_set():
        try:
            answered = {row["in_reply_to"] for row in node.messages("out")}
            waiting = [
                row for row in node.messages("in") if row["type"] == "RPN" and row["id"] not in answered
            ]
            ready = [row["id"] for row in waiting if row["state"] == "accepted"]
            if ready:
                done = node.service.ask(
                    "message.answer", id=ready[0], officer=FIRST, outcome="accepted", valid_until="2027-12-20"
                )
            else:
                done = node.send(real_notice("VN" if node.code.startswith("KH") else "KH"))
        except ExchangeError:
            time.sleep(0.05)
            continue
        if done["fate"] == "released":
            released.append(done["id"])
        time.sleep(0.05)


def _check(pair: RealPair, released: dict[str, list[str]], kills: int) -> str:
    kh, vn = pair.nodes
    for sender, recipient in ((kh, vn), (vn, kh)):
        out = {row["id"]: row["state"] for row in sender.messages("out")}
        into = [row["id"] for row in recipient.messages("in")]
        lost = [id for id in released[sender.code] if id not in into]
        assert not lost, f"{len(lost)} messages of {sender.code} are lost"
        assert len(into) == len(set(into)) == len(out), (
            f"{sender.code} sent {len(out)}, there are {len(into)}"
        )
        assert set(out.values()) <= {"accepted", "rejected"}, set(out.values())
    found = pair.reconcile()
    assert all(not one["differences"] and not one["faults"] for one in found), found
    states = [
        {row["code"]: row["state"] for row in node.service.ask("case.list", limit=1000)["cases"]}
        for node in pair.nodes
    ]
    assert states[0] == states[1], "cases differ"
    return (
        f"{kills} kills: {found[0]['matched']} messages matched, 0 lost, 0 doubled, differences 0, "
        f"{len(states[0])} cases equal, ledgers {found[0]['entries']}"
    )


if __name__ == "__main__":
    sys.exit(main())
