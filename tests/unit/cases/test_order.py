# SPDX-License-Identifier: Apache-2.0
"""The order of effects on small examples: who keeps it, what crosses, what is taken back."""

from dataclasses import replace
from datetime import date

import pytest
from exchange.cases.chronicle import (
    Chronicle,
    Judged,
    before,
    case_rules,
    judge,
    keep,
    movement_rules,
    new_chronicle,
    replay,
    settle,
    view,
    write,
)
from exchange.cases.keeper import Keeping, Known, first_keeper, order
from exchange.cases.movements import MovementEvent
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Side
from exchange.cases.stored import case_bytes, case_chronicle, movement_bytes, movement_chronicle
from exchange.errors import RejectedError, StoreDamagedError, StoreNewerError
from tests.support.case_tables import CASES, MOVEMENTS

TODAY = date(2027, 6, 1)
RULES = case_rules(CASES)
KEEPING = RULES.keeping
SIGNED = {"signature": "second", "agreed": True, "outcome": "handed_over"}


def known(
    kind: str, side: Side, sent: int, verdict: int | None = None, *, ok: bool = True, **fields: object
) -> Known[CaseEvent]:
    """Return a message with its two leaves; without `verdict` none is known."""
    event = CaseEvent(kind, side, fields, TODAY, ref=f"{side}-{sent}")
    return Known(event, (0, sent), None if verdict is None else (0, verdict), None if verdict is None else ok)


def kinds(
    entries: list[Known[CaseEvent]], own: Side, keeping: Keeping = KEEPING
) -> tuple[list[str], list[str]]:
    ordered = order(entries, own, keeping)
    return [one.entry.event.type for one in ordered.effective], [
        one.event.type for one in ordered.provisional
    ]


def chronicle(
    state: str, *entries: Known[CaseEvent], keeper: Side = "host"
) -> Chronicle[CaseSnapshot, CaseEvent]:
    base = replace(CASES.initial(), state=state, opened=True, valid_until=TODAY)
    return Chronicle(base, entries, keeper)


def test_the_keepers_messages_stand_at_their_sent_leaf_and_the_others_at_its_verdict() -> None:
    entries = [
        known("RPD", "origin", 40, 7),
        known("RPN", "host", 5, 41),
        known("TDQ", "host", 9, 42),
        known("HLD", "origin", 39, 8),
    ]

    for own in ("host", "origin"):
        assert kinds(entries, own) == (["RPN", "RPD", "HLD", "TDQ"], [])


def test_a_message_without_the_keepers_verdict_is_provisional_at_its_author_only() -> None:
    waiting = known("VRS", "origin", 3)

    assert kinds([waiting], "origin") == ([], ["VRS"])
    assert kinds([waiting], "host") == ([], [])


def test_the_keepers_own_message_is_effective_before_any_verdict() -> None:
    assert kinds([known("VRQ", "host", 3)], "host") == (["VRQ"], [])


@pytest.mark.parametrize("own", ["host", "origin"])
@pytest.mark.parametrize("side", ["host", "origin"])
def test_a_rejected_message_has_no_place_at_either_side(own: Side, side: Side) -> None:
    assert kinds([known("VRQ", side, 3, 4, ok=False)], own) == ([], [])


def test_a_stop_that_overtook_stands_before_what_it_overtook() -> None:
    """The origin side wrote the answer first, but the host side judged the cancellation before it."""
    answer, stop = known("HRP", "origin", 11, 30), known("CAN", "origin", 13, 22)

    assert kinds([answer, stop], "host") == (["CAN", "HRP"], [])


def test_after_the_complete_record_the_log_of_the_origin_side_gives_the_order() -> None:
    countersigned = known("HRC", "origin", 50, 20, **SIGNED)
    entries = [
        known("FUP", "origin", 52, 31),
        known("INC", "host", 19, 90),
        countersigned,
        known("INQ", "host", 21, 53),
        known("RCV", "origin", 51, 30),
        known("COR", "host", 33, 51),
    ]

    for own in ("host", "origin"):
        assert kinds(entries, own)[0][:2] == ["INC", "HRC"]
        assert kinds(entries, own)[0][2:] == ["RCV", "COR", "FUP", "INQ"]


def test_after_the_complete_record_the_messages_of_the_host_side_are_provisional() -> None:
    entries = [known("HRC", "origin", 50, 20, **SIGNED), known("CLO", "host", 21), known("RCV", "origin", 51)]

    assert kinds(entries, "host") == (["HRC"], ["CLO"])
    assert kinds(entries, "origin") == (["HRC", "RCV"], [])


