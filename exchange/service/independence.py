# SPDX-License-Identifier: Apache-2.0
"""Tells whether messages depend on nothing of each other, so that each step may be done for all of them.

1. Every one is of a type whose rules and effects look at nothing but the cases of its header and the messages
   that it names (`LOOKS_NO_FURTHER`). Changes, stops, handovers and messages about no case are none of these.
2. No two of them name the same case, or answer the same message; none names a movement.
3. None is about many persons: the steps of such a message are long enough by themselves.

That one names another one need not be asked: nobody knows the number of a message before it is released.
What is in doubt depends. A wrong *no* costs time only.
"""

from collections.abc import Sequence
from typing import Final

from exchange.messages.document import header_of
from exchange.protocol.parts import Document
from exchange.service.long_work import is_about_many

LOOKS_NO_FURTHER: Final = frozenset({"IDN", "VRQ", "TRQ", "TRS", "RPN", "RPD", "TDQ", "TDS"})
"""Identification, tracing, return and papers; a VRS looks at a case of its content, and a CAN or AMD reaches
cases that it does not name."""


def are_independent(documents: Sequence[Document]) -> bool:
    """Return True only if no message can change what is judged or written of another one."""
    named: list[object] = []
    for document in documents:
        header = header_of(document)
        codes = header.get("case_codes")
        if header.get("type") not in LOOKS_NO_FURTHER or not isinstance(codes, list) or not codes:
            return False
        if "movement_code" in header or is_about_many(document):
            return False
        named += [*codes, header["in_reply_to"]] if "in_reply_to" in header else codes
    return len(set(map(str, named))) == len(named)
