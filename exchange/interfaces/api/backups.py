# SPDX-License-Identifier: Apache-2.0
"""The command that makes a backup: the running service alone can copy its store."""

from pathlib import Path

from exchange.bootstrap import make_backup
from exchange.clock import instant_text
from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk


async def make(desk: Desk, ask: Ask) -> Answer:
    """Write a backup to a file that the command line names."""
    path = Path(ask.text("file"))
    if not path.is_absolute():
        raise UsageError("the file of a backup is named by its whole path")
    done = await make_backup(desk.opened, path, with_data_keys=ask.flag("with_data_keys"))
    until = done.card.destroy_by
    return {
        "file": str(path),
        "bytes": done.size,
        "made": instant_text(done.card.made_at),
        "data_keys": done.card.has_data_keys,
        "destroy_by": instant_text(until) if until else None,
    }


COMMANDS: dict[str, Command] = {"backup.make": make}
