# SPDX-License-Identifier: Apache-2.0
"""A live staff API on loopback: a node in the middle of its work, served by a thread, and a client to ask it.

    with LiveStaffApi(tmp_path) as api:
        api.ask("officer", "GET", "/v1/partners").json

The node has one notice that the partner accepted, a handover that was proposed, a notice of a child that
waits for a second person (a draft of P-0001), a proposal to hold the case back (by P-0001), and one message
that the partner has not answered.
"""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from exchange.adapters.storage.memory import DirectStore
from exchange.bootstrap import OpenNode
from exchange.clock import cut
from exchange.config import AgencySection, DoorSection, Settings
from exchange.ids import LinkId, OfficerNumber, b64url
from exchange.interfaces.running import office_of
from exchange.interfaces.server import serve
from exchange.interfaces.staff.door import staff_app
from exchange.service.admission import add_client
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Node, Presence
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from tests.support import identity
from tests.support.case_tables import MOVEMENTS
from tests.support.keys import seeded_random
from tests.support.notices import child_notice, small_notice
from tests.support.staff import Desks
from tests.support.world import KH, LIMITS, OFFICER, SECOND, STORE_KEY, VN, HighWaterInMemory, Noted, World

HOST = "127.0.0.1"
LATER = timedelta(hours=1)
"""When the story before is over."""
NOON = "2027-10-04T12:00+07:00"
ROLES = {
    "officer": (OFFICER, ("officer",)),
    "releaser": (SECOND, ("releaser",)),
    "same-person": (OFFICER, ("officer", "releaser")),
    "border": (OFFICER, ("handover",)),
    "auditor": (SECOND, ("auditor",)),
    "key-officer": (SECOND, ("key_officer",)),
    "administrator": (SECOND, ("administrator",)),
}
"""Every client: who answers for it, and its roles."""


@dataclass(frozen=True)
class Prepared:
    """A store in the middle of its work, and the numbers that tests ask for."""

    store: bytes
    link: LinkId
    now: datetime
    sent: str
    """An accepted notice of ours."""
    queued: str
    """A message of ours that has no verdict."""
    draft: str
    draft_digest: str
    case: str
    movement: str


@cache
def prepared() -> Prepared:
    """Play the story before, once."""
    found: list[Prepared] = []

    async def story(world: World) -> None:
        with TemporaryDirectory() as folder:
            desks = Desks(world, Path(folder))
            await desks.open()
            found.append(await _work(world, desks))

    World(seed=21).run(story)
    return found[0]


async def _work(world: World, desks: Desks) -> Prepared:
    notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN", 2)))
    decided = await desks.vn("message.answer", id=notice, outcome="accepted", valid_until="2027-12-20")
    await desks.sent(decided)
    shown = await desks.kh("message.show", id=notice)
    codes = list(shown["document"]["header"]["case_codes"])
    proposal = await desks.sent(await desks.kh("message.send", document=_proposal(codes)))
    moved = await desks.kh("message.show", id=proposal)
    await desks.kh("erasure.propose", code=codes[0], act="hold", reason="court")
    kept = await desks.kh("message.send", document=child_notice(world.kh.node, VN))
    world.weather.down = True
    queued = await desks.kh("message.send", document=small_notice("VN"))
    return Prepared(
        store=world.kh.store.snapshot(),
        link=world.link,
        now=world.kh.clock.now(),
        sent=notice,
        queued=queued["id"],
        draft=kept["id"],
        draft_digest=kept["digest"],
        case=codes[0],
        movement=str(moved["document"]["header"]["movement_code"]),
    )


