# SPDX-License-Identifier: Apache-2.0
"""Faults and errors in the words of an officer: what is wrong and what to do, in the language of the page.

1. The rule of a fault chooses its sentence (`fault_sentences`).
2. What it expects and hints at is added as far as it has words (`fault_details`).
3. An error without faults has a sentence of its own (`error_sentences`), or that of its reason, or of the
   reason of the class above it.
4. An error has English words of its own as well. A reader of English gets them apart from the rest; nobody
   reads two languages at once.

The command line and the wire do not come here; they speak English.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exchange.errors import ExchangeError, Fault
from exchange.i18n.catalogues import marked, translations
from exchange.i18n.error_sentences import sentence_of
from exchange.i18n.fault_details import details
from exchange.i18n.fault_sentences import FAULT_SENTENCES, OF_MOMENTS
from exchange.i18n.labels import label
from exchange.i18n.languages import ENGLISH

_CODES: Final = "ack-rejections"
_OF_THE_COMMAND_LINE = re.compile(r"exchange [a-z]|[a-z0-9]_[a-z]|[{}]")
"""What only who types commands or writes programs can use."""
_UNWELL: Final = marked("This node is unwell. Tell your administrator.")
_NO_FORM: Final = marked("What was received does not have the agreed form. Tell your administrator.")
_NO_KEY: Final = marked("A key, a card or a signature is not valid. Tell your key officer.")

REASON_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "failed": marked("Something failed. Try again; if it happens again, tell your administrator."),
        "usage": marked("This cannot be done so. Go back, and choose or enter what is asked."),
        "draft_moved": marked("A colleague was faster: look at it again, and at what became of it."),
        "input": marked("What was entered is not right. Correct it and try again."),
        "form_stale": marked("The form was changed or sent meanwhile. Open it again."),
        "not_allowed": marked(
            "The roles of your account do not allow this. Ask somebody who may, or your administrator."
        ),
        "reading_stopped": marked("Too many cases were opened. A second person lets you go on."),
        "other_desk": marked("The case is given to another office. Ask that office."),
        "sign_in_refused": marked("The name, the password or the code is wrong. Try again."),
        "declined": marked("The partner refused or rejected it. Look at its answer."),
        "waiting": marked("It is not delivered yet. Nothing is wrong; look again later."),
        "node_unwell": _UNWELL,
        "configuration": _UNWELL,
        "passphrase": _UNWELL,
        "file_mode": _UNWELL,
        "folder_in_use": _UNWELL,
        "no_service": _UNWELL,
        "store": _UNWELL,
        "store_damaged": _UNWELL,
        "store_newer": _UNWELL,
        "append_only": _UNWELL,
        "clock": _UNWELL,
        "node_fault": _UNWELL,
        "busy": marked("Too much work waits on this node. Try again in a moment."),
        "holidays_missing": marked(
            "The calendar of holidays ends before the deadline. Tell your administrator."
        ),
        "paused": marked(
            "Your side stopped everything with this partner. "
            "Telephone the partner about whatever cannot wait."
        ),
        "gate_closed": marked(
            "Nothing can be written for this partner now. Your work is kept; try again later."
        ),
        "agreement_switched": marked(
            "The agreement changed while the message was being sent. Send it once more."
        ),
        "protocol": _NO_FORM,
        "json": _NO_FORM,
        "frame_invalid": _NO_FORM,
        "leaf_invalid": _NO_FORM,
        "note_invalid": _NO_FORM,
        "proof_invalid": _NO_FORM,
        "tail_invalid": _NO_FORM,
        "identifier": marked("This is not written as it should be. Check it and enter it again."),
        "key_refused": _NO_KEY,
        "signature_invalid": _NO_KEY,
        "card_invalid": _NO_KEY,
        "agreement_invalid": marked("The agreement is not valid. Tell your administrator."),
        "not_a_parcel": marked("The file is no parcel for this node. Choose another file."),
        "transport": marked("The partner did not answer. It is tried again without your doing anything."),
    }
)
"""A sentence for each reason of `exchange.errors` but those of message lines, which are codes of a list."""


@dataclass(frozen=True)
class Said:
    """What an officer reads, in one language."""

    text: str
    more: str = ""
    """Own words of the error for a reader of English; "" in every other language, which they do not have."""


def fault_words(rule: str, *, code: str, expected: str, hint: str, language: str) -> Said:
    """Return what is wrong and what to do, for a fault with this rule.

    A rule that nobody knows is told by its code.
    """
    texts = translations(language)
    sentence = OF_MOMENTS.get((rule, expected)) or FAULT_SENTENCES.get(rule)
    if sentence is None:
        reason = REASON_SENTENCES.get(code)
        named = texts.gettext(reason) if reason else label(_CODES, code, language)
        return Said(named, _own_words(language, expected, hint))
    more = details(rule, expected=expected, hint=hint, language=language)
    return Said(" ".join((texts.gettext(sentence), *more)))


def words_of(fault: Fault, language: str) -> Said:
    """Return what is wrong and what to do, for a fault."""
    return fault_words(
        fault.rule, code=fault.code, expected=fault.expected, hint=fault.hint, language=language
    )


def error_words(error: ExchangeError, language: str) -> Said:
    """Return what an error means for an officer."""
    special = sentence_of(str(error))
    if special:
        return Said(translations(language).gettext(special))
    reasons = (error.reason, *(getattr(above, "reason", "") for above in type(error).__mro__))
    sentence = next(REASON_SENTENCES[reason] for reason in reasons if reason in REASON_SENTENCES)
    text = translations(language).gettext(sentence)
    return Said(text, _own_words(language, str(error), error.hint or ""))


def _own_words(language: str, *words: str) -> str:
    """Return the words of an error without what is for somebody else: commands, and codes of programs."""
    if language != ENGLISH:
        return ""
    return "; ".join(part for part in words if part and not _OF_THE_COMMAND_LINE.search(part))
