"""What happens to questions."""

from dataclasses import dataclass
from uuid import UUID

from laurel.core.events import Event


@dataclass(frozen=True, kw_only=True)
class QuestionSaved(Event):
    """An author wrote a question, or changed it; `n` is its latest version now."""

    question_id: UUID
    author_id: UUID
    n: int


@dataclass(frozen=True, kw_only=True)
class QuestionStatusChanged(Event):
    """A question took a step of its life; `status` is where it is now."""

    question_id: UUID
    changed_by_id: UUID
    n: int
    status: str
