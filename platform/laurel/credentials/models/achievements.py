"""What can be earned, and what it says."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from laurel.catalog.models import Course
from laurel.core.db import Base
from laurel.core.ids import new_id
from laurel.credentials.models.organizations import Organization
from laurel.credentials.rules.document import AchievementFacts
from laurel.credentials.rules.programs import Alignment
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.validity import Validity
from laurel.credentials.rules.words import CertificateWords


class Achievement(Base):
    """What can be earned in one course. What it says is in its versions; `latest_n` is the one that is awarded."""

    __tablename__ = "achievements"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey(Course.id), unique=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]
    latest_n: Mapped[int] = mapped_column(default=0)
    renewal_window_days: Mapped[int] = mapped_column(default=90, server_default="90")
    renewal_grace_days: Mapped[int] = mapped_column(default=90, server_default="90")
    renewal_includes_attempts: Mapped[bool] = mapped_column(default=False, server_default=false())

    renewal_by_exam: Mapped[bool] = mapped_column(default=True, server_default=true())
    renewal_points: Mapped[int] = mapped_column(default=0, server_default="0")
    authored_at: Mapped[datetime | None] = mapped_column(default=None)
    """Since when it is the studio's: from then on the course's file changes nothing of it (docs/decisions/0029)."""

    @property
    def renewal_terms(self) -> RenewalTerms:
        """What the program says about renewing; of today, whatever version a certificate is of."""
        return RenewalTerms(
            window_days=self.renewal_window_days,
            grace_days=self.renewal_grace_days,
            includes_attempts=self.renewal_includes_attempts,
            by_exam=self.renewal_by_exam,
            points=self.renewal_points,
        )

    def adopt(self, terms: RenewalTerms) -> None:
        """Let the program say this about renewing from now on."""
        self.renewal_window_days, self.renewal_grace_days = terms.window_days, terms.grace_days
        self.renewal_includes_attempts, self.renewal_by_exam = terms.includes_attempts, terms.by_exam
        self.renewal_points = terms.points


class AchievementVersion(Base):
    """What an achievement said from `created_at` on. Never changed: credentials point at it."""

    __tablename__ = "achievement_versions"
    __table_args__ = (UniqueConstraint("achievement_id", "n"), UniqueConstraint("slug", "n"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey(Achievement.id))
    slug: Mapped[str] = mapped_column(String(80))
    n: Mapped[int]
    name: Mapped[str] = mapped_column(String(160))
    description: Mapped[str] = mapped_column(Text)
    criteria: Mapped[str] = mapped_column(Text)
    criteria_html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(20))
    validity_months: Mapped[int]
    badge: Mapped[dict[str, Any]]
    tags: Mapped[list[str]]
    created_at: Mapped[datetime]
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey(Organization.id), index=True, default=None)
    """In whose name it is awarded; None: the house's."""
    offers_score: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether a holder may have the score of the exam on their certificate."""
    code: Mapped[str] = mapped_column(String(40), default="", server_default="")
    alignments: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")
    names_holder: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the signed document says the holder's name; else only our pages and prints do."""
    valid_until: Mapped[date | None] = mapped_column(default=None)
    """The day with which all of its certificates end; then `validity_months` is 0."""

    @property
    def validity(self) -> Validity:
        return Validity(months=self.validity_months, until=self.valid_until)

    @property
    def facts(self) -> AchievementFacts:
        """What a credential says about it."""
        return AchievementFacts(
            slug=self.slug,
            n=self.n,
            name=self.name,
            description=self.description,
            criteria=self.criteria,
            language=self.language,
            tags=tuple(self.tags),
            code=self.code,
            alignments=tuple(Alignment(**one) for one in self.alignments),
        )

    @property
    def words(self) -> CertificateWords:
        """What its author wrote."""
        return CertificateWords(
            name=self.name,
            description=self.description,
            criteria=self.criteria,
            tags=tuple(self.tags),
            code=self.code,
            hue=self.hue,
            level=self.level,
            validity=self.validity,
        )

    @property
    def hue(self) -> int:
        return int(self.badge["hue"])

    @property
    def level(self) -> int:
        return int(self.badge["level"])
