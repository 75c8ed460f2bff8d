# SPDX-License-Identifier: Apache-2.0
"""Writes the examples into the pages, between their markers.

    <!-- example: NAME -->
    (made)
    <!-- end of example -->

A page is its own template: everything outside the markers stays as it is. Long values are cut into lines;
`examples.json` has them whole.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exchange.messages.catalog import RESERVED_NAMES, MessageType, message_types

from tools.pages.examples.parties import INVITER, JOINER, card_of, enrolment
from tools.pages.examples.story import story
from tools.pages.examples.values import examples, payload

WIDTH = 100
"""Characters in a line of an example."""
SHORTENED = 48
"""Characters shown of a long value inside a larger one."""
MANY = 4
"""More purposes than this are all but one."""
_MARKED = re.compile(r"(<!-- example: ([a-z0-9-]+) -->\n).*?(<!-- end of example -->)", re.DOTALL)
_LONG = re.compile(r"[A-Za-z0-9_.~-]{200,}")


def page_of(name: str) -> Callable[[Path], str]:
    """Return the function that gives the text of a page of docs/protocol with its examples made anew."""

    def page(root: Path) -> str:
        return fill((root / "docs" / "protocol" / name).read_text(encoding="utf-8"))

    return page


def fill(text: str) -> str:
    """Return a page with every marked example made anew; an unknown name is a KeyError."""
    return _MARKED.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}", text)


def _fenced(*pieces: str) -> str:
    lines = [cut for piece in pieces for line in piece.split("\n") for cut in _cut(line)]
    return "\n".join(("```text", *lines, "```"))


def _cut(line: str) -> list[str]:
    return [line[start : start + WIDTH] for start in range(0, len(line), WIDTH)] or [""]


def _short(text: str) -> str:
    """Return a text with its longest runs of base64url shortened."""
    return _LONG.sub(lambda run: f"{run[0][:SHORTENED]}… ({len(run[0])} characters)", text)


def _value(*path: str) -> Any:
    found: Any = examples()
    for step in path:
        found = found[step]
    return found


def _keys() -> str:
    rows = [
        f"| {agency[:2]} | `{key['use']}` | {key['alg']} | `{key['kid']}` | `{_public(key['public'])}` |"
        for agency in (INVITER, JOINER)
        for key in _value("keys", agency)
    ]
    return "\n".join(
        ("| | Use | Algorithm | Key id | Public key, base64url |", "|---|---|---|---|---|", *rows)
    )


def _public(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:24]}… ({len(text)} characters)"


def _card() -> str:
    raw = card_of(JOINER).raw.decode()
    return _fenced("header   " + _header(raw), "payload  " + payload(raw.encode()), "card     " + raw)


def _header(jws: str) -> str:
    return payload(b"." + jws.split(".", 1)[0].encode())


def _agreement() -> str:
    text, signatures = _value("enrolment", "agreement"), enrolment().signatures
    return _fenced(
        f"bytes      {len(text.encode())}",
        "begin      " + text[:700] + "…",
        "digest     " + _value("enrolment", "agreement_digest"),
        "link id    " + _value("enrolment", "link"),
        *(f"signature of {agency}\n           {signature}" for agency, signature in signatures.items()),
        "words      " + " ".join(enrolment().words),
    )


def _files() -> str:
    files = _value("enrolment")
    return _fenced(
        "invitation  header   " + _header(files["invitation"]),
        "invitation  payload  " + _short(files["invitation_payload"]),
        "joining     header   " + _header(files["joining"]),
        "joining     payload  " + _short(files["joining_payload"]),
    )


def _parts() -> str:
    one = _value("messages", "2")
    rows = [f"part {n}     {part}" for n, part in enumerate(one["parts"])]
    hashes = [f"leaf {n}     {text}" for n, text in enumerate(one["part_hashes"])]
    return _fenced(
        "id         " + one["document"]["header"]["message_id"], *rows, *hashes, "pc         " + one["pc"]
    )


def _envelope() -> str:
    one = _value("messages", "1")
    return _fenced(
        "header     " + _header(one["envelope"]),
        "payload    " + one["envelope_payload"],
        "envelope   " + one["envelope"],
        "eh         " + one["eh"],
        "cd         " + one["cd"],
    )


def _suite_1() -> str:
    one = _value("messages", "1")
    rows = [f"{name.replace('_', ' '):16} {value}" for name, value in one["sealing"].items()]
    return _fenced(
        *rows, f"plaintext        {one['plaintext_bytes']} bytes", "body             " + one["body"]
    )


def _suite_2() -> str:
    rows = [
        f"{name.replace('_', ' '):16} {_short(value)}"
        for name, value in _value("suite_2").items()
        if name != "of_message"
    ]
    return _fenced(*rows)


def _leaves() -> str:
    rows = [f"{leaf}" for log in story().logs.values() for leaf in (raw.decode() for raw in log.leaves)]
    return _fenced(*rows)


def _head() -> str:
    log = _value("logs", JOINER)
    rows = [f"leaf hash {n}  {text}" for n, text in enumerate(log["leaf_hashes"])]
    return _fenced(*rows, "root         " + log["root"], "", log["head"].rstrip("\n"))


def _cosignature() -> str:
    head = story().logs[INVITER].head
    return _fenced(
        "The head of KH that TH holds:",
        "",
        head.rstrip("\n"),
        "",
        "The cosignature of TH:",
        "",
        _value("cosignatures", JOINER).rstrip("\n"),
    )


def _frame() -> str:
    rows = _value("frames", "3").split("\n")
    return _fenced(rows[0], *(_short(row) for row in rows[1:-2]), f"({len(rows[-2])} spaces and a line feed)")


def _request() -> str:
    request = _value("request")
    fields = [f"{name}: {value}" for name, value in request["fields"].items()]
    return _fenced(
        f"{request['method']} {request['path']} HTTP/1.1",
        *fields,
        "",
        "What is signed:",
        "",
        request["signature_base"],
    )


def _gate() -> str:
    return _fenced(*(f"{n}  {_short(text)}" for n, text in _value("gate_payloads").items()))


def _giving() -> str:
    """Return what of the words is about what is given; the report of the first is as ever."""
    told: dict[str, object] = {}
    for n, text in _value("giving")["gate_payloads"].items():
        word = json.loads(text)
        gives = word["gives"] if word["op"] == "leaves" else {"own": word["gives"]["own"]}
        told[n] = {name: word[name] for name in ("nonce", "to_nonce", "op", "asks")} | {"gives": gives}
    return _fenced(*(f"{n}  {json.dumps(word, separators=(',', ':'))}" for n, word in told.items()))


def _renewing() -> str:
    """Return what of the words is about the new epoch; the rest of a report is as ever."""
    payloads = {n: json.loads(text)["gives"] for n, text in _value("new_epoch")["gate_payloads"].items()}
    names = ("own", "next", "state", "renew")
    told = {n: {name: gives[name] for name in names} for n, gives in payloads.items()}
    return _fenced(*(f"{n}  {json.dumps(gives, separators=(',', ':'))}" for n, gives in told.items()))


def _new_epoch() -> str:
    log = _value("new_epoch")["logs"][JOINER]
    return _fenced(*log["leaves"][:3], "", *log["head"].rstrip("\n").split("\n"))


def _types() -> str:
    heads = ("Type", "Means", "Side", "Highest class", "Purposes", "The office has one of", "Form")
    rows = [heads, ("---",) * len(heads)]
    rows += [_type(row) for row in message_types().values() if row.is_message]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _type(row: MessageType) -> tuple[str, ...]:
    code = f"**{row.code}** (stop)" if row.is_stop else row.code
    purposes = "any but `reconciliation`" if len(row.purposes) > MANY else _codes(row.purposes)
    form = row.form.version if row.form else "none"
    return code, row.label, row.sent_by, row.max_sensitivity, purposes, _codes(row.functions), form


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _reserved() -> str:
    rows = ((row.code, row.forbidden - RESERVED_NAMES) for row in message_types().values() if row.form)
    of_types = (f"| {code} | {_codes(names)} |" for code, names in rows if names)
    in_all = _codes(RESERVED_NAMES) + "."
    return "\n".join((in_all, "", "| In this type also | |", "| --- | --- |", *of_types))


BLOCKS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "keys": _keys,
        "card": _card,
        "agreement": _agreement,
        "files": _files,
        "parts": _parts,
        "envelope": _envelope,
        "suite-1": _suite_1,
        "suite-2": _suite_2,
        "leaves": _leaves,
        "head": _head,
        "cosignature": _cosignature,
        "frame": _frame,
        "request": _request,
        "gate": _gate,
        "giving": _giving,
        "renewing": _renewing,
        "new-epoch": _new_epoch,
        "types": _types,
        "reserved": _reserved,
    }
)
