# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/protocol: one small story, the same bytes in every run.

    parties    two agencies with keys from labels, their cards, the two files, the agreement
    sealing    bodies with fixed content keys, with every value on the way
    story      two messages, both logs, heads, cosignatures, three frames, the gate, a signed request
    pages      writes what a page asks for between its markers

`docs/protocol/examples.json` holds every value whole; the pages show some of them, cut into short lines.
Private keys are not printed: a reader makes them from their labels.
"""
