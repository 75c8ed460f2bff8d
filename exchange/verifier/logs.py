# SPDX-License-Identifier: Apache-2.0
"""One log of a link: its leaves, the head over them, and the other side's signature.

1. Each leaf is the one canonical form, names this link, writer and epoch, and has the next index.
2. The root over all leaves is computed here; the head in the pack says the same size and root.
3. The head is signed by a head key of the writer that counts at its last leaf.
4. The cosigned head lies on the way: its size and root are those of our own tree at that size.
5. The cosignature is by a cosign key of the other side, over exactly that head.
6. A second signature lies on the way, too. One of a key in a card that does not verify is a fault; one of
   another key is left alone; without a library that knows ML-DSA-44 none is checked, and that is said.
7. A time stamp is over a head on the way (`stamps`), and so is the line of a witness (`witnessed`).

What the leaves say is kept for `messages`. A leaf that is not legal has no effect and is named.
"""

from dataclasses import dataclass, field
from typing import Any

from exchange.verifier.ed25519 import verify_signature
from exchange.verifier.forms import (
    Note,
    WrongFormError,
    canonical,
    note_key_hash,
    read_cosignature,
    read_json,
    read_lattice_line,
    read_note,
    read_object,
    read_segment,
)
from exchange.verifier.keys import Keys
from exchange.verifier.lattice import LATTICE, NO_TIME, lattice_message, named_key
from exchange.verifier.pack import LOG_NAMES, SIGNED_NAMES, Record
from exchange.verifier.stamps import HeadStamp, note_text, read_stamp
from exchange.verifier.tree import Tree, leaf_hash_of
from exchange.verifier.witnessed import WITNESS_NAMES, Witnessed, faults_under_file, read_witnessed


@dataclass(frozen=True)
class Sent:
    """A leaf `sent`: which message has a number, and where it stands."""

    index: int
    id: str
    eh: str
    cd: str
    pc: str


@dataclass
class Verdict:
    """What the recipient's log says of a number; `code` only with a rejection."""

    index: int
    id: str
    eh: str
    cd: str
    kind: str
    code: str = ""


@dataclass
class Log:
    """One log as it was read and judged."""

    by: str
    other: str
    ep: int
    size: int
    cosigned: int = 0
    """Entries that the other side held and signed, as far as that signature was verified."""
    signed: bool = False
    root: bytes = b""
    hashes: bytearray = field(default_factory=bytearray)
    first: int = 1
    """The number with which this epoch begins; lower ones were sent in an epoch before."""
    sent: dict[int, Sent] = field(default_factory=dict)
    given_up: dict[int, str] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    agreements: list[tuple[int, int, str]] = field(default_factory=list)
    """Version, first number, digest: from the leaves `open` and `agrx`."""
    previous: tuple[int, bytes, str] | None = None
    """How many entries the epoch before had, their root, and why it was ended: from the leaf `epch`."""
    signed_again: int = 0
    """Heads with a second signature that was verified."""
    unread: int = 0
    """Second signatures that were not checked: of unknown keys, or for want of a library."""
    stamps: list[HeadStamp] = field(default_factory=list)
    """Time stamps over its heads."""
    witnessed: list[Witnessed] = field(default_factory=list)
    """Lines of witnesses over its heads."""
    faults: list[str] = field(default_factory=list)

    @property
    def carried(self) -> set[int]:
        """Numbers of an epoch before that this one gives up."""
        return {number for number in self.given_up if number < self.first}


