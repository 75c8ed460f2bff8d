# SPDX-License-Identifier: Apache-2.0
"""The checks of `exchange doctor` that ask the running service what it knows, beside keys and gates.

1. configuration: the file is of the node that runs, and of its kind
2. clocks: those of partners are not so far from ours that requests are refused for their time
3. witnesses: each confirmed our ledgers within a day, or was not asked yet
4. backups: once messages exist, one that can be restored by itself is not older than two days
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from exchange.clock import instant_text, parse_instant
from exchange.config import FILE_NAME, Settings
from exchange.interfaces.cli.doctor_outside import Finding
from exchange.interfaces.cli.output import Answer

_MINUTE_S: Final = 60
CONFIRMED, SILENT = "confirmed", "witness_silent"
SILENT_LONGEST: Final = timedelta(days=1)
"""A witness is asked once an hour; one that is away for a day has to be called."""
WITNESS_NEXT: Final = {
    SILENT: "it does not answer, or not as a witness does: check url and key in [[witness]] and the network;"
    " nothing waits for it",
    "witness_unknown_log": "it does not know this agency or its newest key: send its administrator what this"
    " prints: exchange witness request",
    "witness_ahead": "it saw more of our ledger than is here: tell your security officer, ask the witness",
    "witness_forked": "it saw another history of our ledger: tell your security officer, ask the witness",
}
BACKUP_EVERY: Final = timedelta(days=1)
"""docs/guides/backups.md: one a day."""
BACKUP_OLDEST: Final = timedelta(days=2)
"""One may fail; after two somebody has to look."""
OLD: Final = ", more than two days ago"
MAKE_BACKUP: Final = "run: exchange backup make -o <folder on another disk>/<date>.7-days.backup"
SET_CLOCK: Final = (
    "compare both with a clock that you trust, set the wrong one, and restart the service of that node"
)


def founded(settings: Settings, status: Answer) -> Iterator[Finding]:
    """Say what in the file is not as the running node was founded; its next start would fail (check 1)."""
    agency = settings.agency
    for name, said in {"code": agency.code, "node": agency.node, "training": agency.training}.items():
        runs = status.get("agency" if name == "code" else name, said)
        if runs != said:
            value = str(runs).lower() if isinstance(runs, bool) else f'"{runs}"'
            found = f"{FILE_NAME} was changed: [agency] {name} is not that of this node; it will not start"
            yield Finding("configuration", False, found, f"write in [agency]: {name} = {value}")


def clocks_of(status: Answer) -> Iterator[Finding]:
    """Say which partner's clock is too far from ours (check 2)."""
    for row in status["partners"]:
        apart_s = row.get("clock_apart_s", 0)
        if apart_s:
            words = apart_words(apart_s, status["now"])
            yield Finding(f"clock of {row['partner']}", False, words, SET_CLOCK)


def witnesses_of(health: Answer, now: str) -> Iterator[Finding]:
    """Say what each witness answered last; nothing waits for one that does not answer (check 3)."""
    for row in health.get("witnesses", ()):
        word = row["word"]
        what = f"witness {row['witness']} over the ledger with {row['partner']}"
        held = f"{row['entries']} entries cosigned"
        if word is None:
            yield Finding(what, True, f"not asked since the start, {held}")
        elif word == CONFIRMED:
            yield Finding(what, True, f"confirmed at {row['at']}, {held}")
        else:
            is_passing = word == SILENT and _is_recent(row["confirmed_at"], now)
            todo = WITNESS_NEXT.get(word, "ask the witness, and compare with it")
            yield Finding(what, is_passing, f"{word} at {row['at']}, {held}", todo)


def _is_recent(at: str | None, now: str) -> bool:
    return at is not None and parse_instant(now) - parse_instant(at) <= SILENT_LONGEST


def backups_of(health: Answer, now: str) -> Iterator[Finding]:
    """Judge the last backup; one without data keys restores nothing by itself and is told apart (check 4)."""
    made, is_needed = health["last_backup"], health.get("has_messages", False)
    if made is None:
        found = "none was made yet" + (", and there are messages" if is_needed else "")
        yield Finding("backup", not is_needed, found, MAKE_BACKUP)
    else:
        age = parse_instant(now) - parse_instant(made)
        is_old = age > BACKUP_OLDEST
        todo = MAKE_BACKUP if age > BACKUP_EVERY else ""
        yield Finding("backup", not is_old, f"the last one is of {made}" + OLD * is_old, todo)
    if archived := health.get("last_archive"):
        yield Finding("archive", True, f"the last one is of {archived}; it has no data keys")


def apart_words(apart_s: int, now: str) -> str:
    """Return `our clocks differ by 60 min: here …, there …`; nobody knows which one is wrong."""
    here_at = parse_instant(now)
    there_at = here_at + timedelta(seconds=apart_s)
    here, there = (f"{instant_text(at)[:16]}Z" for at in (here_at, there_at))
    return f"our clocks differ by {round(abs(apart_s) / _MINUTE_S)} min: here {here}, there {there}"
