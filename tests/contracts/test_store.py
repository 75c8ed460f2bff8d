# SPDX-License-Identifier: Apache-2.0
"""What every store must do: transactions and logs (the rules of `exchange.service.ports`)."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from exchange.errors import AppendOnlyError, ExchangeError, StoreError
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkState, LogPosition
from tests.support.store_rows import (
    LINK,
    NOW,
    OTHER_LINK,
    OWN,
    PARTNER,
    StoreWorld,
    agreement_row,
    audit_row,
    begin,
    card_row,
    fill,
    grow,
    head_row,
    link_row,
    message_row,
)


class DownError(Exception):
    """What a unit of these tests raises."""


def fail(uow: UnitOfWork) -> None:
    grow(uow)
    uow.settings.put("failed", "yes")
    raise DownError


# --- units and commits


async def test_unit_gives_back_what_it_returns(world: StoreWorld) -> None:
    assert await world.store.write(lambda uow: 7) == 7
    assert await world.store.read(lambda uow: uow.links.get(LINK)) == link_row()


async def test_failing_unit_leaves_nothing_and_its_exception_reaches_the_caller(world: StoreWorld) -> None:
    with pytest.raises(DownError):
        await world.store.write(fail)

    assert await world.store.read(lambda uow: uow.settings.get("failed")) is None
    assert await world.store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 0


async def test_failing_unit_does_not_pull_down_its_neighbours(world: StoreWorld) -> None:
    units = [
        lambda uow: uow.settings.put("a", "1"),
        fail,
        lambda uow: uow.settings.put("b", "2"),
    ]

    results = await asyncio.gather(*(world.store.write(unit) for unit in units), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), DownError, type(None)]
    values = await world.store.read(lambda uow: (uow.settings.get("a"), uow.settings.get("b")))
    assert values == ("1", "2")


async def test_link_added_by_a_failed_unit_is_forgotten(world: StoreWorld) -> None:
    def add_and_fail(uow: UnitOfWork) -> None:
        uow.links.add(link_row(OTHER_LINK))
        uow.logs.open(OTHER_LINK, OWN, 1)
        raise DownError

    with pytest.raises(DownError):
        await world.store.write(add_and_fail)

    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.logs.open(OTHER_LINK, OWN, 1))


async def test_unit_that_ends_an_iteration_is_an_error_like_any_other(world: StoreWorld) -> None:
    with pytest.raises(RuntimeError):
        await world.store.write(lambda uow: next(iter(())))

    assert await world.store.write(lambda uow: 1) == 1


async def test_attempt_undoes_only_its_own_changes(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.settings.put("kept", "yes")
        with pytest.raises(DownError):
            uow.attempt(lambda: fail(uow))
        uow.attempt(lambda: uow.settings.put("inner", "yes"))

    await world.store.write(unit)

    values = await world.store.read(lambda uow: [uow.settings.get(n) for n in ("kept", "inner", "failed")])
    assert values == ["yes", "yes", None]
    assert world.finishes.calls == []


async def test_link_added_in_a_failed_attempt_is_forgotten(world: StoreWorld) -> None:
    def add_and_fail(uow: UnitOfWork) -> None:
        uow.links.add(link_row(OTHER_LINK))
        uow.logs.open(OTHER_LINK, OWN, 1)
        raise DownError

    def unit(uow: UnitOfWork) -> None:
        with pytest.raises(DownError):
            uow.attempt(lambda: add_and_fail(uow))
        uow.logs.open(OTHER_LINK, OWN, 1)

    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(unit)


async def test_refused_row_can_be_caught_and_the_unit_goes_on(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.messages.add(message_row(), envelope=b"e", body=b"b")
        with pytest.raises(AppendOnlyError):
            uow.messages.add(message_row(), envelope=b"e", body=b"b")
        uow.settings.put("went", "on")

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.settings.get("went")) == "on"


async def test_reading_unit_cannot_write(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="tried to write"):
        await world.store.read(lambda uow: uow.settings.put("a", "1"))

    await world.store.write(lambda uow: uow.settings.put("b", "2"))
    values = await world.store.read(lambda uow: (uow.settings.get("a"), uow.settings.get("b")))
    assert values == (None, "2")


async def test_failing_read_reaches_its_caller_only(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="no log"):
        await world.store.read(lambda uow: uow.logs.position(LINK, "VN-MPS-IMM"))

    assert await world.store.read(lambda uow: 1) == 1


async def test_first_storage_error_closes_the_store_for_good(world: StoreWorld) -> None:
    """Rule 4 of the port: the disk is full, nothing is retried."""
    await world.raw(lambda c: c.execute("PRAGMA max_page_count = 1").fetchall())

    def large(uow: UnitOfWork) -> None:
        uow.messages.add(message_row(), envelope=bytes(2_000_000), body=None)

    with pytest.raises(StoreError, match="SQLITE_FULL"):
        await world.store.write(large)

    await world.raw(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchall())
    for call in (world.store.write, world.store.read):
        with pytest.raises(StoreError, match="SQLITE_FULL"):
            await call(lambda uow: uow.settings.get("a"))


async def test_unit_that_swallows_a_storage_error_is_not_committed(world: StoreWorld) -> None:
    await world.raw(lambda c: c.execute("PRAGMA max_page_count = 1").fetchall())

    def swallow(uow: UnitOfWork) -> None:
        with pytest.raises(StoreError):
            uow.settings.put("large", "x" * 2_000_000)

    with pytest.raises(StoreError, match="SQLITE_FULL"):
        await world.store.write(swallow)


async def test_sound_store_passes_its_check(world: StoreWorld) -> None:
    await world.store.write(fill)

    await world.store.verify()


# --- finish


async def test_finish_runs_once_for_the_links_whose_own_log_grew(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.links.add(link_row(OTHER_LINK))
        uow.logs.open(OTHER_LINK, OWN, 1)
        grow(uow)
        grow(uow)

    await world.store.write(unit)

    assert world.finishes.calls == [frozenset({LINK})]
    head = await world.store.read(lambda uow: uow.logs.head(LINK, OWN))
    assert head == head_row(2)


async def test_finish_does_not_run_for_the_copy_of_a_partners_log(world: StoreWorld) -> None:
    await world.store.write(lambda uow: grow(uow, by=PARTNER))

    assert world.finishes.calls == []


async def test_finish_does_not_run_for_a_log_that_a_failed_unit_grew(world: StoreWorld) -> None:
    with pytest.raises(DownError):
        await world.store.write(fail)
    await world.store.write(lambda uow: uow.settings.put("a", "1"))

    assert world.finishes.calls == []


async def test_failing_finish_undoes_the_whole_group(world: StoreWorld) -> None:
    world.finishes.fault = ExchangeError("no key")

    with pytest.raises(ExchangeError, match="no key"):
        await world.store.write(grow)

    world.finishes.fault = None
    assert await world.store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 0
    await world.store.write(grow)


async def test_finish_that_swallows_a_storage_error_is_not_committed(world: StoreWorld) -> None:
    def fill_the_disk(uow: UnitOfWork) -> None:
        with pytest.raises(StoreError):
            uow.settings.put("large", "x" * 2_000_000)

    world.finishes.first = fill_the_disk
    await world.raw(lambda c: c.execute("PRAGMA max_page_count = 1").fetchall())

    with pytest.raises(StoreError, match="SQLITE_FULL"):
        await world.store.write(grow)


# --- links, agreements, cards


async def test_links_are_found_by_id_and_partner(world: StoreWorld) -> None:
    other = link_row(OTHER_LINK, partner="VN-MPS-IMM", state=LinkState.INVITED, reason="words")
    await world.store.write(lambda uow: uow.links.add(other))

    found = await world.store.read(
        lambda uow: (uow.links.get(OTHER_LINK), uow.links.of_partner(PARTNER), uow.links.all())
    )

    assert found == (other, link_row(), [link_row(), other])


async def test_unknown_link_is_none(world: StoreWorld) -> None:
    found = await world.store.read(lambda uow: (uow.links.get(OTHER_LINK), uow.links.of_partner(OWN)))
    assert found == (None, None)


async def test_link_is_added_once(world: StoreWorld) -> None:
    with pytest.raises(AppendOnlyError, match="exists"):
        await world.store.write(lambda uow: uow.links.add(link_row(partner="VN-MPS-IMM")))


async def test_update_of_an_unknown_link_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.links.update(link_row(OTHER_LINK)))


async def test_link_goes_forward(world: StoreWorld) -> None:
    row = link_row(next_seq=5, contiguous_in=3, own_epoch=2, partner_epoch=2, reason="x")

    await world.store.write(lambda uow: uow.links.update(row))

    assert await world.store.read(lambda uow: uow.links.get(LINK)) == row


@pytest.mark.parametrize("column", ["next_seq", "contiguous_in", "own_epoch", "partner_epoch"])
async def test_numbers_of_a_link_never_go_down(world: StoreWorld, column: str) -> None:
    row = link_row(next_seq=5, contiguous_in=3, own_epoch=2, partner_epoch=2)
    await world.store.write(lambda uow: uow.links.update(row))
    lower = replace(row, **{column: getattr(row, column) - 1})

    with pytest.raises(AppendOnlyError, match="never go down"):
        await world.store.write(lambda uow: uow.links.update(lower))

    assert await world.store.read(lambda uow: uow.links.get(LINK)) == row


async def test_signatures_of_an_agreement_are_filled_once(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add_agreement(agreement_row(partner_from_seq=0)))
    await world.store.write(lambda uow: uow.links.countersign(LINK, 1, own="a"))
    await world.store.write(
        lambda uow: uow.links.countersign(LINK, 1, own="a", partner="b", partner_from_seq=4)
    )

    filled = agreement_row(own_signature="a", partner_signature="b", partner_from_seq=4)
    assert await world.store.read(lambda uow: uow.links.agreement(LINK, 1)) == filled


@pytest.mark.parametrize(
    "change", [{"own": "x"}, {"partner": ""}, {"own_from_seq": 2}, {"partner_from_seq": 0}]
)
async def test_filled_signature_or_number_of_an_agreement_never_changes(
    world: StoreWorld, change: dict[str, str]
) -> None:
    row = agreement_row(own_signature="a", partner_signature="b")
    await world.store.write(lambda uow: uow.links.add_agreement(row))

    with pytest.raises(AppendOnlyError, match="never changes"):
        await world.store.write(lambda uow: uow.links.countersign(LINK, 1, **change))


async def test_unknown_agreement_cannot_be_countersigned(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.links.countersign(LINK, 1, own="a"))
    assert await world.store.read(lambda uow: uow.links.agreement(LINK, 1)) is None


@pytest.mark.parametrize("n", [0, 1, 3])
async def test_versions_of_an_agreement_come_one_by_one(world: StoreWorld, n: int) -> None:
    await world.store.write(lambda uow: uow.links.add_agreement(agreement_row(1)))

    with pytest.raises(AppendOnlyError, match="next version"):
        await world.store.write(lambda uow: uow.links.add_agreement(agreement_row(n)))


@pytest.mark.parametrize("serial", [1, 4, 5])
async def test_card_needs_a_higher_serial(world: StoreWorld, serial: int) -> None:
    await world.store.write(lambda uow: uow.links.add_card(card_row(5)))

    with pytest.raises(AppendOnlyError, match="higher serial"):
        await world.store.write(lambda uow: uow.links.add_card(card_row(serial)))


async def test_newest_card_of_an_agency_counts(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for row in (card_row(1), card_row(7), card_row(3, OWN)):
            uow.links.add_card(row)

    await world.store.write(unit)

    found = await world.store.read(lambda uow: (uow.links.card(PARTNER), uow.links.cards(PARTNER)))
    assert found == (card_row(7), [card_row(1), card_row(7)])
    assert await world.store.read(lambda uow: uow.links.card("VN-MPS-IMM")) is None


# --- logs


async def test_log_is_opened_once_and_opening_it_again_changes_nothing(world: StoreWorld) -> None:
    await world.store.write(lambda uow: grow(uow, 2))

    position = await world.store.write(lambda uow: uow.logs.open(LINK, OWN, 1))

    assert position.size == 2


async def test_leaves_come_back_as_they_were_appended(world: StoreWorld) -> None:
    await world.store.write(lambda uow: grow(uow, 3))
    await world.store.write(lambda uow: grow(uow, 2))

    leaves = await world.store.read(lambda uow: uow.logs.leaves(LINK, OWN, 1, 4))

    assert leaves == [b"leaf 1", b"leaf 2", b"leaf 3"]
    assert await world.store.read(lambda uow: uow.logs.leaves(LINK, OWN, 5, 9)) == []
    assert await world.store.read(lambda uow: uow.logs.leaves(LINK, PARTNER, 0, 9)) == []


@pytest.mark.parametrize(
    "position",
    [
        pytest.param(LogPosition(LINK, OWN, 1, 1, b""), id="behind"),
        pytest.param(LogPosition(LINK, OWN, 1, 3, b""), id="ahead"),
        pytest.param(LogPosition(LINK, OWN, 1, 2, b"x" * 32), id="another tree"),
        pytest.param(LogPosition(LINK, OWN, 2, 2, b""), id="an epoch that is not open"),
        pytest.param(LogPosition(LINK, "VN-MPS-IMM", 1, 0, b""), id="a log that is not open"),
    ],
)
async def test_append_at_another_position_is_refused(world: StoreWorld, position: LogPosition) -> None:
    await world.store.write(lambda uow: grow(uow, 2))

    with pytest.raises(AppendOnlyError, match="the log of"):
        await world.store.write(lambda uow: uow.logs.append(position, [b"leaf"], peaks=b"y" * 32))

    assert await world.store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 2


async def test_append_of_nothing_changes_nothing(world: StoreWorld) -> None:
    position = await world.store.read(lambda uow: uow.logs.position(LINK, OWN))

    assert await world.store.write(lambda uow: uow.logs.append(position, [], peaks=b"")) == position
    assert world.finishes.calls == []


async def test_new_epoch_begins_empty_and_the_old_one_takes_no_more(world: StoreWorld) -> None:
    await world.store.write(lambda uow: grow(uow, 2))
    old = await world.store.read(lambda uow: uow.logs.position(LINK, OWN))

    await world.store.write(lambda uow: uow.logs.open(LINK, OWN, 2))

    newest = await world.store.read(lambda uow: uow.logs.position(LINK, OWN))
    assert newest == LogPosition(LINK, OWN, 2, 0, b"")
    assert await world.store.read(lambda uow: uow.logs.head(LINK, OWN)) is None
    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.logs.append(old, [b"leaf"], peaks=b""))


async def test_earlier_epoch_cannot_be_opened_afterwards(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.logs.open(LINK, OWN, 3))

    with pytest.raises(AppendOnlyError, match="new epoch"):
        await world.store.write(lambda uow: uow.logs.open(LINK, OWN, 2))


@pytest.mark.parametrize("size", [0, 1, 4, 5])
async def test_head_must_be_larger_than_every_kept_one(world: StoreWorld, size: int) -> None:
    await world.store.write(lambda uow: uow.logs.add_head(LINK, PARTNER, head_row(5)))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.logs.add_head(LINK, PARTNER, head_row(size)))

    assert await world.store.read(lambda uow: uow.logs.head(LINK, PARTNER)) == head_row(5)


async def test_head_is_found_by_the_size_it_may_have(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for size in (2, 5, 9):
            uow.logs.add_head(LINK, PARTNER, head_row(size))

    await world.store.write(unit)

    found = await world.store.read(
        lambda uow: [uow.logs.head_within(LINK, PARTNER, n) for n in (1, 5, 8, 99)]
    )
    assert found == [None, head_row(5), head_row(5), head_row(9)]


@pytest.mark.parametrize("size", [3, 5])
async def test_cosignature_that_covers_no_more_changes_nothing(world: StoreWorld, size: int) -> None:
    await world.store.write(lambda uow: uow.logs.add_cosignature(LINK, OWN, 5, "first"))

    await world.store.write(lambda uow: uow.logs.add_cosignature(LINK, OWN, size, "second"))

    assert await world.store.read(lambda uow: uow.logs.cosigned(LINK, OWN)) == (5, "first")


async def test_largest_cosignature_counts(world: StoreWorld) -> None:
    assert await world.store.read(lambda uow: uow.logs.cosigned(LINK, OWN)) == (0, "")

    await world.store.write(lambda uow: uow.logs.add_cosignature(LINK, OWN, 5, "first"))
    await world.store.write(lambda uow: uow.logs.add_cosignature(LINK, OWN, 6, "second"))

    assert await world.store.read(lambda uow: uow.logs.cosigned(LINK, OWN)) == (6, "second")


async def test_log_that_is_not_open_takes_no_head_and_no_cosignature(world: StoreWorld) -> None:
    for unit in (
        lambda uow: uow.logs.add_head(LINK, "VN-MPS-IMM", head_row(1)),
        lambda uow: uow.logs.add_cosignature(OTHER_LINK, OWN, 1, ""),
    ):
        with pytest.raises(StoreError):
            await world.store.write(unit)


async def test_link_begins_once(world: StoreWorld) -> None:
    with pytest.raises(AppendOnlyError):
        await world.store.write(begin)


def _record(uow: UnitOfWork, *, row: AuditRow) -> None:
    uow.audit.record(row)


async def test_acts_are_found_page_by_page_oldest_first(world: StoreWorld) -> None:
    rows = [replace(audit_row(), act=act, object=act) for act in ("seen", "told", "seen", "kept")]
    for row in rows:
        await world.store.write(partial(_record, row=row))

    found, place = await world.store.read(lambda uow: uow.audit.of_acts({"seen", "kept"}, after=0))
    behind, last = await world.store.read(lambda uow: uow.audit.of_acts({"seen", "kept"}, after=1))

    assert (found, place) == ([rows[0], rows[2], rows[3]], 0)
    assert (behind, last) == ([rows[2], rows[3]], 0)


async def test_audit_record_of_a_failed_unit_does_not_stay(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.audit.record(audit_row())
        raise DownError

    with pytest.raises(DownError):
        await world.store.write(unit)
    await world.store.write(lambda uow: uow.audit.record(audit_row("message")))

    rows = await world.store.read(lambda uow: uow.audit.list())
    assert [row.object for row in rows] == ["message"]
    assert rows[0].at == NOW
