# SPDX-License-Identifier: Apache-2.0
"""Forms that bring a file: `multipart/form-data`, read part by part within limits.

1. The length is said and bounded before anything is read; parts are counted; a text is no longer than that of
   a form without files.
2. A file is bytes. Its name and the type that the browser says are dropped: they may name a person, and they
   prove nothing.
3. A part that brings an encoding of its own, or a name of no form, is refused.
4. Whether such a form is taken at all, the door says before its body is read (`door`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web

from exchange.interfaces.server import Refusal

UPLOAD_TYPE: Final = "multipart/form-data"
MAX_UPLOAD_BYTES: Final = 6 * 1024 * 1024
"""The largest spreadsheet (5 MiB) with the fields around it; a photograph of a telephone, to be told that it
is too large."""
MAX_PARTS: Final = 500
"""Fields of the longest form that brings a file: the record of 50 persons."""
MAX_TEXT_BYTES: Final = 256 * 1024


@dataclass
class Uploaded:
    """Texts and files of a form, in the order in which they came."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, tuple[bytes, ...]] = field(default_factory=dict)


def is_upload(fields: Mapping[str, str]) -> bool:
    return _kind(fields) == UPLOAD_TYPE


async def read_upload(request: web.BaseRequest) -> Uploaded:
    """Return what a form brought; its length is checked already.

    Raises:
        Refusal: it is no such form, or beyond the limits.
    """
    found = Uploaded()
    try:
        reader = MultipartReader(request.headers, request.content, max_headers=8)
        for _ in range(MAX_PARTS):
            part = await reader.next()
            if part is None:
                return found
            await _take(found, part)
    except (ValueError, AssertionError, LookupError) as error:
        raise Refusal(400, "request_invalid") from error
    raise Refusal(413, "too_large")


async def _take(found: Uploaded, part: MultipartReader | BodyPartReader) -> None:
    if not isinstance(part, BodyPartReader) or not part.name or "Content-Encoding" in part.headers:
        raise Refusal(400, "request_invalid")
    if part.headers.get("Content-Transfer-Encoding", "binary") not in ("binary", "8bit"):
        raise Refusal(400, "request_invalid")
    data = bytes(await part.read())
    if part.filename is not None or _kind(part.headers) not in ("", "text/plain"):
        kept = (data,) if data else ()
        found.files[part.name] = (*found.files.get(part.name, ()), *kept)
        return
    if len(data) > MAX_TEXT_BYTES:
        raise Refusal(413, "too_large")
    text = data.decode("utf-8").replace("\r\n", "\n")
    found.texts[part.name] = (*found.texts.get(part.name, ()), text)


def _kind(fields: Mapping[str, str]) -> str:
    return fields.get("Content-Type", "").partition(";")[0].strip().lower()
