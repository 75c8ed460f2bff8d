# SPDX-License-Identifier: Apache-2.0
"""No private key is in the tree, not even for a test.

Tests derive their keys from a labelled seed. Only `tests/vectors/` may hold keys: published test keys of
standards. What is looked for: PEM and DER private keys, private members of JSON Web Keys, age keys, seeds
written out as digits, containers of a node, and files whose name says that they are a key.

A key that hides (encrypted, split, in a picture) is not found here; people review the tree, too.
"""

import re

from tools.checks.tree import Finding, Tree

ALLOWED = "tests/vectors/"
KEY_FILES = (".key", ".sealed", ".p12", ".pfx", ".jks", ".keystore")

PATTERNS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("a private key in PEM", re.compile(rb"BEGIN [A-Z ]*PRIVATE KEY")),
    ("a private key of age", re.compile(rb"AGE-SECRET-KEY-[0-9A-Z]{10}")),
    (
        "the private member of a JSON Web Key",
        re.compile(rb"""["'](?:d|priv)["']\s*:\s*["'][A-Za-z0-9_-]{43}["']"""),
    ),
    (
        "a seed in digits",
        re.compile(rb"""(?i)(?:seed|secret|priv(?:ate)?)\w*["']?\s*[:=]\s*b?["'][0-9a-f]{64}["']"""),
    ),
    ("a container of private keys", re.compile(rb"""["']format["']\s*:\s*["']exchange-keys/\d""")),
    ("a private key in base64", re.compile(rb"MC4CAQAwBQYDK2V[wu]BCIEI|MIGHAgEAMBMGByqGSM[4]9")),
    (
        "a private key in DER",
        re.compile(rb"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65[\x6e\x70]\x04\x22\x04\x20"),
    ),
)


def check(tree: Tree) -> list[Finding]:
    """Find private key material outside `tests/vectors/`."""
    paths = (path for path in tree.paths if not path.startswith(ALLOWED))
    return [finding for path in paths for finding in _check_file(path, tree.raw(path))]


def _check_file(path: str, raw: bytes) -> list[Finding]:
    found = [
        Finding(
            path,
            raw.count(b"\n", 0, match.start()) + 1,
            f"looks like {kind}: remove it, and stop using that key",
        )
        for kind, pattern in PATTERNS
        for match in pattern.finditer(raw)
    ]
    if path.endswith(KEY_FILES):
        found.append(Finding(path, 1, "has the name of a key file; keys live in the data folder of a node"))
    return found
