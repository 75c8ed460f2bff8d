# SPDX-License-Identifier: Apache-2.0
"""Rules of the directory update (DIR) and the card notice (KEY).

A side speaks of offices of its own country. Later messages are judged by the directory as these updates
change it (`Facts.office`). A card notice is checked against the card with that serial, if it is known; keys
are never taken from it.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.codelists import agency
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days
from exchange.messages.directory import CardNotice, DirectoryUpdate, Entry
from exchange.messages.document import Document, pointer
from exchange.messages.wording import fault

_AT = ("content", "entry")


def directory_faults(
    document: Document, update: DirectoryUpdate, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a directory update, in the order of the checks."""
    act, entry = Act(document, update.header, context, facts), update.content.entry

    def dates(days: Days) -> None:
        first = days.read(entry.valid_from, *_AT, "valid_from")
        days.in_order(
            first, days.read(entry.valid_to, *_AT, "valid_to"), *_AT, "valid_to", after="valid_from"
        )

    own = OwnFaults(side=_own_offices(act, entry), references=_successor(entry), dates=dates)
    return in_order(act, own, cases=())


def card_notice_faults(document: Document, notice: CardNotice, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a card notice, in the order of the checks."""
    act = Act(document, notice.header, context, facts)
    return in_order(act, OwnFaults(references=_card(act, notice)), cases=())


def _own_offices(act: Act, entry: Entry) -> Iterator[Fault]:
    country = country_of(act.context.sender)
    for member in ("agency", "successor"):
        code = getattr(entry, member)
        found = agency(code) if code is not None else None
        if found is not None and found.country != country:
            expected = f"an office of {country}"
            yield fault(
                "signer_not_authorised",
                "office.country",
                pointer(*_AT, member),
                expected=expected,
                found=f"an office of {found.country}",
            )


def _successor(entry: Entry) -> Iterator[Fault]:
    if entry.successor == entry.agency:
        place = pointer(*_AT, "successor")
        yield fault(
            "reference_unknown", "reference.office", place, expected="another office", found="its own"
        )


def _card(act: Act, notice: CardNotice) -> Iterator[Fault]:
    """The card with this serial, if it is here, is the one that is meant."""
    known = act.facts.card_digest(act.context.sender, notice.content.card_serial)
    if known is not None and known != notice.content.card_digest:
        place, expected = "/content/card_digest", "the digest of the card with this serial"
        yield fault("reference_unknown", "reference.card", place, expected=expected, found="another digest")
