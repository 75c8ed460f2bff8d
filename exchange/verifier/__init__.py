# SPDX-License-Identifier: Apache-2.0
"""The offline verifier: checks an evidence pack or a disclosure with nothing but Python's standard library.

It shares no code with the rest of the program on purpose: what the program writes is read here a second
time, from docs/protocol alone. `exchange evidence verifier` joins these modules into one file, `verify.py`,
that a court's expert can read and run without installing anything.

Reading order: `forms` (bytes into values), `ed25519`, `tree`, `pack`, `keys`, `logs`, `messages`, `compare`,
`report`, `page`, `claims`, `disclosure`, `court`, `main`.
"""
