# SPDX-License-Identifier: Apache-2.0
"""A TLS key goes before its day, and a partner only calls: both sides are told that the card goes by hand."""

import json
from pathlib import Path
from typing import Any

from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair


def _ask(node: RealNode, *words: object) -> Outcome:
    secrets = {"PASSPHRASE": node.passphrase, "OFFICER": FIRST, "SECOND": SECOND}
    return run(*words, "--data", node.folder, **secrets)


def _of_partner(node: RealNode, partner: str) -> Any:
    findings = json.loads(_ask(node, "doctor", "--json").out)["findings"]
    return next(item for item in findings if item["what"] == f"partner {partner}")


def _tls_key(node: RealNode) -> str:
    keys = json.loads(_ask(node, "key", "list", "--json").out)["keys"]
    return next(str(row["kid"]) for row in keys if row["use"] == "tls" and row["usable"])


def test_a_partner_that_only_calls_gets_the_card_of_a_new_tls_key_by_hand(tmp_path: Path) -> None:
    with RealPair(tmp_path / "nodes", vn_only_calls=True) as pair:
        changed = _ask(pair.kh, "key", "retire", _tls_key(pair.kh))
        pair.kh.stop()
        pair.kh.start()
        pair.until(lambda: "(pin)" in _of_partner(pair.vn, KH)["found"])
        caller, called = _of_partner(pair.vn, KH), _of_partner(pair.kh, VN)
        sent = pair.vn.send(real_notice("KH"))
        _ask(pair.kh, "key", "card", "-o", tmp_path / "card.jws")
        taken = _ask(pair.vn, "partner", "card", tmp_path / "card.jws")
        pair.until(pair.is_open)
        pair.until(pair.is_quiet)

        before, _, after = changed.out.partition("is prepared")
        assert f"need the new card by hand, telephone them first: {VN}" in before
        assert f"to {VN}: exchange key card -o card.jws" in after
        assert not caller["well"]
        assert "another TLS key than in its card: ask it for its card" in caller["todo"]
        assert "only calls" in called["todo"]
        assert "exchange key card" in called["todo"]
        assert taken.code == 0, taken.err
        assert [row["state"] for row in pair.vn.messages("out") if row["id"] == sent["id"]] == ["accepted"]
        assert (_of_partner(pair.vn, KH)["well"], _of_partner(pair.kh, VN)["well"]) == (True, True)
