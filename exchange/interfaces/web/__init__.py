# SPDX-License-Identifier: Apache-2.0
"""The staff door: pages for officers, auditors and administrators, made by the server, without script."""
