# SPDX-License-Identifier: Apache-2.0
"""The offline verifier on the disclosure of one message: right, doctored, cut; by a bare interpreter, too."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import unb64url
from exchange.verifier.disclosure import Disclosed, verify_disclosure
from exchange.verifier.forms import WrongFormError, segment_of
from exchange.verifier.main import main
from exchange.verifier.onefile import one_file
from exchange.verifier.page import head_of
from tests.support.disclosures import group_disclosure, write_disclosure
from tests.support.notices import NAMES
from tests.support.packs import changed, with_members

Lines = list[bytes]


def lines() -> Lines:
    return list(group_disclosure())


def judged(tmp_path: Path, of: Lines) -> Disclosed:
    return verify_disclosure(write_disclosure(tmp_path / "a.disclosure", of))


def value_of(of: Lines, word: str, place: int = 0) -> Any:
    found = [line.partition(b" ")[2] for line in of if line.startswith(word.encode() + b" ")]
    return json.loads(found[place])


def without(of: Lines, event: str) -> Lines:
    """Return the lines without entries of an event."""
    return [line for line in of if f'\\"ev\\":\\"{event}\\"'.encode() not in line]


def place_of(of: Lines, event: str) -> int:
    """Return which of the entries is the first of an event."""
    entries = [line for line in of if line.startswith(b"leaf ")]
    return next(k for k, line in enumerate(entries) if f'\\"ev\\":\\"{event}\\"'.encode() in line)


def with_text(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return a change of one text in a part."""

    def change(raw: bytes) -> bytes:
        said = json.loads(raw)
        text = unb64url(said["raw"]).replace(old.encode(), new.encode())
        return json.dumps(said | {"raw": segment_of(text)}).encode()

    return change


def bent(text: str) -> str:
    """Return base64 of a signature line with its last signed byte turned."""
    head, _, value = text.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(value))
    raw[-1] ^= 1
    return f"{head} {base64.b64encode(raw).decode()}\n"


def test_every_check_of_a_right_disclosure_holds(tmp_path: Path) -> None:
    found = judged(tmp_path, lines())

    assert found.faults == []
    assert found.verdict == "accepted"
    assert all(head.signed and head.cosigned for head in found.heads.values())
    assert NAMES[1].encode() in found.parts[3]


DOCTORED: list[tuple[str, str, Callable[[Lines], Lines]]] = [
    ("another name in the part of the person", "part_not_in_message",
     lambda of: changed(of, "part", with_text(NAMES[1], NAMES[0]), place=1)),
    ("the part under another number", "part_not_in_message",
     lambda of: changed(of, "part", with_members(number=2), place=1)),
    ("a part of a message with fewer parts", "part_not_in_message",
     lambda of: changed(of, "header", with_members(parts=4))),
    ("no header", "header_missing",
     lambda of: [line for line in of if not line.startswith(b'part {"number":0')]),
    ("another verdict", "entry_not_in_log",
     lambda of: [line.replace(b'\\"k\\":\\"accepted', b'\\"k\\":\\"held') for line in of]),
    ("the path of another entry", "entry_not_in_log",
     lambda of: changed(of, "leaf", with_members(proof=value_of(of, "leaf", 1)["proof"]))),
    ("no entry of the sender", "entry_missing", lambda of: without(of, "sent")),
    ("no entry that begins a key", "head_not_signed", lambda of: without(of, "keyx")),
    ("a bent signature of a head", "head_not_signed",
     lambda of: changed(of, "head", with_members(note=bent(value_of(of, "head")["note"])))),
    ("a bent signature of the other side", "head_not_cosigned",
     lambda of: changed(of, "head", with_members(cosignature=bent(value_of(of, "head")["cosignature"])))),
    ("the signature of the other side over the other head", "head_not_cosigned",
     lambda of: changed(of, "head", with_members(cosignature=value_of(of, "head", 1)["cosignature"]))),
    ("a bent signature of the envelope", "envelope_invalid",
     lambda of: changed(of, "envelope", lambda raw: raw[:-8] + b"AAAAAAAA")),
    ("the sender and the recipient exchanged", "entry_missing",
     lambda of: changed(of, "header", with_members(sender=value_of(of, "header")["partner"]))),
    ("a head of another epoch", "head_of_other_log",
     lambda of: changed(of, "head", with_members(ep=2))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "doctor"), [row[1:] for row in DOCTORED], ids=[row[0] for row in DOCTORED])
