# SPDX-License-Identifier: Apache-2.0
"""Evidence packs of two invented logs, signed with the keys of test agencies; built right, broken on purpose.

    story = TwoSides().exchange(3)          # three messages of KH, each accepted by VN
    story.write(folder / "kh.pack")
    broken(path, lambda lines: lines[:-1])  # a pack whose last line fits whatever was changed

Leaves, heads, cosignatures and envelopes are made by the product's own writers; the verifier reads them with
its own code.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from exchange.clock import instant_text
from exchange.ids import AgencyCode, MessageId, b64url, sha256
from exchange.ledger.entries import Entry, accp, agrx, encode_leaf, keyx, opened, rcvd, rejc, sent, void
from exchange.ledger.lattice import lattice_line
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, cosign, head_text, sign_head
from exchange.ledger.witnessing import WitnessKey, witness_line
from exchange.protocol.agreement import Agreement, Party, new_agreement, read_agreement, sign_agreement
from exchange.protocol.envelope import Envelope, sign_envelope
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite
from exchange.verifier.pack import FIRST_LINE
from tests.support import identity
from tests.support.identity import KH, NOW, VN
from tests.support.tsa import RIGHT, Authority, Wrong, request_over
from tests.support.witness import NAME

BODY = sha256(b"a sealed body")
Lines = list[bytes]


@cache
def the_agreement() -> Agreement:
    members = [(code, identity.agency(code)) for code in (KH, VN)]
    parties = tuple(Party(code, one.card.node, one.recovery.public) for code, one in members)
    terms = terms_for(load_profile("kh-vn"), KH, VN)
    return read_agreement(new_agreement(parties, terms, suite=Suite.HYBRID, invitation=sha256(b"i")))  # type: ignore[arg-type]


def key_of(code: AgencyCode, use: KeyUse) -> PrivateKey:
    """Return the first private key of an agency for a use."""
    return identity.agency(code).keys.keyring().signing(use, NOW)


def message_id(number: int) -> MessageId:
    return MessageId(f"{number:08x}-0000-7000-8000-000000000000")


@dataclass
class Side:
    """One agency: its log and what it sent."""

    code: AgencyCode
    leaves: Lines = field(default_factory=list)
    envelopes: Lines = field(default_factory=list)
    tree: CompactRange = field(default_factory=CompactRange)
    signed_again: list[dict[str, Any]] = field(default_factory=list)
    """Second signatures over heads."""
    stamps: list[dict[str, Any]] = field(default_factory=list)
    """Time stamps over heads."""

    witnessed: list[dict[str, Any]] = field(default_factory=list)
    """Lines of witnesses over heads."""
    signs_with: PrivateKey | None = None
    """The key that signs the head instead of that of the agency."""

    def log(self, *entries: Entry) -> None:
        for entry in entries:
            raw = encode_leaf(
                entry,
                link=the_agreement().link_id,
                by=self.code,
                ep=1,
                i=len(self.leaves),
                t=instant_text(NOW),
            )
            self.leaves.append(raw)
            self.tree = self.tree.extend([leaf_hash(raw)])

    def begin(self) -> None:
        agreement, card = the_agreement(), identity.agency(self.code).card
        self.log(opened(n=1, ad=agreement.digest, crd=card.digest), agrx(n=1, ad=agreement.digest, fs=1))
        for use in (KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.COSIGN):
            kid = key_of(self.code, use).kid
            self.log(keyx(op="add", use=use, kid=kid, cs=card.serial, crd=card.digest))

    def head(self, key: PrivateKey | None = None) -> str:
        head = Head(the_agreement().link_id, self.code, 1, len(self.leaves), self.tree.root())
        return sign_head(head, key or self.signs_with or key_of(self.code, KeyUse.HEAD), by=self.code)

    def sign_again(self, key: PrivateKey | None = None) -> None:
        """Sign the head as it is now by ML-DSA-44, too."""
        head = Head(the_agreement().link_id, self.code, 1, len(self.leaves), self.tree.root())
        line = lattice_line(head, key or key_of(self.code, KeyUse.HEAD_PQ))
        self.signed_again.append({"line": line, "size": head.size})

    def stamp(self, authority: Authority, wrong: Wrong = RIGHT) -> None:
        """Have the head as it is now stamped."""
        head = Head(the_agreement().link_id, self.code, 1, len(self.leaves), self.tree.root())
        said = {"tsa": "tsa.example", "at": instant_text(authority.at), "size": head.size}
        reply = authority.reply(request_over(head_text(head).encode()), wrong)
        self.stamps.append(said | {"reply": b64url(reply)})

    def show(self, key: PrivateKey, *, name: str = NAME, shown: PublicKey | None = None) -> None:
        """Let a witness cosign the head as it is now; `shown` is the key that the pack names."""
        line = witness_line(self.head(), key, name=name, at=NOW)
        known = str(WitnessKey(name, shown or key.public))
        self.witnessed.append({"key": known, "line": line, "size": len(self.leaves)})

    def records(self) -> Iterator[tuple[str, bytes]]:
        """Yield what a pack holds of the log behind its heads."""
        said = {"signed": self.signed_again, "stamp": self.stamps, "witness": self.witnessed}
        for word, values in said.items():
            yield from ((word, _text(value)) for value in values)
        yield from (("leaf", leaf) for leaf in self.leaves)


class TwoSides:
    """Two logs of one link, and the pack that KH makes of them."""

    def __init__(self) -> None:
        self.kh, self.vn = Side(KH), Side(VN)
        for side in (self.kh, self.vn):
            side.begin()

    def exchange(self, messages: int, *, sender: AgencyCode = KH, verdict: str = "accepted") -> "TwoSides":
        """Let a side send messages and the other log them; `verdict` of leaf `rcvd`, or "none"."""
        here, there = (self.kh, self.vn) if sender == KH else (self.vn, self.kh)
        for _ in range(messages):
            entry = self.send(here)
            said = entry.fields
            if verdict != "none":
                code = "consent_missing" if verdict == "rejected" else None
                place = {"seq": said["seq"], "id": said["id"], "eh": said["eh"], "cd": said["cd"]}
                there.log(rcvd(**place, k=verdict, code=code))  # type: ignore[arg-type]
        return self

    def send(self, here: Side, *, key: PrivateKey | None = None) -> Entry:
        number = len(here.envelopes) + 1
        other = VN if here.code == KH else KH
        envelope = sign_envelope(
            Envelope(
                id=message_id(number),
                link=the_agreement().link_id,
                agr=1,
                sender=here.code,
                recipient=other,
                seq=number,
                created_at=NOW,
                expires_at=NOW + timedelta(days=30),
                suite=Suite.HYBRID,
                body_sha256=BODY,
                body_size=6_000,
                pc=BODY,
            ),
            key or key_of(here.code, KeyUse.ENVELOPE),
        )
        entry = sent(seq=number, id=message_id(number), eh=sha256(envelope), cd=BODY, pc=BODY, sz=4_096)
        here.envelopes.append(envelope)
        here.log(entry)
        return entry

    def lines(self) -> Lines:
        """Return the lines of the pack without its first and last one."""
        return [line for word, value in self._records() if (line := f"{word} ".encode() + value + b"\n")]

    def _records(self) -> Iterator[tuple[str, bytes]]:
        agreement = the_agreement()
        logs = [{"by": side.code, "ep": 1, "size": len(side.leaves)} for side in (self.kh, self.vn)]
        at, link = instant_text(NOW), agreement.link_id
        yield "header", _text({"at": at, "by": KH, "partner": VN, "link": link, "logs": logs})
        signatures = {
            code: sign_agreement(agreement.raw, identity.agency(code).recovery) for code in (KH, VN)
        }
        yield "agreement", _text({"raw": b64url(agreement.raw), "signatures": signatures})
        for code in (KH, VN):
            yield "card", identity.agency(code).card.raw
        for side, other in ((self.kh, self.vn), (self.vn, self.kh)):
            head = side.head()
            cosigned = cosign(head, key_of(other.code, KeyUse.COSIGN), by=other.code, at=NOW)
            said = {"by": side.code, "ep": 1, "size": len(side.leaves), "head": head}
            yield "log", _text(said | {"cosigned": head, "cosignature": cosigned})
            yield from side.records()
        for side in (self.kh, self.vn):
            for envelope in side.envelopes:
                yield "envelope", envelope

    def write(self, path: Path) -> Path:
        return write_lines(path, self.lines())


def write_lines(path: Path, lines: Lines) -> Path:
    """Write a pack of lines with a last line that fits them."""
    body = FIRST_LINE + b"".join(lines)
    end = {"lines": len(lines) + 1, "sha256": hashlib.sha256(body).hexdigest()}
    path.write_bytes(body + b"end " + _text(end) + b"\n")
    return path


def changed(lines: Lines, word: str, change: Callable[[bytes], bytes], *, place: int = 0) -> Lines:
    """Return the lines with the value of the one of a word at a place changed."""
    at = [number for number, line in enumerate(lines) if line.startswith(word.encode() + b" ")][place]
    value = change(lines[at].partition(b" ")[2][:-1])
    return [*lines[:at], word.encode() + b" " + value + b"\n", *lines[at + 1 :]]


def with_members(**members: Any) -> Callable[[bytes], bytes]:
    """Return a change of a JSON value that sets members of it."""
    return lambda raw: _text(json.loads(raw) | members)


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


__all__ = [
    "BODY", "KH", "VN", "TwoSides", "accp", "changed", "key_of", "keyx", "message_id", "rejc", "void",
    "with_members", "write_lines",
]  # fmt: skip
