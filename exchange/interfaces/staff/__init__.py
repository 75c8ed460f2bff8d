# SPDX-License-Identifier: Apache-2.0
"""The staff API: other systems of the same agency, over HTTP, on a listener of its own."""
