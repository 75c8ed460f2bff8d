# SPDX-License-Identifier: Apache-2.0
"""The conformance kit passes on our node, and fails by name on builds that miss one check."""

import pytest
from exchange.kit.play import SILENT
from exchange.kit.rules import RULES
from tests.support.kit_node import Vanishing, kit_node
from tests.support.mutated import MUTATIONS, Mutation


async def test_our_node_keeps_every_rule_in_every_case() -> None:
    async with kit_node() as node:
        findings = await node.findings()

    assert [finding for finding in findings if not finding.holds] == []
    assert len({finding.name for finding in findings}) == len(findings) > 400
    assert {finding.rule for finding in findings} <= set(RULES)


async def test_a_second_run_goes_on_where_the_first_one_ended() -> None:
    async with kit_node() as node:
        first = await node.findings(quick=True)
        second = await node.findings(quick=True)

    assert [finding for finding in (*first, *second) if not finding.holds] == []


async def test_a_node_that_is_gone_ends_the_run() -> None:
    async with kit_node() as node:
        findings = await node.findings(quick=True, before=lambda door: Vanishing(door, left=40))

    assert [finding.name for finding in findings if not finding.holds][-1] == "node-answers"
    assert len([finding for finding in findings if not finding.holds]) == SILENT + 1


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
async def test_a_build_without_a_check_fails_by_the_name_of_its_rule(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation.apply(monkeypatch)

    async with kit_node() as node:
        findings = await node.findings(quick=True)

    assert {finding.rule for finding in findings if not finding.holds} == mutation.rules
