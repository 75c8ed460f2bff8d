# SPDX-License-Identifier: Apache-2.0
"""One browser and one pair of nodes for all tests of a file; starting them takes some seconds."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browsing import PagesPair, chromium, pages_pair


@pytest.fixture(scope="module")
def every_language() -> bool:
    """Whether each page is checked in every language (`make axe`), not in one of them in turn."""
    return os.environ.get("EVERY_LANGUAGE") == "yes"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesPair]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with pages_pair(folder) as pair:
        yield pair


@pytest.fixture(scope="module")
def browser(made: PagesPair) -> Iterator[Browser]:
    """Run the browser once the nodes are set up: it keeps an event loop of its own in this thread."""
    del made
    with chromium() as started:
        yield started
