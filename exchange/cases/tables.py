# SPDX-License-Identifier: Apache-2.0
"""The transition tables of cases and movements, read from the code lists `case-states`, `movement-states`.

No state stands in code. What the rules need to know about a state is read from the rows:

    returning    a row leads from it to `previous`: the case comes back from it (held, withdrawn)
    holding      a row leaves it by the side that set the hold (held)
    travelling   a cancelled movement ends it: the person is in one movement (scheduled, in transfer)
    listable     a cancelled movement leads back to it: the person can be listed (ready)
    taken over   outcomes of the record that lead forward on the main line (handed over, added)

A row with a member or a side that this program does not know is refused: a condition that is read over
would allow what the table forbids. Source: domain reference, `case-states`, `movement-states`, `rules`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from exchange.cases.snapshot import CaseSnapshot, Fields, Side, Value
from exchange.errors import ConfigurationError

RESPONSE, RECORD = "HRP", "HRC"
PREVIOUS = "previous"
SETTER = "side that set the hold"
OTHER_SIDE = "other side"
AUTHOR = "author"
BOTH = "both"
ANY_SIDE = frozenset({"either", BOTH, AUTHOR, OTHER_SIDE, SETTER})
_SIDES = ANY_SIDE | {"host", "origin"}
_MEMBERS = {
    "from", "to", "message", "by", "guard", "when", "track", "once", "deferred",
    "open_holds", "returns", "at_most", "previous", "hold_of", "persons",
}  # fmt: skip
_MAIN_LINE = "The main line"
_OPENED_BY = "case_opened_by_"


@dataclass(frozen=True)
class Row:
    """One row of a table; the members are those of the code list."""

    start: str
    to: str
    message: str | None
    by: str
    when: Mapping[str, tuple[str | bool, ...]] = field(default_factory=dict)
    track: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    once: bool = False
    deferred: bool = False
    open_holds: str = ""
    returns: Mapping[str, str] = field(default_factory=dict)
    at_most: str = ""
    previous: str = ""
    hold_of: Side | None = None
    persons: str = ""

    @property
    def name(self) -> str:
        """Return the row as it is shown: `assessed > return_prepared`."""
        return f"{self.start} > {self.to}"


def matches(when: Mapping[str, tuple[str | bool, ...]], fields: Fields) -> bool:
    """Return whether every key of `when` has one of its values in `fields`.

    A field with several values matches if one of them does. `true` in a row means that the field is there
    and not empty or false (a reference counts), `false` that it is not.
    """
    return all(_has(fields.get(key), allowed) for key, allowed in when.items())


def _has(value: Value | None, allowed: tuple[str | bool, ...]) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    for option in allowed:
        if isinstance(option, bool):
            if bool(value) is option:
                return True
        elif any(isinstance(one, str) and one == option for one in values):
            return True
    return False


def completes_record(message: str, fields: Fields) -> bool:
    """Return whether a message is the agreed countersignature of a first record."""
    if message != RECORD or fields.get("supplementary"):
        return False
    return fields.get("signature") == "second" and fields.get("agreed") is True


@dataclass(frozen=True)
class Track:
    """A parallel track of a case: what a message sets it to, at once or by one of its fields."""

    name: str
    initial: str
    moved_by: Mapping[str, str | Mapping[str, str]]
    selectors: Mapping[str, str]
    """The field of a message whose value decides: the one that selects its rows in the table."""

    def after(self, message: str, fields: Fields) -> str | None:
        """Return the state the message sets, or None if it does not move the track."""
        move = self.moved_by.get(message)
        if move is None or isinstance(move, str):
            return move
        value = fields.get(self.selectors[message])
        return move.get(value, move.get("*")) if isinstance(value, str) else None


class RowIndex:
    """Rows by state and message, in the order of the table; not changed after it is made."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        index: dict[tuple[str, str | None], list[Row]] = {}
        for row in self.rows:
            index.setdefault((row.start, row.message), []).append(row)
        self._index = {key: tuple(found) for key, found in index.items()}

    def of(self, state: str, message: str | None) -> tuple[Row, ...]:
        return self._index.get((state, message), ())


