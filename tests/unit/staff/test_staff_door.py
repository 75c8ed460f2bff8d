# SPDX-License-Identifier: Apache-2.0
"""Who gets in at the staff door, and what is refused before anything is done."""

import http.client
import json
from datetime import timedelta

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.staff.door import BURST, GUESSES, OPENED
from exchange.interfaces.staff.routes import ROUTES
from exchange.service.admission import end_client
from tests.support.staff_api import HOST, ROLES, LiveStaffApi, wrong_token

PARTNERS = "/v1/partners"


def target(api: LiveStaffApi, path: str) -> str:
    """Return the path of a route with objects that exist."""
    story = api.story
    filled = path.format(
        name="rpn-1.0.json", partner="VN-MPS-IMM", message=story.sent, draft=story.draft, case=story.case,
        movement=story.movement, act="hold",
    )  # fmt: skip
    return filled + (
        "?purpose=case_work" if path.endswith(("/content", "/export", "/sheet", "{case}")) else ""
    )


# --- tokens


def test_a_client_with_its_token_is_answered(api: LiveStaffApi) -> None:
    assert api.ask("officer", "GET", PARTNERS).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", "bearer {token}", "Basic {token}", "Bearer  {token}", "Bearer {token} ",
        "Bearer {token}x", "Bearer nobody.{secret}", "Bearer officer", "Bearer officer.", "Bearer .{secret}",
        "Bearer OFFICER.{secret}", "Bearer releaser.{secret}", "{token}",
    ],
)  # fmt: skip
def test_any_other_token_finds_nothing(api: LiveStaffApi, value: str) -> None:
    token = api.tokens["officer"]
    value = value.format(token=token, secret=token.partition(".")[2]).strip("\n")

    got = api.ask("", "GET", PARTNERS, fields={"Authorization": value} if value else {})

    # A field loses the spaces around it on its way; then it is the right one.
    right = value.strip() == f"Bearer {token}"
    assert (got.status, got.json.get("reason")) == ((200, None) if right else (404, "not_found"))


def test_two_tokens_in_one_request_find_nothing(api: LiveStaffApi) -> None:
    connection = http.client.HTTPConnection(HOST, api.port, timeout=30)
    connection.putrequest("GET", PARTNERS)
    for client in ("officer", "officer"):
        connection.putheader("Authorization", f"Bearer {api.tokens[client]}")
    connection.endheaders()
    got = connection.getresponse()

    assert (got.status, json.loads(got.read())["reason"]) == (404, "not_found")
    connection.close()


def test_a_token_ends_by_itself(api: LiveStaffApi) -> None:
    api.clock.moved = timedelta(days=364)
    before = api.ask("officer", "GET", PARTNERS).status
    api.clock.moved = timedelta(days=366)

    assert (before, api.ask("officer", "GET", PARTNERS).status) == (200, 404)


def test_an_ended_client_is_refused_at_once(api: LiveStaffApi) -> None:
    api.do(lambda node: end_client(node, "officer"))

    assert api.ask("officer", "GET", PARTNERS).status == 404


def test_a_client_ends_with_the_officer_who_answers_for_it(api: LiveStaffApi) -> None:
    api.do(
        lambda node: node.store.write(lambda uow: uow.officers.end(OfficerNumber("P-0001"), node.clock.now()))
    )

    assert api.ask("officer", "GET", PARTNERS).status == 404
    assert api.ask("releaser", "GET", PARTNERS).status == 200


def test_a_stranger_gets_the_same_answer_for_every_path(api: LiveStaffApi) -> None:
    paths = [target(api, route.path) for route in ROUTES][: GUESSES - 2]
    answers = [api.ask("", "GET", path) for path in (*paths, "/", "/nothing")]

    told = {(got.status, got.json["reason"], tuple(sorted(got.json))) for got in answers}
    assert told == {(404, "not_found", ("reason", "request", "status"))}


def test_who_tries_wrong_tokens_has_to_wait_and_nobody_else(api: LiveStaffApi) -> None:
    statuses = [api.ask(wrong_token(), "GET", PARTNERS).status for _ in range(GUESSES + 1)]
    waits = api.ask("", "GET", PARTNERS)

    assert statuses == [404] * GUESSES + [429]
    assert int(waits.fields["Retry-After"]) > 0
    assert api.ask("officer", "GET", PARTNERS).status == 200


