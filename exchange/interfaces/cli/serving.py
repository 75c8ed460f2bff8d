# SPDX-License-Identifier: Apache-2.0
"""The command `serve` by itself: a node stays for months, and needs none of the modules of other commands."""

from exchange.interfaces.cli.app import SERVE, command_line
from exchange.interfaces.cli.setup import serve

app = command_line()
app.command(SERVE)(serve)


@app.callback()
def only() -> None:
    """Keep the name of the command, which typer drops where there is one only."""
