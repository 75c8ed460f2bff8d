# SPDX-License-Identifier: Apache-2.0
"""Whether the bytes of an attachment are what they are called, and neither act nor tell more.

    application/pdf   one whole PDF; no script, no action on opening, no file inside, not encrypted
    image/jpeg, png   one whole picture; nothing that says where and with what it was made
    text/plain        UTF-8 without control characters, also none that turn the direction of writing

It is a sieve, not a proof: a file is looked through without showing it, and what cannot be looked through
is refused. Nothing here opens a file as a viewer does.
"""

import re
import zlib
from dataclasses import dataclass

from exchange.messages.images import (
    JPEG_START,
    PNG_SIGNATURE,
    BrokenImageError,
    descriptions,
    jpeg_segments,
    png_segments,
    without_descriptions,
)

PDF, JPEG, PNG, TEXT = "application/pdf", "image/jpeg", "image/png", "text/plain"
_IMAGES = {JPEG: jpeg_segments, PNG: png_segments}
_ACTIVE = frozenset(
    {b"JavaScript", b"JS", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"OpenAction", b"AA", b"RichMedia"}
    | {b"XFA", b"SubmitForm", b"ImportData", b"GoToE", b"Rendition", b"Movie", b"Sound"}
)
"""Names of a PDF that act, or that hold another file."""
_PDF_START = re.compile(rb"%PDF-[12]\.[0-9][\r\n ]")
_WANTED = _ACTIVE | {b"Encrypt", b"ObjStm", b"DecodeParms"}
_BETWEEN = rb"\x00\t\n\x0c\r ()<>\[\]{}/%"
_PDF_NAME = re.compile(rb"/(" + b"|".join(sorted(_WANTED)) + rb")(?=[" + _BETWEEN + rb"]|\Z)")
_PDF_HIDDEN_NAME = re.compile(rb"/([^" + _BETWEEN + rb"#]*#[^" + _BETWEEN + rb"]*)")
"""A name with letters written as `#` and two digits."""
_PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_MAX_HIDDEN_NAMES = 2_000
_PDF_STREAM = re.compile(rb"(?<!end)stream(\r\n|\n)?")
_PDF_FILTER = re.compile(rb"/Filter(?=[" + _BETWEEN + rb"]|\Z)")
_PLAIN_FILTER = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])(?=[\s/>])")
_PDF_TAIL = 1024
_MAX_INFLATED = 2 * 1024 * 1024
"""Bytes that the object streams of one PDF may have together."""
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Carried:
    """The bytes of one attachment; `part` is its place among the parts of the body."""

    part: int
    number: int
    """Number in the attachment list of the header."""
    data: bytes


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the bytes: the rule that says so, what was found, and what to do."""

    rule: str
    found: str
    hint: str


def media_type_of(data: bytes) -> str | None:
    """Return the media type that the first bytes show, or None; text is what is nothing else and readable."""
    for start, media_type in ((b"%PDF-", PDF), (JPEG_START, JPEG), (PNG_SIGNATURE, PNG)):
        if data.startswith(start):
            return media_type
    return TEXT if _text_trouble(data) is None else None


def trouble_with(data: bytes, media_type: str) -> Trouble | None:
    """Return what is wrong with the content of an attachment, or None."""
    if media_type in _IMAGES:
        return _image_trouble(data, media_type)
    return _pdf_trouble(data) if media_type == PDF else _text_trouble(data)


def strip(data: bytes, media_type: str) -> bytes:
    """Return a picture without what only describes it; other bytes, and broken ones, are not changed."""
    if media_type not in _IMAGES:
        return data
    try:
        return without_descriptions(data, _IMAGES[media_type])
    except BrokenImageError:
        return data


def _image_trouble(data: bytes, media_type: str) -> Trouble | None:
    try:
        found = descriptions(data, _IMAGES[media_type])
    except BrokenImageError as error:
        return Trouble("attachment.content", str(error), "save the picture again and attach the new file")
    if found:
        names = ", ".join(found)
        hint = "attach it with --strip; a picture that lies on its side is turned and saved first"
        return Trouble("attachment.metadata", f"a picture with {names}", hint)
    return None


def _pdf_trouble(data: bytes) -> Trouble | None:
    if not _PDF_START.match(data) or b"%%EOF" not in data[-_PDF_TAIL:]:
        return Trouble("attachment.content", "no whole PDF", "save the PDF again and attach the new file")
    hint = "print it into a new PDF, or scan it"
    names = _names(data)
    inside = None if b"Encrypt" in names else _object_streams(data)
    if inside is None:
        return Trouble("attachment.active", "a PDF that cannot be looked through", hint)
    active = sorted(name.decode("ascii") for name in (names | _names(inside)) & (_ACTIVE | {b"Encrypt"}))
    return Trouble("attachment.active", f"a PDF with {', '.join(active)}", hint) if active else None


def _names(data: bytes) -> frozenset[bytes]:
    """Return those names of the data that are looked for; too many hidden ones count as encrypted."""
    found = set(_PDF_NAME.findall(data))
    for number, hidden in enumerate(_PDF_HIDDEN_NAME.finditer(data)):
        if number >= _MAX_HIDDEN_NAMES:
            return frozenset({b"Encrypt"})
        name = _PDF_ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode("ascii")), hidden[1])
        found |= {name} & _WANTED
    return frozenset(found)


def _object_streams(data: bytes) -> bytes | None:
    """Return the objects that are packed into streams, or None if one cannot be unpacked."""
    unpacked: list[bytes] = []
    begin, room = 0, _MAX_INFLATED
    for found in _PDF_STREAM.finditer(data):
        above = data[begin : found.start()]
        begin = found.end()
        if b"ObjStm" not in _names(above):
            continue
        end = data.find(b"endstream", begin)
        if found[1] is None or end < 0 or not _is_plainly_packed(above):
            return None
        piece = _inflated(data[begin:end], room)
        if piece is None:
            return None
        unpacked.append(piece)
        room -= len(piece)
    return b" ".join(unpacked)


def _is_plainly_packed(above: bytes) -> bool:
    """Return whether the dictionary above a stream names one packing only, in its plain form."""
    is_plain = len(_PDF_FILTER.findall(above)) == 1 and _PLAIN_FILTER.search(above) is not None
    return is_plain and b"DecodeParms" not in _names(above)


def _inflated(data: bytes, limit: int) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, max(1, limit))
    except zlib.error:
        return None
    return unpacked if unpacker.eof else None


def _text_trouble(data: bytes) -> Trouble | None:
    hint = "save it as plain text in UTF-8"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Trouble("attachment.content", "no text in UTF-8", hint)
    if not text.strip() or _NOT_TEXT.search(text):
        return Trouble("attachment.content", "a text that is empty or has control characters", hint)
    return None
