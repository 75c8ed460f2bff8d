# SPDX-License-Identifier: Apache-2.0
"""Brings a restored node back to where its partner saw it when only files connect them.

    restored node                                    partner
    its parcel says: closed, I hold n of my entries  ─▶  notes what is lacking (`note_lack`)
    reads the records `back`, refills, opens         ◀─  its parcel brings it (`back_records`)

The records are the answers that the gate would give to the questions of a refill, asked in advance. They
are used only by a node that really lacks something, and checked exactly as those of the network: our own
head over all leaves, our commitment over each message. They come whole or not at all, because a message
that is missing among them would be given up as lost.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from exchange.errors import NodeError, ParcelInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.entries import Event, decode_leaf
from exchange.protocol.gatewords import MAX_NUMBERS
from exchange.protocol.parcels import MAX_BACK_BYTES, MAX_BACK_RECORDS, decode_back, encode_back
from exchange.protocol.strictjson import JsonValue
from exchange.service.gatetalk import Report
from exchange.service.giveback import give_leaves, give_lines
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.refill import REFILL, refill
from exchange.service.rows import LinkState

LACK = "lack:"
"""Setting of a link: `[own, copy]`, how much a restored partner holds of its log and of ours."""


async def note_lack(node: Node, link: LinkId, report: Report) -> None:
    """Note that the partner was restored, so that our next parcel brings back what it lost."""

    def unit(uow: UnitOfWork) -> None:
        node.presence.demand_unpaused(link)
        pairing = pairing_of(uow, node, link)
        copy = uow.logs.position(link, pairing.partner)
        held = copy.size if report.own_ep == copy.epoch else 0
        lacks = report.state != LinkState.OPEN.value and report.own_size < held
        uow.settings.put(LACK + link, json.dumps([report.own_size, report.copy_size]) if lacks else "")

    await node.store.write(unit)


async def back_records(node: Node, pairing: Pairing) -> list[bytes]:
    """Return the records that bring a restored partner back, none when it lacks nothing.

    Raises:
        NodeError: it is too much for a parcel.
    """
    link = pairing.link.link
    noted = await node.store.read(lambda uow: uow.settings.get(LACK + link))
    if not noted:
        return []
    own, copy = json.loads(noted)
    leaves = {
        pairing.partner: await _pages(node, pairing, pairing.partner, int(own)),
        node.agency: await _pages(node, pairing, node.agency, int(copy)),
    }
    records = [encode_back("leaves", of, page) for of, pages in leaves.items() for page in pages]
    spoken = [text for page in leaves[pairing.partner] for text in _texts(page)]
    for of, event in ((pairing.partner, Event.SENT), (node.agency, Event.RCVD)):
        records += await _lines(node, pairing, of, _numbers(spoken, event))
    if sum(map(len, records)) > MAX_BACK_BYTES or len(records) > MAX_BACK_RECORDS:
        raise NodeError(
            f"{pairing.partner} was restored and lacks more than a parcel can bring back",
            hint="connect both nodes once by network, or let it put back a newer backup",
            reason="back_too_large",
        )
    return records


async def lacks(node: Node, link: LinkId, report: Report) -> bool:
    """Return True if the partner has seen more of our log than we have, or a refill was broken off."""

    def unit(uow: UnitOfWork) -> bool:
        position = uow.logs.position(link, node.agency)
        return bool(uow.settings.get(REFILL + link)) or report.seen_in(position.epoch) > position.size

    return await node.store.read(unit)


class Archive:
    """What the records `back` of a parcel hold; answers the questions of a refill."""

    def __init__(self, link: LinkId) -> None:
        self._link = link
        self._bytes = 0
        self._starts: dict[AgencyCode, int] = {}
        self._leaves: dict[AgencyCode, list[JsonValue]] = {}
        self._notes: dict[AgencyCode, JsonValue] = {}
        self._lines: dict[tuple[AgencyCode, int], JsonValue] = {}

    def take(self, raw: bytes) -> None:
        """Take one record.

        Raises:
            ParcelInvalidError: not of the agreed form, or more than a parcel may bring back.
        """
        self._bytes += len(raw)
        if self._bytes > MAX_BACK_BYTES:
            raise ParcelInvalidError("the parcel brings back too much", reason="parcel_too_large")
        op, of, gives = decode_back(raw)
        if op == "leaves":
            self._take_leaves(of, gives)
        else:
            for item in _objects(gives.get("lines")):
                seq = item.get("seq")
                if isinstance(seq, int):
                    self._lines[of, seq] = item

    def _take_leaves(self, of: AgencyCode, gives: Mapping[str, JsonValue]) -> None:
        start, leaves = gives.get("from"), gives.get("leaves")
        if not isinstance(start, int) or not isinstance(leaves, list):
            raise ParcelInvalidError("a page of entries in the parcel does not have the agreed form")
        held = self._leaves.setdefault(of, [])
        if start != self._starts.setdefault(of, start) + len(held):
            raise ParcelInvalidError("a page of entries in the parcel does not follow the one before it")
        held += leaves
        self._notes[of] = gives.get("note", "")

    async def bring_back(self, node: Node, report: Report) -> None:
        """Refill the store from this archive.

        Raises:
            NodeError: what is here is not our log, or does not begin where ours ends.
        """
        if node.presence.of(self._link).gate is LinkState.OPEN:
            node.presence.of(self._link).gate = LinkState.CLOSED
        await refill(node, self._link, self._give)
        if await lacks(node, self._link, report):
            raise NodeError(
                "the parcel does not bring back all that the partner holds of our log",
                hint="write the partner a parcel of today and let it write again",
                reason="refill_unfinished",
            )

    async def _give(self, op: str, asks: dict[str, JsonValue]) -> Mapping[str, JsonValue]:
        of = AgencyCode(str(asks["of"]))
        if op == "lines":
            numbers = asks["numbers"]
            wanted = numbers if isinstance(numbers, list) else []
            found = (self._lines.get((of, seq)) for seq in wanted if isinstance(seq, int))
            return {"lines": [item for item in found if item is not None]}
        start, begin = asks["from"], self._starts.get(of, 0)
        skipped = start - begin if isinstance(start, int) else 0
        if skipped < 0:
            raise NodeError(
                f"the parcel brings entries back from {begin} on, and {start} are held here",
                hint="write the partner a parcel of today and let it write again",
                reason="refill_unfinished",
            )
        return {"leaves": self._leaves.get(of, [])[skipped:], "note": self._notes.get(of, "")}


async def _pages(node: Node, pairing: Pairing, of: AgencyCode, start: int) -> list[dict[str, JsonValue]]:
    """Return the leaves of a log from `start` on, page by page, at least one page."""
    pages: list[dict[str, JsonValue]] = []
    while True:
        asks: dict[str, JsonValue] = {"of": of, "from": start}
        page = await node.store.read(partial(give_leaves, node=node, pairing=pairing, asks=asks))
        texts = _texts(page)
        if pages and not texts:
            return pages
        pages.append(page)
        start += len(texts)
        if not texts:
            return pages


async def _lines(node: Node, pairing: Pairing, of: AgencyCode, numbers: Sequence[int]) -> list[bytes]:
    """Return the records with the lines of some numbers, as far as they are held here."""
    records: list[bytes] = []
    left = list(numbers)
    while left:
        asked: list[JsonValue] = [*left[:MAX_NUMBERS]]
        asks: dict[str, JsonValue] = {"of": of, "numbers": asked}
        gives = await node.store.read(partial(give_lines, node=node, pairing=pairing, asks=asks))
        given = [int(str(item["seq"])) for item in _objects(gives.get("lines"))]
        if given:
            records.append(encode_back("lines", of, gives))
        left = [seq for seq in left if seq > given[-1]] if given else left[MAX_NUMBERS:]
    return records


def _numbers(texts: Sequence[str], event: Event) -> list[int]:
    leaves = [decode_leaf(text.encode("ascii")) for text in texts]
    return sorted(int(leaf.fields["seq"]) for leaf in leaves if leaf.ev == event)


def _texts(page: Mapping[str, JsonValue]) -> list[str]:
    leaves = page.get("leaves")
    return [str(text) for text in leaves] if isinstance(leaves, list) else []


def _objects(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
