# SPDX-License-Identifier: Apache-2.0
"""What a disclosure proves when everything holds, what it never proves, and a fault, in words for a court."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fault:
    """Something that does not hold; `kind` is a stable word."""

    kind: str
    words: str


PROVED: Final = (
    "the sender signed the envelope, and with it the commitment to every part of this message",
    "the disclosed parts are parts of this message, byte for byte; the other parts stay closed",
    "the sender entered the message in its ledger, and signed a head over the entry",
    "the recipient entered the message and its verdict in its own ledger, and signed a head over them",
    "where the other side signed a head as well, it held these entries and cannot deny it",
    "the keys are those of the agencies' cards, signed by the recovery keys of the agreement",
)
NOT_PROVED: Final = (
    "that what the message says is true: a signature proves who said it",
    "when anything happened: times are claims of their writers, but for a checked time stamp;"
    " only the order inside a ledger is proved",
    "that a person of the recipient read it",
    "what the closed parts say, and who stands in them; how many there are is a claim of who made this file",
    "that no key was ended or called compromised before these entries: only a whole evidence pack shows that",
    "that the agencies are who they say: compare the recovery keys with the signed minutes of the enrolment",
    "who acted in an agency: officers' numbers and the minutes are statements of that agency",
)
