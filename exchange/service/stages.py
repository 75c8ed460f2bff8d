# SPDX-License-Identifier: Apache-2.0
"""Takes lines that depend on nothing of each other in stages: each step for all of them, then the next.

A step that is repeated costs a half or less of what it costs inside the path of a message, because the whole
path does not fit into the caches of the processor. What is written is what `intake.take` writes for one line
after the other:

1. Lines are cut into runs (`independence`). Alone in its run is also a line that has a fault.
2. A run begins with the next number. Each line of it is new, announced, in time and without a fault.
3. The rules of all are judged, then the place of each in its cases. No two of them touch one case.
4. Rows of all, contents of all, cases of all, leaves of all.

A run that is not like this is not taken here: `NotPlainError` is raised, what was done has to be undone, and
each line goes by itself.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from exchange.messages.validation import check_rules, model_of
from exchange.protocol.parts import Document, attachments_of
from exchange.service import casework, independence, intake, logbook
from exchange.service.casework import Weighed
from exchange.service.examine import Examined
from exchange.service.facts import StoreFacts, rule_context
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow
from exchange.service.versions import pairing_under


class NotPlainError(Exception):
    """A run has to be taken line by line; nothing of it may stay."""


def runs_of(lines: Sequence[Examined]) -> Iterator[list[Examined]]:
    """Yield lines in their order, cut into runs that may be taken in stages."""
    for places in independence.runs_of(map(_claims_of, lines)):
        yield list(lines[places])


def take_run(uow: UnitOfWork, node: Node, pairing: Pairing, lines: Sequence[Examined]) -> list[MessageRow]:
    """Accept the lines of a run and return their rows.

    Raises:
        NotPlainError: one of them would not simply be accepted, or touches a case of another one.
        AgainError, RefusedError, RejectedError: the same; what `intake.take` would say of it by itself.
    """
    now = node.guard.check()
    _demand_plain(uow, node, pairing, lines, now)
    index = logbook.next_index(uow, node, pairing.link)
    rows = [intake.row_if_accepted(pairing, line, now, index + k) for k, line in enumerate(lines)]
    documents = [line.document for line in lines if line.document is not None]
    _demand_rules_kept(uow, node, pairing, lines, rows, documents)
    weighed = casework.weigh_all(uow, node, pairing, list(zip(rows, documents, strict=True)))
    _demand_apart(weighed)
    for row, line in zip(rows, lines, strict=True):
        uow.messages.add(row, envelope=line.raw_envelope, body=line.body)
    for row, line, document in zip(rows, lines, documents, strict=True):
        parts = intake.parts_of(document, line.parts)
        uow.contents.add(row.link, Direction.IN, row.seq, parts)
    for row, one in zip(rows, weighed, strict=True):
        casework.enter(uow, node, pairing, row, one)
        intake.record(uow, row, now)
        intake.move_mark_over(uow, pairing, row)  # up to here a case is settled when the next one is entered
    for row, document, one in zip(rows, documents, weighed, strict=True):
        casework.note_received(uow, row, document, one)
    logbook.write(uow, node, pairing.link, [intake.received(row) for row in rows])
    return rows


def _claims_of(line: Examined) -> frozenset[str]:
    if line.document is None or line.fault:
        return frozenset()
    return independence.claims_of_received(line.document)


def _demand_plain(
    uow: UnitOfWork, node: Node, pairing: Pairing, lines: Sequence[Examined], now: datetime
) -> None:
    """Demand that each line is the next, new, announced, in time and without a fault (steps 9 to 16)."""
    for number, line in enumerate(lines, intake.first_open(uow, pairing)):
        if line.envelope.seq != number or intake.is_duplicate(uow, pairing, line):
            raise NotPlainError
        announced = intake.announced_as(uow, pairing, line)
        intake.demand_trusted(pairing, line, announced)
        is_early = line.envelope.created_at > now + node.limits.skew
        if is_early or intake.first_fault(uow, pairing, line, announced, now):
            raise NotPlainError


def _demand_rules_kept(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    lines: Sequence[Examined],
    rows: Sequence[MessageRow],
    documents: Sequence[Document],
) -> None:
    """Demand that each line keeps the rules of its type (step 17)."""
    models = [model_of(document, node.versions) for document in documents]
    for line, row, document, model in zip(lines, rows, documents, models, strict=True):
        agreed, carried = pairing_under(uow, pairing, row.agreement_n), attachments_of(line.parts)
        context = rule_context(node, agreed, sender=pairing.partner, at=row.created_at, attachments=carried)
        facts = StoreFacts(uow, pairing, node.agency, judged=row.id)
        if check_rules(document, context, facts, model=model):
            raise NotPlainError


def _demand_apart(weighed: Sequence[Weighed]) -> None:
    """Demand that no two messages touch one case."""
    codes = [code for one in weighed for code in one.touched.cases]
    if len(set(codes)) < len(codes):
        raise NotPlainError
