"""A person looks again at an exam that was not passed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.quizzes import services
from laurel.quizzes.models import Attempt, ReviewRequest
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.focus import FocusKind, Noted
from laurel.quizzes.services.integrity import decide_review, note_focus, request_review
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer_all, make_attempt, make_quiz, make_review_request
from tests.quizzes.pages import hidden, refresh, sign_in_as, url

Csrf = Callable[..., str]


def hand_in(session: Session, attempt: Attempt, now: datetime) -> Attempt:
    return services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now)


def ask(session: Session, attempt: Attempt, now: datetime, statement: str = "Question 3 is wrong.") -> ReviewRequest:
    return request_review(session, attempt_id=attempt.id, learner_id=attempt.learner_id, statement=statement, now=now)


def test_a_failed_exam_offers_it_with_a_deadline_and_keeps_what_was_said(
    client: FlaskClient, session: Session, my_attempt: Attempt
) -> None:
    hand_in(session, my_attempt, my_attempt.started_at)
    session.commit()
    result = client.get(url(my_attempt, "/result")).text
    assert "Ask for a review" in result
    until = my_attempt.graded_at + timedelta(days=14)
    assert f"{until.day} {until:%B %Y, %H:%M} UTC" in result
    form = client.get(url(my_attempt, "/review-request")).text
    sent = {"csrf_token": hidden(form, "csrf_token"), "statement": "My <b>network</b> broke\nat question 3."}
    for _ in range(2):  # pressing twice asks once
        assert client.post(url(my_attempt, "/review-request"), data=sent).location == url(my_attempt, "/result")
    refresh(session)
    assert session.scalar(select(func.count()).select_from(ReviewRequest)) == 1
    assert session.scalar(select(func.count()).where(EventRecord.name == "ReviewRequested")) == 1
    result = client.get(url(my_attempt, "/result")).text
    assert "My &lt;b&gt;network&lt;/b&gt; broke" in result
    assert "You get an answer by" in result
    assert client.get(url(my_attempt, "/review-request")).location == url(my_attempt, "/result")


@pytest.mark.parametrize("statement", ["", "   ", "x" * 5001, "\x00"])
def test_a_request_that_says_nothing_or_too_much_is_refused_beside_its_field(
    client: FlaskClient, session: Session, my_attempt: Attempt, statement: str
) -> None:
    hand_in(session, my_attempt, my_attempt.started_at)
    session.commit()
    form = client.get(url(my_attempt, "/review-request")).text
    answer = client.post(url(my_attempt, "/review-request"), data={"csrf_token": hidden(form, "csrf_token"), "statement": statement})
    assert answer.status_code == 400
    assert 'id="statement-error"' in answer.text
    refresh(session)
    assert session.scalar(select(func.count()).select_from(ReviewRequest)) == 0


def test_who_passed_or_only_took_a_quiz_has_nothing_to_ask(session: Session, now: datetime) -> None:
    passed, quiz = (
        make_attempt(session, make_quiz(session), now=now),
        make_attempt(session, make_quiz(session, kind=QuizKind.GRADED), now=now),
    )
    answer_all(session, passed, now=now)
    preview = make_attempt(session, make_quiz(session), now=now, is_preview=True)
    for attempt in (passed, quiz, preview):
        hand_in(session, attempt, now)
        with pytest.raises(ConflictError, match="nothing to review"):
            ask(session, attempt, now)


@pytest.mark.parametrize(("days", "may"), [(0, True), (14, True), (15, False)])
def test_there_are_fourteen_days_to_ask(session: Session, now: datetime, days: int, may: bool) -> None:
    attempt = hand_in(session, make_attempt(session, make_quiz(session), now=now), now)
    if may:
        assert ask(session, attempt, now + timedelta(days=days)).answer_by == now + timedelta(days=days + 14)
    else:
        with pytest.raises(ConflictError, match="over"):
            ask(session, attempt, now + timedelta(days=days))


def test_an_exam_that_was_left_can_be_asked_about_and_a_running_one_cannot(session: Session, now: datetime) -> None:
    attempt = make_attempt(session, make_quiz(session), now=now)
    with pytest.raises(ConflictError):
        ask(session, attempt, now)
    services.abandon_attempt(session, attempt, now=now)
    assert attempt.state is AttemptState.ABANDONED
    assert ask(session, attempt, now).attempt_id == attempt.id


def test_nobody_asks_for_somebody_else(session: Session, now: datetime) -> None:
    attempt = hand_in(session, make_attempt(session, make_quiz(session), now=now), now)
    with pytest.raises(NotFoundError):
        request_review(session, attempt_id=attempt.id, learner_id=make_user(session).id, statement="Look.", now=now)


def test_staff_answer_once_and_never_about_themselves(session: Session, now: datetime) -> None:
    request = make_review_request(session, now=now)
    staff = make_user(session, roles=["support"])
    with pytest.raises(ForbiddenError):
        decide_review(session, request_id=request.id, staff_id=request.learner_id, decision="I passed.", now=now)
    with pytest.raises(InvalidInputError):
        decide_review(session, request_id=request.id, staff_id=staff.id, decision=" ", now=now)
    decide_review(session, request_id=request.id, staff_id=staff.id, decision="Question 3 was right.", now=now)
    with pytest.raises(ConflictError):
        decide_review(session, request_id=request.id, staff_id=staff.id, decision="Or not.", now=now)
    assert (request.decision, request.decided_by_id) == ("Question 3 was right.", staff.id)


def test_the_learner_reads_the_answer_beside_the_result(session: Session, client: FlaskClient, sign_in: SignIn, now: datetime) -> None:
    request = make_review_request(session)
    decide_review(session, request_id=request.id, staff_id=make_user(session).id, decision="We looked at <all>.", now=now)
    attempt = session.get_one(Attempt, request.attempt_id)
    sign_in_as(session, sign_in, attempt)
    assert "We looked at &lt;all&gt;." in client.get(url(attempt, "/result")).text


def test_staff_see_what_waits_the_most_urgent_first_and_answer_it(
    client: FlaskClient, session: Session, sign_in: SignIn, now: datetime
) -> None:
    make_review_request(session, statement="The later one.")
    first = make_review_request(session, statement="The <first> one.", now=now - timedelta(days=40))
    sign_in(make_user(session, roles=["support"]))
    page = client.get("/backoffice/review-requests").text
    assert page.index(str(first.id)) < page.index("Overdue") < page.rindex("/backoffice/review-requests/")
    address = f"/backoffice/review-requests/{first.id}"
    form = client.get(address).text
    assert "The &lt;first&gt; one." in form
    sent = {"csrf_token": hidden(form, "csrf_token"), "decision": "It stands."}
    assert client.post(address, data=sent).location == address
    assert client.post(address, data=sent).status_code == 409
    assert "It stands." in client.get(address).text
    assert str(first.id) in client.get("/backoffice/review-requests?status=answered").text
    assert str(first.id) not in client.get("/backoffice/review-requests").text


def test_an_empty_answer_is_refused_beside_its_field(client: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    request = make_review_request(session)
    sign_in(make_user(session, roles=["admin"]))
    answer = client.post(f"/backoffice/review-requests/{request.id}", data={"csrf_token": csrf(), "decision": ""})
    assert answer.status_code == 400
    assert 'id="decision-error"' in answer.text


@pytest.mark.parametrize("logged", [True, False])
def test_staff_see_absences_as_facts_with_what_they_do_not_say(
    client: FlaskClient, session: Session, sign_in: SignIn, logged: bool
) -> None:
    attempt = make_attempt(session, make_quiz(session, access=AccessRules(logs_focus=logged)))
    note_focus(
        session, attempt_id=attempt.id, learner_id=attempt.learner_id, noted=Noted(FocusKind.AWAY, 61_000, 2), now=attempt.started_at
    )
    sign_in(make_user(session, roles=["support"]))
    page = client.get(f"/backoffice/attempts/{attempt.id}/focus").text
    assert ("61 s" in page and "no verdict" in page) is logged
    assert ("does not note absences" in page) is not logged
