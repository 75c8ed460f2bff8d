# SPDX-License-Identifier: Apache-2.0
"""Passwords and one-time codes of the people at the desk."""
