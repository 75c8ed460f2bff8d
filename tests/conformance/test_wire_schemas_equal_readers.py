# SPDX-License-Identifier: Apache-2.0
"""The schemas of the wire and our readers demand the same members, kinds and bounds.

A right object of each kind, from docs/protocol/examples.json, is changed in one place after another: a
member is left out, one is added, a value is of another kind, at a bound, or one beyond it. Both must give the
same verdict on every change, but for the rows of `STRICTER` and `LATER`. The terms of an agreement have the
form of a profile, which has a test of its own.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from exchange.errors import CardInvalidError, ExchangeError
from exchange.ledger.entries import decode_leaf, legal
from exchange.protocol.agreement import read_agreement
from exchange.protocol.cardform import CARD_NAMES, read_fields, read_recovery
from exchange.protocol.envelope import TYP, read_envelope
from exchange.protocol.frames import decode_frame, pad_frame
from exchange.protocol.gatewords import GATE_TYP, read_gate_word, verify_gate_word
from exchange.protocol.invitations import INVITATION_TYPE, JOINING_TYPE, read_invitation, read_joining
from exchange.protocol.jws import sign_compact
from exchange.protocol.members import Members
from exchange.protocol.strictjson import MAX_INT, encode, encode_canonical
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey
from exchange.protocol.wireforms import wire_form, wire_schemas
from exchange.service.gatetalk import report_from

MADE: Final = json.loads((Path(__file__).parents[2] / "docs" / "protocol" / "examples.json").read_text())
KH, TH = "KH-MOSVY-DAHT", "TH-MSDHS-DATIP"
GONE: Final = object()
"""The change of a member that is left out."""

KINDS: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    [],
    {},
    "",
    "x",
    -1,
    0,
    1,
    2,
    3,
    MAX_INT,
    [0],
    [True],
    [""],
    ["x", "x"],
)


def _edges(*bounds: int) -> tuple[int, ...]:
    return tuple(bound + by for bound in bounds for by in (0, 1))


INTEGERS: Final = _edges(54, 55, 100, 2_000, 10_000, 6_291_456)
LENGTHS: Final = _edges(22, 32, 43, 64, 200, 512, 8_192, 65_536)
NUMBERS: Final = _edges(2, 8, 16, 20, 32, 50, 100, 200)
"""Items of a list, members of an object."""

STRICTER: Final = {
    "card": ("/recovery", "/keys/0/kid", "/keys/0/raw"),
    "invitation": ("/card", "/suites"),
    "joining": ("/card", "/agreement"),
    "agreement": ("/profile", "/parties"),
    "leaf": ("/ad", "/crd"),
}
"""Where the reader asks for more than a form: sound keys and their ids, a card that is read,
equal members, the bytes of a whole leaf."""
LATER: Final = {
    "invitation": ("/profile",),
    "joining": ("/signature",),
    "gate": (
        "/nonce",
        "/to_nonce",
        "/asks",
        *(f"/gives/{place}" for place in ("seen/ep", "own/", "copy/ep", "next", "state", "restored")),
        "/gives/agreement",
        "/gives/card",
    ),
}
"""What the reader of the object leaves to the step that uses it, and the schema does not."""


@cache
def _key(agency: str, use: str) -> PrivateKey:
    row = next(row for row in MADE["keys"][agency] if row["use"] == use)
    return PrivateKey(KeyUse(use), Algorithm(row["alg"]), sha256(row["label"].encode()).digest())


def _read_card(value: Any) -> None:
    members = Members(value, CARD_NAMES, kind="card", error=CardInvalidError)
    read_recovery(members, "recovery")
    read_fields(members)


def _read_frame(value: Any) -> None:
    header = value if isinstance(value, dict) else {}
    tail = header["tail"] if isinstance(header.get("tail"), dict) else {}
    counts = [count for count in (tail.get("count"), header.get("messages")) if type(count) is int]
    lines = [b"x"] * sum(count for count in counts if 0 < count < 5_000)
    decode_frame(pad_frame(b"\n".join((encode(value), *lines, b""))))


def _read_word(value: Any) -> None:
    key = _key(KH, "door")
    word = verify_gate_word(read_gate_word(sign_compact(encode(value), typ=GATE_TYP, key=key)), key.public)
    report_from(word.gives, at=word.at)


def _read_event(value: Any) -> None:
    fault = legal(decode_leaf(encode_canonical(value)))
    if fault:
        raise CardInvalidError(fault)


READERS: Final[dict[str, Callable[[Any], object]]] = {
    "card": _read_card,
    "envelope": lambda value: read_envelope(sign_compact(encode(value), typ=TYP, key=_key(KH, "envelope"))),
    "frame": _read_frame,
    "gate": _read_word,
    "leaf": lambda value: decode_leaf(encode_canonical(value)),
    "event": _read_event,
    "agreement": lambda value: read_agreement(encode(value)),
    "invitation": lambda value: read_invitation(
        sign_compact(encode(value), typ=INVITATION_TYPE, key=_key(KH, "recovery"))
    ),
    "joining": lambda value: read_joining(
        sign_compact(encode(value), typ=JOINING_TYPE, key=_key(TH, "recovery"))
    ),
}


def _right() -> Iterator[tuple[str, Any]]:
    card = json.loads(MADE["card_payloads"][KH])
    kinds = {key["alg"]: key for key in card["keys"]}
    yield from (("card", card | {"keys": [key]}) for key in kinds.values())
    yield "card", card | {"keys": [card["keys"][0] | {"revoked": True, "reason": "retired"}]}
    yield "envelope", json.loads(MADE["messages"]["1"]["envelope_payload"])
    yield "frame", json.loads(MADE["frames"]["3"].split("\n")[0])
    yield "gate", json.loads(MADE["gate_payloads"]["3"])
    yield "gate", json.loads(MADE["new_epoch"]["gate_payloads"]["1"])
    yield "gate", json.loads(MADE["giving"]["gate_payloads"]["4"])
    yield "agreement", json.loads(MADE["enrolment"]["agreement"])
    for name in ("invitation", "joining"):
        yield name, json.loads(MADE["enrolment"][f"{name}_payload"])
    logs = (*MADE["logs"].values(), *MADE["new_epoch"]["logs"].values())
    leaves = [json.loads(leaf) for log in logs for leaf in log["leaves"]]
    yield "leaf", leaves[0]
    yield from (("event", leaf) for leaf in {leaf["ev"]: leaf for leaf in leaves}.values())


def _places(value: Any, path: str = "") -> Iterator[str]:
    """Return the places in a value: every member, and the first item of every list."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    )
    for step, inner in entries:
        yield f"{path}/{step}"
        yield from _places(inner, f"{path}/{step}")


