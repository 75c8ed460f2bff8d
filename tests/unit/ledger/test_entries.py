# SPDX-License-Identifier: Apache-2.0
"""Leaves: one form of bytes, two levels of reading."""

import json
from typing import Any

import pytest
from exchange.errors import LeafInvalidError
from exchange.ledger import entries
from exchange.ledger.entries import (
    EVENTS,
    MAX_LEAF_BYTES,
    Entry,
    Event,
    decode_leaf,
    encode_leaf,
    legal,
    numbers_text,
    parse_numbers,
    stored_form,
)
from exchange.protocol.suites import KeyUse
from hypothesis import given
from hypothesis import strategies as st
from tests.support.logs import HOST, LINK, digest, message_id

T = "2027-10-04T09:12:04.123Z"
ID, DIGEST = message_id("a message"), digest("something")
ENTRIES = {
    Event.OPEN: entries.opened(n=1, ad=DIGEST, crd=DIGEST),
    Event.EPCH: entries.epch(pe=1, sz=0, rt=DIGEST, csz=9, crt=DIGEST, why="two_histories"),
    Event.AGRX: entries.agrx(n=2, ad=DIGEST, fs=41),
    Event.KEYX: entries.keyx(op="add", use=KeyUse.SEAL, kid="19c07f3a19c07f3a", cs=3, crd=DIGEST),  # type: ignore[arg-type]
    Event.SENT: entries.sent(seq=1, id=ID, eh=DIGEST, cd=DIGEST, pc=DIGEST, sz=2_048),
    Event.VOID: entries.void(seq=1, id=ID, code="withdrawn"),
    Event.RCVD: entries.rcvd(seq=1, id=ID, eh=DIGEST, cd=DIGEST, k="accepted"),
    Event.ACCP: entries.accp(seq=1, id=ID),
    Event.REJC: entries.rejc(seq=1, id=ID, code="internal"),
    Event.OPND: entries.opnd(seqs="3,5-9"),
    Event.STMT: entries.stmt(no=1, per="2027-10", dg=DIGEST),
    Event.STAG: entries.stag(by_no=1, k="agreed", dg=DIGEST),
    Event.DSCO: entries.dsco(no=1, dg=DIGEST),
    Event.DSCR: entries.dscr(no=1, dg=DIGEST, k="settled"),
    Event.ERAS: entries.eras(dg=DIGEST, n=3),
    Event.BEAT: entries.beat(),
}
MEMBERS = sorted((event, name) for event, forms in EVENTS.items() for name in forms)


def placed(entry: Entry, i: int = 7) -> bytes:
    return encode_leaf(entry, link=LINK, by=HOST, ep=1, i=i, t=T)


def rewritten(raw: bytes, **members: Any) -> bytes:
    """The leaf with other members, in canonical form; None leaves a member out."""
    value = json.loads(raw) | members
    kept = {name: entry for name, entry in value.items() if entry is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


BY = f'"by":"{HOST}"'.encode()
SENT = placed(ENTRIES[Event.SENT])


def test_table_of_examples_has_every_event() -> None:
    assert ENTRIES.keys() == EVENTS.keys() == set(Event)


@pytest.mark.parametrize("event", Event)
def test_each_event_is_read_as_it_was_written(event: Event) -> None:
    raw = placed(ENTRIES[event])

    leaf = decode_leaf(raw)

    assert (leaf.v, leaf.link, leaf.by, leaf.ep, leaf.i, leaf.t, leaf.ev) == (1, LINK, HOST, 1, 7, T, event)
    assert leaf.fields == ENTRIES[event].fields
    assert leaf.raw == raw
    assert legal(leaf) == ""


@pytest.mark.parametrize("event", Event)
def test_each_event_has_the_form_of_a_stored_leaf_and_of_no_other(event: Event) -> None:
    raw = placed(ENTRIES[event])

    assert [one for one in Event if stored_form(one).fullmatch(raw)] == [event]


def test_leaf_has_the_exact_bytes_of_the_contract() -> None:
    assert placed(entries.accp(seq=5, id=ID)) == (
        f'{{"by":"{HOST}","ep":1,"ev":"accp","i":7,"id":"{ID}","link":"{LINK}","seq":5,"t":"{T}","v":1}}'.encode()
    )


def test_largest_leaf_of_the_table_is_far_below_the_limit() -> None:
    assert len(SENT) < MAX_LEAF_BYTES / 4


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="no object"),
        pytest.param(SENT + b" ", id="a space behind"),
        pytest.param(SENT + b"\n", id="a line feed behind"),
        pytest.param(SENT.replace(b":", b": ", 1), id="a space inside"),
        pytest.param(SENT.replace(b'{"by"', b'{"v":1,"by"'), id="a name twice"),
        pytest.param(SENT.replace(BY + b",", b"").replace(b"}", b"," + BY + b"}"), id="unsorted"),
        pytest.param(SENT.replace(b'"sent"', b'"\\u0073ent"'), id="a needless escape"),
        pytest.param(SENT.replace(b'"sz":2048', b'"sz":2048.0'), id="a fraction"),
        pytest.param(SENT.replace(b'"sz":2048', b'"sz":9007199254740992'), id="an integer beyond 2^53-1"),
        pytest.param(SENT.replace(b'"sz":2048', b'"sz":02048'), id="a leading zero"),
        pytest.param(rewritten(SENT, sz=True), id="a truth value"),
        pytest.param(rewritten(SENT).replace(b'"sz":2048', b'"sz":null'), id="null"),
        pytest.param(rewritten(SENT, sz=[1]), id="a list"),
        pytest.param(rewritten(SENT, sz={"a": 1}), id="an object"),
        pytest.param("{\"a\":\"ក\"}".encode(), id="letters outside ASCII"),
        pytest.param(rewritten(SENT, extra="x" * MAX_LEAF_BYTES), id="over 2,048 bytes"),
    ],
)  # fmt: skip
def test_bytes_that_are_not_the_canonical_form_are_refused(raw: bytes) -> None:
    with pytest.raises(LeafInvalidError):
        decode_leaf(raw)


