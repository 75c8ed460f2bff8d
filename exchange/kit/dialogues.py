# SPDX-License-Identifier: Apache-2.0
"""Checks of door, gate and frame that only a live node can pass: requests, statements, frames, tails.

An expectation is a status, or words. A stranger gets 404 for whatever is wrong with a signature, so that
nothing is learned from it; a partner gets 400 for what it signed itself. Statuses are those of the door of
docs/protocol/objects.md.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from exchange.errors import ProtocolError
from exchange.ids import AgencyCode, LinkId
from exchange.kit.agency import kit_key
from exchange.kit.breaking import RIGHT, Wrong
from exchange.kit.doors import Door, Fields, Knock, Route, SignedWay
from exchange.kit.envelopes import OTHER_LINK, STRANGER
from exchange.kit.scribe import Order
from exchange.kit.talk import Talk
from exchange.ledger.entries import beat
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.cards import read_card
from exchange.protocol.door import CARD_TYPE, MAX_QUESTION_BYTES, path_of
from exchange.protocol.frames import Frame, decode_frame, encode_frame, pad_frame
from exchange.protocol.gatewords import GATE_TYP, GateWord, read_gate_word
from exchange.protocol.jws import sign_compact
from exchange.protocol.strictjson import JsonValue, encode, parse_object
from exchange.protocol.suites import KeyUse, PrivateKey

TOO_OLD: Final = timedelta(seconds=360)
OLD: Final = timedelta(seconds=240)
"""One minute on either side of the 300 s that are allowed, so that both clocks may differ a little."""


@dataclass(frozen=True)
class Live:
    """A conversation with a live node, and the bare door beside it."""

    talk: Talk
    way: SignedWay
    door: Door

    def frame(self) -> bytes:
        """Return a right frame without lines."""
        return encode_frame(self.talk.frame_of())

    def request(self, route: Route = Route.EXCHANGE, body: bytes | None = None) -> Knock:
        """Return the right request of a right frame or question."""
        if body is None:
            body = self.frame() if route is Route.EXCHANGE else self.talk.signed(self.talk.report_question())
        return self.way.request(route, body)

    async def status(self, request: Knock) -> str:
        return str((await self.door.knock(request)).status)


@dataclass(frozen=True)
class Check:
    """One dialogue and what must come of it."""

    name: str
    rule: str
    description: str
    expected: str
    play: Callable[[Live], Awaitable[str]]


# The door


async def _card(live: Live) -> str:
    reply = await live.door.card()
    partner = live.talk.scribe.partner
    if reply.status != 200 or reply.content_type != CARD_TYPE:
        return f"{reply.status} {reply.content_type}"
    try:
        card = read_card(reply.body, pinned_recovery=partner.recovery)
    except ProtocolError as error:
        return f"no card: {error.reason}"
    return "a card" if card.agency == partner.agency and card.serial >= partner.serial else "another card"


def _request(
    name: str, rule: str, description: str, expected: str, change: Callable[[Knock], Knock]
) -> Check:
    async def play(live: Live) -> str:
        return await live.status(change(live.request()))

    return Check(f"door-{name}", rule, description, expected, play)


def _fields(name: str, description: str, change: Callable[[Fields], Fields]) -> Check:
    def altered(right: Knock) -> Knock:
        return replace(right, change=change)

    return _request(name, "door.signature", description, "404", altered)


def _input(old: str, new: str) -> Callable[[Fields], Fields]:
    def change(right: Fields) -> Fields:
        return right | {"Signature-Input": right["Signature-Input"].replace(old, new)}

    return change


def _gone(*names: str) -> Callable[[Fields], Fields]:
    return lambda right: {name: value for name, value in right.items() if name not in names}


def _set(name: str, value: str) -> Callable[[Fields], Fields]:
    return lambda right: right | {name: value}


def _flipped(right: Fields) -> Fields:
    signature = right["Signature"]
    place = len("exchange=:") + 1
    other = "B" if signature[place] != "B" else "C"
    return right | {"Signature": signature[:place] + other + signature[place + 1 :]}


def _second_signature(right: Fields) -> Fields:
    twice = {name: right[name] + ", other" + right[name][len("exchange") :] for name in _SIGNED}
    return right | twice


_SIGNED: Final = ("Signature-Input", "Signature")
_STRANGER_KEY: Final = kit_key(STRANGER, KeyUse.DOOR)


def _by(name: str, description: str, key_of: Callable[[Live], PrivateKey]) -> Check:
    async def play(live: Live) -> str:
        return await live.status(replace(live.request(), key=key_of(live)))

    return Check(f"door-{name}", "door.signature", description, "404", play)


async def _repeated(live: Live) -> str:
    request = live.request()
    return f"{await live.status(request)}, {await live.status(request)}"


async def _other_body(live: Live) -> str:
    """Send another body of the same length than the one that was signed."""
    request = live.request()
    return await live.status(replace(request, sent=b"x" * len(request.body)))


async def _long_question(live: Live) -> str:
    return await live.status(live.way.request(Route.GATE, bytes(MAX_QUESTION_BYTES + 1)))


async def _to_the_gate(live: Live) -> str:
    """Send a request to another path than the signed one."""
    request = live.request(Route.GATE)
    return await live.status(replace(request, to=path_of(Route.EXCHANGE, live.way.link)))


def _aged(name: str, description: str, expected: str, age: timedelta) -> Check:
    return _request(name, "door.age", description, expected, lambda right: replace(right, at=right.at - age))


DOOR: Final = (
    Check("door-card", "door.card", "The card is asked for without a signature.", "a card", _card),
    _request("right", "door.request", "A right frame without news.", "200", lambda right: right),
    _request("other-path", "door.request", "The path does not exist.", "404",
             lambda right: replace(right, path=right.path.replace("exchange", "other"))),
    _request("get", "door.request", "A frame is asked for with GET.", "404",
             lambda right: replace(right, method="GET", change=_gone("Content-Length"))),
    _request("query", "door.request", "A query follows the path, and is signed.", "404",
             lambda right: replace(right, query="x=1")),
    _request("other-type", "door.request", "The content type is another one.", "415",
             lambda right: replace(right, content_type="application/json")),
    _request("encoded", "door.request", "The body is said to be compressed.", "415",
             lambda right: replace(right, change=_set("Content-Encoding", "gzip"))),
    Check("door-long-question", "door.request", "A question is longer than allowed.", "413", _long_question),
    _fields("unsigned", "There is no signature.", _gone("Signature", "Signature-Input")),
    _fields("one-bit", "One character of the signature is another.", _flipped),
    _fields("without-digest", "The digest of the body is not covered.", _input(' "content-digest"', "")),
    _fields("without-query", "The query is not covered.", _input(' "@query"', "")),
    _fields("one-more-part", "One more part is covered.", _input('"@method"', '"@method" "@authority"')),
    _fields("other-tag", "The tag is another one.", _input("exchange/1", "exchange/2")),
    _fields("other-label", "The label is another one.", _input("exchange=(", "other=(")),
    _fields("with-alg", "The parameter alg is added.", _input(";created", ';alg="ed25519";created')),
    _fields("two-signatures", "A second signature stands beside the first one.", _second_signature),
    _fields("digest-changed", "The field of the digest is changed.",
            _set("Content-Digest", "sha-256=:" + "A" * 43 + "=:")),
    _request("for-another-agency", "door.signature", "The request is for another agency.", "404",
             lambda right: replace(right, recipient=STRANGER)),
    _request("other-link", "door.signature", "The request is on a link that does not exist.", "404",
             lambda right: replace(right, path=path_of(Route.EXCHANGE, LinkId(OTHER_LINK)))),
    _by("stranger", "The request is signed by a key that nobody knows.", lambda live: _STRANGER_KEY),
    _by("envelope-key", "The request is signed by the envelope key.",
        lambda live: live.talk.scribe.own.key(KeyUse.ENVELOPE)),
    Check("door-to-another-path", "door.signature", "A signed question is brought to the path of frames.",
    "415",
          _to_the_gate),
    _aged("old", "The request is six minutes old.", "404", TOO_OLD),
    _aged("early", "The request is six minutes early.", "404", -TOO_OLD),
    _aged("a-little-old", "The request is four minutes old.", "200", OLD),
    Check("door-nonce-again", "door.nonce", "The same request comes twice.", "200, 404", _repeated),
    Check("door-other-body", "door.body", "The body is another one than was signed.", "400", _other_body),
)  # fmt: skip


# The gate


def _question(
    name: str, rule: str, description: str, expected: str, change: Callable[[GateWord], GateWord]
) -> Check:
    async def play(live: Live) -> str:
        word = change(live.talk.report_question())
        return await live.status(live.request(Route.GATE, live.talk.signed(word)))

    return Check(f"gate-{name}", rule, description, expected, play)


def _statement(name: str, description: str, change: Callable[[Live, dict[str, JsonValue]], bytes]) -> Check:
    async def play(live: Live) -> str:
        right = read_gate_word(live.talk.signed(live.talk.report_question()))
        raw = change(live, parse_object(right.payload))
        return await live.status(live.request(Route.GATE, raw))

    return Check(f"gate-{name}", "gate.statement", description, "400", play)


def _renewing(renew: JsonValue) -> Callable[[GateWord], GateWord]:
    """Return a function that adds what people decided to a report."""
    return lambda right: replace(right, gives={**right.gives, "renew": renew})


def _signed(
    live: Live, members: dict[str, JsonValue], *, typ: str = GATE_TYP, use: KeyUse = KeyUse.DOOR
) -> bytes:
    return sign_compact(encode(members), typ=typ, key=live.talk.scribe.own.key(use))


async def _asked_again(live: Live) -> str:
    """Ask twice; each answer names its question, which `Talk.ask` demands."""
    first, second = await live.talk.report(), await live.talk.report()
    return "each answer has its own nonce" if first.nonce != second.nonce else "one nonce twice"


async def _leaves(live: Live) -> str:
    """Ask for our own log, which the node holds."""
    scribe = live.talk.scribe
    word = await live.talk.ask("leaves", {"of": scribe.own.code, "ep": 1, "from": 0})
    leaves = word.gives.get("leaves")
    given = [str(leaf).encode() for leaf in leaves] if isinstance(leaves, list) else []
    return "our log" if given == scribe.leaves[: len(given)] and given else "another log"


async def _leaves_of_a_stranger(live: Live) -> str:
    word = live.talk.question("leaves", {"of": STRANGER, "ep": 1, "from": 0}, gives={})
    return await live.status(live.request(Route.GATE, live.talk.signed(word)))


GATE: Final = (
    _question("right", "gate.statement", "A right question.", "200", lambda right: right),
    _question("other-link", "gate.statement", "The question is of another link.", "400",
              lambda right: replace(right, link=LinkId(OTHER_LINK))),
    _question("for-another-agency", "gate.statement", "The question is for another agency.", "400",
              lambda right: replace(right, recipient=STRANGER)),
    _question("from-another-agency", "gate.statement", "The question is from another agency.", "400",
              lambda right: replace(right, sender=STRANGER)),
    _question("without-report", "gate.statement", "The question tells nothing.", "400",
              lambda right: replace(right, gives={})),
    _statement("head-key", "The question is signed by the head key.",
               lambda live, right: _signed(live, right, use=KeyUse.HEAD)),
    _statement("other-type", "The statement has the type of an envelope.",
               lambda live, right: _signed(live, right, typ="exchange-envelope+jws")),
    _statement("one-more-member", "The statement has one more member.",
               lambda live, right: _signed(live, right | {"x": 1})),
    _statement("other-op", "The statement asks for something that does not exist.",
               lambda live, right: _signed(live, right | {"op": "secrets"})),
    _statement("short-nonce", "The nonce has 21 characters.",
               lambda live, right: _signed(live, right | {"nonce": "A" * 21})),
    _statement("payload-changed", "The statement is changed after its signature.",
               lambda live, right: _signed(live, right).replace(b".", b".AA", 1)),
    _question("old", "gate.clock", "The clock of the question is six minutes behind.", "503",
              lambda right: replace(right, at=right.at - TOO_OLD)),
    _question("early", "gate.clock", "The clock of the question is six minutes ahead.", "503",
              lambda right: replace(right, at=right.at + TOO_OLD)),
    _question("renew-alone", "gate.epoch", "We alone decided a new epoch; the node goes on.", "200",
              _renewing({"ep": 2, "why": "two_histories"})),
    _question("renew-first", "gate.epoch", "We name the first epoch as a new one.", "400",
              _renewing({"ep": 1, "why": "two_histories"})),
    _question("renew-without-reason", "gate.epoch", "We name a new epoch without a reason.", "400",
              _renewing({"ep": 2})),
    Check("gate-nonce", "gate.nonce", "Two questions are asked.",
    "each answer has its own nonce", _asked_again),
    Check("gate-leaves", "gate.statement", "Our own log is asked for.", "our log", _leaves),
    Check("gate-leaves-of-a-stranger", "gate.statement", "The log of another agency is asked for.", "400",
          _leaves_of_a_stranger),
)  # fmt: skip


# Frames and tails


def _frame(name: str, rule: str, description: str, change: Callable[[bytes], bytes]) -> Check:
    async def play(live: Live) -> str:
        return await live.status(live.request(body=change(live.frame())))

    return Check(f"frame-{name}", rule, description, "400", play)


def padded_again(changed: bytes) -> bytes:
    """Return a changed frame with right padding, so that it is wrong in one thing only."""
    return pad_frame(changed.rstrip(b" \n") + b"\n")


def in_header(**changes: JsonValue) -> Callable[[bytes], bytes]:
    """Return a function that sets members in the header of a frame."""

    def change(right: bytes) -> bytes:
        header, _, rest = right.partition(b"\n")
        named = {name.rstrip("_"): value for name, value in changes.items()}
        return padded_again(encode(parse_object(header) | named) + b"\n" + rest)

    return change


def _with(**changes: object) -> Callable[[bytes], bytes]:
    """Return a function that sets members of a frame."""

    def change(right: bytes) -> bytes:
        frame: Frame = replace(decode_frame(right), **changes)  # type: ignore[arg-type]
        return encode_frame(frame)

    return change


_RESULT: Final[JsonValue] = {"seq": 1, "id": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60", "r": "logged"}
FRAMES: Final = (
    _frame("any-bytes", "frame.form", "The body is no frame.", lambda _: b"x\n"),
    _frame("empty", "frame.form", "The body is one line feed.", lambda _: b"\n"),
    _frame("without-end", "frame.form", "The last line feed is missing.", lambda right: right[:-1]),
    _frame("padding", "frame.form", "The padding carries a word.", lambda right: right[:-6] + b"hello\n"),
    _frame("more-counted", "frame.form", "The header counts a message that is not there.",
           in_header(messages=1)),
    _frame("less-counted", "frame.form", "A message stands there that is not counted.",
           lambda right: in_header(messages=0)(_with(lines=(b"x~y",))(right))),
    _frame("one-more-member", "frame.form", "The header has one more member.", in_header(x=1)),
    _frame("version-2", "frame.form", "The version is 2.", in_header(v=2)),
    _frame("result-unknown", "frame.form", "A result has a word that does not exist.",
           in_header(results=[{"seq": 1, "id": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60", "r": "done"}])),
    _frame("101-lines", "frame.limits", "There are 101 messages.", _with(lines=(b"x~y",) * 101)),
    _frame("long-wait", "frame.limits", "The answer shall be held for 56 s.", in_header(wait=56)),
    _frame("201-results", "frame.limits", "There are 201 results.", in_header(results=[_RESULT] * 201)),
    _frame("other-link", "frame.address", "The frame names another link.", in_header(link=OTHER_LINK)),
    _frame("other-sender", "frame.address", "The frame names another sender.", in_header(from_=STRANGER)),
    _frame("other-recipient", "frame.address", "The frame names another recipient.", in_header(to=STRANGER)),
)  # fmt: skip


async def _three_results(live: Live) -> str:
    """Send a right line between two that are none."""
    written = live.talk.scribe.write()
    heard = await live.talk.say((b"x~y", written.line, b"~"), (written.entry,))
    return ", ".join(heard.verdicts)


async def _stop_last(live: Live) -> str:
    """Send lines in one frame, a stop behind them; results keep the order of the lines."""
    scribe = live.talk.scribe
    first, stop = scribe.write(), scribe.write(RIGHT, Order(draft=scribe.stop))
    broken = scribe.write(Wrong(line=lambda right: right + b"~"))
    entries = (first.entry, stop.entry, broken.entry)
    heard = await live.talk.say((broken.line, first.line, stop.line), entries)
    return ", ".join(heard.verdicts)


def _tail(name: str, description: str, head_of: Callable[[Talk], str]) -> Check:
    """Return the check of a tail with a wrong head: not cosigned, and then the right one is."""

    async def play(live: Live) -> str:
        talk = live.talk
        talk.scribe.log(beat())
        before, right = talk.cosigned, talk.frame_of()
        tail = replace(right.tail, head=head_of(talk)) if right.tail else None
        talk.hear(await live.way.frame(encode_frame(replace(right, tail=tail))))
        first = "cosigned" if talk.cosigned > before else "not cosigned"
        await talk.say()
        return f"{first}, then {'cosigned' if talk.cosigned == len(talk.scribe.leaves) else 'not cosigned'}"

    return Check(f"tail-{name}", "tail.root", description, "not cosigned, then cosigned", play)


def _head_by(talk: Talk, *, code: AgencyCode, n: int = 1) -> str:
    """Return the right head, signed by the head key of any agency of the kit."""
    own, size = talk.scribe.own.code, len(talk.scribe.leaves)
    root = talk.scribe.root(size)
    return sign_head(Head(talk.scribe.link, own, 1, size, root), kit_key(code, KeyUse.HEAD, n), by=own)


TAILS: Final = (
    _tail("other-root", "The head has another root.", lambda talk: talk.scribe.head(root=bytes(32))),
    _tail("smaller", "The head is of one leaf less than the tail has.",
          lambda talk: talk.scribe.head(size=len(talk.scribe.leaves) - 1)),
    _tail("stranger", "The head is signed by a key that nobody knows.",
          lambda talk: _head_by(talk, code=STRANGER)),
    _tail("no-note", "The head is no note.", lambda talk: "x"),
    Check("frame-results", "frame.results", "A right line stands between two that are none.",
          "refused, logged accepted, refused", _three_results),
    Check("frame-results-in-order", "frame.results", "A stop stands behind other lines.",
          "refused, logged accepted, logged accepted", _stop_last),
)  # fmt: skip

CHECKS: Final = (*DOOR, *GATE, *FRAMES, *TAILS)
