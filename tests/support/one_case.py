# SPDX-License-Identifier: Apache-2.0
"""One case in a test: a snapshot in any state, messages about it, and what comes of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from exchange.cases.lifecycle import CaseEvent, CaseSnapshot, apply
from exchange.cases.snapshot import Hold, Side
from exchange.errors import RejectedError
from tests.support.case_tables import CASES

TODAY = date(2027, 6, 1)


def case(state: str, **more: object) -> CaseSnapshot:
    """Return a case in a state, with what such a case has."""
    defaults: dict[str, object] = {"opened": True, "valid_until": TODAY + timedelta(days=30)}
    if state in CASES.holding:
        defaults |= {"before": "ready", "holds": (Hold("H1", "host"),)}
    elif state in CASES.returning:
        defaults |= {"before": "ready"}
    if state in CASES.travelling:
        defaults |= {"movement": "M", "listed": ("M",)}
    if state in CASES.listable:
        defaults |= {"listed": ("M",)}
    return replace(CASES.initial(), state=state, **(defaults | more))


def event(
    kind: str, side: Side = "host", *, on: date = TODAY, movement: str = "", **fields: object
) -> CaseEvent:
    return CaseEvent(kind, side, fields, on, ref=f"{kind}-1", movement=movement)


def after(snapshot: CaseSnapshot, *events: CaseEvent) -> CaseSnapshot:
    for one in events:
        snapshot = apply(CASES, snapshot, one).snapshot
    return snapshot


def rejected(snapshot: CaseSnapshot, one: CaseEvent) -> str:
    with pytest.raises(RejectedError) as caught:
        apply(CASES, snapshot, one)
    return caught.value.reason


def held(state: str = "ready", *more: CaseEvent) -> CaseSnapshot:
    return after(case(state), event("HLD"), *more)
