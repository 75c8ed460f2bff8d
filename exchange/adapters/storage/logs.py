# SPDX-License-Identifier: Apache-2.0
"""Own logs and copies in SQL. The guards of the tables refuse whatever is not growth.

`grown` collects the links whose own log (written by this agency) took leaves in the present
transaction, for the one head signature of the group.

Where a log ends is read once a transaction and remembered until that ends, not longer.
What is remembered is also demanded: a log that stands elsewhere takes no leaf.
"""

from collections.abc import Sequence

from exchange.adapters.storage.columns import from_digest, from_instant, to_digest, to_instant
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.links import LinkNumbers
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import AgencyCode, LinkId
from exchange.service.rows import EndedLog, HeadRow, LogPosition

_LARGEST = 2**63 - 1


class SqlLogs:
    def __init__(self, database: Database, numbers: LinkNumbers, *, own: AgencyCode) -> None:
        self._database = database
        self._numbers = numbers
        self._own = own
        self.grown: set[LinkId] = set()
        self._ends: dict[tuple[LinkId, AgencyCode], tuple[int, LogPosition]] = {}

    def forget(self) -> None:
        """Drop what is remembered; called at the end of a transaction, and when something is undone."""
        self._ends.clear()

    def open(self, link: LinkId, by: AgencyCode, epoch: int) -> LogPosition:
        values = {"link": self._numbers.of(link), "writer": by, "epoch": epoch}
        row = self._database.one("log_of_epoch", values)
        if row is not None:
            return LogPosition(link, by, row[1], row[2], row[3])
        self.forget()
        self._database.add("log_open", values)
        return LogPosition(link, by, epoch, 0, b"")

    def position(self, link: LinkId, by: AgencyCode) -> LogPosition:
        end = self._end(link, by)
        if end is None:
            raise StoreError(f"no log of {by} on link {link} is open")
        return end[1]

    def append(self, position: LogPosition, leaves: Sequence[bytes], *, peaks: bytes) -> LogPosition:
        if not leaves:
            return position
        end = self._end(position.link, position.by)
        if end is None or end[1] != position:
            raise _elsewhere(position, end[1] if end else None)
        log = end[0]
        size = position.size + len(leaves)
        for i, raw in enumerate(leaves, start=position.size):
            self._database.later("leaf_add", {"log": log, "i": i, "raw": raw})
        values = {"log": log, "size": position.size, "peaks": position.peaks}
        self._database.later("log_advance", values | {"new_size": size, "new_peaks": peaks})
        if position.by == self._own:
            self.grown.add(position.link)
        after = LogPosition(position.link, position.by, position.epoch, size, peaks)
        self._ends[position.link, position.by] = log, after
        return after

    def leaves(
        self, link: LinkId, by: AgencyCode, start: int, end: int, *, epoch: int | None = None
    ) -> list[bytes]:
        log = self._find(link, by) if epoch is None else self._of_epoch(link, by, epoch)
        values = {"log": log, "start": start, "end": end}
        return [row[0] for row in self._database.all("leaf_range", values)]

    def add_head(self, link: LinkId, by: AgencyCode, head: HeadRow) -> None:
        values = {
            "log": self._log(link, by),
            "size": head.size,
            "root": from_digest(head.root),
            "note": head.note,
            "at": from_instant(head.at),
        }
        self._database.add("head_add", values)

    def head(self, link: LinkId, by: AgencyCode) -> HeadRow | None:
        return self.head_within(link, by, _LARGEST)

    def head_within(self, link: LinkId, by: AgencyCode, size: int) -> HeadRow | None:
        row = self._database.one("head_within", {"log": self._find(link, by), "size": size})
        return None if row is None else HeadRow(row[0], to_digest(row[1]), row[2], to_instant(row[3]))

    def add_cosignature(self, link: LinkId, by: AgencyCode, size: int, note: str) -> None:
        self._database.run("cosignature_add", {"log": self._log(link, by), "size": size, "note": note})

    def cosigned_from(self, link: LinkId, by: AgencyCode, size: int) -> tuple[int, str]:
        row = self._database.one("cosignature_from", {"log": self._find(link, by), "size": size})
        return (0, "") if row is None else (row[0], row[1])

    def cosigned(self, link: LinkId, by: AgencyCode) -> tuple[int, str]:
        row = self._database.one("cosignature_largest", {"log": self._find(link, by)})
        return (0, "") if row is None else (row[0], row[1])

    def ended(self, link: LinkId, by: AgencyCode, epoch: int) -> EndedLog | None:
        log = self._of_epoch(link, by, epoch)
        if not log:
            return None
        head = self._database.one("head_within", {"log": log, "size": _LARGEST})
        size, line = self._database.one("cosignature_largest", {"log": log}) or (0, "")
        under = self._database.one("head_within", {"log": log, "size": size})
        is_held = under is not None and under[0] == size
        return EndedLog(
            size=head[0] if head else 0,
            root=to_digest(head[1]) if head else None,
            head=head[2] if head else "",
            cosigned=under[2] if under and is_held else "",
            cosignature=line if is_held else "",
        )

    def number_of(self, link: LinkId, by: AgencyCode, epoch: int) -> int:
        """Return the number of the log of an epoch, or 0, which no log has."""
        return self._of_epoch(link, by, epoch)

    def _of_epoch(self, link: LinkId, by: AgencyCode, epoch: int) -> int:
        """Return the number of the log of an epoch, or 0, which no log has."""
        values = {"link": self._numbers.find(link), "writer": by, "epoch": epoch}
        row = self._database.one("log_of_epoch", values)
        return int(row[0]) if row else 0

    def number(self, link: LinkId) -> int:
        """Return the number of our own newest log, or 0, which no log has."""
        return self._find(link, self._own)

    def _find(self, link: LinkId, by: AgencyCode) -> int:
        """Return the number of the newest log, or 0, which no log has."""
        end = self._end(link, by)
        return end[0] if end else 0

    def _end(self, link: LinkId, by: AgencyCode) -> tuple[int, LogPosition] | None:
        """Return number and position of the newest log, or None when none is open."""
        known = self._ends.get((link, by))
        if known is None:
            row = self._database.one("log_newest", {"link": self._numbers.find(link), "writer": by})
            if row is None:
                return None
            known = self._ends[link, by] = row[0], LogPosition(link, by, row[1], row[2], row[3])
        return known

    def _log(self, link: LinkId, by: AgencyCode) -> int:
        log = self._find(link, by)
        if not log:
            raise StoreError(f"no log of {by} on link {link} is open")
        return log


def _elsewhere(expected: LogPosition, found: LogPosition | None) -> AppendOnlyError:
    place = f"at {found.epoch}/{found.size}" if found else "not open, or elsewhere"
    return AppendOnlyError(f"the log of {expected.by} is {place}, not at {expected.epoch}/{expected.size}")
