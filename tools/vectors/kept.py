# SPDX-License-Identifier: Apache-2.0
"""What is kept of the last vectors: the context, and every body that was ever sealed for them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exchange.clock import instant_text
from exchange.ids import AgencyCode, MessageId, b64url, sha256
from exchange.kit.agency import KEYS_OF_A_USE, SEED, Member, label_of, member, private_keys
from exchange.kit.contexts import FILE, Contexts, contexts_of
from exchange.kit.drafts import notice_drafts, stop_drafts
from exchange.kit.setting import Agreed, Setting, agree, agree_again
from exchange.kit.vectors import scribe_in, seeded
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.seal import seal
from exchange.protocol.strictjson import parse_object
from exchange.protocol.suites import PublicKey, Suite
from exchange.protocol.terms import Terms, read_terms

NOW = datetime(2027, 10, 4, 2, 0, tzinfo=UTC)
SENDER, RECIPIENT = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM")
PROFILE = "kh-vn"
SECOND_FROM = 2
"""Number from which version 2 holds in the context `second`."""
DESCRIPTIONS = {
    "open": "Suite 2. The gate is open, nothing was sent yet.",
    "classical": "As open, under an agreement that names suite 1.",
    "second": "As open; version 2 of the agreement holds from number 2 of the sender on.",
    "narrow": "As open, under an agreement that knows no repatriation notice (RPN).",
    "classical-second": "As second, under agreements that name suite 1.",
    "classical-narrow": "As narrow, under an agreement that names suite 1.",
}
NOT_AGREED = "RPN"
SUITES = (Suite.HYBRID, Suite.CLASSICAL)
Row = dict[str, Any]


def kept_contexts(folder: Path) -> Contexts:
    """Return the context as it stands with what it lacks, or a new one."""
    path = folder / FILE
    if not path.is_file():
        return contexts_of(_new())
    raw = json.loads(path.read_text(encoding="utf-8"))
    usual = contexts_of(raw).usual.setting
    lacking = set(DESCRIPTIONS) - set(raw["contexts"])
    settings = _settings(usual.sender, usual.recipient) if lacking else {}
    _add_contexts(raw, {name: settings[name] for name in settings if name in lacking})
    return contexts_of(raw)


def _settings(sender: Member, recipient: Member) -> dict[str, Setting]:
    terms = terms_for(load_profile(PROFILE), RECIPIENT, SENDER)
    usual, classical = (agree(sender, recipient, terms, suite=suite) for suite in SUITES)
    narrow, classical_narrow = (agree(sender, recipient, _narrow(terms), suite=suite) for suite in SUITES)
    return {
        "open": usual,
        "classical": classical,
        "second": agree_again(usual, from_seq=SECOND_FROM),
        "narrow": narrow,
        "classical-second": agree_again(classical, from_seq=SECOND_FROM),
        "classical-narrow": classical_narrow,
    }


def _narrow(terms: Terms) -> Terms:
    """Return the terms without one type of message."""
    value = parse_object(terms.raw)
    types = value["types"]
    if not isinstance(types, dict):
        raise TypeError("the terms have no types")
    return read_terms(value | {"types": {name: each for name, each in types.items() if name != NOT_AGREED}})


def _add_contexts(raw: Row, settings: dict[str, Setting]) -> None:
    """Add contexts, and then the log of the sender in each."""
    raw["contexts"] |= {name: _context(name, setting) for name, setting in settings.items()}
    read = contexts_of(raw)
    for name in settings:
        scribe = scribe_in(read, read.named[name], name)
        scribe.begin()
        each = raw["contexts"][name]
        each["log"], each["head"] = [leaf.decode() for leaf in scribe.leaves], scribe.head()


def _new() -> Row:
    sender = member(SENDER, born_at=NOW)
    recipient = member(RECIPIENT, born_at=NOW, addresses=("https://exchange.example:8443",))
    terms = terms_for(load_profile(PROFILE), RECIPIENT, SENDER)
    parties = SENDER, RECIPIENT, terms, lambda: NOW
    raw: Row = {
        "v": 1,
        "seed": SEED,
        "now": instant_text(NOW),
        "nonce": b64url(seeded("nonce")(16)),
        "sender": {"agency": SENDER, "card": sender.card.raw.decode()},
        "recipient": {"agency": RECIPIENT, "card": recipient.card.raw.decode()},
        "keys": [row for each in (sender, recipient) for row in _keys(each)],
        "drafts": {
            "notice": notice_drafts(*parties)(seeded("draft")),
            "stop": stop_drafts(*parties)(seeded("draft")),
        },
        "contexts": {},
    }
    _add_contexts(raw, _settings(sender, recipient))
    return raw


def _context(name: str, setting: Setting) -> Row:
    agreements = [_agreement(row) for row in setting.agreed]
    return {"description": DESCRIPTIONS[name], "agreements": agreements, "log": [], "head": ""}


def _agreement(row: Agreed) -> Row:
    text = row.agreement.raw.decode("utf-8")
    return {"n": row.agreement.n, "from": row.from_seq, "text": text, "signatures": dict(row.signatures)}


def _keys(owner: Member) -> list[Row]:
    """Return the label of every key, so that another program can see whether it derives the same."""
    labels = {
        kid: label_of(owner.code, key.use, key.algorithm, n)
        for n in range(1, KEYS_OF_A_USE + 1)
        for kid, key in private_keys(owner.code).items()
        if key == owner.key(key.use, n, suite=Suite.CLASSICAL) or key == owner.key(key.use, n)
    }
    return [
        {"agency": owner.code, "use": key.use.value, "alg": key.algorithm.value, "kid": kid,
        "label": labels[kid],
         "public": b64url(key.public.raw)}
        for kid, key in private_keys(owner.code).items()
    ]  # fmt: skip


class KeptBodies:
    """A sealer that gives a kept body for what was sealed before, and remembers every body it gives."""

    def __init__(self, rows: list[Row]) -> None:
        self._kept = {_place(row): row for row in rows}
        self._used: dict[tuple[Any, ...], Row] = {}

    def __call__(
        self, plaintext: bytes, *, suite: Suite, key: PublicKey, sender: str, recipient: str, message_id: str
    ) -> bytes:
        row: Row = {
            "suite": int(suite),
            "kid": key.kid,
            "sender": sender,
            "recipient": recipient,
            "id": message_id,
            "plaintext": sha256(plaintext),
        }
        place = _place(row)
        if place not in self._used:
            kept = self._kept.get(place)
            self._used[place] = row | {"body": kept["body"] if kept else _sealed(plaintext, row, key)}
        body: str = self._used[place]["body"]
        return body.encode("ascii")

    def rows(self) -> list[Row]:
        """Return a vector for each body that was given."""
        owners = {kid: code for code in (SENDER, RECIPIENT) for kid in private_keys(code)}
        return [
            {
                "name": f"body-{n}",
                "rule": "body.opens",
                "description": "A body opens for its sender, recipient and message.",
                "opened_by": owners[row["kid"]],
                **{name: value for name, value in row.items() if name != "kid"},
                "expect": "opened",
                "kid": row["kid"],
            }
            for n, row in enumerate(self._used.values(), 1)
        ]


def _place(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("suite", "kid", "sender", "recipient", "id", "plaintext"))


def _sealed(plaintext: bytes, row: Row, key: PublicKey) -> str:
    body = seal(
        plaintext,
        suite=Suite(row["suite"]),
        key=key,
        sender=AgencyCode(row["sender"]),
        recipient=AgencyCode(row["recipient"]),
        message_id=MessageId(row["id"]),
    )
    return body.decode("ascii")
