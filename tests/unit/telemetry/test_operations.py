# SPDX-License-Identifier: Apache-2.0
"""The operations listener tells monitors of this machine how the node is, and nobody else."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from exchange.errors import ConfigurationError
from exchange.interfaces.operations import Health, serve_operations
from exchange.interfaces.running import health_of
from exchange.protocol.suites import KeyUse
from exchange.service.rows import LinkState
from tests.support.door_world import Reply, head, wire
from tests.support.faulty import Stage, with_stage
from tests.support.world import KH

TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def get(path: str, *, health: Health | None = None, method: str = "GET", body: bytes = b"") -> Reply:
    async with (
        serve_operations(
            lambda: health or Health(), lambda: b"metric 1\n", metrics_type=TYPE, port=0
        ) as listener,
        wire(listener.port, tls=False) as line,
    ):
        fields = {"Content-Length": str(len(body))} if body else {}
        await line.send(head(fields, method=method, path=path) + body)
        return await line.reply()


async def test_a_node_that_is_well_says_so() -> None:
    reply = await get("/health")

    assert (reply.status, json.loads(reply.body)) == (200, {"status": "ok", "reasons": []})


async def test_a_node_that_is_unwell_says_why_as_codes() -> None:
    reply = await get("/health", health=Health(("store", "clock")))

    assert (reply.status, json.loads(reply.body)["reasons"]) == (503, ["store", "clock"])


async def test_a_node_that_people_should_look_at_stays_in_service() -> None:
    reply = await get("/health", health=Health(looks=("gate_closed",)))

    page = {"status": "look", "reasons": ["gate_closed"]}
    assert (reply.status, json.loads(reply.body)) == (200, page)


async def test_an_illness_outweighs_what_people_should_look_at() -> None:
    reply = await get("/health", health=Health(("clock",), ("clocks_apart",)))

    page = {"status": "unwell", "reasons": ["clock", "clocks_apart"]}
    assert (reply.status, json.loads(reply.body)) == (503, page)


async def test_metrics_are_shown_in_their_format() -> None:
    reply = await get("/metrics")

    assert (reply.status, reply.body) == (200, b"metric 1\n")
    assert f"Content-Type: {TYPE}\r\n" in reply.head


@pytest.mark.parametrize("path", ["/", "/metrics/", "/health?x=1", "/debug", "//health"])
async def test_nothing_else_is_there(path: str) -> None:
    assert (await get(path)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_can_be_changed(method: str) -> None:
    assert (await get("/health", method=method)).status == 400


async def test_a_body_is_refused() -> None:
    assert (await get("/health", body=b"x")).status == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
async def test_it_does_not_listen_beyond_this_machine_by_itself(host: str) -> None:
    with pytest.raises(ConfigurationError):
        async with serve_operations(lambda: Health(), lambda: b"", metrics_type=TYPE, port=0, host=host):
            pass


async def test_a_taken_port_is_an_error_of_the_configuration() -> None:
    async with serve_operations(lambda: Health(), lambda: b"", metrics_type=TYPE, port=0) as first:
        with pytest.raises(ConfigurationError):
            async with serve_operations(lambda: Health(), lambda: b"", metrics_type=TYPE, port=first.port):
                pass


@pytest.mark.parametrize(
    ("gate", "shut_by", "reasons"),
    [
        (LinkState.FROZEN, (KeyUse.DOOR,), ("link_frozen", "no_door_key")),
        (LinkState.FROZEN, (), ("link_frozen",)),
        (LinkState.CLOSED, (KeyUse.DOOR,), ("no_door_key",)),
        (LinkState.OPEN, (), ()),
    ],
)
def test_a_frozen_link_is_told_also_while_the_door_is_shut(
    gate: LinkState, shut_by: tuple[KeyUse, ...], reasons: tuple[str, ...]
) -> None:
    """A node with its door shut has no route to any partner."""

    async def story(stage: Stage) -> None:
        stage.node.presence.of(stage.link).gate = gate
        opened: Any = SimpleNamespace(node=stage.node, routes={}, shut_by=shut_by)
        watch: Any = SimpleNamespace(looks=lambda: ())

        assert health_of(opened, watch).reasons == reasons

    with_stage(story, target=KH)
