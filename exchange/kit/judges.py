# SPDX-License-Identifier: Apache-2.0
"""Gives the verdict of this program on vectors that need no memory of a node: one function for each kind.

Each takes the context and one vector as it stands in its file, and returns a text that is compared with the
member `expect`. A program in another language imitates these functions; what the members mean stands in the
README of the vectors.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from exchange.errors import CardInvalidError, ExchangeError, ProtocolError, RefusedError, TailInvalidError
from exchange.ids import AgencyCode, KeyId, LinkId, MessageId, sha256, unb64url
from exchange.kit.agency import kit_key, private_keys
from exchange.kit.contexts import Contexts
from exchange.kit.witnessing import witness
from exchange.ledger.copy import CopyState, is_held, judge_tail
from exchange.ledger.entries import decode_leaf, legal
from exchange.ledger.erasure import PersonPart, case_mark, erasure_digest
from exchange.ledger.judge import LogJudge
from exchange.ledger.lattice import judge_line
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import read_head, verify_cosignature, verify_head
from exchange.protocol.agreement import check_successor, read_agreement, verify_agreement
from exchange.protocol.cards import newer_card, read_card
from exchange.protocol.frames import FrameTail, decode_frame
from exchange.protocol.keyring import PartnerKeys
from exchange.protocol.strictjson import parse
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, Suite
from exchange.protocol.trust import trusted_signer
from exchange.protocol.unseal import unseal

Vector = Mapping[str, Any]
Judge = Callable[[Contexts, Vector], str]
REFUSED: Final = "refused"


def raw_of(given: str | Sequence[tuple[str, int]]) -> bytes:
    """Return bytes that stand as base64, or as pieces with the number of times that each is repeated."""
    pieces = ((given, 1),) if isinstance(given, str) else given
    return b"".join(base64.b64decode(text) * times for text, times in pieces)


def json_text(contexts: Contexts, vector: Vector) -> str:
    """Say whether bytes are JSON as this protocol allows it."""
    try:
        parse(base64.b64decode(vector["raw"]))
    except ProtocolError:
        return REFUSED
    return "accepted"


def body(contexts: Contexts, vector: Vector) -> str:
    """Say whether a sealed body opens for what is named, to the plaintext of that digest."""
    keys = private_keys(AgencyCode(vector["opened_by"]))
    try:
        plaintext = unseal(
            vector["body"].encode("ascii"),
            suite=Suite(vector["suite"]),
            keys={kid: key for kid, key in keys.items() if key.use is KeyUse.SEAL},
            sender=AgencyCode(vector["sender"]),
            recipient=AgencyCode(vector["recipient"]),
            message_id=MessageId(vector["id"]),
        )
    except ExchangeError as error:
        return error.reason
    return "opened" if sha256(plaintext) == vector["plaintext"] else "opened to something else"


def leaf(contexts: Contexts, vector: Vector) -> str:
    """Say whether a leaf is stored, and whether it has an effect."""
    try:
        fault = legal(decode_leaf(vector["leaf"].encode("utf-8")))
    except ProtocolError:
        return "not stored"
    return f"stored, without effect: {fault}" if fault else "stored"


def log(contexts: Contexts, vector: Vector) -> str:
    """Say which leaves of a stored log break the order."""
    judge = LogJudge()
    judge.take([raw.encode("ascii") for raw in vector["leaves"]])
    faults = sorted((fault.index, fault.reason) for fault in (*judge.faults, *judge.id_faults()))
    return ", ".join(f"{index} {reason}" for index, reason in faults) or "in order"


def head(contexts: Contexts, vector: Vector) -> str:
    """Say whether a note is a head of the sender's log under its head key."""
    sender = contexts.usual.setting.sender
    try:
        found = verify_head(vector["note"], sender.key(KeyUse.HEAD).public, by=sender.code)
    except ProtocolError:
        return REFUSED
    return "verified" if found.link == contexts.usual.setting.link else "of another link"


def tail(contexts: Contexts, vector: Vector) -> str:
    """Say whether a tail is taken over by somebody who holds some leaves."""
    setting = contexts.usual.setting
    held = [raw.encode("ascii") for raw in vector["held"]]
    state = CopyState(
        link=setting.link,
        by=setting.sender.code,
        ep=1,
        size=len(held),
        range=CompactRange().extend([leaf_hash(raw) for raw in held]),
        known=lambda start, end: held[start:end],
    )
    offered = FrameTail(
        AgencyCode(vector["by"]),
        vector["ep"],
        vector["from"],
        tuple(raw.encode("utf-8") for raw in vector["leaves"]),
        vector["head"],
    )
    if is_held(state, offered, newest=""):
        return "taken"
    try:
        judge_tail(state, offered, head_keys=[setting.sender.key(KeyUse.HEAD).public])
    except TailInvalidError as error:
        return f"{REFUSED} {error.difference}".rstrip()
    return "taken"


