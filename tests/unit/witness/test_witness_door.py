# SPDX-License-Identifier: Apache-2.0
"""The door of a witness over HTTP: the codes of the source, no word more, and a node that asks it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from exchange.adapters.transport.witness import HttpWitnesses, check_url
from exchange.clock import SystemClock
from exchange.errors import ConfigurationError, TransportError
from exchange.interfaces.witnessing import serve_witness
from exchange.ledger.witnessing import (
    MAX_REQUEST_BYTES,
    WitnessKey,
    WitnessRequest,
    verify_witness,
    write_request,
)
from exchange.witness.keeping import WitnessStore
from exchange.witness.policy import POLICY_NAME
from tests.support.witness import NAME, witness_key
from tests.unit.witness.test_judging import FORK, OTHER_KEY, RIGHT, request


@contextlib.asynccontextmanager
async def witness(folder: Path) -> AsyncIterator[str]:
    (folder / POLICY_NAME).write_text(RIGHT, encoding="utf-8")
    WitnessStore(folder, create=True).close()
    async with serve_witness(folder, witness_key(), clock=SystemClock(), port=0) as (listener, _):
        yield f"http://127.0.0.1:{listener.port}"


def raw(asked: WitnessRequest) -> bytes:
    return write_request(asked.note, old_size=asked.old_size, proof=asked.proof)


async def post(url: str, body: bytes) -> tuple[int, str, bytes]:
    async with HttpWitnesses() as carrier:
        reply = await carrier.add(url, body)
    return reply.status, reply.content_type, reply.body


async def test_a_log_is_cosigned_again_and_again(tmp_path: Path) -> None:
    async with witness(tmp_path) as url:
        for size, old in ((7, 0), (9, 7), (9, 9), (40, 9)):
            asked = request(size, old)
            status, kind, body = await post(url, raw(asked))

            assert (status, kind) == (200, "text/plain; charset=utf-8")
            verify_witness(asked.note, body.decode(), WitnessKey(NAME, witness_key().public))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(9, 7, leaves=FORK), 422),
        (request(9, 3), 409),
        (request(7, 7, leaves=FORK), 409),
        (request(9, 7, key=OTHER_KEY), 403),
    ],
    ids=["another history", "another old size", "another root", "another key"],
)
async def test_refusals_have_the_codes_of_the_source(
    tmp_path: Path, asked: WitnessRequest, status: int
) -> None:
    async with witness(tmp_path) as url:
        await post(url, raw(request(7, 0)))
        found, kind, body = await post(url, raw(asked))

    assert found == status
    if status == 409:
        assert (kind, body) == ("text/x.tlog.size", b"7\n")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"hello", 400), (b"x" * (MAX_REQUEST_BYTES + 1), 413)],
    ids=["nothing", "no request", "too large"],
)
async def test_what_is_no_request_is_refused(tmp_path: Path, body: bytes, status: int) -> None:
    async with witness(tmp_path) as url:
        assert (await post(url, body))[0] == status


@pytest.mark.parametrize(("method", "path"), [("GET", "/add-checkpoint"), ("POST", "/"), ("GET", "/heads")])
async def test_there_is_nothing_else_behind_the_door(tmp_path: Path, method: str, path: str) -> None:
    async with (
        witness(tmp_path) as url,
        aiohttp.ClientSession() as session,
        session.request(method, url + path) as response,
    ):
        assert response.status == 404


async def test_an_unknown_log_is_told_apart_from_nothing(tmp_path: Path) -> None:
    async with witness(tmp_path) as url:
        (tmp_path / POLICY_NAME).write_text('name = "witness.example/w1"\n', encoding="utf-8")

        assert (await post(url, raw(request(7, 0))))[0] == 404


async def test_an_unreadable_policy_refuses_everything(tmp_path: Path) -> None:
    async with witness(tmp_path) as url:
        (tmp_path / POLICY_NAME).write_text("name =", encoding="utf-8")

        assert (await post(url, raw(request(7, 0))))[0] == 503


async def test_a_witness_that_is_not_there_is_a_transport_error() -> None:
    async with HttpWitnesses() as carrier:
        with pytest.raises(TransportError):
            await carrier.add("http://127.0.0.1:9", b"x")


@pytest.mark.parametrize(
    "url",
    [
        "http://witness.example",
        "ftp://127.0.0.1",
        "https://",
        "https://user@witness.example",
        "https://witness.example/?x=1",
        "witness.example",
        "https://witness.example:port",
    ],
)
def test_only_an_address_of_the_own_administrator_s_form_is_taken(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_url(url)
