# SPDX-License-Identifier: Apache-2.0
"""Search tokens in SQL: persons are found by keyed tokens of their search keys, never by a text.

A token is 64 bits of an HMAC under the search key of the store: a thief of the disk can count how often a
token occurs, and can try no name. Tokens of a case go when it is erased.
"""

from collections.abc import Collection, Iterable

import orjson

from exchange.adapters.storage.cases import CaseFiles
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.vault import Vault
from exchange.ids import CaseCode, LinkId
from exchange.service.rows import FoundCase

_KIND = "search"


def _listed(numbers: Iterable[int]) -> str:
    return orjson.dumps(list(numbers)).decode("ascii")


class SearchTokens:
    """Makes tokens of search keys, and keys of found tokens."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, keys: Iterable[str]) -> dict[int, str]:
        """Return the tokens of some keys, each with its key."""
        texts = list(keys)
        return dict(zip(self._vault.short_tokens(_KIND, map(str.encode, texts)), texts, strict=True))


class SqlSearches:
    def __init__(self, database: Database, vault: Vault, files: CaseFiles) -> None:
        self._database = database
        self._files = files
        self._tokens = SearchTokens(vault)

    def index(self, link: LinkId, code: CaseCode, keys: Collection[str]) -> None:
        file = self._files.find(link, code)
        if file is None or not keys:
            return
        self._database.later(
            "case_token_add", {"case_file": file.no, "tokens": _listed(self._tokens.of(keys))}
        )

    def find(self, keys: Collection[str], *, limit: int) -> list[FoundCase]:
        tokens = self._tokens.of(keys)
        values = {"tokens": _listed(tokens), "files": _listed(self._best(list(tokens), limit))}
        common: dict[int, set[str]] = {}
        named: dict[int, tuple[LinkId, CaseCode]] = {}
        for no, key, sealed, link, token in self._database.all("case_token_of_files", values):
            code = named[no][1] if no in named else self._files.code(no, key, sealed)
            if code is not None:
                named[no] = (link, code)
                common.setdefault(no, set()).add(tokens[token])
        return [FoundCase(*named[no], frozenset(found)) for no, found in common.items()]

    def _best(self, tokens: list[int], limit: int) -> list[int]:
        """Return the case files with the most of the tokens, newest first among equals.

        Blocks are read from the newest on, and no more of them once `limit` cases have every token:
        nothing older can stand before these.
        """
        newest = self._database.one("case_token_last_block")
        found: list[tuple[int, int]] = []
        for block in range(newest[0] if newest and newest[0] is not None else -1, -1, -1):
            values = {"tokens": _listed(tokens), "block": block, "limit": limit}
            found += [(common, no) for no, common in self._database.all("case_token_best", values)]
            found = sorted(found, reverse=True)[:limit]
            if len(found) == limit and found[-1][0] == len(tokens):
                break
        return [no for _, no in found]