def _proposal(codes: list[str]) -> dict[str, Any]:
    return {
        "type": "HPR",
        "case_codes": codes,
        "alternative": "KH-VN-PREYVOR",
        "place_detail": "reception hall",
        "stop_officers": [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-0002"}],
        "transport": ["bus"],
        "record_form": "electronic",
        "window_from": "2027-10-04T13:00+07:00",
        "window_to": "2027-10-04T15:00+07:00",
        "go_no_go_at": NOON,
    }


class RunningClock:
    """A clock that begins at a given moment and runs; a test may move it."""

    def __init__(self, begins: datetime) -> None:
        self._begins, self._at_s, self.moved = begins, time.monotonic(), timedelta()

    def now(self) -> datetime:
        return cut(self._begins + timedelta(seconds=time.monotonic() - self._at_s) + self.moved)

    def monotonic_s(self) -> float:
        return time.monotonic() + self.moved.total_seconds()


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    body: bytes
    fields: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        return str(self.json["reason"])


@dataclass
class LiveStaffApi:
    """The node, its server in a thread, and the tokens of its clients."""

    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)
    port: int = 0
    """Where it listens."""

    def __post_init__(self) -> None:
        self.story = prepared()
        self.clock = RunningClock(self.story.now + LATER)
        self.noted = Noted()
        self._snapshot = self.story.store
        self._prepare()

    def _prepare(self) -> None:
        self.node: Node
        self._loop = asyncio.new_event_loop()
        self._stop, self._ready = asyncio.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def restart(self) -> None:
        """Let a new process open the store; what lived in memory alone is gone."""
        self.__exit__(None, None, None)
        self._prepare()
        self.__enter__()

    def do(self, work: Callable[[Node], Any]) -> Any:
        """Run something of the service in the thread of the node."""
        return asyncio.run_coroutine_threadsafe(work(self.node), self._loop).result(timeout=30)

    def read(self, unit: Callable[[Any], Any]) -> Any:
        return self.do(lambda node: node.store.read(unit))

    def ask(
        self,
        client: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        fields: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request as a client, "" as nobody; a body that is not bytes becomes JSON."""
        headers = dict(fields or {})
        if client:
            headers.setdefault("Authorization", f"Bearer {self.tokens.get(client, client)}")
        if key:
            headers["Idempotency-Key"] = key
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if raw is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, raw, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), {name: value for name, value in answer.getheaders()})
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(timeout=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        store = self._store()
        try:
            await self._serve_on(store)
        finally:
            await store.close()

    async def _serve_on(self, store: DirectStore) -> None:
        self.node = self._node(store)
        opened = OpenNode(self.node, self.folder, _settings(), None, None, None)  # type: ignore[arg-type]
        for name, (officer, roles) in ROLES.items():
            if name not in self.tokens:
                made = await add_client(self.node, name, OfficerNumber(officer), roles)
                self.tokens[name] = made.token
        app = staff_app(self.node, office_of(opened))
        async with serve(app, host=HOST, port=0, ssl_context=None) as listener:
            self.port = listener.port
            self._ready.set()
            await self._stop.wait()
        self._snapshot = store.snapshot()

    def _store(self) -> DirectStore:
        def finish(uow: UnitOfWork, links: frozenset[LinkId]) -> None:
            head_signer(self.node)(uow, links)

        random = seeded_random(f"store/{time.monotonic_ns()}")
        return DirectStore.from_snapshot(
            self._snapshot, own=KH, store_key=STORE_KEY, finish=finish, random=random
        )

    def _node(self, store: DirectStore) -> Node:
        own = identity.agency(KH)
        node = Node(
            agency=KH,
            node=own.card.node,
            keys=own.keys.keyring(),
            store=store,
            carrier=None,  # type: ignore[arg-type]
            high_water=HighWaterInMemory(),
            counters=self.noted,
            journal=self.noted,
            clock=self.clock,
            guard=ClockGuard(self.clock),
            random=seeded_random(f"staff api/{time.monotonic_ns()}"),
            tables=MOVEMENTS,
            presence=Presence(),
            limits=LIMITS,
        )
        node.presence.of(self.story.link).gate = LinkState.OPEN
        return node


def _settings() -> Settings:
    section = AgencySection(code=KH, node="0" * 16, names={"en": "Test"}, office=KH)
    return Settings.model_construct(agency=section, door=DoorSection.model_construct())


def wrong_token(name: str = "officer") -> str:
    """Return a token of the right form that nobody has."""
    return f"{name}.{b64url(bytes(32))}"
