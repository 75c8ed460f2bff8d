# SPDX-License-Identifier: Apache-2.0
"""Connections of SQLite that complain when nobody closes them, on every version of Python alike.

Python warns of a connection that was left open from 3.13 on, and without saying where it came from. While
tests run, `sqlite3.connect` makes `WatchedConnection`s; warnings are errors, so the test in which a
forgotten one ends fails, and names the test and the lines that opened it.

A connection of another class (`factory`) is watched if that class comes from this one.
"""

import os
import sqlite3
import sys
import warnings
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

LINES = 6
"""Lines of the project that are named, from the innermost: they reach from the store to the test."""
_PROJECT = f"{Path(__file__).resolve().parents[2]}{os.sep}"
_PACKAGES = f"{os.sep}site-packages{os.sep}"


class WatchedConnection(sqlite3.Connection):
    """A connection that has to be closed."""

    _opened_by = ""
    """Where it was opened; "" while it is not open."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._opened_by = _whereabouts(sys._getframe(1))

    def close(self) -> None:
        super().close()
        self._opened_by = ""

    def __del__(self) -> None:
        if self._opened_by:
            warnings.warn(f"unclosed database, opened by {self._opened_by}", ResourceWarning, stacklevel=1)


def watch_connections() -> None:
    """Let every connection of this process be watched from now on."""
    sqlite3.connect = partial(sqlite3.connect, factory=WatchedConnection)


def _whereabouts(frame: FrameType | None) -> str:
    lines: list[str] = []
    while frame is not None and len(lines) < LINES:
        path = frame.f_code.co_filename
        if path.startswith(_PROJECT) and _PACKAGES not in path:
            lines.append(f"{path.removeprefix(_PROJECT)}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join([os.environ.get("PYTEST_CURRENT_TEST", "no test"), *lines])
