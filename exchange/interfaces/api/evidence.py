# SPDX-License-Identifier: Apache-2.0
"""Commands behind `exchange evidence export` and `disclose`: a pack page by page, one message as a whole."""

from dataclasses import asdict

from exchange.clock import instant_text
from exchange.errors import UsageError
from exchange.ids import Digest, b64url, parse_link
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of
from exchange.interfaces.api.disclosed import records
from exchange.service import disclosing, packs, tiles
from exchange.service.attesting import stamp_text, witness_text, witnessed
from exchange.service.exhibits import gather
from exchange.service.rows import Direction
from exchange.service.tiles import LogName


async def begin_pack(desk: Desk, ask: Ask) -> Answer:
    """Fix how far a pack goes and return its short part."""
    row = await desk.link(ask.text("partner", ""))
    found = await packs.begin(desk.node, row.link, actor=ask.officer(), epoch=ask.number("ledger", 0))
    return {
        "header": {
            "at": instant_text(desk.node.clock.now()),
            "by": found.own,
            "partner": found.partner,
            "link": found.link,
            "logs": [{"by": log.by, "ep": log.ep, "size": log.size} for log in found.logs],
        },
        "agreements": [packs.version_text(version) for version in found.agreements],
        "cards": [card.decode("ascii") for card in found.cards],
        "logs": [asdict(log) for log in found.logs],
        "first": {direction.value: number for direction, number in found.first.items()},
        "last": {direction.value: number for direction, number in found.last.items()},
    }


async def pack_leaves(desk: Desk, ask: Ask) -> Answer:
    found = await packs.leaves(
        desk.node,
        parse_link(ask.text("link")),
        ask.agency("log"),
        start=ask.number("start"),
        end=ask.number("end"),
        epoch=ask.number("ledger", 0) or None,
    )
    return {"leaves": [raw.decode("ascii") for raw in found]}


async def pack_signed(desk: Desk, ask: Ask) -> Answer:
    found = await packs.signed_again(
        desk.node,
        parse_link(ask.text("link")),
        ask.agency("log"),
        epoch=ask.number("ledger"),
        after=ask.number("after"),
        size=ask.number("size"),
    )
    return {"signed": [asdict(line) for line in found]}


async def pack_stamps(desk: Desk, ask: Ask) -> Answer:
    found = await packs.stamps(
        desk.node,
        parse_link(ask.text("link")),
        ask.agency("log"),
        epoch=ask.number("ledger"),
        after=(ask.number("after"), ask.text("tsa", "")),
        size=ask.number("size"),
    )
    return {"stamps": [stamp_text(one) for one in found]}


async def pack_witnessed(desk: Desk, ask: Ask) -> Answer:
    log = LogName(parse_link(ask.text("link")), ask.agency("log"), ask.number("ledger"))
    found = await witnessed(desk.node, log, size=ask.number("size"))
    return {"witnessed": [witness_text(desk.node, one) for one in found]}


async def begin_tiles(desk: Desk, ask: Ask) -> Answer:
    """Fix how far the tiles of both logs go, and record that somebody exports them."""
    row = await desk.link(ask.text("partner", ""))
    found = await packs.begin(desk.node, row.link, actor=ask.officer(), epoch=ask.number("ledger", 0))
    for log in found.logs:
        await tiles.grow(desk.node, LogName(row.link, log.by, log.ep), log.size)
    return {"link": row.link, "logs": [asdict(log) for log in found.logs]}


async def tile(desk: Desk, ask: Ask) -> Answer:
    log = LogName(parse_link(ask.text("link")), ask.agency("log"), ask.number("ledger"))
    size, level, index = (ask.number(name) for name in ("size", "level", "index"))
    raw = await tiles.tile(desk.node, log, size=size, level=level, index=index)
    return {"hashes": b64url(raw)}


async def pack_envelopes(desk: Desk, ask: Ask) -> Answer:
    named = ask.text("direction")
    if named not in {one.value for one in Direction}:
        raise UsageError("direction is in or out")
    found = await packs.envelopes(
        desk.node,
        parse_link(ask.text("link")),
        Direction(named),
        after=ask.number("after"),
        last=ask.number("last"),
    )
    return {"envelopes": [[number, raw.decode("ascii")] for number, raw in found]}


async def propose_disclosure(desk: Desk, ask: Ask) -> Answer:
    """Show what of a message would go out, and keep the proposal for the second person."""
    row = await message_of(desk, ask.text("message"))
    purpose = ask.text("purpose")
    chosen = await disclosing.propose(
        desk.node, row, person=ask.number("person", 0), officer=ask.officer(), purpose=purpose
    )
    return {
        "message": row.id,
        "person": chosen.person,
        "persons": chosen.persons,
        "digest": chosen.digest(purpose),
        "purpose": purpose,
        "parts": [{"number": part.number, "text": part.raw.decode("utf-8")} for part in chosen.parts],
        "closed": chosen.count - len(chosen.parts),
    }


async def disclose(desk: Desk, ask: Ask) -> Answer:
    """Return the records of a disclosure that the second person confirms."""
    row = await message_of(desk, ask.text("message"))
    chosen = await disclosing.confirm(
        desk.node,
        row,
        person=ask.number("person", 0),
        second=ask.officer(),
        purpose=ask.text("purpose"),
        digest=Digest(ask.text("digest")),
    )
    return {
        "message": row.id,
        "records": list(records(await gather(desk.node, chosen), desk.node.clock.now(), desk.node)),
    }


COMMANDS: dict[str, Command] = {
    "evidence.begin": begin_pack,
    "evidence.leaves": pack_leaves,
    "evidence.signed": pack_signed,
    "evidence.stamps": pack_stamps,
    "evidence.witnessed": pack_witnessed,
    "evidence.tiles": begin_tiles,
    "evidence.tile": tile,
    "evidence.envelopes": pack_envelopes,
    "evidence.propose": propose_disclosure,
    "evidence.disclose": disclose,
}
