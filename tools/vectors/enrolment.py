# SPDX-License-Identifier: Apache-2.0
"""The vectors of enrolment: cards, versions of an agreement, and where keys count."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from exchange.ids import b64url, sha256
from exchange.kit.agency import Member, card_of, kit_key
from exchange.kit.contexts import Contexts
from exchange.kit.envelopes import OTHER_LINK, STRANGER
from exchange.kit.places import revoking
from exchange.kit.scribe import Scribe
from exchange.kit.vectors import scribe_in
from exchange.protocol.agreement import AGREEMENT_TYPE
from exchange.protocol.cardform import CardFields, Revocation
from exchange.protocol.cards import CARD_TYPE, Card, sign_card
from exchange.protocol.jws import decode_segment, sign_compact, sign_detached
from exchange.protocol.strictjson import encode, parse_object
from exchange.protocol.suites import KeyUse, PrivateKey

Row = dict[str, Any]
Change = Callable[[Row], Row]
Asked = tuple[KeyUse, str, int | None]
REFUSED = "refused"


# Cards


def cards(contexts: Contexts) -> list[Row]:
    """Return vectors of the sender's card, with one key of each kind so that they stay short."""
    sender = contexts.usual.setting.sender
    short = _short(sender.card)
    raw = short.raw.decode("ascii")
    rows = [
        _card("right", "card.form", "A right card.", "valid", raw),
        _card("of-another-key", "card.signature",
              "The card is signed by another recovery key than the pinned one.",
              REFUSED, _signed(_value(short), kit_key(STRANGER, KeyUse.RECOVERY))),
        _card("unpinned", "card.signature", "A right card where no key is pinned yet.",
              "valid", raw, pinned=False),
        _card("signature-changed", "card.signature", "The card is changed after its signature.", REFUSED,
              _respelled(raw)),
        _card("other-type", "card.signature", "The card has the type of an envelope.", REFUSED,
              _signed(_value(short), sender.recovery, typ="exchange-envelope+jws")),
        _card("signed-by-envelope-key", "card.signature", "The card is signed by the envelope key.", REFUSED,
              _signed(_value(short), sender.key(KeyUse.ENVELOPE))),
        _card("nothing", "card.form", "The card is empty.", REFUSED, ""),
    ]  # fmt: skip
    rows += [
        _card(name, rule, words, REFUSED, _signed(change(_value(short)), sender.recovery))
        for name, rule, words, change in (*_forms(short), *_keys(short, sender))
    ]
    later = _first_key({"use": "later-use"})(_value(short))
    rows.append(
        _card("key-unknown-use", "card.keys", "A key has a use of a later version: it is left alone.",
              "valid", _signed(later, sender.recovery))
    )  # fmt: skip
    return rows + _serials(short)


def _forms(short: Card) -> list[tuple[str, str, str, Change]]:
    changes: list[tuple[str, str, Row]] = [
        ("version-2", "The version is 2.", {"v": 2}),
        ("serial-0", "The serial is 0.", {"serial": 0}),
        ("one-more-member", "The card has one more member.", {"x": 1}),
        ("small-agency", "The agency is in small letters.", {"agency": "kh-mosvy-daht"}),
        ("training-text", "Whether it trains is a text.", {"training": "true"}),
        ("address-http", "The address is without TLS.", {"addresses": ["http://exchange.example"]}),
        ("address-path", "The address has a path.", {"addresses": ["https://exchange.example/x"]}),
        ("address-user", "The address names a user.", {"addresses": ["https://a@exchange.example"]}),
        ("no-names", "There is no name.", {"names": {}}),
        ("name-direction", "A name turns the direction of writing.", {"names": {"en": "a\u202eb"}}),
        ("no-suites", "No suite is named.", {"suites": []}),
        ("issued-seconds", "The instant has no milliseconds.", {"issued": "2027-10-03T02:00:00Z"}),
        ("limit-negative", "A limit is negative.", {"limits": {"line_bytes": -1}}),
    ]
    rows: list[tuple[str, str, str, Change]] = [
        (name, "card.form", words, _with(own)) for name, words, own in changes
    ]
    return rows + [
        (f"without-{name}", "card.form", f"The member {name} is missing.", _without(name))
        for name in _value(short)
    ]


