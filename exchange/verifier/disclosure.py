# SPDX-License-Identifier: Apache-2.0
"""Verifies the disclosure of one message: parts of it, and the evidence that both sides had them.

1. The file is whole, and its records come in their order.
2. Agreements and cards are those of the two agencies, as in a pack.
3. Each of the two heads is of this link and its writer.
4. Each entry is in its one form, of its log, and has a path to the root of the head.
5. A head is signed by its writer, with a key that an entry of the file begins and none ends before it.
6. A head is signed by the other side, where the file says so.
7. The entry `sent` is of the sender, and names the envelope by its hash; the envelope is signed by a key of
   the sender that counts there, and says the same.
8. The recipient's log has the verdict, for the same number, id and digests.
9. What witnesses, second keys and time stamp authorities said is over one of the heads, or over one that a
   consistency proof joins to it, and verifies as far as it can be checked (`attested`).
10. Each part has a path to the commitment in the envelope; the first one is the header, and names this
   message and these agencies.

A wrong form refuses the file. What is in a right form and does not hold is a fault with its kind.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exchange.verifier.attested import Attested
from exchange.verifier.claims import Fault
from exchange.verifier.forms import (
    Note,
    WrongFormError,
    canonical,
    read_json,
    read_jws,
    read_note,
    read_object,
    read_segment,
)
from exchange.verifier.keys import Agreements, Keys
from exchange.verifier.logs import Log, Sent, is_cosigned_head, is_signed_head
from exchange.verifier.messages import ENVELOPE, Envelopes
from exchange.verifier.pack import Form, Record, read_pack
from exchange.verifier.tree import is_under, leaf_hash_of
from exchange.verifier.verify import Reading, read_keys

FORM: Final = Form(
    b"exchange-disclosure/v1\n",
    (
        "header",
        "agreement",
        "card",
        "head",
        "leaf",
        "other",
        "signed",
        "stamp",
        "witness",
        "envelope",
        "part",
        "minutes",
        "words",
        "end",
    ),
    max_line=16 * 1024 * 1024,
)
"""A part is at most a message line of 6 MiB, in base64."""
HEADER: Final = {"at", "by", "link", "message", "parts", "partner", "person", "sender"}
_PART: Final = b"\x00exchange/part/v1\x00"
Leaf = dict[str, Any]


@dataclass
class SignedHead:
    """A head in the file, and who signed it."""

    by: str
    note: Note
    line: str
    """The cosignature, "" if there is none."""
    signed: bool = False
    cosigned: bool = False


@dataclass
class Disclosed:
    """What a disclosure shows, proves, and where it fails."""

    header: dict[str, Any]
    agreements: Agreements
    heads: dict[str, SignedHead]
    leaves: dict[str, list[Leaf]]
    verdict: str = ""
    sent: Leaf | None = None
    parts: dict[int, bytes] = field(default_factory=dict)
    minutes: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    attested: Attested = field(default_factory=lambda: Attested({}))

    @property
    def sender(self) -> str:
        return str(self.header["sender"])

    @property
    def recipient(self) -> str:
        by, partner = self.header["by"], self.header["partner"]
        return str(partner if self.sender == by else by)

    @property
    def holds(self) -> bool:
        """True if nothing that was checked fails."""
        return not self.faults

    def fail(self, kind: str, words: str) -> None:
        self.faults.append(Fault(kind, words))


def is_disclosure(path: Path) -> bool:
    """Return True if a file begins as a disclosure.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return file.readline(len(FORM.first_line)) == FORM.first_line


def verify_disclosure(path: Path) -> Disclosed:
    """Return what a disclosure proves.

    Raises:
        WrongFormError: the file is not a whole disclosure.
        OSError: the file cannot be read.
    """
    reading = Reading(read_pack(path, FORM))
    header = _header(reading.take())
    agreements = Agreements(header["link"])
    while reading.word == "agreement":
        agreements.take(reading.take().value)
    keys = read_keys(reading, agreements, header)
    found = Disclosed(header, agreements, {}, {agency: [] for agency in keys})
    while reading.word == "head":
        _take_head(found, reading.take().value)
    if set(found.heads) != set(keys):
        raise WrongFormError("the file does not hold one head of each agency")
    while reading.word == "leaf":
        _take_leaf(found, reading.take().value, keys)
    for one in keys.values():
        one.finish()
    _take_attested(found, reading)
    _take_rest(found, reading, keys)
    return found