class LogReader:
    """Reads the leaves of one log, then judges its heads."""

    def __init__(self, record: Record, *, link: str, keys: dict[str, Keys]) -> None:
        said = read_object(record.value, LOG_NAMES, what="a log in the pack")
        others = [agency for agency in keys if agency != said["by"]]
        if said["by"] not in keys or len(others) != 1:
            raise WrongFormError("a log in the pack is of an agency that is no party")
        self.log = Log(said["by"], others[0], said["ep"], said["size"])
        self._said, self._keys = said, keys
        self._place = {"v": 1, "link": link, "by": said["by"], "ep": said["ep"]}
        self._tree = Tree()
        self._cosigned = read_note(said["cosigned"]) if said["cosigned"] else None
        self._cosigned_root = b""
        self._lines: dict[int, str] = {}
        self._roots: dict[int, bytes] = {}
        self._wanted: frozenset[int] = frozenset()

    def take_signed(self, value: bytes) -> None:
        """Take a second signature over a head; they come before the entries."""
        said = read_object(value, SIGNED_NAMES, what="a second signature in the pack")
        if not isinstance(said["size"], int) or not 0 < said["size"] <= self.log.size or self._tree.size:
            raise WrongFormError("a second signature in the pack is over no head of its log")
        self._lines[said["size"]] = str(said["line"])

    def take_stamp(self, value: bytes) -> None:
        """Take a time stamp over a head; they come before the entries."""
        if self._tree.size:
            raise WrongFormError("a time stamp in the pack does not come before the entries")
        self.log.stamps.append(read_stamp(value, self.log.by, self.log.size))

    def take_witnessed(self, value: bytes) -> None:
        """Take the line of a witness over a head; they come before the entries."""
        if self._tree.size:
            raise WrongFormError("the line of a witness in the pack does not come before the entries")
        said = read_object(value, WITNESS_NAMES, what="the line of a witness in the pack")
        self.log.witnessed.append(read_witnessed(said, self.log.by, self.log.size))

    def take(self, raw: bytes) -> None:
        """Take the next leaf (rule 1)."""
        log = self.log
        if not self._tree.size:
            self._wanted = frozenset(
                [*self._lines, *(one.size for one in log.stamps), *(one.size for one in log.witnessed)]
            )
        leaf = read_json(raw, what=f"entry {self._tree.size + 1} of {log.by}")
        if not isinstance(leaf, dict) or canonical(leaf) != raw or not self._is_next(leaf):
            raise WrongFormError(f"entry {self._tree.size + 1} of {log.by} is not the next entry of this log")
        digest = leaf_hash_of(raw)
        self._tree.add(digest)
        log.hashes += digest
        if self._cosigned and self._cosigned.size == self._tree.size:
            self._cosigned_root = self._tree.root()
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root()
        try:
            self._note(leaf)
        except (KeyError, TypeError, ValueError):
            log.faults.append(f"entry {leaf['i'] + 1} of {log.by} does not have the form of its event")

    def _is_next(self, leaf: dict[str, Any]) -> bool:
        return leaf.get("i") == self._tree.size and all(
            leaf.get(name) == value for name, value in self._place.items()
        )

    def _note(self, leaf: dict[str, Any]) -> None:
        log = self.log
        match leaf["ev"]:
            case "sent":
                self._note_sent(leaf)
            case "rcvd":
                self._note_received(leaf)
            case "accp" | "rejc":
                self._note_decision(leaf)
            case "void":
                log.given_up.setdefault(leaf["seq"], leaf["code"])
            case "keyx":
                self._keys[log.by].take_change(leaf)
            case "open" | "epch" | "agrx":
                self._note_ground(leaf)

    def _note_ground(self, leaf: dict[str, Any]) -> None:
        log = self.log
        match leaf["ev"]:
            case "open":
                log.agreements.append((leaf["n"], 1, leaf["ad"]))
            case "epch":
                log.previous = (leaf["sz"], read_segment(leaf["rt"].encode("ascii")), leaf["why"])
            case _:
                if log.ep > 1 and leaf["i"] == 1:
                    log.first = leaf["fs"]
                log.agreements.append((leaf["n"], leaf["fs"], leaf["ad"]))

    def _note_sent(self, leaf: dict[str, Any]) -> None:
        log = self.log
        if leaf["seq"] in log.sent or leaf["seq"] != log.first + len(log.sent):
            log.faults.append(f"entry {leaf['i'] + 1} of {log.by}: number {leaf['seq']} is not the next one")
            return
        log.sent[leaf["seq"]] = Sent(leaf["i"], leaf["id"], leaf["eh"], leaf["cd"], leaf["pc"])

    def _note_received(self, leaf: dict[str, Any]) -> None:
        log = self.log
        if leaf["seq"] in log.verdicts:
            log.faults.append(f"entry {leaf['i'] + 1} of {log.by}: number {leaf['seq']} is recorded twice")
            return
        log.verdicts[leaf["seq"]] = Verdict(
            leaf["i"], leaf["id"], leaf["eh"], leaf["cd"], leaf["k"], leaf.get("code", "")
        )

    def _note_decision(self, leaf: dict[str, Any]) -> None:
        log, number = self.log, leaf["seq"]
        kind = "accepted" if leaf["ev"] == "accp" else "rejected"
        held = log.verdicts.get(number)
        if held is None and leaf.get("code") == "voided":
            log.verdicts[number] = Verdict(leaf["i"], leaf["id"], "", "", kind, "voided")
        elif held is None or held.kind != "held" or held.id != leaf["id"]:
            log.faults.append(f"entry {leaf['i'] + 1} of {log.by}: number {number} was not held")
        else:
            held.index, held.kind, held.code = leaf["i"], kind, leaf.get("code", "")

    def finish(self) -> Log:
        """Judge head and cosignature; requires that all leaves were taken, of both logs' keys too."""
        log = self.log
        log.root = self._tree.root()
        if self._tree.size != log.size:
            raise WrongFormError(f"the pack holds {self._tree.size} of {log.size} entries of {log.by}")
        if log.size:
            self._judge_head()
        if self._cosigned:
            self._judge_cosignature(self._cosigned)
        for size, line in self._lines.items():
            self._judge_again(size, line)
        for stamp in log.stamps:
            self._judge_stamp(stamp)
        for seen in log.witnessed:
            seen.text = note_text(self._place, seen.size, self._roots[seen.size])
        log.faults += faults_under_file(log.witnessed)
        return log

    def _judge_stamp(self, stamp: HeadStamp) -> None:  # 7
        stamp.text = note_text(self._place, stamp.size, self._roots[stamp.size])
        if not stamp.names_head:
            self.log.faults.append(
                f"a time stamp over entries 1 to {stamp.size} of {stamp.by} is of something else"
            )

    def _judge_again(self, size: int, line: str) -> None:  # 6
        log = self.log
        key = named_key(line, size, self._keys[log.by])
        if key is None or LATTICE is None:
            log.unread += 1
            return
        _, _, time, signature = read_lattice_line(line)
        message = lattice_message(self._place, size, self._roots[size])
        if time == NO_TIME and LATTICE(key.raw, message, signature):
            log.signed_again += 1
        else:
            log.faults.append(f"the second signature of {log.by} over entries 1 to {size} does not verify")

    def _judge_head(self) -> None:
        log = self.log
        note = read_note(self._said["head"]) if self._said["head"] else None
        if note is None or (note.size, note.root) != (log.size, log.root):
            log.faults.append(f"the head of {log.by} does not have the size and root of its entries")
        elif not self._is_signed(note):
            log.faults.append(f"the head of {log.by} is not signed by a head key that counts there")
        else:
            log.signed = True

    def _is_signed(self, note: Note) -> bool:  # 3
        log = self.log
        if (note.link, note.by, note.ep) != (self._place["link"], log.by, log.ep):
            return False
        return is_signed_head(note, self._keys[log.by])

    def _judge_cosignature(self, note: Note) -> None:
        log = self.log
        if not note.size or note.size > log.size or note.root != self._cosigned_root:  # 4
            log.faults.append(f"the head that {log.other} signed is not one of this log of {log.by}")
        elif not self._is_signed(note):
            log.faults.append(f"the head that {log.other} signed is not signed by {log.by}")
        elif not self._is_cosigned(note):
            log.faults.append(f"the signature of {log.other} over the log of {log.by} does not verify")
        else:
            log.cosigned = note.size

    def _is_cosigned(self, note: Note) -> bool:  # 5
        return is_cosigned_head(note, self._said["cosignature"], self._keys[self.log.other])


def is_signed_head(note: Note, keys: Keys) -> bool:
    """Return True if a head is signed by a head key of its writer that counts at its last entry."""
    name = f"{note.by}/head"
    return note.name == name and any(
        key.counts_at(note.size - 1)
        and note_key_hash(name, key.raw, kind=1) == note.key_hash
        and verify_signature(key.raw, note.text.encode(), note.signature)
        for key in keys.of_use("head")
    )


def is_cosigned_head(note: Note, line: str, keys: Keys) -> bool:
    """Return True if a line is the cosignature of an agency over exactly this head."""
    name, hashed, seconds, signature = read_cosignature(line)
    signed = f"cosignature/v1\ntime {seconds}\n{note.text}".encode()
    return name == f"{keys.agency}/cosign" and any(
        note_key_hash(name, key.raw, kind=4) == hashed and verify_signature(key.raw, signed, signature)
        for key in keys.of_use("cosign")
    )
