# SPDX-License-Identifier: Apache-2.0
"""Evidence: leaves, Merkle tree, heads, copies, comparison. Pure.

Begin with `entries`: what one leaf says. Where a story begins and which way it goes:
docs/explanation/where-things-are.md.

    a log               entries, beginning, merkle, notes, lattice
    the partner's copy  copy, judge, moments, numbers, stretches
    comparison          compare, join, cross_checks, differences, statement
    proofs              proofs, proving, tiles
    others              witnessing, erasure
"""
