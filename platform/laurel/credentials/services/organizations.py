"""Organizations that certify in their own name: made and changed by staff. What was issued never changes with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.services.addresses import normalize_email
from laurel.core.bus import publish
from laurel.core.errors import InvalidInputError
from laurel.credentials.events import OrganizationChanged, OrganizationMade
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.organizations import find_organization, get_organization
from laurel.credentials.rules.organizations import OrganizationFacts, check_logo, check_slug, checks_of, clean_facts

TAKEN = "Another organization has this short name."


def find_faults(session: Session, facts: OrganizationFacts, *, slug: str | None = None, logo: bytes | None) -> list[InvalidInputError]:
    """All that would be refused, each with its field. Without a `slug`: of one that is there already and keeps its own."""
    checks: list[Callable[[], object]] = [*checks_of(facts), partial(normalize_email, facts.email.strip())]
    checks += [partial(check_logo, logo)] if logo else []
    checks += [partial(_check_new_slug, session, slug)] if slug is not None else []
    found = []
    for check in checks:
        try:
            check()
        except InvalidInputError as error:
            found.append(error)
    return found


def make_organization(
    session: Session, slug: str, facts: OrganizationFacts, *, logo: bytes | None, actor_id: UUID, now: datetime
) -> Organization:
    """One more issuer. The worker makes its keys within a minute. Raises InvalidInputError, with its field."""
    cleaned = _clean(facts)
    picture = check_logo(logo) if logo else None
    made = Organization(
        slug=check_slug(slug),
        name=cleaned.name,
        url=cleaned.url,
        email=cleaned.email,
        description=cleaned.description,
        created_at=now,
        logo=picture,
        has_logo=picture is not None,
        official=cleaned.official,
        linkedin_id=cleaned.linkedin_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise InvalidInputError(TAKEN, field="slug") from None
    publish(session, OrganizationMade(occurred_at=now, organization_id=made.id, slug=made.slug), actor_id=actor_id)
    return made


def change_organization(
    session: Session, organization_id: UUID, facts: OrganizationFacts, *, logo: bytes | None, actor_id: UUID, now: datetime
) -> Organization:
    """What its next credentials say; without a new logo it keeps the one it has. Raises InvalidInputError, with its field."""
    cleaned, found = _clean(facts), get_organization(session, organization_id)
    found.name, found.url, found.email, found.description = cleaned.name, cleaned.url, cleaned.email, cleaned.description
    found.official, found.linkedin_id = cleaned.official, cleaned.linkedin_id
    if logo:
        found.logo, found.has_logo = check_logo(logo), True
    session.flush()
    publish(session, OrganizationChanged(occurred_at=now, organization_id=found.id), actor_id=actor_id)
    return found


def _check_new_slug(session: Session, slug: str) -> None:
    if find_organization(session, check_slug(slug)) is not None:
        raise InvalidInputError(TAKEN, field="slug")


def _clean(facts: OrganizationFacts) -> OrganizationFacts:
    cleaned = clean_facts(facts)
    return replace(cleaned, email=normalize_email(cleaned.email))
