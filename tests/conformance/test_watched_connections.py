# SPDX-License-Identifier: Apache-2.0
"""A connection that a test forgets to close is reported on every version of Python."""

import gc
import sqlite3
import warnings
from contextlib import closing

import pytest


def forget(connection: sqlite3.Connection) -> None:
    """Take the last reference to a connection and let it go."""
    del connection
    gc.collect()


def test_a_forgotten_connection_is_reported_with_the_test_that_opened_it() -> None:
    with pytest.warns(ResourceWarning, match=r"opened by .*test_a_forgotten.* < .*watched_connections.py:"):
        forget(sqlite3.connect(":memory:"))


def test_a_closed_connection_is_not_reported() -> None:
    with warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        with closing(sqlite3.connect(":memory:")):
            pass
        gc.collect()

    assert not [one for one in reported if issubclass(one.category, ResourceWarning)]


def test_a_connection_that_could_not_be_opened_is_not_reported() -> None:
    with warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        with pytest.raises(sqlite3.OperationalError):
            sqlite3.connect("/nowhere/at/all.db")

    assert not [one for one in reported if issubclass(one.category, ResourceWarning)]