@dataclass(frozen=True, eq=False)
class LifecycleTable:
    """The table of case states with what its rules say as data; there is one of a kind."""

    index: RowIndex
    states: frozenset[str]
    start: str
    final: frozenset[str]
    stops: frozenset[str]
    free: frozenset[str]
    movement_messages: frozenset[str]
    main_line: tuple[str, ...]
    tracks: tuple[Track, ...]
    first_keeper: Side
    later_keeper: Side
    opened_by: Mapping[str, Side]
    """Keeper from the beginning of a case that this message opened."""
    returning: frozenset[str]
    holding: frozenset[str]
    hold_messages: frozenset[str]
    resume_messages: frozenset[str]
    travelling: frozenset[str]
    listable: frozenset[str]
    taken_over: frozenset[str]

    @staticmethod
    def from_json(data: Mapping[str, object]) -> "LifecycleTable":
        """Read the code list `case-states`.

        Raises:
            ConfigurationError: a member, a side or a state that is not known.
        """
        states = _codes(data)
        rows = read_rows(data, states)
        main_line = _main_line(data, states)
        keeper = _object(data, "keeper")
        ends_hold = [row for row in rows if row.by == SETTER]
        holding = frozenset(row.start for row in ends_hold)
        ended_by_movement = [row for row in rows if "movement" in row.when.get("target", ())]
        return LifecycleTable(
            index=RowIndex(rows),
            states=states,
            start=_state(data.get("initial"), states),
            final=frozenset(_texts(data, "final")),
            stops=frozenset(_texts(data, "stops")),
            free=frozenset(_texts(data, "free_messages")),
            movement_messages=frozenset(_texts(data, "movement_messages")),
            main_line=main_line,
            tracks=tuple(_tracks(data, rows)),
            first_keeper=_side(keeper.get("until_record_complete")),
            later_keeper=_side(keeper.get("after")),
            opened_by={
                key.removeprefix(_OPENED_BY): _side(side)
                for key, side in keeper.items() if key.startswith(_OPENED_BY)
            },
            returning=frozenset(row.start for row in rows if row.to == PREVIOUS),
            holding=holding,
            hold_messages=frozenset(
                row.message or ""
                for row in rows if row.to in holding and row.start not in holding and not row.hold_of
            ),
            resume_messages=frozenset(row.message or "" for row in ends_hold),
            travelling=frozenset(row.start for row in ended_by_movement),
            listable=frozenset(row.to for row in ended_by_movement),
            taken_over=frozenset(
                str(outcome)
                for row in rows if row.by == BOTH and row.to in main_line
                for outcome in row.when.get("outcome", ())
            ),
        )  # fmt: skip

    def initial(self) -> CaseSnapshot:
        """Return the snapshot of a case about which nothing took effect yet."""
        return self._initial

    @cached_property
    def _initial(self) -> CaseSnapshot:
        tracks = {track.name: track.initial for track in self.tracks}
        return CaseSnapshot(state=self.start, tracks=tracks, keeper=self.first_keeper)

    def keeper_side(self, snapshot: CaseSnapshot) -> Side:
        """Return the side whose log gives the order of what comes next."""
        return snapshot.keeper

    def at_most(self, state: str, limit: str) -> str:
        """Return `limit` for a state behind it on the main line, else the state itself."""
        line = self.main_line
        return limit if state in line and line.index(state) > line.index(limit) else state


@dataclass(frozen=True, eq=False)
class MovementTable:
    """The table of movement states; `cases` is the table that its persons follow."""

    index: RowIndex
    states: frozenset[str]
    start: str
    final: frozenset[str]
    messages: frozenset[str]
    """Messages that act on a movement."""
    answerable: frozenset[str]
    """States with an open proposal; the side that brought it there may not answer it itself."""
    cases: LifecycleTable

    @staticmethod
    def from_json(data: Mapping[str, object], cases: LifecycleTable) -> "MovementTable":
        """Read the code list `movement-states`.

        Raises:
            ConfigurationError: a member, a side or a state that is not known, here or among the cases.
        """
        states = _codes(data)
        rows = read_rows(data, states)
        unknown = {row.persons for row in rows if row.persons} - cases.states
        if unknown:
            raise ConfigurationError(f"movement-states gives persons unknown states: {sorted(unknown)}")
        return MovementTable(
            index=RowIndex(rows),
            states=states,
            start=_state(data.get("initial"), states),
            final=frozenset(_texts(data, "final")),
            messages=frozenset(row.message for row in rows if row.message),
            answerable=frozenset(row.start for row in rows if row.message == RESPONSE),
            cases=cases,
        )


