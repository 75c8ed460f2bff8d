# SPDX-License-Identifier: Apache-2.0
"""Questions whose choices depend on the link: its crossings, and the officers of both sides.

1. Crossings are those that can fit, the ones between the two countries first (`messages.crossings`). The one
   of a proposal is asked first and shows the usual one, unless a decision asks for another
   (`service.appointments`, 2).
2. Who may stop a handover is asked in two fields. Our officer is chosen from our directory; the one of the
   partner from those that it has told, and where it has told none, the number is typed, and the page says so.
   Only officers with a function that can stop one are offered.
3. Who will sign is chosen from our officers who may sign at the border.

The value of such a question stays as the form has it: `FittedStep` leads from one to the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.i18n import marked
from exchange.ids import AgencyCode, CaseCode, OfficerNumber
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.steps import Step
from exchange.messages.context import country_of
from exchange.messages.crossings import crossings_between
from exchange.messages.document import JsonValue
from exchange.messages.questions import Field, Kind
from exchange.service.appointments import NOTICE, Officers, officers_of, usual_crossing
from exchange.service.facts import StoreFacts
from exchange.service.forms import Form
from exchange.service.officers_told import NamedOfficer
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import OfficerRow

PROPOSAL, RESPONSE = "HPR", "HRP"
_TYPES = frozenset({PROPOSAL, RESPONSE, NOTICE})
CROSSING, STOPS, SIGNERS = "checkpoint", "stop_officers", "receiving_officers"
_CROSSINGS = "checkpoints"
OURS, THEIRS = "ours", "theirs"
_OUR_OFFICER: Final = marked("Officer of your side")
_THEIR_OFFICER: Final = marked("Officer of the partner")
_NOT_TOLD: Final = marked(
    "The partner has not told its officers here. Ask it for the number of the officer, and enter it as you"
    " are told."
)


@dataclass(frozen=True)
class FittedStep(Step):
    """A question with the choices of its link."""

    own_side: str = "host"
    """`host` or `origin`."""
    begins_with: JsonValue = None
    """What is shown while nothing was entered."""

    def value_in(self, given: Mapping[str, Any]) -> JsonValue:
        """Return a value as the page asks for it."""
        value = super().value_in(given)
        value = self.begins_with if value is None else value
        if isinstance(value, dict) and STOPS in value:
            return {**value, STOPS: self._by_side(value[STOPS])}
        return self._by_side(value) if self.question.name == STOPS else value

    def put(self, given: dict[str, Any], value: JsonValue) -> dict[str, Any]:
        """Return what was entered with this answer in it, as the form has it."""
        if isinstance(value, dict) and STOPS in value:
            value = {**value, STOPS: self._as_list(value[STOPS])}
        elif self.question.name == STOPS:
            value = self._as_list(value)
        return super().put(given, None if self.question.name == SIGNERS and value == [] else value)

    def _by_side(self, value: JsonValue) -> JsonValue:
        entries = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        found = {str(one.get("side")): one.get("officer") for one in entries}
        other = "origin" if self.own_side == "host" else "host"
        return {OURS: found.get(self.own_side), THEIRS: found.get(other)} if found else None

    def _as_list(self, value: JsonValue) -> JsonValue:
        if not isinstance(value, dict):
            return value
        sides = {self.own_side: OURS, ("origin" if self.own_side == "host" else "host"): THEIRS}
        named: Mapping[str, JsonValue] = {side: value.get(sides[side]) for side in ("host", "origin")}
        return [{"side": side, "officer": officer} for side, officer in named.items() if officer]


async def fitted(clerk: Clerk, form: Form, step: Step) -> Step:
    """Return a question as its link allows it to be answered; any other one as it is."""
    if form.row.type not in _TYPES or not _needs_a_link(step.question.field):
        return step
    return await clerk.node.store.read(lambda uow: _fitted(uow, clerk, form, step))


async def with_crossings(clerk: Clerk, form: Form, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields of an earlier message, of which only the crossings are chosen by the link."""
    if not any(map(_has_crossings, fields)):
        return fields
    crossings = await clerk.node.store.read(lambda uow: _ways(uow, clerk, form).crossings)
    return tuple(_by_crossings(one, crossings) for one in fields)


