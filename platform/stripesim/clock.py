"""The sandbox's time: the wall clock, moved forward by whoever plays with it."""

import time


class Clock:
    """Seconds since 1970, plus the seconds by which the sandbox was advanced."""

    def __init__(self, ahead: int = 0) -> None:
        self.ahead = ahead

    def now(self) -> int:
        return int(self.now_precisely())

    def now_precisely(self) -> float:
        return time.time() + self.ahead  # noqa: TID251 (this is the sandbox's core.clock)

    def wall(self) -> int:
        """The receiver's time. Signatures carry it: the receiver compares it with its own clock."""
        return int(time.time())  # noqa: TID251 (see above)

    def advance(self, seconds: int) -> None:
        self.ahead += seconds
