# SPDX-License-Identifier: Apache-2.0
"""Two versions of one form between two real nodes: one reads FUP 1.0 and 1.1, the other 1.0 only."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import AgencyCode
from exchange.messages.filling import fill
from exchange.messages.versions import understood
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of, versions_to_write
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.careless import send, send_anyway
from tests.support.notices import sources
from tests.support.world import KH, VN, Agency, Pair, World

CASE = "4M7Q-2KXD-9TBE"
DAY = "2027-10-04"
CONSENTS = [
    {"scope": scope, "state": "given", "giver": "person", "on": "2027-09-08"}
    for scope in ("feedback_host", "contact_after_return")
]
Play = Callable[["Story"], Awaitable[None]]


class Story:
    """The origin side reports on a person who was not announced."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.host, self.origin = world.agencies

    async def report(self, *, version: str = "", anyway: bool = False, **members: Any) -> MessageRow:
        """Release a follow-up report, or send it without a look; return the row at the recipient."""
        number = members.pop("number", 1)
        document = await self._report(number, version, members)
        done = send_anyway if anyway else send
        return await self._taken(await done(self.origin, document))

    async def receive(self) -> None:
        """Open the case by an arrival."""
        line = {"case_code": CASE, "is_child": False, "arrived": True}
        line |= {"arrived_at": "2027-10-04T08:00+07:00", "condition": "well"}
        small = {"type": "RCV", "reception_agency": "VN-MOH", "acting_agency": "VN-MOH", "persons": [line]}
        small["event_at"] = line["arrived_at"]
        await self._taken(await send(self.origin, fill(small, self._sources()).document))

    async def _report(self, number: int, version: str, members: dict[str, Any]) -> dict[str, Any]:
        line: dict[str, Any] = {"case_code": CASE, "consents": CONSENTS, "visited_on": DAY}
        line |= {"sequence_number": number, "method": "home visit", "outcome": "stable", **members}
        small: dict[str, Any] = {"type": "FUP", "persons": [line]}
        common = await self.origin.store.read(self._versions)
        document: Any = fill(small, self._sources(common)).document
        if version:
            document["header"]["type_version"] = version
        return document  # type: ignore[no-any-return]

    def _versions(self, uow: UnitOfWork) -> dict[str, str]:
        return versions_to_write(self.origin.node, pairing_of(uow, self.origin.node, self.world.link))

    def _sources(self, versions: Any = None) -> Any:
        return replace(sources(self.origin.node, self.host.code), versions=versions)

    async def _taken(self, row: MessageRow) -> MessageRow:
        found: list[MessageRow] = []

        async def judged() -> bool:
            there = await self.host.store.read(
                lambda uow: uow.messages.by_seq(self.world.link, Direction.IN, row.seq)
            )
            found[:] = [there] if there else []
            return bool(found)

        await self.world.until(judged)
        return found[0]

    async def kept(self, agency: Agency, row: MessageRow) -> Any:
        return await agency.store.read(lambda uow: document_of(uow, row))

    async def state(self) -> str:
        case = await self.host.store.read(lambda uow: uow.cases.list(link=self.world.link))
        return case[0].state


def play(story: Play, *, old: tuple[AgencyCode, ...] = ()) -> None:
    world = World(3, pair=Pair(one=KH, other=VN, only_first_versions=old))

    async def told(world: World) -> None:
        await world.open()
        one = Story(world)
        await one.receive()
        await story(one)

    world.run(told)


def test_two_nodes_that_know_it_write_the_newer_version() -> None:
    async def story(story: Story) -> None:
        row = await story.report(attempts=2)

        document = await story.kept(story.host, row)
        assert row.state is MessageState.ACCEPTED
        assert document["header"]["type_version"] == "1.1"
        assert document["persons"][0]["attempts"] == 2

    play(story)


def test_to_a_partner_that_knows_the_first_version_only_that_one_is_written() -> None:
    async def story(story: Story) -> None:
        row = await story.report()

        assert row.state is MessageState.ACCEPTED
        assert (await story.kept(story.host, row))["header"]["type_version"] == "1.0"

    play(story, old=(KH,))


@pytest.mark.parametrize(
    ("version", "code"),
    [("", "form_invalid"), ("1.1", "version_unsupported"), ("2.0", "version_unsupported")],
)
def test_own_node_stops_what_the_partner_cannot_read(version: str, code: str) -> None:
    async def story(story: Story) -> None:
        with pytest.raises(InputError) as refused:
            await story.report(version=version, attempts=2)

        assert refused.value.faults[0].code == code

    play(story, old=(KH,))


def test_a_newer_minor_that_arrives_all_the_same_is_kept_as_a_whole_and_acted_on_as_far_as_known() -> None:
    async def story(story: Story) -> None:
        row = await story.report(version="1.1", attempts=2, anyway=True)

        document = await story.kept(story.host, row)
        assert row.state is MessageState.ACCEPTED
        assert await story.state() == "monitoring"
        assert document["persons"][0]["attempts"] == 2
        assert understood(document, story.host.node.versions).unknown == ("/persons/0/attempts",)

    play(story, old=(KH,))


def test_a_member_that_is_not_known_selects_no_row_and_is_shown_to_nobody_as_known() -> None:
    """`result` selects rows of other messages; in a report of a later version it means nothing here."""

    async def story(story: Story) -> None:
        row = await story.report(version="1.9", result="not_national", anyway=True)

        assert row.state is MessageState.ACCEPTED
        assert await story.state() == "monitoring"
        document = await story.kept(story.host, row)
        assert document["persons"][0]["result"] == "not_national"
        assert understood(document, story.host.node.versions).unknown == ("/persons/0/result",)

    play(story)


def test_an_unknown_major_is_rejected_with_its_code_and_changes_nothing() -> None:
    async def story(story: Story) -> None:
        row = await story.report(version="2.0", anyway=True)

        assert (row.state, row.code) == (MessageState.REJECTED, "version_unsupported")
        assert await story.state() == "received"

    play(story)


def test_a_node_of_the_first_version_writes_it_to_everybody() -> None:
    async def story(story: Story) -> None:
        row = await story.report()

        assert (await story.kept(story.host, row))["header"]["type_version"] == "1.0"

    play(story, old=(VN,))
