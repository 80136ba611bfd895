"""How deliveries are made: as a kind provider makes them, or as a hostile network does."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    NORMAL = "normal"
    OFF = "off"  # events happen, and nobody is told
    DUPLICATE = "duplicate"  # each one `copies` times, in parallel
    SHUFFLED = "shuffled"  # within `seconds`, in any order
    DELAYED = "delayed"  # `seconds` late
    FORGED = "forged"  # only forgeries, signed with another secret
    STALE = "stale"  # only replays, well signed an hour ago


class Flavor(StrEnum):
    """How one delivery is signed."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class DeliveryMode:
    mode: Mode = Mode.NORMAL
    copies: int = 2
    seconds: float = 1.0

    @property
    def flavor(self) -> Flavor:
        hostile = {Mode.FORGED: Flavor.FORGED, Mode.STALE: Flavor.STALE}
        return hostile.get(self.mode, Flavor.GENUINE)

    @property
    def count(self) -> int:
        if self.mode is Mode.OFF:
            return 0
        return self.copies if self.mode is Mode.DUPLICATE else 1

    def told(self) -> dict[str, Any]:
        return asdict(self)
