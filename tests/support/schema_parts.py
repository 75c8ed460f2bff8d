# SPDX-License-Identifier: Apache-2.0
"""Walks the parts of a schema, for tests that look at each of them."""

from collections.abc import Iterator
from typing import Any


def parts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Return every object inside a schema, the schema itself first."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(item)
