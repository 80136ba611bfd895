"""Scores of the attempts that earned credentials, and holders who agree to show them."""

from decimal import Decimal

from sqlalchemy.orm import Session

from laurel.credentials.models import Credential
from laurel.credentials.services.scores import show_score
from laurel.quizzes.models import Attempt, PaperSlot, QuizVersion
from tests.factories.bank import latest_version, make_question
from tests.factories.credentials import ISSUER
from tests.fakes import PlainVault


def give_score(session: Session, credential: Credential, *, earned: str = "11", possible: str = "12", minutes: int | None = 90) -> None:
    """Let the attempt behind it have earned so much, with two questions on its paper; who sat it had twice the time."""
    attempt = session.get_one(Attempt, credential.attempt_id)
    attempt.earned, attempt.possible = Decimal(earned), Decimal(possible)
    attempt.time_multiplier, attempt.limit_seconds = Decimal(2), None if minutes is None else minutes * 120
    session.get_one(QuizVersion, attempt.quiz_version_id).minutes = minutes
    question = make_question(session)
    for number in (1, 2):
        slot = PaperSlot(
            attempt_id=attempt.id,
            number=number,
            question_id=question.id,
            question_version_id=latest_version(session, question).id,
            option_order=[],
            domain="",
            domain_title="",
            max_mark=Decimal(6),
        )
        session.add(slot)
    session.flush()


def agree(session: Session, credential: Credential, *, seen: str = "91.67") -> Credential:
    """Its holder has seen the score and wants it on the certificate."""
    now = max(credential.awarded_at, credential.issued_at or credential.awarded_at)
    return show_score(session, credential.holder_id, credential.id, seen=seen, issuer=ISSUER, keys=PlainVault(), now=now)