def _header(record: Record) -> dict[str, Any]:
    if record.word != "header":
        raise WrongFormError("the file does not begin with its header")
    header = read_object(record.value, HEADER, what="the header of the file")
    if header["sender"] not in (header["by"], header["partner"]) or header["by"] == header["partner"]:
        raise WrongFormError("the header does not name two agencies and which of them is the sender")
    return header


def _take_head(found: Disclosed, value: bytes) -> None:  # 3
    said = read_object(value, {"by", "cosignature", "ep", "note"}, what="a head in the file")
    note = read_note(said["note"])
    if note.by != said["by"] or note.by not in found.leaves or note.by in found.heads or not note.size:
        raise WrongFormError("a head in the file is of no agency of this link, or stands twice")
    if (note.link, note.ep) != (found.header["link"], said["ep"]):
        found.fail("head_of_other_log", f"the head of {note.by} is of another link or epoch")
    found.heads[note.by] = SignedHead(note.by, note, said["cosignature"])


def _take_leaf(found: Disclosed, value: bytes, keys: dict[str, Keys]) -> None:  # 4
    said = read_object(value, {"by", "proof", "raw"}, what="an entry in the file")
    raw, head = said["raw"].encode("ascii"), found.heads[said["by"]]
    leaf = read_json(raw, what=f"an entry of {head.by}")
    if not isinstance(leaf, dict) or canonical(leaf) != raw:
        raise WrongFormError(f"an entry of {head.by} is not in the form of entries")
    place = (leaf["link"], leaf["by"], leaf["ep"])
    path = [read_segment(one.encode("ascii")) for one in said["proof"]]
    is_there = is_under(head.note.root, leaf_hash_of(raw), index=leaf["i"], size=head.note.size, path=path)
    if place != (found.header["link"], head.by, head.note.ep) or not is_there:
        found.fail("entry_not_in_log", f"entry {leaf['i'] + 1} of {head.by} is not under the head of its log")
        return
    found.leaves[head.by].append(leaf)
    if leaf["ev"] == "keyx":
        keys[head.by].take_change(leaf)


def _take_rest(found: Disclosed, reading: Reading, keys: dict[str, Keys]) -> None:
    """Judge heads, envelope, verdict and parts, in this order."""
    for head in found.heads.values():
        _judge_head(found, head, keys)
    if reading.word != "envelope":
        raise WrongFormError("the file does not hold an envelope")
    commitment = _judge_envelope(found, reading.take().value, keys)
    _judge_attested(found, keys)
    _judge_verdict(found)
    _compare_agreements(found)
    while reading.word == "part":
        _take_part(found, reading.take().value, commitment)
    _judge_header_part(found)
    while reading.word == "minutes":
        found.minutes.append(
            read_object(reading.take().value, {"act", "actor", "at", "partner"}, what="minutes")
        )
    if reading.word == "words":
        reading.take()  # They are the claim of who made the file; what holds is said by this program.
    if reading.word:
        raise WrongFormError(f"a line of the kind {reading.word} stands where none may come")


def _judge_head(found: Disclosed, head: SignedHead, keys: dict[str, Keys]) -> None:
    own, other = keys[head.by], next(one for agency, one in keys.items() if agency != head.by)
    head.signed = is_signed_head(head.note, _begun(own))  # 5
    if not head.signed:
        found.fail("head_not_signed", f"the head of {head.by} is not signed by a key that counts there")
    if head.line:
        head.cosigned = is_cosigned_head(head.note, head.line, _begun(other))  # 6
        if not head.cosigned:
            found.fail(
                "head_not_cosigned", f"the signature of {other.agency} over the head of {head.by} is wrong"
            )


def _begun(keys: Keys) -> Keys:
    """Return the keys that an entry of the file begins: an entry left out cannot make a key count."""
    begun = {place: key for place, key in keys.by_id.items() if key.begin > 0}
    return Keys(keys.agency, keys.recoveries, by_id=begun)


