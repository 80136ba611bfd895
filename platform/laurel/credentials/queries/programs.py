"""What authors and staff may change of what their courses certify."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from laurel.catalog.models import Course, CourseVersion, Lesson
from laurel.catalog.rules import LessonKind
from laurel.core.errors import NotFoundError
from laurel.credentials.models import Achievement, AchievementVersion, Credential
from laurel.credentials.queries.renewing import has_exam, is_sold
from laurel.credentials.rules.renewing import Paths, RenewalTerms, find_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStand:
    """How a program stands today besides what its latest version says. `issued`: so many certificates of all its versions.

    `is_examined`: the course has an exam, without which nobody completes it; `has_exam`: that can be taken today.
    """

    course_id: UUID
    terms: RenewalTerms
    is_sold: bool
    has_exam: bool
    is_examined: bool
    authored_at: datetime | None
    issued: int

    def paths_by(self, terms: RenewalTerms) -> Paths:
        """The ways that would be open today by such terms."""
        return find_paths(terms, is_sold=self.is_sold, has_exam=self.has_exam)


def select_programs(owner_id: UUID | None) -> Select[AchievementVersion]:
    """The latest version of what each course certifies, by name: of one author's courses, or of all (None)."""
    latest = (Achievement.id == AchievementVersion.achievement_id) & (Achievement.latest_n == AchievementVersion.n)
    statement = select(AchievementVersion).join(Achievement, latest).join(Course, Course.id == Achievement.course_id)
    if owner_id is not None:
        statement = statement.where(Course.owner_id == owner_id)
    return statement.order_by(AchievementVersion.name, AchievementVersion.id)


def get_program(session: Session, achievement_id: UUID, *, owner_id: UUID | None) -> AchievementVersion:
    """One of them. Somebody else's does not exist for an author."""
    found = session.scalar(select_programs(owner_id).where(AchievementVersion.achievement_id == achievement_id))
    if found is None:
        raise NotFoundError("There is no such credential.")
    return found


def get_stand(session: Session, achievement_id: UUID) -> ProgramStand:
    """How one of them stands."""
    found = select(Achievement, is_sold(), has_exam(), _examines(Achievement.course_id)).where(Achievement.id == achievement_id)
    program, sold, can_be_sat, examined = session.execute(found).one()
    issued = select(func.count()).select_from(Credential).join(AchievementVersion, _is_of_version())
    return ProgramStand(
        course_id=program.course_id,
        terms=program.renewal_terms,
        is_sold=sold,
        has_exam=can_be_sat,
        is_examined=examined,
        authored_at=program.authored_at,
        issued=session.scalar(issued.where(AchievementVersion.achievement_id == achievement_id)) or 0,
    )


def select_versions(achievement_id: UUID) -> Select[AchievementVersion, int]:
    """All that it ever said, the latest first, each with how many certificates were issued of it."""
    issued = select(func.count()).select_from(Credential).where(_is_of_version()).correlate(AchievementVersion).scalar_subquery()
    return select(AchievementVersion, issued).filter_by(achievement_id=achievement_id).order_by(AchievementVersion.n.desc())


def select_uncertified(owner_id: UUID | None) -> Select[UUID, str, bool]:
    """The courses that certify nothing yet, each with its title, or its short name before it is published, and whether it has an exam.

    Of one author, or all (None).
    """
    bare = ~exists().where(Achievement.course_id == Course.id)
    return _select_titles(owner_id).add_columns(_examines(Course.id)).where(bare).order_by("title", Course.id)


def is_examined(session: Session, course_id: UUID) -> bool:
    """Whether the course has an exam: without one nobody completes it, and nobody earns what it certifies."""
    return session.scalar(select(_examines(course_id))) is True


def _examines(course_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return exists().where(Lesson.course_id == course_id, Lesson.kind == LessonKind.EXAM)


def get_course_title(session: Session, course_id: UUID, *, owner_id: UUID | None) -> str:
    """The title of a course, or its short name before it is published. Somebody else's does not exist for an author."""
    found = session.execute(_select_titles(owner_id).where(Course.id == course_id)).one_or_none()
    if found is None:
        raise NotFoundError("There is no such course.")
    title: str = found.title
    return title


def _select_titles(owner_id: UUID | None) -> Select[UUID, str]:
    published = and_(CourseVersion.course_id == Course.id, CourseVersion.n == Course.published_n)
    title = func.coalesce(CourseVersion.title, Course.slug).label("title")
    statement = select(Course.id, title).outerjoin(CourseVersion, published)
    return statement if owner_id is None else statement.where(Course.owner_id == owner_id)


def lock_course(session: Session, course_id: UUID) -> str:
    """The short name of the course: whoever wants to say what it certifies first waits here until the transaction ends."""
    slug = session.scalar(select(Course.slug).filter_by(id=course_id).with_for_update(key_share=True))
    if slug is None:
        raise NotFoundError("There is no such course.")
    return slug


def lock_program(session: Session, course_id: UUID) -> Achievement | None:
    """What is earned in the course, as it is now, locked until the transaction ends."""
    locking = select(Achievement).filter_by(course_id=course_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locking).one_or_none()


def _is_of_version() -> ColumnElement[bool]:
    return and_(Credential.achievement_version_id == AchievementVersion.id, Credential.issued_at.is_not(None))
