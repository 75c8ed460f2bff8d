# SPDX-License-Identifier: Apache-2.0
"""A partner is gone: a job of each morning, and a monitor, are told; nothing is green by itself."""

import urllib.request
from pathlib import Path

from tests.support.command_line import Outcome, run
from tests.support.pair import FIRST, RealPair, free_ports


def asked(pair: RealPair, *words: object) -> Outcome:
    return run(*words, "--data", pair.kh.folder, PASSPHRASE=pair.kh.passphrase, OFFICER=FIRST)


def metrics(pair: RealPair) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{pair.kh.operations}/metrics") as answer:
        return str(answer.read().decode())


def test_a_comparison_without_the_partner_is_amber_and_the_gauges_say_how_it_stands(tmp_path: Path) -> None:
    pair = RealPair(tmp_path)
    pair.kh.operations = free_ports()[0]
    with pair:
        before = asked(pair, "reconcile")
        pair.vn.stop()

        without = asked(pair, "reconcile")
        offline = asked(pair, "reconcile", "--offline")

        assert (before.code, "green: both ledgers agree" in before.out) == (0, True)
        assert (without.code, "amber: what is here of both ledgers agrees" in without.out) == (5, True)
        assert (offline.code, "green: both ledgers agree" in offline.out) == (0, True)
        pair.until(lambda: 'exchange_messages_waiting{partner="VN-MPS-IMM"} 0.0' in metrics(pair))
        assert "exchange_backup_age_seconds" not in metrics(pair)
