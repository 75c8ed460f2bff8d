# SPDX-License-Identifier: Apache-2.0
"""The doors: partner, staff, command line."""
