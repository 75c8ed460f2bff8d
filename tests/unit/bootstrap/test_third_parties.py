# SPDX-License-Identifier: Apache-2.0
"""Witnesses and time-stamping authorities in the configuration: what is taken, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap.third_parties import chosen_stampers
from exchange.clock import SystemClock
from exchange.config import AgencySection, Settings
from exchange.errors import ConfigurationError
from pydantic import ValidationError
from tests.support.tsa import Authority

AGENCY = AgencySection(code="KH-MOSVY-DAHT", node="0" * 16, names={"en": "Test"}, office="KH-MOSVY-DAHT")
TSA: dict[str, Any] = {"name": "tsa.example", "url": "https://tsa.example/tsr", "certificate": "/none"}
WITNESS = {"url": "https://witness.example", "key": "checked later"}


def settings(**members: Any) -> Settings:
    return Settings(agency=AGENCY, **members)


def test_without_a_section_there_is_no_authority() -> None:
    assert chosen_stampers(settings(), SystemClock()) == ()


def test_each_section_is_an_authority_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(Authority().pem)
    sections = [TSA | {"name": name, "certificate": str(tmp_path / "root.pem")} for name in ("one", "two")]

    assert [one.name for one in chosen_stampers(settings(tsa=sections), SystemClock())] == ["one", "two"]


def test_authority_without_its_root_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        chosen_stampers(settings(tsa=[TSA]), SystemClock())


@pytest.mark.parametrize(
    ("why", "members"),
    [
        ("plain http", {"tsa": [TSA | {"url": "http://tsa.example/tsr"}]}),
        ("a query", {"tsa": [TSA | {"url": "https://tsa.example/tsr?a=b"}]}),
        ("a user", {"tsa": [TSA | {"url": "https://a@tsa.example/tsr"}]}),
        ("a name with a space", {"tsa": [TSA | {"name": "tsa example"}]}),
        ("no root", {"tsa": [{"name": "a", "url": TSA["url"]}]}),
        ("one name twice", {"tsa": [TSA, TSA]}),
        ("five authorities", {"tsa": [TSA | {"name": f"tsa{n}"} for n in range(5)]}),
        ("an unknown member", {"tsa": [TSA | {"policy": "1.2.3"}]}),
        ("quorum 0", {"witness": [WITNESS], "witnessing": {"quorum": 0}}),
        ("a quorum beyond the witnesses", {"witness": [WITNESS], "witnessing": {"quorum": 2}}),
    ],
)
def test_section_of_another_form_is_refused(why: str, members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**members)
