# SPDX-License-Identifier: Apache-2.0
"""What an officer might write next at a desk: messages of every kind, most of which do not fit."""

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

from exchange.cases.movements import first_movement
from tests.support.case_tables import MOVEMENTS
from tests.support.desks import MOVES, NOTHING, PERSONS, Desk, Idea

UNTIL = "2027-09-01"
GIVEN = [{"scope": scope, "state": "given", "giver": "person", "on": "2027-05-01"}
         for scope in ("notify_origin", "verify_nationality", "trace_family", "return", "feedback_host",
                       "contact_after_return")]  # fmt: skip
BY_HOST = ("IDN", "VRQ", "TRQ", "RPN", "TDQ", "ROP")
BY_ORIGIN = ("RCV", "RFN", "FUP", "ROP")
ANSWERS = {
    "VRS": [{"result": one} for one in ("national", "not_found", "not_national")],
    "TRS": [{"result": one} for one in ("found_suitable", "in_progress")],
    "RPD": [
        {"outcome": one, "valid_until": UNTIL} for one in ("accepted", "accepted", "refused", "deferred")
    ],
    "TDS": [{"status": one} for one in ("issued", "pending", "denied")],
}
OUTCOMES = ("handed_over", "handed_over", "not_presented", "not_taken_over", "diverted_medical", "added")
EFFECTS = (
    "person_added",
    "time_or_place_changed",
    "person_added",
    "person_taken_off",
    "details_changed",
    "date_open",
)
SHARE_OF_STOPS = 0.2
STOPS = ("HLD", "HLD", "CWD", "INC", "CAN", "CAN", "RSM", "RSM", "RSM", "CLO")


class Officers:
    """Thinks of messages from what a desk shows; most of them do not fit."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def ideas(self, desk: Desk) -> Iterator[Idea]:
        group = (
            PERSONS
            if self._dice.random() < 0.5
            else tuple(self._dice.sample(PERSONS, self._dice.randint(1, 2)))
        )
        by_person = BY_HOST if desk.side == "host" else BY_ORIGIN
        kinds: list[Iterator[Idea]] = [self._moves(desk, group), self._persons(by_person, group)]
        if desk.side == "origin":
            kinds.append(self._answers(group))
        self._dice.shuffle(kinds)
        if self._dice.random() < 0.6:
            kinds.insert(0, self._moves(desk, group))
        stops = self._stops(desk, group)
        if self._dice.random() < SHARE_OF_STOPS:
            yield from stops
        yield from self._signatures(desk)
        yield from itertools.chain(*kinds)

    def _persons(self, types: tuple[str, ...], group: tuple[str, ...]) -> Iterator[Idea]:
        lines = {case: {"arrived": True, "consents": GIVEN} for case in group}
        for kind in self._dice.sample(types, len(types)):
            yield Idea(kind, group, lines=lines)

    def _answers(self, group: tuple[str, ...]) -> Iterator[Idea]:
        for kind in self._dice.sample(tuple(ANSWERS), len(ANSWERS)):
            fields = self._dice.choice(ANSWERS[kind])
            content = {"revises": "earlier"} if kind == "RPD" and self._dice.random() < 0.3 else {}
            yield Idea(kind, group, content=content, lines=dict.fromkeys(group, fields))

    def _stops(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        match self._dice.choice(STOPS):
            case "HLD":
                yield Idea("HLD", group, content={"effect": "all_steps"})
            case "CWD":
                scope = self._dice.choice(("return", "return", "statistics", "trace_family"))
                yield Idea("CWD", group, content={"scope": [scope]})
            case "INC":
                yield Idea("INC", group, content={"incident": self._dice.choice(("missing", "threat"))})
            case "RSM":
                for hold in desk.case(group[0]).view().shown.holds:
                    yield Idea("RSM", group[:1], content={"hold": hold.ref})
            case "CLO":
                yield Idea("CLO", group[:1], content={"reason": "died"})
            case _:
                yield from self._cancellations(desk, group)

    def _cancellations(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        own: Any = [document for document in desk.written if document["header"]["type"] in BY_HOST]  # type: ignore[index, call-overload]
        if own and self._dice.random() < 0.5:
            header = (own[-1] if self._dice.random() < 0.5 else self._dice.choice(own))["header"]
            yield Idea("CAN", tuple(header["case_codes"]), content={"target": header["message_id"]})
            return
        code = self._dice.choice(MOVES)
        movement = desk.movement(code)
        listed = movement.view().shown.list if movement else ()
        content: dict[str, Any] = {"target": code}
        if listed and self._dice.random() < 0.3:
            listed = listed[:1]
            content["persons"] = list(listed)
        else:
            listed = self._dice.choice((listed, group))
        yield Idea("CAN", listed or group, code, content)

    def _moves(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        code = self._dice.choice(MOVES)
        movement = desk.movement(code)
        shown = movement.view().shown if movement else first_movement(MOVEMENTS)
        listed = shown.list or group
        makers = [self._proposal, self._response, self._departure, self._amendment, self._record]
        for maker in self._dice.sample(makers, len(makers)):
            if maker == self._amendment and self._dice.random() < 0.7:
                continue
            yield from maker(desk, code, shown, listed, group)

    def _signatures(self, desk: Desk) -> Iterator[Idea]:
        for code in MOVES:
            movement = desk.movement(code)
            for record in movement.view().shown.records if movement else ():
                agreed = self._dice.random() < 0.8
                signed = {"countersigns": {"id": record.ref, "pc": NOTHING}, "agreed": agreed}
                if self._dice.random() < 0.8:
                    yield Idea("HRC", tuple(record.outcomes), code, signed)

    def _proposal(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        yield Idea("HPR", group, code, {"case_list": list(group), "group_size": len(group)})

    def _response(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        answer = self._dice.choice(("confirm", "confirm", "confirm", "counter", "decline"))
        yield Idea("HRP", listed, code, {"response": answer, "confirms": {"id": desk.last_change(code)}})

    def _departure(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        fit = tuple(case for case in listed if desk.case(case).view().shown.state == "scheduled")
        off = [{"case_code": case, "reason": "ill"} for case in listed if case not in fit]
        if self._dice.random() < 0.2:
            fit, off = listed, []
        yield Idea("HDP", fit, code, {"taken_off": off} if off else {})

    def _amendment(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        effect = self._dice.choice(EFFECTS)
        content = {"target": "earlier", "effect": effect, "changes": []}
        if effect == "person_added":
            new = (*listed, *(case for case in group if case not in listed))
            content["changes"] = [{"pointer": "/case_list", "old": list(listed), "new": list(new)}]
            yield Idea("AMD", new, code, content)
        else:
            left = [case for case in listed if case not in group]
            if effect == "person_taken_off":
                content["changes"] = [{"pointer": "/case_list", "old": list(listed), "new": left}]
            yield Idea("AMD", listed, code, content)

    def _record(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        lines = {case: {"outcome": self._outcome(desk, case)} for case in listed}
        yield Idea("HRC", tuple(listed), code, {"signatory": {}}, lines)

    def _outcome(self, desk: Desk, case: str) -> str:
        if desk.case(case).view().shown.state in ("on_hold", "withdrawn"):
            return "not_presented"
        return self._dice.choice(OUTCOMES)
