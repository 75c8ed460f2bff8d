# SPDX-License-Identifier: Apache-2.0
"""A partner that writes any legal leaves with any claims: what the node does by itself or shows goes on.

Threat model, adversary P; rules 19, 20 and 22. Numbers go up to the largest integer of the wire, times to
both ends of the calendar; the same number, id or key comes again and again.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.clock import instant_text
from exchange.errors import ExchangeError, HolidaysMissingError, StoreError
from exchange.ids import MessageId, sha256
from exchange.ledger.entries import (
    Entry,
    accp,
    agrx,
    beat,
    dsco,
    dscr,
    epch,
    eras,
    keyx,
    opened,
    opnd,
    rcvd,
    rejc,
    sent,
    stag,
    stmt,
    void,
)
from exchange.protocol.strictjson import MAX_INT
from exchange.protocol.suites import KeyUse
from exchange.service.differences import sweep
from exchange.service.due import count_work
from exchange.service.hearing import hear
from exchange.service.keychange import keys_that_count
from exchange.service.release import release
from exchange.service.retention import what_is_due
from exchange.service.rows import Direction, MessageRow
from exchange.service.statements import answer_days
from tests.support.faulty import OTHER_DIGEST, Stage, with_stage
from tests.support.identity import agency
from tests.support.notices import notice
from tests.support.world import KH, LIMITS, OFFICER

IDS = [MessageId(f"0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b6{n}") for n in range(4)]
TIMES = ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2027-10-05T00:00:00.000Z")
PERIODS = ("2027-10-03", "2027-09", "2027-02-30", "0000-01", "9999-12-31")


def any_entry(stage: Stage, chance: random.Random, row: MessageRow) -> Entry:
    """Return a legal entry; much of it is about our message, its keys and a few numbers."""
    card, pick = agency(stage.partner.code).card, chance.choice
    key = pick(keys_that_count(card))
    n = lambda: pick([1, 1, 2, 3, chance.randint(1, 400), 5_000_000, MAX_INT])  # noqa: E731
    dg = lambda: pick([OTHER_DIGEST, row.envelope_hash, row.body_hash, card.digest, sha256(b"x")])  # noqa: E731
    id = lambda: pick([*IDS, row.id])  # noqa: E731
    op = "add" if key.use is KeyUse.HEAD else pick(["add", "retire", "revoke"])
    eh, cd = pick([row.envelope_hash, OTHER_DIGEST]), pick([row.body_hash, OTHER_DIGEST])
    kinds: list[Callable[[], Entry]] = [
        beat,
        lambda: keyx(op=op, use=key.use, kid=key.kid, cs=n(), crd=card.digest),
        lambda: opened(n=n(), ad=dg(), crd=dg()),
        lambda: agrx(n=n(), ad=dg(), fs=n()),
        lambda: epch(pe=n(), sz=n(), rt=dg(), csz=n(), crt=dg(), why="two_histories"),
        lambda: sent(seq=n(), id=id(), eh=dg(), cd=dg(), pc=dg(), sz=n()),
        lambda: void(seq=n(), id=id(), code=pick(["lost", "expired"])),
        lambda: rcvd(seq=n(), id=id(), eh=eh, cd=cd, k=pick(["accepted", "held"])),
        lambda: rcvd(seq=1, id=row.id, eh=eh, cd=cd, k="rejected", code=pick(["voided", "internal"])),
        lambda: accp(seq=n(), id=id()),
        lambda: rejc(seq=n(), id=id(), code=pick(["voided", "internal"])),
        lambda: opnd(seqs=pick(["1-9", "3,5-9", f"1-{MAX_INT}"])),
        lambda: stmt(no=n(), per=pick(PERIODS), dg=dg()),
        lambda: stag(by_no=n(), k=pick(["agreed", "differs"]), dg=dg()),
        lambda: dsco(no=n(), dg=dg()),
        lambda: dscr(no=n(), dg=dg(), k=pick(["settled", "open"])),
        lambda: eras(dg=dg(), n=n()),
    ]
    return pick(kinds)()


async def works(stage: Stage) -> None:
    """Do what the node does by itself and for its people; a refusal by a rule is no fault of the program."""
    node, link = stage.node, stage.link
    steps: list[Callable[[], Any]] = [
        lambda: hear(node, link),
        lambda: sweep(node, link),
        lambda: answer_days(node, link),
        lambda: count_work(node, NOTHING_ANNOUNCED),
        lambda: what_is_due(node),
    ]
    for step in steps:
        try:
            await step()
        except (StoreError, HolidaysMissingError):
            raise
        except ExchangeError:
            continue


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_partner_writes_the_work_of_the_node_goes_on(seed: int) -> None:
    chance = random.Random(seed)

    async def story(stage: Stage) -> None:
        await stage.give()
        document = notice(stage.node, stage.partner.code, country="VN")
        await release(stage.node, stage.link, document, officer=OFFICER)
        row = await stage.row(Direction.OUT, 1)
        assert row is not None
        for _ in range(4):
            for _ in range(chance.randint(1, 12)):
                t = chance.choice([instant_text(stage.clock.now()), *TIMES])
                stage.partner.leaves.append(stage.partner.leaf(any_entry(stage, chance, row), t=t))
            await stage.give()
            await works(stage)

        assert await stage.copy_size() == len(stage.partner.leaves)

    with_stage(story, target=KH, limits=replace(LIMITS, keeps_books=True))
