# SPDX-License-Identifier: Apache-2.0
"""`exchange notice …`: whether mail and webhooks reach whom they should."""

import typer

from exchange.errors import NodeError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json
from exchange.interfaces.cli.output import say_json, say_table

group = typer.Typer(help="Mail and webhooks that say that something arrived: test.", no_args_is_help=True)


@group.command("test")
def try_notices(data: Data = DATA, as_json: Json = False) -> None:
    """Send a test by mail and by each webhook of the configuration."""
    channels = Service(data).ask("notice.test")["channels"]
    if as_json:
        say_json({"channels": channels})
    else:
        rows = [(row["channel"], row["reason"] or "taken") for row in channels]
        say_table(("channel", "result"), rows, empty="nothing is configured: see docs/guides/notices.md")
    failed = [row["channel"] for row in channels if row["reason"]]
    if failed:
        raise NodeError(
            f"{len(failed)} of {len(channels)} channels did not take the test",
            hint="correct [notify] or [[staff.webhook]], then restart the service",
        )
