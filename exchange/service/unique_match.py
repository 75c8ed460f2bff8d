# SPDX-License-Identifier: Apache-2.0
"""Finds the one thing that a code or number, or its first characters, names."""

from collections.abc import Sequence
from typing import TypeVar

from exchange.errors import NotHereError

T = TypeVar("T")


def the_only(found: Sequence[T], kind: str, named: str, *, hint: str) -> T:
    """Return what was found; `kind` and `named` say in words what was looked for.

    Raises:
        NotHereError: nothing was found, or more than one.
    """
    if not found:
        raise NotHereError(f"no {kind} has {named}", hint=hint)
    if len(found) > 1:
        raise NotHereError(f"{len(found)} {kind}s have {named}", hint=f"type more of it; {hint}")
    return found[0]
