"""Overrides, groups and accommodations for tests, set by somebody who may."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.quizzes import services
from laurel.quizzes.models import Accommodation, LearnerGroup, Quiz, QuizOverride
from laurel.quizzes.rules.staff import Staff
from laurel.quizzes.rules.terms import Override, Profile, ReasonCategory
from tests.factories.accounts import make_user

_numbers = count(1)
WHY = "The fire alarm went off."


def make_staff(session: Session, *, role: str = "admin") -> Staff:
    """A member of staff as services know them."""
    return Staff(id=make_user(session, name="Sam Sato", roles=[role]).id, may_manage=role != "support")


def make_group(session: Session, *learner_ids: UUID, name: str | None = None, now: datetime | None = None) -> LearnerGroup:
    """A group with these members."""
    moment, staff = now or clock.now(), make_staff(session)
    group = services.create_group(session, name=name or f"Group {next(_numbers)}", actor=staff, now=moment)
    for learner_id in learner_ids:
        services.add_member(session, group.id, learner_id, actor=staff, now=moment)
    return group


def make_override(
    session: Session,
    quiz: Quiz,
    *,
    learner_id: UUID | None = None,
    group_id: UUID | None = None,
    now: datetime | None = None,
    **different: Any,
) -> QuizOverride:
    """An override for a learner or a group; `different` are the fields of `rules.terms.Override`."""
    return services.set_override(
        session,
        quiz.id,
        Override(**different),
        actor=make_staff(session),
        reason=WHY,
        learner_id=learner_id,
        group_id=group_id,
        now=now or clock.now(),
    )


def make_accommodation(
    session: Session, learner_id: UUID, *, multiplier: str = "1.5", now: datetime | None = None, **facts: Any
) -> Accommodation:
    """Time and a half for the learner, and whatever else is said."""
    profile = Profile(multiplier=Decimal(multiplier), **facts)
    return services.accommodate(
        session, learner_id, profile, reason=ReasonCategory.OTHER, actor=make_staff(session, role="support"), now=now or clock.now()
    )
