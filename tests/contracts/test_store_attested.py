# SPDX-License-Identifier: Apache-2.0
"""What every store gives of what was said about heads: of each speaker the first and the newest in a span."""

import pytest
from exchange.service.ledgers import HeadLine, HeadStamp, Sizes
from exchange.service.ports import UnitOfWork
from tests.support.store_rows import LINK, NOW, OWN, PARTNER, StoreWorld, grow

SIZES = (2, 4, 6, 8)
ONE, TWO = "witness.example/w1", "witness.example/w2"


def say(uow: UnitOfWork) -> None:
    """A unit: two speakers of each kind; the second one spoke once, about 4 entries."""
    grow(uow, 9)
    for size in SIZES:
        uow.witnessed.add(LINK, ONE, size=size, line=f"one {size}", at=NOW)
        uow.stamps.add(LINK, OWN, HeadStamp(size, "one", b"reply", NOW), epoch=1)
        uow.head_lines.add(LINK, OWN, HeadLine(size, f"second {size}"), epoch=1, at=NOW)
    uow.witnessed.add(LINK, TWO, size=4, line="two 4", at=NOW)
    uow.stamps.add(LINK, OWN, HeadStamp(4, "two", b"reply", NOW), epoch=1)


@pytest.mark.parametrize(
    ("sizes", "of_one", "of_two"),
    [
        (Sizes(1, 9), [2, 8], [4]),
        (Sizes(3, 9), [4, 8], [4]),
        (Sizes(5, 7), [6], []),
        (Sizes(4, 4), [4], [4]),
        (Sizes(9, 9), [], []),
    ],
    ids=["all", "behind the first", "one in between", "exactly one", "nothing"],
)
async def test_first_and_newest_in_a_span_are_given(
    world: StoreWorld, sizes: Sizes, of_one: list[int], of_two: list[int]
) -> None:
    await world.store.write(say)

    lines, stamps, witnessed = await world.store.read(
        lambda uow: (
            uow.head_lines.around(LINK, OWN, epoch=1, sizes=sizes),
            uow.stamps.around(LINK, OWN, epoch=1, sizes=sizes),
            uow.witnessed.around(LINK, OWN, epoch=1, sizes=sizes),
        )
    )

    assert [line.size for line in lines] == of_one
    assert sorted((one.tsa, one.size) for one in stamps) == [
        *(("one", size) for size in of_one),
        *(("two", size) for size in of_two),
    ]
    assert sorted((one.witness, one.size) for one in witnessed) == [
        *((ONE, size) for size in of_one),
        *((TWO, size) for size in of_two),
    ]


async def test_nothing_is_given_of_another_epoch_or_writer(world: StoreWorld) -> None:
    await world.store.write(say)

    found = await world.store.read(
        lambda uow: (
            uow.witnessed.around(LINK, OWN, epoch=2, sizes=Sizes(1, 9)),
            uow.witnessed.around(LINK, PARTNER, epoch=1, sizes=Sizes(1, 9)),
        )
    )

    assert found == ([], [])
