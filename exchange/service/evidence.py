# SPDX-License-Identifier: Apache-2.0
"""Keeps what a partner did wrong: the bytes as they came, for the people of both sides.

Of each kind and subject the first three copies are kept, with one line each in the audit record.
Evidence that leaves the pair is made in `packs` and `disclosing`.
"""

from exchange.ids import LinkId
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, DifferenceRow


def keep_difference(
    uow: UnitOfWork, node: Node, link: LinkId, kind: str, *, subject: str = "", evidence: bytes, reason: str
) -> None:
    """Keep one difference; `subject` is the number or leaf it speaks of, else its kind."""
    now = node.clock.now()
    row = DifferenceRow(link, kind, subject or kind, reason, evidence, now)
    node.presence.of(link).evidence += 1
    if uow.audit.keep(row):
        uow.audit.record(AuditRow(now, "partner", "difference", kind, result=row.subject))
    node.counters.count("difference", reason=kind)
