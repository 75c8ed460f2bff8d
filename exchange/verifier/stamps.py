# SPDX-License-Identifier: Apache-2.0
"""Time stamps of third parties over heads (RFC 3161): listed, checked where possible, else written out.

1. The reply holds SHA-256 of the three lines of the head; else it is a stamp of something else, a fault.
2. With the certificates of the authority (`--tsa-roots`) and the library `rfc3161-client`, signature, chain
   and imprint are checked, at the time that the reply says. What does not hold is a fault.
3. Without them the stamps are present and not checked. `--stamps FOLDER` writes each with the text it
   stamps, for `openssl ts`, which every court's expert has.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.verifier.forms import WrongFormError, read_object, read_segment
from exchange.verifier.pack import STAMP_NAMES

MAX_REPLY: int = 64 * 1024


@dataclass
class HeadStamp:
    """A time stamp over a head; `text` is that head, once its root was computed."""

    by: str
    size: int
    tsa: str
    at: str
    """The time, as the exporter read it out of the reply; proved only if the stamp is checked."""
    reply: bytes
    text: bytes = b""
    checked: bool = False

    @property
    def names_head(self) -> bool:
        return hashlib.sha256(self.text).digest() in self.reply


def read_stamp(value: bytes, by: str, size: int) -> HeadStamp:
    """Return a time stamp in a pack; `size` is that of its log."""
    return stamp_of(read_object(value, STAMP_NAMES, what="a time stamp in the pack"), by, size)


def stamp_of(said: Mapping[str, Any], by: str, size: int) -> HeadStamp:
    """Return the time stamp that a file tells; `size` is that of the largest head that it may be over."""
    if not isinstance(said["size"], int) or not 0 < said["size"] <= size:
        raise WrongFormError("a time stamp in the pack is over no head of its log")
    reply = read_segment(str(said["reply"]).encode("ascii", "replace"))
    if len(reply) > MAX_REPLY:
        raise WrongFormError("a time stamp in the pack is too long")
    return HeadStamp(by, said["size"], str(said["tsa"]), str(said["at"]), reply)


def note_text(place: dict[str, Any], size: int, root: bytes) -> bytes:
    """Return the three lines of a head."""
    origin = f"exchange/v1/{place['link']}/{place['by']}/{place['ep']}"
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def check_stamp(stamp: HeadStamp, roots: bytes) -> bool | None:
    """Return whether a stamp holds under the certificates in PEM, or None without a library for it."""
    try:
        from cryptography.x509 import load_pem_x509_certificates
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError:
        return None
    builder = VerifierBuilder()
    try:
        for one in load_pem_x509_certificates(roots):
            is_root = one.issuer == one.subject
            add = builder.add_root_certificate if is_root else builder.add_intermediate_certificate
            builder = add(one)
        builder.build().verify_message(decode_timestamp_response(stamp.reply), stamp.text)
    except (VerificationError, ValueError):
        return False
    return True


def write_out(stamps: list[HeadStamp], folder: Path) -> list[str]:
    """Write each stamp with its text into a folder; return the commands that check them."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = []
    for number, stamp in enumerate(stamps, start=1):
        text, reply = folder / f"stamp-{number}.txt", folder / f"stamp-{number}.tsr"
        text.write_bytes(stamp.text)
        reply.write_bytes(stamp.reply)
        commands.append(f"openssl ts -verify -data {text} -in {reply} -CAfile <root of the authority>.pem")
    return commands
