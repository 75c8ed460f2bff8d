# SPDX-License-Identifier: Apache-2.0
"""The vectors of the ledger: leaves, the order of a log, heads, tails, cosignatures."""

import base64
from collections.abc import Callable
from typing import Any

from exchange.clock import instant_text
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, sha256
from exchange.kit.agency import kit_key
from exchange.kit.contexts import Contexts
from exchange.kit.envelopes import OTHER_LINK, STRANGER
from exchange.kit.scribe import Scribe
from exchange.kit.vectors import scribe_in
from exchange.ledger import entries as e
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, cosign, sign_head
from exchange.protocol.strictjson import encode, encode_canonical
from exchange.protocol.suites import KeyUse

Row = dict[str, Any]
D = Digest(sha256(b"a digest"))
STORED, UNSTORED = "stored", "not stored"


def message(number: int) -> MessageId:
    return MessageId(f"0192f0c1-7a3e-7d10-8c3b-{number:012x}")


def sent(number: int, *, id: int | None = None) -> e.Entry:
    return e.sent(seq=number, id=message(number if id is None else id), eh=D, cd=D, pc=D, sz=4096)


def rcvd(number: int, k: str = "accepted", code: str | None = None, *, id: int | None = None) -> e.Entry:
    return e.rcvd(seq=number, id=message(number if id is None else id), eh=D, cd=D, k=k, code=code)


# Leaves

RIGHT: tuple[tuple[str, e.Entry], ...] = (
    ("open", e.opened(n=1, ad=D, crd=D)),
    ("agrx", e.agrx(n=2, ad=D, fs=7)),
    ("keyx", e.keyx(op="add", use=KeyUse.SEAL, kid=kit_key(STRANGER, KeyUse.SEAL).kid, cs=1, crd=D)),
    ("sent", sent(1)),
    ("void", e.void(seq=1, id=message(1), code="withdrawn")),
    ("rcvd-accepted", rcvd(1)),
    ("rcvd-held", rcvd(1, "held")),
    ("rcvd-rejected", rcvd(1, "rejected", "form_invalid")),
    ("accp", e.accp(seq=1, id=message(1))),
    ("rejc", e.rejc(seq=1, id=message(1), code="state_conflict")),
    ("opnd", e.opnd(seqs="3,5-9")),
    ("stmt", e.stmt(no=1, per="2027-10-04", dg=D)),
    ("stag", e.stag(by_no=1, k="agreed", dg=D)),
    ("dsco", e.dsco(no=1, dg=D)),
    ("dscr", e.dscr(no=1, dg=D, k="settled")),
    ("eras", e.eras(dg=D, n=3)),
    ("beat", e.beat()),
)
COMMON = ("v", "link", "by", "ep", "i", "t", "ev")
WRONG_COMMON: tuple[tuple[str, str, Row], ...] = (
    ("version-2", "The version is 2.", {"v": 2}),
    ("short-link", "The link has 21 characters.", {"link": "A" * 21}),
    ("small-agency", "The writer is in small letters.", {"by": "kh-mosvy-daht"}),
    ("epoch-0", "The epoch is 0.", {"ep": 0}),
    ("index-negative", "The index is negative.", {"i": -1}),
    ("index-text", "The index is a text.", {"i": "0"}),
    ("time-seconds", "The time has no milliseconds.", {"t": "2027-10-04T02:00:00Z"}),
    ("event-capitals", "The name of the event is in capitals.", {"ev": "SENT"}),
    ("event-list", "The name of the event is a list.", {"ev": ["sent"]}),
    ("member-null", "A member is null.", {"seq": None}),
    ("member-true", "A member is true.", {"seq": True}),
    ("member-object", "A member is an object.", {"id": {}}),
    ("too-long", "The leaf has more than 2,048 bytes.", {"x": "x" * 2_000}),
)
WRONG_OWN: tuple[tuple[str, str, str, Row], ...] = (
    ("event-unknown", "The event is one of a later version.", "event_unknown", {"ev": "note", "x": 1}),
    ("sent-without-pc", "The commitment is missing.", "member_missing", {"pc": ...}),
    ("sent-with-type", "A type is told.", "member_unknown", {"type": "RPN"}),
    ("sent-number-0", "The number is 0.", "member_invalid", {"seq": 0}),
    ("sent-number-text", "The number is a text.", "member_invalid", {"seq": "1"}),
    ("sent-id-no-uuid", "The id is no UUID.", "member_invalid", {"id": "1"}),
    ("sent-short-digest", "A digest is too short.", "member_invalid", {"eh": "A" * 42}),
    ("sent-digest-spelling", "A digest has other unused bits.", "member_invalid", {"eh": "A" * 42 + "B"}),
    ("rcvd-rejected-without-code", "A rejection has no code.", "member_missing",
     {"ev": "rcvd", "k": "rejected", "pc": ..., "sz": ...}),
    ("rcvd-accepted-with-code", "An acceptance has a code.", "member_unknown",
     {"ev": "rcvd", "k": "accepted", "code": "internal", "pc": ..., "sz": ...}),
    ("rcvd-other-verdict", "The verdict does not exist.", "member_invalid",
     {"ev": "rcvd", "k": "noted", "pc": ..., "sz": ...}),
    ("void-code-capitals", "The code is in capitals.", "member_invalid",
     {"ev": "void", "code": "LOST", "eh": ..., "cd": ..., "pc": ..., "sz": ...}),
)  # fmt: skip


