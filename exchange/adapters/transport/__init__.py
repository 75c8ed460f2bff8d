# SPDX-License-Identifier: Apache-2.0
"""Ways in which frames reach a partner."""
