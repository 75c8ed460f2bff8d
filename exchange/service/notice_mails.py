# SPDX-License-Identifier: Apache-2.0
"""The mails among the `notices`, and the task that tells all notices of a node (`Notices`).

A mail says that something arrived, on working days how much is late, once a week that all is well. Those by
the calendar are sent by the clock of the own side: if a mail is not taken, the next look tries again, and the
day or the week counts as told only when the mail was taken. Figures only, and no figure about a single
partner. Readers of different languages get a mail each; if a later one is not taken, those before it may get
theirs twice.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.cases.calendars import AnnouncedDays, Calendar
from exchange.cases.deadlines import DueState
from exchange.errors import ExchangeError, HolidaysMissingError, StoreError, TransportError
from exchange.i18n import ENGLISH, marked, translations
from exchange.ids import LinkId
from exchange.service.due import worklist
from exchange.service.key_ends import key_ends
from exchange.service.node import Node
from exchange.service.notices import (
    LOOK_EVERY_S,
    NUMBER_BYTES,
    Arrival,
    Arrivals,
    Channel,
    Mail,
    Mailer,
    is_digest_due,
    is_weekly_due,
    note_failure,
    wait_s,
    week_of,
)
from exchange.service.pairing import pairing_of
from exchange.service.partners import standings
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState

MAIL = "mail"
UNKNOWN = marked("unknown, the holidays of a country are missing")
DIGEST, WEEKLY = "notices:digest", "notices:weekly"
SIGN_IN = marked("Sign in to see it. This mail says nothing else on purpose, and nobody reads answers to it.")


@dataclass(frozen=True)
class Letter:
    """Subject and sentences of a mail in English; translated when it is sent."""

    subject: str
    sentences: tuple[str, ...]


ARRIVED = Letter(marked("Something arrived"), (marked("Something arrived for you."), SIGN_IN))
LATE = Letter(marked("Answers are late"), (marked("{late} answers of your office are late."), SIGN_IN))
_CONNECTED = marked("Partners: {open} of {all} are connected.")
_LATE_ANSWERS = marked("Late answers: {late}.")
_KEYS_END = marked("Keys of this node end soon or have ended: {uses}. Two officers make new ones.")
WELL = Letter(marked("All is well"), (marked("The node works."), _CONNECTED, _LATE_ANSWERS))
LOOK = Letter(
    marked("Please look at the node"),
    (
        marked("The node needs an administrator. Stopped partners: {troubles}. Run: exchange doctor"),
        _CONNECTED,
        _LATE_ANSWERS,
    ),
)
TEST = Letter(
    marked("This is a test"),
    (marked("Mails of the node reach you."), marked("Nothing arrived, and nothing has to be done.")),
)
"""Subject and text of each mail."""


@dataclass(frozen=True)
class Readers:
    """Who gets which mail, and from which hour of the own zone on."""

    arrivals: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    administrator: tuple[str, ...] = ()
    hour: int = 8
    zone: str = "UTC"
    languages: Mapping[str, str] = field(default_factory=dict)
    """Language of an address; English for the others."""

    def mails(self, to: Iterable[str], letter: Letter, **figures: object) -> Iterator[Mail]:
        """Yield a mail for each language of its readers."""
        groups: dict[str, list[str]] = {}
        for address in to:
            groups.setdefault(self.languages.get(address, ENGLISH), []).append(address)
        for language, addresses in groups.items():
            gettext = translations(language).gettext
            said = {name: gettext(each) if each == UNKNOWN else each for name, each in figures.items()}
            text = " ".join(gettext(sentence).format(**said) for sentence in letter.sentences)
            yield Mail(tuple(addresses), gettext(letter.subject), f"{text}\n")


@dataclass(frozen=True)
class Tried:
    """One channel that was tried; `reason` is "" when it took the test."""

    channel: str
    reason: str


class Notices:
    """Everything that is told to people and systems of the own agency, as one task beside the links."""

    def __init__(
        self,
        node: Node,
        readers: Readers,
        mailer: Mailer | None,
        *,
        bells: tuple[Channel, ...] = (),
        announced: Callable[[], AnnouncedDays],
    ) -> None:
        self._node = node
        self._readers = readers
        self._mailer = mailer
        self._announced = announced
        self._bells = bells
        by_mail = (Channel(MAIL, self._tell),) if mailer and readers.arrivals else ()
        self._arrivals = Arrivals(node, (*by_mail, *bells))
        self._failures = 0
        self._next_s = float("-inf")

    async def run(self) -> None:
        """Look until the node stops; only a failed store ends it."""
        while not self._node.presence.is_draining:
            await self.look()
            await self._node.presence.rest(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tell whatever has to be told now; whatever goes wrong holds up nothing."""
        try:
            await self._arrivals.look()
            if self._mailer and self._node.clock.monotonic_s() >= self._next_s:
                await self._by_the_calendar(self._mailer)
        except StoreError:
            raise
        except ExchangeError as error:
            self._failures = min(self._failures + 1, 20)
            self._next_s = self._node.clock.monotonic_s() + wait_s(self._failures, 1.0)
            note_failure(self._node, error)

    async def try_all(self) -> tuple[Tried, ...]:
        """Send a test to everybody who may get a notice, once and without trying again."""
        readers = self._readers
        everybody = tuple(dict.fromkeys((*readers.arrivals, *readers.overdue, *readers.administrator)))
        found = []
        if self._mailer and everybody:
            found += [
                Tried(MAIL, await reason_of(self._mailer.send(mail)))
                for mail in readers.mails(everybody, TEST)
            ]
        now, number = self._node.clock.now(), self._node.random(NUMBER_BYTES).hex()
        told = [Tried(bell.name, await reason_of(bell.tell(Arrival(now, number)))) for bell in self._bells]
        return (*found, *told)

    async def _tell(self, _: Arrival) -> None:
        if self._mailer:
            await self._send(self._mailer, self._readers.arrivals, ARRIVED)

    async def _send(self, mailer: Mailer, to: tuple[str, ...], letter: Letter, **figures: object) -> None:
        for mail in self._readers.mails(to, letter, **figures):
            await mailer.send(mail)

    async def _by_the_calendar(self, mailer: Mailer) -> None:
        local = self._node.clock.now().astimezone(ZoneInfo(self._readers.zone))
        last = await self._node.store.read(lambda uow: (uow.settings.get(DIGEST), uow.settings.get(WEEKLY)))
        hour, digest, weekly = self._readers.hour, last[0] or "", last[1] or ""
        if self._readers.overdue and is_digest_due(digest, local, hour=hour):
            if await self._is_working(local):
                await self._digest(mailer)
            await self._remember(DIGEST, local.date().isoformat())
        if self._readers.administrator and is_weekly_due(weekly, local, hour=hour):
            await self._week(mailer)
            await self._remember(WEEKLY, week_of(local.date()))
        self._failures = 0

    async def _digest(self, mailer: Mailer) -> None:
        late = await self._late()
        if late:
            await self._send(mailer, self._readers.overdue, LATE, late=late)

    async def _week(self, mailer: Mailer) -> None:
        """Send the mail to the administrator."""
        found = [one.state for one in await standings(self._node) if one.link]
        troubles = sum(state in (LinkState.FROZEN, LinkState.PAUSED) for state in found)
        late = await self._late_or_unknown()
        letter = LOOK if troubles or late == UNKNOWN else WELL
        uses = (await self._node.store.read(lambda uow: key_ends(uow, self._node))).uses
        if uses:
            letter = replace(LOOK, sentences=(*LOOK.sentences, _KEYS_END))
        figures = {
            "uses": ", ".join(uses),
            "open": sum(state is LinkState.OPEN for state in found),
            "all": len(found),
            "troubles": troubles,
            "late": late,
        }
        await self._send(mailer, self._readers.administrator, letter, **figures)

    async def _late(self) -> int:
        """Return how many answers of ours are late."""
        tasks = await worklist(self._node, self._announced())
        return sum(task.is_ours and not task.answering and task.state is DueState.OVERDUE for task in tasks)

    async def _late_or_unknown(self) -> str:
        """Return how many answers of ours are late, or that no calendar says it."""
        try:
            return str(await self._late())
        except HolidaysMissingError:
            return UNKNOWN

    async def _is_working(self, local: datetime) -> bool:
        """Return whether the own offices work today; a day that no calendar knows counts as one."""
        calendar = await self._node.store.read(self._calendar)
        try:
            return calendar is None or calendar.is_working(local.date())
        except HolidaysMissingError:
            return True

    def _calendar(self, uow: UnitOfWork) -> Calendar | None:
        links: list[LinkId] = [row.link for row in uow.links.all()]
        if not links:
            return None
        terms = pairing_of(uow, self._node, links[0]).agreement.terms
        return Calendar(terms.side_of(self._node.agency), terms.cut_off_hour, self._announced())

    async def _remember(self, name: str, value: str) -> None:
        await self._node.store.write(lambda uow: uow.settings.put(name, value))


async def reason_of(telling: Awaitable[None]) -> str:
    """Return "" if something was told, or the code of why not."""
    try:
        await telling
    except TransportError as error:
        return error.reason
    return ""
