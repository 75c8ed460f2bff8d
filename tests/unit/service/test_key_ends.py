# SPDX-License-Identifier: Apache-2.0
"""Which keys of a card are said to end: sixty days before, and for as long as nothing follows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.adapters.keys.renewal import rotated
from exchange.protocol.cardform import Revocation
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse
from exchange.service.key_ends import ends_of
from tests.support import identity
from tests.support.identity import NOW
from tests.support.keys import seeded_random

OWN = identity.agency()
DAY = timedelta(days=1)
SEAL_ENDS = max(key.valid_until for key in OWN.fields.keys if key.use is KeyUse.SEAL)
"""Of a node that was just set up: after 180 days."""
ALL_END = max(key.valid_until for key in OWN.fields.keys)


def _card(use: KeyUse, **changes: object) -> Card:
    """Return the card with every key of a use changed."""
    rows = tuple(
        replace(key, **changes) if key.use is use else key  # type: ignore[arg-type]
        for key in OWN.fields.keys
    )
    return OWN.but(keys=rows).card


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=180), []),
        (timedelta(days=60), []),
        (timedelta(days=60) - timedelta(seconds=1), [False]),
        (DAY, [False]),
        (timedelta(), [True]),
        (-30 * DAY, [True]),
    ],
)
def test_sealing_keys_are_named_sixty_days_before_their_end_and_after_it(
    left: timedelta, said: list[bool]
) -> None:
    found = ends_of(OWN.card, SEAL_ENDS - left)

    assert [(end.use, end.until, end.is_over) for end in found] == [(KeyUse.SEAL, SEAL_ENDS, o) for o in said]


def test_years_later_every_use_is_over() -> None:
    found = ends_of(OWN.card, ALL_END + 365 * DAY)

    assert {end.use for end in found} == set(KeyUse) - {KeyUse.RECOVERY}
    assert all(end.is_over for end in found)


def test_a_rotation_moves_the_end_of_sealing_keys_by_a_quarter_only() -> None:
    at = SEAL_ENDS - 30 * DAY
    made = rotated(OWN.keys, OWN.card, OWN.recovery, now=at, random=seeded_random("ends"))

    assert ends_of(made.card, at) == ()
    assert [end.use for end in ends_of(made.card, SEAL_ENDS + 31 * DAY)] == [KeyUse.SEAL]


def test_keys_of_one_suite_that_end_are_named_although_those_of_the_other_go_on() -> None:
    classical, *_ = (key.algorithm for key in OWN.fields.keys if key.use is KeyUse.SEAL)
    rows = tuple(
        replace(key, revoked=Revocation.COMPROMISED) if key.algorithm is classical else key
        for key in OWN.fields.keys
    )

    assert [(end.use, end.is_over) for end in ends_of(OWN.but(keys=rows).card, NOW)] == [(KeyUse.SEAL, True)]
    assert ends_of(OWN.but(keys=rows, suites=(2,)).card, NOW) == ()


def test_a_successor_that_begins_after_a_gap_does_not_put_off_the_end() -> None:
    first, second = (key for key in OWN.fields.keys if key.use is KeyUse.HEAD)
    late = replace(second, valid_from=second.valid_from + DAY)
    rows = tuple(late if key == second else key for key in OWN.fields.keys)

    found = ends_of(OWN.but(keys=rows).card, first.valid_until - DAY)

    assert (KeyUse.HEAD, first.valid_until, False) in {(end.use, end.until, end.is_over) for end in found}


def test_a_revoked_key_counts_for_nothing() -> None:
    card = _card(KeyUse.DOOR, revoked=Revocation.RETIRED)

    assert [(end.use, end.is_over) for end in ends_of(card, NOW)] == [(KeyUse.DOOR, True)]


def test_tls_keys_of_a_node_that_only_calls_do_not_end() -> None:
    card = _card(KeyUse.TLS, revoked=Revocation.RETIRED)
    only_calls = OWN.but(keys=card.keys, addresses=()).card

    assert [end.use for end in ends_of(card, NOW)] == [KeyUse.TLS]
    assert ends_of(only_calls, NOW) == ()


def test_a_use_that_the_card_never_had_does_not_end() -> None:
    rows = tuple(key for key in OWN.fields.keys if key.use is not KeyUse.HEAD_PQ)

    assert ends_of(OWN.but(keys=rows).card, NOW) == ()
