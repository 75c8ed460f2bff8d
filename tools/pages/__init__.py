# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation that are made from data; `python -m tools.pages` writes them again.

`PAGES` names each page with the function that gives its text. A test compares the text with the file.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tools.pages import deadlines, messages, results

PAGES: Mapping[str, Callable[[Path], str]] = MappingProxyType(
    {
        "docs/protocol/results.md": results.page,
        "docs/reference/deadlines.md": deadlines.page,
        "docs/reference/messages.md": messages.page,
    }
)
