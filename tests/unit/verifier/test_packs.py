# SPDX-License-Identifier: Apache-2.0
"""The offline verifier on packs that are right, cut, changed, forged, or tell two histories."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from exchange.ledger.entries import Entry, accp, keyx, rcvd, rejc, void
from exchange.protocol.suites import Algorithm, KeyUse
from exchange.verifier.compare import compare_packs
from exchange.verifier.forms import WrongFormError
from exchange.verifier.main import main
from exchange.verifier.report import as_text
from exchange.verifier.verify import Verified, judge_stamps, verify_pack
from tests.support import identity
from tests.support.keys import test_key
from tests.support.packs import (
    BODY,
    KH,
    VN,
    Lines,
    TwoSides,
    changed,
    key_of,
    message_id,
    with_members,
    write_lines,
)
from tests.support.tsa import RIGHT, Authority, Wrong


def checked(tmp_path: Path, lines: Lines) -> Verified:
    return verify_pack(write_lines(tmp_path / "a.pack", lines))


def both_ways() -> TwoSides:
    return TwoSides().exchange(3).exchange(2, sender=VN)


# --- what is right


def test_every_message_of_a_right_pack_is_proved(tmp_path: Path) -> None:
    found = checked(tmp_path, both_ways().lines())

    assert found.holds
    assert [(way.sender, way.proved, dict(way.lacking)) for way in found.directions] == [
        (KH, 3, {}),
        (VN, 2, {}),
    ]
    assert [log.cosigned for log in found.logs.values()] == [log.size for log in found.logs.values()]


def test_verdicts_are_told_as_the_recipient_logged_them(tmp_path: Path) -> None:
    story = TwoSides().exchange(1).exchange(1, verdict="rejected").exchange(3, verdict="held")
    story.exchange(2, verdict="none")
    story.vn.log(accp(seq=3, id=message_id(3)), rejc(seq=4, id=message_id(4), code="state_conflict"))
    story.kh.log(void(seq=6, id=message_id(6), code="expired"))
    story.vn.log(rejc(seq=6, id=message_id(6), code="voided"))

    found = checked(tmp_path, story.lines())

    assert found.holds
    assert dict(found.directions[0].verdicts) == {
        "accepted": 2,
        "rejected (consent_missing)": 1,
        "rejected (state_conflict)": 1,
        "held": 1,
        "rejected (voided)": 1,
        "no answer in this pack": 1,
    }


def test_the_report_says_what_a_pack_cannot_show(tmp_path: Path) -> None:
    found = checked(tmp_path, both_ways().lines())

    assert any("what the messages say" in words for words in found.unchecked)
    assert any("times are claims" in words for words in found.unchecked)


def test_a_message_without_its_envelope_is_not_called_proved(tmp_path: Path) -> None:
    lines = [line for line in both_ways().lines() if not line.startswith(b"envelope ")]

    found = checked(tmp_path, lines)

    assert found.holds
    assert [way.proved for way in found.directions] == [0, 0]
    assert found.directions[0].lacking == {"a right envelope in the pack": 3}


def test_entries_that_the_other_side_has_not_signed_prove_nothing(tmp_path: Path) -> None:
    lines = changed(both_ways().lines(), "log", with_members(cosigned="", cosignature=""), place=1)

    found = checked(tmp_path, lines)

    assert found.holds
    assert found.directions[0].proved == 0
    assert any(f"entries 1 to 10 of {VN}" in words for words in found.unchecked)


# --- second signatures


def signed_again() -> TwoSides:
    """Return a story in which KH signed a head on the way and the last one once more."""
    story = TwoSides()
    for _ in range(2):
        story.exchange(1)
        story.kh.sign_again()
    return story


def test_second_signatures_over_heads_on_the_way_are_verified(tmp_path: Path) -> None:
    found = checked(tmp_path, signed_again().lines())

    assert found.holds
    assert [log.signed_again for log in found.logs.values()] == [2, 0]


def test_wrong_second_signature_of_a_key_in_a_card_is_a_fault(tmp_path: Path) -> None:
    first, second = signed_again().kh.signed_again
    lines = changed(signed_again().lines(), "signed", with_members(line=second["line"]))

    found = checked(tmp_path, lines)

    assert first["line"] != second["line"]
    assert found.faults == [f"the second signature of {KH} over entries 1 to 6 does not verify"]


def test_second_signature_of_a_key_in_no_card_is_left_alone_and_told(tmp_path: Path) -> None:
    story = both_ways()
    story.kh.sign_again(test_key(KeyUse.HEAD_PQ, Algorithm.ML_DSA_44, "stranger"))

    found = checked(tmp_path, story.lines())

    assert found.holds
    assert f"1 second signatures (ML-DSA-44) over heads of {KH}: of keys in no card" in found.unchecked


def test_second_signature_after_the_key_was_retired_counts_for_nothing(tmp_path: Path) -> None:
    story = both_ways()
    own, card = key_of(KH, KeyUse.HEAD_PQ), identity.agency(KH).card
    story.kh.log(keyx(op="retire", use=KeyUse.HEAD_PQ, kid=own.kid, cs=card.serial, crd=card.digest))
    story.exchange(1)
    story.kh.sign_again()

    found = checked(tmp_path, story.lines())

    assert [log.signed_again for log in found.logs.values()] == [0, 0]
    assert any("second signatures" in words for words in found.unchecked)


def test_without_a_library_second_signatures_are_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("logs", "verify"):
        monkeypatch.setattr(f"exchange.verifier.{module}.LATTICE", None)

    found = checked(tmp_path, signed_again().lines())

    assert found.holds
    assert any("need the Python library cryptography" in words for words in found.unchecked)


@pytest.mark.parametrize("size", [0, -1, 99, "6"])
def test_second_signature_over_no_head_of_the_log_refuses_the_pack(tmp_path: Path, size: object) -> None:
    lines = changed(signed_again().lines(), "signed", with_members(size=size))

    with pytest.raises(WrongFormError, match="over no head"):
        checked(tmp_path, lines)


def test_second_signature_behind_the_entries_refuses_the_pack(tmp_path: Path) -> None:
    lines = signed_again().lines()
    at = next(place for place, line in enumerate(lines) if line.startswith(b"signed "))
    lines = [*lines[:at], *lines[at + 2 :]]
    last = max(place for place, line in enumerate(lines) if line.startswith(b"leaf "))

    with pytest.raises(WrongFormError):
        checked(tmp_path, [*lines[: last + 1], signed_again().lines()[at], *lines[last + 1 :]])


# --- time stamps

TSA = Authority()


def stamped(wrong: Wrong = RIGHT) -> TwoSides:
    """Return a story in which a head on the way was stamped."""
    story = TwoSides().exchange(1)
    story.kh.stamp(TSA, wrong)
    return story.exchange(1)


def report_on(tmp_path: Path, story: TwoSides, *roots: bytes) -> Verified:
    found = checked(tmp_path, story.lines())
    for one in roots:
        judge_stamps(found, one)
    return found


def test_time_stamp_is_listed_and_said_to_be_unchecked(tmp_path: Path) -> None:
    found = report_on(tmp_path, stamped())

    assert found.holds
    assert any("present, not checked by this program" in words for words in found.unchecked)
    assert "says tsa.example (not checked)" in as_text(found)


def test_time_stamp_is_checked_under_the_root_of_its_authority(tmp_path: Path) -> None:
    found = report_on(tmp_path, stamped(), TSA.pem)

    assert found.holds
    assert [stamp.checked for stamp in found.logs[KH].stamps] == [True]
    assert not any("time stamps" in words for words in found.unchecked)


def test_time_stamp_over_something_else_is_a_fault_without_any_root(tmp_path: Path) -> None:
    found = report_on(tmp_path, stamped(Wrong(imprint=bytes(32))))

    assert found.faults == [f"a time stamp over entries 1 to 6 of {KH} is of something else"]


@pytest.mark.parametrize(
    ("why", "wrong", "roots"),
    [
        ("another root", RIGHT, Authority().pem),
        ("a changed signature", Wrong(changed=True), TSA.pem),
        ("no certificate", RIGHT, b"none"),
    ],
)
def test_time_stamp_that_does_not_verify_is_a_fault(
    tmp_path: Path, why: str, wrong: Wrong, roots: bytes
) -> None:
    found = report_on(tmp_path, stamped(wrong), roots)

    assert found.faults == [
        f"a time stamp over entries 1 to 6 of {KH} does not verify under the given certificates"
    ], why


@pytest.mark.parametrize("size", [0, 99, "6"])
def test_time_stamp_over_no_head_of_the_log_refuses_the_pack(tmp_path: Path, size: object) -> None:
    lines = changed(stamped().lines(), "stamp", with_members(size=size))

    with pytest.raises(WrongFormError, match="over no head"):
        checked(tmp_path, lines)


def test_time_stamps_are_written_out_for_the_tool_of_a_court(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = write_lines(tmp_path / "a.pack", stamped().lines())

    assert main([str(pack), "--stamps", str(tmp_path / "out")]) == 0

    text, reply = (tmp_path / "out" / f"stamp-1.{kind}" for kind in ("txt", "tsr"))
    assert hashlib.sha256(text.read_bytes()).digest() in reply.read_bytes()
    assert f"openssl ts -verify -data {text} -in {reply}" in capsys.readouterr().err


# --- what is refused whole


def test_a_pack_that_was_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = both_ways().write(tmp_path / "whole.pack").read_bytes()
    path = tmp_path / "cut.pack"

    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(WrongFormError):
            verify_pack(path)


def test_a_pack_with_something_behind_it_is_refused(tmp_path: Path) -> None:
    path = both_ways().write(tmp_path / "a.pack")
    path.write_bytes(path.read_bytes() + b"leaf {}\n")

    with pytest.raises(WrongFormError, match="follows the last line"):
        verify_pack(path)


def _reversed_cards(lines: Lines) -> Lines:
    return [lines[0], lines[1], lines[3], *lines[3:]]


def _spaced(raw: bytes) -> bytes:
    return raw.replace(b",", b", ", 1)


def _doubled(raw: bytes) -> bytes:
    return b'{"v":1,' + raw[1:]


def _strange(raw: bytes) -> bytes:
    return identity.agency(VN, "other").card.raw


OTHER = "A" * 22
REFUSED: list[tuple[str, Callable[[Lines], Lines], str]] = [
    ("no header", lambda lines: lines[1:], "begin with its header"),
    ("no agreement", lambda lines: [lines[0], *lines[2:]], "no agreement"),
    ("no card of one side", lambda lines: [*lines[:3], *lines[4:]], "a card of each"),
    ("a card twice", _reversed_cards, "serials"),
    ("an unknown word", lambda lines: [b"note {}\n", *lines], "unknown kind"),
    ("a leaf is missing", lambda lines: [*lines[:6], *lines[7:]], "not the next entry"),
    ("the last leaf is missing", lambda lines: _without_last_leaf(lines), "holds 9 of 10 entries"),
    ("leaves change places", lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]], "not the next"),
    ("a leaf is not canonical", lambda lines: changed(lines, "leaf", _spaced), "not the next entry"),
    ("a leaf has a name twice", lambda lines: changed(lines, "leaf", _doubled), "JSON"),
    ("a leaf of another link", lambda lines: changed(lines, "leaf", with_members(link=OTHER)), "not the"),
    ("one log only", lambda lines: lines[: _second_log(lines)], "two logs"),
    ("an agreement without one signature",
     lambda lines: changed(lines, "agreement", lambda raw: raw.replace(b'"VN-MPS-IMM":', b'"VN-MPS-XXX":')),
     "not signed by VN-MPS-IMM"),
    ("a card of a stranger", lambda lines: changed(lines, "card", _strange, place=1), "the recovery key"),
    ("an agreement of another link", lambda lines: changed(lines, "header", with_members(link=OTHER)),
     "does not make the id"),
    ("an envelope before the logs", lambda lines: [*lines[:4], lines[-1], *lines[4:]], "two logs"),
]  # fmt: skip


def _without_last_leaf(lines: Lines) -> Lines:
    at = max(number for number, line in enumerate(lines) if line.startswith(b"leaf "))
    return [*lines[:at], *lines[at + 1 :]]


def _second_log(lines: Lines) -> int:
    return [number for number, line in enumerate(lines) if line.startswith(b"log ")][1]


@pytest.mark.parametrize(("change", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_pack_of_another_form_is_refused_whole(
    tmp_path: Path, change: Callable[[Lines], Lines], words: str
) -> None:
    with pytest.raises(WrongFormError, match=words):
        checked(tmp_path, change(both_ways().lines()))


# --- what differs


def _record(*, k: str, number: int = 1) -> Entry:
    return rcvd(seq=number, id=message_id(number), eh=BODY, cd=BODY, k=k)


def test_a_changed_leaf_no_longer_fits_the_signed_head(tmp_path: Path) -> None:
    lines = changed(both_ways().lines(), "leaf", with_members(t="2027-10-04T09:12:04.124Z"), place=2)

    found = checked(tmp_path, lines)

    assert not found.holds
    assert f"the head of {KH} does not have the size and root of its entries" in found.faults


def test_a_head_by_another_key_is_named(tmp_path: Path) -> None:
    story = both_ways()
    stranger = test_key(KeyUse.HEAD, Algorithm.ED25519, "stranger")
    lines = changed(story.lines(), "log", with_members(head=story.kh.head(stranger)))

    found = checked(tmp_path, lines)

    assert f"the head of {KH} is not signed by a head key that counts there" in found.faults


def test_a_head_by_a_retired_key_is_named(tmp_path: Path) -> None:
    story, card = both_ways(), identity.agency(KH).card
    story.kh.log(
        keyx(op="retire", use=KeyUse.HEAD, kid=key_of(KH, KeyUse.HEAD).kid, cs=1, crd=card.digest),
    )

    found = checked(tmp_path, story.lines())

    assert f"the head of {KH} is not signed by a head key that counts there" in found.faults


def test_a_cosignature_over_another_log_is_named(tmp_path: Path) -> None:
    lines = both_ways().lines()
    second = json.loads(lines[_second_log(lines)].partition(b" ")[2])
    stolen = with_members(cosigned=second["cosigned"], cosignature=second["cosignature"])

    found = checked(tmp_path, changed(lines, "log", stolen))

    assert any("is not one of this log" in fault or "not signed by" in fault for fault in found.faults)


def test_a_changed_cosignature_is_named(tmp_path: Path) -> None:
    lines = both_ways().lines()
    other = json.loads(lines[_second_log(lines)].partition(b" ")[2])["cosignature"]

    found = checked(tmp_path, changed(lines, "log", with_members(cosignature=other)))

    assert f"the signature of {VN} over the log of {KH} does not verify" in found.faults


def test_an_envelope_by_a_key_that_does_not_count_is_named(tmp_path: Path) -> None:
    story = TwoSides().exchange(1)
    entry = story.send(story.kh, key=test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "stranger"))
    story.vn.log(rcvd(seq=2, id=message_id(2), eh=entry.fields["eh"], cd=BODY, k="accepted"))  # type: ignore[arg-type]

    found = checked(tmp_path, story.lines())

    assert [(one.kind, one.number) for one in found.differences] == [("envelope_invalid", 2)]
    assert found.directions[0].proved == 1


def test_an_envelope_with_other_bytes_than_its_entry_names_is_named(tmp_path: Path) -> None:
    story, other = TwoSides().exchange(1), TwoSides()
    other.send(other.kh, key=test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "stranger"))
    story.kh.envelopes = other.kh.envelopes

    found = checked(tmp_path, story.lines())

    assert [(one.kind, one.number) for one in found.differences] == [("envelope_invalid", 1)]
    assert "other bytes" in found.differences[0].words


def test_a_verdict_on_other_bytes_is_a_hash_mismatch(tmp_path: Path) -> None:
    story = TwoSides().exchange(1, verdict="none")
    story.vn.log(_record(k="accepted"))

    found = checked(tmp_path, story.lines())

    assert [(one.kind, one.sender, one.number) for one in found.differences] == [("hash_mismatch", KH, 1)]


def test_a_verdict_on_a_message_that_was_never_sent_is_unexpected(tmp_path: Path) -> None:
    story = both_ways()
    story.vn.log(_record(number=4, k="accepted"))

    found = checked(tmp_path, story.lines())

    assert [(one.kind, one.number) for one in found.differences] == [("unexpected_message", 4)]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda story: story.vn.log(_record(k="held")), "recorded twice"),
        (lambda story: story.vn.log(accp(seq=1, id=message_id(1))), "was not held"),
        (lambda story: story.kh.log(story.send(story.kh)), "is not the next one"),
    ],
    ids=["a number recorded twice", "a decision on what is not held", "a number sent twice"],
)  # fmt: skip
def test_a_leaf_against_the_order_has_no_effect_and_is_named(
    tmp_path: Path, spoil: Callable[[TwoSides], None], words: str
) -> None:
    story = both_ways()
    spoil(story)

    found = checked(tmp_path, story.lines())

    assert any(words in fault for fault in found.faults)
    assert found.directions[0].verdicts["accepted"] == 3


def test_every_changed_byte_of_a_pack_is_refused_or_named(tmp_path: Path) -> None:
    """Of each line some bytes, so that all kinds of lines and places come; the last line is made anew."""
    lines = TwoSides().exchange(1).lines()
    header_at = len(lines[0])

    for number, line in enumerate(lines[1:], start=1):
        for place in range(len(line) // 3, len(line) - 1, 211):
            spoiled = bytes([*line[:place], line[place] ^ 1, *line[place + 1 :]])
            try:
                found = checked(tmp_path, [*lines[:number], spoiled, *lines[number + 1 :]])
            except (WrongFormError, KeyError, ValueError, TypeError, AttributeError):
                continue
            assert not found.holds, (number, place, header_at)


# --- two packs


def test_packs_of_one_history_fit_although_one_is_older(tmp_path: Path) -> None:
    older = verify_pack(both_ways().write(tmp_path / "older.pack"))
    newer = verify_pack(both_ways().exchange(4).write(tmp_path / "newer.pack"))

    assert compare_packs(older, newer) == []


def test_two_histories_of_one_writer_are_named_with_their_first_entry(tmp_path: Path) -> None:
    one = verify_pack(TwoSides().exchange(2).write(tmp_path / "one.pack"))
    story = TwoSides().exchange(1).exchange(1, verdict="rejected")
    other = verify_pack(story.write(tmp_path / "other.pack"))

    assert compare_packs(one, other) == [
        f"the log of {VN} has two histories from entry 7 on; both are signed by it"
    ]


# --- the command


def test_the_command_says_what_holds_and_ends_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = both_ways().write(tmp_path / "a.pack")

    code = main([str(path), "--html", str(tmp_path / "a.html")])

    out = capsys.readouterr().out
    assert code == 0
    assert "Everything that can be checked with this pack holds." in out
    assert "proved by both sides: 3" in out
    assert "What was not checked" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_the_command_ends_with_1_when_two_packs_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = TwoSides().exchange(1).write(tmp_path / "one.pack")
    other = TwoSides().exchange(1, verdict="rejected").write(tmp_path / "other.pack")

    code = main([str(one), str(other), "--json"])

    assert code == 1
    assert "two histories" in json.loads(capsys.readouterr().out)["between"][0]


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100, b"exchange-evidence/v2\n", b"exchange-evidence/v1\n"]
)
def test_the_command_ends_with_3_for_what_is_no_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "a.pack").write_bytes(content)

    code = main([str(tmp_path / "a.pack")])

    err = capsys.readouterr().err
    assert code == 3
    assert err.startswith("error: ")
    assert "hint: ask for the pack again" in err


def test_the_command_ends_with_3_for_a_file_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.pack")]) == 3
    assert "No such file" in capsys.readouterr().err
