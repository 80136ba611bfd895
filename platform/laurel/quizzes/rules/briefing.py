"""What a quiz asks and what it shows, in plain words: for learners before they start, and for the author who decided it."""

from collections.abc import Sequence

from laurel.quizzes.rules.access import describe_waits
from laurel.quizzes.rules.quizzes import ExpiryPolicy, QuizKind, QuizSettings
from laurel.quizzes.rules.reviewing import Field, Phase, ReviewMatrix

WORDS = {
    Field.PAPER: "your own answers",
    Field.MAX_MARKS: "what each question is worth",
    Field.MARKS: "your marks and score",
    Field.RIGHT_OR_WRONG: "what was right and wrong",
    Field.OPTION_FEEDBACK: "comments on what you chose",
    Field.GENERAL_FEEDBACK: "explanations",
    Field.RIGHT_ANSWER: "the right answers",
    Field.PASSED: "pass or fail",
    Field.BANDS: "how strong you were in each domain",
}
AFTERWARDS = (Phase.JUST_AFTER, Phase.LATER, Phase.CLOSED)


def announce(kind: QuizKind, settings: QuizSettings, review: ReviewMatrix) -> list[str]:
    """The rules of an attempt, one sentence each, for the page before the start."""
    thing = "exam" if kind is QuizKind.EXAM else "quiz"
    return [
        *_about_time(settings, thing),
        *_about_the_way(settings, thing),
        *_about_attempts(settings),
        *describe_review(review, kind, settings),
    ]


def _about_time(settings: QuizSettings, thing: str) -> list[str]:
    if settings.minutes is None and settings.closes_at is None:
        return ["There is no time limit."]
    ends = {
        ExpiryPolicy.AUTOSUBMIT: "When it is over, what you have answered is handed in by itself.",
        ExpiryPolicy.GRACE_PERIOD: "When it is over, nothing can be answered any more, and you must hand in yourself.",
        ExpiryPolicy.ABANDON: f"Hand in before it is over: a{'n' if thing == 'exam' else ''} {thing} that was not handed in is not graded.",
    }
    return [f"The time runs from the start on and is measured by our clock. {ends[settings.expiry_policy]}"]


def _about_the_way(settings: QuizSettings, thing: str) -> list[str]:
    found = ["Every answer is saved as you give it. If your connection breaks, go on; if your device does, go on with another one."]
    if settings.access.one_way:
        found.append("You cannot go back. Next closes a question for good, whether you have answered it or not.")
    else:
        found.append("You can go back and change answers until you hand in.")
    if settings.shuffle_questions or settings.shuffle_options:
        found.append("Questions and options stand in another order for each person.")
    if settings.access.logs_focus:
        found.append(
            f"This {thing} notes when you leave its page for more than two seconds, and how many characters you paste; not what, and not "
            "where you go. Staff may look at it. It never decides anything by itself, and it is deleted after about three months."
        )
    return found


def _about_attempts(settings: QuizSettings) -> list[str]:
    waits = describe_waits(settings.retake_wait_hours)
    return [f"After an attempt that did not pass, the next can start after {waits}."] if waits and settings.attempts_allowed != 1 else []


def describe_review(review: ReviewMatrix, kind: QuizKind, settings: QuizSettings) -> list[str]:
    """What may be seen, and when, in a sentence or a few."""
    during = review.visible(Phase.DURING, has_attempt_left=True)
    thing = {QuizKind.EXAM: "the exam", QuizKind.GRADED: "the quiz", QuizKind.PRACTICE: "practice"}[kind]
    found = [f"During {thing} you see {_listed(during)}."]
    before: frozenset[Field] = frozenset()
    for phase in _phases_of(settings):
        fields = review.visible(phase, has_attempt_left=False)
        if phase is Phase.JUST_AFTER:
            lasts = all(review.visible(later, has_attempt_left=False) == fields for later in _phases_of(settings))
            found.append(f"{'Afterwards' if lasts else 'Right after the end'} you see {_listed(fields)}.")
        else:
            found += _changes(_when(phase, settings), before, fields)
        before = fields
    shown = any(review.shows(Field.RIGHT_ANSWER, phase) for phase in (Phase.JUST_AFTER, Phase.LATER))
    return [*found, "Right answers stay hidden while you have an attempt left."] if shown and not review.answers_early else found


