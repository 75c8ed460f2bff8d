# SPDX-License-Identifier: Apache-2.0
"""Which keys an agency had, and in which part of its log each of them counts.

1. Agreement version 1 makes the link id, pins the recovery key of both agencies, and is signed by both.
   A later version names the link and the digest of the one before, has the same parties, and is signed. One
   of them may have a new recovery key in it, while suite and terms stay the same; then that key is pinned.
2. A card is signed by the pinned recovery key; nothing else makes a key count. The first card under a new one
   ends every key that it does not name and no leaf `keyx add` begins: it may be of whoever had the old one.
3. A key counts from its first leaf `keyx add` on, to its leaf `keyx retire` or `keyx revoke`.
4. A key that a card calls compromised, and no leaf ends, counts nowhere.

Times that anybody claims are never looked at. Where the partner held something before a compromise was
known cannot be read from a pack; the verifier says so instead of guessing.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from exchange.verifier.ed25519 import verify_signature
from exchange.verifier.forms import (
    WrongFormError,
    key_id_of,
    read_json,
    read_jws,
    read_object,
    read_segment,
    segment_of,
    sha256_text,
)

AGREEMENT: Final = "exchange-agreement+jws"
CARD: Final = "exchange-card+jws"


@dataclass
class Key:
    """A key of one use, and the entries of its owner's log between which it counts."""

    use: str
    raw: bytes
    begin: int = 0
    end: int | None = None
    compromised: bool = False
    added: bool = False
    """A leaf `keyx add` names it."""
    dropped: bool = False
    """The first card under a new recovery key does not name it."""

    def counts_at(self, index: int) -> bool:
        return self.begin <= index and (self.end is None or index < self.end)


@dataclass
class Keys:
    """The keys of one agency, from its cards and the leaves `keyx` of its log."""

    agency: str
    recoveries: list[bytes]
    """The recovery keys that the versions of the agreement pin, in their order."""
    serial: int = 0
    cards: int = 0
    by_id: dict[tuple[str, str], Key] = field(default_factory=dict)

    def take_card(self, raw: bytes) -> None:
        """Take the keys of the agency's next card (rule 2)."""
        jws = read_jws(raw, CARD)
        pinned = [key for key in self.recoveries if jws.kid == key_id_of(key)]
        if not pinned or not verify_signature(pinned[0], jws.signed, jws.signature):
            raise WrongFormError(
                f"a card of {self.agency} is not signed by the recovery key of the agreement"
            )
        card = read_json(jws.payload, what="a card")
        self._leave_older(pinned[0], card["keys"])
        if card["agency"] != self.agency or card["serial"] <= self.serial:
            raise WrongFormError(f"the cards of {self.agency} are not in the order of their serials")
        self.serial, self.cards = card["serial"], self.cards + 1
        for listed in card["keys"]:
            self._take_key(listed)

    def _leave_older(self, recovery: bytes, listed: list[dict[str, Any]]) -> None:
        """Leave the recovery keys before that of the next card behind, and what only they named (rule 2)."""
        place = self.recoveries.index(recovery)
        if place and self.cards:
            named = {(key["use"], key["kid"]) for key in listed}
            for (use, kid), key in self.by_id.items():
                key.dropped = key.dropped or (use, kid) not in named
        self.recoveries = self.recoveries[place:]

    def _take_key(self, listed: dict[str, Any]) -> None:
        raw = read_segment(listed["raw"].encode("ascii"))
        if key_id_of(raw) != listed["kid"]:
            raise WrongFormError(f"a key of {self.agency} stands under another id than its own")
        fresh = Key(listed["use"], raw, end=0 if "revoked" in listed else None)
        key = self.by_id.setdefault((listed["use"], listed["kid"]), fresh)
        if listed.get("reason") == "compromised":
            key.compromised = True

    def take_change(self, leaf: dict[str, Any]) -> None:
        """Let a leaf `keyx` begin or end a key (rule 3)."""
        key = self.by_id.get((leaf["use"], leaf["kid"]))
        if key is None:
            return
        if leaf["op"] == "add":
            key.added = True
            if key.begin == 0 and key.end is None:
                key.begin = leaf["i"]
        elif key.end is None or leaf["i"] < key.end:
            key.end = leaf["i"]

    def finish(self) -> None:
        """Close what no leaf ended: what is compromised (rule 4), or was dropped and never added (rule 2).

        Requires that the whole log was read.
        """
        for key in self.by_id.values():
            if key.end is None and (key.compromised or (key.dropped and not key.added)):
                key.end = 0

    def find(self, use: str, kid: str) -> Key | None:
        return self.by_id.get((use, kid))

    def of_use(self, use: str) -> list[Key]:
        return [key for (of, _), key in self.by_id.items() if of == use]


