import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.issuing import award
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering, make_sellable_course
from tests.factories.credentials import make_achievement, make_attempt
from tests.factories.ctas import make_certified_course
from tests.factories.learning import make_classroom
from tests.factories.organizations import make_acme


@pytest.mark.parametrize("lessons", [2, 20])
def test_a_course_page_takes_the_same_queries_however_long_the_course_is(
    client: FlaskClient, session: Session, queries: QueryCount, lessons: int
) -> None:
    room = make_classroom(session, lessons=lessons)
    session.commit()
    queries.clear()

    answer = client.get(f"/courses/{room.course.slug}")

    assert answer.status_code == 200
    assert queries.selects <= 12
    assert queries.writes == 0


@pytest.mark.parametrize("courses", [1, 9])
def test_the_catalog_takes_the_same_queries_however_many_courses_there_are(
    client: FlaskClient, session: Session, queries: QueryCount, courses: int
) -> None:
    for number in range(courses):
        make_sellable_course(session, title=f"Course {number}")
    session.commit()
    queries.clear()

    assert client.get("/courses").status_code == 200

    assert queries.selects <= 5


@pytest.mark.parametrize("path", ["/terms", "/privacy", "/refunds", "/contact"])
def test_the_small_print_is_linked_everywhere_and_says_that_it_is_to_be_replaced(client: FlaskClient, path: str) -> None:
    page = client.get(path).text

    assert f'href="{path}"' in client.get("/").text
    assert "the operator puts their own text here" in page
    assert ("mailto:" in page) is (path == "/contact")


def test_an_empty_catalog_says_so(client: FlaskClient) -> None:
    assert "No courses yet" in client.get("/courses").get_data(as_text=True)


def test_a_search_that_finds_nothing_leads_back(client: FlaskClient, session: Session) -> None:
    make_sellable_course(session, title="Bookkeeping")
    session.commit()

    page = client.get("/courses?q=100%25_").get_data(as_text=True)

    assert "No course fits" in page


def test_a_lesson_that_is_no_preview_stays_closed(client: FlaskClient, session: Session) -> None:
    room = make_classroom(session)
    session.commit()

    assert client.get(f"/courses/{room.course.slug}/preview/lesson-1").status_code == 200
    assert client.get(f"/courses/{room.course.slug}/preview/lesson-2").status_code == 404


def test_public_pages_set_no_cookie_and_may_be_cached(client: FlaskClient, session: Session) -> None:
    room = make_classroom(session)
    session.commit()

    answer = client.get(f"/courses/{room.course.slug}")

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert client.get(f"/courses/{room.course.slug}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_course_page_offers_the_same_in_both_boxes(client: FlaskClient, session: Session) -> None:
    course = make_sellable_course(session)
    make_offering(session, course=course)
    session.commit()

    page = client.get(f"/courses/{course.slug}").text

    assert page.count(">Enroll for $195</a>") == 2
    assert page.count(f'<course-standing src="/courses/{course.slug}/standing">') == 2


def test_the_hours_of_a_course_are_those_of_its_lessons_and_quizzes(client: FlaskClient, session: Session) -> None:
    planned = make_sellable_course(session)  # says 12 hours and has no lessons yet
    room = make_classroom(session, lessons=24)  # of 5 minutes each, a quiz of 5, and an exam of 60
    session.commit()

    assert "12 hours" in client.get(f"/courses/{planned.slug}").text
    page = client.get(f"/courses/{room.course.slug}").text
    assert "2 hours" in page
    assert "12 hours" not in page


def test_kinds_of_questions_have_the_names_that_people_use(client: FlaskClient, session: Session) -> None:
    course = make_certified_course(session)
    session.commit()

    page = client.get(f"/courses/{course.slug}").text

    assert "true or false" in page
    assert "single choice" in page


def test_the_page_says_in_whose_name_is_certified(client: FlaskClient, session: Session) -> None:
    room = make_classroom(session)
    version, acme = make_achievement(session, course=room.course), make_acme(session)
    session.commit()

    before = client.get(f"/courses/{room.course.slug}").text
    award_in_name_of(session, version.achievement_id, acme.id, actor_id=room.learner.id, now=clock.now())
    session.commit()
    after = client.get(f"/courses/{room.course.slug}").text

    assert "credential by Laurel Academy, with" in before
    assert "credential by Acme Academy, with" in after


def test_a_learner_is_told_where_to_go_on(session: Session, sign_in: SignIn) -> None:
    room = make_classroom(session)
    client = sign_in(room.learner)

    answer = client.get(f"/courses/{room.course.slug}/standing")

    assert answer.json == {"label": "Go on learning", "href": f"/learn/{room.course.slug}"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_who_completed_a_course_is_told_of_the_certificate(session: Session, sign_in: SignIn) -> None:
    room = make_classroom(session)
    other = make_user(session)
    room.enrollment.completed_at = clock.now()
    make_achievement(session, course=room.course)
    award(
        session,
        enrollment_id=room.enrollment.id,
        holder_id=room.learner.id,
        course_id=room.course.id,
        attempt_id=make_attempt(session, learner=room.learner).id,
        now=clock.now(),
    )

    mine = sign_in(room.learner).get(f"/courses/{room.course.slug}/standing").json
    theirs = sign_in(other).get(f"/courses/{room.course.slug}/standing").json

    assert mine == {"label": "See your certificate", "href": f"/account/credentials/of-course/{room.course.slug}"}
    assert theirs == {"label": None, "href": None}
