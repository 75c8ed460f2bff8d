# SPDX-License-Identifier: Apache-2.0
"""Says what was found: as text for people, as JSON for programs."""

from typing import Any

from exchange.verifier.forms import segment_of
from exchange.verifier.messages import Direction
from exchange.verifier.verify import Verified

HOLDS = "Everything that can be checked with this pack holds."
DIFFERS = "Something differs; see above."


def as_json(found: Verified) -> dict[str, Any]:
    """Return the report as one JSON value."""
    return {
        "link": found.header["link"],
        "exported_by": found.header["by"],
        "exported_at": found.header["at"],
        "holds": found.holds,
        "agreements": len(found.agreements.digests),
        "recovery_keys": found.agreements.key_ids(),
        "logs": [
            {
                "by": log.by,
                "epoch": log.ep,
                "entries": log.size,
                "root": segment_of(log.root),
                "signed": log.signed,
                "signed_by_other_side": log.cosigned,
                "signed_again": log.signed_again,
                "stamps": [
                    {"tsa": stamp.tsa, "at": stamp.at, "entries": stamp.size, "checked": stamp.checked}
                    for stamp in log.stamps
                ],
                "witnessed": [
                    {"witness": line.name, "at": line.at, "entries": line.size, "checked": line.checked}
                    for line in log.witnessed
                ],
            }
            for log in found.logs.values()
        ],
        "messages": [
            {
                "from": way.sender,
                "to": way.recipient,
                "verdicts": dict(sorted(way.verdicts.items())),
                "proved": way.proved,
                "lacking": dict(sorted(way.lacking.items())),
            }
            for way in found.directions
        ],
        "differences": [
            {"class": item.kind, "sender": item.sender, "number": item.number, "words": item.words}
            for item in found.differences
        ],
        "faults": found.faults,
        "not_checked": found.unchecked,
    }


def as_text(found: Verified) -> str:
    """Return the report for a terminal."""
    lines = [
        f"link {found.header['link']}, exported by {found.header['by']} at {found.header['at']}",
        f"agreement: {_counted(len(found.agreements.digests), 'version')}, signed by both agencies",
    ]
    lines += [f"  {what}: {kid}" for what, kid in found.agreements.keys_told()]
    for log in found.logs.values():
        head = "signed by its writer" if log.signed else "NOT signed by its writer"
        lines.append(f"ledger of {log.by}: {_counted(log.size, 'entry')}, {head}")
        lines.append(f"  held and signed by {log.other} to entry {log.cosigned}")
        lines.append(f"  root {segment_of(log.root)}")
        for stamp in log.stamps:
            state = "checked" if stamp.checked else "not checked"
            lines.append(f"  entries 1 to {stamp.size} existed at {stamp.at}, says {stamp.tsa} ({state})")
        lines += [f"  {line.words()}" for line in log.witnessed if line.checked]
        if log.signed_again:
            lines.append(f"  heads signed again, against quantum computers: {log.signed_again}")
    for way in found.directions:
        lines += _direction(way)
    lines += [f"fault: {fault}" for fault in found.faults]
    for item in found.differences:
        lines.append(f"difference {item.kind}, message {item.number} of {item.sender}: {item.words}")
    lines.append("not checked, because a pack cannot show it:")
    lines += [f"  {words}" for words in found.unchecked]
    return "\n".join([*lines, HOLDS if found.holds else DIFFERS])


def _direction(way: Direction) -> list[str]:
    total = sum(way.verdicts.values())
    verdicts = ", ".join(f"{word} {number}" for word, number in sorted(way.verdicts.items()))
    lines = [f"messages {way.sender} to {way.recipient}: {total}" + (f" ({verdicts})" if verdicts else "")]
    lines.append(f"  proved by both sides: {way.proved}")
    lines += [f"  {number} without {words}" for words, number in sorted(way.lacking.items())]
    return lines


def _counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
