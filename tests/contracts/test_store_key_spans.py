# SPDX-License-Identifier: Apache-2.0
"""What every store must keep of the places where a partner's keys count: they only become fewer."""

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import KeyId
from exchange.protocol.keyring import KeySpan
from exchange.protocol.suites import KeyUse
from tests.support.store_rows import LINK, OTHER_LINK, StoreWorld

FIRST, SECOND = KeyId("0" * 16), KeyId("f" * 16)


def span(
    from_index: int = 0, until_index: int | None = None, *, use: KeyUse = KeyUse.ENVELOPE, kid: KeyId = FIRST
) -> KeySpan:
    return KeySpan(use, kid, from_index, until_index)


async def put(world: StoreWorld, *spans: KeySpan, epoch: int = 1) -> None:
    for each in spans:
        await world.store.write(lambda uow, each=each: uow.links.put_key_span(LINK, epoch, each))


async def kept(world: StoreWorld, epoch: int = 1) -> list[KeySpan]:
    return await world.store.read(lambda uow: uow.links.key_spans(LINK, epoch))


async def test_a_link_begins_without_places(world: StoreWorld) -> None:
    assert await kept(world) == []


async def test_places_are_kept_by_use_and_key(world: StoreWorld) -> None:
    places = [span(3, 9), span(kid=SECOND), span(until_index=0, use=KeyUse.HEAD)]

    await put(world, *places)

    assert await kept(world) == places


async def test_another_epoch_has_places_of_its_own(world: StoreWorld) -> None:
    await put(world, span(3, 9))
    await put(world, span(0, 4), epoch=2)

    assert await kept(world) == [span(3, 9)]
    assert await kept(world, 2) == [span(0, 4)]
    assert await kept(world, 3) == []


async def test_places_of_an_unknown_link_are_none_and_cannot_be_kept(world: StoreWorld) -> None:
    assert await world.store.read(lambda uow: uow.links.key_spans(OTHER_LINK, 1)) == []
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.links.put_key_span(OTHER_LINK, 1, span()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (span(), span(5)),
        (span(), span(until_index=5)),
        (span(5), span(5, 9)),
        (span(5, 9), span(5, 6)),
        (span(5, 9), span(5, 0)),
        (span(5, 9), span(5, 9)),
    ],
)
async def test_a_place_becomes_less(world: StoreWorld, before: KeySpan, after: KeySpan) -> None:
    await put(world, before, after)

    assert await kept(world) == [after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(span(0, 9), span(0, None), id="the end goes away"),
        pytest.param(span(0, 9), span(0, 10), id="the end moves up"),
        pytest.param(span(0, 0), span(0, 1), id="a key that never counted begins to"),
        pytest.param(span(5), span(4), id="the begin moves down"),
        pytest.param(span(5, 9), span(0, 8), id="the begin moves down, the end too"),
    ],
)
async def test_a_place_never_grows_again(world: StoreWorld, before: KeySpan, after: KeySpan) -> None:
    await put(world, before)

    with pytest.raises(AppendOnlyError):
        await put(world, after)

    assert await kept(world) == [before]


@pytest.mark.parametrize("wrong", [span(-1), span(0, -1), span(kid=KeyId("0" * 15))])
async def test_an_impossible_place_is_refused(world: StoreWorld, wrong: KeySpan) -> None:
    with pytest.raises(StoreError):
        await put(world, wrong)

    assert await kept(world) == []


async def test_a_place_of_a_failed_unit_is_undone(world: StoreWorld) -> None:
    def unit(uow) -> None:  # type: ignore[no-untyped-def]
        uow.links.put_key_span(LINK, 1, span(0, 3))
        raise KeyError

    with pytest.raises(KeyError):
        await world.store.write(unit)

    assert await kept(world) == []
