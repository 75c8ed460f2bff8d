# SPDX-License-Identifier: Apache-2.0
"""Attachments are added to a draft with everything the list must say, and compared with it byte by byte."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import sha256
from exchange.messages.attachments import Attached, FileToAttach, attach, attachment_faults
from exchange.messages.header_rules import MAX_INLINE_BYTES
from exchange.messages.media import Carried
from exchange.messages.validation import check_form, check_rules
from tests.support.documents import notice
from tests.support.examples import context, facts
from tests.support.pictures import GPS, chunk, jpeg, packed, pdf, png, segment

CASE = "7KQ2-M9XD-4TBE"
EXIF = segment(0xE1, GPS)


def photograph(**changes: Any) -> FileToAttach:
    return replace(FileToAttach(jpeg(), "photograph", case_code=CASE), **changes)


def agreed() -> dict[str, Any]:
    """Return a notice whose person agreed to the photograph as well."""
    document: dict[str, Any] = notice()
    (person,) = document["persons"]
    person["consents"] = [*person["consents"], {**person["consents"][0], "scope": "photo"}]
    return document


def two_files() -> Attached:
    return attach(agreed(), [photograph(), FileToAttach(pdf(), "official_letter")])


def faults(attached: Attached, **changes: Any) -> list[tuple[str, str]]:
    """Return code and rule of the faults after a change of the first entry of the list."""
    document = deepcopy(attached.document)
    document["header"]["attachments"][0] |= changes  # type: ignore[index, call-overload, operator]
    return [(found.code, found.rule) for found in attachment_faults(document, attached.parts)]


def test_files_follow_the_persons_in_their_order() -> None:
    attached = two_files()

    assert [(one.part, one.number) for one in attached.parts] == [(3, 1), (4, 2)]
    assert [one.data for one in attached.parts] == [jpeg(), pdf()]


def test_list_says_what_the_bytes_are() -> None:
    header: Any = two_files().document["header"]

    assert header["attachments"][0] == {
        "number": 1,
        "part": 3,
        "type": "photograph",
        "case_code": CASE,
        "media_type": "image/jpeg",
        "size": len(jpeg()),
        "hash": sha256(jpeg()),
        "language": "en",
        "class": "S2",
    }


def test_document_with_attachments_has_no_fault() -> None:
    attached = two_files()

    act = context(attached.document, attachments=attached.parts)

    assert check_form(attached.document) == ()
    assert check_rules(attached.document, act, facts()) == ()


def test_draft_that_is_given_is_not_changed() -> None:
    draft = notice()
    before = deepcopy(draft)

    attach(draft, [photograph()])

    assert draft == before


def test_class_of_the_message_rises_with_its_attachments() -> None:
    attached = attach(notice(), [photograph(class_="S4", readers=("P-0011",))])

    header: Any = attached.document["header"]
    assert header["sensitivity"] == "S4"
    assert header["attachments"][0]["readers"] == ["P-0011"]


def test_class_cannot_be_set_below_that_of_the_type() -> None:
    header: Any = attach(notice(), [FileToAttach(pdf(), "consent_form", class_="S1")]).document["header"]

    assert header["attachments"][0]["class"] == "S3"


def test_picture_that_tells_too_much_is_refused_or_stripped() -> None:
    told = photograph(data=jpeg(EXIF))

    with pytest.raises(InputError) as caught:
        attach(notice(), [told])

    assert caught.value.faults[0].code == "over_disclosure"
    assert "--strip" in (caught.value.hint or "")
    assert attach(notice(), [replace(told, strip=True)]).parts[0].data == jpeg()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (photograph(type="mugshot"), "code_unknown"),
        (photograph(type="medical_record"), "over_disclosure"),
        (photograph(type="identification_interview"), "over_disclosure"),
        (photograph(data=b"GIF89a\x00"), "attachment_mismatch"),
        (photograph(data=b""), "attachment_mismatch"),
        (photograph(data=b"a note"), "attachment_mismatch"),
        (photograph(data=jpeg()[:-2]), "attachment_mismatch"),
        (photograph(data=jpeg(after=b"PK")), "attachment_mismatch"),
        (photograph(data=pdf(b"<< /OpenAction 1 0 R >>")), "attachment_mismatch"),
        (photograph(data=png(chunk(b"IDAT", bytes(MAX_INLINE_BYTES)))), "attachment_mismatch"),
    ],
)
def test_file_that_may_not_travel_is_refused_with_what_to_do(file: FileToAttach, code: str) -> None:
    with pytest.raises(InputError) as caught:
        attach(notice(), [file])

    (fault,) = caught.value.faults
    assert fault.code == code
    assert caught.value.hint


def test_large_file_is_told_the_limit() -> None:
    with pytest.raises(InputError) as caught:
        attach(notice(), [photograph(data=png(chunk(b"IDAT", bytes(MAX_INLINE_BYTES))))])

    assert caught.value.faults[0].expected == "at most 256 KiB"
    assert "smaller" in (caught.value.hint or "")


def test_file_of_exactly_the_limit_travels() -> None:
    frame = len(png(chunk(b"IDAT")))

    attached = attach(notice(), [photograph(data=png(chunk(b"IDAT", bytes(MAX_INLINE_BYTES - frame))))])

    assert len(attached.parts[0].data) == MAX_INLINE_BYTES


def test_six_files_are_too_many() -> None:
    attach(notice(), [photograph()] * 5)

    with pytest.raises(InputError, match="6 files"):
        attach(notice(), [photograph()] * 6)


def test_files_are_attached_once() -> None:
    with pytest.raises(InputError, match="already"):
        attach(two_files().document, [photograph()])


@pytest.mark.parametrize(
    ("change", "code", "rule"),
    [
        ({"size": 5}, "attachment_mismatch", "attachment.size"),
        ({"hash": sha256(b"x")}, "attachment_mismatch", "attachment.digest"),
        ({"part": 9}, "attachment_mismatch", "attachment.not_there"),
        ({"number": 2}, "attachment_mismatch", "attachment.not_there"),
        ({"media_type": "image/png"}, "attachment_mismatch", "attachment.content"),
        ({"media_type": "application/pdf"}, "attachment_mismatch", "attachment.content"),
    ],
)
def test_entry_that_differs_from_the_bytes_is_a_fault(change: dict[str, Any], code: str, rule: str) -> None:
    assert (code, rule) in faults(two_files(), **change)


@pytest.mark.parametrize(
    ("data", "media_type", "code", "rule"),
    [
        (jpeg(EXIF), "image/jpeg", "over_disclosure", "attachment.metadata"),
        (png(chunk(b"eXIf", b"x")), "image/png", "over_disclosure", "attachment.metadata"),
        (pdf(packed(b"<< /JS (x) >>")), "application/pdf", "attachment_mismatch", "attachment.active"),
        (b"MZ", "application/pdf", "attachment_mismatch", "attachment.content"),
        (b"a\x00", "text/plain", "attachment_mismatch", "attachment.content"),
    ],
)
def test_recipient_looks_into_the_bytes_itself(data: bytes, media_type: str, code: str, rule: str) -> None:
    attached = attach(notice(), [photograph()])
    forged = replace(attached, parts=(replace(attached.parts[0], data=data),))

    assert faults(forged, size=len(data), hash=sha256(data), media_type=media_type) == [(code, rule)]


def test_bytes_beyond_the_limit_are_not_looked_into() -> None:
    data = png(chunk(b"IDAT", bytes(MAX_INLINE_BYTES)))
    attached = attach(notice(), [photograph()])
    forged = replace(attached, parts=(replace(attached.parts[0], data=data),))

    assert faults(forged, size=len(data)) == [("attachment_mismatch", "attachment.inline")]


def test_bytes_that_are_listed_and_not_there_are_a_fault() -> None:
    attached = two_files()

    assert faults(replace(attached, parts=())) == [("attachment_mismatch", "attachment.not_there")] * 2


def test_bytes_that_nobody_listed_are_a_fault() -> None:
    attached = two_files()
    more = replace(attached, parts=(*attached.parts, Carried(5, 3, b"x")))

    assert faults(more) == [("attachment_mismatch", "attachment.unlisted")]
    assert [found.rule for found in attachment_faults(notice(), [Carried(3, 1, b"x")])] == [
        "attachment.unlisted"
    ]


def test_blob_is_not_looked_for_among_the_parts() -> None:
    document = attach(notice(), [photograph()]).document
    entry: Any = document["header"]["attachments"][0]  # type: ignore[index, call-overload]
    del entry["part"]
    entry |= {"blob": sha256(b"x"), "blob_key": sha256(b"y")}

    assert attachment_faults(document, ()) == ()


def test_bytes_are_judged_after_the_list_and_before_disclosure_and_consent() -> None:
    attached = attach(notice(persons__0__consents=[]), [FileToAttach(pdf(), "official_letter")])
    document: Any = attached.document
    document["header"] |= {"purpose": "handover"}
    document["content"]["persons_count"] = 3
    act = context(document, attachments=())

    codes = [found.code for found in check_rules(document, act, facts())]

    assert codes == ["count_invalid", "attachment_mismatch", "purpose_missing", "consent_missing"]


def of_persons(attached: Attached, name: str = "photograph") -> list[Any]:
    persons: Any = attached.document["persons"]
    return [person.get(name) for person in persons]


def test_a_photograph_of_a_person_is_named_by_the_person_and_needs_consent() -> None:
    attached = attach(notice(), [FileToAttach(pdf(), "official_letter"), photograph()])

    rules = [found.rule for found in check_rules(attached.document, context(attached.document), facts())]

    assert of_persons(attached) == [2]
    assert rules == ["consent.photo"]


def test_fingerprints_are_named_as_well() -> None:
    attached = attach(notice(header__type="VRQ"), [photograph(type="fingerprints", readers=("P-0001",))])

    assert of_persons(attached, "fingerprints") == [1]


@pytest.mark.parametrize(
    "file",
    [
        photograph(case_code="8W3R-6HPZ-1CJN"),
        photograph(case_code=None),
        photograph(type="identity_document_copy"),
    ],
)
def test_a_picture_of_nobody_of_the_message_or_of_a_paper_is_named_by_no_person(file: FileToAttach) -> None:
    assert of_persons(attach(notice(), [file])) == [None]


def test_what_a_person_names_already_stays() -> None:
    attached = attach(notice(persons__0__photograph=2), [photograph(), photograph()])

    assert of_persons(attached) == [2]


def test_a_form_without_a_place_for_a_photograph_gets_none() -> None:
    document = notice(header__type="INC")

    assert of_persons(attach(document, [photograph()])) == [None]


def test_a_draft_without_a_person_to_name_is_left_alone() -> None:
    assert attach({"header": {"type": "RPN"}, "persons": ["x", {}]}, [photograph()]).document["persons"] == [
        "x",
        {},
    ]
