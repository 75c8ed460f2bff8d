# SPDX-License-Identifier: Apache-2.0
"""What an act of the staff API works with, and the forms of the route table.

The door does not know the other doors. What it asks of the node are the commands of the own staff, by name,
through `Office`; whoever runs the process joins the two. So a rule, a record of an act or a figure exists
once, whether a person types a command or a system asks for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from exchange.interfaces.server import Refusal
from exchange.service.admission import Caller
from exchange.service.node import Node
from exchange.service.ports import Store

Answer = dict[str, Any]
Schema = Mapping[str, Any]
Office = Callable[[Store, str, Mapping[str, Any]], Awaitable[Answer]]
"""Runs a command on a store and returns its answer; raises what the command raises."""


@dataclass(frozen=True)
class Call:
    """One request, after everything about it was checked but what only the store knows."""

    node: Node
    office: Office
    store: Store
    """Of the node, or the marked one of a write."""
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    async def ask(self, command: str, **members: Any) -> Answer:
        """Run a command for the officer who answers for the client."""
        held = sorted(self.caller.roles)
        return await self.office(
            self.store, command, {**members, "officer": self.caller.officer, "held_roles": held}
        )


Act = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Parameter:
    """One part of a path or of a query; `schema` is checked, and stands in the description."""

    name: str
    place: Literal["path", "query"]
    schema: Schema
    description: str
    required: bool = False


@dataclass(frozen=True)
class Route:
    """One row of the table: everything that is checked, and everything that is described."""

    method: Literal["GET", "POST"]
    path: str
    operation: str
    summary: str
    roles: frozenset[str]
    """Codes of `staff-roles`; one of them is needed."""
    act: Act
    answer: str
    """Name of the form of the answer."""
    parameters: tuple[Parameter, ...] = ()
    body: str = ""
    """Name of the form of the body, "" for none."""
    max_bytes: int = 64 * 1024
    writes: bool = False
    """It changes something, so it needs an Idempotency-Key."""
    opens: bool = False
    """It opens content about persons: recorded, and bounded for each officer."""
    problems: frozenset[int] = field(default_factory=frozenset)
    """Statuses beside those that every route has."""


def absent() -> Refusal:
    """Return the one answer for what is unknown, foreign or forbidden."""
    return Refusal(404, "not_found", close=False)


def conflict(reason: str) -> Refusal:
    """Return the answer for what cannot be done now, and was not done."""
    return Refusal(409, reason, close=False)
