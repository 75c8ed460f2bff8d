# SPDX-License-Identifier: Apache-2.0
"""Cases about the place of a line: used before, announced, ahead, late, under a key that counts there or not.

What is decided here needs the memory of a node: its copy of our log and the lines it has seen. Everything is
announced honestly, in dense numbers, so that no entry is illegal beside the one that a case is about.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from exchange.clock import instant_text
from exchange.ids import Digest, new_message_id, sha256
from exchange.kit.agency import card_of
from exchange.kit.breaking import RIGHT, Wrong, out_of_document, with_members
from exchange.kit.cases import ACCEPTED, HELD, REFUSED, SAME, Case, Offer, again, one, rejected
from exchange.kit.scribe import Order, Scribe, Written
from exchange.ledger.entries import Entry
from exchange.protocol.cardform import CardFields, Revocation
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse

AHEAD: Final = 256
"""Numbers that are held ahead of the first missing one (design 4.6)."""
OTHER: Final = Digest(sha256(b"other bytes"))


def _twice(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (ACCEPTED,), (written.entry,))
    yield Offer((written.line,), (SAME,))


def _twice_at_once(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line, written.line), (ACCEPTED, SAME), (written.entry,))


def _rejected_twice(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write(Wrong(body=lambda right: right[:-1] + (b"A" if right[-1:] != b"A" else b"Q")))
    yield Offer((written.line,), (rejected("decryption_failed"),), (written.entry,))
    yield Offer((written.line,), (SAME,))


DUPLICATES: Final = (
    Case("duplicate", "line.duplicate", "The same line comes a second time.", _twice),
    Case(
        "duplicate-in-one-frame", "line.duplicate", "The same line stands twice in one frame.", _twice_at_once
    ),
    Case(
        "duplicate-of-a-rejected-line",
        "line.duplicate",
        "A rejected line comes a second time.",
        _rejected_twice,
    ),
)


def _same_id_other_bytes(scribe: Scribe) -> Iterator[Offer]:
    first = scribe.write()
    again_said = Order(seq=first.seq, id=first.id, body=first.body, parts=first.parts)
    later = instant_text(scribe.now() + timedelta(days=31))
    other = scribe.write(Wrong(members=with_members(expires=later)), again_said)
    yield Offer((first.line,), (ACCEPTED,), (first.entry,))
    yield Offer((other.line,), (REFUSED,))


def _same_number_other_id(scribe: Scribe) -> Iterator[Offer]:
    first = scribe.write()
    other = scribe.write(RIGHT, Order(seq=first.seq))
    yield Offer((first.line,), (ACCEPTED,), (first.entry,))
    yield Offer((other.line,), (REFUSED,))


def _same_id_other_number(scribe: Scribe) -> Iterator[Offer]:
    first = scribe.write()
    body = Order(seq=scribe.next_seq, id=first.id, body=first.body, parts=first.parts)
    other = scribe.write(RIGHT, body)
    yield Offer((first.line,), (ACCEPTED,), (first.entry,))
    yield Offer((other.line,), (REFUSED,))


CONFLICTS: Final = (
    Case("conflict-same-id-other-bytes", "line.conflict",
         "An id and number come again with another envelope.",
         _same_id_other_bytes),
    Case("conflict-same-number-other-id", "line.conflict", "A number comes again with another id.",
         _same_number_other_id),
    Case("conflict-same-id-other-number", "line.conflict", "An id comes again under the next number.",
         _same_id_other_number),
)  # fmt: skip


def _not_announced(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (again("tail_needed"),))
    yield Offer((written.line,), (ACCEPTED,), (written.entry,))


def _announced_otherwise(name: str, description: str, **changes: str) -> Case:
    def entry(right: Entry) -> Entry:
        return replace(right, fields={**right.fields, **changes})

    return one(f"tail-other-{name}", "line.tail", description, again("tail_needed"), Wrong(entry=entry))


def _announced_under_another_id(scribe: Scribe) -> Iterator[Offer]:
    """Announce a number with an id that no line has."""
    written = scribe.write()
    id = new_message_id(scribe.now(), scribe.random)
    entry = replace(written.entry, fields={**written.entry.fields, "id": id})
    yield Offer((written.line,), (again("tail_needed"),), (entry,))


TAILS: Final = (
    Case("tail-needed", "line.tail", "The line comes before its sent leaf, then with it.", _not_announced),
    _announced_otherwise("envelope", "The sent leaf names another envelope.", eh=OTHER),
    _announced_otherwise("body", "The sent leaf names another body.", cd=OTHER),
    _announced_otherwise("commitment", "The sent leaf names another commitment.", pc=OTHER),
    Case("tail-other-id", "line.tail", "The sent leaf names another id.", _announced_under_another_id),
)


def _held(scribe: Scribe) -> Iterator[Offer]:
    first, second = scribe.write(), scribe.write()
    yield Offer((second.line,), (HELD,), (first.entry, second.entry))
    yield Offer((first.line,), (ACCEPTED,), then=(f"{second.seq} accepted",))


def _held_wrong(scribe: Scribe) -> Iterator[Offer]:
    """A held line is looked at by the rules only when its turn has come."""
    first, second = scribe.write(), scribe.write(Wrong(document=out_of_document(("header", "purpose"))))
    yield Offer((second.line,), (HELD,), (first.entry, second.entry))
    yield Offer((first.line,), (ACCEPTED,), then=(f"{second.seq} rejected purpose_missing",))


def _stop_overtakes(scribe: Scribe) -> Iterator[Offer]:
    first, stop = scribe.write(), scribe.write(RIGHT, Order(draft=scribe.stop))
    yield Offer((stop.line,), (ACCEPTED,), (first.entry, stop.entry))
    yield Offer((first.line,), (ACCEPTED,))


def _reversed_in_one_frame(scribe: Scribe) -> Iterator[Offer]:
    first, second = scribe.write(), scribe.write()
    yield Offer((second.line, first.line), (HELD, ACCEPTED), (first.entry, second.entry),
                then=(f"{second.seq} accepted",))  # fmt: skip


def _two_in_order(scribe: Scribe) -> Iterator[Offer]:
    first, second = scribe.write(), scribe.write()
    yield Offer((first.line, second.line), (ACCEPTED, ACCEPTED), (first.entry, second.entry))


def _announced(scribe: Scribe, count: int) -> tuple[list[Written], Written]:
    """Return entries of `count` numbers that never come, and the line behind them."""
    missing = [_stub(scribe) for _ in range(count)]
    return missing, scribe.write()


def _stub(scribe: Scribe) -> Written:
    """Return a number whose line is nothing that could ever be offered."""
    body = Order(body=b"x", parts=(b"x", b"y"))
    return scribe.write(RIGHT, body)


def _far_ahead(scribe: Scribe) -> Iterator[Offer]:
    missing, written = _announced(scribe, AHEAD + 1)
    entries = tuple(one.entry for one in missing)
    yield Offer((written.line,), (again("gap"),), (*entries, written.entry))


def _far_but_inside(scribe: Scribe) -> Iterator[Offer]:
    missing, written = _announced(scribe, AHEAD)
    entries = tuple(one.entry for one in missing)
    yield Offer((written.line,), (HELD,), (*entries, written.entry))


WINDOW: Final = (
    Case("window-two-in-order", "line.held", "Two lines come in their order.", _two_in_order),
    Case("window-held", "line.held", "The second line comes before the first one.", _held),
    Case("window-reversed", "line.held", "Two lines stand in one frame in the wrong order.",
         _reversed_in_one_frame),
    Case("window-held-then-rejected", "line.held", "A held line breaks a rule.", _held_wrong),
    Case("window-stop-overtakes", "line.held", "A withdrawal of consent comes before the number ahead of it.",
         _stop_overtakes),
    Case("window-far-ahead", "line.window", "257 numbers ahead of it are missing.", _far_ahead),
    Case("window-just-inside", "line.window", "256 numbers ahead of it are missing.",
         _far_but_inside),
)  # fmt: skip


def _given_up(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((), (), (written.entry, *scribe.voids(written)), then=(f"{written.seq} rejected voided",))


def _given_up_with_the_line(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    entries = (written.entry, *scribe.voids(written, code="withdrawn"))
    yield Offer((written.line,), (rejected("voided"),), entries)


def _given_up_after_all(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (ACCEPTED,), (written.entry,))
    yield Offer((), (), tuple(scribe.voids(written)))


def _aged(name: str, rule: str, description: str, expect: str, age: timedelta) -> Case:
    return one(name, rule, description, expect, order=Order(age=age))


TIMES: Final = (
    _aged("time-early", "line.time", "The line was made six minutes ahead of the recipient's clock.",
          again("not_yet"), timedelta(seconds=-360)),
    _aged("time-a-little-early", "line.time", "The line was made four minutes ahead.", ACCEPTED,
          timedelta(seconds=-240)),
    _aged("expiry-yesterday", "line.expiry", "The line ended yesterday.",
          rejected("expired"), timedelta(days=31)),
    _aged("expiry-tomorrow", "line.expiry", "The line ends tomorrow.", ACCEPTED, timedelta(days=29)),
    Case("void-before-it-came", "line.expiry", "A number is given up before its line comes.", _given_up),
    Case("void-with-the-line", "line.expiry", "A line comes in the frame that gives its number up.",
         _given_up_with_the_line),
    Case("void-after-the-verdict", "line.expiry", "A number is given up that was accepted: that stands.",
         _given_up_after_all),
)  # fmt: skip


def _retired_before(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (REFUSED,), (scribe.key_entry("retire", KeyUse.ENVELOPE), written.entry))


def _retired_after(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (ACCEPTED,), (written.entry, scribe.key_entry("retire", KeyUse.ENVELOPE)))


def _revoked_unheld(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (REFUSED,), (written.entry, scribe.key_entry("revoke", KeyUse.ENVELOPE)))


def _revoked_held(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((), (), (written.entry,))
    yield Offer((written.line,), (ACCEPTED,), (scribe.key_entry("revoke", KeyUse.ENVELOPE),))


def _added_later(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write(Wrong(key=scribe.own.key(KeyUse.ENVELOPE, 3)))
    yield Offer((written.line,), (REFUSED,), (written.entry, scribe.key_entry("add", KeyUse.ENVELOPE, 3)))


def _added_before(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write(Wrong(key=scribe.own.key(KeyUse.ENVELOPE, 3)))
    yield Offer((written.line,), (ACCEPTED,), (scribe.key_entry("add", KeyUse.ENVELOPE, 3), written.entry))


def _other_key_retired(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (ACCEPTED,), (scribe.key_entry("retire", KeyUse.ENVELOPE, 2), written.entry))


def _compromised(scribe: Scribe) -> Iterator[Offer]:
    card = revoking(scribe.own.card, Revocation.COMPROMISED)
    written = scribe.write()
    yield Offer((), (), card=card.raw.decode("ascii"))
    yield Offer((written.line,), (REFUSED,), (written.entry,))


def _called_retired(scribe: Scribe) -> Iterator[Offer]:
    card = revoking(scribe.own.card, Revocation.RETIRED)
    written = scribe.write()
    yield Offer((), (), card=card.raw.decode("ascii"))
    yield Offer((written.line,), (ACCEPTED,), (written.entry,))


def revoking(card: Card, reason: Revocation, *, use: KeyUse = KeyUse.ENVELOPE) -> Card:
    """Return the next card of an agency, which revokes the first key of a use."""
    gone = card.keys_for(use)[0]
    keys = tuple(replace(key, revoked=reason) if key == gone else key for key in card.keys)
    names = CardFields.__dataclass_fields__
    fields = CardFields(**{name: getattr(card, name) for name in names})
    return card_of(replace(fields, keys=keys, serial=card.serial + 1))


def _key(name: str, description: str, play: object) -> Case:
    return Case(f"key-{name}", "line.key_place", description, play, live=False)  # type: ignore[arg-type]


KEYS: Final = (
    _key("retired-before", "The key was retired before the sent leaf.", _retired_before),
    _key("retired-after", "The key was retired after the sent leaf; the line comes later.", _retired_after),
    _key("revoked-unheld", "The key is revoked by the tail that brings the sent leaf.", _revoked_unheld),
    _key("revoked-held", "The key is revoked when the sent leaf was held already.", _revoked_held),
    _key("added-later", "The key begins to count after the sent leaf.", _added_later),
    _key("added-before", "The key begins to count right before the sent leaf.", _added_before),
    _key("other-key-retired", "Another key of the partner was retired.", _other_key_retired),
    _key("compromised-by-card", "A card calls the key compromised, then a line comes.", _compromised),
    _key("retired-by-card", "A card calls the key retired: that ends no span.", _called_retired),
)


def _handling_fails(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (HELD,), (written.entry,), fails=True)
    yield Offer(then=(f"{written.seq} accepted",), later_s=60)


def _handling_fails_for_ten_minutes(scribe: Scribe) -> Iterator[Offer]:
    written = scribe.write()
    yield Offer((written.line,), (HELD,), (written.entry,), fails=True)
    yield Offer(later_s=540, fails=True)
    yield Offer(then=(f"{written.seq} rejected internal",), later_s=120, fails=True)


FAILURES: Final = (
    Case("handling-fails", "line.failure", "The handling of a line fails, and works a minute later.",
         _handling_fails, live=False),
    Case("handling-fails-for-long", "line.failure", "The handling of a line fails for more than ten minutes.",
         _handling_fails_for_ten_minutes, live=False),
)  # fmt: skip

CASES: Final = (*DUPLICATES, *CONFLICTS, *TAILS, *WINDOW, *TIMES, *KEYS)
