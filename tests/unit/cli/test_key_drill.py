# SPDX-License-Identifier: Apache-2.0
"""`exchange key drill`: what it says of the keys that the running node tried."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import open_node, set_up
from exchange.config import AgencySection, Settings
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

PASSPHRASE = "a passphrase of the node"
WORKS: list[dict[str, Any]] = [
    {"part": "signing", "works": True, "names": []},
    {"part": "sealing", "works": True, "names": []},
    {"part": "successors", "works": True, "names": []},
    {"part": "recovery", "works": True, "names": []},
]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Set up a node, and return its folder and its card."""
    folder = tmp_path_factory.mktemp("drill") / "data"
    agency = AgencySection(code="KH-MOSVY-DAHT", node="0" * 16, names={"en": "One"}, office="KH-MOSVY-DAHT")
    set_up(folder, Settings(agency=agency), PASSPHRASE, officers={})

    async def card() -> str:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            return opened.card.raw.decode("ascii")

    return folder, asyncio.run(card())


def drill(founded: tuple[Path, str], found: list[dict[str, Any]]) -> Outcome:
    folder, card = founded
    (folder / "run" / "control.sock").unlink(missing_ok=True)
    with LocalService(
        folder, {"key.prepare": {"card": card, "partners": []}, "key.drilled": {"found": found}}
    ):
        return run("key", "drill", "--data", folder, OFFICER="P-0001", SECOND="P-0002", PASSPHRASE=PASSPHRASE)


def test_drill_says_that_the_running_node_works_with_its_keys(founded: tuple[Path, str]) -> None:
    done = drill(founded, WORKS)

    assert done.code == 0
    assert "signs with every key of its card" in done.out


def test_key_that_does_not_work_is_named_and_the_node_is_unwell(founded: tuple[Path, str]) -> None:
    done = drill(founded, [{"part": "signing", "works": False, "names": ["head-pq", "tls"]}, *WORKS[1:]])

    assert done.code == 6
    assert "the running node does not work with: head-pq, tls" in done.out
    assert "next: exchange key rotate" in done.out
