# SPDX-License-Identifier: Apache-2.0
"""The file `context.json` of the vectors: both agencies, what they agreed, and where each vector begins.

It is written once and kept: cards, agreements and drafts stay as they are when the program gets new types,
so that a vector means the same for years.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from exchange.clock import parse_instant
from exchange.errors import InputError, ProtocolError
from exchange.ids import AgencyCode
from exchange.kit.agency import Member
from exchange.kit.setting import Agreed, Setting
from exchange.protocol.agreement import read_agreement
from exchange.protocol.cards import read_card

FILE: Final = "context.json"


@dataclass(frozen=True)
class Context:
    """Where a vector begins: the recipient is enrolled, its gate is open, it holds this log of the sender."""

    setting: Setting
    log: tuple[bytes, ...]
    head: str


@dataclass(frozen=True)
class Contexts:
    """Everything that the vectors of a folder take as given."""

    now: datetime
    nonce: str
    """Nonce of every question that the recipient asks at the gate."""
    named: Mapping[str, Context]
    drafts: Mapping[str, dict[str, Any]]
    raw: Mapping[str, Any]

    @property
    def usual(self) -> Context:
        return self.named["open"]


def read_contexts(folder: Path) -> Contexts:
    """Return the context of a folder of vectors.

    Raises:
        InputError: there is none, or it has another form.
    """
    try:
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return contexts_of(raw)
    except (OSError, ValueError, KeyError, TypeError, ProtocolError) as error:
        raise InputError(
            f"{folder} holds no vectors of this version", hint="name the folder tests/vectors/kit"
        ) from error


def contexts_of(raw: Mapping[str, Any]) -> Contexts:
    """Return the context in the parsed file."""
    sender, recipient = (_member(raw[side]) for side in ("sender", "recipient"))
    named = {
        name: Context(
            Setting(sender, recipient, tuple(_agreed(version) for version in each["agreements"])),
            tuple(leaf.encode("ascii") for leaf in each["log"]),
            each["head"],
        )
        for name, each in raw["contexts"].items()
    }
    return Contexts(parse_instant(raw["now"]), raw["nonce"], named, raw["drafts"], raw)


def _member(raw: Mapping[str, Any]) -> Member:
    card = read_card(raw["card"].encode("ascii"), pinned_recovery=None)
    return Member(AgencyCode(raw["agency"]), card)


def _agreed(raw: Mapping[str, Any]) -> Agreed:
    signatures = {AgencyCode(code): jws for code, jws in raw["signatures"].items()}
    return Agreed(read_agreement(raw["text"].encode("utf-8")), signatures, raw["from"])
