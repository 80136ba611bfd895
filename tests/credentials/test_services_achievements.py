import pytest
from sqlalchemy.orm import Session

from laurel.core.errors import InvalidInputError
from laurel.credentials.models import Achievement
from laurel.credentials.queries import find_achievement_of_course, get_achievement_version
from laurel.credentials.rules.renewing import RenewalTerms
from tests.factories.credentials import make_achievement, make_course


def test_saying_the_same_again_makes_no_new_version(session: Session) -> None:
    course = make_course(session)
    first = make_achievement(session, course=course)

    assert make_achievement(session, course=course).id == first.id
    assert first.n == 1


def test_a_changed_fact_makes_the_next_version_and_keeps_the_one_before(session: Session) -> None:
    course = make_course(session)
    first = make_achievement(session, course=course, validity_months=12)

    second = make_achievement(session, course=course, validity_months=24)

    assert (first.n, second.n) == (1, 2)
    assert find_achievement_of_course(session, course.id) is second
    assert get_achievement_version(session, course.slug, 1).validity_months == 12


def test_criteria_are_rendered_when_they_are_written(session: Session) -> None:
    version = make_achievement(session, criteria="Pass the **exam**. <script>alert(1)</script>")

    assert "<strong>exam</strong>" in version.criteria_html
    assert "<script" not in version.criteria_html


@pytest.mark.parametrize(("field", "value"), [("name", " "), ("criteria", ""), ("description", "\x00"), ("validity_months", -1)])
def test_an_achievement_without_its_facts_is_refused(session: Session, field: str, value: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        make_achievement(session, **{field: value})

    assert refused.value.field == field


def test_what_a_program_says_about_renewing_holds_at_once_and_makes_no_new_version(session: Session) -> None:
    course = make_course(session)
    first = make_achievement(session, course=course)
    terms = RenewalTerms(window_days=30, grace_days=0, includes_attempts=True)

    assert make_achievement(session, course=course, renewal=terms).id == first.id
    assert make_achievement(session, course=course).id == first.id
    assert session.get_one(Achievement, first.achievement_id).renewal_terms == terms


def test_days_that_no_program_can_mean_change_nothing(session: Session) -> None:
    course = make_course(session)
    first = make_achievement(session, course=course)

    with pytest.raises(InvalidInputError) as refused:
        make_achievement(session, course=course, renewal=RenewalTerms(grace_days=-1))

    assert refused.value.field == "renewal_grace_days"
    assert session.get_one(Achievement, first.achievement_id).renewal_terms == RenewalTerms()
