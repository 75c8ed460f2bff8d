# SPDX-License-Identifier: Apache-2.0
"""What the command line says of addresses that changed: our own, and that of a partner.

`exchange doctor` finds our settings and our card at odds, and a partner's address that two officers have to
decide about; `exchange status` and `exchange partner show` say the same in a line.
Guide: docs/guides/moving.md.
"""

from collections.abc import Iterator

from exchange.interfaces.cli.doctor_outside import Finding
from exchange.interfaces.cli.output import Answer

NO_ADDRESS = "none"
"""How a person writes that a partner is not called."""


def own_address(wanted: str, status: Answer) -> Finding:
    """Judge whether our card names the address of the settings; partners know only the card."""
    named = str(status["card_address"])
    if named == wanted:
        return Finding("address", True, f"settings and card name {place(named)}")
    found = f"settings name {place(wanted)}, our card {place(named)}; partners know only the card"
    todo = "two officers run: exchange key address; if they did, restart the service"
    return Finding("address", False, found, todo)


def partner_address(row: Answer) -> Iterator[Finding]:
    """Say that the card of a partner names another address than the one that we call."""
    if moved := row.get("address"):
        name, found = f"address of {row['partner']}", moved_line(moved)
        yield Finding(name, bool(moved["refused"]), found, decision(row["partner"], moved))


def moved_line(moved: Answer) -> str:
    """Return the old and the new address of a partner, in a line."""
    state = "two officers refused it" if moved["refused"] else "it waits for two officers"
    return f"we call {place(moved['in_use'])}, its card names {place(moved['offered'])}: {state}"


def decision(partner: str, moved: Answer) -> str:
    """Return what two officers do with an address that waits; nothing if they refused it."""
    if moved["refused"]:
        return ""
    command = f"exchange partner address {partner} {place(moved['offered'])}"
    return f"telephone {partner}, at a number you know; then: {command}, or the same with --refuse"


def place(address: str) -> str:
    return address or NO_ADDRESS
