# SPDX-License-Identifier: Apache-2.0
"""What the bytes of an attachment are, and what they must not carry."""

import pytest
from exchange.messages.media import JPEG, PDF, PNG, TEXT, media_type_of, strip, trouble_with
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pictures import FRAME, GPS, JFIF, SCAN, TABLES, chunk, jpeg, packed, pdf, png, segment

ICC = segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + bytes(20))
ADOBE = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
EXIF = segment(0xE1, GPS)
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (jpeg(), JPEG),
        (jpeg(ICC, ADOBE), JPEG),
        (png(), PNG),
        (png(chunk(b"gAMA", b"\x00\x00\xb1\x8f"), chunk(b"pHYs", bytes(9))), PNG),
        (pdf(), PDF),
        (pdf(packed(b"3 0 << /Type /Page >>")), PDF),
        (pdf(packed(b"3 0 << /Type /Page >>", filters=b"/Filter [ /FlateDecode ]")), PDF),
        ("ចាន់ធូ\r\n\tPage 1\n".encode(), TEXT),
    ],
)
def test_plain_file_is_taken_as_what_it_is(data: bytes, media_type: str) -> None:
    assert media_type_of(data) == media_type
    assert trouble_with(data, media_type) is None


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"GIF89a\x01\x00", b"PK\x03\x04", b"\xfe\xff\x00a", b"MZ\x90\x00", b"  "]
)
def test_other_file_is_of_no_allowed_type(data: bytes) -> None:
    assert media_type_of(data) is None


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (jpeg(), PNG),
        (png(), JPEG),
        (jpeg(), PDF),
        (pdf(), JPEG),
        (png(), TEXT),
        (b"hello", PDF),
        (b"hello", PNG),
    ],
)
def test_file_under_another_name_is_refused(data: bytes, media_type: str) -> None:
    trouble = trouble_with(data, media_type)

    assert trouble is not None
    assert trouble.rule == "attachment.content"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        (EXIF, "APP1"),
        (XMP, "APP1"),
        (segment(0xED, b"Photoshop 3.0\x008BIM"), "APP13"),
        (segment(0xFE, b"taken by P."), "comment"),
        (segment(0xE0, b"JFXX\x00\x10" + bytes(8)), "APP0"),
        (segment(0xE0, JFIF[:-2] + b"\x01\x01" + bytes(3)), "APP0"),
        (segment(0xE2, b"MPF\x00" + bytes(8)), "APP2"),
        (segment(0xEF, b"x"), "APP15"),
    ],
)
def test_jpeg_with_a_description_is_refused_until_it_is_stripped(more: bytes, name: str) -> None:
    told = jpeg(more, ICC)

    trouble = trouble_with(told, JPEG)

    assert trouble is not None
    assert (trouble.rule, trouble.found) == ("attachment.metadata", f"a picture with {name}")
    assert "--strip" in trouble.hint
    assert strip(told, JPEG) == jpeg(ICC)


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"caNv", b"prVw", b"acTL"])
def test_png_with_a_description_is_refused_until_it_is_stripped(name: bytes) -> None:
    told = png(chunk(name, b"GPS\x0011.55"), chunk(b"sRGB", b"\x00"))

    trouble = trouble_with(told, PNG)

    assert trouble is not None
    assert (trouble.rule, trouble.found) == ("attachment.metadata", f"a picture with {name.decode()}")
    assert strip(told, PNG) == png(chunk(b"sRGB", b"\x00"))


@pytest.mark.parametrize(
    "data",
    [
        jpeg(after=b"PK\x03\x04"),
        jpeg(after=b"\x00"),
        jpeg()[:-2],
        jpeg()[:40],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + TABLES + b"\xff\xd9",
        b"\xff\xd8" + SCAN + FRAME + b"\xff\xd9",
        b"\xff\xd8" + FRAME + b"x" + SCAN + b"\xff\xd9",
        b"\xff\xd8" + segment(0x42, b"x") + FRAME + SCAN + b"\xff\xd9",
        b"\xff\xd8\xff\xdb\x00\x01" + FRAME + SCAN + b"\xff\xd9",
    ],
)
def test_jpeg_that_is_not_one_whole_picture_is_refused_and_not_stripped(data: bytes) -> None:
    trouble = trouble_with(data, JPEG)

    assert trouble is not None
    assert trouble.rule == "attachment.content"
    assert strip(data, JPEG) == data


@pytest.mark.parametrize(
    "data",
    [
        png(after=b"hidden"),
        png(after=chunk(b"IEND")),
        png()[:-1],
        png().replace(b"IDAT", b"IDAX"),
        png(chunk(b"ABCD", b"x")),
        png(chunk(b"a1CD", b"x")),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", b"x") + png()[8:],
        png()[:-1] + b"\x00",
    ],
)
def test_png_that_is_not_one_whole_picture_is_refused(data: bytes) -> None:
    trouble = trouble_with(data, PNG)

    assert trouble is not None
    assert trouble.rule == "attachment.content"


