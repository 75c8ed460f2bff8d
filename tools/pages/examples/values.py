# SPDX-License-Identifier: Apache-2.0
"""Every value of the examples as one JSON document: `docs/protocol/examples.json`.

Byte strings that are text stand as text; others in hex, with names that say what they are.
"""

import json
from functools import cache
from pathlib import Path

from exchange.ids import AgencyCode, b64url
from exchange.ledger.merkle import leaf_hash
from exchange.protocol.jws import decode_segment
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse, PrivateKey

from tools.pages.examples.anew import new_epoch
from tools.pages.examples.giving import giving
from tools.pages.examples.parties import (
    INVITER,
    JOINER,
    card_of,
    enrolment,
    example_key,
    keys_of,
    label_of,
)
from tools.pages.examples.sealing import seal_suite_2
from tools.pages.examples.story import Log, Message, story

ABOUT = (
    "Worked examples of docs/protocol. Made by `make pages`; do not edit. The private keys are not here: "
    "the seed of each is SHA-256 of its label in ASCII."
)


@cache
def examples() -> dict[str, JsonValue]:
    """Return all values by name."""
    told = story()
    return {
        "about": ABOUT,
        "keys": {agency: _keys(agency) for agency in (INVITER, JOINER)},
        "cards": {agency: card_of(agency).raw.decode() for agency in (INVITER, JOINER)},
        "card_payloads": {agency: payload(card_of(agency).raw) for agency in (INVITER, JOINER)},
        "enrolment": _enrolment(),
        "messages": {str(n): _message(one) for n, one in enumerate(told.messages, 1)},
        "suite_2": _suite_2(told.messages[0]),
        "logs": {by: _log(log) for by, log in told.logs.items()},
        "cosignatures": dict(told.cosignatures),
        "frames": {name: raw.decode() for name, raw in told.frames.items()},
        "request": {
            "method": told.request.method,
            "path": told.request.path,
            "fields": dict(told.request.fields),
            "signature_base": told.request.base,
            "body": "frames.1",
        },
        "gate": {name: raw.decode() for name, raw in told.gate.items()},
        "gate_payloads": {name: payload(raw) for name, raw in told.gate.items()},
        "giving": {
            "gate": {name: raw.decode() for name, raw in giving().items()},
            "gate_payloads": {name: payload(raw) for name, raw in giving().items()},
        },
        "new_epoch": _new_epoch(),
    }


def _new_epoch() -> JsonValue:
    begun = new_epoch()
    return {
        "gate": {name: raw.decode() for name, raw in begun.words.items()},
        "gate_payloads": {name: payload(raw) for name, raw in begun.words.items()},
        "logs": {by: _log(log) for by, log in begun.logs.items()},
    }


def examples_page(_: Path) -> str:
    """Return the JSON file."""
    return json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"


def payload(jws: bytes) -> str:
    """Return the text of the payload of a compact JWS of ours."""
    return decode_segment(jws.split(b".")[1]).decode()


def _keys(agency: AgencyCode) -> JsonValue:
    return [_key(agency, key) for key in (example_key(agency, KeyUse.RECOVERY), *keys_of(agency))]


def _key(agency: AgencyCode, key: PrivateKey) -> JsonValue:
    return {
        "use": key.use.value,
        "alg": key.algorithm.value,
        "label": label_of(agency, key.use, key.algorithm),
        "kid": key.kid,
        "public": b64url(key.public.raw),
    }


def _enrolment() -> JsonValue:
    done = enrolment()
    return {
        "invitation": done.invitation.decode(),
        "invitation_payload": payload(done.invitation),
        "joining": done.joining.decode(),
        "joining_payload": payload(done.joining),
        "agreement": done.agreement.raw.decode(),
        "agreement_digest": done.agreement.digest,
        "link": done.link,
        "signatures": {str(agency): text for agency, text in done.signatures.items()},
        "words": list(done.words),
    }


def _message(one: Message) -> JsonValue:
    return {
        "document": one.document,
        "parts": [part.decode() for part in one.parts],
        "part_hashes": [raw.hex() for raw in one.hashes],
        "pc": one.envelope.pc,
        "plaintext_bytes": len(one.plaintext),
        "sealing": one.sealed.values,
        "body": one.sealed.body.decode(),
        "envelope_payload": payload(one.raw_envelope),
        "envelope": one.raw_envelope.decode(),
        "eh": one.leaf.fields["eh"],
        "cd": one.envelope.body_sha256,
        "line": one.line.decode(),
    }


def _suite_2(one: Message) -> JsonValue:
    steps = seal_suite_2(
        one.plaintext, sender=one.sender, recipient=one.recipient, message_id=one.id, label="suite 2"
    )
    return {"of_message": "1", **steps.values, "body": steps.body.decode()}


def _log(log: Log) -> JsonValue:
    return {
        "leaves": [raw.decode() for raw in log.leaves],
        "leaf_hashes": [leaf_hash(raw).hex() for raw in log.leaves],
        "size": len(log.leaves),
        "root": log.root.hex(),
        "head": log.head,
    }