@pytest.mark.parametrize(
    "fields",
    [
        {"signature": "first", "outcome": "handed_over"},
        SIGNED | {"agreed": False},
        SIGNED | {"supplementary": "HRC-1"},
    ],
)
def test_a_record_that_is_not_complete_leaves_the_order_with_the_host_side(fields: dict[str, object]) -> None:
    entries = [known("HRC", "origin", 50, 20, **fields), known("CLO", "host", 21)]

    assert kinds(entries, "host") == (["HRC", "CLO"], [])


def test_a_rejected_countersignature_hands_nothing_over() -> None:
    entries = [known("HRC", "origin", 50, 20, ok=False, **SIGNED), known("CLO", "host", 21)]

    assert kinds(entries, "host") == (["CLO"], [])


@pytest.mark.parametrize(
    ("entries", "keeper"),
    [
        ([], "host"),
        ([known("RCV", "origin", 3)], "origin"),
        ([known("HLD", "origin", 4, 1), known("RCV", "origin", 3, 2)], "origin"),
        ([known("INC", "host", 1, 2), known("RCV", "origin", 3)], "host"),
        ([known("INC", "host", 1, 4), known("RCV", "origin", 3)], "origin"),
        ([known("INC", "host", 1, 2, ok=False), known("RCV", "origin", 3)], "origin"),
        ([known("VRS", "origin", 2), known("RCV", "origin", 3)], "host"),
        ([known("RCV", "host", 3)], "host"),
    ],
)
def test_a_reception_opens_a_case_if_the_origin_side_has_nothing_before_it(
    entries: list[Known[CaseEvent]], keeper: Side
) -> None:
    assert first_keeper(entries, KEEPING) == keeper


def test_a_new_epoch_of_a_log_comes_after_the_old_one() -> None:
    old, new = known("VRQ", "host", 900), replace(known("TRQ", "host", 2), sent=(1, 2))

    assert kinds([new, old], "host")[0] == ["VRQ", "TRQ"]


# What crosses


def test_the_keeper_refuses_what_does_not_fit_after_its_own_message() -> None:
    """Scenario 10: the person withdraws while the proposal of the other side is on its way."""
    withdrawn = chronicle("ready", known("CWD", "host", 5, scope=("return",)))
    proposal = known("HPR", "origin", 12)

    with pytest.raises(RejectedError) as caught:
        judge(RULES, withdrawn, "host", proposal)

    assert caught.value.reason == "state_conflict"


def test_the_other_side_judges_a_message_of_the_keeper_without_its_own_provisional_one() -> None:
    provisional = chronicle("notice_pending", known("RPD", "origin", 12, outcome="refused"))
    cancelled = known("CAN", "host", 5, target="notice")

    assert view(RULES, provisional, "origin").shown.state == "refused"
    assert judge(RULES, provisional, "origin", cancelled).state == "return_prepared"


def test_a_message_of_the_keeper_is_judged_at_its_leaf_and_not_behind_later_ones() -> None:
    """The verdict on the answer stands behind the stop in the keeper's log, and arrives before it."""
    answered = chronicle("notice_pending", known("RPD", "origin", 12, 8, outcome="refused"))

    assert before(RULES, answered, "origin", known("HLD", "host", 7)).state == "notice_pending"
    assert before(RULES, answered, "origin", known("HLD", "host", 9)).state == "refused"


def test_a_rejection_takes_back_what_the_keeper_had_applied_for_itself() -> None:
    noticed = chronicle("return_prepared", known("RPN", "host", 5))
    refused = settle(noticed, side="host", sent=(0, 5), verdict=(0, 60), accepted=False)

    assert view(RULES, noticed, "host").effective.state == "notice_pending"
    assert view(RULES, refused, "host").effective.state == "return_prepared"


def test_what_rested_on_a_rejected_message_has_no_effect_and_is_reported() -> None:
    entries = (known("RPN", "host", 5, 60, ok=False), known("RPD", "origin", 61, 6, outcome="refused"))

    for own in ("host", "origin"):
        seen = view(RULES, chronicle("return_prepared", *entries), own)
        assert seen.effective.state == "return_prepared"
        assert [entry.event.type for entry in seen.ineffective] == ["RPD"]


def test_the_first_final_verdict_stands() -> None:
    noticed = settle(
        chronicle("return_prepared", known("RPN", "host", 5)),
        side="host",
        sent=(0, 5),
        verdict=(0, 60),
        accepted=True,
    )

    assert settle(noticed, side="host", sent=(0, 5), verdict=(0, 61), accepted=False) == noticed


