"""Writing calls to action and placing them in articles."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.catalog.queries import get_course_card
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.ctas import queries
from laurel.ctas.events import CtaArchived, CtaDeleted, CtaRestored, CtaSaved
from laurel.ctas.models import Cta, Placement
from laurel.ctas.rules import MAX_BODY, MAX_BUTTON, MAX_HEADING, MAX_NAME, MAX_SLUG, SLUG, CtaStatus, CtaStyle, check_copy


class CtaConflictError(ConflictError):
    """Somebody else saved the call to action since it was opened."""

    message = "Somebody else has changed this call to action since you opened it. Your words are still in the form."


class CtaInUseError(ConflictError):
    """It stands, or stood, in an article, and its clicks are counted."""

    message = "This call to action stands or stood in an article, so it cannot be deleted. Archive it instead."


@dataclass(frozen=True, slots=True, kw_only=True)
class CtaDraft:
    """What a marketer writes of a call to action."""

    name: str
    course_id: UUID
    style: CtaStyle
    heading: str
    body: str
    button: str


def check_draft(draft: CtaDraft) -> CtaDraft:
    """The draft, tidy; raises InvalidInputError naming the field that is missing, too long or holds an unknown token."""
    for field, limit in (("name", MAX_NAME), ("heading", MAX_HEADING), ("body", MAX_BODY), ("button", MAX_BUTTON)):
        length = len(" ".join(getattr(draft, field).split()))
        if length > limit:
            raise InvalidInputError(f"This has {length} characters; {limit} are the most.", field=field)
        if not length and field != "body":
            raise InvalidInputError("Please fill this in.", field=field)
    return replace(
        draft,
        name=" ".join(draft.name.split()),
        heading=check_copy(draft.heading, field="heading"),
        body=check_copy(draft.body, field="body"),
        button=check_copy(draft.button, field="button"),
    )


def create_cta(session: Session, *, slug: str, draft: CtaDraft, owner_id: UUID, now: datetime) -> Cta:
    """A new call to action. The same one again changes nothing; another one of the same name is refused."""
    draft = check_draft(draft)
    if not SLUG.match(slug) or len(slug) > MAX_SLUG:
        raise InvalidInputError(f"Use lower-case letters, digits and single hyphens, {MAX_SLUG} characters at most.", field="slug")
    get_course_card(session, draft.course_id)
    found = queries.find_cta_by_slug(session, slug)
    if found is not None:
        if found.owner_id == owner_id and _says(found, draft):
            return found
        raise InvalidInputError("There is a call to action of this name already.", field="slug")
    cta = Cta(slug=slug, owner_id=owner_id, created_at=now, changed_at=now, **_columns(draft))
    session.add(cta)
    session.flush()
    publish(session, CtaSaved(occurred_at=now, cta_id=cta.id, version=cta.version), actor_id=owner_id)
    return cta


def save_cta(session: Session, cta_id: UUID, *, draft: CtaDraft, base_version: int, editor_id: UUID, now: datetime) -> Cta:
    """Change the call to action wherever it stands. Raises CtaConflictError if `base_version` is no longer the latest."""
    draft = check_draft(draft)
    get_course_card(session, draft.course_id)
    cta = queries.lock_cta(session, cta_id)
    if _says(cta, draft):
        return cta
    if cta.version != base_version:
        raise CtaConflictError
    for name, value in _columns(draft).items():
        setattr(cta, name, value)
    cta.version, cta.changed_at = cta.version + 1, now
    session.flush()
    publish(session, CtaSaved(occurred_at=now, cta_id=cta.id, version=cta.version), actor_id=editor_id)
    return cta


def archive_cta(session: Session, cta_id: UUID, *, editor_id: UUID, now: datetime) -> Cta:
    """Show it nowhere any more. Articles keep its place."""
    cta = queries.lock_cta(session, cta_id)
    if cta.is_active:
        cta.become(CtaStatus.ARCHIVED)
        publish(session, CtaArchived(occurred_at=now, cta_id=cta_id), actor_id=editor_id)
    return cta


def restore_cta(session: Session, cta_id: UUID, *, editor_id: UUID, now: datetime) -> Cta:
    """Show an archived one again where it stands."""
    cta = queries.lock_cta(session, cta_id)
    if not cta.is_active:
        cta.become(CtaStatus.ACTIVE)
        publish(session, CtaRestored(occurred_at=now, cta_id=cta_id), actor_id=editor_id)
    return cta


def delete_cta(session: Session, cta_id: UUID, *, editor_id: UUID, now: datetime) -> None:
    """Delete one that was never placed; raises CtaInUseError for any other."""
    cta = queries.lock_cta(session, cta_id)
    if queries.has_placements(session, cta_id):
        raise CtaInUseError
    session.delete(cta)
    session.flush()
    publish(session, CtaDeleted(occurred_at=now, cta_id=cta_id), actor_id=editor_id)


def place(session: Session, *, article_id: UUID, places: Collection[tuple[str, str]], now: datetime) -> None:
    """Let exactly `places`, as (slug, key), stand in the article. A place that comes back is the old one again."""
    ctas = queries.list_ctas_by_slug(session, {slug for slug, _ in places})
    wanted = {(ctas[slug].id, key) for slug, key in places if slug in ctas}
    for placement in queries.list_placements_in(session, article_id):
        place_key = (placement.cta_id, placement.key)
        if place_key in wanted:
            placement.removed_at = None
            wanted.discard(place_key)
        elif placement.removed_at is None:
            placement.removed_at = now
    session.add_all(
        Placement(cta_id=cta_id, article_id=article_id, key=key, created_at=now) for cta_id, key in sorted(wanted, key=lambda p: p[1])
    )
    session.flush()


def _columns(draft: CtaDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in ("name", "course_id", "style", "heading", "body", "button")}


def _says(cta: Cta, draft: CtaDraft) -> bool:
    return all(getattr(cta, name) == value for name, value in _columns(draft).items())
