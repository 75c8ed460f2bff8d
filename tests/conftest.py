# SPDX-License-Identifier: Apache-2.0
"""The order in which test files are given to the workers: the slow ones first.

A file that takes a minute and is begun last keeps one worker busy while the others wait. No test may rely on
this order, or on any other.
"""

from pathlib import Path

import pytest

SLOW_FOLDERS = frozenset({"interop", "journeys", "web"})
"""Real processes, browsers, whole stories: seconds a test, where others take milliseconds."""
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _folder(item.path) not in SLOW_FOLDERS)


def _folder(path: Path) -> str:
    return path.relative_to(_TESTS).parts[0] if path.is_relative_to(_TESTS) else ""
