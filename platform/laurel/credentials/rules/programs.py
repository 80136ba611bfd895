"""What a program says and decides about its credentials besides their words. It is copied into each version, as everything else is."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.text import sanitize_text

TARGET_TYPES = frozenset("ceasn:Competency ceterms:Credential CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel CTDL".split())
"""What Open Badges 3.0 lets an alignment point at."""
MAX_CODE = 40
MAX_ALIGNMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """One entry of a framework of others that the achievement meets. `name` and `url` are needed."""

    name: str
    url: str
    framework: str = ""
    code: str = ""
    type: str = ""

    @property
    def members(self) -> dict[str, Any]:
        """As a document says it; what is empty is left out."""
        said = (
            ("targetName", self.name),
            ("targetUrl", self.url),
            ("targetFramework", self.framework),
            ("targetCode", self.code),
            ("targetType", self.type),
        )
        return {"type": ["Alignment"], **{name: value for name, value in said if value}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOptions:
    """`offers_score`: whether a holder may have the score of the exam on their certificate (0024). `names_holder`: whether the signed
    document says the holder's name, or our pages alone do.
    """

    alignments: Sequence[Alignment] = ()
    offers_score: bool = True
    names_holder: bool = True

    @property
    def columns(self) -> dict[str, Any]:
        """As a version of an achievement keeps them."""
        return {**{field.name: getattr(self, field.name) for field in fields(self)}, "alignments": [asdict(one) for one in self.alignments]}


USUAL = ProgramOptions()


def check_options(options: ProgramOptions) -> ProgramOptions:
    """The options as they will be signed; raises InvalidInputError for an alignment that no verifier would take."""
    if len(options.alignments) > MAX_ALIGNMENTS:
        raise InvalidInputError(f"Name at most {MAX_ALIGNMENTS} alignments.", field="alignments")
    alignments = tuple(_check_alignment(one) for one in options.alignments)
    return ProgramOptions(alignments=alignments, offers_score=options.offers_score, names_holder=options.names_holder)


def _check_alignment(alignment: Alignment) -> Alignment:
    clean = Alignment(**{name: sanitize_text(text) for name, text in asdict(alignment).items()})
    if not clean.name:
        raise InvalidInputError("An alignment needs the name of what is met.", field="alignments")
    if not _is_web_address(clean.url):
        raise InvalidInputError(f"The alignment with {clean.name} needs an address that begins with https://.", field="alignments")
    if clean.type and clean.type not in TARGET_TYPES and not clean.type.startswith("ext:"):
        raise InvalidInputError(f"{clean.type} is no type of alignment. There are {', '.join(sorted(TARGET_TYPES))}.", field="alignments")
    return clean


def _is_web_address(url: str) -> bool:
    if not url.isascii() or any(character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)


def read_alignments(text: str) -> list[Alignment]:
    """What somebody typed, one a line: `name | address | framework | code | type`. Raises InvalidInputError with the line."""
    found = []
    for n, line in enumerate(text.splitlines(), start=1):
        parts = [part.strip() for part in line.split("|")]
        if parts == [""]:
            continue
        if not 2 <= len(parts) <= len(fields(Alignment)):
            raise InvalidInputError(f"Line {n} needs a name and an address with | between them.", field="alignments")
        names = [field.name for field in fields(Alignment)]
        found.append(Alignment(**dict(zip(names, parts, strict=False))))
    return found


def write_alignments(alignments: Iterable[Alignment]) -> str:
    """The same as lines; what is empty at the end is left out."""
    return "\n".join(" | ".join(asdict(one).values()).rstrip(" |") for one in alignments)
