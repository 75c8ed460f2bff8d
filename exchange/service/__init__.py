# SPDX-License-Identifier: Apache-2.0
"""Use cases: release, deliver, receive, gate, casework, reconcile. Async, ports only."""
