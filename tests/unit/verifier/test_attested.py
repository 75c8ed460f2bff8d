# SPDX-License-Identifier: Apache-2.0
"""What third parties and second keys said about the ledgers: in disclosures and packs, right and doctored."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.proofs import ProofMaker
from exchange.ledger.witnessing import WitnessKey
from exchange.verifier.disclosure import Disclosed, judge_given, verify_disclosure
from exchange.verifier.forms import WrongFormError, segment_of
from exchange.verifier.main import main
from exchange.verifier.onefile import one_file
from exchange.verifier.page import as_page
from exchange.verifier.report import as_text
from exchange.verifier.tree import is_beginning
from exchange.verifier.verify import Verified, judge_witnesses, verify_pack
from tests.support.disclosures import seen_disclosure, write_disclosure
from tests.support.packs import KH, VN, TwoSides, changed, with_members, write_lines
from tests.support.tsa import Authority
from tests.support.witness import NAME, witness_key

Lines = list[bytes]
ABOUT = (b"other ", b"signed ", b"stamp ", b"witness ")
NULL = bytes(32)
NOTHING = segment_of(NULL)
STRANGER = str(WitnessKey(NAME, witness_key("stranger").public))


def lines() -> Lines:
    return list(seen_disclosure().lines)


def judged(tmp_path: Path, of: Lines) -> Disclosed:
    return verify_disclosure(write_disclosure(tmp_path / "a.disclosure", of))


def kinds(found: Disclosed) -> set[str]:
    return {fault.kind for fault in found.faults}


def value_of(of: Lines, word: str, place: int = 0) -> Any:
    found = [line.partition(b" ")[2] for line in of if line.startswith(word.encode() + b" ")]
    return json.loads(found[place])


# --- a disclosure


def test_witness_second_key_and_stamp_of_a_right_disclosure_are_told(tmp_path: Path) -> None:
    found = judged(tmp_path, lines())

    words = list(found.attested.words())
    first, last = (line.size for line in found.attested.witnessed)
    assert found.holds
    assert first < last == found.heads[KH].note.size
    assert f"witness {NAME} has seen this ledger of {KH} with {first} entries on 2027-09-13" in words[0]
    assert "compare that key with the witness" in words[0]
    assert words[2].endswith("(ML-DSA-44): checked")
    assert words[3].endswith("says tsa.example: present, not checked; give --tsa-roots, or use --stamps")


def test_a_head_larger_than_the_one_of_the_entries_is_joined_to_it_as_well(tmp_path: Path) -> None:
    found = judged(tmp_path, list(seen_disclosure(apart=True).lines))

    assert found.holds
    assert found.attested.witnessed[-1].size > found.heads[KH].note.size


def test_a_larger_head_of_another_history_is_not_joined(tmp_path: Path) -> None:
    of = list(seen_disclosure(apart=True).lines)
    last = sum(line.startswith(b"other ") for line in of) - 1

    found = judged(tmp_path, changed(of, "other", with_members(root=NOTHING), place=last))

    assert "head_not_consistent" in kinds(found)


def test_the_verifier_takes_every_consistency_proof_and_none_that_was_cut_or_lengthened() -> None:
    hashes = [leaf_hash(bytes([number])) for number in range(24)]
    for large in range(2, 25):
        maker = ProofMaker(hashes[:large])
        for small in range(1, large):
            first, second, path = maker.root(0, small), maker.root(), maker.consistency(small)
            takes = partial(is_beginning, sizes=(small, large))
            assert takes(first, second, path=path)
            wrong = ([*path, NULL], path[:-1], [NULL, *path[1:]], [bytes(31), *path[1:]])
            assert not any(takes(first, second, path=one) for one in wrong)
            assert not takes(NULL, second, path=path)
            assert not takes(first, NULL, path=path)


@pytest.mark.parametrize("sizes", [(0, 5), (5, 5), (6, 5), (-1, 5)])
def test_sizes_that_do_not_grow_are_no_beginning(sizes: tuple[int, int]) -> None:
    assert not is_beginning(NULL, NULL, sizes=sizes, path=[])


def test_with_the_key_of_the_witness_and_the_root_of_the_authority_all_is_checked(tmp_path: Path) -> None:
    found, seen = judged(tmp_path, lines()), seen_disclosure()

    judge_given(found, seen.authority, [seen.witness])

    words = list(found.attested.words())
    assert found.holds
    assert all(one.endswith("checked under the key that was given") for one in words[:2])
    assert all(one.endswith(": checked") for one in words[2:])


def test_a_disclosure_without_any_of_it_verifies_as_before(tmp_path: Path) -> None:
    found = judged(tmp_path, [line for line in lines() if not line.startswith(ABOUT)])

    assert found.holds
    assert list(found.attested.words()) == []


def test_a_witness_whose_key_is_not_in_the_file_is_present_and_not_checked(tmp_path: Path) -> None:
    found = judged(tmp_path, changed(lines(), "witness", with_members(key="")))

    assert found.holds
    assert "present, not checked; give its key with --witness" in next(found.attested.words())


def test_without_a_library_the_second_signature_is_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.verifier.attested.LATTICE", None)

    found = judged(tmp_path, lines())

    assert found.holds
    assert any("needs the Python library cryptography" in words for words in found.attested.words())


def test_the_second_signature_of_a_key_that_nothing_begins_is_left_alone(tmp_path: Path) -> None:
    of = [line for line in lines() if b'\\"use\\":\\"head-pq\\"' not in line]

    found = judged(tmp_path, of)

    assert found.holds
    assert any("of a key that no entry of this file begins" in words for words in found.attested.words())


def size_of(of: Lines, place: int) -> int:
    """Return the size of one of the two heads."""
    return int(value_of(of, "head", place)["note"].split("\n")[1])


DOCTORED: list[tuple[str, str, Callable[[Lines], Lines]]] = [
    ("the line of the witness stands beside the other head", "witness_not_over_head",
     lambda of: changed(of, "witness", with_members(line=value_of(of, "witness", 1)["line"]))),
    ("the line of the witness over the ledger of the partner", "witness_not_over_head",
     lambda of: changed(of, "witness", with_members(by=VN, size=size_of(of, 1)), place=1)),
    ("the key of a stranger beside the line", "witness_not_over_head",
     lambda of: changed(of, "witness", with_members(key=STRANGER))),
    ("another root at the size of the witness", "head_not_consistent",
     lambda of: changed(of, "other", with_members(root=segment_of(bytes(32))))),
    ("a cut consistency proof", "head_not_consistent",
     lambda of: changed(of, "other", with_members(proof=value_of(of, "other")["proof"][:-1]))),
    ("a consistency proof that is too long", "head_not_consistent",
     lambda of: changed(of, "other", with_members(proof=[*value_of(of, "other")["proof"], NOTHING]))),
    ("the second signature stands beside the other head", "second_signature_wrong",
     lambda of: changed(of, "signed", with_members(size=value_of(of, "witness", 1)["size"]))),
    ("the stamp stands beside the other head", "stamp_of_other_head",
     lambda of: changed(of, "stamp", with_members(size=value_of(of, "witness", 1)["size"]))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "doctor"), [row[1:] for row in DOCTORED], ids=[row[0] for row in DOCTORED])
def test_what_is_doctored_fails_with_its_reason(
    tmp_path: Path, kind: str, doctor: Callable[[Lines], Lines]
) -> None:
    found = judged(tmp_path, doctor(lines()))

    assert kind in kinds(found)


def test_what_was_said_of_another_link_is_over_no_head_of_this_one(tmp_path: Path) -> None:
    """A witness signs the origin, so a line of another link with the same size does not verify."""
    strange = TwoSides()
    while len(strange.kh.leaves) < value_of(lines(), "witness", 1)["size"]:
        strange.exchange(1)
    strange.kh.show(witness_key())
    line = {"line": strange.kh.witnessed[0]["line"]}

    found = judged(tmp_path, changed(lines(), "witness", with_members(**line), place=1))

    assert kinds(found) == {"witness_not_over_head"}


def test_a_head_before_the_message_says_nothing_about_it(tmp_path: Path) -> None:
    of = lines()
    told = value_of(of, "other")
    early = json.dumps({**told, "size": 1, "root": segment_of(bytes(32))}).encode()
    at = next(place for place, line in enumerate(of) if line.startswith(b"other "))
    of = [*of[:at], b"other " + early + b"\n", *of[at:]]

    found = judged(tmp_path, changed(of, "witness", with_members(size=1)))

    assert "head_before_message" in kinds(found)


@pytest.mark.parametrize(
    ("roots", "witness", "kind"),
    [
        (Authority().pem, "", "stamp_not_verified"),
        (None, STRANGER, "witness_of_other_key"),
    ],
)
def test_what_the_reader_holds_against_it_decides(
    tmp_path: Path, roots: bytes | None, witness: str, kind: str
) -> None:
    found = judged(tmp_path, lines())

    judge_given(found, roots, [witness] if witness else [])

    assert kinds(found) == {kind}


REFUSED: list[tuple[str, str, Callable[[Lines], Lines]]] = [
    ("a cut line of the witness", "not one line in the agreed form",
     lambda of: changed(of, "witness", with_members(line=value_of(of, "witness")["line"][:-9]))),
    ("a cut second signature", "not one line in the agreed form",
     lambda of: changed(of, "signed", with_members(line=value_of(of, "signed")["line"][:-1]))),
    ("a head that is not in the file", "over a head that is not in it",
     lambda of: [line for line in of if not line.startswith(b"other ")]),
    ("a key of the witness that contradicts itself", "not that of its name and key",
     lambda of: changed(of, "witness", with_members(key=STRANGER.replace(NAME, "witness.example/w2")))),
    ("an agency that is no party", "an agency that is no party",
     lambda of: changed(of, "witness", with_members(by="LA-XXX-YYY"))),
    ("a head twice", "has the size of one that is there",
     lambda of: [one for line in of for one in ([line, line] if line.startswith(b"other ") else [line])]),
    ("a size that is a text", "over a head that is not in it",
     lambda of: changed(of, "stamp", with_members(size="17"))),
    ("a member that nobody knows", "exactly the members",
     lambda of: changed(of, "witness", with_members(note="x"))),
]  # fmt: skip


@pytest.mark.parametrize(("words", "doctor"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_has_a_wrong_form_refuses_the_file(
    tmp_path: Path, words: str, doctor: Callable[[Lines], Lines]
) -> None:
    with pytest.raises(WrongFormError, match=words):
        judged(tmp_path, doctor(lines()))


def test_page_and_json_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())
    given = ["--witness", seen_disclosure().witness]

    assert main([str(path), "--json", "--html", str(tmp_path / "a.html"), *given]) == 0
    told = json.loads(capsys.readouterr().out)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert len(told["attested"]) == 4
    assert all(words in page for words in told["attested"])
    assert "What third parties and second keys said about the ledgers" in page


def test_stamps_of_a_disclosure_are_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())

    assert main([str(path), "--stamps", str(tmp_path / "out")]) == 0
    assert "openssl ts -verify" in capsys.readouterr().err
    assert (tmp_path / "out" / "stamp-1.tsr").exists()


def test_a_wrong_key_on_the_command_line_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_disclosure(tmp_path / "a.disclosure", lines())

    assert main([str(path), "--witness", "w1"]) == 2
    assert "the key of a witness" in capsys.readouterr().err


def test_a_bare_interpreter_checks_the_witness_and_says_what_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(one_file(), encoding="utf-8")
    path = write_disclosure(tmp_path / "a.disclosure", lines())
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path)]

    done = subprocess.run(
        [*command, "--witness", seen_disclosure().witness], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("checked under the key that was given") == 2
    assert "it needs the Python library cryptography" in done.stdout


# --- a pack


def witnessed(name: str = NAME, label: str = "one", **members: Any) -> TwoSides:
    """Return a story in which a witness saw a head on the way."""
    story = TwoSides().exchange(1)
    story.kh.show(witness_key(label), name=name, **members)
    return story.exchange(1)


def checked(tmp_path: Path, of: Lines, *keys: str) -> Verified:
    found = verify_pack(write_lines(tmp_path / "a.pack", of))
    judge_witnesses(found, list(keys))
    return found


def test_a_pack_tells_which_witness_saw_how_much(tmp_path: Path) -> None:
    found = checked(tmp_path, witnessed().lines())

    assert found.holds
    assert f"witness {NAME} has seen this ledger of {KH} with 6 entries on" in as_text(found)
    assert f"witness {NAME} has seen" in as_page(found)


def test_a_pack_is_checked_under_the_key_that_the_reader_gives(tmp_path: Path) -> None:
    right = str(WitnessKey(NAME, witness_key().public))

    found, wrong = (checked(tmp_path, witnessed().lines(), key) for key in (right, STRANGER))

    assert "checked under the key that was given" in as_text(found)
    assert wrong.faults == [f"the line of witness {NAME} over entries 1 to 6 of {KH} is of another key"]


def test_the_line_of_a_witness_over_another_head_is_a_fault_of_the_pack(tmp_path: Path) -> None:
    found = checked(tmp_path, changed(witnessed().lines(), "witness", with_members(size=5)))

    assert found.faults == [f"the line of witness {NAME} over entries 1 to 5 of {KH} is not over this head"]


def test_the_key_of_a_stranger_in_a_pack_is_a_fault(tmp_path: Path) -> None:
    found = checked(tmp_path, witnessed(shown=witness_key("stranger").public).lines())

    assert found.faults == [f"the line of witness {NAME} over entries 1 to 6 of {KH} is of another key"]


def test_a_line_in_a_pack_without_its_key_is_said_to_be_unchecked(tmp_path: Path) -> None:
    found = checked(tmp_path, changed(witnessed().lines(), "witness", with_members(key="")))

    assert found.holds
    assert any("present, not checked; give its key" in words for words in found.unchecked)
    assert "has seen" not in as_page(found)


@pytest.mark.parametrize("size", [0, 99, "6"])
def test_a_line_over_no_head_of_the_log_refuses_the_pack(tmp_path: Path, size: object) -> None:
    with pytest.raises(WrongFormError, match="over no head"):
        checked(tmp_path, changed(witnessed().lines(), "witness", with_members(size=size)))


def test_a_line_behind_the_entries_refuses_the_pack(tmp_path: Path) -> None:
    of = witnessed().lines()
    line = next(one for one in of if one.startswith(b"witness "))
    first = next(place for place, one in enumerate(of) if one.startswith(b"leaf "))

    with pytest.raises(WrongFormError):
        checked(tmp_path, [*of[: first + 1], line, *of[first + 1 :]])
