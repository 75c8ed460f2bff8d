# SPDX-License-Identifier: Apache-2.0
"""Two versions of a message beside each other: each difference once, at its place, with both values."""

from typing import Any

import pytest
from exchange.messages.compared import contradictions, differences

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


BEFORE: dict[str, Any] = {
    "sex": "F", "birth": {"value": "2015-05-14", "precision": "day"}, "names": [{"full": "NGUYEN Thi Mai"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ({}, []),
        (BEFORE, []),
        (BEFORE | {"documents": [{"number": "N1"}]}, []),
        ({"names": [{"full": "Mai"}, {"full": "NGUYEN Thi Mai", "language": "vi"}]}, []),
        ({"names": [*BEFORE["names"], {"full": "Mai"}]}, []),
        ({"names": [{"full": "NGUYEN Thi Mai", "language": "vi"}]}, []),
        ({"names": [{"full": "NGUYEN Thi May"}]}, ["/persons/2/names/0/full"]),
        ({"names": [{"full": "Mai"}, {"full": "May"}]}, ["/persons/2/names"]),
        ({"birth": {"value": "2016"}, "sex": "M"}, ["/persons/2/sex", "/persons/2/birth/value"]),
        ({"care": "other"}, []),
    ],
    ids=[
        "says nothing", "says the same", "says more", "says a name in another way", "one more name",
        "says a name better", "another name", "two other names", "another birth and sex",
        "no member of these",
    ],
)  # fmt: skip
def test_only_what_contradicts_is_told(after: dict[str, Any], found: list[str]) -> None:
    told = contradictions(BEFORE, after, 2, ("names", "sex", "birth", "documents"))

    assert sorted(one.pointer for one in told) == sorted(found)
