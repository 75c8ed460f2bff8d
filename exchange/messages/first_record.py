# SPDX-License-Identifier: Apache-2.0
"""The lines of a first record, from what the officer at the crossing writes.

1. A line in the file is kept as it is; the beginning of a case code is enough.
2. With "all handed over" everybody else of the final list was handed over, and what is written once for all
   (`identity_check`, `condition`) holds for them. Nothing else is concluded: a child's custody, a person who
   did not come and every reason need a line of their own.
3. Without it every person of the final list needs a line.
"""

from exchange.errors import InputError
from exchange.messages.document import Document, JsonValue, objects_at, text_at
from exchange.messages.wording import fault

HANDED_OVER = "handed_over"
_FOR_ALL = ("identity_check", "condition")
_LEAST_CODE = 4


def first_record(given: Document, final: list[str], *, all_handed_over: bool) -> Document:
    """Return the small file of a first record with a line for every person of the final list.

    Raises:
        InputError: somebody of the final list has no line and is not said to be handed over.
    """
    small: Document = dict(given)
    shared = {name: small.pop(name) for name in _FOR_ALL if name in small}
    lines = [dict(line) for line in objects_at(given, "persons")]
    named = {code for line in lines for code in final if _begins(code, text_at(line, "case_code"))}
    missing = [code for code in final if code not in named]
    if missing and not all_handed_over:
        expected, found = f"{len(final)} lines of the final list", f"{len(final) - len(missing)} of them"
        problem = fault("count_invalid", "count.final_list", "/persons", expected=expected, found=found)
        hint = "write a line for each in a file, or say --all-handed-over for the others"
        raise InputError("somebody of the final list has no line", hint=hint, faults=(problem,))
    rest: list[JsonValue] = [{"case_code": code, "outcome": HANDED_OVER, **shared} for code in missing]
    return {**small, "persons": [*lines, *rest]}


def _begins(code: str, beginning: str) -> bool:
    return len(beginning) >= _LEAST_CODE and code.startswith(beginning.upper())
