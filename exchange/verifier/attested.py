# SPDX-License-Identifier: Apache-2.0
"""What third parties and second keys said about the heads of a disclosure.

1. `other`: a head of another size than the one that the entries are proved under. A consistency proof shows
   that the smaller of the two is the beginning of the larger (RFC 9162, 2.1.4.2).
2. `signed`: a second signature (ML-DSA-44) of the writer, with a key that an entry of the file begins; of
   another key, or without a library, it is present and not checked.
3. `stamp`: a time stamp (RFC 3161) that names SHA-256 of the head.
4. `witness`: the line of a witness over the head (`witnessed`).
5. Each is over one of these heads, and that head covers every entry of the message in its log.

Nothing here is needed for the rest of a disclosure to hold; what is here and wrong is a fault.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchange.verifier.claims import Fault
from exchange.verifier.forms import Note, WrongFormError, read_lattice_line, read_object, read_segment
from exchange.verifier.keys import Keys
from exchange.verifier.lattice import LATTICE, NO_TIME, lattice_message, named_key
from exchange.verifier.pack import SIGNED_NAMES, STAMP_NAMES
from exchange.verifier.stamps import HeadStamp, check_stamp, note_text, stamp_of
from exchange.verifier.tree import is_beginning
from exchange.verifier.witnessed import (
    WITNESS_NAMES,
    Witnessed,
    faults_under_file,
    faults_under_given,
    read_witnessed,
)

OTHER_NAMES: Final = {"by", "proof", "root", "size"}


@dataclass
class SignedAgain:
    """A second signature over a head; `state` is in words."""

    by: str
    size: int
    line: str
    state: str = "present, not checked"


@dataclass
class Attested:
    """What was said about the heads of a file, by log and size."""

    notes: dict[str, Note]
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)
    again: list[SignedAgain] = field(default_factory=list)
    stamps: list[HeadStamp] = field(default_factory=list)
    witnessed: list[Witnessed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def takes(self) -> dict[str, Callable[[bytes], None]]:
        """Return what takes the value of which word."""
        return {
            "other": self._take_other,
            "signed": self._take_again,
            "stamp": self._take_head_stamp,
            "witness": self._take_witness,
        }

    def _take_other(self, value: bytes) -> None:  # 1
        said = read_object(value, OTHER_NAMES, what="another head in the file")
        note, size = self._note_of(said), said["size"]
        root = read_segment(str(said["root"]).encode("ascii", "replace"))
        if not isinstance(size, int) or (note.by, size) in self.roots or size in (0, note.size):
            raise WrongFormError("another head in the file has the size of one that is there")
        self.roots[note.by, size] = root
        path = [read_segment(one.encode("ascii")) for one in said["proof"]]
        first, second = sorted([(note.size, note.root), (size, root)])
        if not is_beginning(first[1], second[1], sizes=(first[0], second[0]), path=path):
            words = f"heads of {note.by} over {size} and {note.size} entries are not of one history"
            self._fail("head_not_consistent", words)

    def _take_again(self, value: bytes) -> None:
        said = read_object(value, SIGNED_NAMES | {"by"}, what="a second signature in the file")
        self._root_of(said)
        read_lattice_line(str(said["line"]))
        self.again.append(SignedAgain(said["by"], said["size"], str(said["line"])))

    def _take_head_stamp(self, value: bytes) -> None:
        said = read_object(value, STAMP_NAMES | {"by"}, what="a time stamp in the file")
        root = self._root_of(said)
        stamp = stamp_of(said, said["by"], said["size"])
        stamp.text = note_text(self._place_of(said["by"]), stamp.size, root)
        self.stamps.append(stamp)

    def _take_witness(self, value: bytes) -> None:
        said = read_object(value, WITNESS_NAMES | {"by"}, what="the line of a witness in the file")
        root = self._root_of(said)
        line = read_witnessed(said, said["by"], said["size"])
        line.text = note_text(self._place_of(line.by), line.size, root)
        self.witnessed.append(line)

    def _note_of(self, said: Mapping[str, Any]) -> Note:
        if said["by"] not in self.notes:
            raise WrongFormError("something in the file is about the head of an agency that is no party")
        return self.notes[said["by"]]

    def _root_of(self, said: Mapping[str, Any]) -> bytes:  # 5
        note, size = self._note_of(said), said["size"]
        if not isinstance(size, int) or (size != note.size and (note.by, size) not in self.roots):
            raise WrongFormError("something in the file is over a head that is not in it")
        return note.root if size == note.size else self.roots[note.by, size]

    def _place_of(self, by: str) -> dict[str, Any]:
        note = self.notes[by]
        return {"link": note.link, "by": by, "ep": note.ep}

    def judge(self, keys: Mapping[str, Keys], last: Mapping[str, int]) -> None:
        """Judge everything; `last` is the index of the last entry of the message in each log."""
        for again in self.again:
            self._judge_second(again, keys[again.by])  # 2
        for stamp in self.stamps:  # 3
            if not stamp.names_head:
                self._fail(
                    "stamp_of_other_head", f"a time stamp over {_extent_of(stamp)} is of something else"
                )
        for words in faults_under_file(self.witnessed):  # 4
            self._fail("witness_not_over_head", words)
        everything: list[SignedAgain | HeadStamp | Witnessed] = [*self.again, *self.stamps, *self.witnessed]
        for one in everything:  # 5
            if one.size <= last[one.by]:
                self._fail(
                    "head_before_message", f"{_extent_of(one)} do not hold every entry of this message"
                )

    def _judge_second(self, again: SignedAgain, keys: Keys) -> None:
        key = named_key(again.line, again.size, keys)
        if key is None:
            again.state = "present, not checked: of a key that no entry of this file begins"
        elif LATTICE is None:
            again.state = "present, not checked: it needs the Python library cryptography 50 or newer"
        else:
            _, _, time, signature = read_lattice_line(again.line)
            root = self._root_of({"by": again.by, "size": again.size})
            message = lattice_message(self._place_of(again.by), again.size, root)
            if time == NO_TIME and LATTICE(key.raw, message, signature):
                again.state = "checked"
                return
            again.state = "does not verify"
            self._fail(
                "second_signature_wrong", f"the second signature over {_extent_of(again)} does not verify"
            )

    def judge_given(self, roots: bytes | None, witnesses: list[str]) -> None:
        """Check what needs more than the file: certificates of authorities, keys of witnesses.

        Raises:
            WrongFormError: the key of a witness has another form.
        """
        for stamp in self.stamps if roots is not None else ():
            holds = check_stamp(stamp, roots or b"")
            stamp.checked = bool(holds)
            if holds is False:
                words = f"a time stamp over {_extent_of(stamp)} does not verify under the given certificates"
                self._fail("stamp_not_verified", words)
        for words in faults_under_given(self.witnessed, witnesses):
            self._fail("witness_of_other_key", words)

    def _fail(self, kind: str, words: str) -> None:
        self.faults.append(Fault(kind, words))

    def words(self) -> Iterator[str]:
        """Yield in words what was said about the heads, and whether it was checked."""
        for line in self.witnessed:
            yield line.words()
        for again in self.again:
            kind = "a second time, against quantum computers (ML-DSA-44)"
            yield f"{again.by} signed entries 1 to {again.size} of its ledger {kind}: {again.state}"
        for stamp in self.stamps:
            state = "checked" if stamp.checked else "present, not checked; give --tsa-roots, or use --stamps"
            yield f"{_extent_of(stamp)} existed at {stamp.at}, says {stamp.tsa}: {state}"


def _extent_of(one: SignedAgain | HeadStamp | Witnessed) -> str:
    return f"entries 1 to {one.size} of {one.by}"
