# SPDX-License-Identifier: Apache-2.0
"""The vectors of results: what a sender does with a line that was answered without a verdict leaf."""

from typing import Any

from exchange.messages.codelists import codelist

Row = dict[str, Any]
AGAIN = "offered again"
SHOWN = {"unknown_card": f"{AGAIN}, card shown"}


def rows() -> list[Row]:
    """Return a vector for each code of `again`, for the other results, and for a code that nobody knows."""
    codes = [code.code for code in codelist("again-codes").codes.values()]
    put_off = [
        _row(f"again-{code}", f"The line is put off with {code}.", SHOWN.get(code, AGAIN), "again", code)
        for code in codes
    ]
    return [
        *put_off,
        _row("again-code-of-tomorrow", "The line is put off with a code that this version does not know.",
             AGAIN, "again", "moon_eclipse"),
        _row("logged-without-leaf", "The line is said to be logged, and no leaf says so.", AGAIN, "logged"),
        _row("refused", "The line is refused: it stops until a person decides.", "stopped", "refused",
             "refused"),
        _row("refused-with-another-code", "The line is refused with a code of its own.", "stopped", "refused",
             "too_large"),
    ]  # fmt: skip


def _row(name: str, words: str, expect: str, r: str, code: str = "") -> Row:
    result = {"r": r} | ({"code": code} if code else {})
    return {
        "name": f"result-{name}",
        "rule": "line.again",
        "description": words,
        "result": result,
        "expect": expect,
    }
