# SPDX-License-Identifier: Apache-2.0
"""The story of the examples: the joiner reports a closed crossing, the inviter answers with a decision.

    frame 1   joiner -> inviter   log of the joiner, its message 1
    frame 2   inviter -> joiner   log of the inviter with the verdict, cosignature, message 1 of the inviter
    frame 3   joiner -> inviter   the verdict on it, cosignature

Every object is made by the product's own functions, with keys and bytes from labels.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from exchange.adapters.transport.signing import sign_request
from exchange.clock import instant_text
from exchange.ids import AgencyCode, MessageId, RandomSource, b64url, new_message_id, sha256
from exchange.ledger.entries import Entry, agrx, encode_leaf, keyx, opened, rcvd, sent
from exchange.ledger.merkle import leaf_hash, root_of
from exchange.ledger.notes import Head, cosign, sign_head
from exchange.messages.release import released
from exchange.protocol.door import Route, path_of, type_of
from exchange.protocol.envelope import Envelope, join_line, sign_envelope
from exchange.protocol.frames import Frame, FrameCosignature, FrameTail, Outcome, Result, encode_frame
from exchange.protocol.gatewords import GateWord, new_nonce, sign_gate_word
from exchange.protocol.parts import Document, commitment, pad, part_hash, split_document
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse, Suite

from tools.pages.examples.parties import (
    INVITER,
    JOINER,
    at,
    card_of,
    enrolment,
    example_random,
    keys_for,
    keys_of,
)
from tools.pages.examples.sealing import Steps, seal_suite_1

LIST_VERSIONS: dict[str, JsonValue] = {"agencies": "1.1.0", "message-types": "1.1.0"}
CASE = "7KQ2-M9XD-4TBE"
EARLIER = MessageId("019bf65c-8f80-7d10-8c3b-5a9d2f1e4b60")
"""A notice that the decision answers; it was exchanged before the story begins."""


@dataclass(frozen=True)
class Message:
    """A message with everything it is made of."""

    sender: AgencyCode
    recipient: AgencyCode
    id: MessageId
    document: Document
    parts: list[bytes]
    plaintext: bytes
    sealed: Steps
    envelope: Envelope
    raw_envelope: bytes

    @property
    def line(self) -> bytes:
        return join_line(self.raw_envelope, self.sealed.body)

    @property
    def hashes(self) -> list[bytes]:
        return [part_hash(self.id, number, part) for number, part in enumerate(self.parts)]

    @property
    def leaf(self) -> Entry:
        one = self.envelope
        return sent(
            seq=one.seq,
            id=one.id,
            eh=sha256(self.raw_envelope),
            cd=one.body_sha256,
            pc=one.pc,
            sz=len(self.plaintext),
        )

    @property
    def accepted(self) -> Entry:
        one = self.envelope
        return rcvd(seq=one.seq, id=one.id, eh=sha256(self.raw_envelope), cd=one.body_sha256, k="accepted")


@dataclass
class Log:
    """The log of one side as it grows."""

    by: AgencyCode
    ep: int = 1
    leaves: list[bytes] = field(default_factory=list)

    def write(self, *entries: Entry, seconds: float) -> None:
        for entry in entries:
            place = len(self.leaves)
            link, t = enrolment().link, instant_text(at(seconds))
            self.leaves.append(encode_leaf(entry, link=link, by=self.by, ep=self.ep, i=place, t=t))

    @property
    def root(self) -> bytes:
        return root_of(map(leaf_hash, self.leaves))

    @property
    def head(self) -> str:
        head = Head(link=enrolment().link, by=self.by, ep=self.ep, size=len(self.leaves), root=self.root)
        return sign_head(head, keys_for(self.by)(KeyUse.HEAD), by=self.by)

    def tail(self, start: int) -> FrameTail:
        return FrameTail(self.by, 1, start, tuple(self.leaves[start:]), self.head)


@dataclass(frozen=True)
class Request:
    """A signed request with the text that was signed."""

    method: str
    path: str
    fields: dict[str, str]
    base: str


@dataclass(frozen=True)
class Story:
    """Everything that travelled."""

    messages: tuple[Message, Message]
    logs: dict[str, Log]
    frames: dict[str, bytes]
    cosignatures: dict[str, str]
    gate: dict[str, bytes]
    request: Request


@cache
def story() -> Story:
    """Return the story, told once."""
    first, second = _message_1(), _message_2()
    joiner, inviter = Log(JOINER), Log(INVITER)
    gate = _gate(joiner, inviter)
    joiner.write(first.leaf, seconds=10)
    frames = {"1": encode_frame(_frame(JOINER, tail=joiner.tail(0), lines=(first.line,)))}
    over_joiner = cosign(joiner.head, keys_for(INVITER)(KeyUse.COSIGN), by=INVITER, at=at(11))
    inviter.write(first.accepted, seconds=11)
    inviter.write(second.leaf, seconds=11.5)
    answer = _frame(
        INVITER,
        tail=inviter.tail(0),
        cosignature=FrameCosignature(1, len(joiner.leaves), over_joiner),
        lines=(second.line,),
        results=(Result(1, first.id, Outcome.LOGGED),),
    )
    frames["2"] = encode_frame(answer)
    request = _request(frames["1"], seconds=10)
    over_inviter = cosign(inviter.head, keys_for(JOINER)(KeyUse.COSIGN), by=JOINER, at=at(13))
    held = len(joiner.leaves)
    joiner.write(second.accepted, seconds=13)
    last = _frame(
        JOINER,
        tail=joiner.tail(held),
        cosignature=FrameCosignature(1, len(inviter.leaves), over_inviter),
        results=(Result(1, second.id, Outcome.LOGGED),),
    )
    frames["3"] = encode_frame(replace(last, wait_s=55))
    cosignatures: dict[str, str] = {INVITER: over_joiner, JOINER: over_inviter}
    logs: dict[str, Log] = {JOINER: joiner, INVITER: inviter}
    return Story((first, second), logs, frames, cosignatures, gate, request)


def _message_1() -> Message:
    """Return the joiner's message: a crossing is closed for a day."""
    document: Document = {
        "header": _header("CKS", JOINER, sensitivity="S1", purpose="handover"),
        "content": {
            "checkpoint": "OTHER",
            "checkpoint_name": "Ban Laem",
            "status": "closed_temporarily",
            "from": "2027-10-04T12:00+07:00",
            "until": "2027-10-05T12:00+07:00",
        },
        "persons": [],
    }
    return _sealed(document, JOINER, INVITER, seconds=9, label="message 1")


