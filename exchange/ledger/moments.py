# SPDX-License-Identifier: Apache-2.0
"""Reads the times of stored leaves as whole milliseconds, fast enough for millions of them.

The leaves of a log come in their order: those of one commit have the same time, and most have the minute of
the one before, so the calendar is asked once a minute. Requires the one text form of an instant, which
`decode_leaf` demanded when it was stored.
"""

from datetime import UTC, datetime, timedelta

NEVER = 1 << 62
"""A duration in milliseconds that nothing exceeds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MINUTE = slice(0, 16)
_SECOND = slice(17, 19)
_FRACTION = slice(20, 23)


class Moments:
    """Milliseconds since 1970 of instants that stand in leaves."""

    def __init__(self) -> None:
        self._minute = b""
        self._begins = 0
        self._last = b""
        self._last_ms = 0

    def of(self, text: bytes) -> int:
        """Return the milliseconds of `2027-10-04T09:12:04.123Z`."""
        if text == self._last:
            return self._last_ms
        if text[_MINUTE] != self._minute:
            self._minute = text[_MINUTE]
            self._begins = milliseconds(datetime.fromisoformat(self._minute.decode() + ":00+00:00"))
        self._last = text
        self._last_ms = self._begins + int(text[_SECOND] + text[_FRACTION])
        return self._last_ms


def milliseconds(moment: datetime) -> int:
    """Return an instant in whole milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def span_ms(span: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return span // _MILLISECOND
