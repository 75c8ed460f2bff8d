# SPDX-License-Identifier: Apache-2.0
"""A witness: a small service of a third party that remembers how far each log went. Heads only."""