@pytest.mark.parametrize("name", ["v", "link", "by", "ep", "i", "t", "ev"])
def test_leaf_without_a_common_member_is_refused(name: str) -> None:
    with pytest.raises(LeafInvalidError, match="missing"):
        decode_leaf(rewritten(SENT, **{name: None}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", 2), ("v", "1"), ("v", 0),
        ("link", "short"), ("link", 5), ("link", LINK + "="),
        ("by", "kh-mosvy"), ("by", 1), ("by", HOST + "\n"),
        ("ep", 0), ("ep", -1), ("ep", "1"),
        ("i", -1), ("i", "0"),
        ("t", "2027-10-04T09:12:04Z"), ("t", "2027-13-04T09:12:04.123Z"), ("t", 0), ("t", T + "0"),
        ("ev", "SENT"), ("ev", ""), ("ev", 3), ("ev", "x" * 17), ("ev", "sent\n"),
    ],
)  # fmt: skip
def test_leaf_with_a_wrong_common_member_is_refused(name: str, value: Any) -> None:
    with pytest.raises(LeafInvalidError):
        decode_leaf(rewritten(SENT, **{name: value}))


def test_unknown_event_is_kept_and_named_afterwards() -> None:
    leaf = decode_leaf(rewritten(SENT, ev="wave", height=3))

    assert (leaf.ev, leaf.fields["height"]) == ("wave", 3)
    assert legal(leaf) == "event_unknown"


def test_unknown_member_is_kept_and_named_afterwards() -> None:
    leaf = decode_leaf(rewritten(SENT, type="RPN"))

    assert leaf.fields["type"] == "RPN"
    assert legal(leaf) == "member_unknown"


def test_far_off_time_is_no_fault() -> None:
    assert legal(decode_leaf(rewritten(SENT, t="1970-01-01T00:00:00.000Z"))) == ""


@pytest.mark.parametrize(("event", "name"), MEMBERS)
def test_missing_member_is_named(event: Event, name: str) -> None:
    whole = placed(entries.rcvd(seq=1, id=ID, eh=DIGEST, cd=DIGEST, k="rejected", code="expired"))
    raw = rewritten(whole if event is Event.RCVD else placed(ENTRIES[event]), **{name: None})

    fault = legal(decode_leaf(raw))

    assert fault == "member_missing"
    assert name == "code" or not stored_form(event).fullmatch(raw)


@pytest.mark.parametrize(("event", "name"), MEMBERS)
@pytest.mark.parametrize("value", [0, -1, "", "\n", "x" * 300, "2027-10-04\n", "01", "é"])
def test_member_of_another_form_is_named(event: Event, name: str, value: int | str) -> None:
    if (name, value) in (("sz", 0), ("csz", 0)) and event is Event.EPCH:
        value = -2  # a log may end before its first entry
    whole = placed(entries.rcvd(seq=1, id=ID, eh=DIGEST, cd=DIGEST, k="rejected", code="expired"))
    raw = rewritten(whole if event is Event.RCVD else placed(ENTRIES[event]), **{name: value})

    fault = legal(decode_leaf(raw))

    # Another `k` than rejected also makes the code one too many.
    assert fault == ("member_unknown" if (event, name) == (Event.RCVD, "k") else "member_invalid")
    assert not stored_form(event).fullmatch(raw)


