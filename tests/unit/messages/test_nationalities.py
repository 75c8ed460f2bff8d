# SPDX-License-Identifier: Apache-2.0
"""Who is said to be of another country than the one that a first message goes to."""

from typing import Any

import pytest
from exchange.messages.nationalities import not_of


def person(*countries: str) -> dict[str, Any]:
    return {"nationality": [{"country": code} for code in countries]}


@pytest.mark.parametrize(
    ("type_code", "persons", "found"),
    [
        ("RPN", [person("VN")], ()),
        ("RPN", [person("KH")], (0,)),
        ("IDN", [person("VN"), person("KH"), person("TH")], (1, 2)),
        ("VRQ", [person("KH", "VN")], ()),
        ("RPN", [person(), {}], ()),
        ("RPN", [{"nationality": [{"status": "unknown"}]}], ()),
        ("HDP", [person("KH")], ()),
    ],
    ids=[
        "of the country", "of another one", "two of three", "of both", "nothing is stated", "not known",
        "no first message",
    ],
)  # fmt: skip
def test_persons_of_another_country(type_code: str, persons: list[Any], found: tuple[int, ...]) -> None:
    document = {"header": {"type": type_code}, "content": {}, "persons": persons}

    assert not_of(document, "VN") == found
