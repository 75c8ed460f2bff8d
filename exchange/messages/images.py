# SPDX-License-Identifier: Apache-2.0
"""JPEG and PNG files as lists of segments, to take out what says where and with what they were made.

A picture may carry the place, the day, the telephone and a second picture. What is not needed to show it is
therefore refused, not only what is known to be harmful: of the application segments of JPEG three may
stay, of the ancillary chunks of PNG those that describe colour and size.

Nothing is decoded. The whole file must be segments: bytes before, between or after them are refused too,
because nobody sees them.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xDC})
_KEPT_APPLICATION = {0xE0: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
"""Application segments that are needed to show the picture: size, colours, transformation."""
_JFIF_WITHOUT_THUMBNAIL = 14
_PNG_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_PNG_KEPT = _PNG_CRITICAL | {
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"hIST", b"sPLT"
}  # fmt: skip


class BrokenImageError(ValueError):
    """The bytes are not one whole picture of this format."""


@dataclass(frozen=True)
class Segment:
    """A piece of a file; `needed` is False for what only describes the picture."""

    raw: bytes
    name: str
    needed: bool


def jpeg_segments(data: bytes) -> list[Segment]:
    """Return the segments of a JPEG file from start to end.

    Raises:
        BrokenImageError: it is not one whole JPEG picture, or bytes follow it.
    """
    segments = list(_jpeg(data))
    names = [segment.name for segment in segments]
    if "frame" not in names or "scan" not in names[names.index("frame") :]:
        raise BrokenImageError("a JPEG without a picture")
    return segments


def png_segments(data: bytes) -> list[Segment]:
    """Return the signature and the chunks of a PNG file.

    Raises:
        BrokenImageError: it is not one whole PNG picture, a check sum is wrong, or bytes follow it.
    """
    segments = list(_png(data))
    names = [segment.name for segment in segments]
    if names[1:2] != ["IHDR"] or "IDAT" not in names or names[-1] != "IEND" or names.count("IEND") != 1:
        raise BrokenImageError("a PNG without a picture")
    return segments


def descriptions(data: bytes, segments: Callable[[bytes], list[Segment]]) -> tuple[str, ...]:
    """Return the names of the segments that only describe the picture."""
    return tuple(dict.fromkeys(segment.name for segment in segments(data) if not segment.needed))


def without_descriptions(data: bytes, segments: Callable[[bytes], list[Segment]]) -> bytes:
    """Return the picture without them; what is seen stays the same, but a turned one is not turned back."""
    return b"".join(segment.raw for segment in segments(data) if segment.needed)


def _jpeg(data: bytes) -> Iterator[Segment]:
    if not data.startswith(JPEG_START):
        raise BrokenImageError("not a JPEG")
    yield Segment(JPEG_START, "start", needed=True)
    place = len(JPEG_START)
    while True:
        marker, place = _marker(data, place)
        if marker == JPEG_END[1]:
            if place != len(data):
                raise BrokenImageError("bytes after the end of a JPEG")
            yield Segment(JPEG_END, "end", needed=True)
            return
        end = place + int.from_bytes(data[place : place + 2], "big")
        if end < place + 2 or end > len(data):
            raise BrokenImageError("a JPEG that is cut off")
        body, scan_end = data[place + 2 : end], end
        if marker == _START_OF_SCAN:
            scan_end = _end_of_scan(data, end)
        yield _jpeg_segment(marker, body, bytes((0xFF, marker)) + data[place:scan_end])
        place = scan_end


def _marker(data: bytes, place: int) -> tuple[int, int]:
    """Return the marker at a place and where its segment begins; a marker has no fill bytes before it."""
    if data[place : place + 1] != b"\xff" or len(data) < place + 2 or data[place + 1] in (0x00, 0xFF):
        raise BrokenImageError("a JPEG that is cut off, or with bytes between its segments")
    return data[place + 1], place + 2


def _end_of_scan(data: bytes, place: int) -> int:
    """Return where the next marker stands after coded data."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise BrokenImageError("a JPEG that is cut off")
        if data[place + 1] != 0x00 and data[place + 1] not in _RESTARTS:
            return place
        place += 2


def _jpeg_segment(marker: int, body: bytes, raw: bytes) -> Segment:
    if marker == _START_OF_SCAN:
        return Segment(raw, "scan", needed=True)
    if marker in _FRAMES:
        return Segment(raw, "frame", needed=True)
    if marker in _TABLES:
        return Segment(raw, "table", needed=True)
    if marker == 0xFE:
        return Segment(raw, "comment", needed=False)
    if 0xE0 <= marker <= 0xEF:
        kept = marker in _KEPT_APPLICATION and body.startswith(_KEPT_APPLICATION[marker])
        thumbnail = marker == 0xE0 and len(body) != _JFIF_WITHOUT_THUMBNAIL
        return Segment(raw, f"APP{marker - 0xE0}", needed=kept and not thumbnail)
    raise BrokenImageError("a JPEG with an unknown segment")


def _png(data: bytes) -> Iterator[Segment]:
    if not data.startswith(PNG_SIGNATURE):
        raise BrokenImageError("not a PNG")
    yield Segment(PNG_SIGNATURE, "signature", needed=True)
    place = len(PNG_SIGNATURE)
    while place < len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if len(data) < place + 12 or end > len(data):
            raise BrokenImageError("a PNG that is cut off, or bytes after its end")
        name = data[place + 4 : place + 8]
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise BrokenImageError("a PNG with a wrong check sum")
        if not name.isalpha() or (name[:1].isupper() and name not in _PNG_CRITICAL):
            raise BrokenImageError("a PNG with an unknown chunk")
        yield Segment(data[place:end], name.decode("ascii"), needed=name in _PNG_KEPT)
        place = end
