# SPDX-License-Identifier: Apache-2.0
"""Leaves: what may be written into a log, in which exact bytes, and how they are read.

A leaf is compact JSON with sorted names, printable or escaped ASCII, integers and strings only, at most
2,048 bytes. The stored bytes are hashed; nothing is ever written again in another form. Common members:
`v` 1, `link`, `by` (whose log), `ep` (epoch), `i` (index from 0), `t` (claimed time), `ev` (event). The own
members of each event stand in `EVENTS`, the one table of them.

Reading has two levels, because a wrong leaf that was stored and cosigned is the best evidence there is:

1. `decode_leaf` asks for what is needed to store: the canonical bytes and right common members. An unknown
   event, or other own members than the table has, pass.
2. `legal` judges the rest after storing. Whatever it names is the difference `log_invalid`, and what
   rests on that leaf has no effect. The order of leaves is judged by `judge.py`.

No leaf says anything about a person: no type, case, name, place, or free text. Time never makes a leaf wrong.
Source: docs/protocol/log.md; design section 5.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from exchange.clock import parse_instant
from exchange.errors import IdentifierError, LeafInvalidError, StrictJsonError
from exchange.ids import AgencyCode, Digest, KeyId, LinkId, MessageId, parse_agency, parse_link
from exchange.protocol.strictjson import JsonValue, Limits, encode_canonical, parse_object
from exchange.protocol.suites import KeyUse

MAX_LEAF_BYTES: Final = 2_048
"""Six digests, three identifiers and room; a frame of 2,000 leaves stays below 4 MiB."""
LEAF_LIMITS: Final = Limits(max_bytes=MAX_LEAF_BYTES, max_depth=1, max_members=32, max_items=32, max_name=32)
LEAF_VERSION: Final = 1


class Event(StrEnum):
    """What a leaf records."""

    OPEN = "open"
    """The log begins under an agreement version and a card."""
    EPCH = "epch"
    """A new epoch begins, by a decision of people of both sides; says where the old logs ended."""
    AGRX = "agrx"
    """From this number on, our messages are judged by an agreement version."""
    KEYX = "keyx"
    """A key of ours begins or ceases to count here."""
    SENT = "sent"
    VOID = "void"
    """We give up a number of ours."""
    RCVD = "rcvd"
    """A message of the partner is here, with its verdict or held."""
    ACCP = "accp"
    """A held message is accepted."""
    REJC = "rejc"
    """A held message is rejected, or a number that was given up before it came."""
    OPND = "opnd"
    """Officers opened these messages of the partner."""
    STMT = "stmt"
    STAG = "stag"
    """Our answer to a statement."""
    DSCO = "dsco"
    """We opened a difference."""
    DSCR = "dscr"
    """We answered a difference."""
    ERAS = "eras"
    """Contents were erased."""
    BEAT = "beat"
    """We are alive and had nothing to write."""


class Verdict(StrEnum):
    """What a recipient says of a message when it records it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HELD = "held"


class LeafFault(StrEnum):
    """Why a stored leaf is not as its event demands."""

    EVENT_UNKNOWN = "event_unknown"
    MEMBER_MISSING = "member_missing"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_INVALID = "member_invalid"


@dataclass(frozen=True)
class Form:
    """What an own member of an event may be: its kind, and a pattern of the whole value."""

    kind: type[int] | type[str]
    pattern: str


