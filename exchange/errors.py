# SPDX-License-Identifier: Apache-2.0
"""Every error of the product, in one tree.

    ExchangeError
    ├── UsageError               the command was typed wrongly                    exit 2
    │   ├── DraftMovedError      a colleague was faster with the draft
    │   └── WordsDifferError     the telephone call of an enrolment found other words
    ├── InputError               a file or form of our own officer is wrong       exit 3
    │   └── StaleFormError       the form was changed in another window
    ├── NotAllowedError          the roles of the account do not allow it         exit 2
    │   ├── ReadingStoppedError  too many cases were opened; a second person goes on
    │   └── OtherDeskError       the case is given to another office
    ├── SignInError              name, password or code is wrong, or too many tries
    ├── DeclinedError            the partner refused or rejected it               exit 4
    ├── WaitingError             nothing is wrong, but it is not delivered yet    exit 5
    ├── NodeError                this node is unwell                              exit 6
    │   ├── ConfigurationError, PassphraseError, FileModeError, FolderInUseError
    │   ├── NoServiceError       the command line found no running service
    │   ├── StoreError ── StoreDamagedError, StoreNewerError, AppendOnlyError
    │   ├── ClockError, BusyError, HolidaysMissingError
    │   └── GateClosedError      nothing may be written until the start gate opens
    │       └── LinkPausedError  an officer stopped the link; two officers let it go on
    ├── ProtocolError            bytes that do not have the agreed form or proof  exit 3
    │   ├── IdentifierError, StrictJsonError, KeyRefusedError, SignatureInvalidError
    │   ├── CardInvalidError, AgreementInvalidError, FrameInvalidError, ParcelInvalidError
    │   └── LeafInvalidError, NoteInvalidError, ProofInvalidError, TailInvalidError
    ├── LineError                the fate of one message line; `reason` goes on the wire
    │   ├── RefusedError         before a good signature, or a conflict; nothing is logged
    │   ├── RejectedError        a logged verdict; the number is used
    │   └── AgainError           transient; the same line is offered again
    ├── NodeFaultError           the conformance kit got an answer that no partner may accept
    └── TransportError           the partner did not answer properly; always transient

Each class has a stable `reason`, says whose `side` it is (ours, partner, transport), and whether a
`retry` can help. Messages carry identifiers and codes, never personal data. `hint` says what to do.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Side = Literal["ours", "partner", "transport"]


class ExchangeError(Exception):
    """Something in the exchange failed."""

    reason: str = "failed"
    side: ClassVar[Side] = "ours"
    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 6

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        self.hint = hint


class UsageError(ExchangeError):
    """The command was used wrongly."""

    reason = "usage"
    exit_code = 2


class NotHereError(UsageError):
    """Nothing here has the code or number that was named, or more than one thing has it."""


class DraftMovedError(UsageError):
    """The draft was released, sent back, taken back or changed meanwhile."""

    reason = "draft_moved"


class WordsDifferError(UsageError):
    """The words are not the same on both sides."""

    _HINT = (
        "a file may have been changed on the way: do not use it, tell your security officer;"
        " both files are made again, and who has joined begins with: exchange partner withdraw"
    )

    def __init__(self, hint: str = _HINT) -> None:
        super().__init__("the words are not the same on both sides", hint=hint)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a document, in words that quote no value of a person.

    `code` is of `ack-rejections`; `pointer` a JSON pointer into `{header, content, persons}` as the
    officer wrote it; `expected` and `found` describe kinds, counts and codes, never personal values.
    """

    code: str
    pointer: str
    rule: str
    expected: str
    found: str
    hint: str = ""


class InputError(ExchangeError):
    """The file is wrong."""

    reason = "input"
    exit_code = 3

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, faults: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class StaleFormError(InputError):
    """The form was changed or sent meanwhile."""

    reason = "form_stale"


class NotAllowedError(ExchangeError):
    """The roles of the account do not allow it."""

    reason = "not_allowed"
    exit_code = 2


class ReadingStoppedError(NotAllowedError):
    """Too many cases were opened; a second person lets the officer go on."""

    reason = "reading_stopped"


class OtherDeskError(NotAllowedError):
    """The case is given to another office."""

    reason = "other_desk"

    def __init__(self, message: str | None = None, *, hint: str | None = None, case: str = "") -> None:
        super().__init__(message, hint=hint)
        self.case = case


class SignInError(ExchangeError):
    """Number, password or code is wrong.

    `reason` is `sign_in_refused`, or `sign_in_too_often`; which of the three was wrong is never said.
    """

    reason = "sign_in_refused"
    exit_code = 2

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or type(self).reason


class DeclinedError(ExchangeError):
    """The partner refused or rejected it."""

    reason = "declined"
    side = "partner"
    exit_code = 4


class WaitingError(ExchangeError):
    """It is not delivered yet."""

    reason = "waiting"
    side = "transport"
    exit_code = 5


class NodeError(ExchangeError):
    """This node is unwell."""

    reason = "node_unwell"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason or type(self).reason


class ConfigurationError(NodeError):
    """The configuration is wrong."""

    reason = "configuration"


class PassphraseError(NodeError):
    """The passphrase does not open the key file."""

    reason = "passphrase"


