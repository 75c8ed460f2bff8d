# SPDX-License-Identifier: Apache-2.0
"""What the staff API does with messages, drafts and cases: by the rules of the own staff, and recorded."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.staff.forms import COMPONENTS
from exchange.interfaces.staff.routes import ROUTES
from exchange.messages.schemas import gate
from exchange.service.access import StopRow
from exchange.service.reading import MOST_OPENED
from exchange.service.rows import AuditRow, LinkState
from tests.support.notices import small_notice
from tests.support.staff_api import LiveStaffApi

PARTNER = "VN-MPS-IMM"
SEND = "/v1/messages"


def acts(api: LiveStaffApi, count: int = 1) -> list[AuditRow]:
    """Return the newest recorded acts, the newest first."""
    return list(api.read(lambda uow: uow.audit.list(limit=count)))


def drafts(api: LiveStaffApi) -> list[str]:
    return [row["id"] for row in api.ask("officer", "GET", "/v1/drafts").json["drafts"]]


# --- answers are as described


def closed(schema: Any) -> Any:
    """Return a schema in which no object has members that are not described; files of `schemas/` stay out."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if str(schema.get("$ref", "")).startswith("schemas/"):
        return {"type": "object"}
    inner = {name: closed(value) for name, value in schema.items()}
    return inner | ({"additionalProperties": False} if "properties" in schema else {})


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "GET"], ids=lambda one: one.operation
)
def test_an_answer_has_every_described_member_and_no_other(api: LiveStaffApi, route: Any) -> None:
    story = api.story
    path = route.path.format(
        name="rpn-1.0.json", partner=PARTNER, message=story.sent, draft=story.draft, case=story.case,
        movement=story.movement, act="hold",
    )  # fmt: skip
    required = [one.name for one in route.parameters if one.place == "query" and one.required]
    values = {"purpose": "case_work", "partner": PARTNER}
    query = "&".join(f"{name}={values[name]}" for name in required)
    forms = closed({name: dict(form) for name, form in COMPONENTS.items()})
    form = {"$ref": f"#/components/schemas/{route.answer}", "components": {"schemas": forms}}

    got = api.ask("officer", "GET", f"{path}?{query}" if query else path).json

    faults = jsonschema_rs.Draft202012Validator(form, offline=True).iter_errors(got)
    assert [(fault.instance_path, fault.message[:200]) for fault in faults] == []


def test_the_content_of_a_message_keeps_the_form_of_its_file(api: LiveStaffApi) -> None:
    got = api.ask("officer", "GET", f"{SEND}/{api.story.sent}/content?purpose=case_work").json

    assert gate("urn:exchange:schema:rpn:1.0", draft=False).is_valid(got["document"])


# --- reading


def test_the_pages_of_messages_hold_each_message_once(api: LiveStaffApi) -> None:
    seen, after = [], ""
    while True:
        page = api.ask("officer", "GET", f"{SEND}?limit=1{after}").json
        seen += [row["id"] for row in page["messages"]]
        if not page["after"]:
            break
        after = f"&after={page['after']}"

    assert seen == [row["id"] for row in api.ask("officer", "GET", SEND).json["messages"]]
    assert len(seen) == len(set(seen)) == 4


def test_the_pages_of_cases_hold_each_case_once(api: LiveStaffApi) -> None:
    first = api.ask("officer", "GET", f"/v1/cases?partner={PARTNER}&limit=2").json
    rest = api.ask("officer", "GET", f"/v1/cases?partner={PARTNER}&limit=2&after={first['after']}").json
    whole = api.ask("officer", "GET", f"/v1/cases?partner={PARTNER}").json

    assert [row["code"] for page in (first, rest) for row in page["cases"]] == [
        row["code"] for row in whole["cases"]
    ]


@pytest.mark.parametrize("after", ["0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60.1", "{sent}.7"])
def test_a_page_after_a_message_that_does_not_exist_is_refused(api: LiveStaffApi, after: str) -> None:
    """It would begin anew, and a program that turns pages would never come to an end."""
    got = api.ask("officer", "GET", f"{SEND}?after={after.format(sent=api.story.sent)}")

    assert (got.status, got.reason) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/v1/messages/{sent}/content", "message_opened"),
        ("/v1/drafts/{draft}/content", "draft_opened"),
        ("/v1/cases/{case}", "case_opened"),
        ("/v1/cases/{case}/export", "case_exported"),
        ("/v1/handovers/{movement}/sheet", "sheet_opened"),
    ],
)
def test_opening_is_recorded_with_purpose_officer_and_client(api: LiveStaffApi, path: str, act: str) -> None:
    """Threat model, rule 30."""
    place = path.format(**vars(api.story))

    api.ask("officer", "GET", f"{place}?purpose=family_tracing")

    client, opened = acts(api, 2)
    assert (opened.act, opened.actor, opened.purpose) == (act, "P-0001", "family_tracing")
    assert (client.act, client.actor, client.purpose) == ("client_acted", "P-0001", "officer")


