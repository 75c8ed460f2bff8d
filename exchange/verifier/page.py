# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page for a court: prints on A4, needs nothing from anywhere, explains its terms."""

from collections.abc import Iterable
from html import escape

from exchange.verifier.forms import segment_of
from exchange.verifier.report import DIFFERS, HOLDS
from exchange.verifier.verify import Verified

TIMES = ("Z after a time", "It is Coordinated Universal Time (UTC), not the time of a place.")
TERMS = (
    ("Link", "The connection of two agencies that have an agreement; its id is made of the agreement."),
    ("Ledger", "Each agency writes one. An entry says that a message was sent, arrived, or was judged."),
    ("Entry", "One line of a ledger. It names a message by number and digest, never a person or place."),
    ("Digest", "A number made of bytes by SHA-256. Other bytes have another digest."),
    ("Root", "One digest over all entries of a ledger in their order. Changing an entry changes it."),
    ("Signed by its writer", "The agency's key signed size and root: it cannot take an entry back."),
    ("Held and signed by the other side", "The other agency says: I hold these entries, in this order."),
    ("Witness", "A third party that remembers how far a ledger went; it saw numbers, no message."),
    ("Recovery key", "The only key that was compared by telephone at enrolment; it signs all others."),
    ("Proved", "Both ledgers name the same message and verdict, both sides signed, and the sender's "
     "signature on the message itself was verified."),
    TIMES,
)  # fmt: skip
STYLE = """
@page { size: A4; margin: 20mm }
@page { @bottom-right { content: counter(page) " / " counter(pages); font: 9pt serif } }
body { font-family: "Noto Serif", Georgia, serif; max-width: 46rem; margin: 2rem auto; line-height: 1.45 }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { border: 1px solid #888; padding: .3rem .5rem; text-align: left; vertical-align: top }
code { font-size: .85em; overflow-wrap: anywhere }
.result { border: 2px solid; padding: .6rem; font-weight: bold }
tr, li, dt { break-inside: avoid }
h2, dt { break-after: avoid }
thead { display: table-header-group }
"""


def as_page(found: Verified) -> str:
    """Return the page."""
    header = found.header
    parts = [
        *head_of(f"Evidence report, link {header['link']}"),
        "<h1>Evidence report</h1>",
        rows_of(
            ("Link", header["link"]),
            ("Exported by", header["by"]),
            ("Exported at, as that agency says", header["at"]),
            *((what[0].upper() + what[1:], kid) for what, kid in found.agreements.keys_told()),
        ),
        f'<p class="result">{escape(HOLDS if found.holds else DIFFERS)}</p>',
        "<h2>Ledgers</h2>",
        *(_log(found, by) for by in found.logs),
        "<h2>Messages</h2>",
        _messages(found),
        list_of("What differs", [*found.faults, *_differences(found)], none="Nothing."),
        list_of("What was not checked", found.unchecked, none="Nothing."),
        "<h2>What the words mean</h2><dl>",
        *(
            f"<dt><strong>{escape(term)}</strong></dt><dd>{escape(words)}</dd>"
            for term, words in (*TERMS, TIMES)
        ),
        "</dl></body></html>",
    ]
    return "\n".join(parts)


def head_of(title: str) -> tuple[str, ...]:
    """Return the beginning of a page, with its title at the foot of each sheet where the browser can do that.

    Sheets of a court's file are taken apart: each has to say to what it belongs.
    """
    foot = "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):x} " for one in title)
    identified = f'@page {{ @bottom-left {{ content: "{foot}"; font: 9pt serif }} }}'
    return (
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{STYLE}{identified}</style></head><body>",
    )


def _log(found: Verified, by: str) -> str:
    log = found.logs[by]
    return rows_of(
        ("Ledger of", log.by),
        ("Entries", str(log.size)),
        ("Signed by its writer", "yes" if log.signed else "no"),
        (f"Held and signed by {log.other}", f"to entry {log.cosigned}"),
        ("Root", segment_of(log.root)),
        *(("Seen by a third party", line.words()) for line in log.witnessed if line.checked),
        *(
            ("Time stamp", f"entries 1 to {one.size} existed at {one.at}, says {one.tsa}")
            for one in log.stamps
            if one.checked
        ),
        *([("Heads signed again (ML-DSA-44)", str(log.signed_again))] if log.signed_again else []),
    )


def _messages(found: Verified) -> str:
    rows = []
    for way in found.directions:
        verdicts = "; ".join(f"{word}: {number}" for word, number in sorted(way.verdicts.items()))
        lacking = "; ".join(f"{number} without {words}" for words, number in sorted(way.lacking.items()))
        rows.append((f"{way.sender} to {way.recipient}", verdicts or "none", str(way.proved), lacking))
    head = ("Direction", "Verdicts", "Proved", "Not proved, and why")
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead>{body}</table>"


def _differences(found: Verified) -> list[str]:
    return [f"{one.kind}, message {one.number} of {one.sender}: {one.words}" for one in found.differences]


def rows_of(*rows: tuple[str, str]) -> str:
    """Return a table of names and values."""
    cells = (f"<tr><th>{escape(name)}</th><td><code>{escape(value)}</code></td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def list_of(title: str, items: Iterable[str], *, none: str) -> str:
    """Return a titled list, or what is said when it is empty."""
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h2>{escape(title)}</h2>" + (f"<ul>{rows}</ul>" if rows else f"<p>{none}</p>")
