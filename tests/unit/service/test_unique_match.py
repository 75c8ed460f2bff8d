# SPDX-License-Identifier: Apache-2.0
"""What is named by a code is one thing, or it is said that it is not."""

import pytest
from exchange.errors import NotHereError, UsageError
from exchange.service.unique_match import the_only


def test_what_was_found_alone_is_returned() -> None:
    assert the_only(["it"], "case", "the code 7KQ2", hint="list them") == "it"


@pytest.mark.parametrize(
    ("found", "said", "hint"),
    [
        ([], "no case has the code 7KQ2", "list them"),
        (["one", "other"], "2 cases have the code 7KQ2", "type more of it; list them"),
    ],
)
def test_nothing_and_several_are_told_apart(found: list[str], said: str, hint: str) -> None:
    with pytest.raises(NotHereError) as caught:
        the_only(found, "case", "the code 7KQ2", hint=hint.removeprefix("type more of it; "))

    assert (str(caught.value), caught.value.hint) == (said, hint)
    assert isinstance(caught.value, UsageError)