def waiting(api: LiveStaffApi) -> list[str]:
    """Return the numbers of what nobody has opened."""
    rows, _ = api.read(lambda uow: uow.unopened.page(stops=False))
    return [row.id for row in rows]


def test_what_a_program_fetches_waits_until_an_officer_has_read_it(api: LiveStaffApi) -> None:
    (number,) = waiting(api)
    path = f"{SEND}/{number}"

    fetched = api.ask("officer", "GET", f"{path}/content?purpose=case_work")
    after_fetching = waiting(api)
    said = api.ask("officer", "POST", f"{path}/opened", key="test-key-1")
    again = api.ask("releaser", "POST", f"{path}/opened", key="test-key-2")

    assert (fetched.status, after_fetching, waiting(api)) == (200, [number], [])
    assert said.json == again.json == {"id": number, "type": "RPD"}
    read = [(row.actor, row.object) for row in acts(api, 20) if row.act == "message_read_elsewhere"]
    assert sorted(read) == [("P-0001", number), ("P-0002", number)]


@pytest.mark.parametrize(
    ("client", "message", "query", "status", "reason"),
    [
        ("officer", "{sent}", "", 409, "not_possible"),
        ("officer", "{got}", "?purpose=case_work", 400, "query_invalid"),
        ("officer", "{draft}", "", 404, "not_found"),
        ("border", "{got}", "", 404, "not_found"),
        ("auditor", "{got}", "", 404, "not_found"),
        ("administrator", "{got}", "", 404, "not_found"),
    ],
)
def test_who_may_not_open_a_message_takes_it_off_no_list(
    api: LiveStaffApi, client: str, message: str, query: str, status: int, reason: str
) -> None:
    (got,) = waiting(api)
    place = message.format(sent=api.story.sent, draft=api.story.draft, got=got)

    answer = api.ask(client, "POST", f"{SEND}/{place}/opened{query}", key="test-key-1")

    assert (answer.status, answer.reason, waiting(api)) == (status, reason, [got])


def test_who_has_opened_too_much_takes_nothing_off_the_list(api: LiveStaffApi) -> None:
    (got,) = waiting(api)
    row = StopRow(OfficerNumber("P-0001"), api.clock.now(), MOST_OPENED)
    api.do(lambda node: node.store.write(lambda uow: uow.access.stop(row)))

    answer = api.ask("officer", "POST", f"{SEND}/{got}/opened", key="test-key-1")

    assert (answer.status in (404, 409, 429), waiting(api)) == (True, [got])


def test_the_reads_of_an_auditor_are_recorded(api: LiveStaffApi) -> None:
    """Threat model, rule 29."""
    api.ask("auditor", "GET", f"/v1/partners/{PARTNER}/reconciliation")

    assert (acts(api)[0].act, acts(api)[0].actor, acts(api)[0].purpose) == ("reconciled", "P-0002", "auditor")


def test_what_is_not_opened_is_not_recorded_as_opened(api: LiveStaffApi) -> None:
    before = acts(api)

    for path in (
        SEND,
        "/v1/due",
        "/v1/handovers",
        f"{SEND}/{api.story.sent}",
        f"{SEND}/{api.story.sent}/content",
    ):
        api.ask("officer", "GET", path)

    assert acts(api) == before


# --- writing


def test_a_message_is_sent_and_numbered(api: LiveStaffApi) -> None:
    got = api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, key="test-key-1").json

    assert (got["fate"], got["seq"]) == ("released", 4)
    line = api.ask("officer", "GET", f"{SEND}/{got['id']}").json["message"]
    assert (line["state"], line["officer"], line["direction"]) == ("queued", "P-0001", "out")


