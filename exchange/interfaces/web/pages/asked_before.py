# SPDX-License-Identifier: Apache-2.0
"""The question to which an answer belongs: beside the answer that is written, and above the one that is read.

A yes without its question is a yes to whatever the reader remembers. Seeing the question is opening its
message, recorded as there; who may not read it, or reads too much just now, sees the answer alone.
"""

from dataclasses import dataclass
from typing import Any, Final

from exchange.errors import NotAllowedError, UsageError
from exchange.interfaces.web.desk import Clerk
from exchange.messages.document import content_of, header_of, text_at

QUESTION: Final = "INQ"
ANSWER: Final = "INR"


@dataclass(frozen=True)
class Question:
    """What was asked, with the message that asked it."""

    about: dict[str, Any]
    """The line of the message, as lists show it."""
    text: str
    written_in: str


async def question_behind(clerk: Clerk, type_code: str, asked: str) -> Question | None:
    """Return the question that the message `asked` put, None where no answer is read or written."""
    if type_code != ANSWER or not asked:
        return None
    try:
        found = await clerk.ask("message.show", id=asked)
    except (NotAllowedError, UsageError):
        return None
    document = found["document"]
    text = text_at(content_of(document), "question")
    if "message" not in found or found["message"]["type"] != QUESTION or not text:
        return None
    return Question(found["message"], text, text_at(header_of(document), "language"))