def _keys(short: Card, sender: Member) -> list[tuple[str, str, str, Change]]:
    small_order = b64url(b"\1" + bytes(31))
    first: list[tuple[str, str, Row]] = [
        ("small-order", "A key is of small order.", {"raw": small_order, "kid": _kid(b"\1" + bytes(31))}),
        ("off-curve", "A key is no point.",
        {"raw": b64url(b"\2" + bytes(31)), "kid": _kid(b"\2" + bytes(31))}),
        ("not-canonical", "A key is not in its canonical form.",
         {"raw": b64url(b"\xff" * 32), "kid": _kid(b"\xff" * 32)}),
        ("short", "A key has 31 bytes.", {"raw": b64url(bytes(31))}),
        ("other-kid", "A key stands under another id.", {"kid": "0" * 16}),
        ("other-use", "A use is no code.", {"use": "All keys"}),
        ("other-algorithm", "The algorithm does not serve the use.", {"alg": "X25519"}),
        ("recovery", "A key has the use of the recovery key.", {"use": "recovery"}),
        ("dates-back", "The dates of a key run back.", {"until": "2020-01-01T00:00:00.000Z"}),
        ("revoked-without-reason", "A key is revoked without a reason.", {"revoked": True}),
        ("one-more-member", "A key has one more member.", {"x": 1}),
    ]  # fmt: skip
    rows: list[tuple[str, str, str, Change]] = [
        (f"key-{name}", "card.keys", words, _first_key(own)) for name, words, own in first
    ]
    return [
        *rows,
        ("key-twice", "card.keys", "A key is listed twice.",
         lambda right: right | {"keys": [*right["keys"], right["keys"][0]]}),
        ("key-for-two-uses", "card.keys", "A key is listed for two uses.",
         lambda right: right | {"keys": [*right["keys"], right["keys"][0] | {"use": "head"}]}),
        ("key-is-recovery", "card.keys", "The recovery key is listed for another use.",
         lambda right: right | {"keys": [_as_recovery(right["keys"][0], sender)]}),
    ]  # fmt: skip


def _serials(short: Card) -> list[Row]:
    """Return vectors of cards that come after one that is held."""
    second = _card_with(short, serial=2)
    renamed = _card_with(short, names={"en": "Another name"})
    revoked = revoking(short, Revocation.COMPROMISED)
    rows = (
        ("newer", "A card of a higher serial.", "valid", short, second),
        ("older", "A card of a lower serial.", "the held one stays", second, short),
        ("same", "The same card again.", "the held one stays", short, short),
        ("same-serial", "Another card of the same serial.", "refused card_conflict", short, renamed),
        ("revoking", "A card that calls a key compromised.", "valid", short, revoked),
        ("key-comes-back", "A key that was revoked comes back.",
        REFUSED, revoked, _card_with(short, serial=3)),
        ("real-now", "A training card becomes a real one.", REFUSED, short,
         _card_with(short, serial=2, training=False)),
        ("other-node", "The card is of another node.",
        REFUSED, short, _card_with(short, serial=2, node="0" * 16)),
    )  # fmt: skip
    return [
        _card(f"then-{name}", "card.serial", words, expect, offered.raw.decode(), held=held.raw.decode())
        for name, words, expect, held, offered in rows
    ]


def _short(card: Card) -> Card:
    keys = tuple(card.keys_for(use)[0] for use in (KeyUse.ENVELOPE, KeyUse.DOOR))
    return card_of(replace(_fields(card), keys=keys, messages={"RPN": ("1.0",)}))


def _fields(card: Card) -> CardFields:
    return CardFields(**{name: getattr(card, name) for name in CardFields.__dataclass_fields__})


def _card_with(card: Card, **changes: Any) -> Card:
    return card_of(replace(_fields(card), **changes))


def _value(card: Card) -> Row:
    return parse_object(decode_segment(card.raw.split(b".")[1]))


def _signed(value: Row, key: PrivateKey, *, typ: str = CARD_TYPE) -> str:
    return sign_compact(encode(value), typ=typ, key=key).decode("ascii")


def _with(own: Row) -> Change:
    return lambda right: right | own


def _without(name: str) -> Change:
    return lambda right: {key: value for key, value in right.items() if key != name}


