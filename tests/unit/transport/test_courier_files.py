# SPDX-License-Identifier: Apache-2.0
"""Courier files on a real file system: what is no file is not read, what is there is not replaced."""

import asyncio
import hashlib
import os
import resource
import socket
import stat
from pathlib import Path

import pytest
from exchange.adapters.transport.parcels import PIECE_BYTES, CourierFiles
from exchange.errors import InputError, ParcelInvalidError, UsageError
from exchange.ids import Digest, b64url
from exchange.protocol.parcels import MAX_PARCEL_BYTES
from exchange.service.parcel_reading import preview

FILES = CourierFiles()


async def read(path: Path) -> bytes:
    async with FILES.open(str(path)) as file:
        return b"".join([piece async for piece in file.pieces(0)])


async def write(path: Path, body: bytes = b"stream", header: bytes = b"head") -> None:
    new = await FILES.create(str(path), room=len(header))
    await new.write(body)
    await new.close(header)
    await new.publish()


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- reading


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_link(path: Path) -> None:
    (path.parent / "target").write_bytes(b"secret")
    path.symlink_to(path.parent / "target")


def make_broken_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def make_nothing(path: Path) -> None:
    """Leave the place empty."""


NO_FILES = [make_fifo, make_link, make_broken_link, make_folder, make_socket, make_nothing]


@pytest.mark.parametrize("make", NO_FILES)
async def test_what_is_no_regular_file_is_refused_at_once(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "parcel"
    make(path)

    async with asyncio.timeout(20):
        with pytest.raises(InputError) as caught:
            await read(path)

    assert caught.value.hint


async def test_a_device_is_refused() -> None:
    with pytest.raises(InputError):
        await read(Path("/dev/zero"))


async def test_a_link_among_the_folders_above_is_followed(tmp_path: Path) -> None:
    """Sticks are mounted behind links; only the file itself has to be one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "parcel").write_bytes(b"x")
    (tmp_path / "stick").symlink_to(tmp_path / "real")

    assert await read(tmp_path / "stick" / "parcel") == b"x"


async def test_a_file_that_grows_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "parcel"
    path.write_bytes(b"a" * 10)

    async with FILES.open(str(path)) as file:
        path.write_bytes(b"a" * 30)
        assert file.size == 10
        assert b"".join([piece async for piece in file.pieces(0)]) == b"a" * 10


async def test_a_file_that_becomes_shorter_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "parcel"
    path.write_bytes(b"a" * 10)

    async with FILES.open(str(path)) as file:
        path.write_bytes(b"a")
        assert b"".join([piece async for piece in file.pieces(0)]) == b"a"


async def test_another_file_put_in_its_place_is_not_read(tmp_path: Path) -> None:
    """The name is looked up once."""
    path = tmp_path / "parcel"
    path.write_bytes(b"first")

    async with FILES.open(str(path)) as file:
        path.unlink()
        path.write_bytes(b"other")
        assert await file.head(5) == b"first"


async def test_a_long_file_comes_in_pieces_and_with_its_digest(tmp_path: Path) -> None:
    raw = os.urandom(2 * PIECE_BYTES + 7)
    (tmp_path / "parcel").write_bytes(raw)

    async with FILES.open(str(tmp_path / "parcel")) as file:
        pieces = [piece async for piece in file.pieces(3)]
        assert [len(piece) for piece in pieces] == [PIECE_BYTES, PIECE_BYTES, 4]
        assert b"".join(pieces) == raw[3:]
        assert await file.digest(3) == Digest(b64url(hashlib.sha256(raw[3:]).digest()))


async def test_a_sparse_file_of_two_gigabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "parcel"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ParcelInvalidError) as caught:
        await preview(None, FILES, str(path))  # type: ignore[arg-type]  # no node is asked

    assert caught.value.reason == "parcel_too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000


async def test_a_sparse_file_of_the_largest_size_is_no_parcel(tmp_path: Path) -> None:
    path = tmp_path / "parcel"
    with path.open("wb") as file:
        file.truncate(MAX_PARCEL_BYTES)

    with pytest.raises(ParcelInvalidError) as caught:
        await preview(None, FILES, str(path))  # type: ignore[arg-type]  # no node is asked

    assert caught.value.reason == "not_a_parcel"


async def test_an_empty_file_is_no_parcel(tmp_path: Path) -> None:
    (tmp_path / "parcel").touch()

    with pytest.raises(ParcelInvalidError) as caught:
        await preview(None, FILES, str(tmp_path / "parcel"))  # type: ignore[arg-type]

    assert caught.value.reason == "not_a_parcel"


# --- writing


async def test_a_file_is_whole_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "parcel"

    await write(path)

    assert path.read_bytes() == b"headstream"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert listed(tmp_path) == ["parcel"]


async def test_nothing_has_the_name_before_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "parcel"

    new = await FILES.create(str(path), room=4)
    await new.write(b"stream")
    assert not path.exists()
    await new.close(b"head")
    assert not path.exists()
    await new.publish()

    assert path.exists()


async def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    new = await FILES.create(str(tmp_path / "parcel"), room=4)
    await new.write(b"stream")

    await new.discard()
    await new.discard()

    assert listed(tmp_path) == []


async def test_what_was_published_stays_when_the_writer_is_discarded(tmp_path: Path) -> None:
    new = await FILES.create(str(tmp_path / "parcel"), room=1)
    await new.close(b"h")
    await new.publish()

    await new.discard()

    assert listed(tmp_path) == ["parcel"]


@pytest.mark.parametrize("make", [Path.touch, make_fifo, make_link, make_broken_link, make_folder])
async def test_what_is_there_is_never_replaced(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "parcel"
    make(path)

    with pytest.raises(UsageError):
        await write(path)

    assert not [name for name in listed(tmp_path) if name.endswith(".part")]


async def test_what_appears_while_a_parcel_is_written_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "parcel"
    new = await FILES.create(str(path), room=1)
    await new.close(b"h")
    path.write_bytes(b"somebody else's")

    with pytest.raises(UsageError):
        await new.publish()
    await new.discard()

    assert path.read_bytes() == b"somebody else's"
    assert listed(tmp_path) == ["parcel"]


async def test_a_file_system_without_links_gets_the_file_by_a_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "EPERM")

    monkeypatch.setattr(os, "link", no_links)
    await write(tmp_path / "parcel")

    assert listed(tmp_path) == ["parcel"]
    with pytest.raises(UsageError):
        await write(tmp_path / "parcel")


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        await write(tmp_path / "no" / "parcel")

    assert "ENOENT" in str(caught.value)


async def test_a_relative_place_is_refused() -> None:
    with pytest.raises(UsageError):
        await write(Path("parcel"))


async def test_a_full_medium_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    new = await FILES.create(str(tmp_path / "parcel"), room=4)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    try:
        with pytest.raises(UsageError) as caught:
            await new.write(bytes(100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    await new.discard()

    assert "free space" in str(caught.value.hint)
    assert listed(tmp_path) == []
