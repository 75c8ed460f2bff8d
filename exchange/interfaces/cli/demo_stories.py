# SPDX-License-Identifier: Apache-2.0
"""The stories of the demo, and what must not work; each step is really done and looked at on both sides.

Persons are invented. A story that does not go as told, or a trial that is not refused, becomes a line in
`broken`; the demo says it at the end.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from exchange.errors import InputError
from exchange.ids import LinkId
from exchange.interfaces.cli import templates
from exchange.interfaces.cli.demo_nodes import FIRST, Site
from exchange.interfaces.cli.output import Answer, say, say_marked
from exchange.interfaces.cli.sending import follow
from exchange.protocol.frames import Frame, Outcome, decode_frame, encode_frame

HEADING: Final = f"   {'#':>2}  {'from':<5} {'message':<40} {'acknowledged':<14} {{0:>9}}  {{1:>9}}"
_WOMEN: Final = (("SOK Sreymom", "N0000001"), ("CHEA Bopha", "N0000002"))
REFUSED: Final = "nationality_not_established"
_EXPECTED: Final = frozenset(
    {"count_invalid at /content/persons_count", "consent_missing at /persons/0/consents"}
)


@dataclass
class Demo:
    """Both agencies, the rows printed so far, and what did not hold."""

    host: Site
    origin: Site
    today: date
    rows: int = 0
    broken: list[str] = field(default_factory=list)

    def demand(self, holds: object, what: str) -> bool:
        """Remember `what` as broken unless it holds."""
        if not holds:
            self.broken.append(what)
        return bool(holds)

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.host, self.origin


@dataclass(frozen=True)
class Told:
    """One message of a story: who sends it, what to say of it, and how it is sent."""

    sender: Site
    text: str
    send: Callable[[], Answer]


def story(demo: Demo, title: str, steps: Sequence[Told]) -> list[Answer]:
    """Tell a story: send each message, wait for its verdict, print one row; return what was sent."""
    say(title)
    say(HEADING.format(f"ledger {demo.host.short}", f"ledger {demo.origin.short}"))
    done: list[Answer] = []
    for step in steps:
        done.append(step.send())
        _row(demo, step, done[-1])
    return done


def _row(demo: Demo, step: Told, sent: Answer) -> None:
    """Print what became of one message, with its entry in the ledger of each side."""
    demo.rows += 1
    delivery = follow(step.sender.service, sent, wait=True)
    verdict = delivery.verdict or {}
    state = delivery.state
    entries = [verdict.get("entry", -1) + 1, verdict.get("partner_entry", -1) + 1]
    if step.sender is demo.origin:
        entries.reverse()
    took = (
        f"{state} {verdict['ms']} ms"
        if state == "accepted"
        else f"{state} {verdict.get('code', '')}".rstrip()
    )
    text = f"{sent['type']} {step.text}"
    line = f"   {demo.rows:>2}  {step.sender.short} →  {text:<40} {took:<14} {entries[0]:>9}  {entries[1]:>9}"
    say_marked(line, state)
    demo.demand(state == "accepted", f"message {demo.rows} was not accepted ({state})")


def returns_home(demo: Demo) -> list[Answer]:
    """Story 1: MoSVY returns a Vietnamese woman."""
    host, origin = demo.host, demo.origin
    woman = templates.person("NGUYEN Thi Mai", "VN", demo.today)
    notice = templates.notice([woman], demo.today)
    sent: list[Answer] = []
    return story(
        demo,
        "Story 1  MoSVY returns a Vietnamese woman found in Phnom Penh",
        [
            Told(host, "repatriation notice, 1 person", lambda: _kept(sent, _send(host, notice))),
            Told(
                origin,
                "decision: accepted",
                lambda: _answer(
                    origin,
                    sent[0],
                    outcome="accepted",
                    valid_until=_in_days(demo.today, 80),
                    reception="VN-MOH",
                ),
            ),
        ],
    )


def two_women(demo: Demo) -> list[Answer]:
    """Story 2: Viet Nam returns two Cambodian women; one is accepted, one refused."""
    host, origin = demo.host, demo.origin
    women = [templates.person(name, "KH", demo.today, number=number) for name, number in _WOMEN]
    notice = templates.notice(women, demo.today)
    sent: list[Answer] = []
    return story(
        demo,
        "Story 2  Viet Nam returns two Cambodian women with passports",
        [
            Told(origin, "repatriation notice, 2 persons", lambda: _kept(sent, _send(origin, notice))),
            Told(host, "decision: 1 accepted, 1 refused", lambda: _one_of_two(demo, sent[0])),
        ],
    )


def _one_of_two(demo: Demo, notice: Answer) -> Answer:
    """Let the host of story 1, now the state of origin, accept one person and refuse the other."""
    service = demo.host.service
    opened = service.ask("message.show", id=notice["id"], officer=FIRST)["document"]
    accepted, refused = (person["case_code"] for person in opened["persons"])
    persons = [
        {
            "case_code": accepted,
            "outcome": "accepted",
            "valid_until": _in_days(demo.today, 80),
            "reception": "KH-PTC",
        },
        {
            "case_code": refused,
            "outcome": "refused",
            "reason": REFUSED,
            "reasons": "The passport number is not in the register; please send a copy.",
        },
    ]
    return _answer(demo.host, notice, persons=persons)


def own_file(demo: Demo, document: dict[str, Any]) -> list[Answer]:
    """Send the user's own notice from the host side.

    Raises:
        InputError: something is wrong with it, said as `message send` says it.
    """
    steps = [Told(demo.host, "your own file", lambda: _send(demo.host, document))]
    return story(demo, "Your file", steps)


def what_must_not_work(demo: Demo, sent: Answer) -> None:
    """Try what must not work with a message that was sent before, and look that nothing happened."""
    say("What must not work")
    number = 1
    line = demo.host.service.ask("message.line", id=sent["id"])["line"].encode("ascii")
    before = _counts(demo)
    changed = bytearray(line)
    changed[-9] ^= 1
    outcomes = _offered(demo, bytes(changed), LinkId(sent["link"]))
    _trial(
        demo,
        f"one byte of message {number} changed on the way",
        "refused, no reason given to the sender",
        holds=outcomes == [(Outcome.REFUSED, "refused")] and _counts(demo) == before,
    )
    outcomes = _offered(demo, line, LinkId(sent["link"]))
    _trial(
        demo,
        f"message {number} sent a second time",
        "answered by the same entry, nothing happened twice",
        holds=outcomes == [(Outcome.LOGGED, "")] and _counts(demo) == before,
    )
    woman = templates.person("LE Thi Lan", "VN", demo.today, number="C0000009")
    two = templates.notice([woman], demo.today) | {"persons_count": 2}
    silent = templates.notice([{**woman, "consents": []}], demo.today)
    for what, document in (
        ('notice of "2 persons" with one person', two),
        ("notice without consent", silent),
    ):
        found = _stopped(demo, document)
        _trial(
            demo,
            what,
            f"stopped before sending: {found}",
            holds=found in _EXPECTED and _counts(demo) == before,
        )


def _trial(demo: Demo, what: str, result: str, *, holds: bool) -> None:
    line = f"  {what:<50} {result}"
    if demo.demand(holds, f"{what}: not refused as it must be"):
        say_marked(line, "refused")
    else:
        say_marked(f"  {what:<50} differs: this must not happen", "differs")


def _offered(demo: Demo, line: bytes, link: LinkId) -> list[tuple[Outcome, str]]:
    """Offer a line to the other node in a frame that the host signs, and return what it answered."""
    from exchange.bootstrap import rehearse_frame

    host, origin = demo.host, demo.origin
    card = origin.service.ask("partner.here")["card"].encode("ascii")
    frame = encode_frame(Frame(link, host.agency, origin.agency, lines=(line,)))
    raw = asyncio.run(rehearse_frame(host.folder, host.passphrase(), frame, partner_card=card, link=link))
    return [(result.outcome, result.code) for result in decode_frame(raw).results]


def _stopped(demo: Demo, document: templates.Small) -> str:
    """Try to send a wrong notice and return the first fault that stopped it."""
    try:
        _send(demo.host, document)
    except InputError as error:
        return f"{error.faults[0].code} at {error.faults[0].pointer}" if error.faults else str(error)
    return "nothing"


def _counts(demo: Demo) -> list[int]:
    """Return how many messages, drafts and entries there are: what must not grow."""
    numbers = []
    for site in demo.sites:
        listed, shown = (
            site.service.ask("message.list", limit=1000),
            site.service.ask("partner.show", partner=""),
        )
        numbers += [len(listed["messages"]), len(listed["drafts"]), shown["entries"]["own"]]
    return numbers


def compare(demo: Demo) -> None:
    """Compare both ledgers from both sides and print the result."""
    first, second = (site.service.ask("reconcile", partner="", flush=True) for site in demo.sites)
    a, b = demo.host.short, demo.origin.short
    differences = len(first["differences"]) + len(second["differences"])
    say_marked(
        f"Reconciliation      sent {a} {first['sent']}, {b} {second['sent']}     "
        f"received {a} {first['received']}, {b} {second['received']}     "
        f"matched {first['matched']}     differences {differences}",
        "matched",
    )
    same = first["matched"] == second["matched"] == first["sent"] + second["sent"]
    demo.demand(not differences and same, "the two ledgers differ")
    verified = [site.service.ask("ledger.verify", partner="") for site in demo.sites]
    _say_ledgers(demo, verified)


def _say_ledgers(demo: Demo, verified: Sequence[Answer]) -> None:
    """Print how long both ledgers are, if both sides hold the same ones and have signed them."""
    held = [{row["log"]: (row["entries"], row["root"]) for row in answer["logs"]} for answer in verified]
    signed = all(
        row["signed"] == row["signed_by_other_side"] == row["entries"]
        for answer in verified
        for row in answer["logs"]
    )
    sizes = ", ".join(f"{log[:2]} {size}" for log, (size, _) in sorted(held[0].items()))
    ok = held[0] == held[1] and all(answer["holds"] for answer in verified)
    if demo.demand(ok and signed, "the ledgers are not the same, or not signed, on both sides"):
        say(f"Ledgers             entries: {sizes}; each side holds and has signed both;")
        say("                    every message is proved by the other side's entry")
    else:
        say_marked(f"Ledgers             entries: {sizes}; differs between the sides", "differs")


def _send(site: Site, document: dict[str, Any]) -> Answer:
    return site.service.ask("message.send", document=document, officer=FIRST)


def _answer(site: Site, notice: Answer, **members: Any) -> Answer:
    return site.service.ask("message.answer", id=notice["id"], officer=FIRST, **members)


def _kept(done: list[Answer], sent: Answer) -> Answer:
    done.append(sent)
    return sent


def _in_days(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
