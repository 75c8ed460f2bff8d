# SPDX-License-Identifier: Apache-2.0
"""Additional journeys: every row of the tables of states that no scenario of the domain reference takes.

`TURNS` has the form of the scenarios (`tests/data/scenarios.json`): one person, or one movement, for each
turn, named by what happens. Together with the scenarios they take every row; a test walks both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Step = dict[str, Any]
UNTIL = "2029-06-30"
"""Last day of the acceptances that hold."""
OVER = "2028-06-30"
CLOSED_FROM = (
    "presumed", "notified", "verification_pending", "nationality_confirmed", "nationality_denied",
    "nationality_undetermined", "tracing_pending", "assessed", "return_prepared", "notice_pending",
    "accepted", "refused", "documents_pending", "ready", "scheduled", "in_transfer", "not_presented",
    "turned_back", "received", "referred",
)  # fmt: skip
WITHDRAWN_FROM = (
    "nationality_confirmed", "tracing_pending", "assessed", "return_prepared", "notice_pending", "accepted",
    "documents_pending", "scheduled", "presumed", "notified", "not_presented", "turned_back",
    "nationality_denied", "nationality_undetermined", "refused",
)  # fmt: skip
HELD_FROM = (
    "not_presented", "turned_back", "verification_pending", "nationality_confirmed", "tracing_pending",
    "assessed", "return_prepared", "presumed", "notified", "in_transfer",
)  # fmt: skip
LATE_ANSWERS = {
    "VRS": {"result": "national"},
    "TRS": {"result": "relatives_found"},
    "RPD": {"outcome": "accepted", "valid_until": UNTIL},
    "TDS": {"status": "issued"},
}
"""Answers that arrive when the case is on hold, withdrawn or closed."""
ASKED_IN = {"VRS": "verification_pending", "TRS": "tracing_pending", "RPD": "notice_pending"}
"""State in which the question is open that a late answer answers."""


@dataclass(frozen=True)
class Turn:
    """One person, or the persons of one movement, and the messages of the turn."""

    name: str
    start: str
    steps: Sequence[Step]
    movement: str = ""
    """State of the movement they are in; `with others`: B is on its list, and A only `with others on it`."""
    case: dict[str, Any] = field(default_factory=dict)


def host(message: str, *, in_movement: bool = False, **fields: Any) -> Step:
    return {"from": "host", "message": message, "fields": fields, "in_movement": in_movement}


def origin(message: str, *, in_movement: bool = False, **fields: Any) -> Step:
    return {"from": "origin", "message": message, "fields": fields, "in_movement": in_movement}


CLOSE = host("CLO", reason="remained_in_host")
WITHDRAW = host("CWD", scope=["return"])
HOLD = host("HLD", reason="medical", effect="all_steps", review_on="2028-12-20")
NOTICE = host("RPN", persons_count=1, children_count=0)
OFF = host("CAN", target="notice", reason="other_solution")
REFUSE = origin("RPD", outcome="refused", revises=1, refusal_reason="legal_obstacle")
ISSUED = origin("TDS", status="issued")
DENIED = origin("TDS", status="denied")
DEPART = host("HDP", in_movement=True)


def signed(outcome: str, *, supplementary: bool = False, **line: Any) -> list[Step]:
    """Return a record about the person and its countersignature."""
    first = host("HRC", in_movement=True, signature="first", supplementary=supplementary)
    first["outcome"] = {"outcome": outcome, **line}
    second = origin("HRC", in_movement=True, signature="second", agreed=True, supplementary=supplementary)
    return [first, second]


def turns() -> Iterator[Turn]:
    """Yield every turn."""
    yield from (Turn(f"closed while {state}", state, [CLOSE], *_way(state)) for state in CLOSED_FROM)
    yield from (Turn(f"withdraws while {state}", state, [WITHDRAW], *_way(state)) for state in WITHDRAWN_FROM)
    yield from (Turn(f"held while {state}", state, [HOLD], *_way(state)) for state in HELD_FROM)
    yield from _before_the_notice()
    yield from _after_the_notice()
    yield from _late_answers()
    yield from _movements()


def _way(state: str) -> tuple[str, ...]:
    return {"scheduled": ("confirmed",), "in_transfer": ("departed",)}.get(state, ())


def _before_the_notice() -> Iterator[Turn]:
    yield Turn("notice after the identification alone", "notified", [NOTICE])
    yield Turn("second look at a denial", "nationality_denied", [host("VRQ", new_facts=True)])
    yield Turn("notice before the tracing ends", "nationality_confirmed", [host("TRQ"), NOTICE])
    asked = [host("TRQ"), host("VRQ")]
    yield Turn("paper asked for after the check", "nationality_confirmed", [host("TDQ"), ISSUED])
    yield Turn("paper asked for after the assessment", "assessed", [host("TDQ"), ISSUED])
    yield Turn("paper asked for before the notice", "return_prepared", [host("TDQ"), ISSUED])
    yield Turn("paper asked for with the notice", "notice_pending", [host("TDQ"), ISSUED])
    traced = origin("TRS", result="relatives_found")
    yield Turn("traced while the check goes on", "verification_pending", [asked[0], traced, *_checked()])


def _checked() -> list[Step]:
    """Return a check that ends after the tracing, and the notice: assessed is skipped silently."""
    return [origin("VRS", result="national"), host("TRQ")]


def _after_the_notice() -> Iterator[Turn]:
    yield Turn("paper denied", "documents_pending", [DENIED])
    yield Turn("paper denied without a request", "accepted", [DENIED])
    for state in ("accepted", "documents_pending"):
        yield Turn(f"acceptance over while {state}", state, [NOTICE], "", {"acceptance_valid_until": OVER})
    yield Turn("notice again after not presented", "not_presented", [host("HPR", in_movement=True)])
    yield Turn("notice again after turned back", "turned_back", [NOTICE])
    yield Turn("revoked when ready", "ready", [REFUSE])
    yield Turn("revoked when scheduled", "scheduled", [REFUSE], "confirmed")
    yield Turn("another paper when ready", "ready", [ISSUED, host("TDQ")])
    yield Turn("another paper when scheduled", "scheduled", [ISSUED], "confirmed")
    for state in ("accepted", "refused", "documents_pending", "ready"):
        yield Turn(f"notice cancelled while {state}", state, [OFF])
    yield Turn("notice cancelled while scheduled", "scheduled", [OFF], "confirmed")
    yield Turn("notice cancelled while held", "ready", [HOLD, OFF])
    yield Turn("died after the handover", "handed_over", [
        origin("INC", incident="death"), origin("CLO", reason="died"),
    ], "", {"returned": True})  # fmt: skip
    yield Turn("late notice after reception", "received", [
        host("RPN", persons_count=1, children_count=0, late=True),
    ], "", {"returned": True})  # fmt: skip
    yield Turn("referred twice", "referred", [
        origin("RFN", services=["health"]),
    ], "", {"returned": True})  # fmt: skip


def _late_answers() -> Iterator[Turn]:
    """Yield answers to a case that is on hold, withdrawn or closed meanwhile."""
    for kind, fields in LATE_ANSWERS.items():
        state = ASKED_IN.get(kind, "documents_pending")
        answer = origin(kind, **fields)
        yield Turn(f"{kind} while held", state, [HOLD, answer])
        yield Turn(f"{kind} after the withdrawal", state, [WITHDRAW, answer])
        yield Turn(f"{kind} after the closure", state, [CLOSE, answer])


def _movements() -> Iterator[Turn]:
    off = host("HDP", in_movement=True, taken_off=True)
    confirm = origin("HRP", in_movement=True, response="confirm")
    for name, stop in (("held", HOLD), ("withdrawn", WITHDRAW)):
        yield Turn(f"confirmed while {name}", "ready", [stop, confirm], "proposed")
    for name, stop in (("withdrawn", WITHDRAW), ("closed", CLOSE)):
        yield Turn(f"taken off when {name}", "scheduled", [stop, off], "confirmed")
    resumed = [HOLD, host("RSM")]
    yield Turn("taken off when ready again", "scheduled", [*resumed, off], "confirmed")
    for name, stop in (("held", HOLD), ("closed", CLOSE)):
        record = signed("not_presented", reason="ill")
        yield Turn(f"not presented because {name}", "in_transfer", [stop, *record], "departed")
    yield Turn("added when ready", "ready", signed("added"), "departed with others")
    counter = origin("HRP", in_movement=True, response="counter")
    decline = host("HRP", in_movement=True, response="decline")
    off_movement = host("CAN", in_movement=True, target="movement", reason="other_solution")
    yield Turn("counter proposal declined", "ready", [counter, decline], "proposed")
    yield Turn("counter proposal called off", "ready", [counter, off_movement], "proposed")
    postponed = host("AMD", in_movement=True, target="movement", effect="date_open")
    yield Turn("postponed and called off", "scheduled", [postponed, off_movement], "confirmed")
    handed, more = signed("handed_over"), signed("handed_over", supplementary=True)
    yield Turn("supplement to a complete record", "in_transfer", [*handed, *more], "departed")
    absent = signed("not_presented", reason="ill")
    later = signed("not_presented", reason="ill", supplementary=True)
    yield Turn("supplement about one of two", "in_transfer", [*absent, *later], "departed with others on it")


def as_scenario(turn: Turn) -> dict[str, Any]:
    """Return a turn in the form of a scenario, with one person A; a companion B where the list needs one."""
    state, _, more = turn.movement.partition(" with others")
    others = ["B"] if " with others" in turn.movement else []
    listed = ["A", *others] if more or not others else others
    cases = {"A": {"start": turn.start, "acceptance_valid_until": UNTIL, **turn.case}}
    cases |= {other: {"start": "in_transfer", "acceptance_valid_until": UNTIL} for other in others}
    movement = {"start": state, "list": listed, "last_proposer": "host"} if state else "draft"
    steps = [_step(turn, n, raw, others) for n, raw in enumerate(turn.steps, start=1)]
    return {"id": turn.name, "cases": cases, "movements": {"M": movement}, "steps": steps, "reject": []}


def _step(turn: Turn, n: int, raw: Step, others: Sequence[str]) -> Step:
    fields = {name: value for name, value in raw["fields"].items() if value is not False or name == "agreed"}
    if raw["message"] == "HRC" and fields.get("signature") == "second":
        fields["countersigns"] = n - 1
    if raw["message"] == "RSM":
        fields["hold"] = n - 1
    persons = ["A", *others] if raw["in_movement"] else ["A"]
    if fields.pop("taken_off", False):
        persons, fields = [], {"taken_off": {"A": "postponed"}}
    step = {"n": n, "at": f"2028-12-{n:02}", "persons": persons, **raw, "fields": fields}
    if raw["in_movement"]:
        step["movement"] = "M"
    if "outcome" in raw:
        step["lines"] = {"A": raw["outcome"], **{other: {"outcome": "handed_over"} for other in others}}
    return step
