# SPDX-License-Identifier: Apache-2.0
"""A partner whose statements and notices do not say the truth: nothing is believed, the link goes on.

Threat model, adversary P; rule 18: only signed messages and our own comparison decide.
"""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import sha256, unb64url
from exchange.ledger.entries import dsco, dscr, stag, stmt
from exchange.ledger.lattice import lattice_line
from exchange.ledger.notes import Head
from exchange.messages.filling import fill
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey
from exchange.service.differences import sweep, tell
from exchange.service.hearing import hear
from exchange.service.meaning import document_of
from exchange.service.reconcile import reconcile
from exchange.service.rows import DifferenceState, Direction, LinkState
from exchange.service.statements import answer, answer_days, make
from tests.support.faulty import Named, with_stage
from tests.support.keys import test_key
from tests.support.notices import sources
from tests.support.world import OFFICER

PERIOD = "2027-10-04"


async def a_right_statement(stage: Any) -> dict[str, Any]:
    """Let the node make a statement after its day, and return the content."""
    stage.clock.jump(timedelta(hours=24))
    stage.partner.clock.jump(timedelta(hours=24))
    stage.node.guard.settle()
    await make(stage.node, stage.link, PERIOD, officer=OFFICER)

    def content(uow: Any) -> dict[str, Any]:

        row = uow.statements.messages(stage.link, Direction.OUT, "STM", limit=1)[0]
        return dict(document_of(uow, row)["content"])

    return await stage.store.read(content)


def mirrored(content: dict[str, Any]) -> dict[str, Any]:
    """Return the statement that the partner would make of the same heads: the same, for both hold both."""
    return deepcopy(content)


async def partner_says(stage: Any, small: dict[str, Any], entry: Any) -> None:
    """Let the partner send a message about the ledger with the leaf about it."""
    document = fill(small, sources(Named(stage.partner.code, stage.partner.random), stage.target)).document
    built = stage.partner.build(document)
    stage.partner.announce(built)
    stage.partner.log(entry(built.envelope.pc))
    await stage.give(built)


async def is_well(stage: Any) -> None:
    """The link is open, and a right line is accepted."""
    assert stage.node.presence.of(stage.link).gate is LinkState.OPEN
    line = stage.partner.build()
    stage.partner.announce(line)
    await stage.give(line)
    assert (await stage.verdicts())[-1][1] == "accepted"


def play(story: Any) -> None:
    async def opened(stage: Any) -> None:
        await stage.open()
        await stage.give()
        line = stage.partner.build()
        stage.partner.announce(line)
        await stage.give(line)
        await story(stage)

    with_stage(opened)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c["balance"][0].update(used=7, open=c["balance"][0]["open"] + 7), "/balance"),
        (lambda c: c["roots"][0].update(delivery=sha256(b"another")), "/roots/0/delivery"),
        (lambda c: c["roots"][1].update(verdict=sha256(b"another")), "/roots/1/verdict"),
        (lambda c: c["heads"][0].update(root=sha256(b"another")), "/heads/0/root"),
        (lambda c: c["heads"][1].update(size=9_000), "/heads"),
        (lambda c: c["open_items"].append(
            {"sender": c["heads"][0]["log"], "first": 40, "last": 41, "days": 2}), "/open_items"),
        (lambda c: c["person_totals"]["in_notices"].update(total=9, open=9), "/person_totals"),
    ],
    ids=["balance", "delivery root", "verdict root", "head", "a head we do not have", "open", "persons"],
)  # fmt: skip
def test_statement_with_a_wrong_figure_is_answered_differs_and_named(change: Any, place: str) -> None:
    async def story(stage: Any) -> None:
        content = mirrored(await a_right_statement(stage))
        change(content)
        await partner_says(stage, {"type": "STM", **content}, lambda pc: stmt(no=1, per=PERIOD, dg=pc))

        assert await answer_days(stage.node, stage.link) == 1
        row = await stage.store.read(lambda uow: uow.statements.get(stage.link, is_own=False, no=1))
        assert row.answer == "differs"
        assert any(found.startswith(place) for found in row.findings), row.findings
        with pytest.raises(InputError, match="our own ledgers give other figures"):
            await answer(stage.node, stage.link, 1, differs=False, officer=OFFICER)
        await is_well(stage)

    play(story)