# --- roles


OWN_ONLY = {("border", "openDraft")}
"""At the crossing the own records and stops are shown; the draft of this story is a notice."""


@pytest.mark.parametrize("client", sorted(ROLES))
def test_a_client_sees_the_routes_of_its_roles_and_no_others(api: LiveStaffApi, client: str) -> None:
    roles = set(ROLES[client][1])
    wrong = []
    for route in ROUTES:
        if route.method != "GET":
            continue
        status = api.ask(client, "GET", target(api, route.path) + _needed(route.path)).status
        is_shown = roles & route.roles and (client, route.operation) not in OWN_ONLY
        if status != (200 if is_shown else 404):
            wrong.append((route.path, status))

    assert wrong == []


def _needed(path: str) -> str:
    return "?partner=VN-MPS-IMM" if path == "/v1/cases" else ""


def test_an_auditor_never_gets_content() -> None:
    """Threat model, rule 29."""
    assert [route.path for route in ROUTES if route.opens and "auditor" in route.roles] == []
    assert [route.path for route in ROUTES if route.writes and "auditor" in route.roles] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/{message}", "/v1/messages/{message}/content?purpose=case_work",
        "/v1/drafts/{message}/content?purpose=case_work", "/v1/cases/AAAA-BBBB-CCCC?purpose=case_work",
        "/v1/handovers/AAAA-BBBB-CCCC/sheet?purpose=case_work", "/v1/partners/TH-MSDHS-DATIP",
        "/v1/schemas/gone-1.0.json", "/v1/messages/%2e%2e", "/v1/messages/..", "/v1/schemas/..%2fworld.json",
        "/v1/messages/", "/v1/messages/short", "/v2/messages", "/V1/messages", "//v1/messages",
        "/v1/messages;a",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_answered_as_what_is_forbidden(api: LiveStaffApi, path: str) -> None:
    unknown = api.ask("officer", "GET", path.format(message="0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"))
    forbidden = api.ask("auditor", "GET", "/v1/messages")

    assert (unknown.status, unknown.reason) == (forbidden.status, forbidden.reason) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "POST"])
def test_a_method_that_is_not_described_finds_nothing(api: LiveStaffApi, method: str) -> None:
    assert api.ask("officer", method, PARTNERS).status == 404


def test_a_border_officer_sees_a_movement_only_around_its_window(api: LiveStaffApi) -> None:
    """The window is on 4 October from 6 to 8 UTC; it is 3 UTC now."""
    sheet = f"/v1/handovers/{api.story.movement}/sheet?purpose=handover"
    seen = []
    for moved in (timedelta(0), timedelta(hours=48), timedelta(hours=54)):
        api.clock.moved = moved
        listed = len(api.ask("border", "GET", "/v1/handovers").json["handovers"])
        seen.append((listed, api.ask("border", "GET", sheet).status))

    assert seen == [(1, 200), (1, 200), (0, 404)]
    assert api.ask("officer", "GET", sheet).status == 200


# --- form of a request


