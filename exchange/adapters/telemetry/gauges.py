# SPDX-License-Identifier: Apache-2.0
"""Writes how a node stands now for a metrics system; what happened is counted in `counters`.

A value that is not known has no line: no contact since the start, no backup ever.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from exchange.service.watching import LinkStanding


def gauges_text(links: Iterable[LinkStanding], *, backup_age_s: float | None) -> bytes:
    """Return the gauges in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    gate, paused, waiting, contact = (
        Gauge(f"exchange_{name}", what, ("partner",), registry=registry)
        for name, what in (
            ("gate_open", "1 while the start gate of the link is open"),
            ("link_paused", "1 while an officer of the own side holds the link shut"),
            ("messages_waiting", "Messages without a verdict, and messages that wait for the gate"),
            ("last_contact_age_seconds", "Since the last frame of the partner"),
        )
    )
    for link in links:
        gate.labels(link.partner).set(link.is_open)
        paused.labels(link.partner).set(link.is_paused)
        waiting.labels(link.partner).set(link.waiting)
        if link.contact_age_s is not None:
            contact.labels(link.partner).set(round(link.contact_age_s))
    if backup_age_s is not None:
        backup = Gauge(
            "exchange_backup_age_seconds", "Since the last backup with data keys", registry=registry
        )
        backup.set(round(backup_age_s))
    return generate_latest(registry)