@pytest.mark.parametrize(("side", "sent"), [("origin", 5), ("host", 6)])
def test_a_verdict_on_an_unknown_message_changes_nothing(side: Side, sent: int) -> None:
    noticed = chronicle("return_prepared", known("RPN", "host", 5))

    assert settle(noticed, side=side, sent=(0, sent), verdict=(0, 60), accepted=False) == noticed


def test_the_same_message_is_entered_once() -> None:
    noticed = chronicle("return_prepared", known("RPN", "host", 5))

    assert write(noticed, known("RPN", "host", 5)) == noticed


def test_replaying_skips_what_does_not_fit() -> None:
    events = [known("IDN", "host", 1).event, known("HDP", "host", 2).event, known("VRQ", "host", 3).event]

    assert replay(RULES, CASES.initial(), events).state == "verification_pending"


# Folding


def test_a_quiet_case_is_folded_into_its_base() -> None:
    busy = chronicle(
        "return_prepared", known("RPN", "host", 5, 60), known("RPD", "origin", 61, 6, outcome="refused")
    )

    folded = keep(RULES, busy, "host").chronicle

    assert (folded.base.state, folded.entries, folded.keeper) == ("refused", (), "host")


def test_what_was_judged_is_not_replayed_behind_another_snapshot() -> None:
    noticed = known("RPN", "host", 5, 60)
    elsewhere = replace(CASES.initial(), incidents=("death",))
    judged = Judged(elsewhere, noticed.event, replace(elsewhere, state="closed"))

    kept = keep(RULES, chronicle("assessed", noticed), "host", judged=judged)

    assert kept == keep(RULES, chronicle("assessed", noticed), "host")


@pytest.mark.parametrize("verdict", [60, None])
def test_what_was_judged_says_the_same_as_its_replay(verdict: int | None) -> None:
    noticed = known("RPN", "host", 5, verdict)
    busy = chronicle("assessed", noticed)
    judged = Judged(busy.base, noticed.event, RULES.apply(busy.base, noticed.event))

    for own in ("host", "origin"):
        kept = keep(RULES, busy, own, judged=judged)
        assert kept == keep(RULES, busy, own)
        assert (kept.view.shown is judged.after) == (own == "host" or verdict is not None)


@pytest.mark.parametrize("arrived", [6, None])
@pytest.mark.parametrize("open_at", [None, (0, 4), (0, 6)])
def test_what_is_kept_says_the_same_as_the_whole_chronicle(
    arrived: int | None, open_at: tuple[int, int] | None
) -> None:
    busy = chronicle(
        "return_prepared", known("RPN", "host", 5, 60), known("RPD", "origin", 61, arrived, outcome="refused")
    )

    kept = keep(RULES, busy, "host", open_at=open_at)

    assert kept.view == view(RULES, busy, "host")
    assert view(RULES, kept.chronicle, "host").shown == kept.view.shown


def test_the_keepers_message_without_a_verdict_is_not_folded() -> None:
    busy = chronicle(
        "return_prepared", known("RPN", "host", 5), known("RPD", "origin", 61, 6, outcome="refused")
    )

    assert keep(RULES, busy, "host").chronicle == busy


@pytest.mark.parametrize(("open_at", "left"), [(4, 1), (6, 1), (7, 0), (None, 0)])
def test_nothing_is_folded_that_a_missing_message_may_still_precede(open_at: int | None, left: int) -> None:
    """The origin side holds the verdict leaf 6 of the keeper, but not yet a message sent before it."""
    busy = chronicle("notice_pending", known("RPD", "origin", 61, 6, outcome="refused"))

    folded = keep(RULES, busy, "origin", open_at=None if open_at is None else (0, open_at)).chronicle

    assert len(folded.entries) == left


def test_what_is_kept_says_the_same_before_and_after_it_is_folded() -> None:
    """Three settled messages, of which the second does not fit, and one that waits for the keeper."""
    misfit, waiting = known("RCV", "origin", 62, 7), known("INQ", "origin", 70)
    told = (known("RPN", "host", 5, 60), misfit, known("RPD", "origin", 63, 8, outcome="refused"), waiting)
    busy = chronicle("return_prepared", *told)

    kept = keep(RULES, busy, "origin")

    assert kept.view == view(RULES, busy, "origin")
    assert (kept.view.ineffective, kept.view.provisional) == ((misfit,), 1)
    assert kept.chronicle.entries == (waiting,)
    assert view(RULES, kept.chronicle, "origin") == replace(kept.view, ineffective=())


