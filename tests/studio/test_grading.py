"""The grading queue and the grader's page: who sees what, how an answer gets its mark, and what two graders see of each other."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core.clock import now
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, ManualMark
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.grading import CLAIM, paper_code
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import FULL, make_waiting, tasks_of
from tests.quizzes.pages import refresh
from tests.studio.question_forms import read_form, text_of

HOME = "/studio/grading"


@pytest.fixture
def waiting(session: Session, author: User) -> Attempt:
    """An exam of the author who is signed in, handed in with two essays."""
    learner = make_user(session, name="Grace Hopper", email="grace@example.com")
    attempt = make_waiting(session, essays=2, owner_id=author.id, learner_id=learner.id, now=now() - timedelta(hours=2))
    session.commit()
    return attempt


@pytest.fixture
def press(desk: FlaskClient) -> Callable[..., Any]:
    """Presses a button of the author's page that posts nothing but its token."""

    def post(address: str) -> Any:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', desk.get("/studio/quizzes/new").text)
        assert token is not None
        return desk.post(f"{HOME}{address}", data={"csrf_token": token[1]})

    return post


def address(session: Session, attempt: Attempt, slot: int = 2) -> str:
    return f"/{next(task.id for task in tasks_of(session, attempt) if task.slot == slot)}"


def take(session: Session, attempt: Attempt, grader: User, slot: int = 2, *, ago: timedelta = timedelta(0)) -> None:
    """Somebody has taken the answer."""
    task_id = UUID(address(session, attempt, slot)[1:])
    services.claim_task(session, task_id, grader_id=grader.id, now=now() - ago)
    session.commit()


def give(desk: FlaskClient, at: str, *, go: str = "list", **fields: str) -> Any:
    """Fill in the grader's form as it stands and send it."""
    data = read_form(desk.get(HOME + at).text, "comment") | {"points-0": "4", "points-1": "2"} | fields
    return desk.post(HOME + at, data=data | {"go": go})


def test_the_queue_says_what_waits_the_longest_first(desk: FlaskClient, session: Session, author: User, waiting: Attempt) -> None:
    make_waiting(session, owner_id=author.id, title="Newer exam", now=now() - timedelta(minutes=5))
    make_waiting(session, title="Somebody else's exam")
    session.commit()
    page = text_of(desk.get(HOME))
    assert "3 answers wait" in page
    assert page.index("Prompt exam") < page.index("Newer exam")
    assert "Somebody else" not in page
    assert paper_code(waiting.id) in page


def test_an_empty_queue_says_what_it_is_for(desk: FlaskClient) -> None:
    page = text_of(desk.get(HOME))
    assert "Nothing waits for you" in page
    assert "Grade the next one" not in page
    assert desk.get(f"{HOME}?page=2").status_code == 404


def test_an_admin_sees_every_authors_and_never_their_own(session: Session, sign_in: SignIn, waiting: Attempt) -> None:
    admin = make_user(session, roles=["admin"])
    make_waiting(session, learner_id=admin.id, title="The admin's own exam")
    session.commit()
    page = text_of(sign_in(admin).get(HOME))
    assert "2 answers wait" in page
    assert "own exam" not in page


def test_no_page_tells_a_grader_whose_answer_it_is(
    desk: FlaskClient, session: Session, press: Callable[..., Any], author: User, waiting: Attempt
) -> None:
    at = address(session, waiting)
    take(session, waiting, make_user(session, roles=["admin"]), 3)
    pages = [desk.get(HOME).text, desk.get(HOME + at).text]
    press(f"{at}/claim")
    pages += [desk.get(HOME + at).text, desk.get(HOME + address(session, waiting, 3)).text]
    for page in pages:
        assert paper_code(waiting.id) in page
        for secret in ("Grace", "Hopper", "grace@example.com", str(waiting.id), str(waiting.learner_id)):
            assert secret not in page


