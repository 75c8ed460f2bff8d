# SPDX-License-Identifier: Apache-2.0
"""Lets SQLite leave out locks that guard nothing here.

At every call SQLite takes a lock, so that several threads may use one connection, and it keeps a locked count
of the memory in use. Python refuses the use of a connection outside the thread that opened it, and nobody
reads the count. A node under load spends about 3 % of its time on both.

SQLite takes these settings only while nothing uses it, so a process asks before it opens its first store.
Source: https://www.sqlite.org/threadsafe.html, "multi-thread"; https://www.sqlite.org/c3ref/config.html.
"""

import ctypes
from importlib.util import find_spec
from typing import Final

_MULTI_THREAD: Final = 2
_MEMORY_STATUS: Final = 9
"""Options of `sqlite3_config`."""
_DONE: Final = 0


def leave_out_locks() -> bool:
    """Let SQLite work without locks of its own; return False if it cannot be asked to.

    That is so where it is a part of Python itself. Requires that this process has no connection open.
    """
    library = library_of_python()
    if library is None:
        return False
    library.sqlite3_shutdown()
    taken = library.sqlite3_config(_MULTI_THREAD), library.sqlite3_config(_MEMORY_STATUS, 0)
    begun = library.sqlite3_initialize()
    return (*taken, begun) == (_DONE, _DONE, _DONE)


def library_of_python() -> ctypes.CDLL | None:
    """Return the SQLite that Python's `sqlite3` works with, None if its functions cannot be called."""
    found = find_spec("_sqlite3")
    if found is None or not found.has_location or found.origin is None:
        return None
    library = ctypes.CDLL(found.origin)
    return library if hasattr(library, "sqlite3_config") else None
