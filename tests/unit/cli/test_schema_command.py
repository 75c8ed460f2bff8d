# SPDX-License-Identifier: Apache-2.0
"""`exchange schema`: forms are listed and shown, a file is checked without any node."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli import installed
from exchange.messages.catalog import FORMS, message_type
from exchange.messages.codelists import list_versions, schema_root
from exchange.protocol.wireforms import wire_schemas
from tests.support.command_line import run
from tests.support.documents import GONE, notice

EXAMPLES = schema_root() / "examples"


def _written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "message.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_every_installed_type_is_listed_with_its_version() -> None:
    done = run("schema", "list", "--json")

    listed = {row["type"]: row["version"] for row in json.loads(done.out)["types"]}
    assert listed == {code: form.version for code, form in FORMS.items()}


@pytest.mark.parametrize("name", ["RPN", "rpn", "repatriation-notice"])
def test_the_schema_of_a_type_is_the_file_as_it_stands(name: str) -> None:
    done = run("schema", "show", name)

    file = (schema_root() / "messages" / "rpn-1.0.json").read_text(encoding="utf-8")
    assert json.loads(done.out) == json.loads(file)


@pytest.mark.parametrize("name", ["header", "person"])
def test_the_parts_that_all_types_share_are_shown_too(name: str) -> None:
    assert json.loads(run("schema", "show", name).out)["$id"] == f"urn:exchange:schema:{name}:1.0"


def test_every_object_on_the_wire_is_listed_with_its_name() -> None:
    done = run("schema", "list", "--json")

    listed = {row["object"]: row["schema"] for row in json.loads(done.out)["objects"]}
    assert listed == {name: schema["$id"] for name, schema in wire_schemas().items()}
    assert listed.keys() >= {"card", "agreement", "envelope", "frame", "gate", "leaf"}


def test_the_schema_of_an_object_on_the_wire_is_the_file_as_it_stands() -> None:
    done = run("schema", "show", "card")

    file = (schema_root() / "wire" / "card-1.0.json").read_text(encoding="utf-8")
    assert json.loads(done.out) == json.loads(file)


def test_no_object_on_the_wire_has_the_name_of_a_type() -> None:
    assert [name for name in wire_schemas() if message_type(name) or name in {"header", "person"}] == []


@pytest.mark.parametrize("name", ["discrepancy-types", "checkpoint-status"])
def test_a_code_list_is_shown_with_its_words_and_whole_as_its_file_stands(name: str) -> None:
    """Guides name lists by their names; an auditor reads what exactly a class of differences means."""
    done, whole = run("schema", "codes", name), run("schema", "codes", name, "--json")

    file = json.loads((schema_root() / "codelists" / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(whole.out) == file
    assert all(f"{one['code']} " in done.out and one["label"] in done.out for one in file["codes"])


def test_every_code_list_is_listed() -> None:
    listed = json.loads(run("schema", "codes", "--json").out)["lists"]

    assert {row["list"]: row["version"] for row in listed} == dict(list_versions())
    assert all(name in run("schema", "codes").out for name in list_versions())


def test_a_list_that_is_mistyped_is_answered_with_those_that_are_alike() -> None:
    done = run("schema", "codes", "discrepancy-type")

    assert (done.code, done.err.splitlines()[0]) == (2, "error: discrepancy-type is no code list")
    assert "discrepancy-types" in done.err


@pytest.mark.parametrize("name", ["ACK", "XYZ", "../header", ""])
def test_a_type_without_a_form_is_wrong_usage(name: str) -> None:
    done = run("schema", "show", name)

    assert done.code == 2
    assert "has no installed form" in done.err


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/valid/*.json")), ids=lambda path: path.stem)
def test_a_valid_example_has_no_fault_that_needs_no_earlier_message(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    world = json.loads((EXAMPLES / "world.json").read_text(encoding="utf-8"))
    moment = installed.datetime.fromisoformat(world["numbered_at"])

    assert installed.document_faults(document, now=moment) == ()


def test_a_right_file_is_said_to_be_right(tmp_path: Path) -> None:
    done = run("schema", "check", EXAMPLES / "rpn" / "valid" / "adult-with-passport.json")

    assert (done.code, done.err) == (0, "")
    assert "hold" in done.out


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"persons__0__sex": GONE}, "/persons/0/sex"),
        ({"persons__0__sex": "Q"}, "/persons/0/sex"),
        ({"header__type_version": "2.0"}, "/header/type_version"),
        ({"content__persons_count": 2}, "/content/persons_count"),
        ({"content__proposed_to": "2027-11-31"}, "/content/proposed_to"),
        ({"persons__0__consents": []}, "/persons/0/consents"),
        ({"persons__0__religion": "x"}, "/persons/0/religion"),
    ],
)
def test_a_fault_is_shown_with_its_place(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    done = run("schema", "check", _written(tmp_path, notice(**changes)))

    assert done.code == 3
    assert done.err.startswith(f"error: {place} ")


def test_a_draft_is_checked_for_its_form(tmp_path: Path) -> None:
    names = ("message_id", "sender", "recipient", "link", "agreement")
    draft = notice(**{f"header__{name}": GONE for name in names})

    done = run("schema", "check", _written(tmp_path, draft))
    told = json.loads(run("schema", "check", _written(tmp_path, draft), "--json").out)

    assert done.code == 0
    assert "form and codes hold; rules were not judged: /header/" in done.out
    assert "rules hold" not in done.out
    assert (told["rules_judged"], set(told["missing"])) == (False, {f"/header/{name}" for name in names})


def test_a_complete_message_is_said_to_be_judged_by_its_rules(tmp_path: Path) -> None:
    done = run("schema", "check", _written(tmp_path, notice()), "--json")

    told = json.loads(done.out)
    assert (told["rules_judged"], told["missing"]) == (True, [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a":1,"a":2}', "NaN", "{}"])
def test_a_file_that_is_no_message_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "message.json"
    path.write_text(text, encoding="utf-8")

    assert run("schema", "check", path).code == 3


def test_what_is_installed_agrees() -> None:
    done = run("schema", "check", "--json")

    assert (done.code, json.loads(done.out)["findings"]) == (0, [])


def test_an_installation_whose_model_has_other_members_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = dict(FORMS) | {"RPN": installed.Form("1.0", FORMS["RPN"].schema, "person", FORMS["RPD"].model)}
    monkeypatch.setattr(installed, "FORMS", swapped)

    done = run("schema", "check")

    assert done.code == 1
    assert "differs: RPN 1.0: the schema and the model have other members in content" in done.out
    assert "differs: example rpn/valid" not in done.out.split("RPN 1.0")[0]


def test_an_installation_without_a_schema_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = dict(FORMS) | {
        "RPN": installed.Form("9.9", "urn:exchange:schema:rpn:9.9", "person", FORMS["RPN"].model)
    }
    monkeypatch.setattr(installed, "FORMS", {"RPN": gone["RPN"]})

    findings = [*installed._schemas_and_lists(), *installed._models()]

    assert findings == ["RPN 9.9 has no schema file urn:exchange:schema:rpn:9.9"]
