# SPDX-License-Identifier: Apache-2.0
"""Stores that pass the contract suite of the UnitOfWork port.

Begin with `sqlite`, the store, and `unit`, its tables as one unit of work sees them. Queries:
`sql/queries`.

    the file          sqlite, transactions, database, opening, files, migrate, unlocked, memory, backups
    for all tables    unit, queries, columns, vault, gathered, newest
    links, logs       links, logs, head_lines, stamps, tiles, witnessed, highwater
    messages          messages, contents, held, unopened, drafts, emergencies
    cases, movements  cases, movements, crossings, questions, searches, register
    erasure           erasing, erasures
    books             differences, audit, settings
    people, programs  access, officers, staff, clients
"""
