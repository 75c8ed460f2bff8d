# SPDX-License-Identifier: Apache-2.0
"""The tables of cases and movements as the project ships them, and the files they come from."""

import json
from pathlib import Path
from typing import Any

from exchange.cases.tables import LifecycleTable, MovementTable

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "schemas" / "codelists"


def code_list(name: str) -> dict[str, Any]:
    """Return a code list as data, a new copy each time."""
    return json.loads((LISTS / f"{name}.json").read_text(encoding="utf-8"))


CASES = LifecycleTable.from_json(code_list("case-states"))
MOVEMENTS = MovementTable.from_json(code_list("movement-states"), CASES)
