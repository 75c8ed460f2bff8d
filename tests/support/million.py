# SPDX-License-Identifier: Apache-2.0
"""Two ledgers of any length, made page by page as they are read, with planted differences of mixed classes.

Each side sends every second message and the other records it at once, so message `j` is entry `j` of both
logs. A plant changes one entry of one side.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from exchange.clock import instant_text
from exchange.ids import AgencyCode
from exchange.ledger.compare import LogView
from tests.support.logs import HOST, LINK, ORIGIN

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
LATER = timedelta(hours=26)
KINDS = ("missing_message", "hash_mismatch", "unexpected_message", "late")


def _digest(label: str) -> str:
    return urlsafe_b64encode(sha256(label.encode()).digest())[:43].decode()


@dataclass
class Ledgers:
    """Both logs of `messages` messages; `plants` gives the kind of each message that is changed."""

    messages: int
    plants: dict[int, str] = field(default_factory=dict)

    @classmethod
    def planted(cls, messages: int, count: int, seed: int = 1) -> "Ledgers":
        """Plant differences apart from each other, and neither in the first nor in the last message."""
        places = Random(seed).sample(range(1, messages // 10 - 1), count)
        return cls(messages, {10 * place: KINDS[n % len(KINDS)] for n, place in enumerate(places)})

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.messages) + timedelta(days=3)

    def sender(self, j: int) -> AgencyCode:
        return HOST if j % 2 == 0 else ORIGIN

    def expected(self) -> set[str]:
        """Return the keys of every difference that has to be named."""
        return {key for j, kind in self.plants.items() for key in self._keys(j, kind)}

    def _keys(self, j: int, kind: str) -> Iterator[str]:
        yield f"{kind}/{self.sender(j)}/{j // 2 + 1}"
        if kind == "late":
            other = ORIGIN if self.sender(j) == HOST else HOST
            yield f"time_mismatch//{other}/{j}/{other}/{j + 1}"

    def view(self, by: AgencyCode) -> LogView:
        return LogView(by, self.messages, lambda start, end: self.page(by, start, end), self.messages)

    def page(self, by: AgencyCode, start: int, end: int) -> list[bytes]:
        return [self._leaf(by, j).encode() for j in range(start, min(end, self.messages))]

    def _leaf(self, by: AgencyCode, j: int) -> str:
        kind, is_sender = self.plants.get(j, ""), by == self.sender(j)
        at = BEGIN + timedelta(seconds=j) + (LATER if kind == "late" and not is_sender else timedelta())
        if (kind == "unexpected_message" and is_sender) or (kind == "missing_message" and not is_sender):
            return (
                f'{{"by":"{by}","ep":1,"ev":"beat","i":{j},"link":"{LINK}","t":"{instant_text(at)}","v":1}}'
            )
        end, seq = f"{j:012x}", j // 2 + 1
        eh = _digest(f"{j} other" if kind == "hash_mismatch" and not is_sender else f"{j}")
        id, t, cd = f"0192f0c1-7a3e-7d10-8c3b-{end}", instant_text(at), _digest(f"{j} body")
        common = f'"ep":1,"ev":"{"sent" if is_sender else "rcvd"}","i":{j},"id":"{id}"'
        own = f'"pc":"{cd}","seq":{seq},"sz":2048' if is_sender else f'"seq":{seq}'
        verdict = "" if is_sender else '"k":"accepted",'
        return (
            f'{{"by":"{by}","cd":"{cd}","eh":"{eh}",{common},{verdict}"link":"{LINK}",{own},"t":"{t}","v":1}}'
        )
