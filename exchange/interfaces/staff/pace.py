# SPDX-License-Identifier: Apache-2.0
"""How often somebody may ask: a bucket for each, that empties with every request and fills with time."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass
class Pace:
    """At most `burst` at once, and `per_s` a second in the long run, for each name.

    Names beyond `most` push out the one that asked longest ago, so that memory stays bounded; whoever is
    forgotten has a full bucket again.
    """

    burst: int
    per_s: float
    most: int = 1_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait_s(self, name: str, now_s: float) -> int:
        """Take one request out of the bucket; return 0, or after how many seconds to come again."""
        left, at_s = self._buckets.pop(name, (float(self.burst), now_s))
        left = min(float(self.burst), left + (now_s - at_s) * self.per_s)
        allowed = left >= 1
        self._buckets[name] = (left - 1 if allowed else left, now_s)
        while len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - left) / self.per_s))
