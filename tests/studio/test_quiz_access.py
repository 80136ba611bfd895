"""An author decides who may start, how one goes through, and what one sees of it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.quizzes import queries
from laurel.quizzes.models import Quiz, QuizVersion
from laurel.quizzes.rules import Field, Phase, QuizKind, ReviewMatrix, ReviewPreset
from laurel.quizzes.rules.access import AccessRules, hash_exam_password, is_exam_password
from laurel.quizzes.rules.briefing import may_decide
from laurel.quizzes.rules.reviewing import matrix_of
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import make_attempt, make_quiz

Csrf = Callable[..., str]
KEPT = hash_exam_password("plum tree", salt=b"x" * 16)


@pytest.fixture
def author(session: Session, sign_in: SignIn) -> User:
    """An author, signed in."""
    user = make_user(session, roles=["author"])
    sign_in(user)
    return user


def working(session: Session, quiz: Quiz) -> QuizVersion:
    """What the author works on, as it is now; commits what the test made."""
    session.commit()
    session.expire_all()
    return queries.get_working_version(session, quiz)


def send(client: FlaskClient, csrf: Csrf, session: Session, quiz: Quiz, page: str, **fields: Any) -> Any:
    base = working(session, quiz).token
    data = {"csrf_token": csrf("/studio/quizzes/new"), "base": base} | fields
    return client.post(f"/studio/quizzes/{quiz.id}/{page}", data=data)


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="cells" value="([a-z_.]+)"[^>]* checked', page))


def named(matrix: ReviewMatrix, kind: QuizKind) -> set[str]:
    return {f"{field.value}.{phase.value}" for field, phase in matrix.cells if may_decide(kind, field, phase)}


def test_window_password_and_way_through_are_kept_in_the_draft(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    fields = {"opens_at": "2026-12-01T09:00", "closes_at": "2026-12-01T17:30", "password": " Plum tree ", "one_way": "y", "logs_focus": "y"}
    saved = send(client, csrf, session, quiz, "access", **fields)
    assert saved.status_code == 303
    version = working(session, quiz)
    assert version.published_at is None
    assert (version.opens_at, version.closes_at) == (datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 17, 30, tzinfo=UTC))
    assert (version.one_way, version.logs_focus) == (True, True)
    assert is_exam_password("Plum tree", version.password_hash)
    assert version.minutes == 60  # what the page does not ask for stays
    page = client.get(f"/studio/quizzes/{quiz.id}/access").text
    assert 'value="2026-12-01T09:00"' in page
    assert "Plum tree" not in page
    assert version.password_hash not in page
    overview = client.get(f"/studio/quizzes/{quiz.id}").text
    for words in ("1 December 2026, 17:30 UTC", "Notes absences", "Change access"):
        assert words in overview


@pytest.mark.parametrize(("fields", "kept"), [({}, KEPT), ({"removes_password": "y"}, None)])
def test_an_empty_password_keeps_the_one_that_is_set(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, fields: dict[str, str], kept: str | None
) -> None:
    quiz = make_quiz(session, owner_id=author.id, access=AccessRules(password_hash=KEPT))
    assert send(client, csrf, session, quiz, "access", **fields).status_code == 303
    assert working(session, quiz).password_hash == kept


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "x" * 101}, "password"),
        ({"opens_at": "tomorrow"}, "opens_at"),
        ({"opens_at": "2026-12-02T09:00", "closes_at": "2026-12-01T09:00"}, "closes_at"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, fields: dict[str, str], field: str
) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    before = working(session, quiz).token
    answer = send(client, csrf, session, quiz, "access", one_way="y", **fields)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert re.search(r'<input[^>]*checked[^>]*name="one_way"', answer.text)  # the form is kept
    assert working(session, quiz).token == before


def test_practice_has_no_door(client: FlaskClient, session: Session, author: User) -> None:
    quiz = make_quiz(session, kind=QuizKind.PRACTICE, owner_id=author.id)
    session.commit()
    assert client.get(f"/studio/quizzes/{quiz.id}/access").status_code == 409
    assert "Change access" not in client.get(f"/studio/quizzes/{quiz.id}").text


@pytest.mark.parametrize("kind", QuizKind)
def test_the_matrix_shows_what_is_in_force(client: FlaskClient, session: Session, author: User, kind: QuizKind) -> None:
    quiz = make_quiz(session, kind=kind, owner_id=author.id)
    session.commit()
    page = client.get(f"/studio/quizzes/{quiz.id}/review").text
    assert ticked(page) == named(working(session, quiz).review, kind)
    boxes = re.findall(r'<input type="checkbox" name="cells"[^>]*>', page)
    assert boxes
    assert all(re.search(r'aria-labelledby="field-[a-z_]+ phase-[a-z_]+"', box) for box in boxes)


@pytest.mark.parametrize("preset", ReviewPreset)
def test_a_presets_button_fills_the_table_and_saves_nothing(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, preset: ReviewPreset
) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    before = working(session, quiz).token
    page = send(client, csrf, session, quiz, "review", preset=preset.value, cells=["paper.later"])
    assert page.status_code == 200
    assert ticked(page.text) == named(matrix_of(preset), QuizKind.EXAM)
    assert f"Filled in: {preset.label}" in page.text
    assert working(session, quiz).token == before


def test_cells_are_saved_one_by_one_and_rule_the_next_attempt(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, kind=QuizKind.GRADED, owner_id=author.id)
    assert send(client, csrf, session, quiz, "review", cells=["passed.later", "right_answer.closed"], answers_early="y").status_code == 303
    version = working(session, quiz)
    assert version.review.cells == {(Field.PAPER, Phase.DURING), (Field.PASSED, Phase.LATER), (Field.RIGHT_ANSWER, Phase.CLOSED)}
    assert version.review.answers_early
    assert version.published_at is None
    assert queries.get_published(session, quiz.id)[1].review == matrix_of(ReviewPreset.COURSE_QUIZ)
    page = client.get(f"/studio/quizzes/{quiz.id}/review").text
    assert ticked(page) == {"passed.later", "right_answer.closed"}
    assert "stands in the paper" in page  # the warning: a right answer without a paper


def test_what_equals_a_preset_is_kept_as_that_preset(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, kind=QuizKind.GRADED, owner_id=author.id)
    send(client, csrf, session, quiz, "review", cells=["passed.later"])
    assert working(session, quiz).review_matrix is not None
    cells = sorted(named(matrix_of(ReviewPreset.CERTIFICATION), QuizKind.GRADED))
    assert send(client, csrf, session, quiz, "review", cells=cells).status_code == 303
    version = working(session, quiz)
    assert (version.review_preset, version.review_matrix) == (ReviewPreset.CERTIFICATION, None)


@pytest.mark.parametrize("cell", ["right_answer.during", "passed.during", "marks.during", "paper.never", "x", "paper.later\x00"])
def test_a_cell_that_nobody_may_decide_is_refused(client: FlaskClient, session: Session, author: User, csrf: Csrf, cell: str) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    before = working(session, quiz).token
    assert send(client, csrf, session, quiz, "review", cells=[cell]).status_code == 400
    assert working(session, quiz).token == before


@pytest.mark.parametrize("place", ["access", "review"])
def test_a_save_from_a_stale_page_or_by_another_author_changes_nothing(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, sign_in: SignIn, place: str
) -> None:
    quiz, other = make_quiz(session, owner_id=author.id), make_user(session, roles=["author"])
    before = working(session, quiz).token
    assert send(client, csrf, session, quiz, place, base="9.9", cells=["passed.later"]).status_code == 409
    sign_in(other)
    assert client.get(f"/studio/quizzes/{quiz.id}/{place}").status_code == 404
    assert send(client, csrf, session, quiz, place).status_code == 404
    assert working(session, quiz).token == before


def test_an_author_previews_an_exam_with_a_password_without_typing_it(session: Session, author: User) -> None:
    quiz = make_quiz(session, owner_id=author.id, access=AccessRules(password_hash=KEPT, one_way=True))
    assert make_attempt(session, quiz, learner_id=author.id, is_preview=True).reached_slot == 1
