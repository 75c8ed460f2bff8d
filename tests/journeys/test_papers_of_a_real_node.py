# SPDX-License-Identifier: Apache-2.0
"""A running node, its socket and the command line: a notice becomes a PDF, and the print is in the record."""

from pathlib import Path

from exchange.i18n import label
from tests.support.command_line import run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealPair
from tests.unit.documents.test_pdf import streams


def test_the_partner_prints_a_notice_in_two_languages(tmp_path: Path) -> None:
    with RealPair(tmp_path) as pair:
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        notice = pair.vn.messages("in")[0]
        out = tmp_path / "notice.pdf"

        done = run(
            "message", "print", notice["id"], "--lang", "vi,km", "-o", out,
            "--data", pair.vn.folder, "--officer", FIRST,
        )  # fmt: skip

        attached = next(each for each in streams(out.read_bytes()) if each.startswith(b"{"))
        assert (done.code, done.out.split(":")[0]) == (0, str(out))
        assert notice["id"].encode() in attached
        assert label("message-types", "RPN", "vi") in pair.vn.service.ask(
            "message.print", id=notice["id"], languages=["vi"], purpose="file", officer=FIRST
        )["html"].replace("\u200b", "")
