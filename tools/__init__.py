# SPDX-License-Identifier: Apache-2.0
"""What looks after the project and is not part of the program."""
