# SPDX-License-Identifier: Apache-2.0
"""Text of a partner is text on paper: it makes no element, fetches nothing and hides nothing."""

import re
from typing import Any

import pytest
from exchange.adapters.documents.pdf import write_pdf
from exchange.interfaces.papers import paper_of
from exchange.service.papers import Opened
from tests.support.papers import example, examples, printed
from tests.unit.documents.test_pdf import everything
from tests.unit.papers.test_papers import Page

PLANTED = (
    '</td></table><script>alert(1)</script><img src="file:///etc/hostname"><a href="http://192.0.2.1/">x</a>'
    "<link rel=attachment href=file:///etc/hostname><style>@import 'http://192.0.2.1/'</style>"
)
HARMLESS = frozenset({"lang", "dir", "class", "colspan", "style", "charset", "name", "content"})
_KEPT = frozenset({"type", "type_version", "message_id", "sender", "recipient", "link"})


def planted(value: Any, name: str = "") -> Any:
    """Return a document with the planted text in place of every text."""
    if isinstance(value, dict):
        return {key: planted(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [planted(item, name) for item in value]
    return PLANTED if isinstance(value, str) and name not in _KEPT and not _is_a_moment(name) else value


def _is_a_moment(name: str) -> bool:
    """Moments are read as such: the form lets nothing else in their place."""
    return name.endswith(("_at", "_from", "_to")) or name == "at"


@pytest.mark.parametrize(
    "name", [name for name in examples() if name.startswith(("rpn", "rpd", "hdp", "hrc", "stm"))]
)
def test_planted_text_makes_no_element_and_no_attribute(name: str) -> None:
    clean = Page(paper_of(Opened(printed(example(name))), ("km", "en")).html)

    found = Page(paper_of(Opened(printed(planted(example(name)))), ("km", "en")).html)

    assert found.elements <= clean.elements | {"div", "p"}
    assert found.attributes <= clean.attributes
    assert "alert(1)" in found.text


def test_planted_addresses_are_never_fetched() -> None:
    raw = write_pdf(paper_of(Opened(printed(planted(example("rpn/adult-with-passport")))), ("en",)))

    found = everything(raw)
    assert len(re.findall(rb"/Type ?/Filespec", found)) == 1
    assert b"/URI" not in found
    assert b"/JavaScript" not in found
