# SPDX-License-Identifier: Apache-2.0
"""States of cases computed anew from messages, by the functions that rebuild a store after a backup.

The store holds notices of our own with their contents, each about one new person, and nothing of the cases.
Then each message is read, opened, and entered in the chronicle of its case at its place, with its verdict.
"""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from exchange.ids import Digest, b64url, new_case_code, new_message_id
from exchange.messages.filling import fill
from exchange.protocol.parts import split_document
from exchange.service import casework
from exchange.service.intake import parts_of
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.bench.office import Office, office
from tests.support.notices import real_notice, sources
from tests.support.world import VN

AT_ONCE: Final = 20
"""Messages in one unit."""


@dataclass(frozen=True)
class Rebuilt:
    """How long it took to compute the states of so many cases."""

    cases: int
    took_s: float


async def measure_rebuild(folder: Path, cases: int) -> Rebuilt:
    """Return how long the states of `cases` cases take, each opened by a message of its own."""
    async with office(folder) as here:
        sample = fill(real_notice(), sources(here.node, VN)).document
        for first in range(1, cases + 1, AT_ONCE):
            last = min(first + AT_ONCE, cases + 1)
            await here.store.write(lambda uow, span=(first, last): _keep(uow, here, sample, *span))  # type: ignore[misc]
        began_s = time.monotonic()
        for first in range(1, cases + 1, AT_ONCE):
            await here.store.write(lambda uow, first=first: _rebuild(uow, here, first))  # type: ignore[misc]
        took_s = time.monotonic() - began_s
        states = await here.store.read(
            lambda uow: {row.state for row in uow.cases.list(link=here.link, limit=cases)}
        )
        assert states == {"notice_pending"}, states
        return Rebuilt(cases, took_s)


def _keep(uow: UnitOfWork, here: Office, sample: dict[str, Any], first: int, last: int) -> None:
    """Keep messages and their contents."""
    text, code = json.dumps(sample), sample["persons"][0]["case_code"]
    for seq in range(first, last):
        document = json.loads(text.replace(code, new_case_code(here.node.random)))
        parts = split_document(document, secrets.token_bytes)
        uow.messages.add(_row(here, seq), envelope=b"-", body=None)
        uow.contents.add(here.link, Direction.OUT, seq, parts_of(document, parts))


def _row(here: Office, seq: int) -> MessageRow:
    now, digest = here.node.clock.now(), Digest(b64url(seq.to_bytes(32, "big")))
    return MessageRow(
        link=here.link,
        direction=Direction.OUT,
        seq=seq,
        id=new_message_id(now, here.node.random),
        type="RPN",
        state=MessageState.ACCEPTED,
        code="",
        envelope_hash=digest,
        body_hash=digest,
        commitment=digest,
        size_class=4_096,
        agreement_n=1,
        created_at=now,
        expires_at=now + timedelta(days=30),
        logged_at=now,
        line_bytes=1,
        leaf_index=seq,
        verdict_leaf_index=seq,
    )


def _rebuild(uow: UnitOfWork, here: Office, first: int) -> None:
    pairing = pairing_of(uow, here.node, here.link)
    for row in uow.messages.numbers(here.link, Direction.OUT, first, AT_ONCE):
        document = document_of(uow, row)
        assert document is not None
        casework.restore(uow, here.node, pairing, row, document, accepted_at=row.verdict_leaf_index)
