# SPDX-License-Identifier: Apache-2.0
"""Cosignatures of witnesses over heads: who else has seen how far a ledger went.

1. A line has the one form of a cosignature, and stands beside a size that the file has a root for; the key
   beside it is written as `<name>+<key id>+<base64 of 04 and the key>`, or "". Else the file is refused.
2. Under the key beside it the line verifies over exactly this head, and names this key; else it is a fault.
   That the key is the witness's own nobody can read from the file: the report says to compare it.
3. A reader who knows the key gives it (`--witness`); then the line must be of that key.
4. Without a key the line is present and not checked.

Ed25519 is written out in `ed25519`, so that this needs no library. Source: docs/protocol/witness.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from exchange.verifier.ed25519 import verify_signature
from exchange.verifier.forms import WrongFormError, note_key_hash, read_cosignature, read_standard

WITNESS_KIND: Final = 4
WITNESS_NAMES: Final = {"key", "line", "size"}
NOT_CHECKED: Final = ""
BY_FILE: Final = "under the key in the file"
BY_READER: Final = "under the key that was given"
_WITNESS_KEY = re.compile(r"([^\s+]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")


@dataclass
class Witnessed:
    """The line of a witness over a head; `text` is that head, once its root is known."""

    by: str
    size: int
    name: str
    at: str
    """The time that the witness claims."""
    line: str
    key: str
    """As the file names it; "" without one."""
    text: bytes = b""
    checked: str = NOT_CHECKED

    @property
    def place(self) -> str:
        return f"witness {self.name} over entries 1 to {self.size} of {self.by}"

    def words(self) -> str:
        """Say what the line is worth."""
        if self.checked == NOT_CHECKED:
            return f"a line of {self.place}: present, not checked; give its key with --witness"
        extent = f"this ledger of {self.by} with {self.size} entries on {self.at[:10]}"
        seen = f"witness {self.name} has seen {extent}"
        if self.checked == BY_READER:
            return f"{seen}, checked {BY_READER}"
        return f"{seen}, checked under key {self.key.split('+')[1]}; compare that key with the witness"

    def fault_under(self, key: str, *, checked: str) -> str:
        """Check the line under a key; return what does not hold, or "" and mark it as checked."""
        name, public = read_witness_key(key)
        named, hashed, seconds, signature = read_cosignature(self.line)
        if (named, hashed) != (name, note_key_hash(name, public, kind=WITNESS_KIND)):
            return f"the line of {self.place} is of another key"
        if not verify_signature(public, f"cosignature/v1\ntime {seconds}\n".encode() + self.text, signature):
            return f"the line of {self.place} is not over this head"
        self.checked = checked
        return ""


def read_witness_key(key: str) -> tuple[str, bytes]:
    """Return name and public key of a witness.

    Raises:
        WrongFormError: another form, or the parts contradict each other.
    """
    match = _WITNESS_KEY.fullmatch(key)
    raw = read_standard(match[3]) if match else b""
    if match is None or raw[:1] != bytes([WITNESS_KIND]):
        raise WrongFormError("the key of a witness is not <name>+<8 hex digits>+<base64 of 33 bytes>")
    if note_key_hash(match[1], raw[1:], kind=WITNESS_KIND).hex() != match[2]:
        raise WrongFormError("the key id of a witness is not that of its name and key")
    return match[1], raw[1:]


def read_witnessed(said: Mapping[str, Any], by: str, size: int) -> Witnessed:
    """Return the line of a witness in a file; `size` is that of the largest head that it may be over."""
    if not isinstance(said["size"], int) or not 0 < said["size"] <= size:
        raise WrongFormError("the line of a witness is over no head of its log")
    name, _, seconds, _ = read_cosignature(str(said["line"]))
    try:
        at = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        raise WrongFormError("the time of a witness is no date") from None
    if said["key"]:
        read_witness_key(str(said["key"]))
    return Witnessed(by, said["size"], name, at, str(said["line"]), str(said["key"]))


def faults_under_file(lines: list[Witnessed]) -> list[str]:
    """Check each line under the key beside it; return what does not hold."""
    found = [one.fault_under(one.key, checked=BY_FILE) for one in lines if one.key]
    return [words for words in found if words]


def faults_under_given(lines: list[Witnessed], given: list[str]) -> list[str]:
    """Check lines under the keys that the reader gives, by name; return what does not hold.

    Raises:
        WrongFormError: a given key has another form.
    """
    keys = {read_witness_key(key)[0]: key for key in given}
    found = [one.fault_under(keys[one.name], checked=BY_READER) for one in lines if one.name in keys]
    return [words for words in found if words]
