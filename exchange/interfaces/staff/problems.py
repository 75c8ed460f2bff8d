# SPDX-License-Identifier: Apache-2.0
"""What is answered when something is not done: our reason codes, never a cause or a value.

400  the request is malformed               409  not possible now, nothing was done
404  unknown, foreign or forbidden          422  the message is wrong; `faults` says where
429  too much                               503  not now; the same request may succeed later
"""

from dataclasses import asdict

from exchange.errors import (
    DraftMovedError,
    ExchangeError,
    Fault,
    InputError,
    NodeError,
    NotAllowedError,
    ProtocolError,
    ReadingStoppedError,
    StrictJsonError,
    TransportError,
    UsageError,
)
from exchange.interfaces.server import Refusal
from exchange.interfaces.staff.call import Answer, absent
from exchange.service.repeats import RepeatError

RETRY_S = 5
"""A gate opens within seconds, or by people."""
MAX_FAULTS = 200
"""A notice of 1,000 persons may have one in each line; nobody mends more at once."""


class FaultyRefusal(Refusal):
    """The message is wrong; where, is said without a value."""

    def __init__(self, status: int, reason: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(status, reason, close=False)
        self.faults = faults


def refusal_of(error: ExchangeError) -> Refusal:
    """Return how an error of the service is answered."""
    match error:
        case RepeatError():
            return Refusal(422 if error.reason == "key_reused" else 409, error.reason, close=False)
        case InputError():
            return FaultyRefusal(422, error.reason, error.faults)
        case NotAllowedError():
            return _forbidden(error)
        case UsageError():
            moved = isinstance(error, DraftMovedError)
            return Refusal(409, error.reason if moved else "not_possible", close=False)
        case StrictJsonError():
            return Refusal(400, error.reason, close=False)
        case ProtocolError():
            return Refusal(400, "request_invalid", close=False)
        case NodeError() | TransportError():
            return Refusal(503, error.reason, retry_after_s=RETRY_S, close=False)
    return Refusal(500, "internal")


def _forbidden(error: NotAllowedError) -> Refusal:
    """Return the answer for what may not be read; only the own pace is told apart."""
    if isinstance(error, ReadingStoppedError):
        return Refusal(429, error.reason, close=False)
    return absent()


def problem_members(refusal: Refusal, number: str) -> Answer:
    """Return the members of a problem document."""
    members: Answer = {"status": refusal.status, "reason": refusal.reason, "request": number}
    if isinstance(refusal, FaultyRefusal):
        members["faults"] = [_fault(fault) for fault in refusal.faults[:MAX_FAULTS]]
    return members


def _fault(fault: Fault) -> Answer:
    return {name: value for name, value in asdict(fault).items() if name != "found"}
