# SPDX-License-Identifier: Apache-2.0
"""The auditor's commands at two real processes: a light, a statement that both compute, a stamped pack."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from exchange.config import TsaSection
from exchange.errors import UsageError
from tests.support.command_line import run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, RealPair
from tests.support.tsa import Authority, AuthoritySite

YEARS = timedelta(days=3_649)
NOWHERE = "http://127.0.0.1:9/tsr"
"""The port of the discard service, on which nothing listens."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    """Two nodes, a notice and statement 1; KH asks an authority that works, and one that is off."""
    folder = tmp_path_factory.mktemp("pair")
    authority = Authority(life=(-YEARS, YEARS))
    roots = folder / "roots.pem"
    roots.write_bytes(authority.pem)
    pair = RealPair(folder)
    with AuthoritySite(authority) as site:
        places = {"tsa.example": site.url, "off.example": NOWHERE}
        pair.kh.tsa = tuple(
            TsaSection(name=name, url=url, certificate=str(roots)) for name, url in places.items()
        )
        with pair:
            pair.kh.send(real_notice())
            pair.until(pair.is_quiet)
            pair.kh.service.ask("statement.make", officer=FIRST)
            pair.until(lambda: _shown(pair)["content"] is not None)
            yield pair


def test_auditor_of_each_side_sees_the_same_ledgers(pair: RealPair) -> None:
    ours, theirs = pair.reconcile()

    assert (ours["light"], theirs["light"]) == ("green", "green")
    assert ours["entries"]["own"] == theirs["entries"]["partner"]
    assert ours["differences"] == theirs["differences"] == []
    listed = pair.kh.service.ask("difference.list", compare=True)
    assert (listed["light"], listed["differences"]) == ("green", [])
    month = pair.kh.service.ask("reconcile", month="2020-01", flush=False)
    assert (month["sent"], month["period"]["from"]) == (0, "2020-01-01T00:00:00.000Z")


def test_both_sides_compute_the_same_figures_and_agree(pair: RealPair) -> None:
    shown = _shown(pair)
    made = pair.kh.service.ask("statement.show", no=1, of="own")

    assert (shown["no"], shown["digest"], shown["differs"]) == (1, made["digest"], [])
    assert pair.vn.service.ask("statement.agree", no=1, officer=FIRST)["answer"] == "agreed"


def test_difference_that_was_never_named_is_refused(pair: RealPair) -> None:
    with pytest.raises(UsageError, match="no difference 1"):
        pair.kh.service.ask("difference.show", no=1)


def test_an_entry_that_is_not_there_is_answered_as_people_count(pair: RealPair) -> None:
    """Entries begin with 1 for people and with 0 for programs; how many there are is the same for both."""
    size = pair.kh.service.ask("ledger.list")["size"]

    done = run("ledger", "show", size + 1, "--data", pair.kh.folder)

    assert (done.code, done.err.splitlines()[0]) == (2, f"error: the ledger of {KH} has {size} entries")
    assert run("ledger", "show", size, "--data", pair.kh.folder).code == 0


def test_stamp_of_an_authority_is_in_the_pack_and_the_verifier_checks_it(pair: RealPair) -> None:
    pair.until(lambda: _missing(pair) == {"off.example"})
    pack, verifier, roots = (pair.folder / name for name in ("a.pack", "verify.py", "roots.pem"))

    assert run("evidence", "export", "-o", pack, "--data", pair.kh.folder, OFFICER=FIRST).code == 0
    assert run("evidence", "verifier", "-o", verifier).code == 0
    command = [sys.executable, "-I", str(verifier), str(pack), "--tsa-roots", str(roots)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "says tsa.example (checked)" in done.stdout
    assert "off.example" not in done.stdout


def test_authority_that_is_off_holds_up_no_message(pair: RealPair) -> None:
    sent = pair.kh.send(real_notice())

    pair.until(pair.is_quiet)

    states = {row["id"]: row["state"] for row in pair.vn.messages("in")}
    assert states[sent["id"]] == "accepted"
    assert "off.example" in _missing(pair)


def _missing(pair: RealPair) -> set[str]:
    return {row["tsa"] for row in pair.kh.service.ask("health")["stamps"] if row["missing"]}


def _shown(pair: RealPair) -> dict[str, Any]:
    rows = pair.vn.service.ask("statement.list")["statements"]
    if not rows:
        return {"content": None}
    shown: dict[str, Any] = pair.vn.service.ask("statement.show", no=1, of="partner")
    return shown
