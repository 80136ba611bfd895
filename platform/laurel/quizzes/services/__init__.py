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
from laurel.quizzes.services.finishing import abandon_attempt, expire_attempt, expire_overdue, grade_attempt, settle, submit_attempt
from laurel.quizzes.services.grading import mark_answer
from laurel.quizzes.services.moving import leave_slot
from laurel.quizzes.services.outages import beat, credit_outages, failed_saves, forget_old_signs, instance_name, report_trouble, settle_some
from laurel.quizzes.services.passwords import WrongPasswordError, count_password_try, forgive_password_try, make_password_hash
from laurel.quizzes.services.practice import check_practice_answer, reset_practice_answer
from laurel.quizzes.services.rounds import RoundUnderWayError, close_rounds, open_round
from laurel.quizzes.services.saving import ReusedOpError, SaveReply, SlotShutError, flag_slot, note_reused_op, save_answers, take_lease
from laurel.quizzes.services.staff_acts import (
    dismiss_announcement,
    extend_attempt,
    pause_attempt,
    reopen_attempt,
    resume_attempt,
    void_attempt,
)
from laurel.quizzes.services.starting import OpenAttemptError, StartRefusedError, start_attempt
from laurel.quizzes.services.terms import (
    accommodate,
    add_member,
    create_group,
    end_accommodation,
    refresh_deadlines,
    remove_group,
    remove_member,
    remove_override,
    set_override,
)

__all__ = [
    "NotPublishableError",
    "OpenAttemptError",
    "ReusedOpError",
    "RoundUnderWayError",
    "SaveReply",
    "SlotShutError",
    "StaleQuizError",
    "StartRefusedError",
    "WrongPasswordError",
    "abandon_attempt",
    "accommodate",
    "add_member",
    "beat",
    "check_practice_answer",
    "claim_next",
    "claim_task",
    "close_rounds",
    "count_password_try",
    "create_group",
    "create_quiz",
    "credit_outages",
    "dismiss_announcement",
    "end_accommodation",
    "expire_attempt",
    "expire_overdue",
    "extend_attempt",
    "failed_saves",
    "flag_slot",
    "forget_old_signs",
    "forgive_password_try",
    "grade_attempt",
    "import_quiz",
    "instance_name",
    "leave_slot",
    "make_password_hash",
    "mark_answer",
    "note_reused_op",
    "open_round",
    "pause_attempt",
    "publish_quiz",
    "refresh_deadlines",
    "release_task",
    "remove_group",
    "remove_member",
    "remove_override",
    "reopen_attempt",
    "report_trouble",
    "reset_practice_answer",
    "resume_attempt",
    "save_answers",
    "save_draft",
    "save_settings",
    "save_slots",
    "set_override",
    "settle",
    "settle_some",
    "start_attempt",
    "submit_attempt",
    "take_lease",
    "void_attempt",
]