def _message_2() -> Message:
    """Return the inviter's message: the return of one person is accepted."""
    header = _header("RPD", INVITER, sensitivity="S3", purpose="return_arrangement")
    document: Document = {
        "header": header | {"case_codes": [CASE], "in_reply_to": EARLIER},
        "content": {},
        "persons": [
            {
                "case_code": CASE,
                "outcome": "accepted",
                "valid_until": "2028-01-04",
                "reception": INVITER,
            }
        ],
    }
    return _sealed(document, INVITER, JOINER, seconds=11.5, label="message 2")


def _header(code: str, sender: AgencyCode, *, sensitivity: str, purpose: str) -> dict[str, JsonValue]:
    return {
        "type": code,
        "type_version": "1.0",
        "acting_agency": sender,
        "urgency": "routine",
        "list_versions": LIST_VERSIONS,
        "purpose": purpose,
        "handling": ["case_only"],
        "sensitivity": sensitivity,
        "officer": "P-0007",
        "language": "en",
        "attachments": [],
    }


def _sealed(
    document: Document, sender: AgencyCode, recipient: AgencyCode, *, seconds: float, label: str
) -> Message:
    random, now, link = example_random(label), at(seconds), enrolment().link
    id = new_message_id(now, random)
    full = released(document, message_id=id, sender=sender, recipient=recipient, link=link, agreement=1)
    parts = split_document(full, random)
    plaintext = pad(parts)
    sealed = seal_suite_1(plaintext, sender=sender, recipient=recipient, label=label)
    envelope = Envelope(
        id=id,
        link=link,
        agr=1,
        sender=sender,
        recipient=recipient,
        seq=1,
        created_at=now,
        expires_at=now + timedelta(days=enrolment().agreement.terms.expires_days),
        suite=Suite.CLASSICAL,
        body_sha256=sha256(sealed.body),
        body_size=len(sealed.body),
        pc=commitment(id, parts),
    )
    raw = sign_envelope(envelope, keys_for(sender)(KeyUse.ENVELOPE))
    return Message(sender, recipient, id, full, parts, plaintext, sealed, envelope, raw)


