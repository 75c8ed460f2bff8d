# SPDX-License-Identifier: Apache-2.0
"""Verifies one evidence pack from its first line to its last.

    pack -> header, agreements, cards -> logs with their leaves -> heads and cosignatures -> envelopes -> join

Wrong form anywhere refuses the whole pack (`WrongFormError`): nothing half read is reported. A right form
with wrong content is a fault or a difference, named with its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange.verifier.forms import WrongFormError, read_json, read_segment
from exchange.verifier.keys import Agreements, Keys
from exchange.verifier.lattice import LATTICE
from exchange.verifier.logs import Log, LogReader
from exchange.verifier.messages import Difference, Direction, Envelopes, join
from exchange.verifier.pack import Record, read_header, read_pack
from exchange.verifier.stamps import check_stamp
from exchange.verifier.witnessed import NOT_CHECKED, faults_under_given


@dataclass
class Verified:
    """What a pack proves, what differs, and what could not be checked."""

    header: dict[str, Any]
    agreements: Agreements
    keys: dict[str, Keys]
    logs: dict[str, Log]
    directions: list[Direction]
    differences: list[Difference]
    unchecked: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [fault for log in self.logs.values() for fault in log.faults]

    @property
    def holds(self) -> bool:
        """True if nothing that was checked differs."""
        return not self.faults and not self.differences


class Reading:
    """Takes the records of a pack in their order."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._current = next(records, None)

    @property
    def word(self) -> str:
        return self._current.word if self._current else ""

    def take(self) -> Record:
        record = self._current
        if record is None:
            raise WrongFormError("the pack ends too early")
        self._current = next(self._records, None)
        return record


def verify_pack(path: Path) -> Verified:
    """Return what a pack proves.

    Raises:
        WrongFormError: the file is not a whole evidence pack.
        OSError: the file cannot be read.
    """
    reading = Reading(read_pack(path))
    header = read_header(reading.take())
    agreements = Agreements(header["link"])
    while reading.word == "agreement":
        agreements.take(reading.take().value)
    keys = read_keys(reading, agreements, header)
    logs = _logs(reading, header, keys)
    envelopes = Envelopes(link=header["link"], logs=logs, keys=keys)
    while reading.word == "envelope":
        envelopes.take(reading.take().value)
    if reading.word:
        raise WrongFormError(f"a line of the kind {reading.word} stands where none may come")
    one, other = logs.values()
    directions = [join(one, other, envelopes.right[one.by]), join(other, one, envelopes.right[other.by])]
    differences = [*envelopes.differences, *(item for way in directions for item in way.differences)]
    verified = Verified(header, agreements, keys, logs, directions, differences)
    _judge_agreements(verified)
    verified.unchecked = _unchecked(verified)
    return verified


def read_keys(reading: Reading, agreements: Agreements, header: dict[str, Any]) -> dict[str, Keys]:
    """Return the keys of both agencies from their cards."""
    if set(agreements.parties) != {header["by"], header["partner"]}:
        raise WrongFormError("the pack holds no agreement between the two agencies of its header")
    keys = {agency: Keys(agency, list(pinned)) for agency, pinned in agreements.recoveries.items()}
    while reading.word == "card":
        card = reading.take().value
        keys[_agency_of(card, keys)].take_card(card)
    if not all(one.cards for one in keys.values()):
        raise WrongFormError("the pack does not hold a card of each agency")
    return keys


def _agency_of(card: bytes, keys: dict[str, Keys]) -> str:
    segments = card.split(b".")
    said = read_json(read_segment(segments[1]), what="a card") if len(segments) == 3 else {}
    agency = said.get("agency") if isinstance(said, dict) else None
    if not isinstance(agency, str) or agency not in keys:
        raise WrongFormError("a card in the pack is of an agency that is no party")
    return agency


def _logs(reading: Reading, header: dict[str, Any], keys: dict[str, Keys]) -> dict[str, Log]:
    readers = []
    while reading.word == "log":
        reader = LogReader(reading.take(), link=header["link"], keys=keys)
        while reading.word == "signed":
            reader.take_signed(reading.take().value)
        while reading.word == "stamp":
            reader.take_stamp(reading.take().value)
        while reading.word == "witness":
            reader.take_witnessed(reading.take().value)
        while reading.word == "leaf":
            reader.take(reading.take().value)
        readers.append(reader)
    for one in keys.values():
        one.finish()
    logs = {reader.log.by: reader.finish() for reader in readers}
    said = {row["by"]: (row["ep"], row["size"]) for row in header["logs"]}
    if len(readers) != 2 or {log.by: (log.ep, log.size) for log in logs.values()} != said:
        raise WrongFormError("the pack does not hold the two logs that its header names")
    return logs


def _judge_agreements(verified: Verified) -> None:
    """Name leaves that speak of an agreement version which is not in the pack, or has other bytes."""
    digests = verified.agreements.digests
    for log in verified.logs.values():
        for n, _, digest in log.agreements:
            if not 1 <= n <= len(digests) or digests[n - 1] != digest:
                log.faults.append(
                    f"the log of {log.by} names version {n} of the agreement, not as in the pack"
                )


def judge_stamps(verified: Verified, roots: bytes) -> None:
    """Check the time stamps of a pack under the certificates of their authorities, where a library can."""
    for log in verified.logs.values():
        for stamp in log.stamps:
            holds = check_stamp(stamp, roots)
            stamp.checked = bool(holds)
            if holds is False:
                place = f"entries 1 to {stamp.size} of {log.by}"
                log.faults.append(f"a time stamp over {place} does not verify under the given certificates")
    verified.unchecked = _unchecked(verified)


def judge_witnesses(verified: Verified, keys: list[str]) -> None:
    """Check the lines of witnesses under the keys that the reader gives.

    Raises:
        WrongFormError: a key has another form.
    """
    for log in verified.logs.values():
        log.faults += faults_under_given(log.witnessed, keys)
    verified.unchecked = _unchecked(verified)


def _unchecked_stamps(log: Log) -> str:
    number = sum(not stamp.checked for stamp in log.stamps)
    return (
        f"{number} time stamps over heads of {log.by}: present, not checked by this program;"
        " give --tsa-roots, or write them out with --stamps and use openssl ts"
    )


def _unread(log: Log) -> str:
    why = "of keys in no card" if LATTICE else "they need the Python library cryptography 50 or newer"
    return f"{log.unread} second signatures (ML-DSA-44) over heads of {log.by}: {why}"


def _unchecked(verified: Verified) -> list[str]:
    """Return in words what this pack cannot show, whatever it holds."""
    found = [
        "what the messages say: a pack holds no content",
        "when things happened: times are claims of their writers; the order of entries is proved",
        "that the keys belong to the agencies: compare the recovery keys with the enrolment minutes",
    ]
    for log in verified.logs.values():
        if log.cosigned < log.size:
            found.append(
                f"entries {log.cosigned + 1} to {log.size} of {log.by}: {log.other} has not signed them yet"
            )
        if any(not stamp.checked for stamp in log.stamps):
            found.append(_unchecked_stamps(log))
        found += [line.words() for line in log.witnessed if line.checked == NOT_CHECKED]
        if log.unread:
            found.append(_unread(log))
        if log.ep > 1:
            found.append(f"epochs of {log.by} before {log.ep}: they are packs of their own")
    for one in verified.keys.values():
        found += [
            f"what was held before a key of {one.agency} for {key.use} was known as compromised"
            for key in one.by_id.values()
            if key.compromised
        ]
    return found
