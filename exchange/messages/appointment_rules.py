# SPDX-License-Identifier: Apache-2.0
"""Rules of the handover proposal (HPR) and response (HRP).

A proposal and every change of it are judged as a whole: a counter proposal is laid over the terms that
stand, and what comes out must be possible. A confirmation names the last change by number and commitment,
so nobody confirms what has been replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from exchange.errors import Fault
from exchange.ids import AgencyCode, CaseCode, MessageId, MovementCode
from exchange.messages.appointment import Proposal, Response
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.crossings import crossing_faults
from exchange.messages.dates import Days, as_day
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.document import Document, JsonValue, content_of, object_at, pointer
from exchange.messages.earlier import Announced, Appointment, OpenCrossing
from exchange.messages.handover_rules import (
    apart,
    exact,
    host_of_group,
    known_appointment,
    known_cases,
    movement_known,
    of_movement,
    origin_of,
    replies_to,
    together,
)
from exchange.messages.header_rules import message_of_type
from exchange.messages.wording import fault

_CROSSINGS = ("checkpoint", "alternative")
_ANSWERED = frozenset({"HPR", "HRP", "AMD"})
_UNPAID = "not_settled"
Terms = Mapping[str, JsonValue]
Step = str | int


def proposal_faults(document: Document, proposal: Proposal, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a proposal, in the order of the checks."""
    act, content = Act(document, proposal.header, context, facts), proposal.content
    cases, terms = content.case_list, content_of(document)
    own = OwnFaults(
        references=_proposal_references(act, cases, terms),
        dates=lambda days: _window(act, terms, cases, days, "content"),
        counts=_proposal_counts(act, proposal),
        safeguards=_group(act, cases, terms, "content"),
        state=_open_crossing(act, terms, "/content/checkpoint"),
    )
    return in_order(act, own, cases=cases)


