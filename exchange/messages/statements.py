# SPDX-License-Identifier: Apache-2.0
"""Messages about the exchange itself: statement (STM), difference notice (DSC), resolution of one (DRS).

Equal to `stm-1.0.json`, `stm-1.1.json`, `dsc-1.0.json` and `drs-1.0.json` in `schemas/messages`. They speak
of numbers, entries of the logs, digests and totals: no message type, no case, no name. What a difference
expects and finds is a number, a digest, a moment or a code, never a sentence.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from exchange.messages.appointment import NoParts
from exchange.messages.fields import AgencyRef, DigestText, Form, InList, Instant, MessageRef, Note8000
from exchange.messages.header import Header

Number = Annotated[int, Field(ge=0, le=9_007_199_254_740_991)]
"""A count or a number of a message: JSON carries no larger whole number exactly."""
Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,63}$")]
SignatureValue = Annotated[str, Field(min_length=8, max_length=4000, pattern="^[A-Za-z0-9+/]{8,4000}={0,2}$")]
"""Key id and signature of a line of C2SP signed-note; the name is that under which the maker signs heads."""
Figure = Annotated[str, Field(pattern="^[A-Za-z0-9_.:+-]{1,64}$")]


class NamedHead(Form):
    """A head up to which the statement counts."""

    log: AgencyRef
    size: Number
    root: DigestText


class Direction(Form):
    """What one side sent: entries of its log, and what became of its numbers."""

    sender: AgencyRef
    opening: Number
    movements: Number
    closing: Number
    used: Number
    accepted: Number
    rejected: Number
    voided: Number
    open: Number


class DirectionRoots(Form):
    """Roots over the numbers of one side: the lines, and the verdicts on them."""

    sender: AgencyRef
    delivery: DigestText
    verdict: DigestText


class NoticeTotals(Form):
    """Persons in notices."""

    total: Number
    accepted: Number
    refused: Number
    deferred: Number
    cancelled: Number
    open: Number


class AcceptanceTotals(Form):
    """Persons accepted, also before the period."""

    total: Number
    handed_over: Number
    withdrawn: Number
    on_hold: Number
    open: Number
    refused_later: Number


class ListTotals(Form):
    """Persons on final lists."""

    total: Number
    handed_over: Number
    not_presented: Number
    not_taken_over: Number
    returned_to_host: Number
    diverted_medical: Number


class ReceptionTotals(Form):
    """Persons taken over: from lists or added; received, or not yet confirmed."""

    total: Number
    handed_over: Number
    added: Number
    received: Number
    not_yet_confirmed: Number


class ReintegrationTotals(Form):
    """Persons under reintegration."""

    total: Number
    family_being_sought: Number
    family_assessed: Number
    followed: Number
    closed_in_period: Number


class PersonTotals(Form):
    """The equations of persons; exchanged in full, published only above the threshold."""

    in_notices: NoticeTotals
    accepted: AcceptanceTotals
    added_without_acceptance: Number
    on_lists: ListTotals
    taken_over: ReceptionTotals
    reintegration: ReintegrationTotals


class OpenNumbers(Form):
    """Numbers of one sender without a verdict, and for how many days."""

    sender: AgencyRef
    first: Number
    last: Number
    days: Number


class PlainStatementContent(Form):
    """A balance of the two logs of a link, version 1.0."""

    period_from: Instant
    period_to: Instant
    heads: Annotated[tuple[NamedHead, ...], Field(min_length=2, max_length=2, strict=False)]
    balance: Annotated[tuple[Direction, ...], Field(min_length=2, max_length=2, strict=False)]
    roots: Annotated[tuple[DirectionRoots, ...], Field(min_length=2, max_length=2, strict=False)]
    person_totals: PersonTotals
    counted: Annotated[dict[Code, Number], Field(max_length=100)]
    open_items: Annotated[tuple[OpenNumbers, ...], Field(max_length=1000, strict=False)]


class PlainStatement(Form):
    """A whole statement, version 1.0."""

    header: Header
    content: PlainStatementContent
    persons: NoParts


class StatementContent(PlainStatementContent):
    """A balance of the two logs of a link, with further signature lines over the maker's head."""

    head_signatures: Annotated[tuple[SignatureValue, ...], Field(max_length=8, strict=False)] | None = None


class Statement(Form):
    """A whole statement, version 1.1."""

    header: Header
    content: StatementContent
    persons: NoParts


class Position(Form):
    """One entry of a log."""

    log: AgencyRef
    index: Number


class Item(Form):
    """A number of a sender or an entry of a log, with what was expected and what was found."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 3})

    sender: AgencyRef | None = None
    number: Number | None = None
    leaf: Position | None = None
    expected: Figure
    found: Figure


class DifferenceContent(Form):
    """One difference of a class."""

    difference: Annotated[str, InList("discrepancy-types")]
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=1000, strict=False)]


class Difference(Form):
    """A whole difference notice."""

    header: Header
    content: DifferenceContent
    persons: NoParts


class CorrectedBy(Form):
    """The message or the entry that corrects a difference."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    message: MessageRef | None = None
    leaf: Position | None = None


class ResolutionContent(Form):
    """How a difference came about, and whether it is settled."""

    explanation: Note8000
    correction: CorrectedBy | None = None
    settled: bool


class Resolution(Form):
    """A whole difference resolution."""

    header: Header
    content: ResolutionContent
    persons: NoParts