def cases_of_form(uow: UnitOfWork, form: Form) -> tuple[CaseCode, ...]:
    """Return the persons of a form; while it names none, those of the message it follows."""
    persons = [line.get("case_code") for line in form.given["persons"]]
    named = persons or form.given["header"].get("case_codes") or []
    if named or not form.after:
        return tuple(CaseCode(str(code)) for code in named)
    rows = uow.messages.find(form.after)
    return tuple(code for row in rows for code in uow.cases.of_message(row.link, row.direction, row.seq))


def _needs_a_link(field: Field) -> bool:
    names_officers = field.name in (STOPS, SIGNERS) or any(map(_needs_a_link, field.fields))
    return names_officers or _has_crossings(field)


def _has_crossings(field: Field) -> bool:
    return field.code_list == _CROSSINGS or any(map(_has_crossings, field.fields))


@dataclass(frozen=True)
class _Ways:
    """The way of the persons of a form, and where it can cross the border."""

    host: AgencyCode
    crossings: tuple[str, ...]


def _ways(uow: UnitOfWork, clerk: Clerk, form: Form) -> _Ways:
    own, pairing = clerk.node.agency, pairing_of(uow, clerk.node, form.row.link)
    rows = (uow.cases.get(form.row.link, code) for code in cases_of_form(uow, form))
    host = next((row.host for row in rows if row is not None), own)
    origin = pairing.partner if host == own else own
    return _Ways(host, crossings_between(country_of(host), country_of(origin), pairing.checkpoints))


def _fitted(uow: UnitOfWork, clerk: Clerk, form: Form, step: Step) -> Step:
    node, link, ways, field = clerk.node, form.row.link, _ways(uow, clerk, form), step.question.field
    changed = _by_officers(_by_crossings(field, ways.crossings), officers_of(uow, node, link))
    begins_with: JsonValue = None
    if (form.row.type, field.name) == (PROPOSAL, CROSSING):
        pairing = pairing_of(uow, node, link)
        usual = usual_crossing(StoreFacts(uow, pairing, node.agency), pairing, cases_of_form(uow, form))
        begins_with = usual if usual in ways.crossings else None
    asked: dict[str, Any] = {**vars(step), "question": replace(step.question, field=changed)}
    own_side = "host" if node.agency == ways.host else "origin"
    return FittedStep(**asked, own_side=own_side, begins_with=begins_with)


def _by_crossings(field: Field, crossings: tuple[str, ...]) -> Field:
    if field.code_list == _CROSSINGS:
        return replace(field, choices=crossings)
    return replace(field, fields=tuple(_by_crossings(one, crossings) for one in field.fields))


def _by_officers(field: Field, officers: Officers) -> Field:
    if field.name == STOPS:
        officer = next(one for one in field.fields if one.name == "officer")
        there = officers.stopping_there
        ours = replace(officer, name=OURS, title=_OUR_OFFICER)
        theirs = replace(officer, name=THEIRS, title=_THEIR_OFFICER, needed=True)
        ours = _chosen(ours, officers.stopping or officers.own)
        theirs = _chosen(theirs, there) if there else replace(theirs, explanation=_NOT_TOLD)
        return replace(field, kind=Kind.GROUP, fields=(ours, theirs))
    if field.name == SIGNERS:
        return replace(_chosen(field, officers.signing or officers.own), kind=Kind.CODES, needed=False)
    return replace(field, fields=tuple(_by_officers(one, officers) for one in field.fields))


def _chosen(field: Field, officers: Sequence[OfficerRow | NamedOfficer]) -> Field:
    """Return a field as a choice of officers, by number and name."""
    words = tuple((str(one.number), _words(one.number, one.name)) for one in officers)
    choices = tuple(number for number, _ in words)
    return replace(field, kind=Kind.CODE, needed=True, code_list="", choices=choices, words=words)


def _words(number: OfficerNumber, name: str) -> str:
    return f"{number} {name}"
