# SPDX-License-Identifier: Apache-2.0
"""An evidence pack: a text file in which every line is a word, a space and one value.

    exchange-evidence/v1
    header {"at", "by", "link", "logs": [{"by", "ep", "size"}, ...], "partner"}
    agreement {"raw": base64url, "signatures": {agency: detached JWS}}      version 1 first
    card <compact JWS>                                                      of both agencies, by serial
    log {"by", "cosigned", "cosignature", "ep", "head", "size"}             then its leaves, then the next log
    signed {"line", "size"}                                                 second signatures over its heads
    stamp {"at", "reply", "size", "tsa"}                                    time stamps over its heads
    witness {"key", "line", "size"}                                         lines of witnesses over its heads
    leaf <exactly the bytes that were hashed>
    envelope <compact JWS, exactly as it was sent>                          of both directions
    end {"lines", "sha256"}                                                 over all lines before it

`head` is the signed note of the whole log, `cosigned` the note of the largest head that the other side
signed, and `cosignature` that signature line; both are "" when there is none. A pack holds no content of a
message: what an envelope names is sealed, or erased, and its digest says nothing about it.

A pack is read once, line by line, in constant memory but for what the checks keep. A pack that was cut,
or changed by accident, is refused whole; who changes it on purpose has to forge signatures.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from exchange.verifier.forms import MAX_LINE, WrongFormError, read_object

FIRST_LINE: Final = b"exchange-evidence/v1\n"
WORDS: Final = ("header", "agreement", "card", "log", "signed", "stamp", "witness", "leaf", "envelope", "end")
"""The words in the order in which they may come; `leaf` goes back to `log` once."""
HEADER_NAMES: Final = {"at", "by", "link", "logs", "partner"}
STAMP_NAMES: Final = {"at", "reply", "size", "tsa"}
SIGNED_NAMES: Final = {"line", "size"}
LOG_NAMES: Final = {"by", "cosignature", "cosigned", "ep", "head", "size"}


@dataclass(frozen=True)
class Record:
    """One line of a pack."""

    word: str
    value: bytes
    number: int
    """Of the line, from 1, for messages about it."""


@dataclass(frozen=True)
class Form:
    """A file of records: its first line, the words that may come, and the longest line."""

    first_line: bytes
    words: tuple[str, ...]
    max_line: int = MAX_LINE


PACK: Final = Form(FIRST_LINE, WORDS)


def read_pack(path: Path, form: Form = PACK) -> Iterator[Record]:
    """Yield the records of a pack, or of a file like it, between its first and its last line.

    Raises:
        WrongFormError: not a pack, cut, changed, or another version; also after the last record.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if file.readline(len(form.first_line)) != form.first_line:
            raise WrongFormError("the file is not an evidence pack of version 1")
        yield from _records(file, form)


def _records(file: BinaryIO, form: Form) -> Iterator[Record]:
    hashed, number = hashlib.sha256(form.first_line), 1
    while line := file.readline(form.max_line):
        number += 1
        record = _record(line, number, form)
        if record.word == "end":
            _check_end(record, hashed.digest(), file)
            return
        hashed.update(line)
        yield record
    raise WrongFormError(f"the pack ends after line {number} without its last line: it was cut")


def _record(line: bytes, number: int, form: Form) -> Record:
    word, space, value = line.partition(b" ")
    name = word.decode("ascii", "replace")
    if not line.endswith(b"\n") or not space or name not in form.words:
        raise WrongFormError(f"line {number} of the pack is too long, cut, or of an unknown kind")
    return Record(name, value[:-1], number)


def _check_end(record: Record, digest: bytes, file: BinaryIO) -> None:
    end = read_object(record.value, {"lines", "sha256"}, what="the last line of the pack")
    if end["lines"] != record.number - 1 or end["sha256"] != digest.hex():
        raise WrongFormError("the pack does not have the lines or the digest that its last line says")
    if file.read(1):
        raise WrongFormError("something follows the last line of the pack")


def read_header(record: Record) -> dict[str, Any]:
    """Return the header of a pack."""
    if record.word != "header":
        raise WrongFormError("the pack does not begin with its header")
    header = read_object(record.value, HEADER_NAMES, what="the header of the pack")
    logs = header["logs"]
    if not isinstance(logs, list) or len(logs) != 2 or header["by"] == header["partner"]:
        raise WrongFormError("the header does not name two agencies and their two logs")
    return header
