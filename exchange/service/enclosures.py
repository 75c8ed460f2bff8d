# SPDX-License-Identifier: Apache-2.0
"""The stored form of a draft: its document, and the files that travel with it.

A draft without files is stored as its document alone. The digest that a second person approves covers the
files as well, because the attachment list of the header holds their digests.
"""

from collections.abc import Sequence

from exchange.errors import StoreDamagedError
from exchange.ids import b64url, unb64url
from exchange.messages.document import objects_at, text_at
from exchange.messages.media import Carried
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue, encode, parse_object

ENCLOSED = "enclosed"
"""Beside header, content and persons; no message has a member of this name."""


def kept(document: Document, attachments: Sequence[Carried]) -> bytes:
    """Return the stored form of a draft."""
    if not attachments:
        return encode(document)
    files: list[JsonValue] = [
        {"part": one.part, "number": one.number, "data": b64url(one.data)} for one in attachments
    ]
    return encode({**document, ENCLOSED: files})


def unkept(raw: bytes) -> tuple[Document, tuple[Carried, ...]]:
    """Return the document of a stored draft, and its files.

    Raises:
        StoreDamagedError: it is not the stored form of a draft.
    """
    document = parse_object(raw)
    files = objects_at(document, ENCLOSED)
    document.pop(ENCLOSED, None)
    return document, tuple(_file(entry) for entry in files)


def _file(entry: dict[str, JsonValue]) -> Carried:
    part, number = entry.get("part"), entry.get("number")
    if not isinstance(part, int) or not isinstance(number, int):
        raise StoreDamagedError("a stored draft is damaged; write the message again")
    return Carried(part, number, unb64url(text_at(entry, "data")))
