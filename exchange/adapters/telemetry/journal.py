# SPDX-License-Identifier: Apache-2.0
"""The operators' log: one JSON record a line, with words from the vocabulary only.

    {"at":"2027-10-04T09:12:04.123Z","level":"warning","event":"exchange_failed","node":"…","reason":"timeout"}

1. An event code or field that is not in the vocabulary, or a value of another form, raises in tests
   (`strict`). In production the record is replaced by `record_dropped`, the field left out and counted.
2. Equal records within a minute are counted, not repeated; the count follows as `repeated`. Records that
   differ only in the number of their request are written `EACH_A_WINDOW` times before they count as equal.
3. A record is ASCII, so control and direction characters cannot occur; it is cut at 2 kB.
4. A journal that cannot write loses records; it never stops the node.

It takes no text of errors: they quote the input. `error` is the class, `place` the lines of our code.
"""

import contextlib
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

import structlog

from exchange.adapters.telemetry.vocabulary import EVENTS, Value, is_allowed
from exchange.clock import Clock, instant_text
from exchange.errors import ConfigurationError
from exchange.ids import NodeId

MAX_RECORD_BYTES = 2_048
REPEAT_WINDOW_S = 60.0
MAX_REMEMBERED = 256
"""Different records that are remembered for counting; beyond it the oldest is reported and forgotten."""

EACH_A_WINDOW = 20
"""Refused requests of one kind written singly in a minute, so that people find theirs; a flood is counted."""
_SINGLE = frozenset({"request"})
"""Fields that differ in each record and do not make it another one."""

_Key = tuple[str, tuple[tuple[str, Value], ...]]


class VocabularyError(ValueError):
    """A record uses a word that is not in the vocabulary."""


@dataclass
class _Repeats:
    """How often a record came again, and until when it is held back."""

    until_s: float
    count: int = 0
    written: int = 1


class JsonJournal:
    """The `Journal` port: JSON lines to a stream."""

    def __init__(self, stream: TextIO, *, clock: Clock, node: NodeId, strict: bool = False) -> None:
        self._stream = stream
        self._clock = clock
        self._node = node
        self._strict = strict
        self._recent: OrderedDict[_Key, _Repeats] = OrderedDict()
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream), processors=[self._stamp, _render], wrapper_class=_LevelLogger
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, event: str, **fields: Value) -> None:
        """Write a record, or count it when the same one was written a moment ago.

        Raises:
            VocabularyError: in strict mode, a word that is not in the vocabulary.
        """
        event, kept, dropped = self._admit(event, fields)
        now_s = self._clock.monotonic_s()
        self._report(now_s)
        key = (event, tuple(sorted((name, value) for name, value in kept.items() if name not in _SINGLE)))
        repeats = self._recent.get(key)
        if repeats is not None and (not kept.keys() & _SINGLE or repeats.written >= EACH_A_WINDOW):
            repeats.count += 1
            return
        if repeats is not None:
            repeats.written += 1
            self._write(event, kept | ({"dropped": dropped} if dropped else {}))
            return
        if len(self._recent) >= MAX_REMEMBERED:
            self._report_one()
        self._recent[key] = _Repeats(now_s + REPEAT_WINDOW_S)
        self._write(event, kept | ({"dropped": dropped} if dropped else {}))

    def close(self) -> None:
        """Report what was counted; the stream is closed by whoever opened it."""
        while self._recent:
            self._report_one()

    def _admit(self, event: str, fields: dict[str, Value]) -> tuple[str, dict[str, Value], int]:
        """Return what may be written of a record, and how many fields may not (rule 1)."""
        known = EVENTS.get(event)
        if known is None:
            self._object("an event is not in the vocabulary")
            return "record_dropped", {}, 0
        kept = {
            name: value for name, value in fields.items() if name in known.fields and is_allowed(name, value)
        }
        if len(kept) != len(fields):
            self._object(f"a field of {event} is not in the vocabulary, or has another form")
        return event, kept, len(fields) - len(kept)

    def _object(self, complaint: str) -> None:
        if self._strict:
            raise VocabularyError(complaint)

    def _report(self, now_s: float) -> None:
        """Report the counts whose minute has passed; entries stand in the order of their time."""
        while self._recent and next(iter(self._recent.values())).until_s <= now_s:
            self._report_one()

    def _report_one(self) -> None:
        (event, fields), repeats = self._recent.popitem(last=False)
        if repeats.count:
            self._write(event, {**dict(fields), "repeated": repeats.count})

    def _write(self, event: str, fields: dict[str, Value]) -> None:
        with contextlib.suppress(OSError):
            self._log.write(EVENTS[event].level, event, fields)

    def _stamp(self, _: Any, level: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Put time, level, event and node before the fields."""
        event = record.pop("event")
        at = instant_text(self._clock.now())
        return {"at": at, "level": level, "event": event, "node": self._node, **record}


class _LevelLogger(structlog.BoundLoggerBase):
    """Gives a record to the processors under the level of its event."""

    def write(self, level: str, event: str, fields: dict[str, Value]) -> None:
        self._proxy_to_logger(level, event, **fields)


def _render(_: Any, level: str, record: MutableMapping[str, Any]) -> str:
    """Return the line of a record: ASCII, at most 2 kB (rule 3)."""
    line = json.dumps(dict(record), separators=(",", ":"), allow_nan=False)
    if len(line) < MAX_RECORD_BYTES:
        return line
    short = {name: record[name] for name in ("at", "level", "event", "node")}
    return json.dumps({**short, "cut": len(line)}, separators=(",", ":"))


@contextlib.contextmanager
def open_journal(
    path: Path | None, *, clock: Clock, node: NodeId, strict: bool = False
) -> Iterator[JsonJournal]:
    """Open a journal on a file of mode 0600, at its end, or on standard error.

    Raises:
        ConfigurationError: the file cannot be opened, or is a symbolic link.
    """
    with contextlib.ExitStack() as stack:
        stream = sys.stderr if path is None else stack.enter_context(_append_to(path))
        yield stack.enter_context(JsonJournal(stream, clock=clock, node=node, strict=strict))


def _append_to(path: Path) -> TextIO:
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the log file {path.name} cannot be opened", hint="check its folder and owner"
        ) from error
    return open(file, "a", encoding="ascii")
