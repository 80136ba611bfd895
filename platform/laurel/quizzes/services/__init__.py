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
from laurel.quizzes.services.moving import leave_slot
from laurel.quizzes.services.passwords import WrongPasswordError, count_password_try, forgive_password_try, make_password_hash
from laurel.quizzes.services.practice import check_practice_answer, reset_practice_answer
from laurel.quizzes.services.saving import ReusedOpError, SaveReply, SlotShutError, flag_slot, note_reused_op, save_answers, take_lease
from laurel.quizzes.services.starting import OpenAttemptError, StartRefusedError, start_attempt

__all__ = [
    "NotPublishableError",
    "OpenAttemptError",
    "ReusedOpError",
    "SaveReply",
    "SlotShutError",
    "StaleQuizError",
    "StartRefusedError",
    "WrongPasswordError",
    "abandon_attempt",
    "check_practice_answer",
    "claim_next",
    "claim_task",
    "count_password_try",
    "create_quiz",
    "expire_overdue",
    "flag_slot",
    "forgive_password_try",
    "grade_attempt",
    "import_quiz",
    "leave_slot",
    "make_password_hash",
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