def _phases_of(settings: QuizSettings) -> list[Phase]:
    """The phases after the end that such a quiz comes to: one without a close and a last attempt is never closed."""
    never_closes = settings.closes_at is None and settings.attempts_allowed is None
    return [phase for phase in AFTERWARDS if not (phase is Phase.CLOSED and never_closes)]


def _when(phase: Phase, settings: QuizSettings) -> str:
    if phase is Phase.LATER:
        return "Two minutes later"
    return "Once you have no attempt left" if settings.closes_at is None else "Once it is closed"


def _changes(when: str, before: frozenset[Field], fields: frozenset[Field]) -> list[str]:
    found = [f"{when} you also see {_listed(fields - before)}."] if fields - before else []
    return [*found, f"{when} you no longer see {_listed(before - fields)}."] if before - fields else found


def _shows_answers(review: ReviewMatrix) -> bool:
    return any(review.shows(Field.RIGHT_ANSWER, phase) for phase in AFTERWARDS)


def _listed(fields: frozenset[Field]) -> str:
    return join([WORDS[field] for field in Field if field in fields]) or "nothing"


def join(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def may_decide(kind: QuizKind, field: Field, phase: Phase) -> bool:
    """Whether an author decides this cell: while an exam or a graded quiz runs, nothing can be said about its answers."""
    if phase is not Phase.DURING:
        return True
    if field in {Field.PAPER, Field.PASSED, Field.BANDS, Field.RIGHT_ANSWER}:
        return False
    return field is Field.MAX_MARKS or kind is QuizKind.PRACTICE


def settle(review: ReviewMatrix, kind: QuizKind) -> ReviewMatrix:
    """The matrix as this kind of quiz can have it: the paper is there while it runs, and nothing else that nobody decides."""
    cells = {(field, phase) for field, phase in review.cells if may_decide(kind, field, phase)}
    return ReviewMatrix(frozenset(cells | {(Field.PAPER, Phase.DURING)}), answers_early=review.answers_early)


_NEEDS_PAPER = (Field.RIGHT_OR_WRONG, Field.OPTION_FEEDBACK, Field.GENERAL_FEEDBACK, Field.RIGHT_ANSWER)


def warn(review: ReviewMatrix, settings: QuizSettings, kind: QuizKind) -> list[str]:
    """What an author should think about twice; nothing of it is forbidden."""
    found = []
    if kind is not QuizKind.PRACTICE and _shows_answers(review) and review.answers_early and settings.attempts_allowed != 1:
        found.append("Learners can see right answers while they have attempts left: the next attempt may ask the same questions.")
    if settings.closes_at is not None and any(review.shows(Field.RIGHT_ANSWER, phase) for phase in (Phase.JUST_AFTER, Phase.LATER)):
        found.append("Right answers can be seen before the quiz closes: who is done can tell those who are not.")
    if kind is QuizKind.EXAM and any(review.shows(Field.PAPER, phase) for phase in AFTERWARDS):
        found.append("Learners see the questions of a certification exam after its end: they can pass them on.")
    if any(review.shows(field, phase) and not review.shows(Field.PAPER, phase) for field in _NEEDS_PAPER for phase in AFTERWARDS):
        found.append("What is said about answers stands in the paper; where the paper is not shown, nothing of it is.")
    if kind is QuizKind.EXAM and not all(review.shows(Field.PASSED, phase) for phase in AFTERWARDS):
        found.append("Pass or fail is hidden for a time, but who passed gets the credential and cannot start again, and so will know.")
    return found
