"""What staff look for and look at: every credential, and who did what to it."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import has_address_with
from laurel.core.errors import InvalidInputError
from laurel.credentials.models import Achievement, AchievementVersion, Credential, CredentialEvent
from laurel.credentials.rules.numbers import parse_number
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.rules.visibility import Visibility
from laurel.quizzes.models import Attempt, Quiz

ID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


def search_credentials(
    text: str = "", state: CredentialState | None = None, achievement_id: UUID | None = None
) -> Select[Credential, AchievementVersion, User]:
    """Credentials, the latest first: by number or id, also in an address, by part of a name or e-mail; of one achievement, in one state."""
    statement = (
        select(Credential, AchievementVersion, User)
        .join(AchievementVersion, AchievementVersion.id == Credential.achievement_version_id)
        .join(User, User.id == Credential.holder_id)
        .order_by(Credential.awarded_at.desc(), Credential.id)
    )
    if state is not None:
        statement = statement.where(Credential.state == state)
    if achievement_id is not None:
        statement = statement.where(AchievementVersion.achievement_id == achievement_id)
    if not text:
        return statement
    if credential_id := id_in(text):
        return statement.where(Credential.id == credential_id)
    try:
        return statement.where(Credential.number == parse_number(text))
    except InvalidInputError:
        pattern = f"%{_escaped(text.lower())}%"
        found = [func.lower(column).like(pattern, escape="\\") for column in (Credential.holder_name, Credential.number)]
        by_name = and_(found[0], Credential.former_name_since.is_(None))  # whoever knows a former name does not find the person by it
        return statement.where(or_(by_name, has_address_with(text), found[1]))


def list_signed(session: Session, wanted: Select[Credential, AchievementVersion, User], *, limit: int) -> Sequence[Row[UUID, Visibility]]:
    """(id, who sees it) of those that have a signed document among what `search_credentials` finds, in its order."""
    found = wanted.with_only_columns(Credential.id, Credential.visibility).where(Credential.current_n > 0)
    return session.execute(found.limit(limit)).all()


def id_in(text: str) -> UUID | None:
    """The id of a certificate in what was typed or pasted: alone, or in an address of its page or of one of its files."""
    found = ID.search(text)
    return UUID(found[0]) if found else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def list_achievement_choices(session: Session) -> list[tuple[UUID, str]]:
    """Everything that can be earned, as its latest version calls it, by name."""
    rows = session.execute(
        select(Achievement.id, AchievementVersion.name)
        .join(AchievementVersion, (AchievementVersion.achievement_id == Achievement.id) & (AchievementVersion.n == Achievement.latest_n))
        .order_by(AchievementVersion.name, Achievement.id)
    )
    return [(row[0], row[1]) for row in rows]


def list_history_with_actors(session: Session, credential_id: UUID) -> Sequence[tuple[CredentialEvent, str | None]]:
    """What happened to a credential in order, each with the name of who did it; None: the system by itself."""
    rows = session.execute(_history().where(CredentialEvent.credential_id == credential_id).order_by(CredentialEvent.position))
    return [(row[0], row[1]) for row in rows]


def list_acts_on_key(session: Session, key_id: UUID) -> Sequence[tuple[CredentialEvent, str | None]]:
    """What was done with a key, in order, each with the name of who decided it. What it signed is not among it."""
    acts = _history().where(CredentialEvent.key_id == key_id, CredentialEvent.credential_id.is_(None))
    return [(row[0], row[1]) for row in session.execute(acts.order_by(CredentialEvent.position).limit(100))]


def _history() -> Select[CredentialEvent, str]:
    return select(CredentialEvent, User.name).outerjoin(User, User.id == CredentialEvent.actor_id)


def find_attempt_behind(session: Session, credential: Credential) -> tuple[Attempt, Quiz] | None:
    """The attempt that earned it, with its exam."""
    statement = select(Attempt, Quiz).join(Quiz, Quiz.id == Attempt.quiz_id).where(Attempt.id == credential.attempt_id)
    row = session.execute(statement).one_or_none()
    return (row[0], row[1]) if row is not None else None