def _members(scribe: Scribe, entry: e.Entry) -> Row:
    place = {"v": 1, "link": scribe.link, "by": scribe.own.code, "ep": 1, "i": 0, "ev": entry.ev.value}
    return place | {"t": instant_text(scribe.now())} | dict(entry.fields)


def _but(right: Row, changes: Row) -> Row:
    """Return members with others; `...` takes one out."""
    return {name: value for name, value in (right | changes).items() if value is not ...}


def leaves(contexts: Contexts) -> list[Row]:
    """Return vectors of single leaves."""
    right = _members(scribe_in(contexts, contexts.usual, "leaves"), sent(1))
    rows = [
        _leaf(f"right-{name}", "leaf.members", f"A right leaf {entry.ev.value}.", STORED,
              encode_canonical(_members(scribe_in(contexts, contexts.usual, "leaves"), entry)))
        for name, entry in RIGHT
    ]  # fmt: skip
    rows += [
        _leaf(f"without-{name}", "leaf.form", f"The common member {name} is missing.", UNSTORED,
              encode_canonical(_but(right, {name: ...})))
        for name in COMMON
    ]  # fmt: skip
    rows += [
        _leaf(name, "leaf.form", words, UNSTORED, encode_canonical(_but(right, changes)))
        for name, words, changes in WRONG_COMMON
    ]
    rows += [
        _leaf(
            name,
            "leaf.members",
            words,
            f"stored, without effect: {fault}",
            encode_canonical(_but(right, own)),
        )
        for name, words, fault, own in WRONG_OWN
    ]
    return rows + _not_canonical(right)


def _not_canonical(right: Row) -> list[Row]:
    raw = encode_canonical(right)
    rows = (
        ("space", "A space follows a comma.", raw.replace(b",", b", ", 1)),
        ("order", "The names are in another order.", encode(dict(reversed(sorted(right.items()))))),
        ("line-feed", "A line feed follows.", raw + b"\n"),
        ("escaped", "A letter is escaped that need not be.", raw.replace(b'"ev"', b'"\\u0065v"')),
        ("not-escaped", "A letter outside ASCII is not escaped.", raw.replace(b'"sent"', '"sént"'.encode())),
        ("float", "The number is a fraction.", raw.replace(b'"seq":1', b'"seq":1.0')),
        ("name-twice", "A name stands twice.", raw.replace(b'"seq":1', b'"seq":1,"seq":1')),
        ("not-json", "The leaf is not JSON.", raw[:-1]),
        ("list", "The leaf is a list.", b"[" + raw + b"]"),
    )
    return [_leaf(name, "leaf.form", words, UNSTORED, each) for name, words, each in rows]


def _leaf(name: str, rule: str, words: str, expect: str, raw: bytes) -> Row:
    leaf = raw.decode("utf-8")
    return {"name": f"leaf-{name}", "rule": rule, "description": words, "leaf": leaf, "expect": expect}


# The order of a log

