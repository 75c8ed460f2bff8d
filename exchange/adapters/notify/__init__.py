# SPDX-License-Identifier: Apache-2.0
"""Ways to tell people and systems of the own agency that something arrived; never what."""
