"""What a program decides about its credentials besides their words. It is copied into each version, as everything else is."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOptions:
    """`offers_score`: whether a holder may have the score of the exam on their certificate (0024)."""

    offers_score: bool = True

    @property
    def columns(self) -> dict[str, Any]:
        """As a version of an achievement keeps them."""
        return asdict(self)


USUAL = ProgramOptions()
