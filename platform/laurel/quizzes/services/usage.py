"""Keeping the count of what became of questions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from laurel.quizzes.models import QuestionUsage
from laurel.quizzes.queries.usage import Count, list_usage


def save_usage(session: Session, counts: Sequence[Count], *, now: datetime) -> int:
    """Write down what was counted and return how many rows changed. Quick: whoever counts does it before, in a session that only reads."""
    known = list_usage(session)
    changed = 0
    for count in counts:
        row, facts = known.get(count.question_id), _facts(count)
        if row is None:
            session.add(QuestionUsage(question_id=count.question_id, counted_at=now, **facts))
        elif any(getattr(row, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(row, name, value)
            row.counted_at = now
        else:
            continue
        changed += 1
    session.flush()
    return changed


def _facts(count: Count) -> dict[str, Any]:
    before, lately = count.before, count.lately
    either = lately or before
    return {
        "shown": count.shown,
        "people": count.people,
        "shown_recently": count.shown_recently,
        "question_version_id": either.version_id if either else None,
        "answers_before": before.answers if before else 0,
        "facility_before": before.facility if before else None,
        "answers_lately": lately.answers if lately else 0,
        "facility_lately": lately.facility if lately else None,
    }
