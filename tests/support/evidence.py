# SPDX-License-Identifier: Apache-2.0
"""Evidence packs of nodes in memory: the commands of a pack, asked without a socket."""

from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from exchange.interfaces.api import evidence as commands
from exchange.interfaces.api.desk import Answer, Ask, Desk
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.packing import write_pack
from tests.support.world import OFFICER, Agency


def at_once(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what a command answers on a store in memory, which never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    raise AssertionError("the command waited")


class NodeService(Service):
    """Answers the commands of a pack from a node in memory, without a socket."""

    def __init__(self, agency: Agency) -> None:
        super().__init__(Path())
        object.__setattr__(self, "desk", Desk(SimpleNamespace(node=agency.node)))  # type: ignore[arg-type]

    def ask(self, command: str, /, **members: Any) -> Answer:
        return at_once(commands.COMMANDS[command](self.desk, Ask(members)))  # type: ignore[attr-defined]


def export(agency: Agency, path: Path, *, ledger: int = 0, partner: str = "") -> Path:
    return write_pack(NodeService(agency), path, partner=partner, officer=OFFICER, ledger=ledger)[0]
