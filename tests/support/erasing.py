# SPDX-License-Identifier: Apache-2.0
"""A group notice of two persons that VN accepted, everything about one of them planted at VN, and its folder.

planted()                  # the stores of both sides, made once; not inside a running loop
write_folder(raw, folder)  # a store in files
at_rest(folder)            # a node of VN on such files, opened as in production
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from exchange.adapters.storage.sqlite import SqliteStore
from exchange.ids import CaseCode, LinkId, MessageId, OfficerNumber, b64url, new_message_id
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.filling import fill, release_digest
from exchange.service.clients import AnswerState, ClientRow, KeptAnswer
from exchange.service.enclosures import kept
from exchange.service.erasing import confirm, look, propose
from exchange.service.erasures import ProposedAct
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.registering import Hand, add
from exchange.service.release import release
from exchange.service.rows import DraftRow
from exchange.service.staff import FormRow
from tests.support.notices import small_notice, sources
from tests.support.pictures import png
from tests.support.register_entries import members
from tests.support.thief import KEYS, STORE
from tests.support.world import KH, OFFICER, SECOND, STORE_KEY, VN, Agency, World

MAI, BINH = CaseCode("7KQ2-M9XD-4TBE"), CaseCode("8KQ2-M9XD-4TBE")
ERASE, HOLD, UNHOLD = ProposedAct.ERASE, ProposedAct.HOLD, ProposedAct.UNHOLD
NOBODY = OfficerNumber("P-9999")
PICTURE = png()
OF_MAI = {
    "name": b"NGUYEN Thi Mai",
    "paper": b"C0000000",
    "photograph": b64url(PICTURE)[:40].encode(),
    "register": b"planted stay of Mai",
    "draft": b"planted draft about Mai",
    "form": b"planted form about Mai",
    "answer": b"planted answer about Mai",
}
"""What was planted about the person who is erased."""
OF_BINH = b"TRAN Van Binh"


async def group_notice(world: World) -> None:
    """Let VN accept a notice of KH about two persons, with a photograph of the first."""
    await world.open()
    small = small_notice(persons=2)
    for person, code in zip(small["persons"], (MAI, BINH), strict=True):
        person["case_code"] = code
    small["persons"][0]["photograph"] = 1
    photo = {"scope": "photo", "state": "given", "giver": "person", "on": "2027-09-08"}
    small["persons"][0]["consents"].append(photo)
    document = fill(small, sources(world.kh.node, VN)).document
    attached = attach(document, [FileToAttach(PICTURE, "photograph", case_code=MAI)])
    node, files = world.kh.node, attached.parts
    await release(node, world.link, attached.document, officer=OFFICER, attachments=files)
    await settled(world)


async def settled(world: World) -> None:
    """Let time pass until every message has its verdict."""

    async def quiet() -> bool:
        counts = [
            await one.store.read(lambda uow: uow.messages.open_count(world.link)) for one in world.agencies
        ]
        return not any(count for count, _ in counts)

    await world.until(quiet)


async def erase(agency: Agency, code: str = MAI, reason: str = "person_asked") -> None:
    """Let two officers erase a case."""
    await erase_at(agency.node, code, reason)


async def erase_at(node: Node, code: str = MAI, reason: str = "person_asked") -> None:
    await propose(node, code, ERASE, reason, OFFICER)
    _, shown = await look(node, code, ERASE)
    await confirm(node, code, ERASE, SECOND, digest=shown.digest)


async def plant(agency: Agency) -> None:
    """Write about Mai wherever an agency keeps something about a person."""
    node, link = agency.node, agency.world.link
    entry = members(number="F-7", name="planted stay of Mai", case=MAI)
    await add(node, entry, Hand(OFFICER, zone="Asia/Phnom_Penh"))
    await node.store.write(lambda uow: _plant(uow, node, link))


def _plant(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    now, id = node.clock.now(), new_message_id(node.clock.now(), node.random)
    header = {"type": "INQ", "case_codes": [MAI], "remark": OF_MAI["draft"].decode()}
    document: Any = {"header": header, "content": {}, "persons": []}
    digest = release_digest(document)
    uow.drafts.save(DraftRow(id, link, "INQ", kept(document, ()), OFFICER, digest, None, now))
    text = MAI.encode() + OF_MAI["form"]
    uow.staff.forms.save(FormRow(MessageId(id), link, OFFICER, "INQ", text, 1, now))
    uow.clients.add(ClientRow("case-files", OFFICER, ("officer",), bytes(32), now, now))
    row = KeptAnswer("case-files", hashlib.sha256(b"k").digest(), bytes(32), now)
    answer = MAI.encode() + OF_MAI["answer"]
    uow.clients.put_answer(replace(row, state=AnswerState.ANSWERED, answer=answer))


@dataclass(frozen=True)
class Planted:
    """Both sides after everything was planted, and a node of VN whose store can be exchanged."""

    kh: bytes
    vn: bytes
    node: Node
    link: LinkId


@cache
def planted() -> Planted:
    found: list[Planted] = []

    async def story(world: World) -> None:
        await group_notice(world)
        await plant(world.vn)
        node = world.vn.node
        found.append(Planted(world.kh.store.snapshot(), world.vn.store.snapshot(), node, world.link))

    World(seed=17).run(story)
    return found[0]


def write_folder(snapshot: bytes, folder: Path) -> None:
    """Write a store and its key store as the files of a node."""
    folder.mkdir(mode=0o700)
    split = 8 + int.from_bytes(snapshot[:8], "big")
    for name, raw in ((STORE, snapshot[8:split]), (KEYS, snapshot[split:])):
        (folder / name).write_bytes(raw)
        (folder / name).chmod(0o600)


@contextlib.asynccontextmanager
async def at_rest(folder: Path) -> AsyncIterator[Node]:
    """Yield the node of VN on a store in files."""
    async with await SqliteStore.open(
        folder, own=VN, store_key=STORE_KEY, finish=lambda *_: None, create=False
    ) as store:
        yield replace(planted().node, store=store)


__all__ = ["BINH", "ERASE", "HOLD", "KH", "MAI", "NOBODY", "OFFICER", "OF_BINH", "OF_MAI", "SECOND", "UNHOLD"]
