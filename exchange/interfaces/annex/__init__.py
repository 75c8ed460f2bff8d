# SPDX-License-Identifier: Apache-2.0
"""The annex of an agreement on paper: one HTML file in English and the languages of the two sides."""
