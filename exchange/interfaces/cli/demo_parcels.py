# SPDX-License-Identifier: Apache-2.0
"""The courier of the demo: lets one side write a parcel into the bag and the other one read it."""

from dataclasses import dataclass
from pathlib import Path

from exchange.interfaces.cli.demo_nodes import FIRST, Site
from exchange.interfaces.cli.output import Answer


@dataclass
class Courier:
    """Who carries the parcels of a demo."""

    sites: tuple[Site, Site]
    bag: Path
    parcels: int = 0
    bytes: int = 0

    def carry(self, sender: Site) -> Path:
        """Let a side write a parcel and the other one read it; return the file."""
        path = self.write(sender)
        self.read(self.other(sender), path)
        return path

    def round_trip(self, sender: Site) -> None:
        self.carry(sender)
        self.carry(self.other(sender))

    def write(self, sender: Site) -> Path:
        self.parcels += 1
        path = self.bag / f"{self.parcels:03d}-{sender.short.lower()}.parcel"
        written = sender.service.ask("parcel.write", path=str(path.resolve()), officer=FIRST)
        self.bytes += sum(file["bytes"] for file in written["files"])
        return path

    def read(self, reader: Site, path: Path) -> Answer:
        return reader.service.ask("parcel.read", path=str(path.resolve()), officer=FIRST)

    def other(self, site: Site) -> Site:
        return self.sites[1] if site is self.sites[0] else self.sites[0]
