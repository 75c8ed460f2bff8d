# SPDX-License-Identifier: Apache-2.0
"""How it is protected: parser, suites, cards, agreement, envelope, parts, sealing, frames. Pure."""
