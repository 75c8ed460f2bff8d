# SPDX-License-Identifier: Apache-2.0
"""The description of the staff API as a file, for whoever builds a client without a node at hand."""

from pathlib import Path

from exchange.interfaces.staff.description import describe, description_text
from exchange.interfaces.staff.routes import ROUTES


def page(_: Path) -> str:
    """Return the text of `docs/reference/staff-api.json`."""
    return description_text(describe(ROUTES))
