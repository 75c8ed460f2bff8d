# SPDX-License-Identifier: Apache-2.0
"""The door for the own staff: commands over the local socket."""
