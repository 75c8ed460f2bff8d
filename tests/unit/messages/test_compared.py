# SPDX-License-Identifier: Apache-2.0
"""Two versions of a message beside each other: each difference once, at its place, with both values."""

from typing import Any

import pytest
from exchange.messages.compared import differences, person_differences

MAI: dict[str, Any] = {"case_code": "A", "sex": "F", "names": [{"full": "NGUYEN Thi Mai"}]}
HOA: dict[str, Any] = {"case_code": "B", "sex": "F", "names": [{"full": "TRAN Thi Hoa"}]}


def document(*persons: Any, **content: Any) -> Any:
    return {"header": {"type": "RPN"}, "content": content, "persons": list(persons)}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (document(MAI), document(MAI), []),
        (document(MAI, HOA), document(HOA, MAI), []),
        (document(HOA, MAI), document(MAI | {"sex": "M"}, HOA), [("/persons/0/sex", "F", "M")]),
        (
            document(MAI),
            document(MAI | {"names": [{"full": "NGUYEN Thi May"}]}),
            [("/persons/0/names/0/full", "NGUYEN Thi Mai", "NGUYEN Thi May")],
        ),
        (
            document(MAI),
            document(MAI | {"names": [*MAI["names"], {"full": "Mai"}]}),
            [("/persons/0/names", MAI["names"], [*MAI["names"], {"full": "Mai"}])],
        ),
        (document(MAI, HOA), document(MAI), [("/persons", HOA, None)]),
        (document(MAI), document(MAI, HOA), [("/persons/1", None, HOA)]),
        (document(a=1), document(b=2), [("/content/b", None, 2), ("/content/a", 1, None)]),
        (document(MAI), document({**MAI, "salt": "x"}), []),
    ],
    ids=[
        "the same", "another order", "one value of whoever moved", "inside a list", "a longer list",
        "somebody is gone", "somebody is new", "members come and go", "what is filled at release",
    ],
)  # fmt: skip
def test_differences(before: Any, after: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert [(one.pointer, one.before, one.after) for one in differences(before, after)] == found


def test_of_a_person_only_what_both_say_is_compared() -> None:
    found = person_differences({"sex": "F", "birth": {"value": "2015"}}, {"sex": "M", "documents": []}, 2)

    assert [(one.pointer, one.before, one.after) for one in found] == [("/persons/2/sex", "F", "M")]