def test_a_wrong_message_is_told_place_by_place_and_nothing_is_kept(api: LiveStaffApi) -> None:
    document = {**small_notice("VN"), "proposed_to": "2027-10-01"}

    got = api.ask("officer", "POST", SEND, {"document": document}, key="test-key-1")

    assert (got.status, got.reason) == (422, "input")
    assert {fault["pointer"] for fault in got.json["faults"]} == {"/content/proposed_to"}
    assert "2027-10-01" not in got.body.decode()
    assert set(got.json["faults"][0]) == {"code", "pointer", "rule", "expected", "hint"}
    assert len(api.ask("officer", "GET", SEND).json["messages"]) == 4


def test_a_partner_without_a_link_is_told_as_such(api: LiveStaffApi) -> None:
    body = {"partner": "TH-MSDHS-DATIP", "document": small_notice("TH")}

    assert api.ask("officer", "POST", SEND, body, key="test-key-1").reason == "no_such_partner"


def test_behind_a_closed_gate_a_message_waits(api: LiveStaffApi) -> None:
    api.node.presence.of(api.story.link).gate = LinkState.CLOSED

    got = api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, key="test-key-1").json

    assert (got["fate"], got["seq"]) == ("waiting", 0)
    assert got["id"] in drafts(api)


def test_behind_a_closed_gate_nothing_is_given_up(api: LiveStaffApi) -> None:
    api.node.presence.of(api.story.link).gate = LinkState.CLOSED

    got = api.ask(
        "officer", "POST", f"{SEND}/{api.story.queued}/void", {"code": "withdrawn"}, key="test-key-1"
    )

    assert (got.status, got.reason) == (503, "gate_closed")
    assert int(got.fields["Retry-After"]) > 0


def test_a_check_tells_every_fault_without_what_was_found(api: LiveStaffApi) -> None:
    got = api.ask("officer", "POST", f"{SEND}/validation", {"document": {"type": "RPN"}}).json

    assert len(got["faults"]) > 1
    assert [fault for fault in got["faults"] if "found" in fault] == []


def test_a_check_stores_nothing(api: LiveStaffApi) -> None:
    before = acts(api)

    got = api.ask("officer", "POST", f"{SEND}/validation", {"document": small_notice("VN")}).json

    assert got["faults"] == []
    assert acts(api) == before


@pytest.mark.parametrize(
    ("client", "digest", "status", "reason"),
    [
        ("same-person", "{right}", 409, "own_message"),
        ("releaser", "A" * 43, 409, "draft_changed"),
        ("releaser", "short", 400, "body_invalid"),
        ("officer", "{right}", 404, "not_found"),
        ("auditor", "{right}", 404, "not_found"),
        ("administrator", "{right}", 404, "not_found"),
    ],
)
def test_a_draft_is_released_by_another_person_who_saw_it_and_by_nobody_else(
    api: LiveStaffApi, client: str, digest: str, status: int, reason: str
) -> None:
    """Threat model, rule 28."""
    body = {"digest": digest.format(right=api.story.draft_digest)}

    got = api.ask(client, "POST", f"/v1/drafts/{api.story.draft}/release", body, key="test-key-1")

    assert (got.status, got.reason) == (status, reason)
    assert api.story.draft in drafts(api)


def test_the_second_person_releases_what_they_saw(api: LiveStaffApi) -> None:
    path = f"/v1/drafts/{api.story.draft}"
    shown = api.ask("releaser", "GET", f"{path}/content?purpose=case_work").json

    got = api.ask(
        "releaser", "POST", f"{path}/release", {"digest": shown["draft"]["digest"]}, key="test-key-1"
    )

    assert got.json["fate"] == "released"
    line = api.ask("releaser", "GET", f"{SEND}/{got.json['id']}").json["message"]
    assert (line["officer"], line["released_by"]) == ("P-0001", "P-0002")
    assert drafts(api) == []


WHY = "the year of birth is not the one in the passport"


