# SPDX-License-Identifier: Apache-2.0
"""`exchange witness …`: made once, told to others in one line, listed."""

import json
from pathlib import Path

import pytest
from exchange.ledger.witnessing import WitnessKey
from exchange.witness.keeping import WitnessStore
from exchange.witness.policy import read_policy
from tests.support.command_line import run
from tests.support.local_service import LocalService
from tests.support.witness import AT
from tests.unit.witness.test_judging import request

NAME = "witness.example/w1"


def made(folder: Path) -> str:
    done = run("witness", "init", folder, "--name", NAME, "--json", PASSPHRASE="correct horse")
    assert done.code == 0, done.err
    return str(json.loads(done.out)["key"])


def test_a_witness_is_made_with_its_key_store_and_policy(tmp_path: Path) -> None:
    key = made(tmp_path / "w")

    assert WitnessKey.parse(key).name == NAME
    assert read_policy(tmp_path / "w").name == NAME
    assert {path.name for path in (tmp_path / "w").iterdir()} >= {"witness.key", "witness.db", "witness.toml"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    done = run("witness", "init", tmp_path / "file" / "w", "--name", NAME, PASSPHRASE="correct horse")

    assert done.code == 6
    assert done.err.splitlines()[0] == f"error: {tmp_path / 'file' / 'w'} cannot be made: Not a directory"


def test_it_is_made_once(tmp_path: Path) -> None:
    made(tmp_path / "w")
    done = run("witness", "init", tmp_path / "w", "--name", NAME, PASSPHRASE="correct horse")

    assert done.code == 6
    assert "is not empty" in done.err


@pytest.mark.parametrize("name", ["Witness", "a b", ""])
def test_a_name_that_cannot_be_signed_is_refused_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    done = run("witness", "init", tmp_path / "w", "--name", name, PASSPHRASE="correct horse")

    assert done.code != 0
    assert "small letters" in done.err
    assert not (tmp_path / "w").exists()


def test_the_logs_are_listed(tmp_path: Path) -> None:
    made(tmp_path / "w")
    assert "no log was witnessed yet" in run("witness", "list", tmp_path / "w").out
    asked = request(7, 0)
    with WitnessStore(tmp_path / "w") as store:
        store.take("exchange/v1/x/KH-MOSVY-DAHT/1", asked, at=AT, cosign=lambda: "line")

    found = json.loads(run("witness", "list", tmp_path / "w", "--json").out)
    assert [(each["origin"], each["size"]) for each in found["logs"]] == [
        ("exchange/v1/x/KH-MOSVY-DAHT/1", 7)
    ]


def test_a_folder_without_a_witness_says_what_to_do(tmp_path: Path) -> None:
    done = run("witness", "list", tmp_path)

    assert done.code == 6
    assert "exchange witness init" in done.err


def test_what_a_witness_has_to_know_is_ready_to_paste(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"witness.request": {"agency": "KH-MOSVY-DAHT", "keys": ["abc"]}}):
        done = run("witness", "request", "--data", tmp_path)

    assert done.out == '[[log]]\nagency = "KH-MOSVY-DAHT"\nkeys = ["abc"]\n'
