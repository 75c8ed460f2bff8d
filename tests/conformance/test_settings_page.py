# SPDX-License-Identifier: Apache-2.0
"""The page of settings names each setting once, and its example is a file that a node reads.

What guides tell to write into that file exists, and can be written into the one that `exchange init` makes.
"""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from exchange.config import AgencySection, Settings, read_settings, settings_text
from pydantic import ValidationError
from tools.pages.settings import EXAMPLE, meanings, tables

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "keys/README.md")
    if "adr" not in path.parts
)
BLOCK = re.compile(r"^ *```[a-z]*\n(\[\[?(\w+)[\].].*?)^ *```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\bEXCHANGE_[A-Z][A-Z_]*")
SECRETS = {f"EXCHANGE_{name}{end}" for name in ("PASSPHRASE", "RECOVERY_PASSPHRASE") for end in ("", "_FILE")}
NEW = Settings(
    agency=AgencySection(
        code="KH-MOSVY-DAHT", node="0123456789abcdef", names={"en": "x"}, office="KH-MOSVY-DAHT"
    )
)
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


def strange_in(block: str) -> list[str]:
    """Return what a node would not know of a block that a guide tells to write into a new `exchange.toml`.

    A section that is there is written where it stands; one in double brackets goes below the rest.
    """
    members = tomllib.loads(settings_text(NEW))
    for name, section in tomllib.loads(block).items():
        members[name] = {**members.get(name, {}), **section} if isinstance(section, dict) else section
    if block.startswith("[["):
        tomllib.loads(settings_text(NEW) + block)
    try:
        Settings(**members)
    except ValidationError as error:
        return [".".join(map(str, one["loc"])) for one in error.errors() if one["type"] == "extra_forbidden"]
    return []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_setting_that_a_guide_tells_to_write_exists_and_can_be_added(guide: str) -> None:
    text = (ROOT / guide).read_text("utf-8")
    blocks = [block for block, name in BLOCK.findall(text) if name in Settings.model_fields]

    assert [strange for block in blocks for strange in strange_in(block)] == []


@pytest.mark.parametrize(
    "block", ["[desk]\nprot = 1\n", '[[witness]]\nurls = "https://a"\n', '[[staff.webhook]]\nsecrets = "x"\n']
)
def test_a_setting_that_does_not_exist_is_found(block: str) -> None:
    assert strange_in(block) != []


def test_guides_have_such_blocks() -> None:
    found = [name for guide in GUIDES for _, name in BLOCK.findall((ROOT / guide).read_text("utf-8"))]

    assert {"desk", "notify", "staff", "witness", "witnessing", "tsa", "oidc"} <= set(found)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_variable_that_a_guide_names_exists(guide: str) -> None:
    commands = {f"EXCHANGE_{name}" for name in ("DATA", "OFFICER", "SECOND")}
    settings = {f"EXCHANGE_{place.replace('.', '__').upper()}" for place in SETTINGS}

    named = set(VARIABLE.findall((ROOT / guide).read_text("utf-8")))

    assert {name.rstrip("_") for name in named} - {"EXCHANGE"} - SECRETS - commands - settings == set()
