# SPDX-License-Identifier: Apache-2.0
"""A node whose last keys have ended: it starts, says what is wrong, and new keys can be made."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import Outcome, run
from tests.support.pair import FIRST, KH, SECOND, RealNode, free_ports

YEARS = timedelta(days=3 * 365)
DOOR = ["door", "tls"]


@dataclass(frozen=True)
class YearsAgo:
    """The clock of the day on which the node was set up."""

    def now(self) -> datetime:
        return datetime.now(UTC) - YEARS

    def monotonic_s(self) -> float:
        return 0.0


@pytest.fixture(params=[False, True], ids=["has an address", "only calls"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealNode]:
    port, operations = free_ports()
    old = RealNode(tmp_path / "old", KH, port, only_calls=request.param, operations=operations)
    old.set_up(YearsAgo())
    try:
        yield old
    finally:
        old.kill()


def _ask(node: RealNode, *words: object) -> Outcome:
    secrets = {"PASSPHRASE": node.passphrase, "OFFICER": FIRST, "SECOND": SECOND}
    return run(*words, "--data", node.folder, **secrets)


def _findings(node: RealNode) -> dict[str, Any]:
    return {item["what"]: item for item in json.loads(_ask(node, "doctor", "--json").out)["findings"]}


def _health(node: RealNode) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{node.operations}/health") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


def test_a_node_without_a_key_for_its_door_starts_and_new_keys_open_it(node: RealNode) -> None:
    lacking = ["door"] if node.only_calls else DOOR
    before = _findings(node)

    node.start()
    shut, ill, log = _findings(node), _health(node), (node.folder / "log" / "exchange.log").read_text()
    rotated = _ask(node, "key", "rotate")
    node.stop()
    said = node.output()
    node.start()
    opened, well = _findings(node), _health(node)

    for found in (before, shut):
        assert f"no own key for {' and '.join(lacking)}" in found["partner door"]["found"]
        assert "seal is over since" in found["own keys"]["found"]
        assert "exchange key rotate" in found["own keys"]["todo"]
    assert ill == {"status": "unwell", "reasons": [f"no_{use}_key" for use in lacking]}
    assert [f'"no_{use}_key"' in log for use in DOOR] == [use in lacking for use in DOOR]
    assert f"SHUT: no key of ours for {' and '.join(lacking)}" in said
    assert "Traceback" not in said
    assert rotated.code == 0, rotated.err
    assert "partner door" not in opened
    assert opened["own keys"]["well"]
    assert well == {"status": "ok", "reasons": []}
