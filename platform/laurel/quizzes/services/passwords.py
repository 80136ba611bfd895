"""The password of an exam: set by its author, typed in the lobby, tried so often and no more."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.services.limits import count_or_refuse, forgive
from laurel.core.errors import InvalidInputError
from laurel.quizzes.models import QuizVersion
from laurel.quizzes.rules.access import MAX_PASSWORD, MIN_PASSWORD, hash_exam_password, is_exam_password, is_fit_for_an_exam
from laurel.web.counters import Allowance


class WrongPasswordError(InvalidInputError):
    """Nothing was started."""

    def __init__(self) -> None:
        super().__init__("That is not the password. Nothing was started, and no time runs. Ask whoever runs this exam.", field="password")


def make_password_hash(password: str) -> str:
    """How a new exam password is kept; InvalidInputError if it is too short or too long."""
    if not is_fit_for_an_exam(password):
        raise InvalidInputError(f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters.", field="password")
    return hash_exam_password(password, salt=secrets.token_bytes(16))


def require_password(version: QuizVersion, password: str) -> None:
    """Raise WrongPasswordError unless this opens the version."""
    if version.password_hash is not None and not is_exam_password(password, version.password_hash):
        raise WrongPasswordError


def count_password_try(session: Session, *, learner_id: UUID, network: str, now: datetime) -> list[Allowance]:
    """Count a try before it is made, in a transaction of its own; TooManyTriesError beyond 10 an hour a person, 30 an address.

    Returns what to `forgive_password_try` unless the password was wrong: a whole room may share one address.
    """
    return count_or_refuse(session, "exam password", network=network, account=str(learner_id), now=now)


def forgive_password_try(session: Session, counted: list[Allowance]) -> None:
    """Take a counted try back."""
    forgive(session, counted)
