# SPDX-License-Identifier: Apache-2.0
"""A live staff API for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.staff_api import LiveStaffApi


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveStaffApi]:
    with LiveStaffApi(tmp_path) as live:
        yield live