def test_a_draft_is_sent_back_taken_back_changed_and_released(api: LiveStaffApi) -> None:
    path, digest = f"/v1/drafts/{api.story.draft}", api.story.draft_digest
    back = api.ask("releaser", "POST", f"{path}/return", {"digest": digest, "reason": WHY}, key="test-key-1")
    listed = api.ask("releaser", "GET", "/v1/drafts").json["drafts"][0]["returned"]
    early = api.ask("releaser", "POST", f"{path}/release", {"digest": digest}, key="test-key-2")
    taken = api.ask("officer", "POST", f"{path}/take-back", key="test-key-3")
    document = api.ask("officer", "GET", f"{path}/content?purpose=case_work").json["document"]
    document["content"]["proposed_to"] = "2027-10-22"
    sent = api.ask("officer", "POST", f"{path}/change", {"document": document}, key="test-key-4")
    shown = api.ask("releaser", "GET", f"{path}/content?purpose=case_work").json
    done = api.ask("releaser", "POST", f"{path}/release", {"digest": sent.json["digest"]}, key="test-key-5")

    assert back.json == taken.json == {"id": api.story.draft, "type": "RPN"}
    assert (listed["by"], "reason" in listed) == ("P-0002", False)
    assert (early.status, early.reason) == (409, "draft_moved")
    assert shown["draft"]["sent_back"]["reason"] == WHY
    assert [one["pointer"] for one in shown["changes"]] == ["/content/proposed_to"]
    assert done.json["fate"] == "released"


@pytest.mark.parametrize(
    ("client", "act", "body", "status", "reason"),
    [
        ("same-person", "return", {"digest": "{right}", "reason": WHY}, 409, "own_message"),
        ("releaser", "return", {"digest": "A" * 43, "reason": WHY}, 409, "draft_changed"),
        ("releaser", "return", {"digest": "{right}", "reason": ""}, 400, "body_invalid"),
        ("releaser", "return", {"digest": "{right}"}, 400, "body_invalid"),
        ("releaser", "return", {"digest": "{right}", "reason": " "}, 409, "not_possible"),
        ("officer", "return", {"digest": "{right}", "reason": WHY}, 404, "not_found"),
        ("releaser", "take-back", None, 404, "not_found"),
        ("releaser", "discard", None, 404, "not_found"),
        ("auditor", "discard", None, 404, "not_found"),
        ("border", "take-back", None, 404, "not_found"),
        ("border", "discard", None, 404, "not_found"),
    ],
)
def test_who_may_not_return_a_draft_changes_nothing(
    api: LiveStaffApi, client: str, act: str, body: Any, status: int, reason: str
) -> None:
    filled = body and {name: text.format(right=api.story.draft_digest) for name, text in body.items()}

    got = api.ask(client, "POST", f"/v1/drafts/{api.story.draft}/{act}", filled, key="test-key-1")

    assert (got.status, got.reason) == (status, reason)
    assert api.ask("officer", "GET", "/v1/drafts").json["drafts"][0]["returned"] is None


def test_who_stands_at_the_crossing_undoes_the_own_record_and_sees_no_other_draft(
    api: LiveStaffApi,
) -> None:
    row = api.read(lambda uow: uow.drafts.get(api.story.draft))
    own = replace(row, type="HRC")
    other = replace(row, id=api.story.queued, prepared_by=OfficerNumber("P-0002"))
    for one in (own, other):
        api.do(lambda node, one=one: node.store.write(lambda uow: uow.drafts.save(one)))
    path = f"/v1/drafts/{own.id}"

    listed = api.ask("border", "GET", "/v1/drafts").json["drafts"]
    strange = api.ask("border", "GET", f"/v1/drafts/{other.id}/content?purpose=case_work")
    opened = api.ask("border", "GET", f"{path}/content?purpose=case_work")
    taken = api.ask("border", "POST", f"{path}/take-back", key="test-key-1")
    gone = api.ask("border", "POST", f"{path}/discard", key="test-key-2")

    assert ([row["id"] for row in listed], strange.status, opened.status) == ([own.id], 404, 200)
    assert taken.json == gone.json == {"id": own.id, "type": "HRC"}
    assert drafts(api) == [other.id]


def test_a_discarded_draft_is_gone(api: LiveStaffApi) -> None:
    path = f"/v1/drafts/{api.story.draft}/discard"

    done, again = (api.ask("officer", "POST", path, key=f"test-key-{n}") for n in (1, 2))

    assert (done.json["id"], again.status, drafts(api)) == (api.story.draft, 404, [])


def test_a_message_without_a_verdict_is_given_up_once(api: LiveStaffApi) -> None:
    path = f"{SEND}/{api.story.queued}/void"

    first = api.ask("officer", "POST", path, {"code": "withdrawn"}, key="test-key-1")
    again = api.ask("officer", "POST", path, {"code": "withdrawn"}, key="test-key-2")

    assert first.json == {"id": api.story.queued, "seq": 3}
    assert (again.status, again.reason) == (409, "not_possible")


