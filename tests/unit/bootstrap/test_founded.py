# SPDX-License-Identifier: Apache-2.0
"""Settings are checked against what exists, and against the node that the folder holds."""

import asyncio
from pathlib import Path

import pytest
from exchange.bootstrap import open_node, set_up
from exchange.bootstrap.founded import demand_founded
from exchange.config import LANGUAGES, AgencySection, DoorSection, Settings, read_settings, settings_text
from exchange.errors import ConfigurationError
from exchange.i18n import LANGUAGES as SPOKEN

NODE = "0123456789abcdef"
SETTINGS = Settings(
    agency=AgencySection(code="KH-MOSVY-DAHT", node=NODE, names={"en": "x"}, office="KH-MOSVY-DAHT"),
    door=DoorSection(address="https://localhost:18700"),
)


def written(folder: Path, old: str, new: str) -> Path:
    """Write settings in which one line is another one."""
    text = settings_text(SETTINGS)
    assert text.count(old) == 1
    (folder / "exchange.toml").write_text(text.replace(old, new))
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'zone = "Asia/Phnom_Penh"',
            'zone = "Asia/Pnom_Penh"',
            'agency.zone: Asia/Pnom_Penh is no time zone of the IANA list; write zone = "Asia/Phnom_Penh"',
        ),
        ('zone = "Asia/Phnom_Penh"', 'zone = ""', 'write zone = "Asia/Phnom_Penh"'),
        ('zone = "Asia/Phnom_Penh"', 'zone = "../etc/localtime"', "is no time zone"),
        ('language = "en"', 'language = "fr"', "no texts in fr; write one of en, km, th, vi"),
        ('language = "en"', 'language = ""', "write one of en, km, th, vi"),
        ('"https://localhost:18700"', '"localhost:18700"', 'write address = "https://localhost:18700"'),
        (
            '"https://localhost:18700"',
            '"http://localhost:18700"',
            'write address = "https://localhost:18700"',
        ),
        ('"https://localhost:18700"', '"https://localhost:18700/door"', "partners cannot call this"),
        ('"https://localhost:18700"', '"https://me@localhost:18700"', "partners cannot call this"),
        ('"https://localhost:18700"', '"https://localhost:port"', "partners cannot call this"),
    ],
)
def test_a_value_that_does_not_exist_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = written(tmp_path, old, new)
    lines = (folder / "exchange.toml").read_text().splitlines()
    number = next(at for at, line in enumerate(lines, start=1) if new in line)

    with pytest.raises(ConfigurationError, match=r"exchange\.toml, line") as refused:
        read_settings(folder)

    assert f"exchange.toml, line {number}: " in str(refused.value)
    assert said in str(refused.value)


def test_a_wrong_value_of_the_environment_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exchange.toml").write_text(settings_text(SETTINGS))
    monkeypatch.setenv("EXCHANGE_AGENCY__ZONE", "nowhere")

    with pytest.raises(ConfigurationError, match=r"but set by EXCHANGE_AGENCY__ZONE: agency\.zone"):
        read_settings(tmp_path)


@pytest.mark.parametrize("address", ["", "https://host:443", "https://host", "https://[::1]:8443"])
def test_an_address_that_partners_can_call_is_taken(address: str) -> None:
    assert DoorSection(address=address).address == address


def test_the_languages_of_a_node_are_those_of_the_texts() -> None:
    assert LANGUAGES == SPOKEN


async def opened(folder: Path) -> None:
    async with open_node(folder, lambda: "correct horse battery"):
        return


@pytest.mark.parametrize(
    ("changed", "line"),
    [({"node": "fedcba9876543210"}, f'node = "{NODE}"'), ({"training": True}, "training = false")],
)
def test_a_node_does_not_start_as_another_one_than_it_was_founded(
    tmp_path: Path, changed: dict[str, object], line: str
) -> None:
    card = set_up(tmp_path / "kh", SETTINGS, "correct horse battery")
    other = SETTINGS.model_copy(update={"agency": SETTINGS.agency.model_copy(update=changed)})

    demand_founded(SETTINGS, card)
    with pytest.raises(ConfigurationError, match="was founded with") as refused:
        demand_founded(other, card)

    (tmp_path / "kh" / "exchange.toml").write_text(settings_text(other))
    with pytest.raises(ConfigurationError, match="was founded with"):
        asyncio.run(opened(tmp_path / "kh"))
    assert refused.value.hint is not None
    assert refused.value.hint.startswith(f"write in [agency]: {line};")
