# SPDX-License-Identifier: Apache-2.0
"""The outside: one folder for each port."""