def read_rows(data: Mapping[str, object], states: frozenset[str]) -> tuple[Row, ...]:
    """Return the rows of a code list in their order."""
    rows = data.get("transitions")
    if not isinstance(rows, list):
        raise ConfigurationError("a table of states has no transitions")
    return tuple(_row(row, states) for row in rows)


def _row(raw: object, states: frozenset[str]) -> Row:
    if not isinstance(raw, dict) or set(raw) - _MEMBERS:
        raise ConfigurationError("a transition has members this program does not know")
    message, by, to = raw.get("message"), raw.get("by"), raw.get("to")
    if by not in _SIDES or not isinstance(message, str | None):
        raise ConfigurationError(f"a transition names the side {by!r}, which this program does not know")
    returns = _object(raw, "returns")
    for state in (*returns, *returns.values(), *(raw[key] for key in ("previous", "at_most") if key in raw)):
        _state(state, states)
    return Row(
        start=_state(raw.get("from"), states),
        to=PREVIOUS if to == PREVIOUS else _state(to, states),
        message=message,
        by=by,
        when={key: _options(value) for key, value in _object(raw, "when").items()},
        track={key: tuple(map(str, _options(value))) for key, value in _object(raw, "track").items()},
        once=raw.get("once") is True,
        deferred=raw.get("deferred") is True,
        open_holds=str(raw.get("open_holds", "")),
        returns={key: str(value) for key, value in returns.items()},
        at_most=str(raw.get("at_most", "")),
        previous=str(raw.get("previous", "")),
        hold_of=_side(raw["hold_of"]) if "hold_of" in raw else None,
        persons=str(raw.get("persons", "")),
    )


def _options(value: object) -> tuple[str | bool, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str | bool) for one in value):
        raise ConfigurationError("a condition of a transition is not a list of values")
    return tuple(value)


def _tracks(data: Mapping[str, object], rows: Iterable[Row]) -> Iterable[Track]:
    raw = data.get("parallel_tracks", [])
    for track in raw if isinstance(raw, list) else ():
        moves = {key: _move(move) for key, move in _object(track, "moved_by").items()}
        by_field = [key for key, move in moves.items() if isinstance(move, dict)]
        selectors = {key: _selector(key, rows) for key in by_field}
        yield Track(str(track["track"]), _texts(track, "states")[0], moves, selectors)


def _move(move: object) -> str | Mapping[str, str]:
    return {str(key): str(value) for key, value in move.items()} if isinstance(move, dict) else str(move)


def _selector(message: str, rows: Iterable[Row]) -> str:
    keys = {key for row in rows if row.message == message for key in row.when}
    if len(keys) != 1:
        raise ConfigurationError(f"{message} moves a track, but its rows are selected by {sorted(keys)}")
    return keys.pop()


def _main_line(data: Mapping[str, object], states: frozenset[str]) -> tuple[str, ...]:
    """Read the main line, which the code list gives as the text of a rule."""
    for rule in _texts(data, "rules"):
        if rule.startswith(_MAIN_LINE):
            line = rule.partition(":")[2].strip().rstrip(".")
            return tuple(_state(state.strip(), states) for state in line.split(","))
    raise ConfigurationError("case-states has no rule that gives the main line")


def _codes(data: Mapping[str, object]) -> frozenset[str]:
    codes = data.get("codes")
    if not isinstance(codes, list):
        raise ConfigurationError("a table of states has no codes")
    return frozenset(str(code["code"]) for code in codes)


def _texts(data: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(f"{key} is not a list of texts")
    return tuple(value)


def _object(data: Mapping[str, object], key: str) -> dict[str, object]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{key} is not an object")
    return value


def _state(value: object, states: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in states:
        raise ConfigurationError(f"{value!r} is not a state of this table")
    return value


def _side(value: object) -> Side:
    if value == "host":
        return "host"
    if value == "origin":
        return "origin"
    raise ConfigurationError(f"{value!r} is not a side of a case")
