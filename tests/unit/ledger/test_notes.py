# SPDX-License-Identifier: Apache-2.0
"""Heads and cosignatures: one form, one name, one key."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from exchange.errors import NoteInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.notes import Head, cosign, read_head, sign_head, verify_cosignature, verify_head
from exchange.protocol.suites import Algorithm, KeyUse, sign
from hypothesis import given
from hypothesis import strategies as st
from tests.support.keys import test_key
from tests.support.logs import HOST, LINK, NOW, ORIGIN, cosign_key, head_key

ROOT = bytes(range(32))
HEAD = Head(LINK, HOST, 1, 7, ROOT)
NOTE = sign_head(HEAD, head_key(HOST), by=HOST)
TEXT, SIGNATURE = NOTE.split("\n\n")
LINE = cosign(NOTE, cosign_key(ORIGIN), by=ORIGIN, at=NOW)
KEY = head_key(HOST).public
COSIGN_KEY = cosign_key(ORIGIN).public


def with_root(root: bytes) -> str:
    return TEXT.replace(TEXT.split("\n")[2], base64.b64encode(root).decode())


def with_text(text: str) -> str:
    """The note with another text, rightly signed by the pinned key."""
    return resigned(text + "\n\n" + SIGNATURE)


def resigned(note: str) -> str:
    text = note.rpartition("\n\n")[0] + "\n"
    old = base64.b64decode(SIGNATURE.split(" ")[2])
    coded = base64.b64encode(old[:4] + sign(head_key(HOST), text.encode())).decode()
    return f"{text}\n— {HOST}/head {coded}\n"


def test_head_has_the_exact_text_of_the_contract() -> None:
    assert f"exchange/v1/{LINK}/{HOST}/1\n7\n{base64.b64encode(ROOT).decode()}" == TEXT
    assert SIGNATURE.startswith(f"— {HOST}/head ")


def test_head_is_verified_as_it_was_signed() -> None:
    assert verify_head(NOTE, KEY, by=HOST) == HEAD


def test_empty_log_has_a_head_of_size_0() -> None:
    head = Head(LINK, HOST, 1, 0, ROOT)

    assert verify_head(sign_head(head, head_key(HOST), by=HOST), KEY, by=HOST) == head


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT.replace("\n7\n", "\n007\n"), id="leading zeros"),
        pytest.param(TEXT.replace("\n7\n", "\n+7\n"), id="plus sign"),
        pytest.param(TEXT.replace("\n7\n", "\n-7\n"), id="minus sign"),
        pytest.param(TEXT.replace("\n7\n", "\n7.0\n"), id="fraction"),
        pytest.param(TEXT.replace("\n7\n", "\n 7\n"), id="space before the size"),
        pytest.param(TEXT.replace("\n7\n", "\n7 \n"), id="space behind the size"),
        pytest.param(TEXT.replace("\n7\n", "\n٧\n"), id="digit of another script"),
        pytest.param(TEXT.replace("\n7\n", "\n\n"), id="no size"),
        pytest.param(TEXT.replace("\n7\n", "\n9007199254740992\n"), id="size beyond 2^53-1"),
        pytest.param(TEXT.replace("/1\n", "/0\n"), id="epoch 0"),
        pytest.param(TEXT.replace("/1\n", "/01\n"), id="epoch with a leading zero"),
        pytest.param(TEXT.replace("/1\n", "/1/2\n"), id="longer origin"),
        pytest.param(TEXT.replace("/1\n", "\n"), id="shorter origin"),
        pytest.param(TEXT.replace("exchange/v1", "exchange/v2"), id="other version"),
        pytest.param(TEXT.replace("exchange/v1", "Exchange/v1"), id="other case"),
        pytest.param(TEXT.replace(LINK, LINK[:-1]), id="short link"),
        pytest.param(TEXT.replace(HOST, HOST.lower()), id="agency in lower case"),
        pytest.param(TEXT + "\nextension", id="extension line"),
        pytest.param(TEXT + "\n\nextension", id="second text"),
        pytest.param(TEXT.rpartition("\n")[0], id="no root"),
        pytest.param(with_root(ROOT[:31]), id="root of 31 bytes"),
        pytest.param(with_root(ROOT + b"x"), id="root of 33 bytes"),
        pytest.param(TEXT.replace("Hh8=", "Hh9="), id="root with stray bits"),
        pytest.param(TEXT.replace("=", ""), id="root without padding"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(TEXT.replace("\n7", "\t\n7"), id="control character"),
        pytest.param("\n" + TEXT, id="empty line before"),
    ],
)  # fmt: skip
def test_other_text_is_refused_though_it_is_rightly_signed(text: str) -> None:
    with pytest.raises(NoteInvalidError):
        verify_head(with_text(text), KEY, by=HOST)


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="nothing"),
        pytest.param(TEXT + "\n", id="no signature"),
        pytest.param(TEXT + "\n\n", id="no signature line"),
        pytest.param(NOTE[:-1], id="no last line feed"),
        pytest.param(NOTE + "\n", id="empty line behind"),
        pytest.param(NOTE + "more\n", id="line behind"),
        pytest.param(NOTE + " ", id="space behind"),
        pytest.param(NOTE + SIGNATURE, id="signature twice"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(NOTE.replace("— ", "- "), id="hyphen"),
        pytest.param(NOTE.replace("— ", "—  "), id="two spaces"),
        pytest.param(NOTE.replace("/head ", "/head+1 "), id="plus in the name"),
        pytest.param(NOTE.replace("/head ", "/cosign "), id="name of another use"),
        pytest.param(NOTE.replace(f"— {HOST}", f"— {ORIGIN}"), id="name of another agency"),
        pytest.param(f"{TEXT}\n\n— {HOST}/head AAAA\n", id="no room for a signature"),
        pytest.param(f"{TEXT}\n\n— {HOST}/head {'A' * 400}\n", id="another key id"),
        pytest.param(f"{TEXT}\n\n— {HOST}/head !!!!\n", id="no base64"),
        pytest.param(NOTE.replace("— ", "— x" + "x" * 1_024), id="too large"),
        pytest.param("\ufeff" + NOTE, id="byte order mark"),
    ],
)
def test_note_of_another_form_is_refused(note: str) -> None:
    with pytest.raises(NoteInvalidError):
        verify_head(note, KEY, by=HOST)


def test_head_of_another_writer_is_refused() -> None:
    theirs = sign_head(Head(LINK, ORIGIN, 1, 7, ROOT), head_key(ORIGIN), by=ORIGIN)

    with pytest.raises(NoteInvalidError, match="expected KH-MOSVY-DAHT"):
        verify_head(theirs, KEY, by=HOST)


def test_head_under_another_key_is_refused() -> None:
    other = test_key(KeyUse.HEAD, Algorithm.ED25519, "another head key")

    with pytest.raises(NoteInvalidError, match="another key"):
        verify_head(NOTE, other.public, by=HOST)


def test_changed_size_under_the_old_signature_is_refused() -> None:
    with pytest.raises(SignatureInvalidError):
        verify_head(NOTE.replace("\n7\n", "\n8\n"), KEY, by=HOST)


@given(st.integers(4, 67), st.integers(0, 7))
def test_changed_bit_of_the_signature_is_refused(at: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(SIGNATURE.split(" ")[2]))
    raw[at] ^= 1 << bit

    with pytest.raises(SignatureInvalidError):
        verify_head(f"{TEXT}\n\n— {HOST}/head {base64.b64encode(raw).decode()}\n", KEY, by=HOST)


@given(st.text(max_size=300))
def test_any_other_text_is_refused_with_one_error(note: str) -> None:
    with pytest.raises(NoteInvalidError):
        read_head(note)


@pytest.mark.parametrize(
    ("head", "by"),
    [
        (Head(LINK, HOST, 1, 7, ROOT[:31]), HOST),
        (Head(LINK, HOST, 1, -1, ROOT), HOST),
        (Head(LINK, HOST, 1, 7, ROOT), ORIGIN),
    ],
)
def test_head_that_nobody_could_take_is_not_signed(head: Head, by: AgencyCode) -> None:
    with pytest.raises(NoteInvalidError):
        sign_head(head, head_key(HOST), by=by)


@pytest.mark.parametrize("use", [KeyUse.ENVELOPE, KeyUse.COSIGN, KeyUse.DOOR, KeyUse.RECOVERY])
def test_key_of_another_use_neither_signs_nor_verifies_a_head(use: KeyUse) -> None:
    key = test_key(use, Algorithm.ED25519, f"head {HOST}")

    with pytest.raises(NoteInvalidError, match="use"):
        sign_head(HEAD, key, by=HOST)
    with pytest.raises(NoteInvalidError, match="use"):
        verify_head(NOTE, key.public, by=HOST)


def test_cosignature_gives_its_time_in_whole_seconds() -> None:
    line = cosign(NOTE, cosign_key(ORIGIN), by=ORIGIN, at=NOW + timedelta(milliseconds=900))

    assert verify_cosignature(NOTE, line, COSIGN_KEY, by=ORIGIN) == NOW


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param(LINE[:-1], id="no line feed"),
        pytest.param(LINE + LINE, id="twice"),
        pytest.param("\n" + LINE, id="empty line before"),
        pytest.param(LINE.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(LINE.replace(f"{ORIGIN}/cosign", f"{ORIGIN}/head"), id="name of another use"),
        pytest.param(LINE.replace(ORIGIN, HOST), id="name of another agency"),
        pytest.param(SIGNATURE, id="the signature of the head itself"),
        pytest.param(f"— {ORIGIN}/cosign AAAA\n", id="no room for a signature"),
    ],
)
def test_cosignature_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(NoteInvalidError):
        verify_cosignature(NOTE, line, COSIGN_KEY, by=ORIGIN)


@given(st.integers(4, 75), st.integers(0, 7))
def test_changed_bit_of_time_or_cosignature_is_refused(at: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(LINE.split(" ")[2]))
    raw[at] ^= 1 << bit

    with pytest.raises(SignatureInvalidError):
        verify_cosignature(
            NOTE, f"— {ORIGIN}/cosign {base64.b64encode(raw).decode()}\n", COSIGN_KEY, by=ORIGIN
        )


@pytest.mark.parametrize(
    "head",
    [
        Head(LINK, HOST, 1, 8, ROOT),
        Head(LINK, HOST, 2, 7, ROOT),
        Head(LinkId("B" * 22), HOST, 1, 7, ROOT),
        Head(LINK, HOST, 1, 7, ROOT[::-1]),
    ],
)
def test_cosignature_of_one_head_is_none_of_another(head: Head) -> None:
    other = sign_head(head, head_key(HOST), by=HOST)

    with pytest.raises(SignatureInvalidError):
        verify_cosignature(other, LINE, COSIGN_KEY, by=ORIGIN)


def test_cosignature_with_a_time_that_is_no_date_is_refused() -> None:
    far = 2**63 - 1
    message = f"cosignature/v1\ntime {far}\n{TEXT}\n".encode()
    key_id = base64.b64decode(LINE.split(" ")[2])[:4]
    raw = key_id + far.to_bytes(8, "big") + sign(cosign_key(ORIGIN), message)

    with pytest.raises(NoteInvalidError, match="no date"):
        verify_cosignature(
            NOTE, f"— {ORIGIN}/cosign {base64.b64encode(raw).decode()}\n", COSIGN_KEY, by=ORIGIN
        )


def test_nothing_but_a_head_is_cosigned() -> None:
    with pytest.raises(NoteInvalidError):
        cosign(f"a text\n\n{SIGNATURE}", cosign_key(ORIGIN), by=ORIGIN, at=NOW)


def test_key_of_another_use_neither_cosigns_nor_verifies_a_cosignature() -> None:
    key = test_key(KeyUse.HEAD, Algorithm.ED25519, f"cosign {ORIGIN}")

    with pytest.raises(NoteInvalidError, match="use"):
        cosign(NOTE, key, by=ORIGIN, at=NOW)
    with pytest.raises(NoteInvalidError, match="use"):
        verify_cosignature(NOTE, LINE, key.public, by=ORIGIN)


def test_same_head_gives_the_same_bytes() -> None:
    assert sign_head(HEAD, head_key(HOST), by=HOST) == NOTE
    assert cosign(NOTE, cosign_key(ORIGIN), by=ORIGIN, at=datetime(2027, 10, 4, 9, tzinfo=UTC)) == LINE
