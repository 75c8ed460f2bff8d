# SPDX-License-Identifier: Apache-2.0
"""Rules of case and movement: lifecycle, order of effects, consent. Pure."""
