"""An author says in the studio what the certificate of a course is: it is looked at, and then it is a version."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.catalog.rules import LessonKind
from laurel.catalog.services import LessonContent, publish_lesson, put_module
from laurel.commerce.rules import OfferingKind
from laurel.core import clock
from laurel.credentials.models import Achievement, AchievementVersion
from laurel.credentials.queries import find_achievement_of_course
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.validity import Validity
from laurel.quizzes.rules import QuizKind
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.factories.credentials import make_achievement, make_course, make_credential
from tests.factories.quizzes import make_quiz

Csrf = Callable[..., str]
HOME = "/studio/credentials"
CERTIFICATE = {
    "name": "Certified Widget Maker",
    "description": "The holder makes widgets.",
    "criteria": "Pass the **exam**.",
    "tags": "widgets, machines, Widgets",
    "code": "WM-1",
    "lasts": "months",
    "months": "24",
    "valid_until": "",
    "level": "3",
    "hue": "25",
}
TERMS = {"window_days": "30", "grace_days": "0", "points": "40"}


def fields_in(page: str) -> dict[str, str]:
    """What a page would send of its form that is looked at, its buttons left out."""
    form = page.split('<form method="post">')[1].split("</form>", maxsplit=1)[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def send(client: FlaskClient, csrf: Csrf, address: str, fields: dict[str, Any], act: str = "look") -> TestResponse:
    return client.post(address, data={"csrf_token": csrf(HOME), **fields, "act": act})


def make(client: FlaskClient, csrf: Csrf, address: str, fields: dict[str, Any]) -> TestResponse:
    """Look at it, and then press the button on that page."""
    looked = send(client, csrf, address, fields)
    assert looked.status_code == 200, looked.text
    return client.post(address, data={**fields_in(looked.text), "act": "make"})


def test_a_course_gets_its_first_certificate(desk: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    course = make_course(session, owner=author)
    session.commit()
    address = f"{HOME}/new/{course.id}"
    assert "No credentials yet" in desk.get(HOME).text
    assert address in desk.get(f"{HOME}/new").text

    looked = send(desk, csrf, address, {**CERTIFICATE, "seen": "0"})
    nothing = find_achievement_of_course(session, course.id)
    made = desk.post(address, data={**fields_in(looked.text), "act": "make"}, follow_redirects=True)

    assert "This would be version 1" in looked.text
    assert f"This is the first of the course {course.slug}." in looked.text
    assert "Pass the <strong>exam</strong>." in looked.text
    assert nothing is None
    session.rollback()
    first = find_achievement_of_course(session, course.id)
    assert first is not None
    assert (first.n, first.name, first.validity, first.tags) == (1, "Certified Widget Maker", Validity(months=24), ["widgets", "machines"])
    assert made.request.path == f"{HOME}/{first.achievement_id}"
    assert "Version 1 holds" in made.text
    assert desk.get(address).location == made.request.path
    assert "Every course has its certificate" in desk.get(f"{HOME}/new").text


def add_exam(session: Session, course: Course) -> None:
    module = put_module(session, course_id=course.id, slug="basics", position=1, title="Basics", summary="")
    quiz = make_quiz(session, kind=QuizKind.EXAM)
    content = LessonContent(slug="exam", kind=LessonKind.EXAM, title="Exam", summary="", minutes=60, quiz_id=quiz.id)
    publish_lesson(session, module=module, position=1, content=content, now=clock.now())


def test_a_course_without_an_exam_promises_nobody_a_certificate(desk: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    course = make_course(session, owner=author)
    session.commit()
    address, promise, truth = f"{HOME}/new/{course.id}", "from then on is awarded it", "The course has no exam yet"

    listed, asked = desk.get(f"{HOME}/new").text, desk.get(address).text
    looked = send(desk, csrf, address, {**CERTIFICATE, "seen": "0"}).text
    made = desk.post(address, data={**fields_in(looked), "act": "make"}, follow_redirects=True).text
    assert ("None yet" in listed, "Has one" in listed) == (True, False)
    for page in (asked, looked, made):
        assert (truth in page, promise in page) == (True, False)

    add_exam(session, course)
    examined = make_course(session, owner=author)
    add_exam(session, examined)
    session.commit()
    program = session.scalars(select(Achievement.id).filter_by(course_id=course.id)).one()
    assert "Has one" in desk.get(f"{HOME}/new").text
    assert promise in desk.get(f"{HOME}/new/{examined.id}").text
    for later in (f"{HOME}/{program}", f"{HOME}/{program}/certificate", f"{HOME}/new/{examined.id}"):
        assert truth not in desk.get(later).text


def test_a_change_is_looked_at_beside_what_holds_and_makes_the_next_version(
    desk: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    course = make_course(session, owner=author)
    make_credential(session, course=course)
    program_id = session.scalars(select(Achievement.id).filter_by(course_id=course.id)).one()
    session.commit()
    address = f"{HOME}/{program_id}/certificate"
    assert "Certified AI Prompt Engineer Level 1" in desk.get(address).text

    fields = {**CERTIFICATE, "lasts": "ever", "criteria": 'First line\n\n- <b>second</b> & "third"', "seen": "1"}
    looked = send(desk, csrf, address, fields)
    back = desk.post(address, data={**fields_in(looked.text), "act": "edit"})
    made = desk.post(address, data={**fields_in(looked.text), "act": "make"}, follow_redirects=True)

    assert "This would be version 2" in looked.text
    assert "The 1 certificate issued so far keeps what it says." in looked.text
    assert "From version 1 to version 2" in looked.text
    assert re.search(r"Numeral on the badge.*?>III<", looked.text, re.DOTALL), "as its badge has it"
    assert "- &lt;b&gt;second&lt;/b&gt; &amp; &#34;third&#34;" in back.text
    assert "Version 2 holds" in made.text
    assert re.search(r">2</a></th>.*?Without expiry<.*?data-label=\"Issued\">0<", made.text, re.DOTALL)
    assert re.search(r">1</a></th>.*?12 months<.*?data-label=\"Issued\">1<", made.text, re.DOTALL)
    session.rollback()
    latest = find_achievement_of_course(session, course.id)
    assert latest is not None
    assert (latest.n, latest.validity, latest.criteria) == (2, Validity(), 'First line\n\n- <b>second</b> & "third"')


def test_all_that_is_wrong_is_said_at_once_beside_its_field_and_the_form_is_kept(
    desk: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    course = make_course(session, owner=author)
    session.commit()
    address, yesterday = f"{HOME}/new/{course.id}", (clock.now() - timedelta(days=1)).date()

    wrong = {**CERTIFICATE, "name": "", "description": "D" * 1001, "tags": "t" * 61, "lasts": "months", "months": "0", "hue": "-1"}
    answer = send(desk, csrf, address, {**wrong, "seen": "0"}, act="make")
    over = send(desk, csrf, address, {**CERTIFICATE, "lasts": "day", "valid_until": str(yesterday), "seen": "0"})
    endless = send(desk, csrf, address, {**CERTIFICATE, "lasts": "day", "valid_until": "9999-12-31", "seen": "0"}, act="make")
    unread = send(desk, csrf, address, {**CERTIFICATE, "lasts": "day", "valid_until": "31.12.2027", "seen": "0"})
    empty = send(desk, csrf, address, {**CERTIFICATE, "lasts": "day", "seen": "0"})
    blank = send(desk, csrf, address, {**CERTIFICATE, "name": "   ", "description": " \n ", "criteria": "\t", "seen": "0"})
    pictured = send(desk, csrf, address, {**CERTIFICATE, "criteria": "Look: ![seal](https://elsewhere.example/seal.png)", "seen": "0"})
    unprintable = send(desk, csrf, address, {**CERTIFICATE, "name": "Egyptian \U00013000", "seen": "0"})

    assert [page.status_code for page in (answer, over, endless, unread, empty, blank, pictured, unprintable)] == [400] * 8
    for field in ("name", "description", "tags", "months", "hue"):
        assert f'id="{field}-error"' in answer.text, field
    assert "Pass the **exam**." in answer.text
    assert "that day is over" in over.text
    assert ("31 December 2999" in endless.text, 'id="valid_until-error"' in endless.text) == (True, True)
    assert ("such as 2026-03-31" in unread.text, 'value="31.12.2027"' in unread.text) == (True, True)
    assert "Enter the day with which all of them end." in empty.text
    for field in ("name", "description", "criteria"):
        assert f'id="{field}-error"' in blank.text, field
    assert "no pictures from elsewhere" in pictured.text
    assert "Our fonts lack a letter of this" in unprintable.text
    assert session.scalar(select(func.count()).select_from(Achievement)) == 0


def test_of_two_tabs_the_later_one_is_told_keeps_what_was_typed_and_compares_with_what_the_other_made(
    desk: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    program = make_achievement(session, course=make_course(session, owner=author))
    session.commit()
    address = f"{HOME}/{program.achievement_id}/certificate"
    mine = send(desk, csrf, address, {**CERTIFICATE, "name": "Mine", "seen": "1"})
    assert make(desk, csrf, address, {**CERTIFICATE, "name": "Theirs", "seen": "1"}).status_code == 303

    late = desk.post(address, data={**fields_in(mine.text), "act": "make"})
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', late.text)
    again = send(desk, csrf, address, {**CERTIFICATE, "name": "Mine", "seen": "1"})
    looked = send(desk, csrf, address, {**CERTIFICATE, "name": "Mine", "seen": seen[1] if seen else ""})

    assert (late.status_code, again.status_code, looked.status_code) == (409, 409, 200)
    assert "This was changed in the meantime" in late.text
    assert 'value="Mine"' in late.text
    assert "From version 2 to version 3" in looked.text
    assert "<del>Theirs</del>" in looked.text
    session.rollback()
    assert session.scalar(select(func.max(AchievementVersion.n))) == 2


def test_what_it_says_already_makes_no_version(desk: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    program = make_achievement(session, course=make_course(session, owner=author))
    session.commit()
    page, terms = f"{HOME}/{program.achievement_id}/certificate", f"{HOME}/{program.achievement_id}/renewal"
    make(desk, csrf, page, {**CERTIFICATE, "seen": "1"})

    same = send(desk, csrf, page, {**CERTIFICATE, "seen": "2"})
    usual = {"window_days": "90", "grace_days": "90", "points": "0", "by_exam": "y"}
    same_terms = send(desk, csrf, terms, {**usual, "seen": RenewalTerms().stamp})

    assert (same.status_code, same_terms.status_code) == (400, 400)
    assert "It says exactly this already." in same.text
    assert "It says exactly this already." in same_terms.text


def test_renewal_is_changed_for_all_certificates_at_once(desk: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    course = make_course(session, owner=author)
    make_credential(session, course=course)
    program_id = session.scalars(select(Achievement.id).filter_by(course_id=course.id)).one()
    session.commit()
    address, stamp = f"{HOME}/{program_id}/renewal", RenewalTerms().stamp

    nowhere = send(desk, csrf, address, {**TERMS, "points": "0", "seen": stamp})
    none = send(desk, csrf, address, {**TERMS, "window_days": "00", "seen": stamp})
    wrong = send(desk, csrf, address, {**TERMS, "window_days": "3651", "points": "many", "seen": stamp})
    made = make(desk, csrf, address, {**TERMS, "by_exam": "y", "seen": stamp})
    late = send(desk, csrf, address, {**TERMS, "points": "50", "seen": stamp}, act="make")

    assert "Then there is no way to renew a certificate" in nowhere.text
    assert "By no exam, no points count" in nowhere.text
    assert "for certificates that were issued before, too" in nowhere.text
    assert (none.status_code, wrong.status_code, made.status_code, late.status_code) == (400, 400, 303, 409)
    assert "for at least one day" in none.text
    assert 'id="window_days-error"' in wrong.text
    assert 'id="points-error"' in wrong.text
    assert 'value="50"' in late.text
    session.rollback()
    program = session.get_one(Achievement, program_id)
    assert (program.renewal_terms, program.latest_n) == (RenewalTerms(window_days=30, grace_days=0, points=40), 1)
    assert "30 days before the end" in desk.get(made.location).text


def test_staff_are_led_to_where_a_renewal_is_put_up_for_sale(session: Session, sign_in: SignIn) -> None:
    course = make_course(session)
    program = make_achievement(session, course=course)
    make_offering(session, course=course, kind=OfferingKind.RENEWAL, prices={"usd": 4900, "eur": 4500})
    session.commit()
    client = sign_in(make_user(session, roles=["admin"]))

    page = client.get(f"{HOME}/{program.achievement_id}").text
    renewal = client.get(f"{HOME}/{program.achievement_id}/renewal").text

    assert "For sale" in page
    assert re.search(r"Ways that are open today</dt><dd>\s*for a fee\s*</dd>", page)
    assert "It has none that can be taken today." in renewal
    assert f"/backoffice/prices/new/{course.id}/renewal" in renewal


def test_somebody_elses_course_certifies_what_they_say(desk: FlaskClient, session: Session, csrf: Csrf) -> None:
    bare, other = make_course(session), make_achievement(session)
    session.commit()

    answers = [
        send(desk, csrf, f"{HOME}/{path}", {**CERTIFICATE, **TERMS, "seen": "0"}, act="make")
        for path in (f"new/{bare.id}", f"{other.achievement_id}/certificate", f"{other.achievement_id}/renewal")
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert bare.slug not in desk.get(f"{HOME}/new").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_many_versions_are_paged(desk: FlaskClient, session: Session, author: User) -> None:
    course = make_course(session, owner=author)
    for n in range(1, 28):
        program = make_achievement(session, course=course, code=f"PE-{n}")
    session.commit()
    address = f"{HOME}/{program.achievement_id}"

    assert "Page 1 of 2" in desk.get(address).text
    assert '/v1">1</a></th>' in desk.get(f"{address}?page=2").text
    assert desk.get(f"{address}?page=3").status_code == 404
