# SPDX-License-Identifier: Apache-2.0
"""Evidence: leaves, Merkle tree, heads, copies, comparison. Pure."""
