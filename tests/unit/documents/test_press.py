# SPDX-License-Identifier: Apache-2.0
"""The press: papers become files in a process of its own, one after the other, within bounds."""

import asyncio

import pytest
from exchange.adapters.documents.pdf import write_pdf
from exchange.adapters.documents.press import Press
from exchange.adapters.documents.press_room import paper_bytes, paper_from
from exchange.errors import BusyError
from exchange.interfaces.papers import paper_of
from exchange.service.papers import Paper
from tests.support.papers import opened


def paper(name: str = "rpn/adult-with-passport") -> Paper:
    return paper_of(opened(name), ("km", "en"))


def test_a_paper_goes_to_the_process_as_it_is() -> None:
    assert paper_from(paper_bytes(paper())) == paper()


def test_the_press_makes_the_same_bytes_as_the_command_line_and_takes_the_next_paper() -> None:
    """One process for both papers; ended by the context, also while it is idle."""

    async def story() -> tuple[bytes, bytes]:
        async with Press() as press:
            return await press.print(paper()), await press.print(paper("hdp/three-persons"))

    first, second = asyncio.run(story())

    assert first == write_pdf(paper())
    assert second.startswith(b"%PDF-1.7")


def test_a_paper_that_takes_too_long_is_given_up() -> None:
    async def story() -> None:
        async with Press(longest_s=0.01) as press:
            await press.print(paper())

    with pytest.raises(BusyError, match="could not be made in time"):
        asyncio.run(story())


def test_more_papers_than_may_wait_are_refused() -> None:
    async def story() -> list[bytes | BaseException]:
        async with Press(longest_s=0.01, most_waiting=1) as press:
            asked = [press.print(paper()) for _ in range(4)]
            return await asyncio.gather(*asked, return_exceptions=True)

    refused = [str(error) for error in asyncio.run(story())]

    assert sum("waiting to be printed" in text for text in refused) == 2
