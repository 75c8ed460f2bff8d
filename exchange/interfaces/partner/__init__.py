# SPDX-License-Identifier: Apache-2.0
"""The only door open to the other country."""
