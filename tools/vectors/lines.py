# SPDX-License-Identifier: Apache-2.0
"""The vectors of lines: every case of the kit, played on paper from its context."""

from collections.abc import Iterator
from typing import Any

from exchange.kit.breaking import RIGHT
from exchange.kit.cases import ACCEPTED, Case, Offer, rejected
from exchange.kit.contexts import Contexts
from exchange.kit.play import CASES
from exchange.kit.scribe import Order, Scribe
from exchange.kit.vectors import scribe_in

from tools.vectors import classical
from tools.vectors.kept import KeptBodies

Row = dict[str, Any]
LONG = 1024**2
MISMATCH = rejected("agreement_mismatch")


def rows(contexts: Contexts, bodies: KeptBodies) -> list[Row]:
    """Return a vector for each case that has one."""
    every = (*CASES, *VERSIONS)
    return [_row(contexts, case, bodies) for case in (*every, *classical.again(every)) if case.vector]


def _row(contexts: Contexts, case: Case, bodies: KeptBodies) -> Row:
    scribe = scribe_in(contexts, contexts.named[case.context], case.context)
    scribe.sealer = bodies
    return {
        "name": case.name,
        "rule": case.rule,
        "description": case.description,
        "context": case.context,
        "steps": [_step(scribe, offer) for offer in case.play(scribe)],
    }


def _step(scribe: Scribe, offer: Offer) -> Row:
    place = len(scribe.leaves)
    scribe.log(*offer.entries)
    leaves = [leaf.decode("ascii") for leaf in scribe.leaves[place:]]
    step: Row = {"leaves": leaves, "head": scribe.head()} if leaves else {}
    if offer.card:
        step["card"] = offer.card
    step |= {"fails": True} if offer.fails else {}
    step |= {"later_s": offer.later_s} if offer.later_s else {}
    step |= {"lines": [_text(line) for line in offer.lines], "expect": list(offer.expect)}
    return step | ({"then": list(offer.then)} if offer.then else {})


def _text(line: bytes) -> Any:
    """Return a line as text, or a long one in pieces: what it begins with, and the letter that fills it."""
    text = line.decode("utf-8")
    if len(text) < LONG:
        return text
    start = text.rstrip("A")
    return [(start, 1), ("A", len(text) - len(start))]


def _under(first: int, second: int) -> Any:
    """Return the play of two numbers, each under a version of the agreement."""

    def play(scribe: Scribe) -> Iterator[Offer]:
        due = (ACCEPTED if first == 1 else MISMATCH, ACCEPTED if second == 2 else MISMATCH)
        for version, expect in zip((first, second), due, strict=True):
            written = scribe.write(RIGHT, Order(agr=version))
            yield Offer((written.line,), (expect,), (written.entry,))

    return play


VERSIONS = tuple(
    Case(f"agreement-{first}-then-{second}", "agreement.in_force",
         f"Number 1 is under version {first}, number 2 under version {second}.", _under(first, second),
         context="second")
    for first, second in ((1, 2), (2, 2), (1, 1))
)  # fmt: skip
"""Version 2 holds from number 2 on."""
