# SPDX-License-Identifier: Apache-2.0
"""Faults and errors in the words of an officer: what is wrong and what to do, in the language of the page.

1. The rule of a fault chooses its sentence (`fault_sentences`).
2. What a fault expects is added where it is a number, a code or a day, or fits one of `_MEASURES`; these
   sentences have named places.
3. The nearest code, if the fault names one, is offered as a question.
4. An error without faults has the sentence of its reason, or of the reason of the class above it.
5. What no rule and no reason names stays English, apart from the rest, so that a page can mark its language.

The command line and the wire do not come here; they speak English.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exchange.errors import ExchangeError, Fault
from exchange.i18n.catalogues import marked, translations
from exchange.i18n.fault_sentences import FAULT_SENTENCES
from exchange.i18n.labels import label
from exchange.i18n.languages import ENGLISH

_CODES: Final = "ack-rejections"
_NEUTRAL = re.compile(r"[A-Z0-9][A-Z0-9.:/+-]*")
"""What reads the same in every language: numbers, days, codes."""
_NEAREST = re.compile(r'did you mean "(?P<code>[^"]{1,64})"\?')
_RIGHT_WOULD_BE: Final = marked("Right would be: {value}.")
_DID_YOU_MEAN: Final = marked("Did you mean “{code}”?")
_MEASURES = (
    (re.compile(r"at most (?P<limit>[0-9]+) characters"), marked("At most {limit} characters.")),
    (re.compile(r"at least (?P<limit>[0-9]+) characters"), marked("At least {limit} characters.")),
    (re.compile(r"at most (?P<limit>[0-9]+) entries"), marked("At most {limit} entries.")),
    (re.compile(r"at least (?P<limit>[0-9]+) entries"), marked("At least {limit} entries.")),
    (re.compile(r"at most (?P<limit>[0-9]+) members"), marked("At most {limit} members.")),
    (re.compile(r"at least (?P<limit>[0-9]+) members"), marked("At least {limit} members.")),
    (re.compile(r"at most (?P<limit>[0-9]+( KiB)?)"), marked("At most {limit}.")),
    (re.compile(r"at least (?P<limit>[0-9]+)"), marked("At least {limit}.")),
    (re.compile(r"(?P<first>[0-9]+) to (?P<last>[0-9]+)"), marked("From {first} to {last}.")),
    (
        re.compile(r"at most (?P<limit>[0-9]+) persons in a session"),
        marked("At most {limit} persons in a session."),
    ),
    (re.compile(r"yes or no"), marked("Enter yes or no.")),
)
"""What the makers of faults write, and how it is said."""
_UNWELL: Final = marked("This node is unwell. Tell your administrator.")
_NO_FORM: Final = marked("What was received does not have the agreed form. Tell your administrator.")
_NO_KEY: Final = marked("A key, a card or a signature is not valid. Tell your key officer.")

REASON_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "failed": marked("Something failed. Try again; if it happens again, tell your administrator."),
        "usage": marked("This cannot be done so. Go back, and choose or enter what is asked."),
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
        "identifier": marked("This is not a code of its kind. Check it and enter it again."),
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
    """What an officer reads; `english` is what has no other language, or ""."""

    text: str
    english: str = ""


def fault_words(rule: str, *, code: str, expected: str, hint: str, language: str) -> Said:
    """Return what is wrong and what to do, for a fault with this rule."""
    texts = translations(language)
    sentence = FAULT_SENTENCES.get(rule)
    if sentence is None:
        reason = REASON_SENTENCES.get(code)
        named = texts.gettext(reason) if reason else label(_CODES, code, language)
        return Said(named, "; ".join(part for part in (expected, hint) if part))
    said = [texts.gettext(sentence)]
    if detail := _detail(expected):
        said.append(texts.gettext(detail.text).format_map(detail.values))
    if near := _NEAREST.fullmatch(hint):
        return Said(" ".join((*said, texts.gettext(_DID_YOU_MEAN).format(code=texts.gettext(near["code"])))))
    return Said(" ".join(said), hint if language == ENGLISH else "")


def words_of(fault: Fault, language: str) -> Said:
    """Return what is wrong and what to do, for a fault."""
    return fault_words(
        fault.rule, code=fault.code, expected=fault.expected, hint=fault.hint, language=language
    )


def error_words(error: ExchangeError, language: str) -> Said:
    """Return what an error means for an officer, and its own words, which are English."""
    reasons = (error.reason, *(getattr(above, "reason", "") for above in type(error).__mro__))
    sentence = next(REASON_SENTENCES[reason] for reason in reasons if reason in REASON_SENTENCES)
    return Said(translations(language).gettext(sentence), _own_words(error))


def _own_words(error: ExchangeError) -> str:
    """Return the words of an error; hints that name commands are for somebody else."""
    hint = error.hint if error.hint and "exchange " not in error.hint else ""
    return "; ".join(part for part in (str(error), hint) if part)


@dataclass(frozen=True)
class _Detail:
    text: str
    values: dict[str, str]


def _detail(expected: str) -> _Detail | None:
    if _NEUTRAL.fullmatch(expected):
        return _Detail(_RIGHT_WOULD_BE, {"value": expected})
    for pattern, text in _MEASURES:
        if found := pattern.fullmatch(expected):
            return _Detail(text, found.groupdict())
    return None