BEGUN = (e.opened(n=1, ad=D, crd=D), e.agrx(n=1, ad=D, fs=1))
LOGS: tuple[tuple[str, str, tuple[e.Entry, ...], str], ...] = (
    ("right", "Messages of both directions, one held, one given up.",
     (*BEGUN, sent(1), sent(2), rcvd(1), rcvd(2, "held"), e.accp(seq=2, id=message(2)),
      e.void(seq=2, id=message(2), code="lost")), "in order"),
    ("open-twice", "The log begins a second time.", (*BEGUN, BEGUN[0]), "2 open_not_first"),
    ("number-skipped", "Number 2 is left out.", (*BEGUN, sent(1), sent(3)), "3 number_skipped"),
    ("number-again", "Number 1 is used for two messages.",
    (*BEGUN, sent(1), sent(1, id=2)), "3 number_again"),
    ("number-backwards", "Number 2 comes after number 3.", (*BEGUN, sent(1), sent(3), sent(2)),
     "3 number_skipped, 4 number_backwards"),
    ("id-again", "An id is used for two numbers.", (*BEGUN, sent(1), sent(2, id=1)), "3 id_again"),
    ("void-unsent", "A number is given up that was never sent.",
     (*BEGUN, e.void(seq=1, id=message(1), code="lost")), "2 void_unsent"),
    ("void-again", "A number is given up twice.",
     (*BEGUN, sent(1), *(2 * (e.void(seq=1, id=message(1), code="lost"),))), "4 void_again"),
    ("void-other-id", "A number is given up under another id.",
     (*BEGUN, sent(1), e.void(seq=1, id=message(2), code="lost")), "3 void_other_id"),
    ("received-again", "A number is recorded twice.", (*BEGUN, rcvd(1), rcvd(1)), "3 received_again"),
    ("verdict-unheld", "A number is accepted that was not held.", (*BEGUN, e.accp(seq=1, id=message(1))),
     "2 verdict_unheld"),
    ("verdict-twice", "A held number is decided twice.",
     (*BEGUN, rcvd(1, "held"), e.accp(seq=1, id=message(1)), e.rejc(seq=1, id=message(1), code="internal")),
     "4 verdict_unheld"),
    ("verdict-other-id", "A held number is decided under another id.",
     (*BEGUN, rcvd(1, "held"), e.accp(seq=1, id=message(2))), "3 verdict_other_id"),
    ("voided-that-never-came", "A number that never came is closed.",
     (*BEGUN, e.rejc(seq=1, id=message(1), code="voided")), "in order"),
)  # fmt: skip


def logs(contexts: Contexts) -> list[Row]:
    """Return vectors of whole logs."""
    rows = []
    for name, words, log, expect in LOGS:
        scribe = scribe_in(contexts, contexts.usual, "logs", begun=False)
        scribe.log(*log)
        texts = [leaf.decode("ascii") for leaf in scribe.leaves]
        rows.append({"name": f"log-{name}", "rule": "log.order", "description": words, "leaves": texts,
                     "expect": expect})  # fmt: skip
    return rows


# Heads and cosignatures


def heads(contexts: Contexts) -> list[Row]:
    """Return vectors of signed heads."""
    scribe = scribe_in(contexts, contexts.usual, "heads")
    note, own = scribe.head(), scribe.own.code
    size, root = len(scribe.leaves), scribe.root(len(scribe.leaves))
    text, _, line = note.partition("\n\n")
    origin, number, coded = text.split("\n")
    texts = (
        ("right", "head.signature", "A right head.", "verified", note),
        ("other-link", "head.signature", "A head of another link.", "of another link",
         sign_head(Head(LinkId(OTHER_LINK), own, 1, size, root), scribe.own.key(KeyUse.HEAD), by=own)),
        ("second-key", "head.signature", "The second head key signed.", "refused",
         sign_head(Head(scribe.link, own, 1, size, root), scribe.own.key(KeyUse.HEAD, 2), by=own)),
        ("of-the-partner", "head.signature", "A head of the recipient's log.",
        "refused", _of_partner(scribe, root)),
        ("size-changed", "head.signature", "The size is changed.",
        "refused", note.replace(number, "9999", 1)),
        ("root-changed", "head.signature", "The root is changed.", "refused",
         note.replace(coded, base64.b64encode(bytes(32)).decode(), 1)),
        ("cosignature-key", "head.signature", "The line is one of a cosign key.", "refused",
         f"{text}\n\n{cosign(note, scribe.own.key(KeyUse.COSIGN), by=own, at=scribe.now())}"),
        ("name-changed", "head.signature", "The line names another signer.", "refused",
         note.replace(f"— {own}/head", f"— {own}/cosign")),
        *((name, "head.form", words, "refused", each) for name, words, each in (
            ("without-signature", "There is no signature line.", text + "\n\n"),
            ("two-signatures", "There are two signature lines.", note + line),
            ("extension", "A fourth line of text follows.", f"{text}\nx\n\n{line}"),
            ("leading-zero", "The size has a leading zero.", f"{origin}\n0{number}\n{coded}\n\n{line}"),
            ("plus", "The size has a plus sign.", f"{origin}\n+{number}\n{coded}\n\n{line}"),
            ("huge-size", "The size is beyond 2^53-1.", f"{origin}\n9007199254740992\n{coded}\n\n{line}"),
            ("short-root", "The root has 31 bytes.",
             f"{origin}\n{number}\n{base64.b64encode(bytes(31)).decode()}\n\n{line}"),
            ("epoch-0", "The epoch is 0.", note.replace("/1\n", "/0\n", 1)),
            ("other-origin", "The origin is one of another protocol.",
            note.replace("exchange/v1", "example/v1", 1)),
            ("carriage-return", "Lines end with carriage returns.", note.replace("\n", "\r\n")),
            ("trailing", "Something follows the last line feed.", note + "x"),
            ("hyphen", "A hyphen stands in place of the dash.", note.replace("—", "-")),
            ("base64-spelling", "The base64 of the root has other unused bits.",
             note.replace(coded, _respelled(coded), 1)),
        )),
    )  # fmt: skip
    return [_note(f"head-{name}", *row) for name, *row in texts]


