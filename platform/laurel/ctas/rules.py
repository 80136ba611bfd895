"""Calls to action: their styles and states, the tokens of their copy, and the facts that fill them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.money import Money


class CtaStyle(StrEnum):
    """How a call to action looks in an article."""

    LINK = "link"
    CARD = "card"
    BANNER = "banner"
    END_CARD = "end_card"


class CtaStatus(StrEnum):
    """An archived call to action is shown nowhere and can come back."""

    ACTIVE = "active"
    ARCHIVED = "archived"


NEXT: dict[CtaStatus, frozenset[CtaStatus]] = {
    CtaStatus.ACTIVE: frozenset({CtaStatus.ARCHIVED}),
    CtaStatus.ARCHIVED: frozenset({CtaStatus.ACTIVE}),
}


def advance(current: CtaStatus, wanted: CtaStatus) -> CtaStatus:
    """Return `wanted` if a call to action that is `current` may become it; raise if not."""
    if wanted is not current and wanted not in NEXT[current]:
        raise ConflictError(f"A call to action that is {current} cannot become {wanted}.")
    return wanted


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
MAX_SLUG, MAX_NAME, MAX_HEADING, MAX_BODY, MAX_BUTTON = 80, 120, 120, 400, 40

TOKENS = ("course.title", "price", "exam.questions", "exam.minutes", "exam.pass", "validity")
"""What may stand in braces in the copy; each reads the catalog when the page is rendered."""

BRACES = re.compile(r"\{([^{}]*)\}")
SENTENCE = re.compile(r".+?(?:[.!?…][\"”’')\]]*(?=\s|\Z)|\Z)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFacts:
    """What is true of a course now. None stands for a fact that the course does not have."""

    course_id: UUID
    slug: str
    title: str
    mark: str
    level: int
    hours: int
    outcome: str
    hue: int
    is_offered: bool
    price: Money | None
    questions: int | None
    minutes: int | None
    pass_percent: Decimal | None
    validity_months: int | None

    @property
    def price_text(self) -> str:
        """`$195`, `free`, or nothing."""
        if self.price is None:
            return ""
        return "free" if self.price.is_free else str(self.price)

    @property
    def pass_text(self) -> str:
        """`70 %`, or nothing."""
        return "" if self.pass_percent is None else f"{self.pass_percent.normalize():f} %"

    @property
    def values(self) -> dict[str, str]:
        """The value of each token; empty where the fact is missing."""
        return {
            "course.title": f"{self.title}{self.mark}",
            "price": self.price_text,
            "exam.questions": str(self.questions or ""),
            "exam.minutes": str(self.minutes or ""),
            "exam.pass": self.pass_text.replace(" ", "\u00a0"),  # a line must not begin with the sign
            "validity": months_text(self.validity_months),
        }

    @property
    def row(self) -> list[tuple[str, str, str]]:
        """The facts that decide, as (icon, label, value); a missing one is left out."""
        rows = [
            ("clock", "Study", f"{self.hours} {'hour' if self.hours == 1 else 'hours'}"),
            ("list-checks", "Exam", f"{self.questions} questions" if self.questions else ""),
            ("timer", "Time", f"{self.minutes} minutes" if self.minutes else ""),
            ("target", "Pass mark", self.pass_text),
            ("tag", "Price", self.price_text.capitalize()),
        ]
        return [row for row in rows if row[2]]


def months_text(months: int | None) -> str:
    """`12 months`, `1 month`, or nothing."""
    if not months:
        return ""
    return f"{months} {'month' if months == 1 else 'months'}"


def list_unknown_tokens(text: str) -> list[str]:
    """What stands in braces and is no token, and braces that are not closed or not opened."""
    unknown = [f"{{{name}}}" for name in BRACES.findall(text) if name not in TOKENS]
    rest = BRACES.sub("", text)
    return unknown + sorted({brace for brace in rest if brace in "{}"})


def check_copy(text: str, *, field: str) -> str:
    """`text` on one line if all its tokens are known; raises InvalidInputError naming the first that is not."""
    unknown = list_unknown_tokens(text)
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in TOKENS)
        raise InvalidInputError(f"{unknown[0]} is not a token. You can use {known}.", field=field)
    return " ".join(text.split())


def fill(text: str, values: Mapping[str, str]) -> str:
    """The copy with its tokens replaced. A sentence whose fact is missing is left out: braces are never printed."""
    filled = (_fill_sentence(sentence, values) for sentence in SENTENCE.findall(text))
    return "".join(filled).strip()


def _fill_sentence(sentence: str, values: Mapping[str, str]) -> str:
    names = BRACES.findall(sentence)
    if list_unknown_tokens(sentence) or any(not values.get(name) for name in names):
        return ""
    return BRACES.sub(lambda match: values[match[1]], sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CtaCopy:
    """The words of a call to action as they were written, tokens included."""

    style: CtaStyle
    heading: str
    body: str
    button: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledCta:
    """A call to action as a reader sees it; the fields are those of the `cta` component."""

    style: CtaStyle
    heading: str
    body: str
    button: str
    href: str
    name: str
    level: int
    hue: int
    facts: list[tuple[str, str, str]]
    label: str
    mark: str = ""


def fill_cta(copy: CtaCopy, facts: CourseFacts, *, href: str) -> FilledCta:
    """The call to action with today's facts. A heading or button that came out empty names the course instead."""
    values = facts.values
    return FilledCta(
        style=copy.style,
        heading=fill(copy.heading, values) or values["course.title"],
        body=fill(copy.body, values),
        button=fill(copy.button, values) or "See the course",
        href=href,
        name=facts.title,
        level=facts.level,
        hue=facts.hue,
        facts=facts.row,
        label="Certification" if facts.questions else "Course",
    )


def list_problems(copy: CtaCopy, status: CtaStatus, facts: CourseFacts | None) -> list[str]:
    """Why a call to action must not go before readers, in sentences; empty if nothing is wrong."""
    if status is CtaStatus.ARCHIVED:
        return ["it is archived."]
    if facts is None:
        return ["its course has no public page."]
    if not facts.is_offered:
        return [f"its course, {facts.title}, is not open for enrollment."]
    text = " ".join((copy.heading, copy.body, copy.button))
    problems = [f"{token} is not a token." for token in list_unknown_tokens(text)]
    empty = [name for name in dict.fromkeys(BRACES.findall(text)) if name in TOKENS and not facts.values[name]]
    return problems + [f"{{{name}}} is empty for {facts.title}." for name in empty]


def make_link_token(placement_id: UUID, *, keys: Sequence[str]) -> str:
    """The signed name of a placement for `/go/<token>`: always the same, and nobody else can make one. Newest key first."""
    return str(_signer(keys).dumps(placement_id.hex))


def read_link_token(token: str, *, keys: Sequence[str]) -> UUID | None:
    """The placement that the token names; None if we did not sign it."""
    try:
        return UUID(_signer(keys).loads(token))
    except (BadData, ValueError, AttributeError, TypeError):
        return None


def course_path(slug: str, click_token: str | None = None) -> str:
    """The address of a course page, with the click that leads there."""
    return f"/courses/{slug}?via={click_token}" if click_token else f"/courses/{slug}"


def _signer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(keys)), salt="laurel.ctas.placement")
