# SPDX-License-Identifier: Apache-2.0
"""Documents for the benchmark: complete notices of 4 kB, each about a case of its own, made before the clock
starts, so that nothing is measured but the nodes."""

import json
import secrets
from typing import Any, Final

from exchange.ids import new_case_code
from exchange.protocol.parts import split_document
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealNode

PLAINTEXT: Final = 4_096
"""Size class of a message: what officers type about one person, in two scripts, with its reasons."""
_AT_RELEASE: Final = 330
"""Bytes of the header members that are added at release, at most."""
_SENTENCE: Final = (
    "The person was asked, understood the question, and does not want the family to be traced. "
)

Document = dict[str, Any]


def documents(node: RealNode, count: int) -> list[Document]:
    """Return complete notices from a node to its partner that take 4 kB when they are sealed."""
    sample = _sample(node)
    code = sample["persons"][0]["case_code"]
    text = json.dumps(sample)
    return [json.loads(text.replace(code, new_case_code(secrets.token_bytes))) for _ in range(count)]


def group_notice(node: RealNode, persons: int) -> Document:
    """Return a complete notice about so many new persons."""
    small = real_notice("VN" if node.code.startswith("KH") else "KH", persons)
    document: Document = node.service.ask("message.fill", document=small, officer=FIRST)["document"]
    return document


def _sample(node: RealNode) -> Document:
    small = real_notice("VN" if node.code.startswith("KH") else "KH")
    bare: Document = node.service.ask("message.fill", document=small, officer=FIRST)["document"]
    used = sum(len(part) + 1 for part in split_document(bare, secrets.token_bytes)) + _AT_RELEASE
    tracing = str(bare["persons"][0]["tracing_result"])
    room = PLAINTEXT - used
    small["tracing_result"] = (tracing + " " + _SENTENCE * (room // len(_SENTENCE) + 1))[
        : len(tracing) + room
    ]
    filled: Document = node.service.ask("message.fill", document=small, officer=FIRST)["document"]
    return filled
