# SPDX-License-Identifier: Apache-2.0
"""The order in which test files are given to the workers, and what the processes of tests inherit.

The slow files come first: one that takes a minute and is begun last keeps one worker busy while the others
wait. No test may rely on this order, or on any other.

Where an environment forbids Python to keep bytecode, each of the hundred nodes and commands that tests start
would compile the whole program again, for some seconds each. So they are allowed to keep it.

A connection of SQLite that nobody closes fails a test on every Python, not only on those that warn of it.

No example of a property has a time limit: how long it takes depends on what else runs on the machine.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support.connections import watch_connections

settings.register_profile("exchange", deadline=None)
settings.load_profile("exchange")

watch_connections()

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SLOW_FOLDERS = frozenset({"interop", "journeys", "web"})
"""Real processes, browsers, whole stories: seconds a test, where others take milliseconds."""
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _folder(item.path) not in SLOW_FOLDERS)


def _folder(path: Path) -> str:
    return path.relative_to(_TESTS).parts[0] if path.is_relative_to(_TESTS) else ""
