"""Practice inside a lesson: one question at a time, with feedback at once, as often as the learner likes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.bank.rules import Posted, parse_answer, read_form_values
from laurel.core.errors import InvalidInputError
from laurel.core.ids import new_id
from laurel.quizzes import queries
from laurel.quizzes.queries.attempts import get_slot
from laurel.quizzes.queries.practice import PracticeQuestion, practice_fields, show_practice
from laurel.quizzes.rules.saving import SaveItem
from laurel.quizzes.services.saving import save_answers
from laurel.quizzes.services.starting import require_practice, start_practice


def check_practice_answer(
    session: Session, *, quiz_id: UUID, learner_id: UUID, slot_number: int, posted: Posted, now: datetime
) -> PracticeQuestion:
    """Keep the learner's answer and say how it did. `posted`: what the form holds under the question's name
    and those of its parts.

    The first answer starts the learner's practice attempt. Raises InvalidInputError if nothing was chosen or it could not
    have been, NotFoundError if there is no such quiz or question.
    """
    quiz, version = queries.get_published(session, quiz_id)
    require_practice(quiz)
    attempt = start_practice(session, version, learner_id=learner_id, now=now)
    slot, question = get_slot(session, attempt.id, slot_number)
    body = question.typed_body()
    answer = parse_answer(question.kind, body, read_form_values(question.kind, body, posted))
    if answer is None:
        raise InvalidInputError("Choose or write an answer first.", field=f"question-{slot_number}")
    _save(session, attempt_id=attempt.id, learner_id=learner_id, slot_number=slot_number, answer=answer, now=now)
    return show_practice(question, number=slot_number, answer=answer, max_mark=slot.max_mark, fields=practice_fields(version))


def reset_practice_answer(session: Session, *, quiz_id: UUID, learner_id: UUID, slot_number: int, now: datetime) -> None:
    """Open a checked question again. The answers before stay in the log. Without an attempt there is nothing to do."""
    quiz, version = queries.get_published(session, quiz_id)
    require_practice(quiz)
    attempt = queries.find_open_attempt(session, quiz_id, learner_id)
    if attempt is None or attempt.quiz_version_id != version.id:
        return
    get_slot(session, attempt.id, slot_number)
    current = queries.find_answer(session, attempt.id, slot_number)
    if current is not None and current.answer is not None:
        _save(session, attempt_id=attempt.id, learner_id=learner_id, slot_number=slot_number, answer=None, now=now)


def _save(session: Session, *, attempt_id: UUID, learner_id: UUID, slot_number: int, answer: object, now: datetime) -> None:
    current = queries.find_answer(session, attempt_id, slot_number)
    seq = 1 if current is None else current.seq + 1
    item = SaveItem(op_id=new_id(), slot=slot_number, seq=seq, answer=answer)
    save_answers(session, attempt_id=attempt_id, learner_id=learner_id, items=[item], lease=None, now=now)
