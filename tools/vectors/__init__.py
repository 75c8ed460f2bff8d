# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of the conformance kit: `make vectors`.

Everything follows from labels, but for two things that are kept once they exist: the context (cards,
agreements, drafts), so that a new type of message does not change every vector, and the sealed bodies,
because nobody can seal twice to the same bytes. A kept body is used again if it was sealed for the same
plaintext, key and message; whoever opens it sees that.
"""