def _judge_envelope(found: Disclosed, raw: bytes, keys: dict[str, Keys]) -> bytes:  # 7
    """Return the commitment of the envelope, whether it holds or not."""
    said = read_json(read_jws(raw, ENVELOPE).payload, what="an envelope")
    sent = [leaf for leaf in found.leaves[found.sender] if leaf["ev"] == "sent" and leaf["id"] == _id(found)]
    if not sent:
        found.fail("entry_missing", f"no entry of {found.sender} says that it sent this message")
        return read_segment(said["pc"].encode("ascii"))
    leaf = found.sent = sent[0]
    log = Log(found.sender, found.recipient, leaf["ep"], found.heads[found.sender].note.size)
    log.sent[leaf["seq"]] = Sent(leaf["i"], leaf["id"], leaf["eh"], leaf["cd"], leaf["pc"])
    logs = {log.by: log, log.other: Log(log.other, log.by, 1, 0)}
    envelopes = Envelopes(
        link=found.header["link"], logs=logs, keys={agency: _begun(one) for agency, one in keys.items()}
    )
    envelopes.take(raw)
    for difference in envelopes.differences:
        found.fail("envelope_invalid", f"the envelope: {difference.words}")
    return read_segment(said["pc"].encode("ascii"))


def _id(found: Disclosed) -> str:
    return str(found.header["message"])


def _judge_verdict(found: Disclosed) -> None:  # 8
    events = [leaf for leaf in found.leaves[found.recipient] if leaf.get("id") == _id(found)]
    decided = next((leaf for leaf in events if leaf["ev"] in ("accp", "rejc")), None)
    received = next((leaf for leaf in events if leaf["ev"] == "rcvd"), None)
    last = decided if received is None or received["k"] == "held" else received
    last = last or received
    if last is None:
        found.verdict = "none in this file"
        return
    names = ("seq", "eh", "cd")
    if received and found.sent and any(received[name] != found.sent[name] for name in names):
        found.fail("verdict_of_other_bytes", f"{found.recipient} recorded other bytes under this number")
    kind = {"accp": "accepted", "rejc": "rejected"}.get(last["ev"]) or str(last["k"])
    found.verdict = f"{kind} ({last['code']})" if last.get("code") else kind


def _compare_agreements(found: Disclosed) -> None:
    digests = found.agreements.digests
    for by, leaves in found.leaves.items():
        for leaf in (one for one in leaves if one["ev"] in ("open", "agrx")):
            if not 1 <= leaf["n"] <= len(digests) or digests[leaf["n"] - 1] != leaf["ad"]:
                found.fail("agreement_of_other_bytes", f"{by} names version {leaf['n']}, not as in the file")


def _take_attested(found: Disclosed, reading: Reading) -> None:  # 9
    found.attested = Attested({head.by: head.note for head in found.heads.values()})
    takes = found.attested.takes()
    while reading.word in takes:
        takes[reading.word](reading.take().value)


def _judge_attested(found: Disclosed, keys: dict[str, Keys]) -> None:
    last = {
        by: max((leaf["i"] for leaf in leaves if leaf.get("id") == _id(found)), default=-1)
        for by, leaves in found.leaves.items()
    }
    found.attested.judge({agency: _begun(one) for agency, one in keys.items()}, last)
    found.faults += found.attested.faults


def judge_given(found: Disclosed, roots: bytes | None, witnesses: list[str]) -> None:
    """Check what needs certificates or keys that the reader gives.

    Raises:
        WrongFormError: the key of a witness has another form.
    """
    known = len(found.attested.faults)
    found.attested.judge_given(roots, witnesses)
    found.faults += found.attested.faults[known:]


def _take_part(found: Disclosed, value: bytes, commitment: bytes) -> None:  # 10
    said = read_object(value, {"number", "proof", "raw"}, what="a part in the file")
    number, raw = said["number"], read_segment(said["raw"].encode("ascii"))
    place = _id(found).encode("ascii") + b"\x00" + number.to_bytes(4, "big")
    path = [read_segment(one.encode("ascii")) for one in said["proof"]]
    leaf = hashlib.sha256(_PART + place + raw).digest()
    if not is_under(commitment, leaf, index=number, size=found.header["parts"], path=path):
        found.fail("part_not_in_message", f"part {number} is not a part of this message")
    found.parts[number] = raw


def _judge_header_part(found: Disclosed) -> None:
    if 0 not in found.parts:
        found.fail("header_missing", "the header of the message is not in the file")
        return
    said = read_json(found.parts[0], what="the header of the message")
    here = (said.get("message_id"), said.get("link"), said.get("sender"), said.get("recipient"))
    if here != (_id(found), found.header["link"], found.sender, found.recipient):
        found.fail("header_of_other_message", "the header of the message names another message or agency")
