# SPDX-License-Identifier: Apache-2.0
"""What is said: header, people, bodies, code lists, catalogue, validation. Pure.

Begin with `catalog`, the table of all types, and `validation`, every check in its order. Where a story
begins and which way it goes: docs/explanation/where-things-are.md.

    tables               catalog, codelists, schemas, sensitivity, purposes
    the document         document, header, people, fields, form_tree, versions
    types, their rules   returns, notice_rules, decision_rules, identification, identification_rules,
                         tracing, tracing_rules, transit, transit_rules, travel_documents,
                         travel_document_rules, appointment, appointment_rules, departure,
                         departure_rules, record, record_rules, handover_parts, handover_rules,
                         aftercare, aftercare_rules, reopening, reopening_rules, changes, changes_rules,
                         stops, stops_rules, inquiry, inquiry_rules, personal_data, personal_data_rules,
                         directory, directory_rules, statements, statement_rules
    checks               forms, validation, checklist, steps, control_rules, header_rules, person_rules,
                         context, earlier, consent, crossings, taking_over, dates, as_model
    faults in words      wording, explanation, expected_forms
    small file to draft  filling, fillers, handover_filling, replying, answering, first_record, blanks,
                         as_written, release
    questions to people  questions, conditions, child_questions, form_titles, offices,
                         release_questions, nationalities
    changes              changing, amending, compared
    attachments          attachments, media, images
    sheets, standards    sheets, notice_sheet, htcds
    finding, printing    searchkeys, lookalikes, sounds, on_paper
"""
