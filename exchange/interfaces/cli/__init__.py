# SPDX-License-Identifier: Apache-2.0
"""The command line.

Begin with `tree`: which module has which command. `app` is where it begins and where errors end. Most
commands ask the running service (`client`). Where a story begins and which way it goes:
docs/explanation/where-things-are.md.

    begins, ends    app, tree, serving, client, options, output
    messages        messages, answering, returning, sending, sheets, templates, printing, schemas,
                    installed
    cases, persons  cases, finding, rights, registry, access, retaining
    handover        handover, handover_code, handover_record
    what is due     due
    auditor         ledgers, differing, stating, evidence, packing, tiling, witness
    partners        partners, enrolling, spoken, agreements, pausing, parcels, moved
    the node        setup, keys, backups, officers, staffing, clientele, figures, telling, doctor,
                    doctor_files, doctor_keys, doctor_newcomers, doctor_outside, doctor_running
    demo, kit       demo, demo_courier, demo_files, demo_nodes, demo_pages, demo_parcels, demo_stage,
                    demo_stories, demo_trials, demo_twins, kit
"""
