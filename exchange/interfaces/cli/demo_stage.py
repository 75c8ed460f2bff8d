# SPDX-License-Identifier: Apache-2.0
"""How the demo tells a story: each message is really sent, its verdict awaited, one row printed.

What does not go as told becomes a line in `broken`; the demo says it at the end.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from exchange.clock import SystemClock
from exchange.interfaces.cli.demo_nodes import FIRST, Site
from exchange.interfaces.cli.demo_parcels import Courier
from exchange.interfaces.cli.output import Answer, say, say_marked
from exchange.interfaces.cli.sending import Delivery, follow
from exchange.interfaces.cli.templates import Small

HEADING: Final = f"   {'#':>2}  {'from':<5} {'message':<40} {'acknowledged':<16} {{0:>9}}  {{1:>9}}"
PATIENCE_S: Final = 60.0
"""How long a message may wait for a partner that is made to misbehave."""


@dataclass
class Demo:
    """Both agencies, the rows printed so far, and what did not hold."""

    host: Site
    origin: Site
    today: date
    rows: int = 0
    refusal_expected: bool = False
    """The partner signs with a wrong key: what it sends must be refused."""
    around: dict[int, Callable[[], AbstractContextManager[None]]] = field(default_factory=dict)
    """What happens while the message with a number is sent."""
    broken: list[str] = field(default_factory=list)
    courier: Courier | None = None
    """Carries parcels between the two when neither can be called."""

    @property
    def by_files(self) -> bool:
        return self.courier is not None

    def demand(self, holds: object, what: str) -> bool:
        """Remember `what` as broken unless it holds."""
        if not holds:
            self.broken.append(what)
        return bool(holds)

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.host, self.origin

    @property
    def now(self) -> datetime:
        return SystemClock().now()


@dataclass(frozen=True)
class Sent:
    """A message that was sent, with its whole draft."""

    answer: Answer
    document: Small

    @property
    def id(self) -> str:
        return str(self.answer["id"])


@dataclass(frozen=True)
class Told:
    """One message of a story: who sends it, what to say of it, and how it is sent."""

    sender: Site
    text: str
    send: Callable[[], Sent]


class RefusedAsItMustError(Exception):
    """A message of the partner with a wrong key was refused; the story cannot go on."""


def tell(
    demo: Demo, title: str, steps: Sequence[Told], *, brief: Callable[[], str] | None = None
) -> list[Sent]:
    """Tell a story: send each message, wait for its verdict, say so; return what was sent.

    A `brief` story is one line, with this end, as long as everything goes as told; otherwise every row.
    """
    rows: list[Row] = []
    done: list[Sent] = []
    if not brief:
        say(title)
        say(HEADING.format(f"ledger {demo.host.short}", f"ledger {demo.origin.short}"))
    for step in steps:
        with demo.around.pop(demo.rows + 1, nullcontext)():
            done.append(step.send())
        rows.append(_judge(demo, step, done[-1]))
        if not brief:
            say_marked(rows[-1].line, rows[-1].state)
        if rows[-1].state == "refused" and demo.refusal_expected:
            raise RefusedAsItMustError
    if brief:
        _say_brief(title, rows, brief())
    return done


@dataclass(frozen=True)
class Row:
    """One printed line about a message."""

    line: str
    state: str


def tell_one(demo: Demo, step: Told) -> None:
    """Send one message, wait for its verdict, print its row."""
    row = _judge(demo, step, step.send())
    say_marked(row.line, row.state)


def _say_brief(title: str, rows: Sequence[Row], end: str) -> None:
    if all(row.state == "accepted" for row in rows):
        say_marked(f"{title:<65} {len(rows)} messages, all accepted; {end}", "accepted")
        return
    say(title)
    for row in rows:
        say_marked(row.line, row.state)


def _judge(demo: Demo, step: Told, sent: Sent) -> Row:
    """Return what became of one message, with its entry in the ledger of each side."""
    demo.rows += 1
    if demo.courier:
        demo.courier.round_trip(step.sender)
    delivery = _judged(step.sender, sent)
    verdict, state = delivery.verdict or {}, delivery.state
    entries = [_place(verdict.get("entry")), _place(verdict.get("partner_entry"))]
    if step.sender is demo.origin:
        entries.reverse()
    state = "refused" if state == "stopped" else state
    took = f"accepted {verdict['ms']} ms" if state == "accepted" else state
    text = f"{sent.answer['type']} {step.text}"
    expected = "refused" if demo.refusal_expected and step.sender is demo.origin else "accepted"
    demo.demand(
        state == expected, f"message {demo.rows} was not {expected} ({state} {verdict.get('code', '')})"
    )
    head = f"   {demo.rows:>2}  {step.sender.short} →  {text:<40} {took:<16}"
    return Row(f"{head} {entries[0]:>9}  {entries[1]:>9}", state)


def _place(index: object) -> str:
    """Return the number of an entry as people count, or a dash when there is none."""
    return str(index + 1) if isinstance(index, int) and index >= 0 else "-"


def _judged(site: Site, sent: Sent) -> Delivery:
    """Wait until a message has its verdict; a partner that misbehaves makes it wait."""
    ends_s = time.monotonic() + PATIENCE_S
    while True:
        delivery = follow(site.service, sent.answer, wait=True)
        if delivery.state != "queued" or time.monotonic() > ends_s:
            return delivery


def write(site: Site, small: Small, officer: str = FIRST) -> Small:
    """Return the whole draft of a small file, as an officer of a site would get it."""
    document: Small = site.service.ask("message.fill", document=small, officer=officer)["document"]
    return document


def send(site: Site, document: Small, officer: str = FIRST) -> Sent:
    """Send a draft."""
    return Sent(site.service.ask("message.send", document=document, officer=officer), document)


def named(site: Site, sent: Sent, officer: str) -> Small:
    """Return number and commitment of a message that an officer of `site` has opened."""
    shown = site.service.ask("message.show", id=sent.id, officer=officer)["message"]
    return {"id": shown["id"], "pc": shown["pc"]}


def answer(site: Site, notice: Sent, **members: Any) -> Sent:
    """Answer a notice with a decision on each person."""
    return Sent(site.service.ask("message.answer", id=notice.id, officer=FIRST, **members), {})


def counts(demo: Demo) -> list[int]:
    """Return how many messages, drafts and entries there are: what must not grow."""
    numbers = []
    for site in demo.sites:
        listed, shown = (
            site.service.ask("message.list", limit=1000),
            site.service.ask("partner.show", partner=""),
        )
        numbers += [len(listed["messages"]), len(listed["drafts"]), shown["entries"]["own"]]
    return numbers
