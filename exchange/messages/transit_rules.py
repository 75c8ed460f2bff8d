# SPDX-License-Identifier: Apache-2.0
"""Rules of the transit request (TRA) and the transit decision (TRD).

The request goes from the host side to the third state, the decision back; there is no case on that link, so
the side follows from who asked. The way in connects the two, the way out leads from the third state on.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import MessageId
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.codelists import checkpoints
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.handover_rules import of_movement
from exchange.messages.header_rules import message_of_type
from exchange.messages.sensitivity import Sensitivity, flag_class
from exchange.messages.transit import TransitDecision, TransitRequest
from exchange.messages.wording import fault

_PORTS = frozenset({"air", "sea"})
_HIGHEST_NEED = Sensitivity.S3
"""A need of a higher class is told to nobody but the origin side."""


def transit_request_faults(
    document: Document, request: TransitRequest, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a transit request, in the order of the checks."""
    act = Act(document, request.header, context, facts)
    own = OwnFaults(
        references=_way(act, request),
        dates=lambda days: _window(act, request, days),
        counts=_counts(request),
        safeguards=_needs(request),
    )
    return in_order(act, own, cases=())


def transit_decision_faults(
    document: Document, decision: TransitDecision, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a transit decision, in the order of the checks."""
    act = Act(document, decision.header, context, facts)
    own = OwnFaults(side=_asked_state(act), references=_request_known(act))
    return in_order(act, own, cases=())


def _way(act: Act, request: TransitRequest) -> Iterator[Fault]:
    """The way in leads from the sender's state to the third one, the way out does not lead back."""
    host, third = country_of(act.context.sender), country_of(act.context.recipient)
    way_in, way_out = (checkpoints()[code] for code in (request.content.entry, request.content.exit))
    connects = third in way_in.countries and (way_in.kind in _PORTS or host in way_in.countries)
    if way_in.kind != "other" and not connects:
        yield _wrong_crossing("entry", f"a crossing between {host} and {third}")
    leads_on = third in way_out.countries and (way_out.kind in _PORTS or host not in way_out.countries)
    if way_out.kind != "other" and not leads_on:
        yield _wrong_crossing("exit", f"a crossing from {third} to another state than {host}")


def _wrong_crossing(member: str, expected: str) -> Fault:
    place = pointer("content", member)
    return fault("form_invalid", "reference.crossing", place, expected=expected, found="another crossing")


def _window(act: Act, request: TransitRequest, days: Days) -> None:
    first = days.moment(request.content.window_from, "content", "window_from")
    last = days.moment(request.content.window_to, "content", "window_to")
    days.moments_in_order(first, last, "content", "window_to", apart=True, after="window_from")
    days.moments_in_order(act.context.numbered_at, last, "content", "window_to")


def _counts(request: TransitRequest) -> Iterator[Fault]:
    """No count is larger than the group, and no need is told twice."""
    content = request.content
    most = f"at most {content.persons_count}"
    if content.children_count > content.persons_count:
        found = str(content.children_count)
        yield fault("count_invalid", "count.children", "/content/children_count", expected=most, found=found)
    seen: set[str] = set()
    for index, need in enumerate(content.needs):
        if need.number > content.persons_count or need.flag in seen:
            place, expected = pointer("content", "needs", index), f"each need once, {most}"
            yield fault("count_invalid", "count.needs", place, expected=expected, found=str(need.number))
        seen.add(need.flag)


def _needs(request: TransitRequest) -> Iterator[Fault]:
    for index, need in enumerate(request.content.needs):
        if flag_class(need.flag) > _HIGHEST_NEED:
            place, expected = (
                pointer("content", "needs", index, "flag"),
                f"a need of {_HIGHEST_NEED} or lower",
            )
            found = str(flag_class(need.flag))
            yield fault("over_disclosure", "disclosure.class", place, expected=expected, found=found)


def _asked_state(act: Act) -> Iterator[Fault]:
    """The state that was asked decides, not the one that asked."""
    if act.facts.author_of(MessageId(act.header.in_reply_to or "")) == act.context.sender:
        expected, found = "the state that was asked", "the side that asked"
        yield fault(
            "signer_not_authorised",
            "office.own_change",
            "/header/in_reply_to",
            expected=expected,
            found=found,
        )


def _request_known(act: Act) -> Iterator[Fault]:
    asked, place = act.header.in_reply_to or "", ("header", "in_reply_to")
    yield from message_of_type(asked, "TRA", act.facts, *place)
    yield from of_movement(act.facts.earlier(MessageId(asked)), act.header, *place)