def response_faults(document: Document, response: Response, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a response, in the order of the checks."""
    act = Act(document, response.header, context, facts)
    cases, standing = response.header.case_codes or (), known_appointment(act)
    changes = object_at(content_of(document), "changes")
    terms: Terms = {**(standing.terms if standing else {}), **changes}
    place = ("content", "changes")
    counter = bool(changes) and standing is not None
    own = OwnFaults(
        side=_other_side(act, response),
        references=_response_references(act, response, changes),
        dates=lambda days: _window(act, terms, cases, days, *place) if counter else None,
        counts=_response_counts(act, standing),
        safeguards=_group(act, cases, terms, *place) if counter else (),
        state=_response_state(act, response, standing, changes),
    )
    return in_order(act, own, cases=cases)


def _proposal_references(act: Act, cases: Sequence[str], terms: Terms) -> Iterator[Fault]:
    yield from known_cases(act, cases, "content", "case_list")
    host = host_of_group(act, cases)
    if host is None:
        return
    for index, case in enumerate(cases):
        if act.facts.host_of(CaseCode(case)) not in {None, host}:
            at, expected = pointer("content", "case_list", index), "cases with one host side"
            yield fault("form_invalid", "reference.direction", at, expected=expected, found="the other side")
    yield from _crossings(act, host, terms, "content")
    yield from _interpreter(act, cases, terms, "content")
    if len({entry["side"] for entry in _objects(terms, "stop_officers")}) != 2:
        yield _stop_sides("content")
    yield from _stop_officers(act, cases, terms, "content")


def _response_references(act: Act, response: Response, changes: Terms) -> Iterator[Fault]:
    header, confirms = response.header, response.content.confirms
    yield from movement_known(act)
    answered = act.facts.earlier(MessageId(header.in_reply_to or ""))
    if answered is None or answered.type not in _ANSWERED:
        yield from message_of_type(header.in_reply_to or "", "HPR", act.facts, "header", "in_reply_to")
    else:
        yield from of_movement(answered, header, "header", "in_reply_to")
    if confirms is not None:
        place = ("content", "confirms")
        yield from replies_to(header, confirms, *place)
        yield from exact(confirms, act.facts, *place, types=_ANSWERED)
        yield from _funding(act, header.case_codes or ())
    host = host_of_group(act, header.case_codes or ())
    if host is not None:
        yield from _crossings(act, host, changes, "content", "changes")
    stops = _objects(changes, "stop_officers")
    if stops and len({entry["side"] for entry in stops}) != 2:
        yield _stop_sides("content", "changes")
    yield from _response_officers(act, response, changes)


def _response_officers(act: Act, response: Response, changes: Terms) -> Iterator[Fault]:
    """Whoever confirms answers for the own officers whom the other side has named."""
    cases, standing = response.header.case_codes or (), known_appointment(act)
    yield from _stop_officers(act, cases, changes, "content", "changes")
    if standing is not None and response.content.response == "confirm":
        for one in _stop_officers(act, cases, standing.terms):
            yield replace(one, pointer="/content/confirms")
    for index, number in enumerate(response.content.receiving_officers or ()):
        if not act.facts.knows_officer(number, act.context.sender, act.context.numbered_at):
            yield _no_officer("content", "receiving_officers", index)


def _stop_officers(act: Act, cases: Sequence[str], terms: Terms, *place: Step) -> Iterator[Fault]:
    """Who may stop it is to be reached: the sender names no officer of the own side who is not there."""
    host, sender = host_of_group(act, cases), act.context.sender
    own = "host" if host == sender else "origin"
    for index, entry in enumerate(_objects(terms, "stop_officers")):
        number = str(entry.get("officer", ""))
        if host is None or entry.get("side") != own:
            continue
        if not act.facts.knows_officer(number, sender, act.context.numbered_at):
            yield _no_officer(*place, "stop_officers", index, "officer")


def _no_officer(*place: Step) -> Fault:
    at, expected = pointer(*place), "an officer of the own directory"
    return fault("reference_unknown", "reference.officer", at, expected=expected, found="another number")


def _other_side(act: Act, response: Response) -> Iterator[Fault]:
    """Nobody answers the own proposal or change."""
    answered = act.facts.earlier(MessageId(response.header.in_reply_to or ""))
    if answered is not None and answered.sender == act.context.sender:
        expected, found = "a message of the other side", "one of the same side"
        place = "/header/in_reply_to"
        yield fault("signer_not_authorised", "office.own_change", place, expected=expected, found=found)


def _crossings(act: Act, host: AgencyCode, terms: Terms, *place: Step) -> Iterator[Fault]:
    origin, movement = origin_of(host, act.context), MovementCode(act.header.movement_code or "")
    for name in _CROSSINGS:
        code = terms.get(name)
        if isinstance(code, str):
            transit = act.facts.transit_states(movement, host)
            at = (*place, name)
            yield from crossing_faults(code, act.context, *at, host=host, origin=origin, transit=transit)


def _interpreter(act: Act, cases: Sequence[str], terms: Terms, *place: Step) -> Iterator[Fault]:
    needed = any("needs_interpreter" in _announced(act, case).flags for case in cases)
    if needed and not terms.get("interpreter"):
        at, expected = pointer(*place, "interpreter"), "the languages to interpret"
        yield fault("form_invalid", "reference.interpreter", at, expected=expected, found="none")


def _funding(act: Act, cases: Sequence[str]) -> Iterator[Fault]:
    """Who pays to the crossing is settled before an appointment is confirmed (rule 7)."""
    unpaid = sum(_announced(act, case).funding == _UNPAID for case in cases)
    if unpaid:
        expected, found = "a notice that says who pays", f"{_UNPAID} for {unpaid} persons"
        yield fault("form_invalid", "reference.funding", "/content/response", expected=expected, found=found)


def _window(act: Act, terms: Terms, cases: Sequence[str], days: Days, *place: Step) -> None:
    """The window lies ahead, in its order, and inside every acceptance that has not ended already."""
    first = days.moment_not_before(
        act.context.numbered_at, _text(terms, "window_from"), *place, "window_from"
    )
    last = days.moment(_text(terms, "window_to"), *place, "window_to")
    stop = days.moment(_text(terms, "go_no_go_at"), *place, "go_no_go_at")
    days.moments_in_order(first, last, *place, "window_to", apart=True, after="window_from")
    days.moments_in_order(stop, first, *place, "go_no_go_at", apart=True, before="window_from")
    ends = [end for case in cases if (end := _announced(act, case).valid_until) and end >= act.context.day]
    if ends and last is not None:
        days.inside_acceptance(min(ends), as_day((_text(terms, "window_to") or "")[:10]), *place, "window_to")


def _proposal_counts(act: Act, proposal: Proposal) -> Iterator[Fault]:
    content, size = proposal.content, len(proposal.content.case_list)
    if content.group_size != size:
        found = str(content.group_size)
        yield fault("count_invalid", "count.group", "/content/group_size", expected=str(size), found=found)
    yield from _session(act, content_of(act.document), size, "content")


def _session(act: Act, terms: Terms, size: int, *place: Step) -> Iterator[Fault]:
    limit = _crossing_of(act, terms).per_session
    if limit is not None and size > limit:
        at, expected = pointer(*place, "group_size"), f"at most {limit} persons in a session"
        yield fault("count_invalid", "count.session", at, expected=expected, found=str(size))


def _response_counts(act: Act, standing: Appointment | None) -> Iterator[Fault]:
    named = act.header.case_codes or ()
    if standing is not None and set(named) != set(standing.listed):
        expected, found = f"the {len(standing.listed)} persons of the proposal", f"{len(named)} codes"
        yield fault("count_invalid", "count.list", "/header/case_codes", expected=expected, found=found)


def _group(act: Act, cases: Sequence[str], terms: Terms, *place: Step) -> Iterator[Fault]:
    """Who stays together or apart (rule 6); an unaccompanied child has an escort."""
    for index, case in enumerate(cases):
        known = _announced(act, case)
        at = ("content", "case_list", index) if place == ("content",) else ("header", "case_codes", index)
        could = {other for _, other in known.links if other not in cases and _may_travel(act, other)}
        yield from apart(known.links, cases, *at)
        yield from together(known.links, known.flags, could, *at)
    if any("unaccompanied_child" in _announced(act, case).flags for case in cases) and not terms.get(
        "escorts"
    ):
        expected = "an escort for the unaccompanied child"
        at_escorts = pointer(*place, "escorts")
        yield fault("safeguard_missing", "safeguard.escort", at_escorts, expected=expected, found="none")


def _may_travel(act: Act, case: CaseCode) -> bool:
    return act.facts.last_decision_of(case) in ACCEPTANCES


def _open_crossing(act: Act, terms: Terms, at: str) -> Iterator[Fault]:
    if _crossing_of(act, terms).is_closed:
        yield fault("state_conflict", "state.crossing", at, expected="an open crossing", found="closed")


def _response_state(
    act: Act, response: Response, standing: Appointment | None, changes: Terms
) -> Iterator[Fault]:
    """What is answered is the last change, and the crossing that is chosen now is open."""
    if standing is not None and response.header.in_reply_to != standing.last_change:
        place, expected = "/header/in_reply_to", "the last change of the proposal"
        yield fault("state_conflict", "state.replaced", place, expected=expected, found="an earlier one")
    if standing is not None and response.content.response == "confirm":
        yield from _open_crossing(act, standing.terms, "/content/confirms")
    elif standing is not None and "checkpoint" in changes:
        yield from _open_crossing(act, {**standing.terms, **changes}, "/content/changes/checkpoint")


def _crossing_of(act: Act, terms: Terms) -> OpenCrossing:
    """Return what is announced about the chosen crossing for the begin of the window."""
    begins_at = Days().moment(_text(terms, "window_from")) or act.context.numbered_at
    return act.facts.crossing(_text(terms, "checkpoint") or "", begins_at)


def _text(terms: Terms, name: str) -> str | None:
    found = terms.get(name)
    return found if isinstance(found, str) else None


def _objects(terms: Terms, name: str) -> list[dict[str, JsonValue]]:
    found = terms.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _announced(act: Act, case: str) -> Announced:
    return act.facts.announced(CaseCode(case)) or Announced()


def _stop_sides(*place: Step) -> Fault:
    at, expected = pointer(*place, "stop_officers"), "one officer of each side"
    return fault("form_invalid", "office.stop_sides", at, expected=expected, found="two of one side")
