# SPDX-License-Identifier: Apache-2.0
"""Signed, sealed and provable messages between agencies about the return of victims of trafficking."""

__version__ = "0.1.0"
