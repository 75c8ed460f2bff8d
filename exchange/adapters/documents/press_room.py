# SPDX-License-Identifier: Apache-2.0
"""The process in which papers become files: reads one after the other until its input ends (`press`).

    length, 4 bytes; paper as JSON        ->  kind, 1 byte; length, 4 bytes; PDF, or a sentence why not

It keeps nothing and writes no core: what it is given is about persons.
"""

import json
import resource
import sys
from datetime import datetime
from typing import BinaryIO, Final

from exchange.adapters.documents.pdf import write_pdf
from exchange.errors import UsageError
from exchange.ids import b64url, unb64url
from exchange.service.papers import Paper

MADE: Final = b"m"
NOT_MADE: Final = b"n"


def paper_bytes(paper: Paper) -> bytes:
    """Return a paper as it goes to the process."""
    members = {
        "html": paper.html,
        "created": paper.created_at.isoformat(),
        "name": paper.attached_name,
        "attached": b64url(paper.attached),
        "description": paper.attached_description,
    }
    return json.dumps(members).encode()


def paper_from(raw: bytes) -> Paper:
    """Return the paper that `paper_bytes` was given."""
    members = json.loads(raw)
    return Paper(
        html=members["html"],
        created_at=datetime.fromisoformat(members["created"]),
        attached_name=members["name"],
        attached=unb64url(members["attached"]),
        attached_description=members["description"],
    )


def work(source: BinaryIO, target: BinaryIO) -> None:
    """Make each paper that comes in into a file, until no more comes."""
    while len(head := source.read(4)) == 4:
        kind, made = _made(source.read(int.from_bytes(head, "big")))
        target.write(kind + len(made).to_bytes(4, "big") + made)
        target.flush()


def _made(raw: bytes) -> tuple[bytes, bytes]:
    try:
        return MADE, write_pdf(paper_from(raw))
    except UsageError as error:
        return NOT_MADE, str(error).encode()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    work(sys.stdin.buffer, sys.stdout.buffer)
