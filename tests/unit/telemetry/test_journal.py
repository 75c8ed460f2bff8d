# SPDX-License-Identifier: Apache-2.0
"""The operators' log holds codes and numbers, one line a record, and nothing else (threat model, 6)."""

import io
import json
import re
from pathlib import Path

import pytest
from exchange.adapters.telemetry import journal as journal_module
from exchange.adapters.telemetry.journal import JsonJournal, VocabularyError, open_journal
from exchange.adapters.telemetry.vocabulary import EVENTS, FIELDS, Value, is_allowed
from exchange.errors import ConfigurationError
from exchange.ids import NodeId
from hypothesis import given
from hypothesis import strategies as st
from tests.support.door_world import GivenClock

NODE = NodeId("00112233aabbccdd")
LINK = "kh-vn-AAAAAAAAAAAAAAAA"


class World:
    """A journal in memory and its clock."""

    def __init__(self, *, strict: bool = True) -> None:
        self.clock = GivenClock()
        self.stream = io.StringIO()
        self.journal = JsonJournal(self.stream, clock=self.clock, node=NODE, strict=strict)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    @property
    def records(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]


def test_a_record_is_one_line_with_time_level_event_and_node_first() -> None:
    world = World()

    world.journal.note("exchange_failed", link=LINK, reason="timeout", failures=3)

    assert world.lines == [
        '{"at":"2027-10-04T09:12:04.000Z","level":"warning","event":"exchange_failed",'
        f'"node":"{NODE}","link":"{LINK}","reason":"timeout","failures":3}}'
    ]


@pytest.mark.parametrize(
    ("what", "event", "fields"),
    [
        ("an unknown event", "officer_said", {}),
        ("an event that is a text", "could not open 'Mai'", {}),
        ("an unknown field", "gate_opened", {"name": "Mai"}),
        ("a field of another event", "gate_opened", {"failures": 1}),
        ("a text in place of a code", "exchange_failed", {"reason": "no answer from Ha Noi"}),
        ("a code in capitals", "exchange_failed", {"reason": "Timeout"}),
        ("a code that is too long", "exchange_failed", {"reason": "a" * 41}),
        ("a code with a line feed", "exchange_failed", {"reason": "timeout\n"}),
        ("Khmer digits", "exchange_failed", {"reason": "code_១"}),
        ("a number as text", "exchange_failed", {"failures": "3"}),
        ("an infinite number", "gate_opened", {"duration_ms": float("inf")}),
        ("no number", "gate_opened", {"duration_ms": float("nan")}),
        ("a case code as message", "line_received", {"message": "7KQ2-M9XD-4TBE"}),
        ("an address as partner", "line_received", {"partner": "https://vn.example"}),
        ("an error text as class", "handling_failed", {"error": "KeyError: 'Mai'"}),
        ("a path as place", "handling_failed", {"place": "KeyError /srv/cases/7KQ2"}),
        ("a direction mark", "exchange_failed", {"reason": "time\u202eout"}),
    ],
)
def test_a_word_outside_the_vocabulary_raises_in_tests_and_is_dropped_in_production(
    what: str, event: str, fields: dict[str, Value]
) -> None:
    with pytest.raises(VocabularyError) as raised:
        World().journal.note(event, **fields)
    world = World(strict=False)
    world.journal.note(event, **fields)

    [record] = world.records
    assert set(record) <= {"at", "level", "event", "node", "dropped"}
    assert record["event"] in (event, "record_dropped")
    for value in fields.values():
        assert str(value) not in str(raised.value)


def test_the_good_fields_of_a_bad_record_stay() -> None:
    world = World(strict=False)

    world.journal.note("exchange_failed", link=LINK, reason="NOT A CODE")

    assert (world.records[0]["link"], world.records[0]["dropped"]) == (LINK, 1)
    assert "reason" not in world.records[0]


@given(st.text(min_size=1), st.text())
def test_no_text_from_outside_reaches_the_log(name: str, value: str) -> None:
    world = World(strict=False)

    world.journal.note("exchange_failed", **{f"x{name}": value, "reason": f"Planted {value}"})

    assert "lanted" not in world.stream.getvalue()
    assert len(world.lines) == 1
    assert world.stream.getvalue().isascii()