def test_an_answer_is_taken_read_and_marked_without_a_script(
    desk: FlaskClient, session: Session, press: Callable[..., Any], author: User, waiting: Attempt
) -> None:
    at = address(session, waiting)
    before = text_of(desk.get(HOME + at))
    assert "A fluent answer can be wrong." in before
    assert 'name="points-0"' not in before
    assert press(f"{at}/claim").location == HOME + at
    page = text_of(desk.get(HOME + at))
    assert "Named and explained" in page
    assert "Be generous with spelling." in page
    assert "sees neither points nor comment" in page

    saved = give(desk, at, **{"points-0": "2", "points-1": "1,5", "comment": "Nearly.\r\nGo on."})
    assert (saved.status_code, saved.location) == (303, HOME)
    refresh(session)
    mark = session.scalars(select(ManualMark)).one()
    assert (mark.points, mark.comment, mark.grader_id, mark.slot) == (["2", "1.5"], "Nearly.\nGo on.", author.id, 2)
    assert waiting.state is AttemptState.NEEDS_GRADING
    assert "1 answer waits" in text_of(desk.get(HOME))


def test_save_and_next_leads_to_the_next_and_the_last_mark_grades_the_attempt(
    desk: FlaskClient, session: Session, press: Callable[..., Any], waiting: Attempt
) -> None:
    first, second = address(session, waiting, 2), address(session, waiting, 3)
    assert press("/next").location == HOME + first
    assert give(desk, first, go="next").location == HOME + second
    last = give(desk, second, go="next")
    assert last.location == HOME
    page = text_of(desk.get(HOME))
    assert "The attempt is graded, and its learner will hear of it." in page
    assert "Nothing else waits for you." in page
    refresh(session)
    assert (waiting.state, waiting.passed, waiting.earned) == (AttemptState.GRADED, True, 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"points-0": ""}, "Choose a level for “Names the risk”."),
        ({"points-0": "3"}, "Choose a level for “Names the risk”."),
        ({"points-1": ""}, "Give points for “Gives an example”."),
        ({"points-1": "7"}, "Give “Gives an example” from 0 to 2 points, with two decimal places at most."),
        ({"points-1": "much"}, "Give “Gives an example” from 0 to 2 points"),
        ({"comment": "x" * 5001}, "Field cannot be longer than 5000 characters."),
    ],
)
def test_points_that_cannot_be_are_named_beside_their_field_and_the_rest_is_kept(
    desk: FlaskClient, session: Session, author: User, waiting: Attempt, fields: dict[str, str], message: str
) -> None:
    take(session, waiting, author)
    answer = give(desk, address(session, waiting), **({"comment": "Mine & yours"} | fields))
    page = answer.text
    assert answer.status_code == 400
    assert page.count(message) == 2
    assert f'id="{next(iter(fields))}-error"' in page
    kept = read_form(page, "comment")
    assert kept["comment"] == fields.get("comment", "Mine & yours")
    assert kept["points-1"] == fields.get("points-1", "2")
    assert session.scalars(select(ManualMark)).all() == []


def test_a_form_that_was_tampered_with_changes_nothing(desk: FlaskClient, session: Session, author: User, waiting: Attempt) -> None:
    take(session, waiting, author)
    at = address(session, waiting)
    assert desk.post(HOME + at, data={"points-0": "4", "points-1": "2"}).status_code == 400  # no token
    fields = read_form(desk.get(HOME + at).text, "comment")
    assert desk.post(HOME + at, data=fields | {"points-0": ["4", "2"], "points-1": "1"}).status_code == 400
    assert desk.post(f"{HOME}/00000000-0000-7000-8000-000000000000", data=fields).status_code == 404
    assert session.scalars(select(ManualMark)).all() == []


def test_another_graders_answer_is_a_409_that_helps(
    desk: FlaskClient, session: Session, press: Callable[..., Any], waiting: Attempt
) -> None:
    at = address(session, waiting)
    take(session, waiting, make_user(session, name="Boss", roles=["admin"]))
    for answer in (desk.get(HOME + at), press(f"{at}/claim")):
        assert answer.status_code == 409
        page = text_of(answer)
        assert "This answer is with another grader" in page
        assert "Grade the next one" in page
    assert "With another grader" in text_of(desk.get(HOME))
    assert press("/next").location == HOME + address(session, waiting, 3)


def test_what_a_grader_wrote_is_shown_again_when_somebody_was_faster(
    desk: FlaskClient, session: Session, author: User, waiting: Attempt
) -> None:
    at = address(session, waiting)
    take(session, waiting, author, ago=CLAIM)
    fields = read_form(desk.get("/studio/quizzes/new").text, "title")
    take(session, waiting, make_user(session, roles=["admin"]))
    data = {"csrf_token": fields["csrf_token"], "points-0": "2", "points-1": "1", "comment": "Long thought <b>over</b>"}
    answer = desk.post(HOME + at, data=data)
    assert answer.status_code == 409
    assert "What you wrote was not saved" in answer.text
    assert "Long thought &lt;b&gt;over&lt;/b&gt;" in answer.text
    assert session.scalars(select(ManualMark)).all() == []


