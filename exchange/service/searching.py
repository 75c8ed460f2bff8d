# SPDX-License-Identifier: Apache-2.0
"""Finds a person again by name, year of birth, document or place, and records that somebody searched.

1. Each message that has an effect on a case leaves the search keys of its persons as keyed tokens
   (`index_message`), in the unit that logs it. A store from before that is indexed once, page by page.
2. A search asks the tokens for at most `CANDIDATES` cases and entries of the home register. Tokens alone say
   how well a name fits, so cases are opened best first, and no more of them once a page is full of persons
   of whom nothing is in doubt: for a name alone that is one page. Year and place are judged on the content.
3. Everything about it is one recorded act with purpose: who searched, when, how many were found. What was
   searched for is not recorded, and stands in no log (rule 30, threat-model section 6).

A year or a place that is not known of somebody excludes nobody; it only counts less.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from exchange.cases.register import entry_of
from exchange.errors import UsageError
from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId, OfficerNumber
from exchange.messages.dates import BUDDHIST_YEARS, Span, as_day, value_span
from exchange.messages.document import JsonValue, object_at, objects_at, persons_of, text_at
from exchange.messages.searchkeys import Fit, Question, agreement, person_keys, place_keys, question
from exchange.protocol.parts import Document
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, CaseRow, FoundCase, FoundEntry

CANDIDATES = 200
"""Cases that are looked at for one search; who asks for one frequent name has to say more."""
SHOWN = 20
PAGE = 20
"""Cases that are looked at in one unit, about 10 ms."""
INDEXED, KEYS_VERSION = "search_index", "1"
"""Setting that says with which version of the keys the store is indexed."""
Line = dict[str, JsonValue]


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for."""

    name: str = ""
    document: str = ""
    born: int | None = None
    place: str = ""

    def question(self) -> Question:
        """Return what the tokens are asked.

        Raises:
            UsageError: neither name nor document, or a year of the Buddhist Era.
        """
        asked = question(self.name, self.document)
        if not asked.keys:
            raise UsageError("nothing to search for", hint="say a name, or --document NUMBER")
        if self.born is not None and self.born in BUDDHIST_YEARS:
            raise UsageError(
                "the year of birth is one of the Buddhist Era",
                hint="a Thai year minus 543 is the Gregorian year; a Khmer one minus 543 or 544",
            )
        return asked


@dataclass(frozen=True)
class Person:
    """Somebody who was found, with what tells persons of one name apart."""

    fit: Fit
    names: tuple[str, ...]
    births: tuple[str, ...]
    sex: str
    case: CaseCode | None = None
    link: LinkId | None = None
    partner: AgencyCode | None = None
    state: str = ""
    number: str = ""
    """File number of the home register, for somebody found there."""
    doubts: int = 0
    """How much of year and place is not known."""


@dataclass(frozen=True)
class Findings:
    """Who was found, best first, and whether there may be more than are shown."""

    persons: tuple[Person, ...]
    more: bool


@dataclass
class _Known:
    """What is kept of one person over all messages."""

    names: dict[str, None] = field(default_factory=dict)
    births: dict[str, None] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    sex: str = ""
    places: set[str] = field(default_factory=set)

    def learn(self, line: Line) -> None:
        for group in (line, object_at(line, "registered_identity")):
            self.names |= dict.fromkeys(text_at(name, "full") for name in objects_at(group, "names"))
            self._learn_birth(object_at(group, "birth"))
        self.sex = text_at(line, "sex") or self.sex
        units = object_at(line, "place_of_origin").get("units")
        self.places |= place_keys(map(str, units)) if isinstance(units, list) else set()

    def _learn_birth(self, birth: Line) -> None:
        value, first, last = (text_at(birth, name) for name in ("value", "from", "to"))
        if value:
            self.births[value] = None
        elif first and last:
            self.births[f"{first} to {last}"] = None
        began, ended = as_day(first), as_day(last)
        span = value_span(value) if value else Span(began, ended) if began and ended else None
        self.spans += [span] if span else []

    def doubts(self, wanted: Wanted) -> int | None:
        """Return how much of year and place is not known, or None if one of them differs."""
        unknown = 0
        if wanted.born is not None:
            if self.spans and not any(_in_year(span, wanted.born) for span in self.spans):
                return None
            unknown += not self.spans
        asked = place_keys([wanted.place]) if wanted.place else frozenset()
        if asked:
            if self.places and not asked & self.places:
                return None
            unknown += not self.places
        return unknown


def index_message(uow: UnitOfWork, link: LinkId, document: Document) -> None:
    """Remember under which keys the persons of a message are found again."""
    for line in persons_of(document):
        code, keys = text_at(line, "case_code"), person_keys(line)
        if code and keys:
            uow.searches.index(link, CaseCode(code), keys)