NEXT = "2027-10-05"


async def after_one_that_nobody_can_read(stage: Any, change: Any) -> Any:
    """Let the partner name a statement without a message, and then send a right or changed next one."""
    await a_right_statement(stage)
    stage.partner.log(stmt(no=1, per=PERIOD, dg=sha256(b"no message")))
    await stage.give()
    stage.clock.jump(timedelta(hours=24))
    stage.partner.clock.jump(timedelta(hours=24))
    stage.node.guard.settle()
    await make(stage.node, stage.link, NEXT, officer=OFFICER)

    def content(uow: Any) -> dict[str, Any]:
        rows = uow.statements.messages(stage.link, Direction.OUT, "STM", limit=9)
        found = [dict(document_of(uow, row)["content"]) for row in rows]
        return max(found, key=lambda one: one["period_from"])

    said = mirrored(await stage.store.read(content))
    change(said)
    await partner_says(stage, {"type": "STM", **said}, lambda pc: stmt(no=2, per=NEXT, dg=pc))
    assert await answer_days(stage.node, stage.link) == 1
    return await stage.store.read(lambda uow: uow.statements.get(stage.link, is_own=False, no=2))


def test_statement_after_one_that_cannot_be_read_is_not_blamed_for_it() -> None:
    """Its balance begins where the unreadable one ended, which is not known here."""

    async def story(stage: Any) -> None:
        row = await after_one_that_nobody_can_read(stage, lambda said: None)

        assert (row.answer, row.findings) == ("agreed", ())
        await is_well(stage)

    play(story)


def test_wrong_root_after_a_statement_that_cannot_be_read_is_named_all_the_same() -> None:
    async def story(stage: Any) -> None:
        row = await after_one_that_nobody_can_read(
            stage, lambda said: said["roots"][0].update(delivery=sha256(b"another"))
        )

        assert (row.answer, row.findings) == ("differs", ("/roots/0/delivery",))
        await is_well(stage)

    play(story)


def own_head(stage: Any, content: dict[str, Any], **other: Any) -> Head:
    """Return the head of the partner in a statement, or another one."""
    said = next(one for one in content["heads"] if one["log"] == stage.partner.code)
    root = unb64url(said["root"])
    right = Head(stage.link, stage.partner.code, 1, said["size"], root)
    return replace(right, **other)


def line_value(stage: Any, head: Head, key: PrivateKey | None = None) -> str:
    return lattice_line(head, key or stage.partner.key(KeyUse.HEAD_PQ)).split(" ")[2].rstrip()


async def with_second_signatures(stage: Any, values: list[str], content: dict[str, Any]) -> Any:
    """Let the partner send a statement with further signature lines; return the row and what is kept."""
    content["head_signatures"] = values
    await partner_says(stage, {"type": "STM", **content}, lambda pc: stmt(no=1, per=PERIOD, dg=pc))
    await answer_days(stage.node, stage.link)
    row = await stage.store.read(lambda uow: uow.statements.get(stage.link, is_own=False, no=1))
    kept = await stage.store.read(
        lambda uow: uow.head_lines.page(stage.link, stage.partner.code, epoch=1, after=0, limit=9)
    )
    return row, kept


@pytest.mark.parametrize(
    "other", [{"root": bytes(32)}, {"size": 1}, {"ep": 2}], ids=["root", "size", "epoch"]
)
def test_wrong_second_signature_is_named_and_the_link_goes_on(other: dict[str, Any]) -> None:
    async def story(stage: Any) -> None:
        content = mirrored(await a_right_statement(stage))
        wrong = line_value(stage, own_head(stage, content, **other))

        row, kept = await with_second_signatures(stage, [wrong], content)

        assert (row.answer, row.findings, kept) == ("differs", ("/head_signatures/0",), [])
        await is_well(stage)

    play(story)


