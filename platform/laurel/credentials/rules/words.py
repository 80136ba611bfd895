"""What a certificate says in words, how it looks and how long it holds, as its author writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.programs import MAX_CODE
from laurel.credentials.rules.validity import Validity

MAX_TEXT = {"name": 160, "description": 1000, "criteria": 10_000, "code": MAX_CODE}
"""So many characters each; a name of more does not fit its column, a description of more not the paper."""
MAX_TAGS = 30
MAX_TAG = 60
MAX_HUE = 360
NUMERALS = ("I", "II", "III", "IV", "V")
MAX_LEVEL = len(NUMERALS)
"""The badge has numerals up to this one; level 0 has a star."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateWords:
    """Of one version. `criteria` is Markdown; `hue` (0-360) and `level` (0-5) are the badge's."""

    name: str
    description: str
    criteria: str
    tags: tuple[str, ...] = ()
    code: str = ""
    hue: int
    level: int
    validity: Validity

    @property
    def facts(self) -> dict[str, Any]:
        """As `define_achievement` takes them."""
        return {
            "name": self.name,
            "description": self.description,
            "criteria": self.criteria,
            "tags": list(self.tags),
            "code": self.code,
            "badge": {"hue": self.hue, "level": self.level},
            "validity_months": self.validity.months,
            "valid_until": self.validity.until,
        }

    @property
    def parts(self) -> dict[str, str]:
        """Part by part as people read it, to be compared with another version."""
        return {
            "Name": self.name,
            "Description": self.description,
            "What a holder has shown": self.criteria,
            "Topics": ", ".join(self.tags),
            "Code": self.code,
            "Valid": self.validity.words,
            "Numeral on the badge": NUMERALS[self.level - 1] if self.level else "Star",
            "Hue of the badge": str(self.hue),
        }


def check_sizes(facts: Mapping[str, Any]) -> None:
    """Raise InvalidInputError, with the field, for what fits no certificate; `facts` as `CertificateWords.facts` has them."""
    for field, most in MAX_TEXT.items():
        if len(facts[field]) > most:
            raise InvalidInputError(f"A {field} has at most {most} characters.", field=field)
    check_criteria(facts["criteria"])
    if len(facts["tags"]) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in facts["tags"]):
        raise InvalidInputError(f"Name at most {MAX_TAGS} topics, each of at most {MAX_TAG} characters.", field="tags")
    for field, most in (("hue", MAX_HUE), ("level", MAX_LEVEL)):
        if not 0 <= facts["badge"][field] <= most:
            raise InvalidInputError(f"The {field} of a badge is 0 to {most}.", field=field)


def check_criteria(text: str) -> None:
    """Raise InvalidInputError for what asks whoever reads a certificate to fetch something from elsewhere."""
    if "![" in text:
        raise InvalidInputError("A certificate shows no pictures from elsewhere: take out what begins with “![”.", field="criteria")


def read_tags(text: str) -> tuple[str, ...]:
    """Topics with commas between them, each once however it is spelled."""
    kept: dict[str, str] = {}
    for tag in (" ".join(part.split()) for part in text.split(",")):
        if tag:
            kept.setdefault(tag.casefold(), tag)
    return tuple(kept.values())
