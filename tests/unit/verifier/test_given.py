# SPDX-License-Identifier: Apache-2.0
"""A mistake of the reader is told as one, and never as a fault of the pack."""

from pathlib import Path

import pytest
from exchange.verifier.main import main
from tests.support.packs import TwoSides

DAMAGED = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "a.pack"
    TwoSides().exchange(1).write(path)
    return path


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--witness", "witness.example+00000000+AAAA", "--witness: the key of a witness is not"),
        ("--witness", "{folder}/a.pack", "--witness: the key of a witness is not"),
        ("--tsa-roots", "{folder}/a.pack", "a.pack holds no certificate"),
        ("--tsa-roots", "{folder}/none.pem", "none.pem: No such file"),
        ("--tsa-roots", "{folder}", "Is a directory"),
        ("--tsa-roots", "{folder}/damaged.pem", "damaged.pem holds a damaged certificate"),
        ("--html", "{folder}/none/report.html", "--html: there is no folder"),
        ("--stamps", "{folder}/a.pack", "a.pack is not a folder"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_before_the_pack_is_opened(
    option: str, value: str, words: str, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "damaged.pem").write_text(DAMAGED, encoding="ascii")

    code = main([str(pack), option, value.format(folder=tmp_path)])

    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert words in told.err
    assert "\nhint: " in told.err
    assert "ask for the pack again" not in told.err


def test_a_pack_that_is_none_is_still_told_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pack").write_text("something else\n", encoding="ascii")

    assert main([str(tmp_path / "a.pack")]) == 3
    assert "ask for the pack again" in capsys.readouterr().err