def erasure(contexts: Contexts, vector: Vector) -> str:
    """Return the digest that the entry `eras` gives over the parts of erased cases."""
    marks = [
        case_mark(LinkId(vector["link"]), [_person_part(one) for one in case]) for case in vector["cases"]
    ]
    return erasure_digest(mark for mark in marks if mark)


def _person_part(given: Mapping[str, Any]) -> PersonPart:
    return PersonPart(MessageId(given["message"]), given["number"], given["part"].encode("utf-8"))


def cosignature(contexts: Contexts, vector: Vector) -> str:
    """Say whether a line is the recipient's cosignature over a head."""
    recipient = contexts.usual.setting.recipient
    key = recipient.key(KeyUse.COSIGN).public
    try:
        verify_cosignature(vector["note"], vector["line"], key, by=recipient.code)
    except ProtocolError:
        return REFUSED
    return "verified"


def lattice(contexts: Contexts, vector: Vector) -> str:
    """Say what a second signature over a head of the sender is worth."""
    sender = contexts.usual.setting.sender
    keys = [kit_key(sender.code, KeyUse.HEAD_PQ).public]
    try:
        return judge_line(vector["line"], read_head(vector["note"]).claimed, keys).value
    except ProtocolError:
        return REFUSED


def frame(contexts: Contexts, vector: Vector) -> str:
    """Say whether bytes are a frame, and what it holds."""
    try:
        found = decode_frame(raw_of(vector["raw"]))
    except ProtocolError:
        return REFUSED
    leaves = len(found.tail.leaves) if found.tail else 0
    return f"{leaves} leaves, {len(found.lines)} lines, {len(found.results)} results"


def card(contexts: Contexts, vector: Vector) -> str:
    """Say whether a card is valid under the pinned recovery key, and may follow the one that is held."""
    pinned = contexts.usual.setting.sender.recovery.public if vector["pinned"] else None
    try:
        offered = read_card(vector["card"].encode("utf-8"), pinned_recovery=pinned)
        if not vector["held"]:
            return "valid"
        held = read_card(vector["held"].encode("ascii"), pinned_recovery=pinned)
        newest = newer_card(held, offered)
    except CardInvalidError as error:
        return f"{REFUSED} {error.reason}" if error.reason == "card_conflict" else REFUSED
    except ProtocolError:
        return REFUSED
    return "the held one stays" if newest is held else "valid"


def agreement(contexts: Contexts, vector: Vector) -> str:
    """Say whether a text is a version that both have signed, and may follow the one before it."""
    raw = vector["text"].encode("utf-8")
    try:
        found = read_agreement(raw)
        for party in found.parties:
            verify_agreement(raw, vector["signatures"].get(party.agency, ""), party.recovery)
        if vector["previous"]:
            check_successor(read_agreement(vector["previous"].encode("utf-8")), found)
    except ProtocolError:
        return REFUSED
    return "agreed"


def keys(contexts: Contexts, vector: Vector) -> str:
    """Say for each question whether a key counts at a place, after the events of a history."""
    sender = contexts.usual.setting.sender
    known = PartnerKeys.of([sender.card])
    held = vector["held"]
    for event in vector["events"]:
        known, held = _followed(known, held, event)
    answers = []
    for use, kid, index in vector["asks"]:
        try:
            trusted_signer(known, KeyId(kid), use=KeyUse(use), agency=sender.code, index=index)
            answers.append("counts")
        except RefusedError as error:
            answers.append(error.reason)
    return ", ".join(answers)


def _followed(known: PartnerKeys, held: int, event: Mapping[str, Any]) -> tuple[PartnerKeys, int]:
    """Return the keys after a card, or after a tail of leaves `keyx`, and how many leaves are held then."""
    if "card" in event:
        raw, pinned = event["card"].encode("ascii"), known.card.recovery
        if "pinned" in event:
            pinned = PublicKey(KeyUse.RECOVERY, Algorithm.ED25519, unb64url(event["pinned"]))
        offered = read_card(raw, pinned_recovery=pinned)
        return known.with_card(offered, held_leaves=held, pinned=pinned), held
    before = held
    for text in event["tail"]:
        found = decode_leaf(text.encode("ascii"))
        use, kid = KeyUse(str(found.fields["use"])), KeyId(str(found.fields["kid"]))
        if found.fields["op"] == "add":
            known = known.added(use, kid, index=found.i)
        else:
            end = found.i if found.fields["op"] == "retire" else before
            known = known.ended(use, kid, index=end)
        held = found.i + 1
    return known, held


JUDGES: Final[Mapping[str, Judge]] = {
    "json": json_text,
    "bodies": body,
    "leaves": leaf,
    "logs": log,
    "heads": head,
    "tails": tail,
    "cosignatures": cosignature,
    "erasures": erasure,
    "lattice": lattice,
    "witness": witness,
    "frames": frame,
    "cards": card,
    "agreements": agreement,
    "keys": keys,
}
"""Each kind of vector, the name of its file, and who judges it."""
