# SPDX-License-Identifier: Apache-2.0
"""Commands of the courier: write a parcel, look at one, read it. Counts only; nothing here opens content."""

from exchange.errors import UsageError
from exchange.ids import parse_digest
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.protocol.parcels import MAX_PARCEL_BYTES
from exchange.service import parcel_reading, parcel_writing
from exchange.service.parcel_reading import Preview
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import LinkRow

MEGABYTE = 10**6


async def write_parcel(desk: Desk, ask: Ask) -> Answer:
    """Write a parcel for a partner into a file."""
    row = await desk.link(ask.text("partner", ""))
    await _demand_officer(desk, ask)
    volume_bytes = ask.number("volume_mb", MAX_PARCEL_BYTES // MEGABYTE) * MEGABYTE
    volumes = await parcel_writing.write_parcel(
        desk.node,
        desk.opened.parcels,
        row.link,
        ask.text("path"),
        actor=ask.officer(),
        volume_bytes=volume_bytes,
    )
    return {
        "partner": row.partner,
        "link": row.link,
        "number": volumes[0].manifest.number,
        "gate": desk.node.presence.of(row.link).gate.value,
        "files": [
            {
                "path": one.path,
                "bytes": one.bytes,
                "entries": one.manifest.entries,
                "messages": one.manifest.messages,
                "results": one.manifest.results,
            }
            for one in volumes
        ],
    }


async def preview_parcel(desk: Desk, ask: Ask) -> Answer:
    """Return what a parcel holds, in counts, after it was verified; nothing is taken."""
    return _preview(await parcel_reading.preview(desk.node, desk.opened.parcels, ask.text("path")))


async def read_parcel(desk: Desk, ask: Ask) -> Answer:
    """Take in a parcel; with `sha256` only the one that was shown."""
    await _demand_officer(desk, ask)
    shown = ask.text("sha256", "")
    taken = await parcel_reading.read_parcel(
        desk.node,
        desk.opened.parcels,
        ask.text("path"),
        actor=ask.officer(),
        expected=parse_digest(shown) if shown else None,
    )
    link = taken.preview.link

    def unit(uow: UnitOfWork) -> tuple[LinkRow | None, int, int]:
        row = uow.links.get(link)
        size = uow.logs.position(link, desk.node.agency).size
        return row, size, uow.logs.cosigned(link, desk.node.agency)[0]

    row, own, cosigned = await desk.node.store.read(unit)
    if row is None:
        raise UsageError("the link of the parcel is gone", hint="run: exchange partner list")
    return {
        **_preview(taken.preview),
        "new_entries": taken.entries,
        "new_messages": taken.messages,
        "known_messages": taken.known,
        "refused": taken.refused,
        "later": taken.later,
        "own_entries": own,
        "signed_by_partner": cosigned,
    }


async def _demand_officer(desk: Desk, ask: Ask) -> None:
    now = desk.node.clock.now()
    await desk.node.store.read(lambda uow: demand_officer(uow, ask.officer(), now))


def _preview(found: Preview) -> Answer:
    manifest = found.manifest
    return {
        "partner": found.partner,
        "link": found.link,
        "number": manifest.number,
        "volume": manifest.volume,
        "volumes": manifest.volumes,
        "made": when(manifest.made_at),
        "entries": manifest.entries,
        "messages": manifest.messages,
        "results": manifest.results,
        "bytes": found.file_bytes,
        "sha256": found.digest,
        "held": found.held,
        "overtaken": found.is_overtaken,
    }


COMMANDS: dict[str, Command] = {
    "parcel.write": write_parcel,
    "parcel.preview": preview_parcel,
    "parcel.read": read_parcel,
}
