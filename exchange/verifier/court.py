# SPDX-License-Identifier: Apache-2.0
"""What a disclosure shows and proves: as text, as JSON, and as a page for a court that prints on A4.

A sentence is called proved only if the check behind it was made and held; nothing is taken from the words
that the file itself brings.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from exchange.verifier.claims import NOT_PROVED
from exchange.verifier.disclosure import Disclosed, SignedHead
from exchange.verifier.page import TIMES, head_of, list_of, rows_of

ALL_HOLDS: Final = "Everything that can be checked with this file holds."
SOMETHING_FAILS: Final = "Something in this file does not hold; see what fails."
ATTESTED: Final = "What third parties and second keys said about the ledgers"
_COURT_TERMS: Final = (
    ("Disclosure", "One message, of a group only what concerns one person, with the evidence around it."),
    ("Part", "A message is made of parts: a header, a common part, and one part for each person."),
    ("Commitment", "One number over all parts of a message. The sender signed it with the envelope."),
    ("Path", "The few numbers that lead from one part or entry to the number that was signed over all."),
    ("Ledger, entry", "Each agency writes a ledger; an entry says that a message was sent or judged."),
    ("Head", "Size of a ledger and one number over all its entries, signed by its writer."),
    ("Witness", "A third party that remembers how far a ledger went; it saw numbers, no message."),
    ("Time stamp", "An authority signed a digest and a time: what the digest is made of existed by then."),
    ("Recovery key", "The only key that was compared by telephone at enrolment; it signs all others."),
    TIMES,
)


def proved_by(found: Disclosed) -> Iterator[str]:
    """Yield in words what the checks that held prove; nothing if one of them failed."""
    if not found.holds or found.sent is None:
        return
    number, names = found.sent["seq"], ", ".join(map(str, found.parts))
    yield f"{found.sender} signed the envelope of this message as its number {number} to {found.recipient}"
    yield f"the parts {names} of {found.header['parts']} are parts of this message, byte for byte"
    yield f"{found.sender} entered it in its ledger as entry {found.sent['i'] + 1}, and signed a head over it"
    if found.verdict != "none in this file":
        yield f"{found.recipient} entered its verdict, {found.verdict}, in its ledger, and signed a head"
    for head in found.heads.values():
        if head.cosigned:
            yield f"{_other(found, head)} held and signed the entries of {head.by} to number {head.note.size}"
    yield "the keys are those that the recovery keys of the agreement signed"


def _other(found: Disclosed, head: SignedHead) -> str:
    return found.recipient if head.by == found.sender else found.sender


def not_proved_by(found: Disclosed) -> list[str]:
    """Return in words what this file does not prove."""
    lacking = [
        f"that {_other(found, head)} holds these entries of {head.by}"
        for head in found.heads.values()
        if not head.cosigned
    ]
    if found.verdict == "none in this file":
        lacking.append(f"that {found.recipient} received it: the file holds no entry that says so")
    return [*lacking, *NOT_PROVED]


def disclosed_as_json(found: Disclosed) -> str:
    """Return the report as one JSON value."""
    report: dict[str, Any] = {
        "attested": list(found.attested.words()),
        "disclosed_at": found.header["at"],
        "disclosed_by": found.header["by"],
        "faults": [{"kind": fault.kind, "words": fault.words} for fault in found.faults],
        "heads": [_told(head) for head in found.heads.values()],
        "holds": found.holds,
        "link": found.header["link"],
        "message": found.header["message"],
        "minutes": found.minutes,
        "not_proved": not_proved_by(found),
        "parts": {str(number): json.loads(raw) for number, raw in found.parts.items()},
        "proved": list(proved_by(found)),
        "recipient": found.recipient,
        "recovery_keys": found.agreements.key_ids(),
        "sender": found.sender,
        "verdict": found.verdict,
    }
    return json.dumps(report, indent=2, sort_keys=True) + "\n"


def _told(head: SignedHead) -> dict[str, Any]:
    return {"by": head.by, "cosigned": head.cosigned, "entries": head.note.size, "signed": head.signed}


def disclosed_as_text(found: Disclosed) -> str:
    """Return the report for a terminal; the parts themselves are on the page and in JSON."""
    lines = [
        f"message {found.header['message']}, from {found.sender} to {found.recipient}: {found.verdict}",
        f"disclosed by {found.header['by']} at {found.header['at']}, link {found.header['link']}",
        *(f"{what}: {kid}" for what, kid in found.agreements.keys_told()),
        *(f"fault {fault.kind}: {fault.words}" for fault in found.faults),
        "proved:",
        *([f"  {words}" for words in proved_by(found)] or ["  nothing, because something does not hold"]),
        *_attested_lines(found),
        "not proved:",
        *(f"  {words}" for words in not_proved_by(found)),
        ALL_HOLDS if found.holds else SOMETHING_FAILS,
    ]
    return "\n".join(lines) + "\n"


def _attested_lines(found: Disclosed) -> list[str]:
    """Return what was said about the heads, with its title; nothing if nobody said anything."""
    words = [f"  {words}" for words in found.attested.words()]
    return [f"{ATTESTED.lower()}:", *words] if words else []


def disclosed_as_page(found: Disclosed) -> str:
    """Return the page for a court."""
    header = found.header
    person = f"person {header['person']} of the message" if header["person"] else "no person"
    parts = [
        *head_of(f"Disclosure of message {header['message']}"),
        "<h1>Disclosure of one message</h1>",
        rows_of(
            ("Message", header["message"]),
            ("From", found.sender),
            ("To", found.recipient),
            ("Verdict of the recipient", found.verdict),
            ("Discloses", person),
            ("Disclosed by", header["by"]),
            ("Disclosed at, as that agency says", header["at"]),
            *((what[0].upper() + what[1:], kid) for what, kid in found.agreements.keys_told()),
        ),
        f'<p class="result">{escape(ALL_HOLDS if found.holds else SOMETHING_FAILS)}</p>',
        list_of("What fails", (fault.words for fault in found.faults), none="Nothing."),
        list_of("What is proved", proved_by(found), none="Nothing, because something does not hold."),
        list_of(ATTESTED, found.attested.words(), none="Nothing."),
        list_of("What is not proved", not_proved_by(found), none="Nothing."),
        *(_part_of(number, raw) for number, raw in found.parts.items()),
        list_of("Minutes of the enrolment", map(_minute, found.minutes), none="None in this file."),
        "<h2>What the words of this page mean</h2><dl>",
        *(
            f"<dt><strong>{escape(term)}</strong></dt><dd>{escape(words)}</dd>"
            for term, words in _COURT_TERMS
        ),
        "</dl></body></html>",
    ]
    return "\n".join(parts)


def _part_of(number: int, raw: bytes) -> str:
    """Return one part as it was signed, and its members one below the other."""
    title = {0: "Header of the message", 1: "Common content of the message"}.get(number, f"Part {number}")
    return f"<h2>{title}</h2>{rows_of(*_members_of(json.loads(raw)))}"


def _members_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield each single value in a part with its place."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for name, item in items:
            yield from _members_of(item, f"{place} / {name}" if place else str(name))
        return
    yield place, value if isinstance(value, str) else json.dumps(value)


def _minute(act: dict[str, Any]) -> str:
    return f"{act['at']}: {act['act'].replace('_', ' ')}, {act['partner']}, by {act['actor']}"
