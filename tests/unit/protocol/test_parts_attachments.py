# SPDX-License-Identifier: Apache-2.0
"""Attachments among the parts of a body: after the persons, in one form, at most five."""

import json

import pytest
from exchange.errors import RejectedError
from exchange.ids import b64url
from exchange.messages.media import Carried
from exchange.protocol.parts import (
    MAX_ATTACHMENTS,
    Document,
    attachments_of,
    join_parts,
    kept_document,
    kept_header,
    pad,
    salts_of,
    split_document,
    unpad,
)
from hypothesis import given
from hypothesis import strategies as st
from tests.support.keys import seeded_random

DOCUMENT: Document = {"header": {"type": "RPN"}, "content": {}, "persons": [{"case_code": "A"}, {}]}
FILES = (Carried(4, 1, b"\xff\xd8 one"), Carried(5, 2, b"%PDF two"))
SALT = b64url(bytes(range(32)))


def parts_with(*files: Carried) -> list[bytes]:
    return split_document(DOCUMENT, seeded_random("salts"), files)


def part(text: str) -> bytes:
    return f'{{"salt":"{SALT}",{text}}}'.encode()


@pytest.mark.parametrize("files", [(), FILES], ids=["none", "two"])
def test_parts_that_were_kept_give_the_document_that_was_read(files: tuple[Carried, ...]) -> None:
    parts = parts_with(*files)

    assert kept_document(parts) == join_parts(parts) == DOCUMENT
    assert kept_header(parts[0]) == {"header": DOCUMENT["header"]}


def test_attachments_follow_the_persons_with_salts_of_their_own() -> None:
    parts = parts_with(*FILES)

    assert [list(json.loads(raw)) for raw in parts[4:]] == [["salt", "number", "data"]] * 2
    assert json.loads(parts[4])["number"] == 1
    assert len(set(salts_of(parts))) == 6


def test_document_and_attachments_come_back() -> None:
    parts = unpad(pad(parts_with(*FILES)))

    assert join_parts(parts) == DOCUMENT
    assert tuple(attachments_of(parts)) == FILES


def test_message_without_attachments_has_none() -> None:
    assert attachments_of(parts_with()) == []
    assert attachments_of(parts_with()[:2]) == []


@given(st.lists(st.binary(max_size=50), max_size=MAX_ATTACHMENTS))
def test_any_bytes_come_back(contents: list[bytes]) -> None:
    files = [Carried(4 + index, 1 + index, data) for index, data in enumerate(contents)]

    assert attachments_of(parts_with(*files)) == files


def test_sixth_attachment_stays_a_line_that_no_form_has() -> None:
    files = [Carried(4 + index, 1 + index, b"x") for index in range(6)]
    parts = parts_with(*files)

    persons = join_parts(parts)["persons"]

    assert len(attachments_of(parts)) == MAX_ATTACHMENTS
    assert isinstance(persons, list)
    assert persons[2] == {"number": 1, "data": b64url(b"x")}


def test_attachment_before_a_person_stays_a_line() -> None:
    parts = [*parts_with(), part('"number":1,"data":"eA"'), part('"case_code":"B"').replace(b"AAEC", b"BBEC")]

    assert attachments_of(parts) == []
    assert len(join_parts(parts)["persons"]) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '"data":"eA","number":1',
        '"number":1,"data":"eA","more":1',
        '"number":"1","data":"eA"',
        '"number":0,"data":"eA"',
        '"number":01,"data":"eA"',
        '"number":10000,"data":"eA"',
        '"number":1,"data":"eA=="',
        '"number":1, "data":"eA"',
        '"number":1,"data":"e\\u0041"',
        '"number":1',
    ],
)
def test_part_in_another_form_is_no_attachment(text: str) -> None:
    assert attachments_of([*parts_with(), part(text)]) == []


@pytest.mark.parametrize("data", ["eB", "e", "eAB", "eAA_-"])
def test_bytes_in_another_spelling_are_refused(data: str) -> None:
    with pytest.raises(RejectedError) as caught:
        attachments_of([*parts_with(), part(f'"number":1,"data":"{data}"')])

    assert caught.value.reason == "attachment_mismatch"


def test_repeated_salt_of_an_attachment_is_refused() -> None:
    parts = parts_with(*FILES)

    with pytest.raises(RejectedError):
        join_parts([*parts, parts[-1]])
