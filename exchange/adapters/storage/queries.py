# SPDX-License-Identifier: Apache-2.0
"""Reads the SQL of the store: every query has a name and a sentence.

A file in `sql/queries/` holds queries of this form, separated by empty lines:

    -- name: leaf_add
    -- The next leaf of a log.
    INSERT INTO leaf (log, i, raw) VALUES (:log, :i, :raw);

All files are read once. A query without a name, a sentence or an end is a defect of the program.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_QUERY = re.compile(
    r"-- name: (?P<name>[a-z_]+)\n(?P<sentence>(?:-- [^\n]+\n)+)(?P<sql>[^-].*?);\n", re.DOTALL
)


@dataclass(frozen=True)
class Query:
    """One statement with bound parameters."""

    name: str
    sentence: str
    sql: str


@cache
def queries() -> Mapping[str, Query]:
    """Return every query by its name.

    Raises:
        ValueError: two queries share a name, or a file holds something that is not a query.
    """
    found: dict[str, Query] = {}
    for file in sorted(files(__package__).joinpath("sql", "queries").iterdir(), key=lambda each: each.name):
        for query in parse_queries(file.read_text(encoding="utf-8")):
            if query.name in found:
                raise ValueError(f"two queries are named {query.name}")
            found[query.name] = query
    return MappingProxyType(found)


def parse_queries(text: str) -> list[Query]:
    """Return the queries of one file, in order."""
    found = [_query(match) for match in _QUERY.finditer(text)]
    if len(found) != text.count("-- name:"):
        raise ValueError("a query lacks its name, its sentence or its end")
    return found


def _query(match: re.Match[str]) -> Query:
    sentence = " ".join(line.removeprefix("-- ") for line in match["sentence"].splitlines())
    return Query(match["name"], sentence, match["sql"])