def test_a_doctored_disclosure_fails_with_its_reason(
    tmp_path: Path, kind: str, doctor: Callable[[Lines], Lines]
) -> None:
    found = judged(tmp_path, doctor(lines()))

    assert kind in {fault.kind for fault in found.faults}


REFUSED: list[tuple[str, str, Callable[[Lines], Lines]]] = [
    ("no version of the agreement", "no agreement between the two agencies",
     lambda of: [line for line in of if not line.startswith(b"agreement ")]),
    ("a card of a stranger's key", "not signed by the recovery key",
     lambda of: changed(of, "card", lambda raw: raw[:-8] + b"AAAAAAAA")),
    ("only one head", "one head of each agency",
     lambda of: [line for line in of if not line.startswith(b"head ")] + lines()[-1:]),
    ("no envelope", "does not hold an envelope",
     lambda of: [line for line in of if not line.startswith(b"envelope ")]),
    ("an entry with spaces", "not in the form of entries",
     lambda of: changed(of, "leaf", with_members(raw=json.dumps(json.loads(value_of(of, "leaf")["raw"]))))),
    ("a third agency as sender", "which of them is the sender",
     lambda of: changed(of, "header", with_members(sender="LA-XXX-YYY"))),
]  # fmt: skip


@pytest.mark.parametrize(("words", "doctor"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_file_that_is_not_a_whole_disclosure_is_refused(
    tmp_path: Path, words: str, doctor: Callable[[Lines], Lines]
) -> None:
    with pytest.raises(WrongFormError, match=words):
        judged(tmp_path, doctor(lines()))


def test_a_cut_file_is_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())
    path.write_bytes(path.read_bytes()[:-40])

    assert main([str(path)]) == 3
    assert "error:" in capsys.readouterr().err


def test_nothing_is_called_proved_when_something_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doctored = changed(lines(), "part", with_text(NAMES[1], NAMES[0]), place=1)
    path = write_disclosure(tmp_path / "a.disclosure", doctored)

    assert main([str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["proved"]) == (False, [])


def test_what_the_recipient_did_not_answer_is_not_called_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", without(lines(), "rcvd"))

    assert main([str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "none in this file"
    assert any("received it" in words for words in told["not_proved"])
    assert not any("verdict" in words for words in told["proved"])


def test_the_page_shows_text_as_text(tmp_path: Path) -> None:
    doctored = changed(lines(), "part", with_text(NAMES[1], "<script>alert(1)</script>"), place=1)
    path = write_disclosure(tmp_path / "a.disclosure", doctored)

    assert main([str(path), "--html", str(tmp_path / "a.html")]) == 1
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script" in page


def test_the_page_says_what_is_proved_and_names_nobody_else(tmp_path: Path) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())

    assert main([str(path), "--html", str(tmp_path / "a.html")]) == 0
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert NAMES[1] in page
    assert not any(name in page for name in (NAMES[0], NAMES[2]))
    assert "that what the message says is true" in page


def test_each_sheet_of_the_page_says_to_which_message_it_belongs(tmp_path: Path) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())

    main([str(path), "--html", str(tmp_path / "a.html")])

    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    (title,) = re.findall(r"<title>(Disclosure of message [0-9a-f-]{36})</title>", page)
    assert f"<code>{title.rpartition(' ')[2]}</code>" in page
    (foot,) = re.findall(r'@bottom-left { content: "([^"]*)"', page)
    assert re.sub(r"\\([0-9a-f]+) ", lambda one: chr(int(one[1], 16)), foot) == title
    assert "counter(page)" in page
    assert "Coordinated Universal Time" in page


def test_a_title_is_text_in_the_style_as_well() -> None:
    """What stands at the foot comes out of the file."""
    beginning = "".join(head_of('a"; } </style><script>\\'))

    assert beginning.count("</style>") == 1
    assert "<script>" not in beginning
    assert 'content: "a\\22 \\3b \\20 \\7d ' in beginning


def test_a_bare_interpreter_verifies_it(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(one_file(), encoding="utf-8")
    path = write_disclosure(tmp_path / "a.disclosure", lines())

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Everything that can be checked with this file holds.\n")
