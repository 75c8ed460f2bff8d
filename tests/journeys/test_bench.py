# SPDX-License-Identifier: Apache-2.0
"""The benchmark's parts run with a few messages and print their table; nothing here looks at a clock."""

from pathlib import Path

import pytest
from tests.bench.__main__ import Plan, measure
from tests.bench.documents import PLAINTEXT
from tests.bench.floor import Floor
from tests.bench.peer import Peer
from tests.bench.report import Findings
from tests.bench.scale import ScalePlan

SCALE = ScalePlan(
    persons=(2, 5),
    open_cases=((3, 0), (5, 4)),
    rebuilt=(2, 5),
    pack=(2, 5),
    append=200,
    compared=(100,),
)
FEW = Plan(rounds=1, slices={1: 2, 8: 16}, floor=8, peer=1, idle=2, queue=6, scale=SCALE, growth=(50,))


@pytest.fixture(scope="module")
def findings() -> Findings:
    return measure(FEW, Peer(None, "left out"))


def test_every_message_of_the_benchmark_is_in_both_ledgers(findings: Findings) -> None:
    product = findings.rounds[0].product

    assert findings.drain is not None
    assert findings.drain.drained.messages == 6
    assert [load.messages for load in product.values()] == [2, 16, 2, 16]
    assert findings.matched >= 50


def test_the_table_names_floor_product_and_peer(findings: Findings) -> None:
    text = "\n".join(findings.lines())

    for part in ("floor", "one way, 1 in flight", "both ways, 8 in flight", "peer: AS2 by pyas2lib left out"):
        assert part in text
    assert "no difference" in text
    assert findings.as_json()["rounds"][0]["floor"]["messages"] == 8


def test_what_has_much_in_it_is_measured_at_each_size(findings: Findings) -> None:
    text = "\n".join(findings.lines())

    for part in (
        "notice about 5 persons",
        "due with 5 open cases and 9 messages",
        "states of 5 cases",
        "evidence pack of 5 messages verified",
        "with 50 messages stored",
        "200 entries appended, a signed head every 100",
        "ledgers of 100 messages compared: 5 planted",
    ):
        assert part in text


def test_nodes_of_the_benchmark_send_messages_of_four_kilobytes(findings: Findings) -> None:
    assert findings.size_class == PLAINTEXT


def test_the_floor_refuses_a_document_that_does_not_fit_its_schema(tmp_path: Path) -> None:
    floor = Floor(tmp_path)

    with pytest.raises(ValueError, match="schema"):
        floor.run([{"header": {"type": "RPN"}, "content": {}, "persons": []}])

    floor.close()
