# SPDX-License-Identifier: Apache-2.0
"""A node in memory, to which the vectors are shown: the recipient of a setting.

It is the product's node, with its real use cases; only its store, its clock and its keys are those of the
vectors, and nobody listens. The one module of the kit that knows `service`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol, cast

from exchange.cases.tables import LifecycleTable, MovementTable
from exchange.clock import Clock
from exchange.errors import TransportError
from exchange.ids import AgencyCode, Digest, LinkId, OfficerNumber, RandomSource
from exchange.kit.agency import private_keys
from exchange.kit.setting import Setting
from exchange.messages.codelists import codelist, raw_list
from exchange.protocol.keyring import Keyring, OwnKey
from exchange.protocol.parts import Document
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.epochs import decide
from exchange.service.gate import open_gate
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Node, Presence
from exchange.service.partners import enrol
from exchange.service.ports import Finish, Store, UnitOfWork
from exchange.service.release import release
from exchange.service.rows import AgreementRow, CardRow, LinkState, OfficerRow


class MemoryStore(Store, Protocol):
    """A store that can be taken as bytes."""

    def snapshot(self) -> bytes: ...


StoreFactory = Callable[[AgencyCode, Finish, RandomSource, bytes], MemoryStore]
"""Takes the agency, what runs before each commit, randomness, and a snapshot or b""."""


@dataclass(frozen=True)
class StandingClock:
    """A clock that always shows one instant."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return 0.0


@dataclass
class MovingClock:
    """A clock that moves when it is told to."""

    moment: datetime
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return self.passed_s

    def move(self, span: timedelta) -> None:
        self.moment += span
        self.passed_s += span.total_seconds()


class Handling:
    """The table of case states, which fails on command; so every handling of a message fails."""

    def __init__(self, table: MovementTable) -> None:
        self._table = table
        self.fails = False

    def __getattr__(self, name: str) -> object:
        if self.fails:
            raise RuntimeError("the handling fails, as the vector wants it")
        return getattr(self._table, name)


@dataclass
class Recorded:
    """The `Carrier` of a node that calls: gives one recorded answer at the gate, then nothing."""

    answers: list[bytes] = field(default_factory=list)

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        raise TransportError("nobody answers", reason="unreachable")

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        if not self.answers:
            raise TransportError("nobody answers", reason="unreachable")
        return self.answers.pop(0)


class _Nothing:
    """The `Counters`, `Journal` and `HighWater` of a node that nobody runs."""

    def __init__(self) -> None:
        self._marks: dict[LinkId, tuple[int, int, Digest, int]] = {}

    def count(self, event: str, *, partner: str = "", reason: str = "") -> None:
        return None

    def note(self, event: str, **fields: str | int | float) -> None:
        return None

    @property
    def is_apart(self) -> bool:
        return True

    def read(self, link: LinkId) -> tuple[int, int, Digest, int] | None:
        return self._marks.get(link)

    def write(self, link: LinkId, *, epoch: int, size: int, root: Digest, next_seq: int) -> None:
        self._marks[link] = (epoch, size, root, next_seq)


class Rehearsal:
    """The recipient of a setting. It implements `doors.Way`."""

    def __init__(self, node: Node, setting: Setting, store: MemoryStore, carrier: Recorded) -> None:
        self._node, self._link, self._store, self._carrier = node, setting.link, store, carrier
        self.handling = cast("Handling", node.tables)
        self.doorkeeper = Doorkeeper(node, setting.recipient.card.raw)
        """What stands behind a partner door."""

    async def frame(self, raw: bytes) -> bytes:
        return await self.doorkeeper.take_frame(self._link, raw)

    async def gate(self, raw: bytes) -> bytes:
        return await self.doorkeeper.answer_gate(self._link, raw)

    async def ask_at_the_gate(self, *answers: bytes) -> None:
        """Ask the partner, who gives recorded answers; raises as `service.gate.open_gate`."""
        self._carrier.answers = list(answers)
        await open_gate(self._node, self._link)

    async def decide_anew(self) -> None:
        """Let two persons of the node decide that the ledger begins anew."""
        actors = ("kit-first", "kit-second")
        await decide(self._node, self._link, why="two_histories", actors=actors)

    async def release(self, document: Document, *, officer: OfficerNumber) -> None:
        """Send a message of the node's own by an officer who may do everything."""
        now, code = self._node.clock.now(), self._node.agency
        may = tuple(codelist("agency-functions").codes)
        row = OfficerRow(officer, "Conformance kit", code, may, now, None)
        await self._node.store.write(lambda uow: uow.officers.add(row))
        await release(self._node, self._link, document, officer=officer)

    @property
    def state(self) -> str:
        """How the gate stands."""
        return self._node.presence.of(self._link).gate.value

    def open(self) -> None:
        """Open the gate of a node that goes on from a snapshot."""
        self._node.presence.of(self._link).gate = LinkState.OPEN

    def close(self) -> None:
        """Close the gate, as every start does."""
        self._node.presence.of(self._link).gate = LinkState.CLOSED

    def snapshot(self) -> bytes:
        return self._store.snapshot()


async def rehearse(
    setting: Setting,
    make_store: StoreFactory,
    *,
    clock: Clock,
    random: RandomSource,
    snapshot: bytes = b"",
) -> Rehearsal:
    """Return a node in memory that is enrolled with the sender, or goes on from a snapshot."""
    own, made, nothing = setting.recipient, list[Node](), _Nothing()

    def finish(uow: UnitOfWork, links: frozenset[LinkId]) -> None:
        head_signer(made[0])(uow, links)

    store, carrier = make_store(own.code, finish, random, snapshot), Recorded()
    node = Node(
        agency=own.code,
        node=own.card.node,
        keys=_keyring(setting),
        store=store,
        carrier=carrier,
        high_water=nothing,
        counters=nothing,
        journal=nothing,
        clock=clock,
        guard=ClockGuard(clock),
        random=random,
        tables=cast("MovementTable", Handling(_tables())),
        presence=Presence(),
        training=True,
    )
    made.append(node)
    node.presence.of(setting.link).only_answers = True
    if not snapshot:
        await _enrol_sender(node, setting)
    return Rehearsal(node, setting, store, carrier)


def _keyring(setting: Setting) -> Keyring:
    private = private_keys(setting.recipient.code)
    rows = setting.recipient.card.keys
    return Keyring(OwnKey(private[row.kid], row.valid_from, row.valid_until) for row in rows)


@cache
def _tables() -> MovementTable:
    cases = LifecycleTable.from_json(raw_list("case-states"))
    return MovementTable.from_json(raw_list("movement-states"), cases)


async def _enrol_sender(node: Node, setting: Setting) -> None:
    """Store the own card, the sender, and every version of the agreement."""
    own, partner, first = setting.recipient, setting.sender, setting.agreed[0]

    def own_rows(uow: UnitOfWork) -> None:
        card = own.card
        uow.links.add_card(CardRow(own.code, card.serial, card.raw, card.digest, node.clock.now()))

    def later_versions(uow: UnitOfWork) -> None:
        for row in setting.agreed[1:]:
            ours, theirs = row.signatures[own.code], row.signatures[partner.code]
            version = row.agreement
            uow.links.add_agreement(
                AgreementRow(setting.link, version.n, version.raw, ours, theirs, 1, row.from_seq)
            )

    await node.store.write(own_rows)
    ours, theirs = first.signatures[own.code], first.signatures[partner.code]
    await enrol(node, partner.card, first.agreement, own=ours, partner=theirs, actors=())
    await node.store.write(later_versions)
