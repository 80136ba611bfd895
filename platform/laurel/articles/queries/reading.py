"""An article put together for a reader: its text, its calls to action with today's facts, and where to go next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.articles.models import Article, ArticleRevision
from laurel.articles.queries.public import ArticleCard, list_related
from laurel.articles.rules import RAIL
from laurel.ctas.queries import PlacedCta, list_placed, load_facts
from laurel.ctas.rules import CourseFacts, FilledCta, fill_cta

Link = Callable[[UUID | None, CourseFacts], str]
"""Makes the address that a call to action leads to, from its placement (None if it has none) and its course."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an article: safe HTML, or a call to action."""

    html: str = ""
    cta: FilledCta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One article as a reader gets it. `course` is the one that it leads to first, at `course_href`."""

    article: Article
    revision: ArticleRevision
    blocks: list[Block]
    course: CourseFacts | None = None
    course_href: str = ""
    related: list[ArticleCard] = field(default_factory=list)

    @property
    def was_changed(self) -> bool:
        """Whether the text changed on a later day than it appeared."""
        first, last = self.article.published_at, self.article.updated_at
        return first is not None and last is not None and last.date() > first.date()


def read_article(session: Session, article: Article, revision: ArticleRevision, *, link: Link, now: datetime) -> Reading:
    """The revision with its calls to action filled. The number of queries does not grow with them."""
    placed = list_placed(session, article.id, {slug for slug, _ in revision.placed})
    facts = load_facts(session, {found.cta.course_id for found in placed.values()})
    shown = {slug: found for slug, found in placed.items() if _is_shown(found, facts)}
    first = next((shown[slug] for slug, _ in revision.placed if slug in shown), None)
    course = facts[first.cta.course_id] if first is not None else None
    return Reading(
        article=article,
        revision=revision,
        blocks=list(filter(None, (_block(segment, shown, facts, link) for segment in revision.body_segments))),
        course=course,
        course_href=link(first.places.get(RAIL), course) if first is not None and course is not None else "",
        related=list_related(session, article.id, tags=revision.tags, course_ids={f.course_id for f in facts.values()}, now=now),
    )


def _is_shown(found: PlacedCta, facts: Mapping[UUID, CourseFacts]) -> bool:
    course = facts.get(found.cta.course_id)
    return found.cta.is_active and course is not None and course.is_offered


def _block(segment: dict[str, str], shown: Mapping[str, PlacedCta], facts: Mapping[UUID, CourseFacts], link: Link) -> Block | None:
    if "html" in segment:
        return Block(html=segment["html"])
    found = shown.get(segment["cta"])
    if found is None:
        return None
    course = facts[found.cta.course_id]
    return Block(cta=fill_cta(found.cta.copy, course, href=link(found.places.get(segment["key"]), course)))
