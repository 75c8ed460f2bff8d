# SPDX-License-Identifier: Apache-2.0
"""Small pictures and papers, made of their segments; nothing in them was ever photographed."""

import struct
import zlib

GPS = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a"
JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


FRAME = segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\xfe\xff\x00\x12\xff\xd0\x34"
TABLES = segment(0xDB, bytes(65)) + segment(0xC4, bytes(20))


def jpeg(*more: bytes, after: bytes = b"") -> bytes:
    """Return a JPEG with `more` segments behind its JFIF segment."""
    return b"\xff\xd8" + segment(0xE0, JFIF) + b"".join(more) + TABLES + FRAME + SCAN + b"\xff\xd9" + after


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
DATA = chunk(b"IDAT", zlib.compress(b"\x00\x7f"))


def png(*more: bytes, after: bytes = b"") -> bytes:
    """Return a PNG with `more` chunks behind its header."""
    return b"\x89PNG\r\n\x1a\n" + HEAD + b"".join(more) + DATA + chunk(b"IEND") + after


def pdf(*objects: bytes) -> bytes:
    """Return a PDF of one empty page with more objects."""
    body = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" + b"\n".join(objects)
    return b"%PDF-1.4\n" + body + b"\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def packed(content: bytes, *, filters: bytes = b"/Filter /FlateDecode", more: bytes = b"") -> bytes:
    """Return an object stream of a PDF."""
    inside = zlib.compress(content)
    head = b"7 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Length %d " % len(inside) + filters + more
    return head + b" >>\nstream\n" + inside + b"\nendstream\nendobj"
