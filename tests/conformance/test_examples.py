# SPDX-License-Identifier: Apache-2.0
"""Every published example is judged as its place and name say."""

from pathlib import Path

import pytest
from exchange.messages.codelists import codelist
from exchange.messages.validation import fault_text
from tests.support.examples import files, judged, load


def _name(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", files("valid"), ids=_name)
def test_valid_example_has_no_fault(path: Path) -> None:
    assert judged(load(path)) == ()


@pytest.mark.parametrize("path", files("invalid"), ids=_name)
def test_invalid_example_gets_the_code_of_its_name(path: Path) -> None:
    code = path.stem.split("-")[0]

    assert judged(load(path))[0].code == code


@pytest.mark.parametrize("path", files("invalid"), ids=_name)
def test_explanation_of_an_invalid_example_quotes_no_text_of_it(path: Path) -> None:
    document = load(path)
    private = {"NGUYEN Thi Mai", "SOK Chanthou", "C0000000", "2003-05-14", "2546-05-14", "could not be asked"}

    shown = " ".join(fault_text(fault) + fault.hint for fault in judged(document))

    assert not [text for text in private if text in shown]


def test_every_code_an_example_stands_for_is_in_the_list_of_rejections() -> None:
    codes = {path.stem.split("-")[0] for path in files("invalid")}

    assert codes <= set(codelist("ack-rejections").codes)


def test_there_are_enough_examples_of_each_kind() -> None:
    assert len(files("invalid")) >= 40
    assert all(len(list(folder.glob("*.json"))) >= 4 for folder in {path.parent for path in files("valid")})
