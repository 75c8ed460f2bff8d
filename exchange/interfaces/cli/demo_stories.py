# SPDX-License-Identifier: Apache-2.0
"""The two stories of the demo, told message by message through the services of both agencies.

1  a woman without papers is found in Phnom Penh and returns to Viet Nam: 13 messages
2  two women with passports return to Cambodia; one is ill on the day: 8 messages
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from exchange.interfaces.cli import demo_files as files
from exchange.interfaces.cli.demo_files import Woman, in_days
from exchange.interfaces.cli.demo_nodes import BORDER, FIRST, RECEPTION, Site
from exchange.interfaces.cli.demo_stage import Demo, Sent, Told, answer, named, send, tell, write
from exchange.interfaces.cli.templates import Small
from exchange.messages.document import header_of, persons_of, text_at

MAI: Final = Woman("NGUYEN Thi Mai", "VN")
TWO: Final = (Woman("SOK Sreymom", "KH", "N0000001"), Woman("CHEA Bopha", "KH", "N0000002"))
NOTICE: Final = "repatriation notice, 1 person"


@dataclass
class Return:
    """One return on its way: who hands over to whom, the persons, and what was sent so far."""

    demo: Demo
    host: Site
    origin: Site
    women: dict[str, Woman] = field(default_factory=dict)
    """The persons by their case."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """The last message of each type."""
    ill: int = 0
    """How many of them, from the end, do not come to the crossing."""

    @property
    def cases(self) -> list[str]:
        return list(self.women)

    @property
    def coming(self) -> list[str]:
        return self.cases[: len(self.women) - self.ill]

    @property
    def movement(self) -> str:
        return str(header_of(self.sent["HPR"].document)["movement_code"])

    def keep(self, code: str, sent: Sent) -> Sent:
        """Remember a message under its type."""
        self.sent[code] = sent
        return sent

    def file(self, site: Site, code: str, small: Small, officer: str = FIRST) -> Sent:
        """Send a small file."""
        return self.keep(code, send(site, write(site, small, officer), officer))

    def notice(self, people: Sequence[Small]) -> Sent:
        """Announce the return."""
        small = files.notice(people, self.demo.today)
        return self.file(self.host, "RPN", small)

    def decide(self) -> Sent:
        """Accept everybody of the notice."""
        until = in_days(self.demo.today, 80)
        reception = self.origin.reception_office
        return answer(
            self.origin, self.sent["RPN"], outcome="accepted", valid_until=until, reception=reception
        )

    def propose(self) -> Sent:
        small = files.proposal(self.cases, self.demo.now, {"host": FIRST, "origin": FIRST})
        return self.file(self.host, "HPR", small)

    def confirm(self) -> Sent:
        proposal = self.sent["HPR"]
        small = files.confirmation(proposal.document, named(self.origin, proposal, FIRST), BORDER)
        return self.file(self.origin, "HRP", small)

    def depart(self) -> Sent:
        small = files.departure(self.women, self.movement, self.demo.now, self.demo.today)
        return self.file(self.host, "HDP", small, BORDER)

    def sign(self) -> Sent:
        absent = self.cases[len(self.coming) :]
        small = files.record(self.women, self.movement, self.demo.now, officer=BORDER, absent=absent)
        return self.file(self.host, "HRC", small, BORDER)

    def countersign(self) -> Sent:
        first = self.sent["HRC"]
        name = named(self.origin, first, BORDER)
        small = files.countersignature(first.document, name, self.demo.now, BORDER)
        return send(self.origin, write(self.origin, small, BORDER), BORDER)

    def outcome(self) -> str:
        """Return in words what the signed minutes say of the persons."""
        lines = persons_of(self.sent["HRC"].document)
        said = Counter((text_at(line, "outcome"), text_at(line, "reason")) for line in lines)
        return ", ".join(_in_words(number, *what) for what, number in said.items())

    def receive(self) -> Sent:
        small = files.reception(
            self.coming,
            self.movement,
            self.demo.now,
            record=self.sent["HRC"].id,
            agency=self.origin.reception_office,
        )
        return self.file(self.origin, "RCV", small, RECEPTION)


def returns_home(demo: Demo) -> list[Sent]:
    """Story 1: MoSVY returns a Vietnamese woman."""
    host, origin, today = demo.host, demo.origin, demo.today
    story = Return(demo, host, origin)
    idn = write(host, files.found(MAI, today))
    case = _cases(idn)[0]
    story.women[case] = MAI
    title = f"Story 1  MoSVY returns a Vietnamese woman found in Phnom Penh        case {case}"

    def ask() -> Sent:
        return story.file(host, "VRQ", files.check(MAI, case, today))

    def confirm() -> Sent:
        return story.file(origin, "VRS", files.national(case, story.sent["VRQ"].id))

    def ask_paper() -> Sent:
        return story.file(host, "TDQ", files.paper_wanted(MAI, case, today))

    def issue() -> Sent:
        return story.file(origin, "TDS", files.paper_issued(case, story.sent["TDQ"].id, today))

    steps = [
        Told(host, "identification notice", lambda: send(host, idn)),
        Told(host, "verification request", ask),
        Told(origin, "result: national", confirm),
        Told(host, NOTICE, lambda: story.notice([files.returning(MAI, today, case=case)])),
        Told(origin, "decision: accepted", story.decide),
        Told(host, "travel document request", ask_paper),
        Told(origin, "travel document issued", issue),
        *_handover(story),
    ]
    return tell(demo, title, steps)


def two_women(demo: Demo) -> list[Sent]:
    """Story 2: Viet Nam returns two Cambodian women with passports; one is ill on the day."""
    story = Return(demo, demo.origin, demo.host, ill=1)

    def announce() -> Sent:
        sent = story.notice([files.returning(woman, demo.today) for woman in TWO])
        story.women |= dict(zip(_cases(sent.document), TWO, strict=True))
        return sent

    steps = [
        Told(demo.origin, "repatriation notice, 2 persons", announce),
        Told(demo.host, "decision: both accepted", story.decide),
        *_handover(story),
    ]
    title = "Story 2  Viet Nam returns two Cambodian women with passports"
    return tell(demo, title, steps, brief=story.outcome)


def _handover(story: Return) -> list[Told]:
    """Return the appointment, the crossing and the reception, as they are for every return."""
    host, origin = story.host, story.origin
    return [
        Told(host, "handover proposed, Bavet / Moc Bai", story.propose),
        Told(origin, "handover confirmed", story.confirm),
        Told(host, "departure, final list", story.depart),
        Told(host, f"joint minutes, signed by {host.short}", story.sign),
        Told(origin, "countersigned, nothing to add", story.countersign),
        Told(origin, "received", story.receive),
    ]


def _in_words(number: int, outcome: str, reason: str) -> str:
    words = f"{number} {outcome.replace('_', ' ')}"
    return f"{words} ({reason.replace('_', ' ')})" if reason else words


def _cases(document: Small) -> list[str]:
    codes = header_of(document)["case_codes"]
    return [str(code) for code in codes] if isinstance(codes, list) else []


def own_file(demo: Demo, document: Small) -> list[Sent]:
    """Send the user's own notice from the host side.

    Raises:
        InputError: something is wrong with it, said as `message send` says it.
    """
    return tell(demo, "Your file", [Told(demo.host, "your own file", lambda: send(demo.host, document))])