@pytest.mark.parametrize(
    ("event", "name", "value"),
    [
        (Event.SENT, "seq", "1"),
        (Event.SENT, "eh", DIGEST[:-1]),
        (Event.SENT, "eh", DIGEST[:-1] + "B"),
        (Event.SENT, "id", ID.upper()),
        (Event.SENT, "id", ID.replace("-7", "-4", 1)),
        (Event.KEYX, "op", "rotate"),
        (Event.KEYX, "use", "Sign"),
        (Event.KEYX, "kid", "19C07F3A19C07F3A"),
        (Event.VOID, "code", "Withdrawn by the officer"),
        (Event.STMT, "per", "2027-10-32"),
        (Event.STMT, "per", "2027"),
        (Event.STAG, "k", "agree"),
        (Event.OPND, "seqs", "5-5"),
        (Event.OPND, "seqs", "3,4"),
        (Event.OPND, "seqs", "5,3"),
        (Event.OPND, "seqs", "1-2-3"),
    ],
)
def test_value_that_its_member_cannot_have_is_named(event: Event, name: str, value: int | str) -> None:
    assert legal(decode_leaf(rewritten(placed(ENTRIES[event]), **{name: value}))) == "member_invalid"


@pytest.mark.parametrize(
    ("k", "code", "fault"),
    [
        ("accepted", "expired", "member_unknown"),
        ("held", "expired", "member_unknown"),
        ("rejected", None, "member_missing"),
    ],
)
def test_code_stands_exactly_with_a_rejection(k: str, code: str | None, fault: str) -> None:
    raw = rewritten(placed(ENTRIES[Event.RCVD]), k=k, code=code)

    assert legal(decode_leaf(raw)) == fault
    with pytest.raises(LeafInvalidError, match=fault):
        placed(entries.rcvd(seq=1, id=ID, eh=DIGEST, cd=DIGEST, k=k, code=code))


@pytest.mark.parametrize(
    "entry",
    [
        Entry(Event.SENT, {"seq": 1}),
        Entry(Event.BEAT, {"note": "hello"}),
        Entry(Event.VOID, {"seq": 0, "id": ID, "code": "expired"}),
        Entry(Event.OPND, {"seqs": ",".join(str(2 * n) for n in range(100, 700))}),
    ],
)
def test_entry_that_would_be_a_fault_is_never_written(entry: Entry) -> None:
    with pytest.raises(LeafInvalidError):
        placed(entry)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_numbers_are_read_as_they_were_written(numbers: set[int]) -> None:
    runs = parse_numbers(numbers_text(sorted(numbers)))

    assert {number for first, last in runs for number in range(first, last + 1)} == numbers


@given(st.text(alphabet="0123456789,-", max_size=12))
def test_numbers_have_one_spelling(text: str) -> None:
    try:
        runs = parse_numbers(text)
    except LeafInvalidError:
        return

    if sum(last - first for first, last in runs) < 10_000:
        assert numbers_text([n for first, last in runs for n in range(first, last + 1)]) == text


@given(st.binary(max_size=80))
def test_other_bytes_are_refused_with_one_error(raw: bytes) -> None:
    with pytest.raises(LeafInvalidError):
        decode_leaf(raw)


@given(st.sampled_from(sorted(ENTRIES)), st.data())
def test_changed_byte_never_gives_another_reading_of_the_same_leaf(event: str, data: st.DataObject) -> None:
    """Whatever is decoded encodes to the very bytes that were read."""
    raw = bytearray(placed(ENTRIES[Event(event)]))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    try:
        leaf = decode_leaf(bytes(raw))
    except LeafInvalidError:
        return

    members = {
        "v": 1,
        "link": leaf.link,
        "by": leaf.by,
        "ep": leaf.ep,
        "i": leaf.i,
        "t": leaf.t,
        "ev": leaf.ev,
    }
    assert json.dumps(members | dict(leaf.fields), sort_keys=True, separators=(",", ":")).encode() == bytes(
        raw
    )
    matched = [one for one in Event if stored_form(one).fullmatch(bytes(raw))]
    joined_rules = {Event.OPND, Event.RCVD}
    assert legal(leaf) != "" or matched == [leaf.ev]
    assert legal(leaf) == "" or not set(matched) - joined_rules