def _note(name: str, rule: str, words: str, expect: str, note: str) -> Row:
    return {"name": name, "rule": rule, "description": words, "note": note, "expect": expect}


def _of_partner(scribe: Scribe, root: bytes) -> str:
    code = scribe.partner.agency
    return sign_head(Head(scribe.link, code, 1, 1, root), kit_key(code, KeyUse.HEAD), by=code)


def _respelled(coded: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return coded[:-2] + alphabet[alphabet.index(coded[-2]) ^ 1] + "="


def cosignatures(contexts: Contexts) -> list[Row]:
    """Return vectors of the recipient's cosignature over a head of the sender."""
    scribe = scribe_in(contexts, contexts.usual, "cosignatures")
    note, by, now = scribe.head(), scribe.partner.agency, scribe.now()
    key = kit_key(by, KeyUse.COSIGN)
    right = cosign(note, key, by=by, at=now)
    smaller = scribe.head(size=len(scribe.leaves) - 1)

    def bytes_with(change: Callable[[bytes], bytes]) -> str:
        start, _, coded = right.rstrip("\n").rpartition(" ")
        return f"{start} {base64.b64encode(change(base64.b64decode(coded))).decode()}\n"

    texts = (
        ("right", "cosignature.signature", "A right cosignature.", "verified", right),
        ("second-key", "cosignature.signature", "The second cosign key signed.", "refused",
         cosign(note, kit_key(by, KeyUse.COSIGN, 2), by=by, at=now)),
        ("of-the-sender", "cosignature.signature", "The sender cosigned its own head.", "refused",
         cosign(note, scribe.own.key(KeyUse.COSIGN), by=scribe.own.code, at=now)),
        ("of-another-head", "cosignature.signature", "The cosignature is over a smaller head.", "refused",
         cosign(smaller, key, by=by, at=now)),
        ("time-changed", "cosignature.signature", "The time is changed.", "refused",
         bytes_with(lambda raw: raw[:4] + bytes(8) + raw[12:])),
        ("one-bit", "cosignature.signature", "One bit of the signature is changed.", "refused",
         bytes_with(lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))),
        ("key-hash", "cosignature.form", "The hash of the key is another one.", "refused",
         bytes_with(lambda raw: bytes(4) + raw[4:])),
        ("without-time", "cosignature.form", "There is no time.", "refused",
         bytes_with(lambda raw: raw[:4] + raw[12:])),
        ("without-line-feed", "cosignature.form", "The line feed is missing.", "refused", right.rstrip("\n")),
        ("two-lines", "cosignature.form", "There are two lines.", "refused", right * 2),
        ("name-of-a-head", "cosignature.form", "The name is that of a head.", "refused",
         right.replace("/cosign", "/head")),
    )  # fmt: skip
    return [
        {"name": f"cosignature-{name}", "rule": rule, "description": words, "note": note, "line": line,
         "expect": expect}
        for name, rule, words, expect, line in texts
    ]  # fmt: skip


# Tails