class FileModeError(NodeError):
    """A file or folder of this node can be read by others."""

    reason = "file_mode"


class FolderInUseError(NodeError):
    """Another process works on this data folder."""

    reason = "folder_in_use"


class NoServiceError(NodeError):
    """No service runs on this data folder."""

    reason = "no_service"


class StoreError(NodeError):
    """The store failed; the node stops."""

    reason = "store"


class StoreDamagedError(StoreError):
    """The store is damaged."""

    reason = "store_damaged"


class StoreNewerError(StoreError):
    """The store was written by a newer program."""

    reason = "store_newer"


class AppendOnlyError(StoreError):
    """Something tried to change what may only grow."""

    reason = "append_only"


class ClockError(NodeError):
    """The clock is in doubt; no leaf is written."""

    reason = "clock"


class BusyError(NodeError):
    """Too much work waits on this node; the same call may succeed a moment later."""

    reason = "busy"
    retry = True


class HolidaysMissingError(NodeError):
    """The calendar does not cover the period in which a deadline ends."""

    reason = "holidays_missing"


class GateClosedError(NodeError):
    """The start gate of this link is closed; nothing is written on it."""

    reason = "gate_closed"
    retry = True


class LinkPausedError(GateClosedError):
    """An officer of our side stopped this link; nothing goes and nothing is taken on it."""

    reason = "paused"


class AgreementSwitchedError(GateClosedError):
    """Agreement or sealing key are not those any more with which the message was sealed."""

    reason = "agreement_switched"


class ProtocolError(ExchangeError):
    """Bytes do not have the agreed form or proof.

    A command meets them in a file that was given to it, so the exit code is that of a wrong file.
    """

    reason = "protocol"
    side = "partner"
    exit_code = 3


class IdentifierError(ProtocolError):
    """Not an identifier of this kind."""

    reason = "identifier"
    exit_code = 2


class StrictJsonError(ProtocolError):
    """Not JSON as this protocol allows it."""

    reason = "json"


class KeyRefusedError(ProtocolError):
    """A key that may not be used."""

    reason = "key_refused"


class SignatureInvalidError(ProtocolError):
    """The signature does not verify.

    `rule` is the exact rule where it is known, as a code for our own log; nobody outside is told.
    `apart_s` is how far the signer's clock is ahead of ours, if nothing but the time is wrong; else 0.
    """

    reason = "signature_invalid"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, rule: str = "", apart_s: int = 0
    ) -> None:
        super().__init__(message, hint=hint)
        self.rule = rule
        self.apart_s = apart_s


class CardInvalidError(ProtocolError):
    """The card is not valid."""

    reason = "card_invalid"


class AgreementInvalidError(ProtocolError):
    """The agreement is not valid."""

    reason = "agreement_invalid"


class FrameInvalidError(ProtocolError):
    """The frame does not have the agreed form."""

    reason = "frame_invalid"


class ParcelInvalidError(ProtocolError):
    """The file is no parcel for this node.

    `reason` is one of `not_a_parcel`, `parcel_version`, `parcel_cut`, `parcel_changed`, `parcel_too_large`,
    `parcel_own`, `parcel_foreign`, `parcel_unopened`, `parcel_early`.
    """

    reason = "not_a_parcel"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason or type(self).reason


class LeafInvalidError(ProtocolError):
    """The leaf does not have the agreed form."""

    reason = "leaf_invalid"


class NoteInvalidError(ProtocolError):
    """The signed head does not have the agreed form."""

    reason = "note_invalid"


class ProofInvalidError(ProtocolError):
    """The Merkle proof does not hold."""

    reason = "proof_invalid"


class TailInvalidError(ProtocolError):
    """The tail of the partner's log was not taken over.

    `difference` is the class of `discrepancy-types` that it proves, or "" when it proves nothing. `rule` is
    the check that failed, as a code.
    """

    reason = "tail_invalid"

    def __init__(
        self, message: str | None = None, *, rule: str = "", difference: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.rule = rule
        self.difference = difference


class LineError(ExchangeError):
    """The fate of one message line."""

    side = "partner"

    def __init__(
        self, reason: str, message: str | None = None, *, pointer: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message or reason, hint=hint)
        self.reason = reason
        self.pointer = pointer


class RefusedError(LineError):
    """Refused before a good signature, or a conflict; nothing is logged."""


class RejectedError(LineError):
    """A logged verdict; the number is used and the message has no effect."""


class AgainError(LineError):
    """Not taken yet; the same line is offered again."""

    retry = True


class NodeFaultError(ExchangeError):
    """The node under test answered what no partner may accept; `rule` is an id of `kit.rules`."""

    reason = "node_fault"
    side = "partner"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class TransportError(ExchangeError):
    """The partner did not answer properly; the same frame is sent again later.

    `retry_after_s` is the wait the partner asked for, between 1 s and 1 h, or None. `apart_s` is how far its
    clock is ahead of ours where that may be the cause, else 0.
    """

    reason = "transport"
    side = "transport"
    retry = True
    exit_code = 5

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str = "transport",
        retry_after_s: int | None = None,
        hint: str | None = None,
        apart_s: int = 0,
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.apart_s = apart_s
