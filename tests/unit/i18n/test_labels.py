# SPDX-License-Identifier: Apache-2.0
"""Labels of codes as officers read them: no class and no code of a program in any of them."""

import re
from pathlib import Path

import pytest
from exchange.i18n import LANGUAGES, label
from exchange.messages.codelists import codelist, schema_root

_CLASS = re.compile(r"\bS[0-4]\b|[a-z]_[a-z]", re.ASCII)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_names_a_class_or_a_code(language: str) -> None:
    lists = sorted(path.stem for path in Path(schema_root() / "codelists").glob("*.json"))
    told = {
        (name, code): label(name, code, language)
        for name in lists
        if name != "index"
        for code in codelist(name).codes
    }

    assert {place: text for place, text in told.items() if _CLASS.search(text)} == {}


def test_a_label_in_plain_words_leaves_the_list_as_it_is() -> None:
    code = "s4_named_readers"

    assert label("two-person-acts", code, "en").startswith("Details of health")
    assert codelist("two-person-acts").label(code) == "S4 content to named readers"
