# SPDX-License-Identifier: Apache-2.0
"""The door for the own staff: commands over the local socket.

Begin with `server`: it joins the tables COMMANDS of the others. The pages and the command line ask these
commands. Where a story begins and which way it goes: docs/explanation/where-things-are.md.

    the door        server, desk, allowed
    messages        messaging, drafting, answering, returning, sheets, files, printing
    cases, persons  casebook, finding, persons, rights, records, handover, handover_tasks, registry
    what is due     agenda, deadlines, arrivals
    auditor         bookkeeping, differing, stating, evidence, disclosed
    partners        partnering, moving, agreeing, courier
    access          access, staffing, accounts, clientele
    erasure         retaining
    the node        office, backups, telling, figures, training
"""