@dataclass
class Agreements:
    """The versions of the agreement, read in their order (rule 1)."""

    link: str
    parties: dict[str, bytes] = field(default_factory=dict)
    """Agency and its pinned recovery key."""
    recoveries: dict[str, list[bytes]] = field(default_factory=dict)
    """Agency and the recovery keys that versions pinned for it, in their order."""
    since: dict[str, list[int]] = field(default_factory=dict)
    """Agency and the version that pinned each of these keys first."""
    digests: list[str] = field(default_factory=list)
    suites: list[int] = field(default_factory=list)
    _terms: tuple[int, Any] = (0, None)
    """Suite and terms of the newest version."""

    def take(self, value: bytes) -> None:
        """Take the next version.

        Raises:
            WrongFormError: it is not the next one, or not signed by both.
        """
        names = {"raw", "signatures"}
        members = read_object(value, names, what="an agreement in the pack")
        raw = read_segment(str(members["raw"]).encode("ascii"))
        said = read_json(raw, what="an agreement")
        parties = {
            party["agency"]: read_segment(party["recovery"].encode("ascii")) for party in said["parties"]
        }
        self._check_place(said, raw, parties)
        self._check_keys(said, parties)
        for agency, recovery in parties.items():
            signature = members["signatures"].get(agency, "")
            if not is_signed(raw, signature, recovery):
                raise WrongFormError(f"version {said['n']} of the agreement is not signed by {agency}")
        for agency, recovery in parties.items():
            if recovery != self.parties.get(agency):
                self.recoveries.setdefault(agency, []).append(recovery)
                self.since.setdefault(agency, []).append(said["n"])
        self.parties, self._terms = parties, (said["suite"], said["terms"])
        self.digests.append(sha256_text(raw))
        self.suites.append(said["suite"])

    def _check_place(self, said: dict[str, Any], raw: bytes, parties: dict[str, bytes]) -> None:
        if said["n"] != len(self.digests) + 1:
            raise WrongFormError("the versions of the agreement are not in their order")
        if said["n"] == 1 and segment_of(_digest(raw)[:16]) != self.link:
            raise WrongFormError("version 1 of the agreement does not make the id of this link")
        if said["n"] > 1 and (said["link"], said["previous"], list(parties)) != (
            self.link,
            self.digests[-1],
            list(self.parties),
        ):
            raise WrongFormError(f"version {said['n']} of the agreement does not follow the one before")

    def _check_keys(self, said: dict[str, Any], parties: dict[str, bytes]) -> None:
        """Let one side have a new recovery key, in a version that changes nothing else (rule 1)."""
        renewed = [agency for agency, key in self.parties.items() if parties[agency] != key]
        if len(renewed) > 1 or (renewed and (said["suite"], said["terms"]) != self._terms):
            raise WrongFormError(f"version {said['n']} of the agreement changes more than one recovery key")

    def key_ids(self) -> dict[str, list[str]]:
        """Return the ids of the recovery keys of each agency, in the order in which they were pinned."""
        return {agency: [key_id_of(key) for key in keys] for agency, keys in self.recoveries.items()}

    def keys_told(self) -> list[tuple[str, str]]:
        """Return in words whose recovery key, since which version, and the id of each."""
        rows = []
        for agency, keys in self.recoveries.items():
            for n, key in zip(self.since[agency], keys, strict=True):
                since = "" if n == 1 else f", since version {n} of the agreement"
                rows.append((f"recovery key of {agency}{since}", key_id_of(key)))
        return rows


def is_signed(raw: bytes, signature: str, recovery: bytes) -> bool:
    """Return True if a detached signature of an agreement is by a recovery key."""
    try:
        jws = read_jws(signature.encode("ascii", "replace"), AGREEMENT, detached=raw)
    except WrongFormError:
        return False
    return jws.kid == key_id_of(recovery) and verify_signature(recovery, jws.signed, jws.signature)


def _digest(raw: bytes) -> bytes:
    return read_segment(sha256_text(raw).encode("ascii"))
