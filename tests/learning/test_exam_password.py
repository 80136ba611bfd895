"""The password of an exam: asked in the lobby, tried so often and no more, never in an address."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.catalog.queries import list_lessons
from laurel.core.clock import now
from laurel.learning.services import finish_lesson
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules.access import AccessRules, hash_exam_password, is_exam_password, is_fit_for_an_exam
from laurel.web.limits import limiter
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.learning import Classroom, make_classroom

Csrf = Callable[..., str]
PASSWORD = "Plum tree 7"
KEPT = hash_exam_password(PASSWORD, salt=b"sixteen bytes :)")


def make_room(session: Session, *, learner: User | None = None, **rules: Any) -> Classroom:
    """A course whose learner has come as far as the exam, which has a password."""
    room = make_classroom(session, lessons=1, learner=learner, access=AccessRules(password_hash=KEPT), **rules)
    for lesson in list_lessons(session, room.course.id)[:2]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now())
    session.commit()
    return room


def start(client: FlaskClient, csrf: Csrf, room: Classroom, password: str | None = PASSWORD, **sent: Any) -> Any:
    limiter.reset()  # six starts a minute: another limit
    fields = {"csrf_token": csrf(), "honor_code": "y"} | ({} if password is None else {"password": password})
    return client.post(f"/learn/{room.course.slug}/exam/attempts", data=fields, **sent)


def count_attempts(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Attempt)) or 0


def test_the_lobby_asks_for_it_and_the_right_one_starts(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_room(session)
    client = sign_in(room.learner)
    lobby = client.get(f"/learn/{room.course.slug}/exam").text
    assert 'type="password"' in lobby
    assert KEPT not in lobby
    started = start(client, csrf, room)
    assert started.location.startswith("/attempts/")
    assert PASSWORD not in started.location
    assert start(client, csrf, room, "whatever").location == started.location  # it runs already


@pytest.mark.parametrize("wrong", ["plum tree 7", "' OR ''='", "x", "", None, "Plum tree 7" * 200, "%s%n{{7*7}}"])
def test_a_wrong_one_is_said_beside_the_field_and_nothing_starts(session: Session, sign_in: SignIn, csrf: Csrf, wrong: str | None) -> None:
    room = make_room(session)
    answer = start(sign_in(room.learner), csrf, room, wrong)
    assert answer.status_code == 400
    assert "That is not the password" in answer.text
    assert 'id="password-error"' in answer.text
    assert 'name="password" type="password" value=""' in answer.text  # what was typed does not come back
    assert count_attempts(session) == 0


def test_it_is_not_read_from_the_address(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_room(session)
    assert start(sign_in(room.learner), csrf, room, None, query_string={"password": PASSWORD}).status_code == 400
    assert count_attempts(session) == 0


def test_after_ten_wrong_ones_in_an_hour_even_the_right_one_waits(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_room(session)
    client = sign_in(room.learner)
    assert [start(client, csrf, room, f"guess {n}").status_code for n in range(10)] == [400] * 10
    refused = start(client, csrf, room)
    assert refused.status_code == 429
    assert 3000 < int(refused.headers["Retry-After"]) <= 3601
    assert "tried too often" in refused.text
    assert count_attempts(session) == 0


def test_thirty_wrong_ones_from_one_address_are_enough_for_everybody_there(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    for stranger in [make_user(session) for _ in range(3)]:
        own = make_room(session, learner=stranger)
        client = sign_in(stranger)
        assert [start(client, csrf, own, "guess").status_code for _ in range(10)] == [400] * 10
    room = make_room(session)
    assert start(sign_in(room.learner), csrf, room).status_code == 429


def test_the_right_password_is_never_counted(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_room(session)
    client = sign_in(room.learner)
    assert {start(client, csrf, room).status_code for _ in range(12)} == {302}
    assert count_attempts(session) == 1


def test_a_try_that_another_rule_refuses_is_not_counted(session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    room = make_room(session, closes_at=now())
    client = sign_in(room.learner)
    assert {start(client, csrf, room, "a guess").status_code for _ in range(12)} == {409}
    assert count_attempts(session) == 0


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_only_the_password_is_the_password(said: str) -> None:
    assert is_exam_password(said, KEPT) is (said.strip() == PASSWORD)


@pytest.mark.parametrize("said", [f"  {PASSWORD}\n", PASSWORD])
def test_spaces_around_it_do_not_matter(said: str) -> None:
    assert is_exam_password(said, KEPT)


def test_how_an_accent_was_typed_does_not_matter() -> None:
    assert is_exam_password("cafe\u0301 noir", hash_exam_password("caf\u00e9 noir", salt=b"x" * 16))


def test_the_same_password_is_kept_differently_each_time_and_never_as_it_is() -> None:
    kept = [hash_exam_password(PASSWORD, salt=salt) for salt in (b"a" * 16, b"b" * 16)]
    assert kept[0] != kept[1]
    assert all(PASSWORD not in one and len(one) <= 200 for one in kept)


@pytest.mark.parametrize(
    ("password", "fits"), [("short", False), ("      ", False), ("plums!", True), ("x" * 100, True), ("x" * 101, False)]
)
def test_what_an_author_may_choose(password: str, fits: bool) -> None:
    assert is_fit_for_an_exam(password) is fits
