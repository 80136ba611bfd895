"""What holders enter to renew their certificates by CPD points, and the renewals that came of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from laurel.accounts.models import User
from laurel.core.db import Base, text_enum
from laurel.core.errors import ConflictError
from laurel.core.ids import new_id
from laurel.credentials.rules.points import MAX_LINE, MAX_LINK, NEXT, ActivityFacts, ActivityState


class PointActivity(Base):
    """One activity that a holder entered for one certificate, and what staff decided about it. `hundredths` of a point."""

    __tablename__ = "point_activities"
    __table_args__ = (
        CheckConstraint("hundredths > 0", name="some"),
        Index("ix_point_activities_credential_id_state", "credential_id", "state"),
        Index("ix_point_activities_state_entered_at", "state", "entered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credentials.id"))
    title: Mapped[str] = mapped_column(String(MAX_LINE))
    provider: Mapped[str] = mapped_column(String(MAX_LINE))
    happened_on: Mapped[date]
    hundredths: Mapped[int]
    link: Mapped[str] = mapped_column(String(MAX_LINK))
    note: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    """How often it was entered: staff decide about what they have seen, not about what it has become since."""
    state: Mapped[ActivityState] = mapped_column(text_enum(ActivityState), default=ActivityState.WAITING)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), index=True, default=None)
    reason: Mapped[str] = mapped_column(Text, default="")
    """What staff said about their decision; the holder reads it."""
    renewal_id: Mapped[UUID | None] = mapped_column(ForeignKey("credentials.id"), index=True, default=None)
    """The certificate that it has renewed this one to; None, though counted, once that was erased."""

    @property
    def facts(self) -> ActivityFacts:
        return ActivityFacts(
            title=self.title,
            provider=self.provider,
            happened_on=self.happened_on,
            hundredths=self.hundredths,
            link=self.link,
            note=self.note,
        )

    def say(self, facts: ActivityFacts, *, at: datetime) -> None:
        """Let it say this from now on; staff have to look at it anew."""
        self.title, self.provider, self.happened_on, self.hundredths = facts.title, facts.provider, facts.happened_on, facts.hundredths
        self.link, self.note, self.entered_at = facts.link, facts.note, at
        self.revision += 1

    def advance(self, wanted: ActivityState) -> None:
        """Go to the wanted state; raises ConflictError if that does not follow from the present one."""
        if wanted not in NEXT[self.state]:
            raise ConflictError(f"This activity is {self.state.value}, and cannot become {wanted.value}.")
        self.state = wanted


class PointRenewal(Base):
    """That a credential renews another one by points: how many counted, and how many were needed then, in hundredths."""

    __tablename__ = "point_renewals"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credentials.id"), primary_key=True)
    needed: Mapped[int]
    counted: Mapped[int]