COUNT = Form(int, r"[1-9][0-9]{0,15}")
"""An integer from 1; the strict parser bounds it by 2^53 - 1."""
NATURAL = Form(int, r"0|[1-9][0-9]{0,15}")
DIGEST = Form(str, r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
MESSAGE = Form(str, r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
USE = Form(str, r"[a-z][a-z0-9-]{1,31}")
"""A use of a key. One that is not known here begins and ends nothing, and is no fault of the log."""
KEY = Form(str, r"[0-9a-f]{16}")
CODE = Form(str, r"[a-z][a-z_]{1,39}")
"""A code of a list. Its value is not judged here: a later version of the list is no fault of the log."""
NUMBERS = Form(str, r"[1-9][0-9]{0,15}(?:[,-][1-9][0-9]{0,15})*")
PERIOD = Form(str, r"[0-9]{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?")
"""A day or a month in UTC."""


def one_of(*words: str) -> Form:
    return Form(str, "|".join(words))


EVENTS: Final[Mapping[Event, Mapping[str, Form]]] = MappingProxyType(
    {
        Event.OPEN: {"n": COUNT, "ad": DIGEST, "crd": DIGEST},
        Event.EPCH: {
            "pe": COUNT,
            "sz": NATURAL,
            "rt": DIGEST,
            "csz": NATURAL,
            "crt": DIGEST,
            "why": CODE,
        },
        Event.AGRX: {"n": COUNT, "ad": DIGEST, "fs": COUNT},
        Event.KEYX: {
            "op": one_of("add", "retire", "revoke"),
            "use": USE,
            "kid": KEY,
            "cs": COUNT,
            "crd": DIGEST,
        },
        Event.SENT: {"seq": COUNT, "id": MESSAGE, "eh": DIGEST, "cd": DIGEST, "pc": DIGEST, "sz": COUNT},
        Event.VOID: {"seq": COUNT, "id": MESSAGE, "code": CODE},
        Event.RCVD: {
            "seq": COUNT,
            "id": MESSAGE,
            "eh": DIGEST,
            "cd": DIGEST,
            "k": one_of(*Verdict),
            "code": CODE,
        },
        Event.ACCP: {"seq": COUNT, "id": MESSAGE},
        Event.REJC: {"seq": COUNT, "id": MESSAGE, "code": CODE},
        Event.OPND: {"seqs": NUMBERS},
        Event.STMT: {"no": COUNT, "per": PERIOD, "dg": DIGEST},
        Event.STAG: {"by_no": COUNT, "k": one_of("agreed", "differs"), "dg": DIGEST},
        Event.DSCO: {"no": COUNT, "dg": DIGEST},
        Event.DSCR: {"no": COUNT, "dg": DIGEST, "k": one_of("settled", "open")},
        Event.ERAS: {"dg": DIGEST, "n": COUNT},
        Event.BEAT: {},
    }
)
"""The own members of each event. `code` of `rcvd` is there exactly when `k` is `rejected`."""

_COMMON: Final = ("v", "link", "by", "ep", "i", "t", "ev")
_EVENT_NAME = re.compile(r"[a-z]{1,16}", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """An event with its own members, before it has a place in a log."""

    ev: Event
    fields: Mapping[str, int | str]


@dataclass(frozen=True)
class Leaf:
    """A leaf as it stands in a log. `ev` and `fields` may be unknown to this version."""

    v: int
    link: LinkId
    by: AgencyCode
    ep: int
    i: int
    t: str
    ev: str
    fields: Mapping[str, int | str]
    raw: bytes

    @property
    def claimed_at(self) -> datetime:
        """The time that the writer claims; it proves nothing."""
        return parse_instant(self.t)


def opened(*, n: int, ad: Digest, crd: Digest) -> Entry:
    """The first leaf of a log: agreement version `n` with its digest, digest of our card."""
    return Entry(Event.OPEN, {"n": n, "ad": ad, "crd": crd})


def epch(*, pe: int, sz: int, rt: Digest, csz: int, crt: Digest, why: str) -> Entry:
    """A new epoch after `pe`: where our old log (`sz rt`) and our old copy (`csz crt`) ended, and why."""
    return Entry(Event.EPCH, {"pe": pe, "sz": sz, "rt": rt, "csz": csz, "crt": crt, "why": why})


def agrx(*, n: int, ad: Digest, fs: int) -> Entry:
    """Our messages from number `fs` on are judged by agreement version `n`."""
    return Entry(Event.AGRX, {"n": n, "ad": ad, "fs": fs})


def keyx(*, op: str, use: KeyUse, kid: KeyId, cs: int, crd: Digest) -> Entry:
    """A key is added, retired or revoked (`op`) by our card of serial `cs`."""
    return Entry(Event.KEYX, {"op": op, "use": use.value, "kid": kid, "cs": cs, "crd": crd})


def sent(*, seq: int, id: MessageId, eh: Digest, cd: Digest, pc: Digest, sz: int) -> Entry:
    """A message of ours: hashes of envelope and body, commitment, padded length of the plaintext."""
    return Entry(Event.SENT, {"seq": seq, "id": id, "eh": eh, "cd": cd, "pc": pc, "sz": sz})


def void(*, seq: int, id: MessageId, code: str) -> Entry:
    """We give up a number of ours; code of `void-reasons`."""
    return Entry(Event.VOID, {"seq": seq, "id": id, "code": code})


def rcvd(*, seq: int, id: MessageId, eh: Digest, cd: Digest, k: str, code: str | None = None) -> Entry:
    """A message of the partner is here; `k` a `Verdict`, `code` of `ack-rejections` only with a rejection."""
    fields: dict[str, int | str] = {"seq": seq, "id": id, "eh": eh, "cd": cd, "k": k}
    return Entry(Event.RCVD, fields | {"code": code} if code else fields)


def accp(*, seq: int, id: MessageId) -> Entry:
    """A message that was held is accepted."""
    return Entry(Event.ACCP, {"seq": seq, "id": id})


def rejc(*, seq: int, id: MessageId, code: str) -> Entry:
    """A held message is rejected; or a number without a message is closed, with the code `voided`."""
    return Entry(Event.REJC, {"seq": seq, "id": id, "code": code})


def opnd(*, seqs: str) -> Entry:
    """Officers opened these messages; the form of `numbers_text`."""
    return Entry(Event.OPND, {"seqs": seqs})


def stmt(*, no: int, per: str, dg: Digest) -> Entry:
    """Our statement number `no` for a day or month, with the digest of its bytes."""
    return Entry(Event.STMT, {"no": no, "per": per, "dg": dg})


def stag(*, by_no: int, k: str, dg: Digest) -> Entry:
    """Our answer to the partner's statement `by_no`: `agreed` or `differs`."""
    return Entry(Event.STAG, {"by_no": by_no, "k": k, "dg": dg})


def dsco(*, no: int, dg: Digest) -> Entry:
    """We opened difference `no`."""
    return Entry(Event.DSCO, {"no": no, "dg": dg})


def dscr(*, no: int, dg: Digest, k: str) -> Entry:
    """We answered difference `no`: it is `settled`, or stays `open`."""
    return Entry(Event.DSCR, {"no": no, "dg": dg, "k": k})


def eras(*, dg: Digest, n: int) -> Entry:
    """Contents of `n` cases were erased; digest of the list."""
    return Entry(Event.ERAS, {"dg": dg, "n": n})


def beat() -> Entry:
    """A sign of life."""
    return Entry(Event.BEAT, {})


def encode_leaf(entry: Entry, *, link: LinkId, by: AgencyCode, ep: int, i: int, t: str) -> bytes:
    """Return the exact bytes of a leaf at index `i` of our log, written at the instant text `t`.

    Raises:
        LeafInvalidError: we never write what `legal` would name at the partner, nor more than 2,048 bytes.
    """
    fault = _fault(entry.ev, entry.fields)
    if fault is not None:
        raise LeafInvalidError(f"entry {entry.ev.value} is not written: {fault.value}")
    common: dict[str, JsonValue] = {
        "v": LEAF_VERSION,
        "link": link,
        "by": by,
        "ep": ep,
        "i": i,
        "t": t,
        "ev": entry.ev.value,
    }
    raw = encode_canonical(common | dict(entry.fields))
    if len(raw) > MAX_LEAF_BYTES:
        raise LeafInvalidError(
            f"entry {entry.ev.value} has {len(raw)} bytes; at most {MAX_LEAF_BYTES} are allowed"
        )
    return raw


def decode_leaf(raw: bytes) -> Leaf:
    """Return the leaf of untrusted bytes, as far as it must be right to be stored and cosigned.

    Raises:
        LeafInvalidError: not the one canonical form, too long, or a wrong common member.
    """
    try:
        members = parse_object(raw, LEAF_LIMITS)
        if encode_canonical(members) != raw:
            raise LeafInvalidError("a leaf is not in its canonical form")
        return _leaf(raw, members)
    except (StrictJsonError, IdentifierError, KeyError, TypeError) as error:
        raise LeafInvalidError(f"a leaf does not have the agreed form: {_cause(error)}") from None


def legal(leaf: Leaf) -> str:
    """Return what is wrong with the event or its own members as a `LeafFault`, or "" when nothing is.

    For leaves that are stored already; see level 2 at the top of this module.
    """
    return _fault(leaf.ev, leaf.fields) or ""


def numbers_text(numbers: list[int]) -> str:
    """Return the text of a set of numbers, `3,5-9`; requires ascending numbers from 1, each once."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def parse_numbers(text: str) -> list[tuple[int, int]]:
    """Return the runs of numbers of `3,5-9` as pairs (first, last).

    Raises:
        LeafInvalidError: not the one shortest, ascending form.
    """
    if re.fullmatch(NUMBERS.pattern, text, re.ASCII) is None:
        raise LeafInvalidError("numbers do not have the form 3,5-9")
    runs: list[tuple[int, int]] = []
    for run in text.split(","):
        ends = [int(end) for end in run.split("-")]
        first, last = ends[0], ends[-1]
        is_short = len(ends) == 1 or (len(ends) == 2 and first < last)
        if not is_short or (runs and first <= runs[-1][1] + 1):
            raise LeafInvalidError("numbers are not ascending, or not in their shortest form")
        runs.append((first, last))
    return runs


@cache
def stored_form(event: Event) -> re.Pattern[bytes]:
    """Return the pattern of the whole bytes of a legal leaf of an event, its members as named groups.

    For reading millions of stored leaves: requires bytes that `decode_leaf` took. Made from `EVENTS`, so that
    there is one table. What does not match has a fault. What matches has none, but for the two rules that
    join members: the order inside `seqs`, and `code` with `k` of `rcvd`.
    """
    forms = dict(EVENTS[event]) | {
        "v": Form(int, str(LEAF_VERSION)),
        "link": Form(str, r"[A-Za-z0-9_-]{22}"),
        "by": Form(str, r"[A-Z0-9-]{4,54}"),
        "ep": COUNT,
        "i": Form(int, r"[0-9]{1,16}"),
        "t": Form(str, r"[0-9TZ:.-]{24}"),
        "ev": one_of(event.value),
    }
    members = (_member_pattern(event, name, forms[name]) for name in sorted(forms))
    return re.compile((r"\{" + "".join(members).removesuffix(",") + r"\}").encode("ascii"))


def _member_pattern(event: Event, name: str, form: Form) -> str:
    quote = '"' if form.kind is str else ""
    member = f'"{name}":{quote}(?P<{name}>{form.pattern}){quote},'
    return f"(?:{member})?" if (event, name) == (Event.RCVD, "code") else member


def _leaf(raw: bytes, members: dict[str, JsonValue]) -> Leaf:
    fields: dict[str, int | str] = {}
    for name, value in members.items():
        # A truth value is an int in Python, but not in a leaf.
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise LeafInvalidError("a leaf has a member that is neither integer nor string")
        fields[name] = value
    v, link, by, ep, i, t, ev = [fields.pop(name) for name in _COMMON]
    if not (v == LEAF_VERSION and isinstance(ev, str) and _EVENT_NAME.fullmatch(ev)):
        raise LeafInvalidError("a leaf has another version, or a name that no event can have")
    if not (isinstance(ep, int) and ep >= 1 and isinstance(i, int) and i >= 0):
        raise LeafInvalidError("a leaf has no epoch from 1 and index from 0")
    if not (isinstance(link, str) and isinstance(by, str) and isinstance(t, str)):
        raise LeafInvalidError("a leaf has no text where link, writer and time stand")
    parse_instant(t)
    return Leaf(LEAF_VERSION, parse_link(link), parse_agency(by), ep, i, t, ev, MappingProxyType(fields), raw)


def _cause(error: Exception) -> str:
    return "a common member is missing" if isinstance(error, KeyError) else str(error)


def _fault(ev: str, fields: Mapping[str, int | str]) -> LeafFault | None:
    forms = _FORMS.get(ev)
    if forms is None:
        return LeafFault.EVENT_UNKNOWN
    needed = forms.keys() - {"code"} if _is_without_code(ev, fields) else forms.keys()
    if needed - fields.keys():
        return LeafFault.MEMBER_MISSING
    if fields.keys() - needed:
        return LeafFault.MEMBER_UNKNOWN
    for name, value in fields.items():
        kind, pattern = forms[name]
        if type(value) is not kind or pattern.fullmatch(str(value)) is None:
            return LeafFault.MEMBER_INVALID
    return _fault_of_numbers(fields["seqs"]) if ev == Event.OPND else None


def _is_without_code(ev: str, fields: Mapping[str, int | str]) -> bool:
    return ev == Event.RCVD and fields.get("k") != Verdict.REJECTED


def _fault_of_numbers(text: int | str) -> LeafFault | None:
    try:
        parse_numbers(str(text))
    except LeafInvalidError:
        return LeafFault.MEMBER_INVALID
    return None


_FORMS: Final[Mapping[str, Mapping[str, tuple[type, re.Pattern[str]]]]] = MappingProxyType(
    {
        event.value: {name: (form.kind, re.compile(form.pattern, re.ASCII)) for name, form in forms.items()}
        for event, forms in EVENTS.items()
    }
)
"""`EVENTS` by the name of the event, with the patterns compiled."""
