import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.rules import QuestionKind, QuestionStatus
from laurel.quizzes import queries as quiz_queries
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.rules import AttemptState, QuizKind, QuizStatus
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import answer_all, fixed, make_attempt, make_quiz
from tests.quizzes.pages import refresh

Csrf = Callable[..., str]


@pytest.fixture
def author(session: Session, sign_in: SignIn) -> User:
    """An author, signed in."""
    user = make_user(session, name="Arun Adeyemi", roles=["author"])
    sign_in(user)
    return user


def send(client: FlaskClient, csrf: Csrf, address: str, **fields: Any) -> Any:
    return client.post(address, data={"csrf_token": csrf("/studio/quizzes/new"), **fields})


def token_of(session: Session, quiz: Quiz) -> str:
    refresh(session)
    return quiz_queries.get_working_version(session, quiz).token


def titles(session: Session, quiz: Quiz) -> list[str]:
    refresh(session)
    return [section.title for section in quiz_queries.describe_sections(session, quiz_queries.get_working_version(session, quiz))]


def page_of(quiz: Quiz, rest: str = "") -> str:
    return f"/studio/quizzes/{quiz.id}{rest}"


def test_an_author_lays_out_a_quiz_and_publishes_it(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    category = make_category(session, title="Safety")
    questions = [make_question(session, owner_id=author.id, category_id=category.id, stem=f"Question {n}?") for n in range(4)]
    session.commit()

    made = send(client, csrf, "/studio/quizzes/new", title="Safety quiz", kind="graded")
    quiz = session.get_one(Quiz, UUID(made.location.rsplit("/", 1)[1]))
    assert "Learners do not get it yet" in client.get(made.location).text
    send(
        client,
        csrf,
        page_of(quiz, "/questions"),
        base=token_of(session, quiz),
        questions=[str(questions[0].id)],
        domain_title="Safety first",
        max_mark="2",
    )
    send(client, csrf, page_of(quiz, "/draw"), base=token_of(session, quiz), category=str(category.id), count="2", max_mark="1")
    assert titles(session, quiz) == ["Question 0?", "2 drawn from “Safety”"]
    settings = {"title": "Safety quiz", "pass_percent": "66,5", "minutes": "20", "attempts_allowed": "", "retake_wait_hours": "24, 48"}
    saved = send(client, csrf, page_of(quiz, "/edit"), base=token_of(session, quiz), shuffle_options="y", **settings)
    assert saved.status_code == 303
    published = send(client, csrf, page_of(quiz, "/publish"), base=token_of(session, quiz))
    assert "Version 1 is published" in client.get(published.location).text

    refresh(session)
    _, version = quiz_queries.get_published(session, quiz.id)
    assert (version.minutes, str(version.pass_percent.normalize()), version.attempts_allowed, version.retake_wait_hours) == (
        20,
        "66.5",
        None,
        [24, 48],
    )
    assert (version.shuffle_options, version.shuffle_questions) == (True, False)
    slot = quiz_queries.list_slots(session, version.id)[0]
    assert (slot.domain, slot.domain_title, slot.max_mark) == ("safety-first", "Safety first", 2)


def test_sections_are_moved_and_removed_without_a_script(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    slots = [fixed(make_question(session, owner_id=author.id, stem=f"Question {n}?")) for n in range(3)]
    quiz = make_quiz(session, owner_id=author.id, slots=slots)
    session.commit()
    for act, expected in [("up-3", "021"), ("down-1", "201"), ("remove-2", "21"), ("up-1", "21"), ("down-2", "21")]:
        send(client, csrf, page_of(quiz, "/sections"), base=token_of(session, quiz), act=act)
        assert titles(session, quiz) == [f"Question {n}?" for n in expected]
    assert "Changes not published" in client.get(page_of(quiz)).text


@pytest.mark.parametrize("act", ["", "up", "up-x", "explode-1", "up-99999", "-1"])
def test_a_button_that_is_not_there_changes_nothing(client: FlaskClient, session: Session, author: User, csrf: Csrf, act: str) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    session.commit()
    assert send(client, csrf, page_of(quiz, "/sections"), base=token_of(session, quiz), act=act).status_code == 400
    assert quiz_queries.find_draft(session, quiz.id) is None


def test_a_quiz_that_cannot_be_filled_is_not_published_and_says_why(
    client: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    category = make_category(session, title="Empty")
    quiz = make_quiz(session, owner_id=author.id)
    session.commit()
    send(client, csrf, page_of(quiz, "/draw"), base=token_of(session, quiz), category=str(category.id), count="5", max_mark="1")
    answer = send(client, csrf, page_of(quiz, "/publish"), base=token_of(session, quiz))
    page = client.get(answer.location).text
    assert page.count("draws 5 from “Empty”, where 0 are ready") == 2  # the message, and the list of checks
    refresh(session)
    assert quiz_queries.get_published(session, quiz.id)[1].n == 1


def test_the_next_attempt_gets_what_is_published_and_a_running_one_keeps_the_old(
    client: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    running = make_attempt(session, quiz)
    session.commit()
    settings = {"title": "Second edition", "pass_percent": "80", "minutes": "10"}
    send(client, csrf, page_of(quiz, "/edit"), base=token_of(session, quiz), **settings)
    assert quiz_queries.get_published(session, quiz.id)[1].title == "Prompt exam"
    send(client, csrf, page_of(quiz, "/publish"), base=token_of(session, quiz))
    refresh(session)
    following = make_attempt(session, quiz)
    assert quiz_queries.get_version(session, running.quiz_version_id).title == "Prompt exam"
    assert quiz_queries.get_version(session, following.quiz_version_id).title == "Second edition"
    assert (following.deadline_at - following.started_at).total_seconds() == 600


def test_an_author_takes_a_draft_as_a_learner_would(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, owner_id=author.id, honor_code="I answer myself.")
    session.commit()
    send(client, csrf, page_of(quiz, "/edit"), base=token_of(session, quiz), title="The draft", pass_percent="70", minutes="5")
    preview = send(client, csrf, page_of(quiz, "/preview"))
    page = client.get(preview.location, follow_redirects=True)
    assert "Preview: The draft" in page.text
    refresh(session)
    attempt = session.get_one(Attempt, UUID(preview.location.rsplit("/", 1)[1]))
    assert (attempt.is_preview, attempt.home_path) == (True, page_of(quiz))
    answer_all(session, attempt)
    session.commit()
    client.post(f"/attempts/{attempt.id}/submit", headers={"X-CSRFToken": csrf("/studio/quizzes/new")})
    result = client.get(f"/attempts/{attempt.id}/result").text
    assert "This was a preview" in result
    assert quiz_queries.summarize_results(session, quiz.id).started == 0


def test_a_draft_without_questions_cannot_be_previewed(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    made = send(client, csrf, "/studio/quizzes/new", title="Empty", kind="exam")
    answer = send(client, csrf, f"{made.location}/preview")
    assert "There are no questions in this quiz yet" in client.get(answer.location).text


def test_a_save_from_a_stale_page_overwrites_nothing(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    session.commit()
    base = token_of(session, quiz)
    settings = {"pass_percent": "70", "minutes": "10", "base": base}
    assert send(client, csrf, page_of(quiz, "/edit"), title="First", **settings).status_code == 303
    assert send(client, csrf, page_of(quiz, "/edit"), title="Second", **settings).status_code == 409
    assert send(client, csrf, page_of(quiz, "/sections"), base=base, act="remove-1").status_code == 409
    refresh(session)
    assert quiz_queries.find_draft(session, quiz.id).title == "First"


def test_settings_that_somebody_changed_meanwhile_are_shown_beside_what_was_written(
    client: FlaskClient, session: Session, author: User, csrf: Csrf
) -> None:
    quiz = make_quiz(session, kind=QuizKind.GRADED, owner_id=author.id)
    session.commit()
    base = token_of(session, quiz)
    settings = {"base": base, "pass_percent": "70", "minutes": "60"}
    send(client, csrf, page_of(quiz, "/edit"), title="First", **settings)

    conflict = send(client, csrf, page_of(quiz, "/edit"), title="Second", **settings | {"minutes": "45"})

    assert conflict.status_code == 409
    assert 'value="Second"' in conflict.text
    assert 'value="45"' in conflict.text
    assert "Title: <b>First</b>" in conflict.text
    assert "Minutes: <b>60</b>" in conflict.text
    again = settings | {"minutes": "45", "base": token_of(session, quiz)}
    assert send(client, csrf, page_of(quiz, "/edit"), title="Second", **again).status_code == 303


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": ""}, "Give the quiz a title."),
        ({"minutes": "an hour"}, "Write whole minutes"),
        ({"minutes": "0"}, "Write whole minutes"),
        ({"minutes": "1e3"}, "Write whole minutes"),
        ({"pass_percent": "NaN"}, "between 0 and 100"),
        ({"pass_percent": "101"}, "between 0 and 100"),
        ({"pass_percent": "70.123"}, "between 0 and 100"),
        ({"pass_percent": ""}, "between 0 and 100"),
        ({"attempts_allowed": "-1"}, "Write a number between 1 and 100"),
        ({"retake_wait_hours": "a day"}, "hours with commas"),
        ({"instructions": "x" * 20_001}, "longer than"),
    ],
)
def test_a_wrong_setting_is_said_beside_its_field_and_the_form_is_kept(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, fields: dict[str, str], message: str
) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    session.commit()
    sent = {"title": "Kept title", "pass_percent": "70", "minutes": "10"} | fields
    answer = send(client, csrf, page_of(quiz, "/edit"), base=token_of(session, quiz), **sent)
    assert answer.status_code == 400
    assert message in answer.text
    assert "title" in fields or 'value="Kept title"' in answer.text
    refresh(session)
    assert quiz_queries.find_draft(session, quiz.id) is None


@pytest.mark.parametrize(
    ("place", "fields", "message"),
    [
        ("/questions", {"max_mark": "1"}, "Tick at least one question."),
        ("/questions", {"questions": "7", "max_mark": "1"}, "not a valid choice"),
        ("/draw", {"count": "2", "max_mark": "1"}, "Choose a category."),
        ("/draw", {"count": "none", "max_mark": "1"}, "Write a number between 1 and 200."),
        ("/draw", {"count": "2", "max_mark": "-1"}, "Points are a number"),
        ("/draw", {"count": "2", "max_mark": "0"}, "more than 0"),
    ],
)
def test_a_wrong_section_is_not_added(
    client: FlaskClient, session: Session, author: User, csrf: Csrf, place: str, fields: dict[str, str], message: str
) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    category = make_category(session)
    session.commit()
    if place == "/draw" and message != "Choose a category.":
        fields = fields | {"category": str(category.id)}
    answer = send(client, csrf, page_of(quiz, place), base=token_of(session, quiz), **fields)
    assert answer.status_code == 400
    assert message in answer.text
    refresh(session)
    assert quiz_queries.find_draft(session, quiz.id) is None


def test_only_questions_that_are_ready_are_offered(client: FlaskClient, session: Session, author: User) -> None:
    quiz = make_quiz(session, owner_id=author.id, kinds=[QuestionKind.NUMERICAL])
    make_question(session, owner_id=author.id, stem="Ready and mine?")
    make_question(session, owner_id=author.id, stem="A draft of mine?", status=QuestionStatus.DRAFT)
    make_question(session, stem="Somebody else's?")
    session.commit()
    page = client.get(page_of(quiz, "/questions")).text
    assert "Ready and mine?" in page
    assert "A draft of mine?" not in page
    assert "Somebody else" not in page
    assert "Ready and mine?" not in client.get(page_of(quiz, "/questions?q=nowhere")).text


def test_another_authors_quiz_does_not_exist(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, title="Not yours")
    session.commit()
    assert "Not yours" not in client.get("/studio/quizzes").text
    for place in ("", "/edit", "/versions", "/questions", "/draw"):
        assert client.get(page_of(quiz, place)).status_code == 404
    base = token_of(session, quiz)
    for place in ("/edit", "/questions", "/draw", "/sections", "/publish", "/preview"):
        assert send(client, csrf, page_of(quiz, place), base=base, act="remove-1", title="Mine").status_code == 404
    refresh(session)
    assert quiz_queries.find_draft(session, quiz.id) is None


@pytest.mark.parametrize(("roles", "status"), [([], 403), (["marketer"], 403), (["support"], 403), (["author"], 404), (["admin"], 200)])
def test_who_may_open_a_quiz_in_the_studio(client: FlaskClient, session: Session, sign_in: SignIn, roles: list[str], status: int) -> None:
    quiz = make_quiz(session)
    sign_in(make_user(session, roles=roles))
    session.commit()
    assert client.get(page_of(quiz)).status_code == status


def test_the_list_is_searched_and_filtered(client: FlaskClient, session: Session, author: User) -> None:
    for title, kind in (("Safety exam", QuizKind.EXAM), ("Safety practice", QuizKind.PRACTICE), ("100 % images_quiz", QuizKind.GRADED)):
        make_quiz(session, title=title, kind=kind, owner_id=author.id)
    session.commit()

    def found(query: str) -> list[str]:
        return re.findall(r'/studio/quizzes/[0-9a-f-]{36}">([^<]+)</a>', client.get(f"/studio/quizzes?{query}").text)

    assert len(found("")) == 3
    assert sorted(found("q=safety")) == ["Safety exam", "Safety practice"]
    assert found("q=safety&kind=exam") == ["Safety exam"]
    assert found("q=%25") == ["100 % images_quiz"]
    assert found("q=s_q") == ["100 % images_quiz"]
    assert found("status=draft") == []
    assert found("kind=nonsense&status=nonsense&q=%00") == found("")


def test_results_of_few_people_are_not_told_apart(client: FlaskClient, session: Session, author: User) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    for number in range(5):
        attempt = make_attempt(session, quiz)
        if number < 4:
            answer_all(session, attempt, right=5 if number < 3 else 0)
        session.commit()
    assert quiz_queries.summarize_results(session, quiz.id) == quiz_queries.QuizResults(started=5, running=5, graded=0, passed=0)
    assert "too few to say" in client.get(page_of(quiz)).text


def test_the_pass_rate_counts_graded_attempts(client: FlaskClient, session: Session, author: User) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    for number in range(6):
        attempt = make_attempt(session, quiz)
        attempt.state, attempt.passed = AttemptState.GRADED, number < 4
    session.commit()
    assert quiz_queries.summarize_results(session, quiz.id).pass_rate == 67
    assert "67 %" in client.get(page_of(quiz)).text


@pytest.mark.parametrize("size", [3, 30])
def test_a_quiz_page_takes_as_many_queries_for_thirty_questions_as_for_three(
    client: FlaskClient, session: Session, author: User, queries: QueryCount, size: int
) -> None:
    quiz = make_quiz(session, owner_id=author.id, slots=[fixed(make_question(session, owner_id=author.id)) for _ in range(size)])
    session.commit()
    client.get(page_of(quiz))
    queries.clear()
    assert client.get(page_of(quiz)).status_code == 200
    assert queries.selects <= 14


def test_every_version_is_listed(client: FlaskClient, session: Session, author: User, csrf: Csrf) -> None:
    quiz = make_quiz(session, owner_id=author.id)
    session.commit()
    send(client, csrf, page_of(quiz, "/edit"), base=token_of(session, quiz), title="Second", pass_percent="70", minutes="10")
    page = client.get(page_of(quiz, "/versions")).text
    assert page.index("Second") < page.index("Prompt exam</th>")
    assert "Draft" in page
    assert "In use" in page
    refresh(session)
    assert quiz.status is QuizStatus.PUBLISHED
