# SPDX-License-Identifier: Apache-2.0
"""The benchmark: floor, product and peer measured side by side; run it with `make bench`."""
