# SPDX-License-Identifier: Apache-2.0
"""The vectors of the entry `eras`: the parts of erased cases, and the digest over them.

A part is text with its salt, as it was sealed. The order of cases, and of parts in a case, does not count;
every byte of a part, its message, its number and the link do.
"""

from datetime import timedelta
from typing import Any

from exchange.ids import LinkId, b64url, new_message_id
from exchange.kit.contexts import Contexts
from exchange.kit.envelopes import OTHER_LINK
from exchange.kit.vectors import seeded
from exchange.ledger.erasure import PersonPart, case_mark, erasure_digest
from exchange.protocol.strictjson import encode

Row = dict[str, Any]
Case = list[PersonPart]


def rows(contexts: Contexts) -> list[Row]:
    """Return vectors of days on which something was erased."""
    link = contexts.usual.setting.link
    first, second, third = _cases(contexts)
    one_less, again = first[:-1], [*first[:-1], _other(first[-1])]
    moved = [PersonPart(part.message, part.number + 1, part.raw) for part in first]
    foreign = [PersonPart(first[0].message, part.number, part.raw) for part in second]
    named: tuple[tuple[str, str, LinkId, list[Case]], ...] = (
        ("one", "One case with three parts in two messages.", link, [first]),
        ("parts-turned", "The same parts in another order: the same digest.", link, [first[::-1]]),
        ("three", "Three cases of a day.", link, [first, second, third]),
        ("cases-turned", "The same cases in another order: the same digest.", link, [third, first, second]),
        ("as-one-case", "The parts of two cases as those of one.", link, [first + second, third]),
        ("without-parts", "A case without a part counts for nothing.", link, [first, [], second, third]),
        ("one-part-less", "A part is missing.", link, [one_less]),
        ("one-byte", "One character of a part is another.", link, [again]),
        ("other-number", "The parts have other numbers.", link, [moved]),
        ("other-message", "A part is of another message.", link, [foreign]),
        ("other-link", "The same parts on another link.", LinkId(OTHER_LINK), [first]),
    )
    return [_row(name, words, link, cases) for name, words, link, cases in named]


def _cases(contexts: Contexts) -> tuple[Case, Case, Case]:
    random = seeded("erasures")
    ids = [new_message_id(contexts.now + timedelta(seconds=n), random) for n in range(3)]

    def part(message: int, number: int, content: Row) -> PersonPart:
        return PersonPart(ids[message], number, encode({"salt": b64url(random(32)), **content}))

    first = [part(1, 2, {"n": 1}), part(0, 2, {"n": 2}), part(0, 5, {"name": "a.pdf", "text": "\u1780"})]
    return first, [part(0, 3, {"n": 3})], [part(2, 258, {"n": 4})]


def _other(part: PersonPart) -> PersonPart:
    return PersonPart(part.message, part.number, part.raw.replace(b"a.pdf", b"b.pdf"))


def _row(name: str, words: str, link: LinkId, cases: list[Case]) -> Row:
    marks = [mark for case in cases if (mark := case_mark(link, case))]
    return {
        "name": f"eras-{name}",
        "rule": "eras.digest",
        "description": words,
        "link": link,
        "cases": [[_given(part) for part in case] for case in cases],
        "expect": erasure_digest(marks),
    }


def _given(part: PersonPart) -> Row:
    return {"message": part.message, "number": part.number, "part": part.raw.decode("utf-8")}
