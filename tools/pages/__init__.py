# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation that are made from data; `python -m tools.pages` writes them again.

`PAGES` names each page with the function that gives its text. A test compares the text with the file.
Pages of the protocol are written by hand; only the examples between their markers are made.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tools.pages import deadlines, glossary, messages, results, settings, staff_api
from tools.pages.examples import blocks, values

MARKED = ("content", "objects", "suites", "door", "log", "gate", "enrolment")
"""Pages of docs/protocol that hold examples between markers."""

WORDS = "exchange/protocol/words.txt"


def _words(root: Path) -> str:
    """Return the list of words that a vendor needs for the enrolment, as our program uses it."""
    return (root / WORDS).read_text(encoding="ascii")


PAGES: Mapping[str, Callable[[Path], str]] = MappingProxyType(
    {
        "docs/protocol/results.md": results.page,
        "docs/reference/deadlines.md": deadlines.page,
        "docs/reference/glossary.md": glossary.page,
        "docs/reference/messages.md": messages.page,
        "docs/reference/settings.md": settings.page,
        "docs/reference/staff-api.json": staff_api.page,
        "docs/protocol/examples.json": values.examples_page,
        "docs/protocol/words.txt": _words,
        **{f"docs/protocol/{name}.md": blocks.page_of(f"{name}.md") for name in MARKED},
    }
)
