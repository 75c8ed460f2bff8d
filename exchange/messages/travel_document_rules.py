# SPDX-License-Identifier: Apache-2.0
"""Rules of the travel document request (TDQ) and status (TDS) beside the shared ones.

A paper of the person that has expired may stand in a request: it is why a new one is asked for. A new
paper must last until the end of the period of the notice, if there is a notice.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import CaseCode
from exchange.messages.codelists import codelist
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days
from exchange.messages.document import pointer
from exchange.messages.identification_rules import answers, unknown_case
from exchange.messages.steps import TypeRules
from exchange.messages.travel_documents import IssuedPaper, PaperRequest, PaperStatus
from exchange.messages.wording import fault


def _request_references(request: PaperRequest, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The paper that is wanted is a travel document which the origin state issues."""
    wanted, country = request.content.document_wanted, country_of(context.recipient)
    yield from _travel_document(wanted, country, "content", "document_wanted")


def _request_dates(request: PaperRequest, context: RuleContext, facts: Facts, days: Days) -> None:
    """The day on which the paper is needed lies ahead."""
    days.not_before(context.day, request.content.needed_by, "content", "needed_by")


def _status_references(status: PaperStatus, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """A status answers a request or comes without one; it is about known cases and travel documents."""
    cases = tuple(line.case_code for line in status.persons)
    yield from answers(status.header.in_reply_to, "TDQ", cases, facts, "header", "in_reply_to")
    for index, line in enumerate(status.persons):
        if facts.host_of(CaseCode(line.case_code)) is None:
            yield unknown_case("a known case", "persons", index, "case_code")
        if line.document is not None:
            place = ("persons", index, "document", "type")
            yield from _travel_document(line.document.type, country_of(context.sender), *place)


def _status_dates(status: PaperStatus, context: RuleContext, facts: Facts, days: Days) -> None:
    """An issued paper has not expired and lasts until the end of the period of the notice."""
    for index, line in enumerate(status.persons):
        if line.document is not None:
            place = ("persons", index, "document")
            _paper_dates(line.document, CaseCode(line.case_code), context, facts, days, *place)


def _paper_dates(
    paper: IssuedPaper, case: CaseCode, context: RuleContext, facts: Facts, days: Days, *place: str | int
) -> None:
    issued = days.not_after(context.last_day, paper.issued, *place, "issued")
    expires = days.not_before(context.day, paper.expires, *place, "expires", rule="date.expired")
    days.in_order(issued, expires, *place, "expires", after="issued")
    end = facts.period_end_of(case)
    if end is not None and expires is not None and context.day <= expires < end:
        expected = f"{end.isoformat()}, the end of the period of the notice, or later"
        days.faults.append(
            fault(
                "date_invalid",
                "date.period",
                pointer(*place, "expires"),
                expected=expected,
                found="an earlier day",
            )
        )


def _travel_document(code: str, country: str, *place: str | int) -> Iterator[Fault]:
    extra = codelist("id-document-types").codes[code].extra
    countries = extra.get("countries")
    if extra.get("travel") is not True or (isinstance(countries, list) and country not in countries):
        expected = f"a travel document that {country} issues"
        yield fault("form_invalid", "reference.paper", pointer(*place), expected=expected, found=code)


PAPER_REQUEST = TypeRules(_request_references, _request_dates)
PAPER_STATUS = TypeRules(_status_references, _status_dates)
