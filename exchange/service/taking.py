# SPDX-License-Identifier: Apache-2.0
"""Takes the examined lines of a part of a frame, inside one unit, so that no line holds up another.

1. All of them are taken together, in one savepoint: those that have nothing to do with each other in stages
   (`stages`).
2. If one of them is not simply accepted, all of that is undone, and they are taken in one savepoint, one
   after the other.
3. If one of them does not simply take its place (refused, put off, misfit, a fault of the program), that is
   undone, too, and each is taken again in a savepoint of its own.
4. A line that is refused is kept as evidence. One whose handling fails is kept as held.

What stands in a line and which verdict it gets is the business of `intake`.
"""

from collections.abc import Callable, Sequence

from exchange.errors import AgainError, ExchangeError, RefusedError, RejectedError
from exchange.protocol.envelope import join_line
from exchange.protocol.frames import Outcome, Result
from exchange.protocol.parts import salts_of
from exchange.service.evidence import keep_difference
from exchange.service.examine import Examined
from exchange.service.held import HeldSubjects
from exchange.service.intake import count, take
from exchange.service.meaning import cases_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.refusals import Refused, note_refused
from exchange.service.rows import Direction, MessageRow
from exchange.service.stages import runs_of, take_run


def take_lines(
    uow: UnitOfWork, node: Node, pairing: Pairing, lines: Sequence[Examined | Result]
) -> list[Result]:
    """Log the verdicts on lines and return their results; what is a result already is nobody's line.

    Never raises for the partner's faults.
    """
    examined = [line for line in lines if isinstance(line, Examined)]
    held = HeldSubjects(uow, pairing)
    if examined and not _take_together(uow, node, pairing, examined, held):
        return [
            line if isinstance(line, Result) else _take_line(uow, node, pairing, line, held) for line in lines
        ]
    return [line if isinstance(line, Result) else _result(line, Outcome.LOGGED) for line in lines]


def _take_together(
    uow: UnitOfWork, node: Node, pairing: Pairing, lines: Sequence[Examined], held: HeldSubjects
) -> bool:
    """Take lines in one savepoint; return False, with nothing changed, if one of them fails."""
    runs, taken = list(runs_of(lines)), None
    if len(runs) < len(lines):
        _read_ahead(uow, pairing, lines)
        taken = _attempt(
            uow, lambda: [row for run in runs for row in _take_run(uow, node, pairing, run, held)]
        )
    if taken is None:
        _read_ahead(uow, pairing, lines)
        taken = _attempt(uow, lambda: [take(uow, node, pairing, line, held=held) for line in lines])
    if taken is None:
        return False
    count(node, taken)
    return True


def _take_run(
    uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Examined], held: HeldSubjects
) -> Sequence[MessageRow | None]:
    if len(run) > 1:
        return take_run(uow, node, pairing, run)
    return [take(uow, node, pairing, run[0], held=held)]


def _attempt(
    uow: UnitOfWork, take_all: Callable[[], list[MessageRow | None]]
) -> list[MessageRow | None] | None:
    """Return the rows of lines that simply take their places, or None, with nothing changed."""
    try:
        return uow.attempt(take_all)
    except (AgainError, RefusedError, RejectedError):
        return None
    except ExchangeError:
        raise
    except Exception:  # rule 19: which one it was shows when each is taken by itself
        return None


def _read_ahead(uow: UnitOfWork, pairing: Pairing, lines: Sequence[Examined]) -> None:
    """Ask once for all lines what each of them would ask: its salts and its cases."""
    opened = [(line, line.document) for line in lines if line.document is not None and not line.fault]
    uow.contents.read_salts(salt for line, _ in opened for salt in salts_of(line.parts))
    uow.cases.read_named(pairing.link.link, {code for _, document in opened for code in cases_of(document)})


def _take_line(uow: UnitOfWork, node: Node, pairing: Pairing, line: Examined, held: HeldSubjects) -> Result:
    """Log the verdict on one line and return its result."""
    try:
        count(node, [_take_or_hold(uow, node, pairing, line, held)])
    except RefusedError as error:
        _keep_refused(uow, node, pairing, line, error)
        return _result(line, Outcome.REFUSED, "refused")
    except AgainError as error:
        return _result(line, Outcome.AGAIN, error.reason)
    return _result(line, Outcome.LOGGED)


def _result(line: Examined, outcome: Outcome, code: str = "") -> Result:
    return Result(line.envelope.seq, line.envelope.id, outcome, code)


def _take_or_hold(
    uow: UnitOfWork, node: Node, pairing: Pairing, line: Examined, held: HeldSubjects
) -> MessageRow | None:
    """Take a line; keep it as held when its handling fails, so that it stops nobody else's."""
    try:
        return uow.attempt(lambda: take(uow, node, pairing, line, held=held))
    except RejectedError as error:  # found while it was entered, which is undone
        misfit = error
        return uow.attempt(lambda: take(uow, node, pairing, line, held=held, misfit=misfit))
    except ExchangeError:
        raise
    except Exception as error:  # rule 19: handling of one line must not stop the others
        node.journal.note("handling_failed", message=line.envelope.id, error=type(error).__name__)
        return uow.attempt(lambda: take(uow, node, pairing, line, held=held, failed=True))


def _keep_refused(uow: UnitOfWork, node: Node, pairing: Pairing, line: Examined, error: RefusedError) -> None:
    """Keep the line as evidence; a reused id or number under the number that is used already (rule 16).

    Of a conflict the whole line is kept; of a key that does not count the envelope is the evidence.
    """
    link, is_conflict = pairing.link.link, error.reason == "conflict"
    used = uow.messages.by_id(link, Direction.IN, line.envelope.id) if is_conflict else None
    keep_difference(
        uow,
        node,
        link,
        "conflict" if is_conflict else "unknown_key",
        subject=str(used.seq if used else line.envelope.seq),
        evidence=join_line(line.raw_envelope, line.body) if is_conflict else line.raw_envelope,
        reason=error.reason,
    )
    node.counters.count("line_refused", reason=error.reason)
    note_refused(node, link, pairing.partner, Refused.LINE, reason=error.reason, seq=line.envelope.seq)
