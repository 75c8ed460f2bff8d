# SPDX-License-Identifier: Apache-2.0
"""The staff API answers every made-up request as described, as each client and as nobody; no fault in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.api_fuzz import NOBODY, description, play, rounds
from tests.support.staff_api import ROLES, LiveStaffApi

EXAMPLES = 2
"""Requests in each round: right or wrong, about what exists or not. `make fuzz-api` takes more."""
THOROUGH = ("officer", NOBODY)
"""Who sees most, and nothing; the others differ in what they may see alone."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveStaffApi]:
    with LiveStaffApi(tmp_path) as live:
        yield live


@pytest.mark.parametrize("client", [*ROLES, NOBODY])
def test_no_request_gets_an_answer_that_is_not_described(api: LiveStaffApi, client: str) -> None:
    seen: set[int] = set()

    for one in rounds(description(api), client, thorough=client in THOROUGH):
        seen |= set(play(api, one, examples=EXAMPLES))

    assert 404 in seen
    assert (200 in seen) == bool(client)
