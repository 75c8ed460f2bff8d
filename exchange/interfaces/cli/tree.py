# SPDX-License-Identifier: Apache-2.0
"""The tree of all commands."""

from exchange.interfaces.cli import (
    access,
    agreements,
    answering,
    backups,
    cases,
    clientele,
    demo,
    differing,
    doctor,
    due,
    evidence,
    figures,
    finding,
    handover,
    keys,
    kit,
    ledgers,
    messages,
    officers,
    parcels,
    partners,
    pausing,
    registry,
    retaining,
    rights,
    schemas,
    setup,
    staffing,
    stating,
    telling,
    witness,
)
from exchange.interfaces.cli.app import PURPOSE, command_line, root

app = command_line()
app.callback(help=PURPOSE)(root)
for part in (demo, setup, doctor, due):
    part.register(app)
cases.group.command("recipients")(rights.recipients)
cases.group.command("erase")(retaining.erase)
cases.group.command("hold")(retaining.hold)
cases.group.command("unhold")(retaining.unhold)
for name, group in (
    ("message", messages.group),
    ("case", cases.group),
    ("register", registry.group),
    ("retention", retaining.group),
    ("statistics", figures.group),
    ("handover", handover.group),
    ("partner", partners.group),
    ("agreement", agreements.group),
    ("officer", officers.officers),
    ("client", clientele.group),
    ("notice", telling.group),
    ("key", keys.group),
    ("ledger", ledgers.group),
    ("difference", differing.group),
    ("statement", stating.group),
    ("evidence", evidence.group),
    ("parcel", parcels.group),
    ("schema", schemas.group),
    ("kit", kit.group),
    ("witness", witness.group),
    ("backup", backups.group),
):
    app.add_typer(group, name=name)
access.register(cases.group, officers.officers)
staffing.register(officers.officers)
answering.register(messages.group)
finding.register(cases.group)
pausing.register(partners.group)
ledgers.register(app)
officers.register(app)
