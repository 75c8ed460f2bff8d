# SPDX-License-Identifier: Apache-2.0
"""Gives the verdict of our witness on vectors of requests: status of each, and what it holds afterwards.

The witness of a vector begins with nothing, and its policy knows one log: that of the sender on the link of
the context, under head key 1. Nothing but the judgement is used, no store and no door.
Source: docs/protocol/witness.md.
"""

from collections.abc import Mapping
from typing import Any, Final

from exchange.errors import NoteInvalidError
from exchange.kit.contexts import Contexts
from exchange.kit.setting import Setting
from exchange.ledger.notes import Head
from exchange.ledger.witnessing import WitnessRequest, read_request
from exchange.protocol.suites import KeyUse
from exchange.witness.judging import Known, Status, Verdict, judge, only_trusted

EPOCH: Final = 1


def witness(contexts: Contexts, vector: Mapping[str, Any]) -> str:
    """Say how a witness answers each request, and how many entries it holds then."""
    known, told = Known(), []
    for text in vector["requests"]:
        verdict, head = _verdict(contexts.usual.setting, text, known)
        if verdict.status is Status.COSIGNED and head is not None:
            known = Known(head.size, head.root)
        size = f" {verdict.known_size}" if verdict.status is Status.CONFLICT else ""
        told.append(f"{verdict.status.value}{size} holds {known.size}")
    return ", ".join(told)


def _verdict(setting: Setting, text: str, known: Known) -> tuple[Verdict, Head | None]:
    try:
        asked = read_request(text.encode("utf-8"))
    except NoteInvalidError:
        return Verdict(Status.WRONG_FORM), None
    if not _is_known(setting, asked):
        return Verdict(Status.UNKNOWN_LOG), None
    trusted = only_trusted(asked, [setting.sender.key(KeyUse.HEAD).public])
    if trusted is None:
        return Verdict(Status.NOT_SIGNED), None
    return judge(trusted, trusted.head.claimed, known), trusted.head.claimed


def _is_known(setting: Setting, asked: WitnessRequest) -> bool:
    head = asked.head.claimed
    return (head.link, head.by, head.ep) == (setting.link, setting.sender.code, EPOCH)
