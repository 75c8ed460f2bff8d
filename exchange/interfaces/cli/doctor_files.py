# SPDX-License-Identifier: Apache-2.0
"""The checks of `exchange doctor` for files and folders beside the store.

1. high water: its folder is there and can be written; a disk that is not mounted keeps every gate closed
2. announced days: `calendar.toml`, if there is one, can be read; until then deadlines are counted without it
"""

from collections.abc import Iterator
from pathlib import Path

from exchange.config import Settings
from exchange.errors import ConfigurationError
from exchange.interfaces.cli.doctor_outside import Finding, wrong


def of_files(folder: Path, settings: Settings) -> Iterator[Finding]:
    """Yield what was found."""
    from exchange.bootstrap import check_high_water, read_calendar

    try:
        place = check_high_water(folder, settings)
        yield Finding("high water", True, f"{place}, can be written")
    except ConfigurationError as error:
        yield wrong("high water", error)
    try:
        if read_calendar(folder) is not None:
            yield Finding("announced days", True, "calendar.toml can be read")
    except ConfigurationError as error:
        yield wrong("announced days", error)
