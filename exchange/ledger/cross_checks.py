# SPDX-License-Identifier: Apache-2.0
"""What both logs say of statements, erasures, versions and the epoch before, and where they do not fit.

1. A statement that was answered with `differs` last, or whose answer names another digest: both explain it
   (`statement_mismatch`). The answer that came last counts.
2. Numbers of the statements of one side run from 1 without gap, each once; a missing or repeated one is
   `statement_mismatch` as well, and names the statement after it.
3. An answer to a statement that its maker never wrote: `statement_mismatch`.
4. An erasure of one side that the other has not answered in time: `erasure_mismatch`. Two leaves fit when
   they have the same digest; of what is left the numbers of erased contents are compared, for the same ones
   may have been erased in other portions.
5. A version to which one side switched, and the other not in time: `agreement_overdue`.
6. A log of the epoch before that ended for its writer (`sz` of its `epch`) before an entry that the other
   side held of it (`csz` of the other `epch`): the writer lost entries, and what they said (`log_shrunk`). It
   is named by both sides, so also where the other side names no lost message by itself.

Each log keeps few of these leaves, so nothing here is packed. Times are milliseconds since 1970.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exchange.ids import AgencyCode
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.entries import Event, Leaf

DIFFERS = "differs"


@dataclass(frozen=True)
class Said:
    """One leaf: its place, its time, a number and a digest."""

    index: int
    at_ms: int
    no: int
    dg: str
    k: str = ""


@dataclass(frozen=True)
class Began:
    """A leaf `epch`: its place, and how many entries of both logs of the epoch before its writer held."""

    index: int
    own: int
    copy: int


@dataclass
class CrossChecked:
    """The leaves of one log that are checked against the other log."""

    statements: list[Said] = field(default_factory=list)
    answers: list[Said] = field(default_factory=list)
    erasures: list[Said] = field(default_factory=list)
    """`no` is how many contents were erased."""
    versions: dict[int, Said] = field(default_factory=dict)
    began: Began | None = None
    """What the log says of the end of the epoch before."""
    opened: int = 0
    """Highest number of a difference that this log opened."""
    is_later_epoch: bool = False
    """Numbers of statements go on from an epoch before."""

    def take(self, leaf: Leaf, index: int, at_ms: int) -> None:
        """Take a legal leaf; those of other events are passed over."""
        fields = leaf.fields
        self.is_later_epoch = leaf.ep > 1
        match leaf.ev:
            case Event.STMT:
                self.statements.append(Said(index, at_ms, int(fields["no"]), str(fields["dg"])))
            case Event.STAG:
                said = Said(index, at_ms, int(fields["by_no"]), str(fields["dg"]), str(fields["k"]))
                self.answers.append(said)
            case Event.DSCO:
                self.opened = max(self.opened, int(fields["no"]))
            case Event.ERAS:
                self.erasures.append(Said(index, at_ms, int(fields["n"]), str(fields["dg"])))
            case Event.EPCH:
                self.began = Began(index, int(fields["sz"]), int(fields["csz"]))
            case Event.AGRX:
                n = int(fields["n"])
                self.versions.setdefault(n, Said(index, at_ms, n, str(fields["ad"])))
            case _:
                pass


@dataclass(frozen=True)
class Misfit:
    """Leaves that do not fit; places are (log, index)."""

    kind: DifferenceKind
    places: tuple[tuple[AgencyCode, int], ...]
    reason: str
    acts_first: AgencyCode | None = None
    """None: both."""


@dataclass(frozen=True)
class Deadlines:
    """Until when the other side has to follow, in milliseconds since 1970: what is older is overdue."""

    erased_before_ms: int
    switched_before_ms: int


def misfits(
    own: AgencyCode, ours: CrossChecked, partner: AgencyCode, theirs: CrossChecked, deadlines: Deadlines
) -> Iterator[Misfit]:
    """Yield what does not fit; the same for both sides, but for the order of the two directions."""
    for maker, made, other, heard in ((own, ours, partner, theirs), (partner, theirs, own, ours)):
        yield from _numbered(maker, made)  # 2
        yield from _answered(maker, made, other, heard)  # 1, 3
        yield from _erased(maker, made, other, heard, deadlines.erased_before_ms)  # 4
        yield from _switched(maker, made, other, heard, deadlines.switched_before_ms)  # 5
        yield from _shortened(maker, made, other, heard)  # 6


def _numbered(maker: AgencyCode, made: CrossChecked) -> Iterator[Misfit]:
    expected = made.statements[0].no if made.is_later_epoch and made.statements else 1
    for said in made.statements:
        if said.no != expected:
            reason = "statement_skipped" if said.no > expected else "statement_again"
            yield Misfit(DifferenceKind.STATEMENT_MISMATCH, ((maker, said.index),), reason, maker)
        expected = max(expected, said.no + 1)


def _answered(
    maker: AgencyCode, made: CrossChecked, other: AgencyCode, heard: CrossChecked
) -> Iterator[Misfit]:
    first: dict[int, Said] = {}
    for said in made.statements:
        first.setdefault(said.no, said)
    last = {said.no: said for said in heard.answers}
    for no, answer in last.items():
        statement = first.get(no)
        if statement is None and made.is_later_epoch and no < min(first, default=no + 1):
            continue  # of an epoch before
        if statement is None:
            place = ((other, answer.index),)
            yield Misfit(DifferenceKind.STATEMENT_MISMATCH, place, "statement_unknown", other)
        elif answer.k == DIFFERS or answer.dg != statement.dg:
            reason = DIFFERS if answer.dg == statement.dg else "other_digest"
            places = ((maker, statement.index), (other, answer.index))
            yield Misfit(DifferenceKind.STATEMENT_MISMATCH, places, reason)


def _erased(
    maker: AgencyCode, made: CrossChecked, other: AgencyCode, heard: CrossChecked, before_ms: int
) -> Iterator[Misfit]:
    answered = Counter(said.dg for said in heard.erasures)
    left: list[Said] = []
    for said in made.erasures:
        if answered[said.dg]:
            answered[said.dg] -= 1
        else:
            left.append(said)
    portions = sum(_unanswered(heard, made))
    for said in left:
        portions -= said.no
        if portions < 0 and said.at_ms < before_ms:
            yield Misfit(DifferenceKind.ERASURE_MISMATCH, ((maker, said.index),), "", other)


def _unanswered(made: CrossChecked, heard: CrossChecked) -> Iterator[int]:
    """Yield the numbers of contents of erasures that have no leaf with the same digest in the other log."""
    answered = Counter(said.dg for said in heard.erasures)
    for said in made.erasures:
        if answered[said.dg]:
            answered[said.dg] -= 1
        else:
            yield said.no


def _switched(
    maker: AgencyCode, made: CrossChecked, other: AgencyCode, heard: CrossChecked, before_ms: int
) -> Iterator[Misfit]:
    for n, said in made.versions.items():
        if not _has(heard.versions, n) and said.at_ms < before_ms:
            place = ((maker, said.index),)
            yield Misfit(DifferenceKind.AGREEMENT_OVERDUE, place, f"version_{n}", other)


def _has(versions: Mapping[int, Said], n: int) -> bool:
    """Return whether a log came to a version; a later one is enough."""
    return any(later >= n for later in versions)


def _shortened(
    maker: AgencyCode, made: CrossChecked, other: AgencyCode, heard: CrossChecked
) -> Iterator[Misfit]:
    if made.began and heard.began and made.began.own < heard.began.copy:
        places = ((maker, made.began.index), (other, heard.began.index))
        yield Misfit(DifferenceKind.LOG_SHRUNK, places, "entries_lost", maker)
