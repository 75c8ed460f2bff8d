# SPDX-License-Identifier: Apache-2.0
"""Tells which messages depend on nothing of each other, so that each step may be done for all of them.

Both ends do each step for a whole run of messages and then the next one: the sender when it numbers them
(`release`), the recipient when it takes their lines (`stages`). That gives what one message after the other
gives if no message asks the store for what another one of the run writes. Everything that is asked or written
about a message is found by a code: of a case or movement, or the number of a message. So:

1. A message *claims* codes. Messages are cut into runs in their order; no two of a run claim the same code.
2. A message that claims nothing is alone in its run: one about no case, one whose type reaches what it does
   not name, and one about many persons, whose steps are long enough by themselves.
3. What is in doubt is claimed, or claims nothing. A wrong *no* costs time only, a wrong *yes* is a defect.

The ends differ in what a message can name, and in what its rules ask:

* `claims_of_received`: the partner had numbered all of its messages before it sent the first, so one may name
  another one in any member. Every text that has the form of a code is claimed, the message's own number, too.
* `claims_of_own`: nobody has seen the number of a message before it is released, so none of a run names
  another one. Its cases and the message that it answers are enough, for types that look at nothing else
  (`LOOKS_NO_FURTHER`). Of the others, rules ask the sender for more than they name: other cases of the same
  person, the states on the way of a movement.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from exchange.messages.catalog import message_types
from exchange.messages.document import header_of
from exchange.protocol.parts import Document
from exchange.service.long_work import is_about_many

LOOKS_NO_FURTHER: Final = frozenset({"IDN", "VRQ", "TRQ", "TRS", "RPN", "RPD", "TDQ", "TDS"})
"""Identification, tracing, return and papers: rules and effects look at nothing but the cases of the header
and the messages that are named. A VRS looks at a case of its content."""
REACH_FURTHER: Final = frozenset({"AMD", "HRC", "CAN"})
"""Types that touch cases which they do not name: those of their movement, or of the record they sign."""
_ALONE: Final = REACH_FURTHER | {code for code, entry in message_types().items() if entry.is_stop}
_NOTHING: Final[frozenset[str]] = frozenset()
_CODE, _ID = 14, 36
"""Characters of the code of a case or movement, and of the number of a message (`exchange.ids`)."""


def runs_of(claims: Iterable[frozenset[str]]) -> Iterator[slice]:
    """Yield the places of messages that may go together, in their order; `claims` has one entry for each."""
    begin, end, claimed = 0, 0, set[str]()
    for codes in claims:
        if end > begin and not (claimed and codes and claimed.isdisjoint(codes)):
            yield slice(begin, end)
            begin, claimed = end, set()
        end += 1
        claimed |= codes
    if end > begin:
        yield slice(begin, end)


def claims_of_own(document: Document) -> frozenset[str]:
    """Return what a message of ours claims that has no number yet; nothing if it goes alone."""
    header = header_of(document)
    codes = header.get("case_codes")
    if header.get("type") not in LOOKS_NO_FURTHER or not isinstance(codes, list) or not codes:
        return _NOTHING
    if "movement_code" in header or is_about_many(document):
        return _NOTHING
    return frozenset(map(str, [*codes, header["in_reply_to"]] if "in_reply_to" in header else codes))


def claims_of_received(document: Document) -> frozenset[str]:
    """Return what a message of the partner claims; nothing if it goes alone. Requires a right form."""
    header = header_of(document)
    if header.get("type") in _ALONE or not header.get("case_codes") or is_about_many(document):
        return _NOTHING
    return frozenset(_codes_in(document))


def _codes_in(document: Document) -> Iterator[str]:
    """Yield every text that has the form of a code or number."""
    values: list[object] = [document]
    for value in values:  # grows while it is read
        if isinstance(value, str):
            if (len(value) == _CODE and value[4] == "-") or (len(value) == _ID and value[8] == "-"):
                yield value
        elif isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
