# SPDX-License-Identifier: Apache-2.0
"""Client systems: what is entered, and what a token is good for."""

import hashlib

import pytest
from exchange.errors import NodeError, UsageError
from exchange.ids import OfficerNumber, unb64url
from exchange.service.admission import MAX_DAYS, add_client, end_client, recognise
from tests.support.faulty import with_stage
from tests.support.world import KH, OFFICER


def test_a_token_is_shown_once_and_kept_as_a_digest():
    async def story(stage):
        made = await add_client(stage.node, "files", OFFICER, ("officer", "releaser"))

        secret = unb64url(made.token.partition(".")[2])
        assert made.row.token == hashlib.sha256(secret).digest()
        assert secret not in stage.store.snapshot()
        caller = await recognise(stage.node, made.token)
        assert (caller.name, caller.officer, caller.roles) == ("files", OFFICER, {"officer", "releaser"})

    with_stage(story, target=KH)


@pytest.mark.parametrize(
    ("name", "roles", "days"),
    [
        ("F", ("officer",), 1),
        ("files!", ("officer",), 1),
        ("", ("officer",), 1),
        ("a.b", ("officer",), 1),
        ("f" * 33, ("officer",), 1),
        ("files", (), 1),
        ("files", ("chief",), 1),
        ("files", ("auditor", "officer"), 1),
        ("files", ("officer",), 0),
        ("files", ("officer",), MAX_DAYS + 1),
    ],
)
def test_a_client_of_another_form_is_not_entered(name, roles, days):
    async def story(stage):
        with pytest.raises(UsageError):
            await add_client(stage.node, name, OFFICER, roles, days=days)
        assert await stage.store.read(lambda uow: uow.clients.list()) == []

    with_stage(story, target=KH)


def test_nobody_answers_for_a_client_who_is_not_in_the_directory():
    async def story(stage):
        with pytest.raises(NodeError, match="not in the directory"):
            await add_client(stage.node, "files", OfficerNumber("P-0099"), ("officer",))

    with_stage(story, target=KH)


def test_a_name_is_never_used_again():
    async def story(stage):
        await add_client(stage.node, "files", OFFICER, ("officer",))
        await end_client(stage.node, "files")

        with pytest.raises(UsageError, match="used before"):
            await add_client(stage.node, "files", OFFICER, ("officer",))
        with pytest.raises(UsageError, match="has ended"):
            await end_client(stage.node, "files")

    with_stage(story, target=KH)
