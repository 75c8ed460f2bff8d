# SPDX-License-Identifier: Apache-2.0
"""Builds of the node with one check missing, to see that the kit finds it by the name of its rule.

A mutation is a named change of one function, made by a test and undone after it; the product has none of
them. Each says which rules must fail then, and every other rule has to hold.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from exchange.adapters.transport import signing
from exchange.ids import AgencyCode
from exchange.ledger.entries import rcvd
from exchange.protocol.parts import commitment
from exchange.service import composing, examine, gate, gatetalk, intake, logbook, taking
from exchange.service.ports import UnitOfWork

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutation:
    """One missing check, and the rules that fail without it."""

    name: str
    rules: frozenset[str]
    apply: Callable[[Patch], None]


def _no_signature(patch: Patch) -> None:
    """A line is taken whoever signed it."""
    patch.setattr(examine, "verify_envelope", lambda claimed, key: claimed.claimed)


def _duplicates_logged(patch: Patch) -> None:
    """A line that comes again gets a second entry."""
    right = taking.take

    def take(uow: UnitOfWork, node: Any, pairing: Any, line: Any, **more: Any) -> Any:
        again = intake.is_duplicate(uow, pairing, line)
        taken = right(uow, node, pairing, line, **more)
        if again:
            said = line.envelope
            entry = rcvd(seq=said.seq, id=said.id, eh=line.envelope_hash, cd=said.body_sha256, k="accepted")
            logbook.write(uow, node, pairing.link, [entry])
        return taken

    patch.setattr(taking, "take", take)


def _any_padding(patch: Patch) -> None:
    """The plaintext may have any length and any padding."""

    def unpad(plaintext: bytes) -> list[bytes]:
        return [part for part in plaintext.rstrip(b" \t\0helo").split(b"\n") if part.strip(b" \t\0")]

    patch.setattr(examine, "unpad", unpad)


def _no_commitment(patch: Patch) -> None:
    """The parts need not give the commitment."""

    class Equal(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __ne__(self, other: object) -> bool:
            return False

    patch.setattr(examine, "commitment", lambda id, parts: Equal(commitment(id, parts)))


def _no_header_equality(patch: Patch) -> None:
    """The header may name another message, agency, link or version."""
    patch.setattr(examine, "FILLED_AT_RELEASE", {})


def _any_recipient(patch: Patch) -> None:
    """A line for another agency or another link is taken."""
    right = examine.authenticate

    def authenticate(raw: bytes, pairing: Any, *, own: AgencyCode, card_shown: bool = False) -> Any:
        said = examine.read_envelope(examine.split_line(raw)[0]).claimed
        link = replace(pairing.link, link=said.link)
        return right(raw, replace(pairing, link=link), own=said.recipient, card_shown=card_shown)

    patch.setattr(examine, "authenticate", authenticate)


def _no_tail(patch: Patch) -> None:
    """A line is taken whatever its sent leaf says, and also without one."""
    right = intake.announced_as

    def announced(uow: UnitOfWork, pairing: Any, line: Any) -> Any:
        found = uow.messages.announced(pairing.link.link, line.envelope.seq)
        return found if found is not None else right(uow, pairing, line)

    patch.setattr(intake, "announced_as", announced)


def _no_nonces(patch: Patch) -> None:
    """A request counts as often as it comes."""
    patch.setattr(signing.NonceBook, "use", lambda *given, **named: True)


def _old_questions(patch: Patch) -> None:
    """A question at the gate may be of any age."""
    right = gatetalk.verify_partner_word

    def verify(pairing: Any, node: Any, raw: bytes) -> Any:
        limits = replace(node.limits, skew=node.limits.skew * 100)
        return right(pairing, replace(node, limits=limits), raw)

    for module in ("gate", "gatetalk"):
        patch.setattr(f"exchange.service.{module}.verify_partner_word", verify)


def _other_nonce(patch: Patch) -> None:
    """Answers at the gate name no question."""
    right = gate.GateWord
    patch.setattr(gate, "GateWord", lambda **said: right(**(said | {"to_nonce": "A" * 22})))


def _no_results(patch: Patch) -> None:
    """Answers do not say what became of each line."""
    right = composing.Frame
    patch.setattr(composing, "Frame", lambda **said: right(**(said | {"results": ()})))


def _keys_for_ever(patch: Patch) -> None:
    """A key signs wherever the line lies in the log."""
    patch.setattr(intake, "demand_trusted", lambda pairing, line, announced: None)


def _no_window(patch: Patch) -> None:
    """Lines are held however far ahead they are."""
    right = intake._is_behind_gap

    def behind_gap(uow: UnitOfWork, node: Any, pairing: Any, line: Any) -> bool:
        limits = replace(node.limits, window_numbers=10**6)
        return right(uow, replace(node, limits=limits), pairing, line)

    patch.setattr(intake, "_is_behind_gap", behind_gap)


MUTATIONS = (
    Mutation("no-signature", frozenset({"line.signature"}), _no_signature),
    Mutation("duplicates-logged", frozenset({"line.duplicate"}), _duplicates_logged),
    Mutation("any-padding", frozenset({"parts.padding"}), _any_padding),
    Mutation("no-commitment", frozenset({"parts.commitment"}), _no_commitment),
    Mutation("no-header-equality", frozenset({"parts.header"}), _no_header_equality),
    Mutation("any-recipient", frozenset({"line.recipient"}), _any_recipient),
    Mutation("no-tail", frozenset({"line.tail"}), _no_tail),
    Mutation("no-nonces", frozenset({"door.nonce"}), _no_nonces),
    Mutation("old-questions", frozenset({"gate.clock"}), _old_questions),
    Mutation("other-nonce", frozenset({"gate.nonce"}), _other_nonce),
    Mutation("no-results", frozenset({"frame.results"}), _no_results),
    Mutation("keys-for-ever", frozenset({"keys.history"}), _keys_for_ever),
    Mutation("no-window", frozenset({"line.window"}), _no_window),
)