@pytest.mark.parametrize(
    "thing",
    [
        b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
        b"<< /S /Launch /F (cmd.exe) >>",
        b"<< /Type /EmbeddedFile >>",
        b"<< /Names << /EmbeddedFiles 5 0 R >> >>",
        b"<< /OpenAction 4 0 R >>",
        b"<< /AA << /O 4 0 R >> >>",
        b"<< /AA<< /O 4 0 R >> >>",
        b"<< /#4aavaScript 4 0 R >>",
        b"<< /J#53 (x) >>",
        b"<< /#4F#70#65#6E#41#63#74#69#6F#6E 4 0 R >>",
        b"<< /S /SubmitForm >>",
        b"<< /XFA 4 0 R >>",
        b"<< /Subtype /RichMedia >>",
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
def test_pdf_that_can_act_is_refused_also_in_a_packed_object(thing: bytes, hidden: bool) -> None:
    trouble = trouble_with(pdf(packed(thing) if hidden else b"4 0 obj\n" + thing + b"\nendobj"), PDF)

    assert trouble is not None
    assert trouble.rule == "attachment.active"
    assert trouble.found.startswith("a PDF with ")


@pytest.mark.parametrize(
    "thing",
    [
        b"trailer << /Encrypt 6 0 R >>",
        packed(b"x", filters=b"/Filter [ /ASCIIHexDecode /FlateDecode ]"),
        packed(b"x", filters=b"/Filter [ /FlateDecode /FlateDecode ]"),
        packed(b"x", filters=b"/Filter /LZWDecode"),
        packed(b"x", filters=b"/F#69lter /FlateDecode"),
        packed(b"x", filters=b"/Filter 9 0 R"),
        packed(b"x", filters=b""),
        packed(b"x", more=b" /DecodeParms << /Predictor 12 >>"),
        b"4 0 obj << " + b"/a#41 " * 2001 + b">> endobj",
        packed(bytes(3 * 1024 * 1024)),
        packed(b"x").replace(b"stream\n", b"stream\r", 1),
        packed(b"x").partition(b"endstream")[0],
        b"7 0 obj << /Type /ObjStm /Filter /FlateDecode >>\nstream\nnot packed\nendstream",
        b"7 0 obj << /Type /ObjStm /X (obj) /Filter /FlateDecode >>\nstream\nnot packed\nendstream",
        b"7 0 obj << /Type /Obj#53tm /Filter /FlateDecode >>\nstream\nnot packed\nendstream",
    ],
)
def test_pdf_that_cannot_be_looked_through_is_refused(thing: bytes) -> None:
    trouble = trouble_with(pdf(thing), PDF)

    assert trouble is not None
    assert trouble.rule == "attachment.active"


def test_many_packed_objects_share_one_bound() -> None:
    part = packed(bytes(800 * 1024))

    assert trouble_with(pdf(part, part), PDF) is None
    assert trouble_with(pdf(*[part] * 3), PDF) is not None


@pytest.mark.parametrize("data", [b"%PDF-1.4\n", b"%PDF-9.9\n%%EOF", b"x" + pdf(), pdf() + bytes(2000)])
def test_half_a_pdf_is_refused(data: bytes) -> None:
    trouble = trouble_with(data, PDF)

    assert trouble is not None
    assert trouble.rule == "attachment.content"


def test_bytes_of_a_picture_inside_a_pdf_are_no_action() -> None:
    picture = (
        b"5 0 obj\n<< /Type /XObject /Length 9 >>\nstream\n" + b"\x00AA/JSx\xff" + b"\nendstream\nendobj"
    )

    assert trouble_with(pdf(picture), PDF) is None


@pytest.mark.parametrize("text", ["", " \n", "a\x00b", "a\x1bb", "a\u202eb", "\ufeffa", "a\x85b", "a\x7f"])
def test_text_with_control_characters_is_refused(text: str) -> None:
    assert trouble_with(text.encode(), TEXT) is not None


@given(st.sampled_from([jpeg(EXIF), png(chunk(b"tEXt", b"x")), pdf(packed(b"3 0"))]), st.data())
def test_changed_bytes_never_break_the_look(data: bytes, draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    changed = data[:place] + draw.draw(st.binary(max_size=4)) + data[place + 1 :]

    for media_type in (JPEG, PNG, PDF, TEXT):
        trouble_with(changed, media_type)
        strip(changed, media_type)


@given(st.binary(max_size=200))
def test_any_bytes_have_a_type_or_none(data: bytes) -> None:
    assert media_type_of(data) in {JPEG, PNG, PDF, TEXT, None}


def test_stripping_twice_changes_nothing_more() -> None:
    once = strip(jpeg(EXIF, ICC), JPEG)

    assert strip(once, JPEG) == once
