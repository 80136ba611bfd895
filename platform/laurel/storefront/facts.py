"""A course's facts as rows: always the same ones in the same order, so that courses can be compared."""

from laurel.catalog.queries import CourseCard
from laurel.catalog.rules import CourseContent
from laurel.credentials.rules.validity import Validity
from laurel.quizzes.queries import ExamFacts
from laurel.web.pages import minutes, percent

LANGUAGES = {"en": "English"}


def facts_of(course: CourseCard, exam: ExamFacts | None, validity: Validity, price: str) -> list[tuple[str, str, str]]:
    """(icon, label, value) of the facts that decide."""
    rows = [("clock", "Study", f"{course.hours} {'hour' if course.hours == 1 else 'hours'}")]
    if exam is not None:
        rows.append(("list-checks", "Exam", f"{exam.questions} questions"))
        rows.append(("timer", "Time", minutes(exam.minutes) if exam.minutes else "No limit"))
        rows.append(("target", "Pass mark", percent(exam.pass_percent / 100)))
        rows.append(("award", "Valid", validity.words))
    if price:
        rows.append(("tag", "Price", price))
    return rows


def exam_rows(exam: ExamFacts | None, content: CourseContent, validity: Validity, renewal: str) -> list[tuple[str, str]]:
    """(label, value) of everything about the exam; none if the course has no exam yet. `renewal`: by which ways, empty for none."""
    if exam is None:
        return []
    waits = ", then ".join(_wait(hours) for hours in exam.retake_wait_hours)
    return [
        ("Questions", f"{exam.questions}, drawn from a larger pool for each attempt"),
        ("Kinds of questions", ", ".join(kind.label.lower() for kind in exam.kinds)),
        ("Time", minutes(exam.minutes) if exam.minutes else "No limit"),
        ("Pass mark", percent(exam.pass_percent / 100)),
        ("Attempts", f"{exam.attempts} included" if exam.attempts else "As many as you need"),
        ("Wait before a retake", waits or "None"),
        ("Result", "At once, by domain"),
        ("Language", ", ".join(LANGUAGES.get(code, code) for code in content.languages)),
        ("Certificate valid", validity.words),
        *(
            [("Renewal", f"{renewal[:1].upper()}{renewal[1:]}, near the end or shortly after it")]
            if validity != Validity() and renewal
            else []
        ),
    ]


def _wait(hours: int) -> str:
    if not hours:
        return "none"
    if hours % 24:
        return f"{hours} hours"
    return "1 day" if hours == 24 else f"{hours // 24} days"
