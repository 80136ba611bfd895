"""Organizations for tests, and certificates in their name."""

import struct
import zlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Achievement, Credential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.rules.organizations import OrganizationFacts
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.organizations import make_organization
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_pending
from tests.fakes import PlainVault

FACTS = OrganizationFacts(
    name="Acme Academy", url="https://acme.example", email="certificates@acme.example", description="Trains people who work with anvils."
)


def png(width: int = 96, height: int = 64) -> bytes:
    """A picture of one color."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = zlib.compress(b"".join(b"\0" + b"\x20\x60\x40" * width for _row in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def make_acme(session: Session, slug: str = "acme", *, facts: OrganizationFacts = FACTS, logo: bytes | None = None) -> Organization:
    actor = make_user(session, roles=["owner"])
    return make_organization(session, slug, facts, logo=logo, actor_id=actor.id, now=clock.now())


def make_pending_of(session: Session, organization: Organization, **completion: Any) -> Credential:
    """A credential that was awarded in the organization's name and is not yet signed."""
    course = make_course(session)
    make_achievement(session, course=course)
    achievement_id = session.scalars(select(Achievement.id).filter_by(course_id=course.id)).one()
    award_in_name_of(session, achievement_id, organization.id, actor_id=make_user(session).id, now=clock.now())
    return make_pending(session, course=course, **completion)


def make_credential_of(session: Session, organization: Organization) -> Credential:
    """A signed one."""
    pending = make_pending_of(session, organization)
    return issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