def test_second_signature_of_a_key_in_no_card_is_left_alone() -> None:
    async def story(stage: Any) -> None:
        content = mirrored(await a_right_statement(stage))
        stranger = test_key(KeyUse.HEAD_PQ, Algorithm.ML_DSA_44, "stranger")
        values = [line_value(stage, own_head(stage, content), stranger), "AAAAAAAAAAAAAAAA"]

        row, kept = await with_second_signatures(stage, values, content)

        assert (row.answer, row.findings, kept) == ("agreed", (), [])
        await is_well(stage)

    play(story)


def test_right_second_signature_beside_strange_ones_is_kept() -> None:
    async def story(stage: Any) -> None:
        content = mirrored(await a_right_statement(stage))
        head = own_head(stage, content)
        right = line_value(stage, head)

        row, kept = await with_second_signatures(stage, ["AAAAAAAAAAAAAAAA", right, right], content)

        assert (row.answer, [line.size for line in kept]) == ("agreed", [head.size])
        await is_well(stage)

    play(story)


def test_leaf_about_a_statement_whose_message_never_comes_is_not_answered() -> None:
    async def story(stage: Any) -> None:
        stage.partner.log(stmt(no=1, per=PERIOD, dg=sha256(b"no message")))
        await stage.give()

        assert await answer_days(stage.node, stage.link) == 0
        await is_well(stage)

    play(story)


def test_answer_to_other_bytes_of_our_statement_is_no_answer() -> None:
    async def story(stage: Any) -> None:
        await a_right_statement(stage)
        stage.partner.log(stag(by_no=1, k="agreed", dg=sha256(b"other bytes")))
        await stage.give()

        row = await stage.store.read(lambda uow: uow.statements.get(stage.link, is_own=True, no=1))
        assert row.answer == ""
        found = (await reconcile(stage.node, stage.link)).differences
        assert ("statement_mismatch", "other_digest") in [(one.kind, one.reason) for one in found]
        await is_well(stage)

    play(story)


async def a_notice(stage: Any, key: str = "duplicate") -> Any:
    """Let the partner tell a difference that our own comparison does not find."""
    item = {"sender": stage.target, "number": 1, "expected": "once", "found": "twice"}
    small = {"type": "DSC", "difference": key, "items": [item]}
    await partner_says(stage, small, lambda pc: dsco(no=3, dg=pc))
    await hear(stage.node, stage.link)
    return (await stage.store.read(lambda uow: uow.differences.live(stage.link)))[0]


def test_difference_that_only_the_partner_names_is_shown_and_never_closed_by_us() -> None:
    async def story(stage: Any) -> None:
        row = await a_notice(stage)
        await sweep(stage.node, stage.link)

        assert (row.found.kind, row.is_hearsay, row.heard_no) == ("duplicate", True, 3)
        assert [
            one.state for one in await stage.store.read(lambda uow: uow.differences.live(stage.link))
        ] == [DifferenceState.OPEN]
        await is_well(stage)

    play(story)


def test_partner_that_says_settled_does_not_close_what_we_still_find() -> None:
    async def story(stage: Any) -> None:
        stage.partner.log(stmt(no=5, per=PERIOD, dg=sha256(b"skipped")))
        await stage.give()
        await sweep(stage.node, stage.link)
        row = (await stage.store.read(lambda uow: uow.differences.live(stage.link)))[0]

        told = await tell(stage.node, row, officer=OFFICER)
        stage.partner.log(dscr(no=told.no, dg=told.told_dg, k="settled"))
        await stage.give()
        await sweep(stage.node, stage.link)

        after = await stage.store.read(lambda uow: uow.differences.get(stage.link, row.no))
        assert (after.state, after.they_settled, after.we_settled) == ("open", True, False)
        await is_well(stage)

    play(story)


def test_dscr_of_an_unknown_notice_changes_nothing() -> None:
    async def story(stage: Any) -> None:
        row = await a_notice(stage)
        stage.partner.log(dscr(no=3, dg=sha256(b"of nothing"), k="settled"))
        await stage.give()

        assert await stage.store.read(lambda uow: uow.differences.get(stage.link, row.no)) == row
        await is_well(stage)

    play(story)
