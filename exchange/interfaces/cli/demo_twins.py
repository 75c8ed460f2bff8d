# SPDX-License-Identifier: Apache-2.0
"""What the demo does with a partner that behaves badly: `exchange demo --twin NAME`.

The partner is a whole node that misbehaves on purpose (`EXCHANGE_TWIN`), is stopped for a while, or only
calls. Whatever it does, the stories end as without it; with a wrong key nothing it says is taken.
"""

import contextlib
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from exchange.interfaces.cli import demo_files as files
from exchange.interfaces.cli import demo_nodes
from exchange.interfaces.cli.demo_nodes import Site
from exchange.interfaces.cli.demo_stage import Demo, Told, send, tell_one, write
from exchange.interfaces.cli.demo_stories import TWO
from exchange.interfaces.cli.output import say, say_marked

OUTAGE_AT: Final = 6
"""The partner is stopped while this message is sent: the host sends it, after an answer."""
OUTAGE_S: Final = 1.0


class Twin(StrEnum):
    """How the partner of the demo behaves badly."""

    LOSSY = "lossy"
    DUPLICATE = "duplicate"
    LATE = "late"
    WRONG_KEY = "wrong-key"
    OFFLINE = "offline"
    PULL_ONLY = "pull-only"

    @property
    def of_the_node(self) -> str:
        """Name under which the partner's node itself misbehaves, or "" when it does not."""
        return "" if self in (Twin.OFFLINE, Twin.PULL_ONLY) else self.value


_DONE: Final = {
    Twin.LOSSY: "{n} answers of {partner} were lost, every third one; each was asked for again",
    Twin.DUPLICATE: "{n} frames of {partner} were sent twice; nothing happened twice",
    Twin.LATE: "{n} answers of {partner} came a second late; nothing was lost or doubled",
    Twin.OFFLINE: "{partner} was stopped while message {n} was sent, and caught up after its start",
    Twin.PULL_ONLY: "{partner} has no address and was never called; it called, and waited for news",
}


def prepare(demo: Demo, twin: Twin | None) -> None:
    """Set the partner up to misbehave; before the processes start."""
    if twin is None:
        return
    demo.origin.twin = twin.of_the_node
    demo.origin.only_calls = twin is Twin.PULL_ONLY
    demo.refusal_expected = twin is Twin.WRONG_KEY
    if twin is Twin.OFFLINE:
        demo.around[OUTAGE_AT] = lambda: _outage(demo)


def conclude(demo: Demo, twin: Twin | None) -> None:
    """Say in one line what was done to the traffic, and look that it was done."""
    if twin is None:
        return
    faults = demo.origin.service.ask("training.faults")["done"]
    number = OUTAGE_AT if twin is Twin.OFFLINE else faults
    text = _DONE[twin].format(n=number, partner=demo.origin.short)
    say(f"Twin {twin.value:<14} {text}")
    demo.demand(faults or not twin.of_the_node, f"the twin {twin.value} did nothing")


def conclude_refusal(demo: Demo) -> None:
    """Show that nothing of a partner with a wrong key is taken, and that its messages are stopped."""
    host, origin = demo.host, demo.origin
    small = files.notice([files.returning(woman, demo.today) for woman in TWO], demo.today)
    tell_one(demo, Told(origin, "repatriation notice, 2 persons", lambda: send(origin, write(origin, small))))
    sent, taken = _messages(origin, "out"), _messages(host, "in")
    held = all(state == "stopped" for state in sent) and not taken
    demo.demand(held, "something of the partner with a wrong key was taken")
    say()
    text = f"{origin.short} signs with a key that is not in its card: {len(sent)} messages refused,"
    say_marked(f"Twin wrong-key      {text}", "refused" if held else "differs")
    say(f"                    stopped at {origin.short}, {len(taken)} taken by {host.short}")


def _messages(site: Site, direction: str) -> list[str]:
    """Return the states of the messages that a site sent or took."""
    rows = site.service.ask("message.list", direction=direction, limit=1000)["messages"]
    return [str(row["state"]) for row in rows]


@contextlib.contextmanager
def _outage(demo: Demo) -> Iterator[None]:
    """Stop the partner, let something be sent, and start the partner again."""
    demo_nodes.stop_all([demo.origin])
    yield
    time.sleep(OUTAGE_S)
    waiting = [state for state in _messages(demo.host, "out") if state == "queued"]
    demo.demand(waiting, "nothing waited for the partner that was stopped")
    demo_nodes.start_all([demo.origin])
