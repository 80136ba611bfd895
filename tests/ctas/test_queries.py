"""The facts that fill calls to action, and how many questions it takes to know them."""

from decimal import Decimal
from uuid import uuid4

from sqlalchemy.orm import Session

from laurel.catalog.rules import CourseStatus
from laurel.core.money import Money
from laurel.ctas.queries import list_cta_problems, load_facts
from tests.conftest import QueryCount
from tests.factories.commerce import make_sellable_course
from tests.factories.ctas import make_certified_course, make_course, make_cta


def test_facts_are_those_of_the_catalog_the_shop_the_exam_and_the_credential(session: Session) -> None:
    course = make_certified_course(session)

    facts = load_facts(session, [course.id])[course.id]

    assert (facts.title, facts.mark, facts.slug, facts.hours) == ("Prompting", "™", course.slug, 12)
    assert facts.price == Money("usd", 19500)
    assert (facts.questions, facts.minutes, facts.pass_percent, facts.validity_months) == (5, 60, Decimal(70), 12)
    assert facts.pass_text == "70 %"


def test_a_course_without_price_and_exam_has_no_such_facts(session: Session) -> None:
    course = make_sellable_course(session, status=CourseStatus.COMING_SOON)

    facts = load_facts(session, [course.id])[course.id]

    assert (facts.price, facts.questions, facts.minutes, facts.pass_percent, facts.validity_months) == (None, None, None, None, None)
    assert not facts.is_offered


def test_a_course_that_does_not_exist_has_no_facts(session: Session) -> None:
    assert load_facts(session, [uuid4()]) == {}
    assert load_facts(session, []) == {}


def test_many_courses_take_as_many_queries_as_one(session: Session, queries: QueryCount) -> None:
    courses = [make_certified_course(session, title=f"Course {number}") for number in range(5)]

    queries.clear()
    load_facts(session, [courses[0].id])
    for_one = queries.selects
    queries.clear()
    load_facts(session, [course.id for course in courses])

    assert queries.selects == for_one == 4


def test_problems_are_those_of_the_calls_to_action_that_exist(session: Session) -> None:
    make_cta(session, slug="good")
    make_cta(session, slug="soon", course=make_course(session, title="Later", status=CourseStatus.COMING_SOON))
    make_cta(session, slug="empty", body="The exam has {exam.questions} questions.")

    assert list_cta_problems(session, ["good", "soon", "empty", "unknown"]) == {
        "good": [],
        "soon": ["its course, Later, is not open for enrollment."],
        "empty": ["{exam.questions} is empty for Bookkeeping."],
    }
