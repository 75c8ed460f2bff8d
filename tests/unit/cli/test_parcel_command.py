# SPDX-License-Identifier: Apache-2.0
"""`exchange parcel write | read`: counts are shown first, and nothing is read before somebody said yes."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import InputError, NodeError, UsageError
from exchange.interfaces.cli.parcels import outcome
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

WRITTEN: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "link": "A" * 22, "number": 7, "gate": "open",
    "files": [{"path": "/stick/out.parcel", "bytes": 24_576, "entries": 12, "messages": 1, "results": 0}],
}  # fmt: skip
SHOWN: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "link": "A" * 22, "number": 3, "volume": 1, "volumes": 1,
    "made": "2027-10-04T02:00:00.000Z", "entries": 5, "messages": 2, "results": 0, "bytes": 24_576,
    "sha256": "B" * 43, "held": 9, "overtaken": False,
}  # fmt: skip
TAKEN: dict[str, Any] = {
    **SHOWN, "new_entries": 5, "new_messages": 2, "known_messages": 0, "refused": 0, "later": 0,
    "own_entries": 20, "signed_by_partner": 18,
}  # fmt: skip


def parcel(tmp_path: Path, *words: object, **replies: Any) -> tuple[Outcome, LocalService]:
    said = {"parcel.write": WRITTEN, "parcel.preview": SHOWN, "parcel.read": TAKEN}
    said |= {name.replace("_", "."): reply for name, reply in replies.items()}
    with LocalService(tmp_path / "data", said) as service:
        done = run("parcel", *words, "--data", tmp_path / "data", OFFICER="P-0001")
    return done, service


def test_writing_says_what_is_inside_and_what_comes_next(tmp_path: Path) -> None:
    done, service = parcel(tmp_path, "write", "VN-MPS-IMM", "-o", tmp_path / "out.parcel")

    assert done.code == 0
    assert done.out.splitlines()[:2] == [
        "parcel 7 for VN-MPS-IMM: /stick/out.parcel, 25 kB",
        "  12 entries, 1 message, 0 results",
    ]
    assert service.members("parcel.write") == {
        "partner": "VN-MPS-IMM", "path": str(tmp_path / "out.parcel"), "volume_mb": 1000, "officer": "P-0001",
    }  # fmt: skip


def test_a_parcel_behind_a_closed_gate_says_so(tmp_path: Path) -> None:
    closed = {**WRITTEN, "gate": "closed"}

    done, _ = parcel(tmp_path, "write", "VN-MPS-IMM", "-o", "out.parcel", parcel_write=closed)

    assert "the start gate is closed" in done.out


@pytest.mark.parametrize("size", ["0", "1", "1001", "x"])
def test_a_size_of_volumes_out_of_bounds_is_wrong_usage(tmp_path: Path, size: str) -> None:
    done, service = parcel(tmp_path, "write", "VN-MPS-IMM", "-o", "out.parcel", "--volume-mb", size)

    assert (done.code, service.names()) == (2, [])


def test_without_an_officer_nothing_is_written(tmp_path: Path) -> None:
    with LocalService(tmp_path / "data", {"parcel.write": WRITTEN}) as service:
        done = run("parcel", "write", "VN-MPS-IMM", "-o", "out.parcel", "--data", tmp_path / "data")

    assert (done.code, service.names()) == (2, [])


def test_reading_shows_the_counts_and_reads_exactly_what_was_shown(tmp_path: Path) -> None:
    done, service = parcel(tmp_path, "read", tmp_path / "back.parcel", "--yes")

    assert done.code == 0
    assert done.out.splitlines()[:3] == [
        "parcel 3 of VN-MPS-IMM, made 2027-10-04T02:00:00.000Z, 25 kB",
        "  5 entries, 2 messages, 0 results; signature and digest are right",
        "read: 5 entries new, 2 messages new",
    ]
    assert service.names() == ["parcel.preview", "parcel.read"]
    assert service.members("parcel.read") == {
        "path": str(tmp_path / "back.parcel"), "sha256": "B" * 43, "officer": "P-0001",
    }  # fmt: skip


def test_nothing_is_read_when_nobody_can_be_asked(tmp_path: Path) -> None:
    done, service = parcel(tmp_path, "read", "back.parcel")

    assert (done.code, service.names()) == (2, ["parcel.preview"])
    assert done.err.splitlines()[0] == "error: nothing was read; nobody could be asked"


def test_a_preview_only_looks(tmp_path: Path) -> None:
    done, service = parcel(tmp_path, "read", "back.parcel", "--preview", "--json")

    assert (done.code, service.names()) == (0, ["parcel.preview"])
    assert json.loads(done.out) == SHOWN


def test_a_program_gets_one_object(tmp_path: Path) -> None:
    done, _ = parcel(tmp_path, "read", "back.parcel", "--json")

    assert json.loads(done.out) == TAKEN


def test_a_volume_and_a_parcel_that_was_overtaken_are_said(tmp_path: Path) -> None:
    later = {**SHOWN, "volume": 2, "volumes": 3, "overtaken": True}

    done, _ = parcel(tmp_path, "read", "back.parcel", "--preview", parcel_preview=later)

    assert "volume 2 of 3" in done.out
    assert "a newer one was read before" in done.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("the parcel is cut: it has 10 bytes of 20", hint="copy it again"), 3),
        (UsageError("back.parcel is not the parcel that was shown"), 2),
        (NodeError("the partner holds 9 entries of ours", hint="put back the newest backup"), 6),
    ],
)
def test_a_refusal_has_an_error_and_its_exit_code(tmp_path: Path, error: Any, code: int) -> None:
    done, service = parcel(tmp_path, "read", "back.parcel", "--yes", parcel_preview=error)

    assert (done.code, service.names()) == (code, ["parcel.preview"])
    assert done.err.startswith("error: ")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"new_entries": 0, "new_messages": 0}, "read: nothing in it was new"),
        ({"known_messages": 1}, "  1 message known already: same entries, nothing doubled"),
        ({"refused": 2}, "  2 messages refused; the partner is told by our next parcel"),
        ({"later": 1}, "  1 message not yet: they come again with the next parcel"),
        ({}, "  our ledger: 20 entries, signed by the partner to 18"),
    ],
)
def test_each_outcome_has_its_line(changes: dict[str, Any], line: str) -> None:
    assert line in outcome({**TAKEN, **changes})
