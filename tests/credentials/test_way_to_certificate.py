"""From a course or a passed exam to its certificate."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.credentials.models import Credential
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_sellable_course
from tests.factories.credentials import make_attempt, make_credential, make_pending


@pytest.fixture
def ada(session: Session) -> User:
    return make_user(session)


def addresses(credential: Credential, slug: str) -> tuple[str, str]:
    return f"/account/credentials/of-attempt/{credential.attempt_id}", f"/account/credentials/of-course/{slug}"


def test_both_ways_lead_to_the_certificate(session: Session, sign_in: SignIn, ada: User) -> None:
    course = make_sellable_course(session)
    issued = make_credential(session, learner=ada, course=course)
    client = sign_in(ada)

    for address in addresses(issued, course.slug):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (302, f"/credentials/{issued.id}")


def test_while_it_is_being_signed_the_page_looks_again_by_itself(session: Session, sign_in: SignIn, ada: User) -> None:
    course = make_sellable_course(session)
    pending = make_pending(session, learner=ada, course=course)
    client = sign_in(ada)

    for address in addresses(pending, course.slug):
        answer = client.get(address)
        assert "being made" in answer.text
        assert f'href="{address}"' in answer.text
        assert "Refresh" in answer.headers


def test_it_does_not_look_for_ever(session: Session, sign_in: SignIn, ada: User) -> None:
    pending = make_pending(session, learner=ada)
    pending.awarded_at -= timedelta(minutes=5)
    client = sign_in(ada)

    answer = client.get(f"/account/credentials/of-attempt/{pending.attempt_id}")

    assert "longer than usual" in answer.text
    assert "Refresh" not in answer.headers


def test_an_exam_that_earned_nothing_says_what_is_missing(session: Session, sign_in: SignIn, ada: User) -> None:
    attempt = make_attempt(session, learner=ada)
    client = sign_in(ada)

    answer = client.get(f"/account/credentials/of-attempt/{attempt.id}")

    assert "No certificate yet" in answer.text
    assert "Refresh" not in answer.headers
    assert client.get(f"/account/credentials/of-attempt/{attempt.id}/state").json == {"state": "none"}


def test_a_script_learns_how_it_stands(session: Session, sign_in: SignIn, ada: User) -> None:
    pending, issued = make_pending(session, learner=ada), make_credential(session, learner=ada)
    client = sign_in(ada)

    answers = [client.get(f"/account/credentials/of-attempt/{credential.attempt_id}/state") for credential in (pending, issued)]

    assert [answer.json for answer in answers] == [{"state": "pending"}, {"state": "issued"}]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_an_attempt_of_somebody_else_does_not_exist(session: Session, sign_in: SignIn, ada: User) -> None:
    theirs = make_credential(session)
    client = sign_in(ada)

    for address in (f"/account/credentials/of-attempt/{theirs.attempt_id}", f"/account/credentials/of-attempt/{theirs.attempt_id}/state"):
        assert client.get(address).status_code == 404


def test_the_certificate_of_somebody_else_is_not_shown_for_their_course(session: Session, sign_in: SignIn, ada: User) -> None:
    course = make_sellable_course(session)
    make_credential(session, course=course)

    assert "No certificate yet" in sign_in(ada).get(f"/account/credentials/of-course/{course.slug}").text


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient, session: Session) -> None:
    issued = make_credential(session)
    session.commit()

    assert client.get(f"/account/credentials/of-attempt/{issued.attempt_id}").location.startswith("/login?next=/account/credentials/")
