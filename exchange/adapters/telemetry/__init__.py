# SPDX-License-Identifier: Apache-2.0
"""Logs from an allow-list, and counters."""