def test_equal_records_within_a_minute_are_counted() -> None:
    world = World()

    for _ in range(100):
        world.journal.note("exchange_failed", reason="timeout")
    assert len(world.lines) == 1
    world.clock.pass_by(60)
    world.journal.note("gate_opened", link=LINK)

    assert [record["event"] for record in world.records] == [
        "exchange_failed",
        "exchange_failed",
        "gate_opened",
    ]
    assert world.records[1]["repeated"] == 99


def test_a_record_that_comes_again_after_a_minute_is_written_again() -> None:
    world = World()

    world.journal.note("exchange_failed", reason="timeout")
    world.clock.pass_by(61)
    world.journal.note("exchange_failed", reason="timeout")

    assert len(world.lines) == 2
    assert all("repeated" not in record for record in world.records)


def test_refused_requests_are_written_with_their_numbers_and_a_flood_is_counted() -> None:
    """Each has another number; people look up theirs, and a stranger fills no disk."""
    world = World()
    most = journal_module.EACH_A_WINDOW

    for number in range(most + 80):
        world.journal.note(
            "request_refused", reason="not_found", rule="key_unknown", request=f"{number:012x}"
        )
    world.journal.note("request_refused", reason="not_found", rule="nonce_again", request="0" * 12)
    assert [record["request"] for record in world.records[:most]] == [f"{n:012x}" for n in range(most)]
    assert len(world.lines) == most + 1
    world.clock.pass_by(60)
    world.journal.note("gate_opened", link=LINK)

    counted = world.records[most + 1]
    assert (counted["rule"], counted["repeated"]) == ("key_unknown", 80)
    assert "request" not in counted


def test_records_that_differ_are_all_written() -> None:
    world = World()

    for failures in range(10):
        world.journal.note("exchange_failed", failures=failures)

    assert len(world.lines) == 10


def test_what_was_counted_is_reported_when_the_journal_closes() -> None:
    world = World()

    with world.journal as journal:
        journal.note("exchange_failed", reason="timeout")
        journal.note("exchange_failed", reason="timeout")

    assert world.records[-1]["repeated"] == 1


def test_memory_for_counting_is_bounded() -> None:
    world = World()

    for _ in range(2):
        for failures in range(journal_module.MAX_REMEMBERED + 10):
            world.journal.note("exchange_failed", failures=failures)

    assert len(world.lines) == 2 * (journal_module.MAX_REMEMBERED + 10)


def test_a_record_that_would_be_too_long_is_cut_to_what_identifies_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "MAX_RECORD_BYTES", 120)
    world = World()

    world.journal.note("exchange_failed", link=LINK, reason="timeout", failures=3)

    assert set(world.records[0]) == {"at", "level", "event", "node", "cut"}


def test_the_longest_record_that_the_vocabulary_allows_fits() -> None:
    longest = {"place": "E" * 60 + (" " + "m" * 40 + ":999999") * 4}

    assert is_allowed("place", longest["place"])
    assert max(len(event.fields) for event in EVENTS.values()) * 300 < journal_module.MAX_RECORD_BYTES


def test_a_full_disk_does_not_stop_the_node() -> None:
    class FullDisk(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    JsonJournal(FullDisk(), clock=GivenClock(), node=NODE, strict=True).note("node_started", port=1)


def test_a_log_file_is_ours_alone_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "node.log"

    for port in (1, 2):
        with open_journal(path, clock=GivenClock(), node=NODE) as journal:
            journal.note("node_started", port=port)

    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().splitlines()) == 2


def test_a_symbolic_link_is_no_log_file(tmp_path: Path) -> None:
    (tmp_path / "node.log").symlink_to(tmp_path / "elsewhere")

    with (
        pytest.raises(ConfigurationError),
        open_journal(tmp_path / "node.log", clock=GivenClock(), node=NODE),
    ):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_without_a_file_records_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with open_journal(None, clock=GivenClock(), node=NODE) as journal:
        journal.note("node_started", port=1)

    assert json.loads(capsys.readouterr().err)["event"] == "node_started"


def test_every_event_names_known_fields_and_is_a_code() -> None:
    for code, event in EVENTS.items():
        assert re.fullmatch(r"[a-z][a-z_]{2,39}", code)
        assert event.fields <= set(FIELDS)
