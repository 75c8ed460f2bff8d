# SPDX-License-Identifier: Apache-2.0
"""The demo by files: `exchange demo --by-files`. Neither node has an address; a courier carries parcels.

The stories are those of the network. After each message its sender writes a parcel, the other side reads
it and writes one back with its entry. Between the stories both nodes are stopped and started again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exchange.errors import ExchangeError, NodeError
from exchange.interfaces.cli import demo_nodes
from exchange.interfaces.cli.demo_nodes import Site
from exchange.interfaces.cli.demo_parcels import Courier
from exchange.interfaces.cli.demo_stage import Demo, counts
from exchange.interfaces.cli.output import say

BAG: Final = "courier"
"""Folder in which all parcels of the demo stay, to be looked at."""
SETTLING_TRIPS: Final = 2
"""Until each side has the other's signature over everything, also over the entries of the last trip."""


def prepare(demo: Demo, folder: Path) -> None:
    """Take both addresses away, and give the demo a courier; before the nodes are set up."""
    for site in demo.sites:
        site.by_files = True
    bag = folder / BAG
    bag.mkdir(mode=0o700, exist_ok=True)
    demo.courier = Courier(demo.sites, bag, parcels=len(list(bag.glob("*.parcel"))))


def finish_enrolment(demo: Demo) -> None:
    """Carry the inviter's countersignature to the joiner."""
    demo_nodes.await_open((demo.host,))
    _courier(demo).carry(demo.host)
    say("  nobody can be called: the countersignature went in the first parcel")


def restart(demo: Demo) -> None:
    """Stop both nodes and start them again; their gates open by the high-water files."""
    demo_nodes.stop_all(demo.sites)
    demo_nodes.start_all(demo.sites)
    demo_nodes.await_open(demo.sites)
    say("both nodes were stopped and started again; nothing was asked of anybody")


def settle(demo: Demo) -> None:
    """Carry parcels until each side has signed the whole ledger of the other."""
    courier = _courier(demo)
    for _ in range(SETTLING_TRIPS):
        courier.round_trip(demo.host)
    size = f"{courier.bytes / 10**6:.1f} MB"
    say(f"Courier             {courier.parcels} parcels, {size}, kept in {courier.bag}")


@dataclass(frozen=True)
class Trial:
    """What was tried with a parcel, what it should lead to, and whether it did."""

    what: str
    result: str
    holds: bool


def tried_on_the_way(demo: Demo) -> list[Trial]:
    """Change, cut, misdirect and repeat a parcel, and look that nothing happened."""
    courier = _courier(demo)
    path = courier.write(demo.host)
    raw, before = path.read_bytes(), counts(demo)
    changed = bytearray(raw)
    changed[-9] ^= 1
    wrong = (
        ("one byte of a parcel changed on the way", demo.origin, bytes(changed), "changed or damaged"),
        ("a parcel cut in the middle", demo.origin, raw[: len(raw) // 2], "is cut"),
        ("a parcel read by its own writer", demo.host, raw, "written by this node"),
    )
    trials = []
    for number, (what, reader, file, expected) in enumerate(wrong, 1):
        place = courier.bag / f"wrong-{courier.parcels:03d}-{number}.parcel"
        place.write_bytes(file)
        holds = expected in _refusal(courier, reader, place) and counts(demo) == before
        trials.append(Trial(what, "refused whole, nothing was taken", holds))
    courier.read(demo.origin, path)
    before = counts(demo)
    again = courier.read(demo.origin, path)
    holds = not again["new_entries"] and not again["new_messages"] and counts(demo) == before
    return [*trials, Trial("the same parcel read a second time", "nothing in it was new", holds)]


def _refusal(courier: Courier, reader: Site, path: Path) -> str:
    try:
        courier.read(reader, path)
    except ExchangeError as error:
        return str(error)
    return ""


def _courier(demo: Demo) -> Courier:
    if demo.courier is None:
        raise NodeError("this demo has no courier")
    return demo.courier
