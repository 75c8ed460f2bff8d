# SPDX-License-Identifier: Apache-2.0
"""Counts events for a metrics system, with words from the vocabulary only.

One metric, `exchange_events_total{event, partner, reason}`, in a registry of its own: nothing of the
Python process is published beside it. Labels that a partner can influence stay few: beyond
`MAX_SERIES` combinations the reason becomes `other`.
"""

from prometheus_client import CollectorRegistry, Counter, generate_latest

from exchange.adapters.telemetry.vocabulary import EVENTS, is_allowed

MAX_SERIES = 1_000
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text format of Prometheus, as `generate_latest` writes it."""
OTHER = "other"


class PrometheusCounters:
    """The `Counters` port."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._registry = CollectorRegistry(auto_describe=False)
        self._events = Counter(
            "exchange_events", "What happened", ("event", "partner", "reason"), registry=self._registry
        )
        self._series: dict[tuple[str, str, str], Counter] = {}

    def count(self, event: str, *, partner: str = "", reason: str = "") -> None:
        """Count an event; what is not in the vocabulary is counted as `record_dropped` or `other`.

        Raises:
            ValueError: in strict mode, a word that is not in the vocabulary.
        """
        known = self._series.get((event, partner, reason))
        (known or self._new_series(event, partner, reason)).inc()

    def _new_series(self, event: str, partner: str, reason: str) -> Counter:
        """Return the series of an event that was not counted before under these words."""
        event = event if event in EVENTS else self._instead("record_dropped")
        partner = partner if not partner or is_allowed("partner", partner) else self._instead(OTHER)
        reason = reason if not reason or is_allowed("reason", reason) else self._instead(OTHER)
        if (event, partner, reason) not in self._series and len(self._series) >= MAX_SERIES:
            partner, reason = OTHER, OTHER
        series = self._series[event, partner, reason] = self._events.labels(event, partner, reason)
        return series

    def text(self) -> bytes:
        """Return all counts in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _instead(self, word: str) -> str:
        if self._strict:
            raise ValueError("a word of a metric is not in the vocabulary")
        return word
