# SPDX-License-Identifier: Apache-2.0
"""Keeps the catalogues of `exchange/i18n` up to the texts of the tree; see docs/guides/translating.md."""
