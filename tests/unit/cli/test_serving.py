# SPDX-License-Identifier: Apache-2.0
"""What a running node holds in memory: no modules of other programs, and no pages that nobody uses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from exchange.interfaces import memory

LOADED = """
import json, sys
import exchange.interfaces.cli.serving, exchange.interfaces.running
from exchange.cases.calendars import _library_year
_library_year("KH", 2027), _library_year("VN", 2027)
json.dump(sorted(sys.modules), sys.stdout)
"""
NEVER = (
    "babel", "exchange.interfaces.cli.demo", "exchange.interfaces.cli.messages", "exchange.interfaces.web",
    "exchange.verifier.verify", "exchange.witness", "fontTools", "holidays.countries.thailand", "jinja2",
    "jsonschema", "openpyxl", "PIL", "segno", "weasyprint", "webauthn",
)  # fmt: skip
"""What the commands of people, the pages and the papers need; these load it when they are asked for."""
_HELD = 1024
"""Bytes of a piece of memory: more than Python keeps for itself, less than the system gives by itself."""


@pytest.fixture(name="modules", scope="module")
def modules_of_a_node() -> frozenset[str]:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, check=True, timeout=120)
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("name", NEVER)
def test_node_loads_nothing_that_only_others_need(modules: frozenset[str], name: str) -> None:
    assert not {each for each in modules if each == name or each.startswith(f"{name}.")}


def test_node_loads_the_calendar_of_the_country_that_is_asked_for(modules: frozenset[str]) -> None:
    assert {"holidays.countries.cambodia", "holidays.countries.vietnam"} <= modules


_LARGE_PIECES = """
import sys
from exchange.interfaces.memory import LARGE_BYTES, keep_large_apart
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
asked = keep_large_apart() if sys.argv[1] == "1" else True
first = bytes(2 * LARGE_BYTES)
del first
large, small = [], []
for n in range(64):
    large.append(bytearray(2 * LARGE_BYTES - 4096))
    small.append([bytes(4000) for _ in range(4)])
before = resident()
large.clear()
print(int(asked), before - resident())
"""
"""Frees large pieces that lie between small ones; prints what went back to the system."""


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_between_what_is_in_use_goes_back_to_the_system() -> None:
    pieces = [bytes(_HELD) for _ in range(64 * 1024)]
    last = pieces[-1]
    del pieces
    before = _resident_bytes()

    asked = memory.give_back()

    assert len(last) == _HELD
    assert not asked or before - _resident_bytes() > 16 * 1024 * 1024


@pytest.mark.parametrize("apart", [True, False])
def test_what_is_large_goes_back_at_once_and_by_itself_would_not(apart: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LARGE_PIECES, str(int(apart))], capture_output=True, check=True, timeout=120
    )

    asked, given_back = map(int, done.stdout.split())
    if asked or not apart:
        assert (given_back > 32 * 1024 * 1024) is apart


def test_what_a_node_starts_with_is_left_out_of_later_collections() -> None:
    code = "import gc, exchange.interfaces.running as r; print(r.set_apart(), len(gc.get_objects()))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=120)

    apart, looked_at = map(int, done.stdout.split())
    assert apart > 100_000
    assert looked_at < 1_000