def test_rejected_messages_are_dropped() -> None:
    busy = chronicle("return_prepared", known("RPN", "host", 5), known("TDQ", "host", 4, 9, ok=False))

    assert [entry.event.type for entry in keep(RULES, busy, "host").chronicle.entries] == ["RPN"]


def test_a_case_is_not_folded_while_a_missing_message_may_have_opened_it() -> None:
    """A hold overtook the reception that opened the case; only then is it known who keeps the order."""
    hold = known("HLD", "origin", 4, 1)
    early = keep(RULES, write(new_chronicle(RULES), hold), "host", open_at=(0, 3)).chronicle
    late = keep(RULES, write(early, known("RCV", "origin", 3, 2, arrived=True)), "host").chronicle

    assert early.entries == (hold,)
    assert (late.base.state, late.keeper, late.entries) == ("received", "origin", ())


def test_a_case_is_not_folded_while_its_first_message_may_still_be_rejected() -> None:
    """The cancellation stands first in the log of the origin side; without it, the reception does."""
    entries = (known("CAN", "origin", 1), known("RCV", "origin", 2, arrived=True), known("INQ", "host", 9, 3))
    waiting = keep(RULES, Chronicle(CASES.initial(), entries), "origin").chronicle
    rejected = settle(waiting, side="origin", sent=(0, 1), verdict=(0, 12), accepted=False)

    assert waiting.entries == entries
    assert view(RULES, rejected, "origin").effective.keeper == "origin"


def test_who_keeps_the_order_survives_folding() -> None:
    done = keep(RULES, chronicle("in_transfer", known("HRC", "origin", 50, 20, **SIGNED)), "host").chronicle
    more = write(done, known("CLO", "host", 21))

    assert (done.keeper, done.base.state) == ("origin", "handed_over")
    assert view(RULES, more, "host").provisional == 1


# Stored form


def test_a_chronicle_comes_back_as_it_was_kept() -> None:
    kept = chronicle(
        "on_hold",
        known("CWD", "host", 5, 60, scope=("return", "photo")),
        known("VRS", "origin", 61, result="national"),
        known("TRS", "origin", 62, 7, ok=False, result="not_found"),
    )

    assert case_chronicle(case_bytes(kept)) == kept


def test_a_movement_comes_back_as_it_was_kept() -> None:
    rules = movement_rules(MOVEMENTS)
    event = MovementEvent("HRC", "host", {"signature": "first"}, "r", ("A",), {"A": "handed_over"})
    base = replace(rules.new, state="departed", list=("A",), proposer="origin")
    open_record = write(Chronicle(base, keeper="host"), Known(event, (0, 3)))
    folded = Chronicle(rules.apply(base, event), (), "host")

    assert movement_chronicle(movement_bytes(open_record)) == open_record
    assert movement_chronicle(movement_bytes(folded)) == folded


KEPT = case_bytes(chronicle("ready", known("CWD", "host", 5, 60, scope=("return",))))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"7", b"{}", b'{"v":1}', b'{"v":0}', b'{"v":"1"}', b"\xff",
        KEPT.replace(b'"keeper":"host"', b'"keeper":"transit"'),
        KEPT.replace(b'"sent":[0,5]', b'"sent":[0]'),
        KEPT.replace(b'"sent":[0,5]', b'"sent":["0","5"]'),
        KEPT.replace(b'"scope":["return"]', b'"scope":{"return":1}'),
        KEPT.replace(b'"on":"2027-06-01"', b'"on":"yesterday"'),
        KEPT.replace(b'"holds":[]', b'"holds":null'),
        KEPT.replace(b'"listed"', b'"lists"'),
        KEPT.replace(b'"entries"', b'"entry"'),
    ],
)  # fmt: skip
def test_a_damaged_chronicle_is_not_read(raw: bytes) -> None:
    with pytest.raises(StoreDamagedError):
        case_chronicle(raw)


def test_a_newer_stored_form_is_refused() -> None:
    with pytest.raises(StoreNewerError):
        case_chronicle(KEPT.replace(b'"v":1', b'"v":2'))


@pytest.mark.parametrize("raw", [b"{}", b'{"v":1,"state":"ready"}'])
def test_a_damaged_snapshot_is_not_read(raw: bytes) -> None:
    with pytest.raises(StoreDamagedError):
        CaseSnapshot.from_bytes(raw)