def _beginning(agency: AgencyCode) -> list[Entry]:
    """Return the first leaves of a log: `open`, `agrx`, and `keyx add` for each key but `tls`."""
    card, agreement = card_of(agency), enrolment().agreement
    begin = [
        opened(n=1, ad=agreement.digest, crd=card.digest),
        agrx(n=1, ad=agreement.digest, fs=1),
    ]
    return begin + [
        keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest)
        for key in keys_of(agency)
        if key.use is not KeyUse.TLS
    ]


def _frame(
    sender: AgencyCode,
    *,
    tail: FrameTail,
    cosignature: FrameCosignature | None = None,
    lines: tuple[bytes, ...] = (),
    results: tuple[Result, ...] = (),
) -> Frame:
    return Frame(
        link=enrolment().link,
        sender=sender,
        recipient=JOINER if sender == INVITER else INVITER,
        tail=tail,
        cosignature=cosignature,
        lines=lines,
        results=results,
        card=card_of(sender).raw.decode("ascii") if tail.start == 0 else "",
    )


def _gate(joiner: Log, inviter: Log) -> dict[str, bytes]:
    """Return the dialogue by which a partner that only calls opens both gates, and begin both logs."""
    random = example_random("gate")
    question = report_of(joiner, random=random, to="", seconds=0, state="closed")
    answer = report_of(inviter, random=random, to=question.nonce, seconds=0.5, state="closed")
    joiner.write(*_beginning(JOINER), seconds=0.75)
    again = report_of(joiner, random=random, to=answer.nonce, seconds=1, state="open")
    inviter.write(*_beginning(INVITER), seconds=1.25)
    done = report_of(inviter, random=random, to=again.nonce, seconds=1.5, state="open")
    words = {"1": question, "2": answer, "3": again, "4": done}
    return {name: sign_gate_word(word, keys_for(word.sender)(KeyUse.DOOR)) for name, word in words.items()}


def report_of(own: Log, /, *, random: RandomSource, to: str, seconds: float, **more: JsonValue) -> GateWord:
    """Return a word of the writer of a log, who holds nothing of the other log unless `more` says so."""
    sender, agreement = own.by, enrolment().agreement
    return GateWord(
        link=enrolment().link,
        sender=sender,
        recipient=JOINER if sender == INVITER else INVITER,
        at=at(seconds),
        nonce=new_nonce(random),
        to_nonce=to,
        op="report",
        asks={},
        gives={
            "seen": {"ep": 1, "size": 0, "note": ""},
            "numbers": 0,
            "own": {"ep": 1, "size": len(own.leaves), "root": b64url(own.root)},
            "copy": {"ep": 1, "size": 0},
            "next": 1,
            "state": "closed",
            "restored": "",
            "agreement": {"n": 1, "ad": agreement.digest, "sig": enrolment().signatures[sender]},
            "card": card_of(sender).raw.decode("ascii"),
            **more,
        },
    )


def _request(frame: bytes, *, seconds: float) -> Request:
    path, nonce = path_of(Route.EXCHANGE, enrolment().link), example_random("request")(16)
    fields = sign_request(
        "POST",
        path,
        body=frame,
        content_type=type_of(Route.EXCHANGE),
        recipient=INVITER,
        key=keys_for(JOINER)(KeyUse.DOOR),
        now=at(seconds),
        nonce=nonce,
    )
    return Request("POST", path, fields, signature_base("POST", path, fields))


def signature_base(method: str, path: str, fields: dict[str, str]) -> str:
    """Return the text that is signed, made from RFC 9421 section 2.5 and not by the library."""
    values = {
        "@method": method,
        "@path": path,
        "@query": "?",
        "content-digest": fields["Content-Digest"],
        "content-type": fields["Content-Type"],
        "content-length": fields["Content-Length"],
        "x-exchange-to": fields["X-Exchange-To"],
    }
    rows = [f'"{name}": {value}' for name, value in values.items()]
    parameters = fields["Signature-Input"].removeprefix("exchange=")
    return "\n".join([*rows, f'"@signature-params": {parameters}'])
