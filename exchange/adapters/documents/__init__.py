# SPDX-License-Identifier: Apache-2.0
"""Files that officers write and read with other programs."""
