# SPDX-License-Identifier: Apache-2.0
"""Wall-clock time as data with doubt, and the one text form of an instant.

Order never comes from here: it comes from numbers and hashes. Waiting uses the event loop's monotonic
clock. Instants are aware UTC `datetime` in whole milliseconds; on the wire `2027-10-04T09:12:04.123Z`.
"""

import re
import time
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from exchange.errors import IdentifierError

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}\.\d{3}Z", re.ASCII)
"""The hours are 00 to 23: from 3.14 on Python takes 24:00 as well, for the midnight after."""


class Clock(Protocol):
    """What tells a node the time; a simulation gives its own."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC, cut to milliseconds."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never go back and stop with the machine."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return cut(datetime.now(UTC))

    def monotonic_s(self) -> float:
        return time.monotonic()


def cut(moment: datetime) -> datetime:
    """Return the instant in UTC without the digits below a millisecond."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return an instant as the clocks of a zone show it.

    What a partner claims may lie on the first or the last day of the calendar, where a zone has no day any
    more; it is given back in its own zone then, so that it can be read all the same.
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def instant_text(moment: datetime) -> str:
    """Return the text of an instant as it stands in envelopes and leaves."""
    return cut(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Return the instant of an exact text form.

    Raises:
        IdentifierError: not of the form `YYYY-MM-DDTHH:MM:SS.mmmZ`, or no such moment.
    """
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        raise IdentifierError("not an instant; expected YYYY-MM-DDTHH:MM:SS.mmmZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise IdentifierError("no such moment in the calendar") from error
