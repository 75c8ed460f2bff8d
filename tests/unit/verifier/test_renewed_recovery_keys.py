# SPDX-License-Identifier: Apache-2.0
"""Packs of a link in which one side got a new recovery key: which cards and keys count before and after."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import b64url
from exchange.protocol.agreement import AGREEMENT_TYPE, Agreement, read_agreement
from exchange.protocol.amendment import renewed
from exchange.protocol.cards import sign_card
from exchange.protocol.jws import sign_detached
from exchange.protocol.strictjson import encode, parse_object
from exchange.protocol.suites import KeyUse, PrivateKey
from exchange.verifier.forms import WrongFormError
from exchange.verifier.report import as_json, as_text
from exchange.verifier.verify import Verified, verify_pack
from tests.support import identity
from tests.support.new_recovery import new_recovery
from tests.support.packs import KH, VN, Lines, TwoSides, the_agreement, write_lines

OLD = {code: identity.agency(code).recovery for code in (KH, VN)}
NEW = new_recovery()


def version_2() -> Agreement:
    return renewed(the_agreement(), KH, NEW.public)


def agreement_line(agreement: Agreement, keys: dict[Any, PrivateKey]) -> bytes:
    signatures = {code: sign_detached(agreement.raw, typ=AGREEMENT_TYPE, key=keys[code]) for code in (KH, VN)}
    return b"agreement " + encode({"raw": b64url(agreement.raw), "signatures": signatures}) + b"\n"


def card_line(key: PrivateKey, *, serial: int = 2, label: str = "") -> bytes:
    """Return a card of KH under a recovery key, with its own keys or those of somebody else."""
    fields = replace(identity.agency(KH).fields, serial=serial, keys=identity.agency(KH, label).fields.keys)
    return b"card " + sign_card(fields, key=key) + b"\n"


def pack(story: TwoSides, *, versions: Lines, cards: Lines) -> Lines:
    """Return a pack with further versions, and further cards of KH behind its first one."""
    lines = story.lines()
    place = next(at for at, line in enumerate(lines) if line.startswith(b"card "))
    return [*lines[:place], *versions, lines[place], *cards, *lines[place + 1 :]]


def checked(tmp_path: Path, *, versions: Lines, cards: Lines, story: TwoSides | None = None) -> Verified:
    lines = pack(story or TwoSides().exchange(2).exchange(1, sender=VN), versions=versions, cards=cards)
    return verify_pack(write_lines(tmp_path / "a.pack", lines))


RENEWED = [agreement_line(version_2(), OLD | {KH: NEW})]


def test_both_recovery_keys_are_told_and_everything_before_is_still_proved(tmp_path: Path) -> None:
    found = checked(tmp_path, versions=RENEWED, cards=[card_line(NEW)])

    assert found.holds
    assert [way.proved for way in found.directions] == [2, 1]
    assert as_json(found)["recovery_keys"] == {KH: [OLD[KH].kid, NEW.kid], VN: [OLD[VN].kid]}
    text = as_text(found)
    assert f"recovery key of {KH}: {OLD[KH].kid}" in text
    assert f"recovery key of {KH}, since version 2 of the agreement: {NEW.kid}" in text


def test_without_a_card_under_it_the_new_key_changes_nothing(tmp_path: Path) -> None:
    assert checked(tmp_path, versions=RENEWED, cards=[]).holds


def _with(**members: Any) -> Agreement:
    return read_agreement(encode(dict(parse_object(version_2().raw)) | members))


def _both() -> Agreement:
    value = dict(parse_object(version_2().raw))
    parties = [dict(party) for party in value["parties"]]  # type: ignore[union-attr, arg-type]
    parties[1]["recovery"] = b64url(new_recovery("another").public.raw)
    return read_agreement(encode(value | {"parties": parties}))  # type: ignore[dict-item]


WRONG: list[tuple[str, Callable[[], Lines], Lines, str]] = [
    ("signed by the key that it ends", lambda: [agreement_line(version_2(), OLD)], [], f"not signed by {KH}"),
    ("not signed by the other side",
     lambda: [agreement_line(version_2(), {KH: NEW, VN: NEW})], [], f"not signed by {VN}"),
    ("with another suite", lambda: [agreement_line(_with(suite=1), OLD | {KH: NEW})], [], "more than one"),
    ("with new keys of both sides",
     lambda: [agreement_line(_both(), {KH: NEW, VN: new_recovery("another")})], [], "more than one"),
    ("a card under a key that no version pins", list, [card_line(NEW)], "not signed by the recovery key"),
    ("a card under the old key behind one under the new key",
     lambda: RENEWED, [card_line(NEW), card_line(OLD[KH], serial=3)], "not signed by the recovery key"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("versions", "cards", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_does_not_follow_is_refused(
    versions: Callable[[], Lines], cards: Lines, words: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongFormError, match=words):
        checked(tmp_path, versions=versions(), cards=cards)


def test_keys_that_only_a_card_of_a_thief_names_count_nowhere(tmp_path: Path) -> None:
    """Whoever had the old recovery key signed a card, and a head with a key of it."""
    thief = identity.agency(KH, "thief").keys.keyring().signing(KeyUse.HEAD, identity.NOW)
    false = card_line(OLD[KH], label="thief")

    def story() -> TwoSides:
        made = TwoSides().exchange(2)
        made.kh.signs_with = thief
        return made

    before = checked(tmp_path, versions=[], cards=[false], story=story())
    after = checked(tmp_path, versions=RENEWED, cards=[false, card_line(NEW, serial=3)], story=story())

    assert before.logs[KH].signed
    assert not after.logs[KH].signed
