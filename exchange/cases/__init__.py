# SPDX-License-Identifier: Apache-2.0
"""Rules of case and movement: lifecycle, order of effects, consent. Pure.

Begin with `chronicle`: what a case is follows from it. Where a story begins and which way it goes:
docs/explanation/where-things-are.md.

    states            tables, effects, lifecycle, movements, snapshot, prospects
    order of effects  keeper, chronicle, stored
    days              calendars, deadlines, timeliness
    rights            permissions, readable, consent
    published counts  statistics, cell_suppression, publication
    erasure           retention
    home register     register, register_rights, register_sheet, register_report
"""
