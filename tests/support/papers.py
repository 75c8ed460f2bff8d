# SPDX-License-Identifier: Apache-2.0
"""Messages that are ready to be printed, from the published examples or from a few words."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from exchange.ids import AgencyCode, Digest, LinkId, MessageId, sha256
from exchange.messages.codelists import schema_root
from exchange.messages.on_paper import on_paper
from exchange.protocol.handover_token import token_for
from exchange.service.papers import Opened, Printed
from exchange.service.rows import Direction, MessageRow, MessageState

ZONE = ZoneInfo("Asia/Phnom_Penh")
SENT_AT = datetime(2027, 9, 17, 2, 50, tzinfo=UTC)
EXAMPLES = schema_root() / "examples"


def example(name: str) -> dict[str, Any]:
    """Return a valid example, for example `rpn/adult-with-passport`."""
    kind, _, file = name.partition("/")
    document: dict[str, Any] = json.loads((EXAMPLES / kind / "valid" / f"{file}.json").read_text("utf-8"))
    return document


def examples() -> list[str]:
    """Return the names of all valid examples."""
    return sorted(f"{path.parts[-3]}/{path.stem}" for path in EXAMPLES.glob("*/valid/*.json"))


def printed(document: dict[str, Any], *, seq: int = 41, changed: str = "") -> Printed:
    """Return a document as a message that is printed."""
    header = document["header"]
    kept = on_paper(document, changed=changed)
    row = row_of(document, seq)
    sender, recipient = AgencyCode(header["sender"]), AgencyCode(header["recipient"])
    token = token_for(row.link, seq, sender, row.id, row.commitment)
    return Printed(row, sender, recipient, kept.document, kept.left_out, token.text, changed, kept.cut)


def row_of(document: dict[str, Any], seq: int) -> MessageRow:
    header = document["header"]
    digest = Digest(sha256(header["message_id"].encode("ascii")))
    return MessageRow(
        link=LinkId(header["link"]),
        direction=Direction.OUT,
        seq=seq,
        id=MessageId(header["message_id"]),
        type=header["type"],
        state=MessageState.ACCEPTED,
        code="",
        envelope_hash=digest,
        body_hash=digest,
        commitment=digest,
        size_class=4096,
        agreement_n=1,
        created_at=SENT_AT,
        expires_at=SENT_AT + timedelta(days=30),
        logged_at=SENT_AT,
        line_bytes=6000,
    )


def opened(
    name: str, *signatures: str, blank: bool = False, training: bool = False, changed: str = ""
) -> Opened:
    """Return an example as it is opened for printing, with the examples that sign it."""
    signing = tuple(printed(example(one), seq=42) for one in signatures)
    main = printed(example(name), changed=changed)
    return Opened(main, signing, blank=blank, training=training, zone=ZONE)


def many_lines(name: str, count: int) -> Opened:
    """Return an example with its first person repeated."""
    document = example(name)
    document["persons"] = [
        {**document["persons"][0], "case_code": f"AAAA-BBBB-{number:04d}"} for number in range(count)
    ]
    return Opened(printed(document), zone=ZONE)


def render(opened_: Opened, languages: tuple[str, ...], target: Path) -> Path:
    """Write the PDF of a paper and return its place."""
    from exchange.adapters.documents.pdf import write_pdf
    from exchange.interfaces.papers import paper_of

    target.write_bytes(write_pdf(paper_of(opened_, languages)))
    return target
