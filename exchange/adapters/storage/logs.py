# SPDX-License-Identifier: Apache-2.0
"""Own logs and copies in SQL. The guards of the tables refuse whatever is not growth.

`grown` collects the links whose own log (written by this agency) took leaves in the present
transaction, for the one head signature of the group.
"""

from collections.abc import Sequence

from exchange.adapters.storage.columns import from_digest, from_instant, to_digest, to_instant
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.links import LinkNumbers
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import AgencyCode, LinkId
from exchange.service.rows import HeadRow, LogPosition

_LARGEST = 2**63 - 1


class SqlLogs:
    def __init__(self, database: Database, numbers: LinkNumbers, *, own: AgencyCode) -> None:
        self._database = database
        self._numbers = numbers
        self._own = own
        self.grown: set[LinkId] = set()

    def open(self, link: LinkId, by: AgencyCode, epoch: int) -> LogPosition:
        values = {"link": self._numbers.of(link), "writer": by, "epoch": epoch}
        row = self._database.one("log_of_epoch", values)
        if row is not None:
            return LogPosition(link, by, row[1], row[2], row[3])
        self._database.add("log_open", values)
        return LogPosition(link, by, epoch, 0, b"")

    def position(self, link: LinkId, by: AgencyCode) -> LogPosition:
        row = self._database.one("log_newest", {"link": self._numbers.of(link), "writer": by})
        if row is None:
            raise StoreError(f"no log of {by} on link {link} is open")
        return LogPosition(link, by, row[1], row[2], row[3])

    def append(self, position: LogPosition, leaves: Sequence[bytes], *, peaks: bytes) -> LogPosition:
        if not leaves:
            return position
        values = {"link": self._numbers.of(position.link), "writer": position.by}
        row = self._database.one("log_newest", values)
        if row is None or row[1:] != (position.epoch, position.size, position.peaks):
            found = "not open" if row is None else f"at {row[1]}/{row[2]}"
            raise AppendOnlyError(
                f"the log of {position.by} is {found}, not at {position.epoch}/{position.size}"
            )
        log = row[0]
        size = position.size + len(leaves)
        self._database.many(
            "leaf_add",
            ({"log": log, "i": i, "raw": raw} for i, raw in enumerate(leaves, start=position.size)),
        )
        self._database.run(
            "log_advance",
            {
                "log": log,
                "size": position.size,
                "peaks": position.peaks,
                "new_size": size,
                "new_peaks": peaks,
            },
        )
        if position.by == self._own:
            self.grown.add(position.link)
        return LogPosition(position.link, position.by, position.epoch, size, peaks)

    def leaves(self, link: LinkId, by: AgencyCode, start: int, end: int) -> list[bytes]:
        values = {"log": self._find(link, by), "start": start, "end": end}
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

    def cosigned(self, link: LinkId, by: AgencyCode) -> tuple[int, str]:
        row = self._database.one("cosignature_largest", {"log": self._find(link, by)})
        return (0, "") if row is None else (row[0], row[1])

    def _find(self, link: LinkId, by: AgencyCode) -> int:
        """Return the number of the newest log, or 0, which no log has."""
        row = self._database.one("log_newest", {"link": self._numbers.find(link), "writer": by})
        return 0 if row is None else int(row[0])

    def _log(self, link: LinkId, by: AgencyCode) -> int:
        log = self._find(link, by)
        if not log:
            raise StoreError(f"no log of {by} on link {link} is open")
        return log
