# SPDX-License-Identifier: Apache-2.0
"""Metrics count events of the vocabulary, with few labels and no values from outside."""

import pytest
from exchange.adapters.telemetry import counters as counters_module
from exchange.adapters.telemetry.counters import PrometheusCounters
from hypothesis import given
from hypothesis import strategies as st


def counted(counters: PrometheusCounters, event: str, partner: str = "", reason: str = "") -> float:
    wanted = f'exchange_events_total{{event="{event}",partner="{partner}",reason="{reason}"}} '
    for line in counters.text().decode().splitlines():
        if line.startswith(wanted):
            return float(line.removeprefix(wanted))
    return 0


def test_an_event_is_counted_under_its_labels() -> None:
    counters = PrometheusCounters(strict=True)

    for _ in range(3):
        counters.count("line_received", partner="VN-MPS-IMM", reason="accepted")

    assert counted(counters, "line_received", "VN-MPS-IMM", "accepted") == 3


def test_nothing_of_the_process_is_published() -> None:
    counters = PrometheusCounters(strict=True)
    counters.count("gate_opened")

    text = counters.text().decode()

    assert "python" not in text
    assert "process" not in text


@pytest.mark.parametrize(
    ("event", "labels"),
    [
        ("officer_said", {}),
        ("", {}),
        ("gate_opened", {"partner": "Viet Nam"}),
        ("gate_opened", {"partner": "VN-MPS-IMM\n"}),
        ("gate_opened", {"reason": "NGUYEN Thi Mai"}),
        ("gate_opened", {"reason": 'x"} 1'}),
    ],
)
def test_a_word_outside_the_vocabulary_raises_in_tests_and_is_replaced_in_production(
    event: str, labels: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="not in the vocabulary"):
        PrometheusCounters(strict=True).count(event, **labels)
    counters = PrometheusCounters()
    counters.count(event, **labels)

    text = counters.text().decode()
    assert all(value not in text for value in labels.values())
    assert "other" in text or "record_dropped" in text


@given(st.text(min_size=1))
def test_no_text_breaks_out_of_a_label(text: str) -> None:
    counters = PrometheusCounters()

    counters.count(text, partner=text, reason=f"Planted{text}")

    assert b"Planted" not in counters.text()


def test_the_number_of_series_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters_module, "MAX_SERIES", 5)
    counters = PrometheusCounters(strict=True)

    for number in range(20):
        counters.count("line_refused", reason=f"code_{number}")
    counters.count("line_refused", reason="code_1")

    assert counted(counters, "line_refused", "other", "other") == 15
    assert counted(counters, "line_refused", "", "code_1") == 2
