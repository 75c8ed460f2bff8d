# SPDX-License-Identifier: Apache-2.0
"""Errors that an officer meets at the pages without a mistake of a program, in words of their own.

An error speaks English, and its reason has one sentence for many errors. What happens in daily work says
here what it is and what to do; every other error has the sentence of its reason (`faults`).
"""

import re
from typing import Final

from exchange.i18n.catalogues import marked

_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    (
        r"no message .* is being written by you",
        marked(
            "You are not writing this message any more: it was sent or discarded. Look at your work of today."
        ),
    ),
    (
        r"this draft was not written on the pages",
        marked("It was not written on the pages, so it cannot be changed here. Ask your administrator."),
    ),
    (
        r"only who prepared a message takes it back or changes it",
        marked("Only who prepared a message takes it back. You can send it back with a reason."),
    ),
    (
        r"you have [0-9]+ messages open",
        marked("You are writing too many messages at once. Send or discard some of them first."),
    ),
    (
        r"the form has become too long",
        marked("The message has become too long. Send fewer persons or files in one message."),
    ),
    (
        r"this message follows another one",
        marked("This message follows another one. Begin it in the case."),
    ),
    (
        r"message .* is your own; the partner answers it",
        marked("This message is of your own side. The partner answers it."),
    ),
    (
        r"no record of this handover can be signed now",
        marked("No record of this handover can be signed now. Look at the sheet."),
    ),
    (
        r"the partner of this form is not enrolled any more",
        marked("The partner of this message is no partner any more. Tell your administrator."),
    ),
)


def sentence_of(text: str) -> str:
    """Return the sentence that stands for the English text of an error, "" if none does."""
    return next((sentence for pattern, sentence in _SENTENCES if re.fullmatch(pattern, text)), "")
