# SPDX-License-Identifier: Apache-2.0
"""What the page after sending says of a message that was delivered: what it does now, and what it does not.

1. A stop that counts is said to count, at once and on both sides. It is never said to wait for somebody.
2. An incident report stops nothing; that is said, for who sends one may rely on it.
3. What asks for a decision has decided nothing; what asks for something else waits for an answer.
4. What was answered meanwhile is not said to need no answer. Everything else is with the partner; that it
   counts is said only where a state has changed.
5. A stop that is not delivered yet stops nobody at the partner's: that is said first, with what to do.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exchange.i18n import marked
from exchange.messages.catalog import message_types
from exchange.service.effects import Effect
from exchange.service.offers import RECORD

_DECISIVE: Final = frozenset({"RPN", "HPR", "TRA"})
"""Types that are answered with a decision."""
_ASKING: Final = _DECISIVE | {"INQ", "VRQ", "TRQ", "TDQ"}
"""Types that wait for an answer until it comes."""
_ON_THE_WAY: Final = frozenset({"CWD", "HLD", "CAN", "INC"})
"""Stops after which somebody may have to be called."""
_UNDECIDED = marked("Delivered is not decided: until an officer of the partner answers, nothing is decided.")
_TO_ANSWER = marked("An officer of the partner has to answer it. Until when, you see under: Work today.")
_TO_SIGN = marked("The record is complete only when an officer of the partner has signed it, too.")
_RESERVED = marked(
    "If one side signed with a reservation, nothing is agreed yet: the record has to be written anew."
)
_ANSWERED = marked("No answer of the partner is open any more. What was answered stands at the case.")
_NO_ANSWER = marked("The partner has it, and need not answer it.")
_CALL = marked(
    "If somebody is on the way, call the partner as well: a message that nobody has read stops no vehicle."
)
_CASE_STOPPED = marked("The return is stopped on both sides.")
_CONSENT_GONE = marked("The consent does not count any more, on both sides.")
_HELD = marked("The return is on hold on both sides until your side ends the hold.")
_SAME_STATE = marked(
    "The state of the case is the same as before: look at the case whether the return still goes on."
)
_CALLED_OFF = marked("The handover is called off on both sides.")
_CANCELLED = marked("What you cancelled does not count any more, on both sides.")
_COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "RPD": marked("Your decision counts on both sides from now on."),
        "HRP": marked("Your answer to the proposal counts on both sides from now on."),
        "HRC": marked("Both sides have signed: the record is complete."),
        "RSM": marked("Your hold has ended on both sides."),
        "CLO": marked("The case is closed on both sides."),
        "ROP": marked("The case is open again on both sides."),
    }
)
"""What is said where a state has changed."""
_ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "INC": marked(
            "The partner has the report. A report alone stops nothing: if the return must not go on, "
            "send a hold or a cancellation, too."
        ),
        "CKS": marked("What you said of the crossing counts on both sides from now on."),
        "HDP": marked("The partner knows now that the group has left, and who is in it."),
        "AMD": marked(
            "What you changed counts on both sides from now on. If you changed place, day or time of a "
            "handover, it has to be confirmed again."
        ),
    }
)


def is_urgent(type_code: str) -> bool:
    """Return whether the partner has to be called while it does not have a message of this type (5)."""
    row = message_types().get(type_code)
    return row is not None and row.is_stop


def sentences(type_code: str, effect: Effect) -> tuple[str, ...]:
    """Return what is said of a delivered message, in English; the page translates it."""
    found = _stop_words(type_code, effect)
    if not found:
        found = (_ALWAYS.get(type_code) or _said(type_code, effect),)
    return (*found, _CALL) if type_code in _ON_THE_WAY else found


def _stop_words(type_code: str, effect: Effect) -> tuple[str, ...]:
    match type_code:
        case "CWD":
            return (_CASE_STOPPED,) if effect.changed_case else (_CONSENT_GONE, _SAME_STATE)
        case "HLD":
            return (_HELD,) if effect.on_hold else (_SAME_STATE,)
        case "CAN":
            return (_CALLED_OFF,) if effect.changed_movement else (_CANCELLED,)
        case _:
            return ()


def _said(type_code: str, effect: Effect) -> str:
    if type_code in _DECISIVE and effect.awaits:
        return _UNDECIDED
    if effect.awaits:
        return _TO_SIGN if type_code in message_types()[type_code].replies else _TO_ANSWER
    if type_code in _ASKING:
        return _ANSWERED
    if effect.changed_case or effect.changed_movement:
        return _COUNTS.get(type_code, _NO_ANSWER)
    return _RESERVED if type_code == RECORD else _NO_ANSWER
