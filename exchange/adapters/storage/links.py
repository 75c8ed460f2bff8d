# SPDX-License-Identifier: Apache-2.0
"""Links, agreements, cards and key places in SQL; and the short numbers that stand for links elsewhere."""

from datetime import datetime

from exchange.adapters.storage.columns import from_digest, from_instant, to_digest, to_instant
from exchange.adapters.storage.database import Database, Row
from exchange.errors import StoreError
from exchange.ids import AgencyCode, LinkId
from exchange.protocol.keyring import KeySpan
from exchange.protocol.suites import KeyUse
from exchange.service.rows import AgreementRow, CardRow, LinkRow, LinkState


class LinkNumbers:
    """The short number of each link; forgotten whenever something is rolled back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[LinkId, int] = {}

    def find(self, link: LinkId) -> int:
        """Return the number of a link, or 0, which no link has."""
        number = self._numbers.get(link, 0)
        if number:
            return number
        row = self._database.one("link_number", {"link": link})
        if row is None:
            return 0
        self._numbers[link] = int(row[0])
        return int(row[0])

    def of(self, link: LinkId) -> int:
        """Return the number of a link that must exist."""
        number = self._numbers.get(link) or self.find(link)
        if not number:
            raise StoreError(f"link {link} is not in the store", hint="run: exchange partner list")
        return number

    def forget(self) -> None:
        self._numbers.clear()


class SqlLinks:
    """Agreements, cards and key places change seldom and are read with every frame, so they are remembered
    until one of them changes or a transaction is undone. There is only one connection. The rows of links
    change with each message and are remembered for one transaction."""

    def __init__(self, database: Database, numbers: LinkNumbers) -> None:
        self._database = database
        self._numbers = numbers
        self._agreements: dict[tuple[LinkId, int], AgreementRow | None] = {}
        self._cards: dict[AgencyCode, list[CardRow]] = {}
        self._spans: dict[tuple[LinkId, int], list[KeySpan]] = {}
        self._rows: dict[LinkId, LinkRow] = {}

    def forget(self) -> None:
        """Drop what is remembered."""
        self._agreements.clear()
        self._cards.clear()
        self._spans.clear()
        self._rows.clear()

    def end_transaction(self) -> None:
        """Drop what is remembered for one transaction only."""
        self._rows.clear()

    def add(self, row: LinkRow) -> None:
        self._database.add("link_add", vars(row))

    def get(self, link: LinkId) -> LinkRow | None:
        known = self._rows.get(link)
        if known is None:
            row = self._database.one("link_get", {"link": link})
            if row is None:
                return None
            known = self._rows[link] = _link(row)
        return known

    def of_partner(self, partner: AgencyCode) -> LinkRow | None:
        row = self._database.one("link_of_partner", {"partner": partner})
        return None if row is None else _link(row)

    def all(self) -> list[LinkRow]:
        return [_link(row) for row in self._database.all("link_all")]

    def update(self, row: LinkRow) -> None:
        known = self._rows.get(row.link)
        if known is not None and _is_step(known, row):
            self._database.later("link_step", vars(row))
        elif not self._database.run("link_update", vars(row)):
            raise StoreError(f"link {row.link} is not in the store")
        self._rows[row.link] = row

    def withdraw(self, row: LinkRow, *, at: datetime) -> None:
        self._database.run("link_withdraw", {"link": row.link, "at": from_instant(at)})
        self._database.run("card_drop", {"agency": row.partner})
        self.forget()

    def was_withdrawn(self, link: LinkId) -> bool:
        return self._database.one("link_was_withdrawn", {"link": link}) is not None

    def add_agreement(self, row: AgreementRow) -> None:
        self.forget()
        self._database.add("agreement_add", vars(row) | {"link": self._numbers.of(row.link)})

    def countersign(
        self,
        link: LinkId,
        n: int,
        *,
        own: str | None = None,
        partner: str | None = None,
        own_from_seq: int | None = None,
        partner_from_seq: int | None = None,
    ) -> None:
        self.forget()
        values = {
            "link": self._numbers.of(link),
            "n": n,
            "own": own,
            "partner": partner,
            "own_from_seq": own_from_seq,
            "partner_from_seq": partner_from_seq,
        }
        if not self._database.run("agreement_fill", values):
            raise StoreError(f"agreement {n} of link {link} is not in the store")

    def agreement(self, link: LinkId, n: int) -> AgreementRow | None:
        if (link, n) not in self._agreements:
            row = self._database.one("agreement_get", {"link": self._numbers.find(link), "n": n})
            self._agreements[link, n] = None if row is None else AgreementRow(link, *row)
        return self._agreements[link, n]

    def add_card(self, row: CardRow) -> None:
        self.forget()
        values = vars(row) | {"digest": from_digest(row.digest), "held_since": from_instant(row.held_since)}
        self._database.add("card_add", values)

    def card(self, agency: AgencyCode) -> CardRow | None:
        return max(self.cards(agency), key=lambda card: card.serial, default=None)

    def cards(self, agency: AgencyCode) -> list[CardRow]:
        if agency not in self._cards:
            rows = self._database.all("card_all", {"agency": agency})
            self._cards[agency] = [_card(row) for row in rows]
        return list(self._cards[agency])

    def key_spans(self, link: LinkId, epoch: int) -> list[KeySpan]:
        if (link, epoch) not in self._spans:
            rows = self._database.all("span_all", {"link": self._numbers.find(link), "epoch": epoch})
            self._spans[link, epoch] = [
                KeySpan(KeyUse(use), kid, start, end) for use, kid, start, end in rows
            ]
        return list(self._spans[link, epoch])

    def put_key_span(self, link: LinkId, epoch: int, span: KeySpan) -> None:
        self.forget()
        values = vars(span) | {"link": self._numbers.of(link), "epoch": epoch}
        if not self._database.run("span_change", values):
            self._database.add("span_add", values)


def _is_step(known: LinkRow, row: LinkRow) -> bool:
    """Return True if nothing but the two numbers differs, and neither goes down."""
    if row.next_seq < known.next_seq or row.contiguous_in < known.contiguous_in:
        return False
    return vars(known) | {"next_seq": row.next_seq, "contiguous_in": row.contiguous_in} == vars(row)


def _link(row: Row) -> LinkRow:
    (link, partner, state, n, suite, next_seq, contiguous_in, own_epoch, partner_epoch, reason) = row
    return LinkRow(
        link=link,
        partner=partner,
        state=LinkState(state),
        agreement_n=n,
        suite=suite,
        next_seq=next_seq,
        contiguous_in=contiguous_in,
        own_epoch=own_epoch,
        partner_epoch=partner_epoch,
        reason=reason,
    )


def _card(row: Row) -> CardRow:
    agency, serial, raw, digest, held_since = row
    return CardRow(agency, serial, raw, to_digest(digest), to_instant(held_since))
