# SPDX-License-Identifier: Apache-2.0
"""The pages about the staff API are true: what is described is served, and the clients in the text work."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from exchange.interfaces.api.server import COMMANDS
from exchange.interfaces.staff import acts
from exchange.interfaces.staff.forms import COMPONENTS, file_name
from exchange.interfaces.staff.routes import EVERY_ROLE, ROUTES
from exchange.messages.schemas import schemas
from tests.support.notices import small_notice
from tests.support.staff_api import LiveStaffApi

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/staff-api.md").read_text(encoding="utf-8")
PARTNER = "VN-MPS-IMM"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveStaffApi]:
    with LiveStaffApi(tmp_path) as live:
        yield live


def block(name: str) -> str:
    """Return the code of a client in the page."""
    found = re.search(rf"<!-- client: {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_served_description_is_the_committed_one(api: LiveStaffApi) -> None:
    committed = json.loads((ROOT / "docs/reference/staff-api.json").read_text(encoding="utf-8"))

    assert api.ask("auditor", "GET", "/v1/openapi.json").json == committed


def test_every_form_is_used_and_is_a_schema() -> None:
    text = json.dumps({name: COMPONENTS[name] for name in COMPONENTS})
    used = {route.answer for route in ROUTES} | {route.body for route in ROUTES} | {"Problem"}
    used |= set(re.findall(r"#/components/schemas/(\w+)", text))

    assert used - {""} == set(COMPONENTS)
    for form in COMPONENTS.values():
        jsonschema_rs.meta.validate(form)


def test_every_reference_to_a_file_is_served(api: LiveStaffApi) -> None:
    names = re.findall(r'"schemas/([^"]+)"', (ROOT / "docs/reference/staff-api.json").read_text("utf-8"))

    assert set(names) <= {file_name(id) for id in schemas()}
    for name in set(names):
        assert (ROOT / "schemas/messages" / name).is_file()
        assert api.ask("officer", "GET", f"/v1/schemas/{name}").status == 200


def test_no_two_routes_have_one_name_or_one_place() -> None:
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_parameter_of_a_path_is_described() -> None:
    for route in ROUTES:
        named = [one.name for one in route.parameters if one.place == "path"]
        assert re.findall(r"\{(\w+)\}", route.path) == named, route.path


def test_every_command_that_an_act_asks_for_exists() -> None:
    asked = re.findall(r'\.ask\(\s*"([a-z._]+)"', Path(acts.__file__).read_text(encoding="utf-8"))

    assert set(asked) <= set(COMMANDS)
    assert len(set(asked)) > 10


def test_what_opens_needs_a_purpose_and_what_writes_is_a_post() -> None:
    for route in ROUTES:
        purposes = [one for one in route.parameters if one.name == "purpose" and one.required]
        assert bool(purposes) == route.opens, route.path
        assert not route.writes or route.method == "POST"
        assert route.roles <= EVERY_ROLE


def test_the_page_names_every_role() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) >= EVERY_ROLE


def test_the_client_in_python_sends_and_turns_pages(api: LiveStaffApi) -> None:
    client: dict[str, Any] = {}
    exec(block("python"), client)

    sent = client["send"](api.url, api.tokens["officer"], PARTNER, small_notice("VN"))
    listed = list(client["all_messages"](api.url, api.tokens["officer"]))

    assert sent["fate"] == "released"
    assert [row["id"] for row in listed].index(sent["id"]) == 0
    assert len(listed) == 5


def test_the_client_in_curl_says_the_right_words(api: LiveStaffApi) -> None:
    """The words are sent without curl, which a machine that runs the tests may not have."""
    text = block("curl").replace("\\\n", "").replace('"$URL', '"').replace("$KEY", "test-key-1")
    notice = {"partner": PARTNER, "document": small_notice("VN")}
    statuses = []
    for line in text.strip().splitlines():
        words = shlex.split(line.replace("$TOKEN", api.tokens["officer"]))
        fields = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        body = notice if "--data" in words else None
        statuses.append(api.ask("", "POST" if body else "GET", words[-1], body, fields=fields).status)

    assert statuses == [200, 200]
