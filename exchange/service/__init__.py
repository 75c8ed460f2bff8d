# SPDX-License-Identifier: Apache-2.0
"""Use cases: release, deliver, receive, gate, casework, reconcile. Async, ports only.

What every use case works with is a `node.Node` and a unit of work (`ports.UnitOfWork`). Where a story
begins and which way it goes: docs/explanation/where-things-are.md.

    writing a message    forms, steering, following, nameable, changeable, contradictions, whom,
                         persons_meant, offers, offices, next_steps, meetings
    drafts               drafts, draft_acts, draft_story, draft_unchanged, enclosures, preparing,
                         returning, taken_back, restored_drafts
    release              release, sealing, batching, independence, emergency, emergency_review,
                         emergencies
    on the way           supervisor, deliver, composing, offered, converse, void, clock_apart
    receipt              doorkeeper, examine, tail, taking, stages, intake, verdicts, held, settling,
                         refusals, evidence
    cases, movements     casework, subjects, touching, meaning, movements, same_person, effects,
                         consents
    facts for the rules  facts, handover_facts, appointments, crossings, directory, officers_told,
                         own_officers
    what is due          due, deadlines, questions, open_questions, reexamination, handover_tasks,
                         arrivals, unopened, stops_named, withdrawals
    handover             handovers, records, record_forms, handover_check
    persons              searching, findings, persons, equations, recipients, exporting, registering
    own log, ledger      logbook, ledgers, tiles, comparing, reconcile, shortfall, differences,
                         resolving, accepted_differences, bookkeeper, books, statements,
                         statement_figures, second_signatures, speaking, hearing
    evidence             packs, attesting, stamping, witnesses, disclosing, exhibits
    start gate           gate, gatetalk, filegate, refill, wishes, refill_by_parcels, giveback, epochs,
                         renewal, carryover
    parcels              parcel_files, parcel_writing, parcel_reading
    partners, keys       partners, pairing, unfinished, addresses, pausing, pauses, keychange,
                         keyplaces, key_ends, key_trial
    agreements           agreements, agreement_words, versions, held_versions, switching, new_recovery
    who may read         reading, access, granting
    erasure              retention, erasable, erasing, erasures, erasure_day
    people, programs     accounts, sessions, signing_on, passkeys, staff, staffing, admission, clients,
                         repeats
    told and counted     notices, notice_mails, papers, statistics, timeliness, watching, inventory
    for all              node, ports, rows, surroundings, long_work, unique_match
"""
