"""How likely something is by chance alone: what a sign has to be read beside."""

from collections.abc import Sequence
from math import comb, fsum


def at_least(count: int, of: int, share: float) -> float:
    """The chance of `count` or more hits in `of` tries that hit with probability `share` each (binomial)."""
    less = fsum(comb(of, hits) * share**hits * (1 - share) ** (of - hits) for hits in range(min(count, of + 1)))
    return min(1.0, max(0.0, 1 - less))


def at_least_among(count: int, odds: Sequence[float]) -> float:
    """The chance that `count` or more of these come true, each by itself (Poisson's binomial). Exact for the smallest chances, too:
    it adds them up and takes nothing away from one."""
    if count <= 0:
        return 1.0
    reached = [1.0, *[0.0] * count]  # how many came true so far; the last one: enough
    for share in odds:
        reached[count] += reached[count - 1] * share
        for hits in range(count - 1, 0, -1):
            reached[hits] += (reached[hits - 1] - reached[hits]) * share
        reached[0] *= 1 - share
    return min(1.0, reached[count])
