# SPDX-License-Identifier: Apache-2.0
"""Two real nodes whose first enrolment goes wrong: both take it back and begin anew, without a restart."""

from pathlib import Path

import pytest
from exchange.bootstrap import recovery_key
from exchange.errors import NodeError, UsageError, WordsDifferError
from exchange.interfaces.cli import enrolling
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair

TWO = enrolling.Officers(FIRST, SECOND)


class TakenBack(RealPair):
    """A pair whose first enrolment was countersigned by one side and found wrong by the other."""

    old = b""
    """The invitation of the first enrolment."""

    def _enrol(self) -> None:
        self.first_files()
        for node, partner in ((self.vn, KH), (self.kh, VN)):
            self.withdraw(node, partner)
        super()._enrol()

    def first_files(self) -> None:
        kh, vn = self.kh.service, self.vn.service
        keys = {node.code: recovery_key(node.folder, node.passphrase) for node in self.nodes}
        invitation = enrolling.invite(kh, keys[KH], VN, profile="neutral", answer_to="", officer=FIRST)
        joined = enrolling.join(vn, keys[VN], invitation, officers=TWO)
        judged = enrolling.judge(kh, joined.file)
        with pytest.raises(WordsDifferError):
            enrolling.countersign(kh, keys[KH], judged, spoken=["abandon"] * 8, officers=TWO)
        enrolling.countersign(kh, keys[KH], judged, spoken=joined.words, officers=TWO)
        with pytest.raises(UsageError, match="under way"):
            enrolling.join(vn, keys[VN], invitation, officers=TWO)
        self.old = invitation
        self.until(lambda: self.reason(self.kh) == "not_confirmed_there")

    def reason(self, node: RealNode) -> str:
        return str(node.service.ask("partner.list")["partners"][0]["reason"])

    def withdraw(self, node: RealNode, partner: str) -> None:
        node.service.ask("partner.withdraw", partner=partner, officer=FIRST, second=SECOND)
        assert node.service.ask("partner.list") == {"partners": [], "invitations": []}
        with pytest.raises(UsageError, match="no enrolment"):
            node.service.ask("partner.withdraw", partner=partner, officer=FIRST, second=SECOND)


def test_after_both_sides_took_an_enrolment_back_a_message_goes_through_the_new_one(tmp_path: Path) -> None:
    """The gate of the inviter had opened and its ledger begun: that ledger stays, and counts no more."""
    with TakenBack(tmp_path) as pair:
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)

        key = recovery_key(pair.vn.folder, pair.vn.passphrase)
        with pytest.raises(UsageError, match="enrolled already"):
            enrolling.join(pair.vn.service, key, pair.old, officers=TWO)
        with pytest.raises(UsageError, match="has begun"):
            pair.withdraw(pair.kh, VN)
        (found,) = pair.reconcile()[:1]
        assert (found["matched"], found["differences"], found["faults"]) == (1, [], [])

        pair.kh.kill()
        pair.kh.start()
        pair.until(pair.is_open)
        (row,) = pair.kh.service.ask("partner.list")["partners"]
        assert row["state"] == "open"


def test_one_officer_alone_takes_nothing_back(tmp_path: Path) -> None:
    with TakenBack(tmp_path) as pair:
        for second in (FIRST, "P-0999"):
            with pytest.raises((UsageError, NodeError)):
                pair.kh.service.ask("partner.withdraw", partner=VN, officer=FIRST, second=second)
        assert pair.is_open()