@pytest.mark.parametrize(
    "query",
    [
        "purpose", "purpose=", "purpose=curiosity", "purpose=case_work&purpose=case_work",
        "purpose=case_work&x=1", "x=1", "", "purpose=case%FFwork", "&", "purpose=case_work&",
        "PURPOSE=case_work",
    ],
)  # fmt: skip
def test_content_is_opened_for_a_purpose_of_the_list_and_nothing_else(api: LiveStaffApi, query: str) -> None:
    got = api.ask("officer", "GET", f"/v1/messages/{api.story.sent}/content?{query}")

    assert (got.status, got.reason) == (400, "query_invalid")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=1.0", "limit=01", "limit=x", "limit=1e2", "after=x",
     "after=1", "direction=IN", "partner=vn-mps-imm", "limit=99999999999"],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(api: LiveStaffApi, query: str) -> None:
    got = api.ask("officer", "GET", f"/v1/messages?{query}")

    assert (got.status, got.reason) == (400, "query_invalid")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"[]", "json"),
        (b"\xff", "json"),
        (b'{"document":{},"document":{}}', "json"),
        (b'{"document":NaN}', "json"),
        (b'{"document":{"a":1.5}}', "json"),
        (b"[" * 100, "json"),
        (b"{}", "body_invalid"),
        (b'{"document":[]}', "body_invalid"),
        (b'{"document":{},"officer":"P-0009"}', "body_invalid"),
        (b'{"document":{},"partner":"vn"}', "body_invalid"),
        (b'{"document":{},"emergency":"yes"}', "body_invalid"),
        (b'{"document":{},"files":[{}]}', "body_invalid"),
    ],
)
def test_a_body_of_another_form_is_refused(api: LiveStaffApi, body: bytes, reason: str) -> None:
    got = api.ask("officer", "POST", "/v1/messages", body, key="test-key-1")

    assert (got.status, got.reason) == (400, reason)


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"Content-Type": "text/plain"}, 415, "content_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "content_type"),
        ({"Content-Type": "application/json; charset=utf-16"}, 415, "content_type"),
        ({"Content-Encoding": "gzip"}, 415, "encoding"),
        ({"Content-Length": "99999999"}, 413, "too_large"),
        ({"Content-Length": "99999999999999"}, 413, "too_large"),
        ({"Transfer-Encoding": "chunked"}, 400, "request_invalid"),
    ],
)
def test_a_body_that_is_not_plain_json_of_known_length_is_not_read(
    api: LiveStaffApi, fields: dict[str, str], status: int, reason: str
) -> None:
    got = api.ask("officer", "POST", "/v1/messages", b"{}", key="test-key-1", fields=fields)

    assert (got.status, got.reason) == (status, reason)


def test_a_body_where_none_is_described_is_refused(api: LiveStaffApi) -> None:
    got = api.ask("officer", "GET", PARTNERS, {"a": 1})

    assert (got.status, got.reason) == (400, "request_invalid")


def test_a_problem_quotes_nothing_of_the_request(api: LiveStaffApi) -> None:
    secret = "NGUYEN"
    document = {"type": "RPN", "note": secret, "persons": [{"names": [{"full": secret}], "sex": secret}]}
    answers = [
        api.ask("officer", "POST", "/v1/messages", {"document": document}, key=f"key-{secret}"),
        api.ask("officer", "POST", "/v1/messages/validation", {"document": document}),
        api.ask("officer", "POST", "/v1/messages", {secret: secret}, key="test-key-2"),
        api.ask("officer", "GET", f"/v1/messages?{secret}={secret}"),
        api.ask("officer", "GET", f"/v1/cases/{secret}?purpose={secret}"),
    ]

    assert [secret.encode() in got.body for got in answers] == [False] * 5
    assert secret not in str(api.noted.events) + str(api.noted.counts)


# --- what every answer has


@pytest.mark.parametrize("path", [PARTNERS, "/v1/nothing", "/v1/messages?x=1"])
def test_no_answer_may_be_stored_or_read_by_another_page(api: LiveStaffApi, path: str) -> None:
    got = api.ask("officer", "GET", path, fields={"Origin": "https://elsewhere.example"})

    assert got.fields["Cache-Control"] == "no-store"
    assert len(got.fields["Exchange-Request"]) == 12
    assert not [name for name in got.fields if name.lower().startswith("access-control")]


def test_a_client_that_asks_too_fast_has_to_wait(api: LiveStaffApi) -> None:
    connection = http.client.HTTPConnection(HOST, api.port, timeout=30)
    fields = {"Authorization": f"Bearer {api.tokens['auditor']}"}
    statuses = set()
    for _ in range(BURST * 4):
        connection.request("GET", "/v1/nothing", headers=fields)
        got = connection.getresponse()
        got.read()
        statuses.add(got.status)
        if got.status == 429:
            break
    connection.close()

    assert statuses == {404, 429}
    assert api.ask("officer", "GET", PARTNERS).status == 200


def test_an_officer_opens_a_bounded_number_in_ten_minutes_through_all_clients(api: LiveStaffApi) -> None:
    """Threat model, section 7: mass reading stops."""
    path = f"/v1/messages/{api.story.sent}/content?purpose=case_work"
    statuses = [api.ask(("officer", "same-person")[at % 2], "GET", path).status for at in range(OPENED + 1)]
    api.clock.moved = timedelta(minutes=10)

    assert statuses == [200] * OPENED + [429]
    assert api.ask("officer", "GET", path).status == 200
