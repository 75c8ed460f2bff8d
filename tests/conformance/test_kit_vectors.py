# SPDX-License-Identifier: Apache-2.0
"""The vectors of the conformance kit: complete, made from labels, and answered by our node as they say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import memory_store
from exchange.errors import InputError
from exchange.ids import AgencyCode, b64url
from exchange.kit.agency import private_keys
from exchange.kit.contexts import read_contexts
from exchange.kit.play import CASES, CHECKS, HISTORIES
from exchange.kit.rules import RULES
from exchange.kit.vectors import KINDS, SUFFIX, judge_folder, vectors_of
from exchange.messages.codelists import codelist
from tools.vectors.__main__ import FOLDER, files

ONE_ANSWER = {code.code for code in codelist("ack-rejections").codes.values()} & {
    "envelope_invalid",
    "too_large",
    "clear_text_personal_data",
    "wrong_recipient",
    "signer_unknown",
    "key_revoked",
    "signature_invalid",
    "conflict",
}
"""Codes that a partner sees as `refused`."""


def verdicts() -> set[str]:
    """Return every verdict that a vector of lines expects."""
    steps = [step for vector in vectors_of(FOLDER, "lines") for step in vector["steps"]]
    return {verdict for step in steps for verdict in (*step["expect"], *step.get("then", ()))}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return files()


@pytest.mark.parametrize("kind", KINDS)
def test_our_program_gives_every_vector_its_verdict(kind: str) -> None:
    judged = judge_folder(FOLDER, memory_store, [kind])

    assert judged
    assert [one for one in judged if not one.holds] == []


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.json*")))
def test_a_file_of_vectors_equals_what_is_made(name: str, made: dict[str, str]) -> None:
    """`make vectors` writes it again."""
    assert (FOLDER / name).read_text(encoding="utf-8") == made[name]


def test_no_file_of_vectors_is_missing(made: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.glob("*.json*")} == set(made)


def test_there_are_enough_lines_and_most_of_them_are_bad() -> None:
    last = [vector["steps"][-1]["expect"] for vector in vectors_of(FOLDER, "lines")]
    good = [expect for expect in last if expect and expect[-1] in {"logged accepted", "same entry"}]

    assert len(last) >= 150
    assert len(good) < len(last) / 4


def test_a_node_with_suite_1_alone_is_shown_every_rule_of_lines() -> None:
    """What is refused before the body is looked at is the same for every suite, so it stands there once."""
    rows = vectors_of(FOLDER, "lines")
    once, again = (
        [row for row in rows if row["context"].startswith("classical") is wanted] for wanted in (False, True)
    )
    refused_at_once = {row["rule"] for row in once} - {
        row["rule"] for row in once if any(step["expect"] != ["refused"] for step in row["steps"])
    }

    assert {row["rule"] for row in once} - refused_at_once <= {row["rule"] for row in again}
    assert {1, 2} == {row["suite"] for row in vectors_of(FOLDER, "bodies")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_has_a_name_of_its_own_a_rule_and_a_sentence(kind: str) -> None:
    vectors = vectors_of(FOLDER, kind)

    assert len({vector["name"] for vector in vectors}) == len(vectors)
    assert {vector["rule"] for vector in vectors} <= set(RULES)
    assert all(re.fullmatch(r"[A-Z0-9].*\.", vector["description"]) for vector in vectors)


def test_every_rule_is_checked_by_a_vector_or_at_a_live_node() -> None:
    checked = {vector["rule"] for kind in KINDS for vector in vectors_of(FOLDER, kind)}
    checked |= {case.rule for case in CASES} | {check.rule for check in (*CHECKS, *HISTORIES)}

    assert checked == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_stands_on_a_page(rule: str) -> None:
    page, _, section = RULES[rule].source.partition(".md")
    text = (FOLDER.parents[2] / f"{page}.md").read_text(encoding="utf-8")

    assert section.removeprefix(" rule ").strip() in text


@pytest.mark.parametrize("name", ["ack-rejections", "again-codes"])
def test_every_code_of_a_line_is_brought_about(name: str) -> None:
    seen = {word for verdict in verdicts() for word in verdict.split()}
    seen |= {vector["result"].get("code", "") for vector in vectors_of(FOLDER, "results")}
    codes = {code.code for code in codelist(name).codes.values() if not code.retired}

    assert codes - seen == codes & ONE_ANSWER - {"too_large"}


def test_the_keys_of_the_context_follow_from_their_labels() -> None:
    raw = json.loads((FOLDER / "context.json").read_text(encoding="utf-8"))

    for row in raw["keys"]:
        key = private_keys(AgencyCode(row["agency"]))[row["kid"]]
        assert (b64url(key.public.raw), key.use, key.algorithm) == (row["public"], row["use"], row["alg"])
        assert row["label"].startswith(f"{raw['seed']}/{row['agency']}/{row['use']}/{row['alg']}/")


def test_no_private_key_stands_in_a_file_of_vectors() -> None:
    seeds = [key.seed for agency in ("KH-MOSVY-DAHT", "VN-MPS-IMM") for key in _keys_of(agency)]
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.iterdir())

    assert not [seed for seed in seeds if b64url(seed) in text or seed.hex() in text]


def _keys_of(agency: str) -> Any:
    return private_keys(AgencyCode(agency)).values()


def test_every_card_of_the_context_trains() -> None:
    setting = read_contexts(FOLDER).usual.setting

    assert setting.sender.card.training
    assert setting.recipient.card.training


@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_with_another_verdict_is_found(kind: str, tmp_path: Path) -> None:
    (tmp_path / "context.json").write_bytes((FOLDER / "context.json").read_bytes())
    wrong = dict(vectors_of(FOLDER, kind)[0])
    if kind == "lines":
        wrong["steps"] = [step | {"expect": ["refused, never"]} for step in wrong["steps"]]
    else:
        wrong["expect"] = ["never"] if kind == "gate" else "never"
    (tmp_path / f"{kind}{SUFFIX}").write_text(json.dumps(wrong) + "\n", encoding="utf-8")

    assert [one.holds for one in judge_folder(tmp_path, memory_store, [kind])] == [False]


def test_a_folder_without_vectors_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no vectors"):
        judge_folder(tmp_path, memory_store)


def test_a_missing_file_of_vectors_is_named(tmp_path: Path) -> None:
    (tmp_path / "context.json").write_bytes((FOLDER / "context.json").read_bytes())

    with pytest.raises(InputError, match=r"json\.jsonl cannot be read"):
        judge_folder(tmp_path, memory_store)