@pytest.mark.parametrize("code", ["expired!", "", "because", None])
def test_a_message_is_given_up_for_a_reason_of_the_list(api: LiveStaffApi, code: object) -> None:
    got = api.ask("officer", "POST", f"{SEND}/{api.story.queued}/void", {"code": code}, key="test-key-1")

    assert (got.status, got.reason) == (400, "body_invalid")


def test_an_accepted_message_is_not_given_up(api: LiveStaffApi) -> None:
    got = api.ask("officer", "POST", f"{SEND}/{api.story.sent}/void", {"code": "withdrawn"}, key="test-key-1")

    assert (got.status, got.reason) == (409, "not_possible")


def test_a_message_that_nobody_released_alone_needs_no_review(api: LiveStaffApi) -> None:
    body = {"digest": "A" * 43, "agrees": True}

    got = api.ask("releaser", "POST", f"{SEND}/{api.story.sent}/review", body, key="test-key-1")

    assert (got.status, got.reason) == (409, "not_possible")


def test_what_a_client_changed_is_recorded_in_the_same_commit(api: LiveStaffApi) -> None:
    api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, key="test-key-1")

    client, released = acts(api, 2)
    assert (released.act, client.act, client.object, client.purpose) == (
        "message_released", "client_acted", "sendMessage", "officer",
    )  # fmt: skip


# --- once


def test_the_same_write_again_gets_the_same_answer_and_is_done_once(api: LiveStaffApi) -> None:
    body = {"document": small_notice("VN")}

    answers = [api.ask("officer", "POST", SEND, body, key="test-key-1").body for _ in range(3)]

    assert len(set(answers)) == 1
    assert len(api.ask("officer", "GET", SEND).json["messages"]) == 5


@pytest.mark.parametrize(
    "other", [{"document": small_notice("VN", 2)}, {"document": small_notice("VN"), "partner": PARTNER}]
)
def test_a_key_is_not_used_for_another_body(api: LiveStaffApi, other: dict[str, Any]) -> None:
    api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, key="test-key-1")

    got = api.ask("officer", "POST", SEND, other, key="test-key-1")

    assert (got.status, got.reason) == (422, "key_reused")
    assert len(api.ask("officer", "GET", SEND).json["messages"]) == 5


def test_a_key_is_not_used_for_another_route(api: LiveStaffApi) -> None:
    path = f"{SEND}/{api.story.queued}/void"
    api.ask("officer", "POST", path, {"code": "withdrawn"}, key="test-key-1")

    got = api.ask("officer", "POST", f"{SEND}/{api.story.sent}/void", {"code": "withdrawn"}, key="test-key-1")

    assert (got.status, got.reason) == (422, "key_reused")


def test_the_key_of_one_client_is_not_the_key_of_another(api: LiveStaffApi) -> None:
    body = {"document": small_notice("VN")}

    numbers = [
        api.ask(client, "POST", SEND, body, key="test-key-1").json["seq"]
        for client in ("officer", "same-person")
    ]

    assert numbers == [4, 5]


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "with space in", "ключ-ключ"])
def test_a_write_without_a_right_key_is_refused(api: LiveStaffApi, key: str) -> None:
    fields = {"Idempotency-Key": key.encode("utf-8").decode("latin-1")} if key else {}

    got = api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, fields=fields)

    assert (got.status, got.reason) == (400, "key_missing")
    assert len(api.ask("officer", "GET", SEND).json["messages"]) == 4


def test_a_refused_write_leaves_its_key_free(api: LiveStaffApi) -> None:
    wrong = api.ask("officer", "POST", SEND, {"document": {"type": "RPN"}}, key="test-key-1")
    right = api.ask("officer", "POST", SEND, {"document": small_notice("VN")}, key="test-key-1")

    assert (wrong.status, right.status) == (422, 200)


def test_an_answer_outlives_the_process(api: LiveStaffApi) -> None:
    body = {"document": small_notice("VN")}
    first = api.ask("officer", "POST", SEND, body, key="test-key-1")
    api.restart()

    assert api.ask("officer", "POST", SEND, body, key="test-key-1").body == first.body


def test_after_a_day_a_key_is_free_again(api: LiveStaffApi) -> None:
    body = {"document": small_notice("VN")}
    first = api.ask("officer", "POST", SEND, body, key="test-key-1").json
    api.clock.moved = timedelta(hours=24, minutes=1)
    api.node.guard.settle()

    assert api.ask("officer", "POST", SEND, body, key="test-key-1").json["seq"] == first["seq"] + 1
