# SPDX-License-Identifier: Apache-2.0
"""Writes a disclosure as the records of its file: one word and one value each, in the order of the form.

Source: docs/protocol/disclosure.md; who reads it is `exchange.verifier.disclosure`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from exchange.clock import instant_text
from exchange.ids import b64url
from exchange.protocol.strictjson import JsonValue
from exchange.service.attesting import Attested, head_text, stamp_text, witness_text
from exchange.service.exhibits import Exhibit, ProvedLeaf
from exchange.service.node import Node
from exchange.service.packs import LogExtent, version_text
from exchange.service.rows import AuditRow
from exchange.verifier.claims import NOT_PROVED, PROVED


def records(exhibit: Exhibit, at: datetime, node: Node) -> Iterator[tuple[str, str]]:
    """Yield the records of a disclosure."""
    chosen, start = exhibit.selection, exhibit.beginning
    yield "header", _text({
        "at": instant_text(at),
        "by": start.own,
        "link": start.link,
        "message": chosen.message.id,
        "parts": chosen.count,
        "partner": start.partner,
        "person": chosen.person,
        "sender": exhibit.sender,
    })  # fmt: skip
    for version in start.agreements:
        yield "agreement", _text(version_text(version))
    for card in start.cards:
        yield "card", card.decode("ascii")
    for head in exhibit.heads:
        yield "head", _text(_head(head))
    for leaf in exhibit.leaves:
        yield "leaf", _text(_leaf(leaf))
    for said in exhibit.attested:
        yield from _attested(said, node)
    yield "envelope", exhibit.envelope.decode("ascii")
    for part in chosen.parts:
        proof = [b64url(one) for one in part.proof]
        yield "part", _text({"number": part.number, "proof": proof, "raw": b64url(part.raw)})
    for act in exhibit.minutes:
        yield "minutes", _text(_act(act))
    yield "words", _text({"not_proved": list(NOT_PROVED), "proved": list(PROVED)})


def _head(head: LogExtent) -> dict[str, object]:
    return {"by": head.by, "cosignature": head.cosignature, "ep": head.ep, "note": head.head}


def _leaf(leaf: ProvedLeaf) -> dict[str, object]:
    proof = [b64url(one) for one in leaf.proof]
    return {"by": leaf.by, "proof": proof, "raw": leaf.raw.decode("ascii")}


def _attested(said: Attested, node: Node) -> Iterator[tuple[str, str]]:
    """Yield what was said about heads of one log, each head of another size before it."""
    by: dict[str, JsonValue] = {"by": said.by}
    for head in said.heads:
        yield "other", _text(by | head_text(head))
    for line in said.lines:
        yield "signed", _text(by | {"line": line.line, "size": line.size})
    for stamp in said.stamps:
        yield "stamp", _text(by | stamp_text(stamp))
    for witness in said.witnessed:
        yield "witness", _text(by | witness_text(node, witness))


def _act(act: AuditRow) -> dict[str, object]:
    return {"act": act.act, "actor": act.actor, "at": instant_text(act.at), "partner": act.object}


def _text(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
