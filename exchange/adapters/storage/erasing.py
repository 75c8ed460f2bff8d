# SPDX-License-Identifier: Apache-2.0
"""What goes from the store when a case is erased, in one transaction.

1. What belongs to the person alone: parts, state, tokens, questions, entries of the register, proposals.
2. The code, and the data key under which all of it was sealed; it is destroyed after the commit.
3. Movements in which no other case is named.
4. Of every message about the case or such a movement: the sealed body, which holds the part; and what is
   common to the message, once neither a part, nor a case, nor a movement of it is left.

Events stay: numbers, states, times. Nothing in them leads to a code.
"""

from exchange.adapters.storage.database import Database

PART_BITS = 16
"""A part is numbered message * 65536 + part."""
_OF_CASE = (
    "part_drop_of_case",
    "question_drop_of_case",
    "case_token_drop",
    "register_drop_of_case",
    "proposal_drop_of_case",
    "case_drop",
)


def erase_file(database: Database, *, no: int, key: int) -> None:
    """Erase what a case file leads to; the keys end with the commit."""
    case = {"case_file": no}
    messages = {row[0] for row in database.all("case_message_numbers", case)}
    movements = database.all("movement_of_case", case)
    for name in _OF_CASE:
        database.run(name, case)
    database.run("case_file_erase", {"no": no})
    database.run("ended_key_add", {"key": key})
    for movement, movement_key, _ in movements:
        if database.one("movement_other_case", {"movement": movement}) is None:
            database.run("movement_erase", {"no": movement})
            database.run("ended_key_add", {"key": movement_key})
            messages |= {row[0] for row in database.all("movement_messages", {"movement": movement})}
    for message in sorted(messages):
        _erase_in(database, message)


def _erase_in(database: Database, message: int) -> None:
    """Let the sealed body of a message go, and what is common to it if nobody else is in it (4)."""
    database.run("line_drop_body", {"message": message})
    span = {"first": message << PART_BITS, "end": (message + 1) << PART_BITS}
    if database.one("part_other_case", span) or database.one("message_about_others", {"message": message}):
        return
    database.run("part_drop_of_message", span)
    database.run("unopened_drop", {"message": message})
    row = database.one("message_key", {"message": message})
    if row is not None:
        database.run("ended_key_add", {"key": row[0]})
