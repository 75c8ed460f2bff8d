# SPDX-License-Identifier: Apache-2.0
"""Second signatures over heads (ML-DSA-44). A signature differs each time, so made lines are kept."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

from exchange.ids import LinkId, b64url
from exchange.kit.agency import kit_key
from exchange.kit.contexts import Contexts
from exchange.kit.vectors import scribe_in
from exchange.ledger.lattice import lattice_line
from exchange.ledger.notes import Head
from exchange.protocol.suites import KeyUse

Row = dict[str, Any]
RULE = "head.second"


def rows(contexts: Contexts, kept: Sequence[Row]) -> list[Row]:
    """Return vectors of second signatures over one head of the sender; lines in `kept` are taken again."""
    scribe = scribe_in(contexts, contexts.usual, "lattice")
    own, size = scribe.own.code, len(scribe.leaves)
    key, root = kit_key(own, KeyUse.HEAD_PQ), scribe.root(size)
    head = Head(scribe.link, own, 1, size, root)
    lines = {row["name"]: row["line"] for row in kept}

    def made(name: str, over: Head, n: int = 1) -> str:
        return lines.get(f"lattice-{name}") or lattice_line(over, kit_key(own, KeyUse.HEAD_PQ, n))

    right = made("right", head)
    other_link = Head(LinkId("kQ9w7VtR0aLh4uJp6ZxC1g"), own, 1, size, root)
    texts = (
        ("right", "A right second signature.", "verified", right),
        ("other-root", "It is over another root.", "wrong",
         made("other-root", Head(scribe.link, own, 1, size, bytes(32)))),
        ("other-size", "It is over a smaller head.", "wrong",
         made("other-size", Head(scribe.link, own, 1, size - 1, root))),
        ("other-epoch", "It is of another epoch.", "wrong",
         made("other-epoch", Head(scribe.link, own, 2, size, root))),
        ("other-link", "It is of another link.", "wrong", made("other-link", other_link)),
        ("one-bit", "One bit of the signature is changed.", "wrong",
         _with(right, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))),
        ("with-a-time", "The eight bytes of the time are not zero.", "wrong",
         _with(right, lambda raw: raw[:11] + b"\x01" + raw[12:])),
        ("cut", "The signature is cut.", "wrong", _with(right, lambda raw: raw[:-1])),
        ("other-key", "A key that no card names signed.", "unknown", made("other-key", head, 2)),
        ("key-id", "The key id is another one.", "unknown", _with(right, lambda raw: bytes(4) + raw[4:])),
        ("other-name", "The name is that of a cosigner.", "unknown", right.replace("/head ", "/cosign ")),
        ("two-lines", "There are two lines.", "refused", right * 2),
        ("without-line-feed", "The line feed is missing.", "refused", right.rstrip("\n")),
    )  # fmt: skip
    note, public = scribe.head(), b64url(key.public.raw)
    return [
        {"name": f"lattice-{name}", "rule": RULE, "description": words, "key": public, "note": note,
         "line": line, "expect": expect}
        for name, words, expect, line in texts
    ]  # fmt: skip


def _with(line: str, change: Callable[[bytes], bytes]) -> str:
    start, _, coded = line.rstrip("\n").rpartition(" ")
    return f"{start} {base64.b64encode(change(base64.b64decode(coded))).decode()}\n"