def tails(contexts: Contexts) -> list[Row]:
    """Return vectors of tails that are offered to somebody who holds the first leaves of a log."""
    scribe = scribe_in(contexts, contexts.usual, "tails")
    held = len(scribe.leaves)
    scribe.log(sent(1), sent(2), e.beat())
    log, code, end = scribe.leaves, scribe.own.code, len(scribe.leaves)
    forked = [*log[: held - 1], log[held - 1].replace(b'"add"', b'"retire"'), *log[held:]]
    other = [*log[:-1], log[-1].replace(b'"beat"', b'"note"')]
    shifted = [*log[:held], log[held].replace(b'"i":%d' % held, b'"i":%d' % (held + 1))]
    other_held = [*log[: held - 2], log[held - 2].replace(b'"add"', b'"retire"')]
    spaced = [*log[:held], log[held].replace(b",", b", ", 1)]
    rows: tuple[tuple[str, str, str, str, int, list[bytes], str], ...] = (
        ("right", "tail.root", "Three new leaves.", "taken", held, log[held:], scribe.head()),
        ("overlap", "tail.root", "Two leaves are held already.",
        "taken", held - 2, log[held - 2 :], scribe.head()),
        ("nothing-new", "tail.root", "All leaves are held already.",
        "taken", 0, log[:held], scribe.head(size=held)),
        ("unknown-event", "tail.root", "A new leaf is of an event of a later version.",
        "taken", held, other[held:],
         _signed(scribe, other)),
        ("gap", "tail.root", "The tail begins behind the copy.",
        "refused", held + 1, log[held + 1 :], scribe.head()),
        ("short", "tail.root", "The tail does not reach the head.",
        "refused", held, log[held:-1], scribe.head()),
        ("leaf-changed", "tail.root", "A new leaf is another one than was signed.",
        "refused", held, other[held:],
         scribe.head()),
        ("order-changed", "tail.root", "Two new leaves change places.", "refused", held,
         [log[held + 1], log[held], *log[held + 2 :]], scribe.head()),
        ("other-root", "tail.root", "The head has another root.", "refused", held, log[held:],
         scribe.head(root=bytes(32))),
        ("second-key", "head.signature", "The head is signed by the second key, which is not pinned here.",
        "refused",
         held, log[held:], sign_head(Head(scribe.link, code, 1, end, scribe.root(end)),
                                     scribe.own.key(KeyUse.HEAD, 2), by=code)),
        ("other-link", "head.signature", "The head is of another link.", "refused", held, log[held:],
         sign_head(Head(LinkId(OTHER_LINK), code, 1, end, scribe.root(end)), scribe.own.key(KeyUse.HEAD),
         by=code)),
        ("index", "tail.root", "A leaf names another index than its own.", "refused log_invalid", held,
         shifted[held:], _signed(scribe, shifted)),
        ("not-canonical", "tail.root", "A leaf is not in its canonical form.", "refused log_invalid", held,
         spaced[held:], _signed(scribe, spaced)),
        ("held-again", "tail.growth", "A tail that was overtaken: the copy says it all.", "taken",
         held - 2, log[held - 2 : held - 1], scribe.head(size=held - 1)),
        ("smaller", "tail.growth", "The head is smaller than the copy, over a leaf that is not held.",
         "refused log_shrunk", held - 2, other_held[held - 2 :], _signed(scribe, other_held)),
        ("same-size-other-root", "tail.growth", "A head of the size of the copy has another root.",
         "refused log_forked", held, [], _signed(scribe, forked[:held])),
        ("held-leaf-changed", "tail.growth", "A leaf that is held is another one.",
        "refused log_forked", held - 1,
         forked[held - 1 :], _signed(scribe, forked)),
    )  # fmt: skip
    return [_tail(scribe, held, *row) for row in rows] + [
        _tail(scribe, held, "other-writer", "tail.root", "The tail is of another log.",
              "refused", held, log[held:],
              scribe.head(), by=scribe.partner.agency),
        _tail(scribe, held, "other-epoch", "tail.root", "The tail is of another epoch.",
              "refused", held, log[held:],
              scribe.head(), ep=2),
    ]  # fmt: skip


def _signed(scribe: Scribe, log: list[bytes]) -> str:
    """Return a head over any leaves."""
    root = CompactRange().extend([leaf_hash(leaf) for leaf in log]).root()
    head = Head(scribe.link, scribe.own.code, 1, len(log), root)
    return sign_head(head, scribe.own.key(KeyUse.HEAD), by=scribe.own.code)


def _tail(
    scribe: Scribe, held: int, name: str, rule: str, words: str, expect: str, start: int, log: list[bytes],
    head: str, *, by: AgencyCode | None = None, ep: int = 1,
) -> Row:  # fmt: skip
    return {
        "name": f"tail-{name}",
        "rule": rule,
        "description": words,
        "held": [leaf.decode("ascii") for leaf in scribe.leaves[:held]],
        "by": by or scribe.own.code,
        "ep": ep,
        "from": start,
        "leaves": [leaf.decode("utf-8") for leaf in log],
        "head": head,
        "expect": expect,
    }
