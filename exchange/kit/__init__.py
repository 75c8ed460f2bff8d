# SPDX-License-Identifier: Apache-2.0
"""The conformance kit: a partner that says everything right and everything wrong, and knows the answer due.

    rules        THE table of rules: every check and every vector names one
    agency       the kit as an agency: keys from a label, so that no private key is kept anywhere
    scribe       builds its log, its lines and its frames; each step can be broken at one place
    breaking     the small set of ways to break a thing
    cases        a case: what is offered, and the verdict that is due
    envelopes, places, bodies, contents     the tables of cases about lines
    talk         speaks with a node and reads what it answers
    doors, dialogues, play      the cases of door, gate and frame; plays all cases and reports by rule
    vectors, judges             the same rules as data files, for programs in any language

It knows the protocol, not our node: nothing of `service` is used, so that a mistake there is not made here
again. Whoever knows the label has its keys: it trains, and a real node refuses its card.
"""