def _first_key(own: Row) -> Change:
    return lambda right: right | {"keys": [right["keys"][0] | own, *right["keys"][1:]]}


def _as_recovery(entry: Row, sender: Member) -> Row:
    public = sender.recovery.public
    return entry | {"raw": b64url(public.raw), "kid": public.kid}


def _kid(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


def _respelled(raw: str) -> str:
    header, payload, signature = raw.split(".")
    return ".".join((header, ("A" if payload[0] != "A" else "B") + payload[1:], signature))


def _card(
    name: str, rule: str, words: str, expect: str, card: str, *, held: str = "", pinned: bool = True
) -> Row:
    return {
        "name": f"card-{name}", "rule": rule, "description": words, "card": card, "held": held,
        "pinned": pinned,
        "expect": expect,
    }  # fmt: skip


# Agreements


def agreements(contexts: Contexts) -> list[Row]:
    """Return vectors of version 1 and of the version after it."""
    setting = contexts.named["second"].setting
    both = (setting.recipient, setting.sender)
    first, second = (row.agreement for row in setting.agreed)
    text, later = first.raw.decode("utf-8"), second.raw.decode("utf-8")
    rows = [
        _agreement("right", "agreement.form", "Version 1, signed by both.",
                   "agreed", text, _sign(text, both)),
        _agreement("one-signature", "agreement.signature", "The sender has not signed.", REFUSED, text,
                   _sign(text, both[:1])),
        _agreement("signed-for-the-other", "agreement.signature", "One party signed in place of the other.",
                   REFUSED,
                   text, dict.fromkeys((each.code for each in both), _sign(text, both)[both[0].code])),
        _agreement("other-bytes", "agreement.signature", "A space was added after both had signed.", REFUSED,
                   text + " ", _sign(text, both)),
        _agreement("signed-by-envelope-key", "agreement.signature", "An envelope key signed.", REFUSED, text,
                   _sign(text, both) | {both[1].code: sign_detached(text.encode(), typ=AGREEMENT_TYPE,
                                                                    key=both[1].key(KeyUse.ENVELOPE))}),
        _agreement("type-of-a-card", "agreement.signature", "A signature has the type of a card.",
                   REFUSED, text,
                   _sign(text, both) | {both[1].code: sign_detached(text.encode(), typ=CARD_TYPE,
                                                                    key=both[1].recovery)}),
    ]  # fmt: skip
    rows += [
        _agreement(name, "agreement.form", words, REFUSED, changed, _sign(changed, both))
        for name, words, changed in _ill_formed(text)
    ]
    rows.append(
        _agreement("second", "agreement.successor", "Version 2 follows version 1.", "agreed", later,
                   _sign(later, both), text)
    )  # fmt: skip
    rows += [
        _agreement(name, "agreement.successor", words, REFUSED, changed, _sign(changed, both), before)
        for name, words, changed, before in _no_successors(text, later)
    ]
    return rows + _renewals(text, later, both)


def _renewals(text: str, later: str, both: tuple[Member, ...]) -> list[Row]:
    """Return vectors of a version in which the sender has its second recovery key."""
    first, sender = parse_object(text.encode()), both[1]
    new, other = (kit_key(each.code, KeyUse.RECOVERY, 2) for each in (sender, both[0]))
    same = parse_object(later.encode()) | {"suite": first["suite"], "terms": first["terms"]}
    right = _renewed(dict(same), 1, new)
    keys: dict[str, PrivateKey] = {both[0].code: both[0].recovery, sender.code: new}
    rows: tuple[tuple[str, str, str, Row, Mapping[str, PrivateKey]], ...] = (
        ("renewed", "The sender has a new recovery key, which signed; nothing else changes.", "agreed",
         right, keys),
        ("renewed-signed-by-the-old-one", "The recovery key that the version ends signed it.", REFUSED,
         right, keys | {sender.code: sender.recovery}),
        ("renewed-by-one-side", "The new recovery key signed in place of the other side.", REFUSED,
         right, keys | {both[0].code: new}),
        ("renewed-with-another-suite", "The suite changes with the recovery key.", REFUSED,
         right | {"suite": 3 - int(str(first["suite"]))}, keys),
        ("renewed-on-both-sides", "Both sides have a new recovery key.", REFUSED,
         _renewed(right, 0, other), keys | {both[0].code: other}),
    )  # fmt: skip
    return [
        _agreement(name, "agreement.renewed", words, expect, raw, _sign_with(raw, by), text)
        for name, words, expect, value, by in rows
        for raw in [encode(value).decode()]
    ]


def _renewed(value: Row, place: int, key: PrivateKey) -> Row:
    parties = list(value["parties"])
    parties[place] = parties[place] | {"recovery": b64url(key.public.raw)}
    return value | {"parties": parties}


def _ill_formed(text: str) -> list[tuple[str, str, str]]:
    changes: list[tuple[str, str, Change]] = [
        ("version-0", "The version is 0.", _with({"n": 0})),
        ("first-with-link", "Version 1 names a link.", _with({"link": OTHER_LINK})),
        ("first-with-previous", "Version 1 names a predecessor.", _with({"previous": sha256(b"x")})),
        ("first-without-invitation", "Version 1 answers no invitation.", _with({"invitation": None})),
        ("suite-3", "The suite does not exist.", _with({"suite": 3})),
        ("one-party", "There is one party.", lambda right: right | {"parties": right["parties"][:1]}),
        ("same-party", "Both parties are one.", lambda right: right | {"parties": [right["parties"][0]] * 2}),
        ("weak-recovery", "A recovery key is of small order.",
         lambda right: right | {"parties": [right["parties"][0],
                                            right["parties"][1] | {"recovery": b64url(b"\1" + bytes(31))}]}),
        ("other-sides", "The terms are for another country.",
         lambda right: right | {"parties": [right["parties"][0],
         right["parties"][1] | {"agency": STRANGER}]}),
        ("other-profile", "The profile is not that of the terms.", _with({"profile": "neutral"})),
        ("no-terms", "There are no terms.", _with({"terms": {}})),
        ("one-more-member", "The agreement has one more member.", _with({"x": 1})),
    ]  # fmt: skip
    value = parse_object(text.encode())
    changes += [(f"without-{name}", f"The member {name} is missing.", _without(name)) for name in value]
    return [(name, words, encode(change(dict(value))).decode()) for name, words, change in changes]


def _no_successors(text: str, later: str) -> list[tuple[str, str, str, str]]:
    changes: list[tuple[str, str, Change]] = [
        ("skips", "Version 3 follows version 1.", _with({"n": 3})),
        ("other-link", "Version 2 is of another link.", _with({"link": OTHER_LINK})),
        ("other-digest", "Version 2 names another predecessor.", _with({"previous": sha256(b"x")})),
        ("turned", "Version 2 changes the order of the parties.",
         lambda right: right | {"parties": right["parties"][::-1]}),
        ("with-invitation", "Version 2 answers an invitation.", _with({"invitation": sha256(b"x")})),
    ]  # fmt: skip
    value = parse_object(later.encode())
    rows = [(name, words, encode(change(dict(value))).decode(), text) for name, words, change in changes]
    return [*rows, ("same-again", "Version 1 follows itself.", text, text)]


def _sign(text: str, members: tuple[Member, ...]) -> dict[str, str]:
    return _sign_with(text, {each.code: each.recovery for each in members})


def _sign_with(text: str, keys: Mapping[str, PrivateKey]) -> dict[str, str]:
    return {code: sign_detached(text.encode(), typ=AGREEMENT_TYPE, key=key) for code, key in keys.items()}


def _agreement(
    name: str, rule: str, words: str, expect: str, text: str, signatures: dict[str, str], previous: str = ""
) -> Row:
    return {
        "name": f"agreement-{name}", "rule": rule, "description": words, "text": text,
        "signatures": signatures,
        "previous": previous, "expect": expect,
    }  # fmt: skip


# Where keys count


def keys(contexts: Contexts) -> list[Row]:
    """Return vectors of histories: events of the log and cards, then questions about places."""
    context = contexts.usual
    sender, held = context.setting.sender, len(context.log)
    use, kid = KeyUse.ENVELOPE, sender.key(KeyUse.ENVELOPE).kid
    third = sender.key(KeyUse.ENVELOPE, 3).kid
    gone = revoking(sender.card, Revocation.COMPROMISED).raw.decode()
    retired = revoking(sender.card, Revocation.RETIRED).raw.decode()
    new = kit_key(sender.code, KeyUse.RECOVERY, 2)
    kept = replace(sender.card, serial=2, keys=tuple(key for key in sender.card.keys if key.kid != kid))
    under_new = {"card": sign_card(kept, key=new).decode(), "pinned": b64url(new.public.raw)}
    fewer = card_of(kept).raw.decode()
    second = sender.key(KeyUse.ENVELOPE, 2).kid
    tail = _Tails(contexts)
    histories: tuple[tuple[str, str, list[Row], list[Asked], str], ...] = (
        ("nothing", "Nothing has happened: a key of the card counts.", [], [(use, kid, 0), (use, kid, None)],
         "counts, counts"),
        ("other-use", "A key is asked for another use than the card says.", [], [(KeyUse.HEAD, kid, 0)],
         "signer_unknown"),
        ("stranger", "A key is asked for that no card names.", [], [(use, "0" * 16, 0)], "signer_unknown"),
        ("added", "The third key begins at a leaf.", [tail(("add", 3))],
         [(use, third, held - 1), (use, third, held), (use, third, held + 9)],
         "signer_unknown, counts, counts"),
        ("added-twice", "The third key begins twice: the first leaf counts.", [tail(("add", 3), ("add", 3))],
         [(use, third, held)], "counts"),
        ("retired", "The first key is retired at a leaf.", [tail(("retire", 1))],
         [(use, kid, held - 1), (use, kid, held), (use, kid, None)], "counts, key_revoked, key_revoked"),
        ("revoked", "The first key is revoked in a tail of two leaves: what was held before counts.",
         [tail(("add", 3), ("revoke", 1))], [(use, kid, held - 1), (use, kid, held), (use, kid, None)],
         "counts, key_revoked, key_revoked"),
        ("retired-then-revoked", "The end never moves up again.",
        [tail(("retire", 1)), tail(("revoke", 1), skip=1)],
         [(use, kid, held - 1), (use, kid, held)], "counts, key_revoked"),
        ("added-after-its-end", "A key that ended does not begin again.",
         [tail(("retire", 1)), tail(("add", 1), skip=1)], [(use, kid, held + 1)], "key_revoked"),
        ("compromised-by-card", "A card calls the key compromised.", [{"card": gone}],
         [(use, kid, held - 1), (use, kid, held), (use, kid, None)], "counts, key_revoked, key_revoked"),
        ("retired-by-card", "A card calls the key retired: that ends no place in the log.",
        [{"card": retired}],
         [(use, kid, held + 9), (use, kid, None)], "counts, key_revoked"),
        ("dropped-by-card", "A card no longer names the key: that ends no place in the log.",
         [{"card": fewer}],
         [(use, kid, held + 9), (use, kid, None)], "counts, key_revoked"),
        ("dropped-under-a-new-recovery-key",
         "The first card under a new recovery key does not name the key: what was held before counts.",
         [under_new], [(use, kid, held - 1), (use, kid, held), (use, second, held)],
         "counts, key_revoked, counts"),
        ("other-key", "Another key is retired.", [tail(("retire", 2))], [(use, kid, held + 9)], "counts"),
    )  # fmt: skip
    return [
        {"name": f"keys-{name}", "rule": "keys.history", "description": words, "held": held, "events": events,
         "asks": [[of.value, key, index] for of, key, index in asks], "expect": expect}
        for name, words, events, asks, expect in histories
    ]  # fmt: skip


class _Tails:
    """Makes tails of leaves `keyx` behind the log of the context."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts

    def __call__(self, *changes: tuple[str, int], skip: int = 0) -> Row:
        scribe: Scribe = scribe_in(self._contexts, self._contexts.usual, "keys")
        begin = len(scribe.leaves)
        for _ in range(skip):
            scribe.log(scribe.key_entry("add", KeyUse.ENVELOPE, 3))
        for op, n in changes:
            scribe.log(scribe.key_entry(op, KeyUse.ENVELOPE, n))
        return {"tail": [leaf.decode("ascii") for leaf in scribe.leaves[begin + skip :]]}
