# SPDX-License-Identifier: Apache-2.0
"""Stores that pass the contract suite of the UnitOfWork port."""
