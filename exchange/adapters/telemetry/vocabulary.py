# SPDX-License-Identifier: Apache-2.0
"""Every word that may stand in a log record or a metric: event codes, field names, forms of values.

What is not in these two tables is not written (threat model, section 6). Values are identifiers of
ours, numbers, and codes; a form never admits a name, a place, free text, a URL or the text of an error.
To log something new, add its event here, with the fields it needs and nothing more.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]
Value = str | int | float

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_NUMBER = None

FIELDS: dict[str, re.Pattern[str] | None] = {
    "count": _NUMBER,
    "duration_ms": _NUMBER,
    "epoch": _NUMBER,
    "error": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}", re.ASCII),
    "failures": _NUMBER,
    "key": re.compile(r"[0-9a-f]{16}", re.ASCII),
    "kind": _CODE,
    "link": re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII),
    "message": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
    "partner": re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,12}){1,4}", re.ASCII),
    "place": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}(?: [A-Za-z0-9_]{1,40}:[0-9]{1,6}){0,4}", re.ASCII),
    "port": _NUMBER,
    "reason": _CODE,
    "repeated": _NUMBER,
    "request": re.compile(r"[0-9a-f]{12}", re.ASCII),
    "rule": _CODE,
    "seq": _NUMBER,
    "size": _NUMBER,
    "wait_s": _NUMBER,
}
"""The form of each field: a pattern for the whole text, or None for a number."""


@dataclass(frozen=True)
class Event:
    """One event code: how grave it is, and which fields its records may have."""

    level: Level
    fields: frozenset[str]


def _event(level: Level, *fields: str) -> Event:
    return Event(level, frozenset(fields))


EVENTS: dict[str, Event] = {
    "node_started": _event("info", "port"),
    "node_stopped": _event("info", "reason"),
    "door_shut": _event("error", "reason"),
    "record_dropped": _event("warning"),
    "request_refused": _event("info", "partner", "reason", "rule", "request"),
    "request_failed": _event("error", "place"),
    "connection_dropped": _event("info", "reason"),
    "exchange_failed": _event("warning", "link", "partner", "reason", "failures", "wait_s"),
    "line_received": _event("info", "link", "partner", "message", "seq", "reason"),
    "line_refused": _event("warning", "link", "partner", "message", "seq", "reason"),
    "tail_refused": _event("warning", "link", "partner", "reason", "rule"),
    "cosignature_refused": _event("warning", "link", "partner", "reason", "size"),
    "card_refused": _event("warning", "link", "partner", "reason"),
    "line_stopped": _event("warning", "link", "partner", "message", "seq", "reason"),
    "handling_failed": _event("error", "link", "message", "seq", "error", "place"),
    "message_released": _event("info", "link", "partner", "message", "seq"),
    "verdict_known": _event("info", "link", "partner", "message", "seq", "reason"),
    "difference": _event("warning", "link", "partner", "kind", "reason"),
    "witness": _event("warning", "link", "reason"),
    "stamp_missing": _event("warning", "link", "reason"),
    "gate_opened": _event("info", "link", "partner", "duration_ms"),
    "gate_closed": _event("warning", "link", "partner", "reason"),
    "epoch_began": _event("warning", "link", "epoch", "reason"),
    "link_waits": _event("warning", "link", "reason"),
    "link_paused": _event("warning", "link"),
    "link_resumed": _event("info", "link"),
    "parcel_written": _event("info", "link", "count", "size"),
    "parcel_read": _event("info", "link", "count", "size"),
    "refill_begins": _event("info", "link"),
    "refill_ends": _event("info", "link", "count"),
    "card_taken": _event("info", "partner", "key"),
    "key_changed": _event("info", "partner", "key", "reason"),
    "clock_doubted": _event("error", "link", "partner", "duration_ms"),
    "store_failed": _event("error", "error", "place"),
    "reading_stopped": _event("warning", "count"),
    "opened_in_emergency": _event("warning", "reason"),
    "notice_sent": _event("info"),
    "notice_failed": _event("warning", "reason"),
    "task_failed": _event("error", "link", "error", "place"),
}
"""Every event code, for records and for metrics."""


def is_allowed(name: str, value: object) -> bool:
    """Return whether a value has the form of its field."""
    if name not in FIELDS:
        return False
    pattern = FIELDS[name]
    if pattern is None:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, str) and pattern.fullmatch(value) is not None
