# SPDX-License-Identifier: Apache-2.0
"""Every type of the catalogue that is a message has all that belongs to it."""

import re
from pathlib import Path
from typing import Any

import pytest
from exchange.messages.blanks import BEGIN_WITH, blank
from exchange.messages.catalog import FORMS, message_types
from exchange.messages.codelists import codelist
from exchange.messages.schemas import schemas
from exchange.messages.validation import RULES
from exchange.messages.versions import forms_of
from exchange.protocol.profiles import load_profile, profile_codes
from tests.support.examples import ROOT as EXAMPLES
from tests.support.examples import load

ROOT = Path(__file__).resolve().parents[2]
TYPES = sorted(code for code, row in message_types().items() if row.is_message)
PAGE = (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8")
LEAST = {"valid": 2, "invalid": 3}


def examples(code: str, kind: str) -> list[Path]:
    return sorted((EXAMPLES / code.lower() / kind).glob("*.json"))


def test_the_messages_of_the_list_are_the_installed_forms() -> None:
    wire = codelist("message-types").codes.values()

    assert sorted(code.code for code in wire if code.extra["wire"] == "message") == TYPES == sorted(FORMS)


@pytest.mark.parametrize("code", TYPES)
def test_each_version_has_its_schema_file_and_the_newest_its_model_and_rules(code: str) -> None:
    for form in forms_of(code):
        path = ROOT / f"schemas/messages/{code.lower()}-{form.version}.json"
        schema: Any = schemas()[form.schema]
        header = schema["properties"]["header"]["properties"]

        assert load(path)["$id"] == form.schema
        assert (header["type"], header["type_version"]) == ({"const": code}, {"const": form.version})
    assert code in RULES


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("code", TYPES)
def test_there_are_examples_of_the_type(code: str, kind: str) -> None:
    found = examples(code, kind)

    assert len(found) >= LEAST[kind]
    assert kind == "invalid" or {load(path)["header"]["type"] for path in found} == {code}


@pytest.mark.parametrize("code", TYPES)
def test_name_of_a_refused_example_begins_with_its_code(code: str) -> None:
    rejections = codelist("ack-rejections").codes

    assert all(path.stem.split("-")[0] in rejections for path in examples(code, "invalid"))


@pytest.mark.parametrize("code", TYPES)
def test_type_has_its_section_on_the_page_with_every_member(code: str) -> None:
    (section,) = re.findall(rf"^## {code} .*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    schema: Any = schemas()[FORMS[code].schema]
    members = {
        *schema["properties"]["content"]["properties"],
        *schema["$defs"][FORMS[code].line]["properties"],
    }

    assert message_types()[code].label in section
    assert {name for name in members if f"| `{name}` |" not in section} == set()


@pytest.mark.parametrize("code", TYPES)
def test_type_has_a_smallest_file(code: str) -> None:
    assert code in BEGIN_WITH
    assert blank(code)["type"] == code


@pytest.mark.parametrize("profile", profile_codes())
def test_every_profile_says_who_may_send_each_type(profile: str) -> None:
    assert sorted(load_profile(profile).types) == TYPES
