from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.bank.rules import QuestionKind
from laurel.catalog.queries import list_lessons
from laurel.core import clock
from laurel.learning.services import finish_lesson
from laurel.quizzes.services import submit_attempt
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_question
from tests.factories.learning import make_classroom
from tests.factories.quizzes import answer_all, fixed, make_attempt, make_quiz

Csrf = Callable[..., str]


def test_nothing_to_learn_yet_leads_to_the_courses(session: Session, sign_in: SignIn) -> None:
    client = sign_in(make_user(session))

    page = client.get("/learn").get_data(as_text=True)

    assert "Nothing to learn yet" in page
    assert 'href="/courses"' in page


def test_a_stranger_is_led_to_enrolling(session: Session, sign_in: SignIn) -> None:
    room = make_classroom(session)
    client = sign_in(make_user(session))

    answer = client.get(f"/learn/{room.course.slug}/lesson-1")

    assert (answer.status_code, answer.location) == (302, f"/courses/{room.course.slug}/enroll")


def test_who_is_not_signed_in_comes_back_after_signing_in(client: FlaskClient, session: Session) -> None:
    room = make_classroom(session)
    session.commit()

    answer = client.get(f"/learn/{room.course.slug}")

    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=/learn/")


def test_a_lesson_is_finished_and_leads_to_the_next(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.post(f"/learn/{room.course.slug}/lesson-1/done", data={"csrf_token": csrf()})

    assert (answer.status_code, answer.location) == (302, f"/learn/{room.course.slug}/lesson-2")
    assert client.get(answer.location).status_code == 200


def test_a_locked_lesson_leads_to_the_map_and_says_why(session: Session, sign_in: SignIn) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.get(f"/learn/{room.course.slug}/exam", follow_redirects=True)

    assert answer.request.path == f"/learn/{room.course.slug}"
    assert "This lesson opens when you have finished the lessons before it." in answer.get_data(as_text=True)


def test_a_course_that_is_not_there_is_a_404_that_helps(session: Session, sign_in: SignIn) -> None:
    client = sign_in(make_user(session))

    answer = client.get("/learn/no-such-course")

    assert answer.status_code == 404
    assert 'href="/courses"' in answer.get_data(as_text=True)


def test_a_practice_answer_gets_its_feedback_and_can_be_tried_again(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)
    lesson = f"/learn/{room.course.slug}/lesson-1"
    assert "question-1-result" not in client.get(lesson).get_data(as_text=True)

    checked = client.post(f"{lesson}/check", data={"csrf_token": csrf(), "slot": "1", "question-1": "a"})
    assert checked.location == f"{lesson}#question-1-result"
    assert 'id="question-1-result"' in client.get(lesson).get_data(as_text=True)

    client.post(f"{lesson}/check", data={"csrf_token": csrf(), "slot": "1", "again": "1"})
    assert 'id="question-1-result"' not in client.get(lesson).get_data(as_text=True)


@pytest.mark.parametrize("form", [{"slot": "1"}, {"slot": "1", "question-1": "zzz"}, {"slot": "1", "question-1": ""}])
def test_a_practice_answer_that_cannot_be_gets_a_message_beside_it(
    session: Session, sign_in: SignIn, csrf: Csrf, form: dict[str, str]
) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.post(f"/learn/{room.course.slug}/lesson-1/check", data={"csrf_token": csrf(), **form})

    assert answer.status_code == 400
    assert "field-error" in answer.get_data(as_text=True)


def test_a_practice_order_that_cannot_be_stays_on_the_page(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_classroom(session, practice=[QuestionKind.SINGLE_CHOICE, QuestionKind.ORDERING])
    client = sign_in(room.learner)
    places = {"question-2-ib": "2", "question-2-ia": "2", "question-2-ic": "1"}

    answer = client.post(f"/learn/{room.course.slug}/lesson-1/check", data={"csrf_token": csrf(), "slot": "2"} | places)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Two items are in place 2. Give each item a place of its own." in page
    assert (page.count('value="2" selected'), page.count('value="1" selected')) == (2, 1)


@pytest.mark.parametrize("slot", ["", "99", "-1", "1e3", "x", "٣", "9" * 400, "9" * 5000])
def test_a_practice_question_that_is_not_there_is_no_server_error(session: Session, sign_in: SignIn, csrf: Csrf, slot: str) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.post(f"/learn/{room.course.slug}/lesson-1/check", data={"csrf_token": csrf(), "slot": slot, f"question-{slot}": "a"})

    assert answer.status_code in {400, 404}


def test_an_exam_starts_only_with_its_honor_code(session: Session, sign_in: SignIn, csrf: Csrf, now: datetime) -> None:
    room = make_classroom(session, lessons=1, honor_code="I answer by myself.")
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now)
    client = sign_in(room.learner)
    exam = f"/learn/{room.course.slug}/exam"

    refused = client.post(f"{exam}/attempts", data={"csrf_token": csrf()})
    started = client.post(f"{exam}/attempts", data={"csrf_token": csrf(), "honor_code": "y"})
    again = client.post(f"{exam}/attempts", data={"csrf_token": csrf(), "honor_code": "y"})

    assert refused.status_code == 400
    assert "Tick this" in refused.get_data(as_text=True)
    assert started.location.startswith("/attempts/")
    assert again.location == started.location


def test_an_exam_without_an_honor_code_starts_without_one(session: Session, sign_in: SignIn, csrf: Csrf, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now)
    client = sign_in(room.learner)
    exam = f"/learn/{room.course.slug}/exam"
    assert 'name="honor_code"' not in client.get(exam).text

    assert client.post(f"{exam}/attempts", data={"csrf_token": csrf()}).location.startswith("/attempts/")


@pytest.mark.parametrize("lessons", [2, 12])
def test_a_lesson_page_takes_the_same_queries_however_long_the_course_is(
    session: Session, sign_in: SignIn, queries: QueryCount, lessons: int
) -> None:
    room = make_classroom(session, lessons=lessons)
    client = sign_in(room.learner)
    queries.clear()

    assert client.get(f"/learn/{room.course.slug}/lesson-1").status_code == 200

    assert queries.selects <= 16


@pytest.mark.parametrize("courses", [1, 8])
def test_the_first_page_takes_the_same_queries_however_many_courses_there_are(
    session: Session, sign_in: SignIn, queries: QueryCount, courses: int
) -> None:
    learner = make_user(session)
    for _ in range(courses):
        make_classroom(session, learner=learner)
    client = sign_in(learner)
    queries.clear()

    assert client.get("/learn").status_code == 200

    assert queries.selects <= 10


def test_a_result_leads_on_from_a_lesson_that_is_done(session: Session, sign_in: SignIn, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    reading, quiz, exam = list_lessons(session, room.course.id)
    client = sign_in(room.learner)
    course = f"/learn/{room.course.slug}"

    def go_on(slug: str) -> str | None:
        session.commit()
        return client.get(f"{course}/{slug}?go=on").location

    finish_lesson(session, room.enrollment.id, lesson_id=reading.id, now=now)
    assert go_on("quiz") is None
    finish_lesson(session, room.enrollment.id, lesson_id=quiz.id, now=now)
    assert go_on("quiz") == f"{course}/exam"
    room.enrollment.completed_at = now  # as if it had been completed before: the exam's attempt does not matter here
    finish_lesson(session, room.enrollment.id, lesson_id=exam.id, now=now)
    assert go_on("exam") == course


def test_a_completed_course_leads_to_its_certificate(session: Session, sign_in: SignIn, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    room.enrollment.completed_at = now
    for lesson in list_lessons(session, room.course.id):
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now)
    client = sign_in(room.learner)
    way = f'href="/account/credentials/of-course/{room.course.slug}"'

    assert way in client.get("/learn").text
    assert way in client.get(f"/learn/{room.course.slug}").text


def test_a_passed_exam_leads_to_the_certificate_from_its_lobby(session: Session, sign_in: SignIn, now: datetime) -> None:
    room = make_classroom(session, lessons=1)
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now)
    attempt = make_attempt(session, room.exam, learner_id=room.learner.id)
    answer_all(session, attempt)
    submit_attempt(session, attempt_id=attempt.id, learner_id=room.learner.id, now=clock.now())
    client = sign_in(room.learner)

    lobby = client.get(f"/learn/{room.course.slug}/exam").text
    result = client.get(f"/attempts/{attempt.id}/result").text

    assert f'href="/account/credentials/of-course/{room.course.slug}"' in lobby
    assert f'href="/account/credentials/of-attempt/{attempt.id}"' in result
    assert f'href="{attempt.home_path}?go=on"' in result


@pytest.mark.parametrize(("domain", "leads_to"), [("basics", "/lesson-1"), ("no-such-domain", ""), ("%ff", "")])
def test_a_weak_domain_leads_to_the_module_about_it(session: Session, sign_in: SignIn, domain: str, leads_to: str) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.get(f"/learn/{room.course.slug}/lesson-1?read={domain}")

    assert answer.location == f"/learn/{room.course.slug}{leads_to}"


def test_a_failed_exam_names_what_to_read_again(session: Session, sign_in: SignIn) -> None:
    quiz = make_quiz(session, slots=[fixed(make_question(session), domain="tools") for _ in range(5)])
    attempt = make_attempt(session, quiz)
    answer_all(session, attempt, right=1)
    submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=clock.now())
    client = sign_in(get_user(session, attempt.learner_id))

    assert f'<a href="{attempt.home_path}?read=tools">Tools</a>' in client.get(f"/attempts/{attempt.id}/result").text
