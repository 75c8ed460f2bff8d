# SPDX-License-Identifier: Apache-2.0
"""The auditor's commands against two real processes: a light, and a statement that both compute."""

from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealPair


def test_auditor_of_each_side_sees_the_same_ledgers_and_figures(tmp_path: Path) -> None:
    with RealPair(tmp_path) as pair:
        pair.kh.send(real_notice())
        pair.until(pair.is_quiet)

        ours, theirs = pair.reconcile()
        assert (ours["light"], theirs["light"]) == ("green", "green")
        assert ours["entries"]["own"] == theirs["entries"]["partner"]
        assert ours["differences"] == theirs["differences"] == []
        listed = pair.kh.service.ask("difference.list", compare=True)
        assert (listed["light"], listed["differences"]) == ("green", [])

        made = pair.kh.service.ask("statement.make", officer=FIRST)
        pair.until(lambda: _shown(pair)["content"] is not None)
        shown = _shown(pair)
        assert (shown["no"], shown["digest"], shown["differs"]) == (1, made["digest"], [])
        answered = pair.vn.service.ask("statement.agree", no=1, officer=FIRST)
        assert answered["answer"] == "agreed"
        with pytest.raises(UsageError, match="no difference 1"):
            pair.kh.service.ask("difference.show", no=1)
        month = pair.kh.service.ask("reconcile", month="2020-01", flush=False)
        assert (month["sent"], month["period"]["from"]) == (0, "2020-01-01T00:00:00.000Z")


def _shown(pair: RealPair) -> dict[str, Any]:
    rows = pair.vn.service.ask("statement.list")["statements"]
    if not rows:
        return {"content": None}
    shown: dict[str, Any] = pair.vn.service.ask("statement.show", no=1, of="partner")
    return shown