async def find_persons(node: Node, wanted: Wanted, officer: OfficerNumber, purpose: str) -> Findings:
    """Return who fits, best first; recorded with purpose, without what was searched for.

    Raises:
        UsageError: nothing to search for, or no purpose is said.
    """
    asked = wanted.question()
    if not purpose.strip():
        raise UsageError("a search needs a purpose", hint="say why you search: --purpose TEXT")
    await _index_old_cases(node)
    cases = await node.store.read(lambda uow: uow.searches.find(asked.keys, limit=CANDIDATES))
    found, left = await _best(node, _fitting(asked, cases), wanted)
    entries = await node.store.read(lambda uow: uow.register.find(asked.keys, limit=CANDIDATES))
    found += _registered(asked, entries, wanted)
    found.sort(key=lambda person: (-person.fit, person.doubts))
    act = AuditRow(
        node.clock.now(), officer, "person_searched", "cases and register", purpose, f"found {len(found)}"
    )
    await node.store.write(lambda uow: uow.audit.record(act))
    full = left or max(len(cases), len(entries)) == CANDIDATES
    return Findings(tuple(found[:SHOWN]), full or len(found) > SHOWN)


def _fitting(asked: Question, cases: Iterable[FoundCase]) -> list[tuple[FoundCase, Fit]]:
    """Return the cases that fit, best first."""
    fits = ((case, agreement(asked, case.keys)) for case in cases)
    return sorted(((case, fit) for case, fit in fits if fit is not Fit.NONE), key=lambda one: -one[1])


async def _best(node: Node, cases: list[tuple[FoundCase, Fit]], wanted: Wanted) -> tuple[list[Person], bool]:
    """Open cases until no later one can stand on the page; return the persons and whether cases are left."""
    found: list[Person] = []
    for start in range(0, len(cases), PAGE):
        if sum(person.doubts == 0 for person in found) >= SHOWN:
            return found, True
        page = cases[start : start + PAGE]
        found += await node.store.read(lambda uow, page=page: _opened(uow, page, wanted))  # type: ignore[misc]
    return found, False


def _opened(uow: UnitOfWork, page: list[tuple[FoundCase, Fit]], wanted: Wanted) -> list[Person]:
    found = []
    for candidate, fit in page:
        row, link = uow.cases.get(candidate.link, candidate.case), uow.links.get(candidate.link)
        known = _known_of(uow, row) if row else None
        doubts = known.doubts(wanted) if known else None
        if row is None or link is None or known is None or doubts is None:
            continue
        person = Person(
            fit=fit,
            names=tuple(known.names),
            births=tuple(known.births),
            sex=known.sex,
            case=row.code,
            link=row.link,
            partner=link.partner,
            state=row.state,
            doubts=doubts,
        )
        found.append(person)
    return found


def _known_of(uow: UnitOfWork, case: CaseRow) -> _Known:
    """Return what the messages about a case say of the person."""
    known, read = _Known(), set[MessageId]()
    for event in uow.cases.events(case.link, case.code):
        row = uow.messages.by_seq(event.link, event.direction, event.seq)
        document = document_of(uow, row) if row and event.message not in read else None
        read.add(event.message)
        for line in persons_of(document) if document else ():
            if line.get("case_code") == case.code:
                known.learn(line)
    return known


def _registered(asked: Question, entries: Iterable[FoundEntry], wanted: Wanted) -> list[Person]:
    found = []
    for candidate in entries:
        entry, fit = entry_of(candidate.row.content), agreement(asked, candidate.keys)
        known = _Known(dict.fromkeys((entry.name, *entry.other_names)), sex=entry.sex)
        if entry.birth is not None:
            known._learn_birth(entry.birth.model_dump(by_alias=True, exclude_none=True))
        doubts = known.doubts(wanted)
        if fit is not Fit.NONE and doubts is not None:
            names, births = tuple(known.names), tuple(known.births)
            person = Person(
                fit, names, births, entry.sex, case=candidate.row.case, number=entry.number, doubts=doubts
            )
            found.append(person)
    return found


async def _index_old_cases(node: Node) -> None:
    """Index a store that was written before there were search keys; once."""
    if await node.store.read(lambda uow: uow.settings.get(INDEXED)) == KEYS_VERSION:
        return
    links = await node.store.read(lambda uow: [row.link for row in uow.links.all()])
    for link in links:
        after = -1
        while after:
            start = max(after, 0)
            after = await node.store.write(lambda uow, link=link, start=start: _index_page(uow, link, start))  # type: ignore[misc]
    await node.store.write(lambda uow: uow.settings.put(INDEXED, KEYS_VERSION))


def _index_page(uow: UnitOfWork, link: LinkId, after: int) -> int:
    codes, last = uow.cases.page(link, after=after, limit=PAGE)
    for code in codes:
        for event in uow.cases.events(link, code):
            row = uow.messages.by_seq(link, event.direction, event.seq)
            document = document_of(uow, row) if row else None
            lines = persons_of(document) if document else []
            keys = (person_keys(line) for line in lines if line.get("case_code") == code)
            uow.searches.index(link, code, frozenset().union(*keys))
    return last


def _in_year(span: Span, year: int) -> bool:
    return span.first.year <= year <= span.last.year
