# SPDX-License-Identifier: Apache-2.0
"""The kit in conversation with one node: the gate, then frame after frame; and what the answers say.

    talk = Talk(scribe, way)
    await talk.begin()                  # the gate of the node opens
    heard = await talk.say(lines=...)   # heard.verdicts, heard.later

1. At the gate the kit asks the node for both logs, so that it needs no store of its own: it goes on where
   the last run ended.
2. A frame carries our new leaves, a cosignature over the node's last head, and lines.
3. The tail of the answer is judged as a cosigner judges it, by `ledger.copy`; the cosignature too. What is
   wrong there is a `NodeFaultError`, which names a rule.
4. The verdict on a line is read from the result and from the new leaves: a result without a leaf counts
   for nothing.
5. Numbers of ours that stayed open are given up before the next case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exchange.errors import NodeFaultError, ProtocolError
from exchange.ids import KeyId, b64url
from exchange.kit.doors import Way
from exchange.kit.scribe import Scribe
from exchange.kit.verdicts import Heard, heard_in, is_final
from exchange.ledger.copy import CopyState, judge_tail
from exchange.ledger.entries import Entry, Leaf
from exchange.ledger.merkle import CompactRange
from exchange.ledger.notes import cosign, verify_cosignature
from exchange.protocol.agreement import sign_agreement
from exchange.protocol.frames import (
    MAX_NOTE_CHARS,
    Frame,
    FrameCosignature,
    FrameTail,
    decode_frame,
    encode_frame,
)
from exchange.protocol.gatewords import (
    GateWord,
    new_nonce,
    read_gate_word,
    sign_gate_word,
    verify_gate_word,
)
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse, PublicKey

PAGE = 2_000
"""Leaves in one answer at the gate."""
_PAGES = 500


@dataclass
class Talk:
    """One conversation."""

    scribe: Scribe
    way: Way
    copy: list[bytes] = field(default_factory=list)
    """The node's log, as far as we hold it."""
    note: str = ""
    """Its head over the copy."""
    told: int = 0
    """How many of our leaves the node has."""
    cosigned: int = 0
    """Up to which size of our log the node has cosigned."""
    _range: CompactRange = field(default_factory=CompactRange)

    # The gate

    async def begin(self) -> None:
        """Open the gate of the node, and begin or take up our log.

        Raises:
            NodeFaultError: an answer is not right, or the gate stays closed.
            ExchangeError: no answer.
        """
        report = await self.report()
        if _size(report, "copy") and not self.scribe.leaves:
            self.scribe.take_back(await self._log_of(self.scribe.own.code))
        self.told = _size(report, "copy")
        self._take_copy(await self._log_of(self.scribe.partner.agency))
        report = await self.report()
        report = await self.report(to_nonce=report.nonce)
        if report.gives.get("state") != "open":
            raise NodeFaultError("gate.prefix", f"the gate stays {report.gives.get('state')}")
        if not self.scribe.leaves:
            self.scribe.begin()
        await self.say()

    async def report(self, *, to_nonce: str = "") -> GateWord:
        """Ask one question with our report and return the verified answer."""
        return await self.ask("report", {}, gives=self._report(), to_nonce=to_nonce)

    async def ask(
        self,
        op: str,
        asks: dict[str, JsonValue],
        *,
        gives: dict[str, JsonValue] | None = None,
        to_nonce: str = "",
    ) -> GateWord:
        """Ask one question and return the answer, if it is the node's and to this question."""
        question = self.question(op, asks, gives=gives or {}, to_nonce=to_nonce)
        raw = await self.way.gate(self.signed(question))
        return self._answer(raw, question)

    def question(
        self, op: str, asks: dict[str, JsonValue], *, gives: dict[str, JsonValue], to_nonce: str = ""
    ) -> GateWord:
        scribe = self.scribe
        return GateWord(
            link=scribe.link,
            sender=scribe.own.code,
            recipient=scribe.partner.agency,
            at=scribe.now(),
            nonce=new_nonce(scribe.random),
            to_nonce=to_nonce,
            op=op,
            asks=asks,
            gives=gives,
        )

    def signed(self, word: GateWord) -> bytes:
        return sign_gate_word(word, self.scribe.own.key(KeyUse.DOOR))

    def report_question(self, **changes: JsonValue) -> GateWord:
        """Return a question with our report, in which members may be others."""
        return self.question("report", {}, gives=self._report() | changes)

    def _report(self) -> dict[str, JsonValue]:
        own = self.scribe.leaves
        root = self.scribe.root(len(own))
        agreement = self.scribe.agreement
        signature = sign_agreement(agreement.raw, self.scribe.own.recovery) if agreement.n == 1 else ""
        return {
            "seen": {"ep": 1, "size": len(self.copy), "note": self.note},
            "numbers": 0,
            "own": {"ep": 1, "size": len(own), "root": b64url(root)},
            "copy": {"ep": 1, "size": len(self.copy)},
            "next": self.scribe.next_seq,
            "state": "open",
            "restored": "",
            "agreement": {"n": agreement.n, "ad": agreement.digest, "sig": signature},
            "card": self.scribe.own.card.raw.decode("ascii"),
        }

    def _answer(self, raw: bytes, question: GateWord) -> GateWord:
        try:
            jws = read_gate_word(raw)
            word = verify_gate_word(jws, self._key(KeyUse.DOOR, jws.kid))
        except ProtocolError as error:
            raise NodeFaultError("gate.statement", f"the answer at the gate is not right: {error}") from error
        if (word.link, word.sender, word.recipient) != (question.link, question.recipient, question.sender):
            raise NodeFaultError("gate.statement", "the answer at the gate is of another link or agency")
        if word.to_nonce != question.nonce or word.op != question.op:
            raise NodeFaultError("gate.nonce", "the answer at the gate is to another question")
        if abs(word.at - self.scribe.now()).total_seconds() > 300:
            raise NodeFaultError("gate.clock", "the clock of the node differs by more than 300 s")
        return word

    def _key(self, use: KeyUse, kid: KeyId) -> PublicKey:
        found = self.scribe.partner.find(use, kid)
        if found is None:
            raise NodeFaultError(
                "gate.statement", f"the node signs with key {kid}, which its card does not name"
            )
        return found.public

    async def _log_of(self, agency: str) -> list[bytes]:
        """Return the leaves of a log that the node holds, with the head over them in `note`."""
        leaves: list[bytes] = []
        for _ in range(_PAGES):
            word = await self.ask("leaves", {"of": agency, "ep": 1, "from": len(leaves)})
            given = Members(word.gives, ("from", "leaves", "note"), kind="answer", error=ProtocolError)
            page = [str(leaf).encode("ascii") for leaf in given.items("leaves", most=PAGE)]
            leaves += page
            if agency == self.scribe.partner.agency:
                self.note = given.text("note", min_chars=0, max_chars=MAX_NOTE_CHARS)
            if len(page) < PAGE:
                break
        return leaves

    def _take_copy(self, leaves: Sequence[bytes]) -> None:
        self.copy, self._range = [], CompactRange()
        note, self.note = self.note, ""
        if leaves:
            self._take_tail(FrameTail(self.scribe.partner.agency, 1, 0, tuple(leaves), note), gathered=True)

    # Frames

    async def say(
        self, lines: Sequence[bytes] = (), entries: Sequence[Entry] = (), *, card: str = ""
    ) -> Heard:
        """Log entries, send them with lines in a frame, and return what the node answers.

        Raises:
            NodeFaultError: the answer is not right.
            ExchangeError: no answer.
        """
        self.scribe.log(*entries)
        raw = await self.way.frame(encode_frame(self.frame_of(lines, card=card)))
        self.told = len(self.scribe.leaves)
        return self.hear(raw, lines)

    def frame_of(self, lines: Sequence[bytes] = (), *, card: str = "") -> Frame:
        """Return the next right frame."""
        scribe = self.scribe
        tail = scribe.tail(self.told) if len(scribe.leaves) > self.told else None
        return Frame(
            link=scribe.link,
            sender=scribe.own.code,
            recipient=scribe.partner.agency,
            tail=tail,
            cosignature=self._cosignature(),
            lines=tuple(lines),
            card=card,
        )

    def _cosignature(self) -> FrameCosignature | None:
        if not self.copy:
            return None
        own = self.scribe.own
        line = cosign(self.note, own.key(KeyUse.COSIGN), by=own.code, at=self.scribe.now())
        return FrameCosignature(1, len(self.copy), line)

    def hear(self, raw: bytes, lines: Sequence[bytes] = ()) -> Heard:
        """Return what an answering frame says about lines."""
        try:
            frame = decode_frame(raw)
        except ProtocolError as error:
            raise NodeFaultError("frame.form", f"the answer is no frame: {error}") from error
        scribe = self.scribe
        if (frame.link, frame.sender, frame.recipient) != (
            scribe.link, scribe.partner.agency, scribe.own.code,
        ):  # fmt: skip
            raise NodeFaultError("frame.address", "the answer is a frame of another link or agency")
        new = self._take_tail(frame.tail) if frame.tail else ()
        self._check_cosignature(frame.cosignature)
        if len(frame.results) != len(lines):
            raise NodeFaultError("frame.results", f"{len(frame.results)} results for {len(lines)} lines")
        return heard_in(frame.results, lines, new)

    def _take_tail(self, tail: FrameTail, *, gathered: bool = False) -> tuple[Leaf, ...]:
        state = CopyState(
            link=self.scribe.link,
            by=self.scribe.partner.agency,
            ep=1,
            size=len(self.copy),
            range=self._range,
            known=lambda start, end: self.copy[start:end],
        )
        keys = [key.public for key in self.scribe.partner.keys_for(KeyUse.HEAD)]
        try:
            taken = judge_tail(state, tail, head_keys=keys, gathered=gathered)
        except ProtocolError as error:
            raise NodeFaultError("tail.root", f"the tail of the node is not right: {error}") from error
        self.copy += taken.raw_leaves
        self._range, self.note = taken.range, tail.head
        for leaf in taken.new_leaves:
            if is_final(leaf):
                self.scribe.open.pop(int(leaf.fields["seq"]), None)
        return taken.new_leaves

    def _check_cosignature(self, offered: FrameCosignature | None) -> None:
        """Take the node's cosignature over a head of ours, which is made again from our leaves."""
        if offered is None or offered.size <= self.cosigned:
            return
        if offered.size > len(self.scribe.leaves):
            raise NodeFaultError("cosignature.signature", "the node cosigns more of our log than there is")
        note = self.scribe.head(size=offered.size)
        for key in self.scribe.partner.keys_for(KeyUse.COSIGN):
            try:
                verify_cosignature(note, offered.line, key.public, by=self.scribe.partner.agency)
            except ProtocolError:
                continue
            self.cosigned = offered.size
            return
        raise NodeFaultError("cosignature.signature", "the cosignature of the node is not right")

    # Between cases

    async def tidy(self) -> None:
        """Give up what a case left open."""
        entries = self.scribe.gives_up()
        if entries:
            await self.say(entries=entries)


def _size(word: GateWord, name: str) -> int:
    part = word.gives.get(name)
    size = part.get("size") if isinstance(part, dict) else None
    if not isinstance(size, int):
        raise NodeFaultError("gate.statement", f"the report of the node has no {name}.size")
    return size
