# SPDX-License-Identifier: Apache-2.0
"""Erasing and holding by client systems: two officers, each by the rules of the own staff."""

from typing import Any

import pytest
from exchange.service.erasures import ProposedAct
from tests.support.staff_api import LiveStaffApi

DIGEST = "A" * 43


def place(api: LiveStaffApi, *rest: str) -> str:
    return "/".join(("/v1/cases", api.story.case, "proposals", *rest))


def propose(
    api: LiveStaffApi, act: str, reason: str, client: str = "officer", key: str = "proposal-of-a-client"
) -> Any:
    return api.ask(client, "POST", place(api), {"act": act, "reason": reason}, key=key)


def confirm(
    api: LiveStaffApi, act: str, digest: str, client: str = "releaser", key: str = "confirmation-of-a-client"
) -> Any:
    return api.ask(client, "POST", place(api, act, "confirmation"), {"digest": digest}, key=key)


def held(api: LiveStaffApi) -> bool:
    link, case = api.story.link, api.story.case
    return api.read(lambda uow: uow.erasures.held(link, case)) is not None  # type: ignore[no-any-return]


def test_second_officer_confirms_what_the_first_proposed(api: LiveStaffApi) -> None:
    shown = api.ask("releaser", "GET", place(api, "hold")).json

    done = confirm(api, "hold", shown["shown"]["digest"])

    assert (done.status, done.json["confirmed_by"]) == (200, "P-0002")
    assert held(api)


@pytest.mark.parametrize(
    ("client", "digest", "status", "reason"),
    [
        ("same-person", "", 409, "own_message"),
        ("releaser", DIGEST, 409, "draft_changed"),
        ("officer", "", 404, "not_found"),
        ("auditor", "", 404, "not_found"),
        ("administrator", "", 404, "not_found"),
        ("", "", 404, "not_found"),
    ],
    ids=["own proposal", "another digest", "no releaser", "an auditor", "an administrator", "nobody"],
)
def test_confirmation_by_somebody_else_or_of_something_else_is_refused(
    api: LiveStaffApi, client: str, digest: str, status: int, reason: str
) -> None:
    shown = api.ask("officer", "GET", place(api, "hold")).json["shown"]["digest"]

    got = confirm(api, "hold", digest or shown, client)

    assert (got.status, got.reason) == (status, reason)
    assert not held(api)


@pytest.mark.parametrize(
    ("act", "reason", "status"),
    [
        ("erase", "court", 409),
        ("erase", "retention_over", 409),
        ("unhold", "", 409),
        ("burn", "court", 422),
        ("erase", "because", 422),
    ],
    ids=["a reason of holds", "not due", "nothing to lift", "no act", "no reason"],
)
def test_proposal_that_is_not_possible_is_refused(
    api: LiveStaffApi, act: str, reason: str, status: int
) -> None:
    assert propose(api, act, reason).status in (status, 400)
    assert len(api.read(lambda uow: uow.erasures.proposals())) == 1


@pytest.mark.parametrize("client", ["releaser", "border", "auditor", "key-officer", "administrator"])
def test_only_an_officer_proposes(api: LiveStaffApi, client: str) -> None:
    assert propose(api, "erase", "person_asked", client).status == 404


def test_what_nobody_proposed_does_not_exist(api: LiveStaffApi) -> None:
    for got in (
        api.ask("releaser", "GET", place(api, ProposedAct.ERASE.value)),
        confirm(api, "erase", DIGEST),
        api.ask("releaser", "GET", place(api, "burn")),
    ):
        assert got.status in (400, 404)


def test_list_of_what_is_due_holds_the_proposal(api: LiveStaffApi) -> None:
    (row,) = api.ask("releaser", "GET", "/v1/retention").json["proposals"]

    assert (row["case"], row["act"], row["proposed_by"]) == (api.story.case, "hold", "P-0001")
