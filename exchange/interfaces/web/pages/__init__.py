# SPDX-License-Identifier: Apache-2.0
"""One module for each task at the desk; each page has one template."""
