# SPDX-License-Identifier: Apache-2.0
"""Reads the times of stored leaves as whole milliseconds, fast enough for millions of them.

The leaves of a log come in their order: those of one commit have the same time, and most have the minute of
the one before, so the calendar is asked once a minute. Requires the one text form of an instant, which
`decode_leaf` demanded when it was stored.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

NEVER = 1 << 62
"""A duration in milliseconds that nothing exceeds."""
MINUTES = 4_096
"""Minutes that are remembered; leaves are read in the order of time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE = slice(0, 16)
_SECOND = slice(17, 19)
_FRACTION = slice(20, 23)


class _Minutes(dict[bytes, int]):
    """Milliseconds of minutes, each computed once."""

    def __missing__(self, minute: bytes) -> int:
        if len(self) >= MINUTES:
            self.clear()
        self[minute] = milliseconds(datetime.fromisoformat(minute.decode() + ":00+00:00"))
        return self[minute]


class Moments:
    """Milliseconds since 1970 of instants that stand in leaves."""

    def __init__(self) -> None:
        self._minutes = _Minutes()
        self._last = b""
        self._last_ms = 0

    def of(self, text: bytes) -> int:
        """Return the milliseconds of `2027-10-04T09:12:04.123Z`."""
        if text == self._last:
            return self._last_ms
        self._last = text
        self._last_ms = self._minutes[text[_MINUTE]] + int(text[_SECOND] + text[_FRACTION])
        return self._last_ms

    def column(self, texts: Sequence[bytes]) -> list[int]:
        """Return the milliseconds of many instants."""
        minutes = self._minutes
        return [minutes[text[_MINUTE]] + int(text[_SECOND] + text[_FRACTION]) for text in texts]


def milliseconds(moment: datetime) -> int:
    """Return an instant in whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def span_ms(span: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return span // _MILLISECOND