def test_an_answer_whose_half_hour_is_over_can_still_be_saved_if_nobody_took_it(
    desk: FlaskClient, session: Session, author: User, waiting: Attempt
) -> None:
    at = address(session, waiting)
    take(session, waiting, author)
    data = read_form(desk.get(HOME + at).text, "comment") | {"points-0": "4", "points-1": "2"}
    take(session, waiting, author, ago=2 * CLAIM)
    assert desk.post(HOME + at, data=data).status_code == 303


def test_a_graded_answer_is_a_409_that_helps(desk: FlaskClient, session: Session, author: User) -> None:
    attempt = make_waiting(session, owner_id=author.id)
    at = address(session, attempt)
    services.mark_answer(session, UUID(at[1:]), grader_id=author.id, owner_id=None, points=FULL, comment="", now=now())
    session.commit()
    answer = desk.get(HOME + at)
    assert answer.status_code == 409
    assert "This answer does not wait any more" in answer.text
    assert "Back to the queue" in answer.text


def test_a_mark_can_be_changed_while_the_attempt_waits_for_others(
    desk: FlaskClient, session: Session, author: User, waiting: Attempt
) -> None:
    at = address(session, waiting)
    take(session, waiting, author)
    give(desk, at, comment="First")
    fields = read_form(desk.get(HOME + at).text, "comment")
    assert (fields["points-0"], fields["points-1"], fields["comment"]) == ("4", "2", "First")
    give(desk, at, **{"points-0": "0", "comment": "Second"})
    give(desk, at, **{"points-0": "0", "comment": "Second"})  # a double click
    refresh(session)
    found = session.scalars(select(ManualMark).order_by(ManualMark.revision)).all()
    assert [(mark.revision, mark.points[0], mark.comment) for mark in found] == [(1, "4", "First"), (2, "0", "Second")]


def test_an_answer_is_given_back(desk: FlaskClient, session: Session, press: Callable[..., Any], author: User, waiting: Attempt) -> None:
    take(session, waiting, author)
    assert "With you" in text_of(desk.get(HOME))
    assert press(f"{address(session, waiting)}/release").location == HOME
    page = text_of(desk.get(HOME))
    assert "It waits in the queue again." in page
    assert "With you" not in page


def test_what_the_learner_sees_of_it_is_said_beside_the_comment(desk: FlaskClient, session: Session, author: User) -> None:
    attempt = make_waiting(session, owner_id=author.id, kind=QuizKind.GRADED)
    take(session, attempt, author)
    assert "The learner reads it beside the points." in desk.get(HOME + address(session, attempt)).text


def test_a_hostile_and_very_long_answer_is_text(desk: FlaskClient, session: Session, author: User) -> None:
    attempt = make_waiting(session, owner_id=author.id, text="</div><script>alert(1)</script>" + "a" * 14_900)
    session.commit()
    page = desk.get(HOME + address(session, attempt)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;aaa" in page
    assert "<script>alert" not in page


def test_a_long_queue_is_paged_and_takes_as_many_queries_as_a_short_one(
    desk: FlaskClient, session: Session, author: User, queries: QueryCount
) -> None:
    make_waiting(session, owner_id=author.id)
    session.commit()
    desk.get(HOME)
    queries.clear()
    desk.get(HOME)
    few = queries.selects
    for _ in range(3):
        make_waiting(session, essays=9, owner_id=author.id)
    session.commit()
    queries.clear()
    page = text_of(desk.get(HOME))
    assert "28 answers wait" in page
    assert page.count("Waiting</span>") == 25
    assert (queries.selects, queries.writes) == (few, 0)
    assert few <= 6
    assert text_of(desk.get(f"{HOME}?page=2")).count("Waiting</span>") == 3


def test_looking_at_an_answer_writes_nothing(desk: FlaskClient, session: Session, waiting: Attempt, queries: QueryCount) -> None:
    desk.get(HOME)
    queries.clear()
    desk.get(HOME + address(session, waiting))
    assert queries.writes == 0


def test_the_quiz_page_says_that_attempts_wait(desk: FlaskClient, waiting: Attempt) -> None:
    assert "1 attempt waits for a grader" in text_of(desk.get(f"/studio/quizzes/{waiting.quiz_id}"))
