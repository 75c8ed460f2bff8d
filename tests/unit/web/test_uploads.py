# SPDX-License-Identifier: Apache-2.0
"""Forms that bring a file, as bytes: names and types that the browser says are dropped, limits hold."""

import asyncio
from types import SimpleNamespace

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from exchange.interfaces.server import Refusal
from exchange.interfaces.web.uploads import MAX_PARTS, MAX_TEXT_BYTES, Uploaded, read_upload

EDGE = "----edge"


def part(name: str, data: bytes, more: str = "", fields: str = "") -> bytes:
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{fields}\r\n'
    return head.encode() + data + b"\r\n"


def file(data: bytes, name: str = "TRAN Thi Hoa.png", fields: str = "Content-Type: image/png\r\n") -> bytes:
    return part("file", data, f'; filename="{name}"', fields)


async def read(*parts: bytes, end: bytes = b"--\r\n", kind: str | None = None) -> Uploaded:
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**20)
    stream.feed_data(b"".join(parts) + f"--{EDGE}".encode() + end)
    stream.feed_eof()
    fields = {"Content-Type": kind or f"multipart/form-data; boundary={EDGE}"}
    return await read_upload(SimpleNamespace(headers=fields, content=stream))  # type: ignore[arg-type]


async def test_texts_and_files_are_told_apart_and_names_are_dropped() -> None:
    found = await read(part("type", b"photograph"), file(b"\x89PNG\r\n\x1a\n--"), part("type", "ខ".encode()))

    assert found.texts == {"type": ("photograph", "ខ")}
    assert found.files == {"file": (b"\x89PNG\r\n\x1a\n--",)}
    assert "TRAN" not in repr(found)


async def test_an_input_that_was_left_empty_brings_no_file() -> None:
    found = await read(file(b"", name="", fields="Content-Type: application/octet-stream\r\n"))

    assert found.files == {"file": ()}


@pytest.mark.parametrize(
    "parts",
    [
        [part("", b"x")],
        [part("a", b"x", fields="Content-Encoding: gzip\r\n")],
        [part("a", b"eA==", fields="Content-Transfer-Encoding: base64\r\n")],
        [part("a", b"\xff\xfe")],
        [part("a", b"x" * (MAX_TEXT_BYTES + 1))],
        [part("a", b"x") for _ in range(MAX_PARTS + 1)],
        [part("a", b"x", fields="Content-Type: multipart/mixed; boundary=inner\r\n")],
    ],
    ids=["no name", "packed", "another encoding", "no text", "a long text", "too many", "parts in a part"],
)
async def test_what_no_form_of_ours_brings_is_refused(parts: list[bytes]) -> None:
    with pytest.raises(Refusal):
        await read(*parts)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 71])
async def test_a_form_without_a_usable_edge_is_refused(kind: str) -> None:
    with pytest.raises(Refusal):
        await read(part("a", b"x"), kind=kind)