def _changed(value: Any, path: str, change: Any) -> Any:
    step, _, rest = path[1:].partition("/")
    place: Any = int(step) if isinstance(value, list) else step
    copy = value.copy()
    if rest:
        copy[place] = _changed(value[place], f"/{rest}", change)
    elif change is GONE:
        del copy[place]
    else:
        copy[place] = change
    return copy


def _at(value: Any, path: str) -> Any:
    for step in path[1:].split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _changes(value: Any) -> Iterator[Any]:
    """Return what may stand in the place of a value."""
    yield from (GONE, *KINDS)
    match value:
        case bool():
            return
        case int():
            yield from INTEGERS
        case str():
            yield from (
                value + "\n",
                value[:-1],
                value + "A",
                value.lower(),
                value.upper(),
                f"{value[:-1]}\u00e9",
            )
            yield from (value[:-1] + last for last in "ABgw_" if value)
            yield from ("a" * length for length in LENGTHS)
        case list():
            yield from (value[:1] * number for number in NUMBERS)
            yield from (list(range(1, number + 1)) for number in NUMBERS)
            yield from ([f"{item}" for item in range(number)] for number in NUMBERS)
        case dict():
            yield value | {"more": 1}
            yield from ({**value, **{f"a{n}": 1 for n in range(number)}} for number in NUMBERS)


def _is_read(name: str, value: Any) -> bool:
    try:
        READERS[name](value)
    except ExchangeError:
        return False
    return True


def _may_differ(name: str, path: str, *, fits: bool) -> bool:
    table = STRICTER if fits else LATER
    return path.startswith(table.get(name, ("never",)))


@pytest.mark.parametrize(
    ("name", "right"), list(_right()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_schema_and_reader_give_the_same_verdict_on_every_change(name: str, right: dict[str, Any]) -> None:
    form = wire_form(name)
    places = [path for path in _places(right) if not path.startswith("/terms/")]
    changed = [
        (path, _changed(right, path, change)) for path in places for change in _changes(_at(right, path))
    ]
    changed += [("", change) for change in _changes(right) if change is not GONE]

    verdicts = [(path, form.is_valid(value), _is_read(name, value), str(value)) for path, value in changed]

    assert form.is_valid(right)
    assert _is_read(name, right)
    differing = [row for row in verdicts if row[1] != row[2] and not _may_differ(name, row[0], fits=row[1])]
    assert differing == []


@pytest.mark.parametrize("number", ["5", "6"])
@pytest.mark.parametrize("asks", [{"op": "leaves"}, {"op": "report"}, {"from": 3}])
def test_schema_knows_what_a_caller_gives(number: str, asks: dict[str, Any]) -> None:
    word = json.loads(MADE["giving"]["gate_payloads"][number])

    assert wire_form("gate").is_valid(word)
    assert not wire_form("gate").is_valid(word | {"asks": asks})


@pytest.mark.parametrize("name", sorted({name for name, _ in _right()}))
def test_every_member_that_the_schema_needs_is_changed(name: str) -> None:
    needed = set(wire_schemas()[name].get("required", ()))

    assert needed <= {
        path[1:].partition("/")[0] for kind, right in _right() if kind == name for path in _places(right)
    }
