# SPDX-License-Identifier: Apache-2.0
"""What is said: header, people, bodies, code lists, catalogue, validation. Pure."""
