# SPDX-License-Identifier: Apache-2.0
"""What tests build their world with."""
