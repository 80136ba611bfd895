"""What can be done with quizzes and attempts."""

from laurel.quizzes.services.authoring import (
    NotPublishableError,
    StaleQuizError,
    create_quiz,
    import_quiz,
    publish_quiz,
    save_draft,
    save_settings,
    save_slots,
)
from laurel.quizzes.services.claiming import claim_next, claim_task, release_task
from laurel.quizzes.services.finishing import abandon_attempt, expire_overdue, grade_attempt, settle, submit_attempt
from laurel.quizzes.services.grading import mark_answer
from laurel.quizzes.services.practice import check_practice_answer, reset_practice_answer
from laurel.quizzes.services.saving import ReusedOpError, SaveReply, flag_slot, note_reused_op, save_answers, take_lease
from laurel.quizzes.services.starting import OpenAttemptError, StartRefusedError, start_attempt

__all__ = [
    "NotPublishableError",
    "OpenAttemptError",
    "ReusedOpError",
    "SaveReply",
    "StaleQuizError",
    "StartRefusedError",
    "abandon_attempt",
    "check_practice_answer",
    "claim_next",
    "claim_task",
    "create_quiz",
    "expire_overdue",
    "flag_slot",
    "grade_attempt",
    "import_quiz",
    "mark_answer",
    "note_reused_op",
    "publish_quiz",
    "release_task",
    "reset_practice_answer",
    "save_answers",
    "save_draft",
    "save_settings",
    "save_slots",
    "settle",
    "start_attempt",
    "submit_attempt",
    "take_lease",
]
