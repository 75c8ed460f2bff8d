# SPDX-License-Identifier: Apache-2.0
"""What is wrong and what to do, a sentence or two for each rule that a document can break.

1. One entry for each rule of `exchange.messages.wording`; a test compares the two tables.
2. Each stands by itself behind the name of its place, and names no value: values are told apart from it
   (`exchange.i18n.faults`).
3. The command line and the wire keep the English of `wording`; this is what officers read on pages.
"""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.i18n.catalogues import marked

OF_MOMENTS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("date.future", "a moment that has passed"): marked(
            "The time lies in the future. Enter one that has passed."
        ),
        ("date.past", "a moment that lies ahead"): marked("The time has passed. Enter one that lies ahead."),
        **dict.fromkeys(
            [("date.order", "a later moment"), ("date.order", "the same moment or later")],
            marked("This lies before the time that it must follow. Change one of the two."),
        ),
    }
)
"""What is said where a rule is about a time, by what it expects: at noon, 19:00 is no other day."""
_NOT_ITS_ENTRY = marked(
    "The attachment and its entry do not fit together. Take the file off and attach it again."
)

FAULT_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "version.type": marked("This version of the form is not installed. Write the message again."),
        "version.no_form": marked("This type of message has no form here. Choose another type."),
        "version.partner": marked(
            "The partner does not read this version of the form. Ask your administrator."
        ),
        "version.lists": marked("A list of choices is of another version. Write the message again."),
        "form.document": marked("This is not a whole message. Write it again from the beginning."),
        "form.type": marked("The type of the message is missing. Choose what you want to send."),
        "form.required": marked("This is missing. Enter it."),
        "form.unknown": marked("The form does not have this field. Take it out."),
        "form.kind": marked("This is not what the field asks for. Enter it again."),
        "form.not_here": marked(
            "This does not fit what else is stated. Take it out, or change the other answer."
        ),
        "form.release": marked("This is filled in when the message is released. Take it out."),
        "form.text": marked("This is not written as it has to be. The question shows an example."),
        "form.length": marked("The text is too long or too short. Change its length."),
        "form.number": marked("The number is outside the range. Enter one that is possible."),
        "form.items": marked("There are too many or too few entries. Add some, or take some out."),
        "form.value": marked("This value is not possible here. Choose one that the form offers."),
        "form.either": marked("This fits none of the forms it may have. Enter it again."),
        "form.model": marked("The message cannot be read. Write it again."),
        "disclosure.reserved": marked("This must never travel in any message. Take it out."),
        "disclosure.person_block": marked(
            "This must not travel in this type of message. Take it out; the other side must not get it."
        ),
        "disclosure.place": marked("The place of origin is too exact. Name the region only."),
        "disclosure.class": marked(
            "The class is higher than this type of message may carry. Take out what makes it so high."
        ),
        "code.unknown": marked("The list does not have this. Choose one of the list."),
        "type.agreed": marked("The agreement does not let your side send this type. Choose another type."),
        "office.side": marked("The other side of the case sends this. Ask your partner to send it."),
        "office.country": marked(
            "The office is not of the country of the sender. Choose an office of that country."
        ),
        "office.ended": marked("The office does not exist on this day. Choose another office."),
        "office.function": marked(
            "The office does not have the function for this type. Choose another office."
        ),
        "office.officer": marked(
            "The officer does not have the function for this type. Name another officer."
        ),
        "office.second_person": marked(
            "A second person of your side is needed. Ask a colleague to release it."
        ),
        "office.same_person": marked("The same officer is named twice. Name two different officers."),
        "office.signatory": marked(
            "The signatory is not the officer who is responsible for this message. Name that officer."
        ),
        "office.signing_side": marked("The signature is for the other side. Sign for your own side."),
        "office.own_change": marked(
            "This answers a message of your own side. Choose a message of the other side."
        ),
        "office.stop_sides": marked("One officer of each side must be named. Name both."),
        "reference.message": marked("The message is not known. Choose one that was sent or received."),
        "reference.kind": marked("The message is of another type. Choose one of the right type."),
        "reference.case": marked("The case is not known here. Check the case code."),
        "reference.self": marked("The case is linked to itself. Enter the code of another case."),
        "reference.appointment": marked(
            "This belongs to no known movement, or to another one. Begin at the sheet of the handover."
        ),
        "reference.direction": marked(
            "The host side of this case is not that of the group. Choose cases with one host side."
        ),
        "reference.content": marked(
            "This does not fit the message that is named. Begin again from that message."
        ),
        "reference.reply": marked(
            "This is not the message that is answered. Begin again from the message that you answer."
        ),
        "reference.signs": marked("This names a countersignature. Name the record that it signs."),
        "reference.record": marked("The record of the handover is missing for this person. Name the record."),
        "reference.interpreter": marked("A person needs an interpreter. Enter the languages to interpret."),
        "reference.funding": marked("Nobody pays for a person yet. Agree on who pays before you confirm."),
        "reference.revises": marked("It is not said which decision this one changes. Name that decision."),
        "reference.reexamination": marked(
            "It is not said which result is to be looked at again. Name the earlier result."
        ),
        "reference.both_lists": marked(
            "The same one is to be contacted and must not be contacted. Take it out of one list."
        ),
        "reference.ref_twice": marked(
            "This is the number of another relative. Give each relative a number of its own."
        ),
        "reference.paper": marked(
            "The origin state does not issue this travel document. Choose one that it issues."
        ),
        "reference.officer": marked(
            "No officer of your side has this number now. Choose another officer; if the partner named the"
            " number, propose a change."
        ),
        "reference.office": marked(
            "This office cannot be named here. Choose an office of the sender's country."
        ),
        "reference.receiver": marked(
            "The office is of another country. Choose an office of the side that takes the person."
        ),
        "reference.crossing": marked(
            "The crossing does not connect the two countries. Choose one that does."
        ),
        "reference.crossing_agreed": marked(
            "The crossing is not in the agreement. Choose a crossing of the agreement."
        ),
        "date.impossible": marked("The calendar has no such day. Enter a day that exists."),
        "date.buddhist": marked("This looks like a year of the Buddhist era. Enter it 543 years lower."),
        "date.future": marked("The day lies in the future. Enter today or an earlier day."),
        "date.past": marked("The day is over. Enter today or a later day."),
        "date.late": marked("The day lies after the end of the deadline. Enter an earlier day."),
        "date.order": marked("This lies before the date that it must follow. Change one of the two."),
        "date.birth": marked("This is not a possible year of birth. Check it and enter it again."),
        "date.expired": marked("This has expired. Enter one that is still valid."),
        "date.acceptance": marked(
            "The day lies after the end of an acceptance. Enter an earlier day, or ask for a new acceptance."
        ),
        "date.period": marked(
            "The day lies before the end of the period of the notice. Enter that day or a later one."
        ),
        "count.persons": marked(
            "The number does not equal the list of persons. Correct the number or the list."
        ),
        "count.children": marked(
            "The number does not equal the persons who are children. Correct the number, or who is a child."
        ),
        "count.case_codes": marked(
            "The persons and their cases do not stand in one order. Write the message again."
        ),
        "count.twice": marked("A case stands there twice. Take one of them out."),
        "count.batch": marked(
            "The batch has no such place. Enter a number that is not larger than the batch."
        ),
        "count.decided": marked(
            "The decision does not answer for every person of the notice. Answer for each."
        ),
        "count.group": marked("The size does not equal the list of the group. Correct the size or the list."),
        "count.list": marked("The list does not name the persons of the proposal. Name exactly these."),
        "count.session": marked(
            "The group is larger than a session of the crossing takes. Add sessions or make groups smaller."
        ),
        "count.listed": marked(
            "A person of the confirmed list is left out. Say of each whether they travel or were taken off."
        ),
        "count.taken_off": marked("A person is taken off twice, or travels as well. Name each once."),
        "count.totals": marked("The totals do not equal the lines. Correct the totals or the lines."),
        "count.final_list": marked(
            "A person of the final list has no line, or somebody else has one. Write one line for each."
        ),
        "count.signed": marked(
            "These are not the persons of the record. Sign the record with exactly its persons."
        ),
        "count.report": marked("This is not the next number. Enter the number after the last report."),
        "attachment.number": marked(
            "The attachments are not numbered 1, 2, 3 in order. Attach the files again."
        ),
        "attachment.carried": _NOT_ITS_ENTRY,
        "attachment.inline": marked(
            "This file cannot travel with the message. Make a smaller PDF of it, or a JPEG or PNG picture."
        ),
        "attachment.part": _NOT_ITS_ENTRY,
        "attachment.forbidden": marked(
            "Files of this type are not exchanged here: health workers pass them on. Take the file off."
        ),
        "attachment.class": marked("The class is lower than that of its type. Choose a higher class."),
        "attachment.readers": marked(
            "This file is for named readers only. Say which officers of the partner may open it."
        ),
        "attachment.case": marked(
            "The file belongs to a case that is not in this message. Choose a person of this message."
        ),
        "attachment.not_there": _NOT_ITS_ENTRY,
        "attachment.unlisted": _NOT_ITS_ENTRY,
        "attachment.size": _NOT_ITS_ENTRY,
        "attachment.digest": _NOT_ITS_ENTRY,
        "attachment.content": marked(
            "The file is not what it says it is, or it is damaged. Save it again and attach the new file."
        ),
        "attachment.active": marked(
            "The document can act, or cannot be looked through. Print it into a new PDF, or scan it."
        ),
        "attachment.metadata": marked(
            "The picture says where or with what it was made. Tick the box that takes this out."
        ),
        "attachment.missing": marked(
            "The attachment that is named is not there, or is of another type. Attach it."
        ),
        "sensitivity.low": marked("The class is lower than the highest class inside. Choose a higher class."),
        "purpose.missing": marked("The purpose is missing. Choose why the data are sent."),
        "purpose.type": marked("This purpose is not one of this type of message. Choose another purpose."),
        "safeguard.doubt": marked("The person may be under 18. Treat the person as a child."),
        "safeguard.flag": marked(
            "A mark says that the person is a child. Say that the person is a child, or take the mark off."
        ),
        "safeguard.guardian": marked("A child needs a guardian. Enter who it is."),
        "safeguard.best_interests": marked(
            "The decision on the best interests of the child is missing. Enter it."
        ),
        "safeguard.decision": marked(
            "This decision does not support a return of the child now. Wait for one that does."
        ),
        "safeguard.escort": marked("An unaccompanied child needs an escort. Name one."),
        "safeguard.protection": marked(
            "This must not be told to the origin side: its authorities may be the danger. Do not send it."
        ),
        "safeguard.contact": marked("The family is a threat. Name who must not be contacted."),
        "safeguard.relative": marked("This relative may not be contacted. Choose another one."),
        "safeguard.receiver": marked(
            "It is not said who receives the child. Name an authority or a guardian."
        ),
        "safeguard.still_child": marked(
            "The person was announced as a child. Say that the person is a child."
        ),
        "safeguard.custody": marked("It is not said who has custody of the child. Enter it."),
        "safeguard.apart": marked("These persons must be kept apart. Put them into different movements."),
        "safeguard.together": marked("These persons must stay together. Put them into the same movement."),
        "consent.return": marked("The consent to return is missing. Ask the person, and enter the consent."),
        "consent.scope": marked(
            "The consent for this message is missing. Ask the person, and enter the consent."
        ),
        "consent.ended": marked(
            "The consent does not hold, or was not given. Ask the person again; nothing goes without it."
        ),
        "consent.own": marked(
            "The person is an adult and must consent. Ask the person, and enter the consent."
        ),
        "consent.child": marked("For a child a guardian, a parent or a court consents. Enter that consent."),
        "consent.assent": marked("The assent of the child is missing. Ask the child, and enter the answer."),
        "consent.threat": marked(
            "The consent is by a parent who may be a danger. Ask a guardian or a court."
        ),
        "consent.photo": marked(
            "There is a photograph without consent. Ask for the consent, or take the photograph off."
        ),
        "consent.biometrics": marked(
            "There are fingerprints without consent. Ask for the consent, or take them off."
        ),
        "consent.exploitation": marked(
            "There is an account of the exploitation without consent. Ask for the consent, or take it out."
        ),
        "fill.twice": marked("Two different values are given for this. Enter one."),
        "fill.party": marked("This is not the agency to which you write. Choose the partner again."),
        "release.differs": marked("This differs from what is being released. Write the message again."),
        "state.deferred": marked("This was deferred before. Accept it or refuse it now."),
        "office.author": marked("The message is of the other side. Choose a message that your side sent."),
        "reference.value": marked(
            "The message that is changed has no such field. Choose a field that was sent."
        ),
        "reference.movement": marked("This names another movement. Begin at the sheet of the handover."),
        "reference.crossing_own": marked(
            "The crossing is not of your country. Choose a crossing of your country."
        ),
        "change.same": marked("This changes nothing. Enter another value, or take the change out."),
        "change.code": marked(
            "The code of a case cannot be changed. Send another notice for another person."
        ),
        "change.effect": marked(
            "It is not said rightly what the changes mean for the movement. Choose the other answer."
        ),
        "count.cancelled": marked(
            "The cancellation does not name everybody whom it concerns. Name each person."
        ),
        "date.sessions": marked(
            "The session overlaps the one before, or ends before it begins. Change its times."
        ),
        "safeguard.readers": marked("Nobody is named who may read it. Name the officers who may."),
        "state.changed": marked(
            "The value was changed meanwhile. Look at the message again, and enter the value that stands now."
        ),
        "state.cancelled": marked("The message was cancelled. Choose one that stands."),
        "state.offered": marked(
            "This was cancelled, answered or ended meanwhile. Choose something else, or discard the message."
        ),
        "state.resumed": marked("The hold has ended. Choose one that is open."),
        "state.answered": marked("The message was answered. No reminder is needed."),
        "state.due": marked("The deadline has not passed. Send the reminder after it."),
        "state.level": marked("The levels before this one were not sent. Choose the next level."),
        "state.crossing": marked("The crossing is closed. Choose one that is open."),
        "state.replaced": marked("A later change took its place. Answer the last change."),
        "state.not_refused": marked(
            "The decision is no refusal. A second look can be asked for after a refusal only."
        ),
        "count.needs": marked(
            "A need is counted twice, or for more persons than the group has. Correct the numbers."
        ),
        "count.sum": marked("The number does not equal the sum of its parts. Correct the numbers."),
        "safeguard.told": marked(
            "Somebody else received the data and is not named. Name everybody who received them."
        ),
        "reference.card": marked("This does not fit the card with this number. Check the card."),
        "reference.sides": marked("The two agencies are not both named. Name each once."),
        "reference.difference": marked("This is no kind of difference. Choose one of the list."),
        "reference.settled": marked(
            "It is settled without a correction. Name the correction, or the explanation of the other side."
        ),
        "entry.stay": marked("A stay has no end although another one follows. Enter its last day."),
        "entry.number": marked("The file number is used already. Enter another one."),
        "sheet.heading": marked(
            "The list does not have this heading. Take the headings from the empty spreadsheet."
        ),
        "sheet.twice": marked("This heading stands there twice. Take one of the columns out."),
        "sheet.formula": marked("The cell holds a formula or an error. Enter the value itself."),
        "sheet.differs": marked("This must be the same in every row. Enter it as in the rows before."),
        "sheet.repeated": marked("This must be different in each row. Enter the value of this person."),
        "sheet.rows": marked("The list has too many or too few rows. Enter one row for each person."),
        "sheet.unreadable": marked(
            "The file cannot be read as a list. Save it again as .xlsx with one sheet of values."
        ),
        "sheet.persons": marked(
            "The list has too many persons for one message. Make several messages of it."
        ),
        "sheet.form": marked(
            "This is not written in the form of this column. Write it as the empty spreadsheet shows."
        ),
    }
)
