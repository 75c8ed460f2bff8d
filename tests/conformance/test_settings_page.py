# SPDX-License-Identifier: Apache-2.0
"""The page of settings names each setting once, and its example is a file that a node reads."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from exchange.config import Settings, read_settings
from tools.pages.settings import EXAMPLE, meanings, tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
TABLES = list(tables(Settings, tomllib.loads((ROOT / EXAMPLE).read_text("utf-8"))))
SETTINGS = {
    f"{table.name}.{name}": (table, name)
    for table in TABLES
    for name in table.model.model_fields
    if (table.name, name) != ("staff", "webhook")
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_has_one_row_with_meaning_and_example(setting: str) -> None:
    table, name = SETTINGS[setting]
    section = PAGE.split(f"## `{table.heading}`\n")[1].split("\n## ")[0]

    rows = re.findall(rf"^\| `{name}` \| (.+) \| (.+) \| (.+) \| `(.+)` \|$", section, re.MULTILINE)

    assert len(rows) == 1
    assert rows[0][0] == meanings(table.model)[name]


def test_the_example_is_a_file_that_a_node_reads(tmp_path: Path) -> None:
    shutil.copy(ROOT / EXAMPLE, tmp_path / "exchange.toml")

    assert read_settings(tmp_path).agency.code == "KH-MOSVY"


def test_no_section_of_the_program_is_missing_on_the_page() -> None:
    headings = re.findall(r"^## `(.+)`$", PAGE, re.MULTILINE)

    assert headings == [table.heading for table in TABLES]
    assert {table.name for table in TABLES} == {*Settings.model_fields, "staff.webhook"}
