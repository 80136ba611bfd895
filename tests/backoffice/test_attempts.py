"""Attempts in the back office: found, understood, acted upon; and the terms of learners."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.queries import get_user
from laurel.core import clock
from laurel.core.events import EventRecord
from laurel.quizzes import queries as quizzes
from laurel.quizzes import services
from laurel.quizzes.models import Accommodation, Attempt, QuizOverride
from laurel.quizzes.rules import AttemptState, QuizKind
from laurel.quizzes.rules.terms import ReasonCategory
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.quizzes import answer, answer_all, make_attempt, make_quiz
from tests.factories.terms import make_accommodation, make_group, make_override

PLACE = "/backoffice/attempts"
Csrf = Callable[..., str]
HOUR = timedelta(hours=1)


@pytest.fixture
def support(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Sam Sato", roles=["support"]))


@pytest.fixture
def admin(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Ana Admin", roles=["admin"]))


@pytest.fixture
def attempt(session: Session) -> Attempt:
    attempt = make_attempt(session, make_quiz(session, title="Prompt exam"), learner_id=make_user(session, name="Lena Lind").id)
    session.commit()
    return attempt


def post(client: FlaskClient, csrf: Csrf, place: str, **data: Any) -> Any:
    return client.post(place, data={"csrf_token": csrf(), **data})


def fresh(session: Session) -> None:
    session.rollback()
    session.expire_all()


# ---- finding


def test_attempts_are_found_by_learner_quiz_and_state_those_that_run_first(support: FlaskClient, session: Session) -> None:
    lena, karl = make_user(session, name="Lena Lind"), make_user(session, name="Karl Kurz", email="karl_k@example.com")
    exam, quiz = make_quiz(session, title="Big exam"), make_quiz(session, kind=QuizKind.GRADED, title="Small quiz")
    make_attempt(session, exam, learner_id=lena.id)
    done = make_attempt(session, quiz, learner_id=karl.id)
    services.submit_attempt(session, attempt_id=done.id, learner_id=karl.id, now=clock.now())
    make_attempt(session, make_quiz(session, kind=QuizKind.PRACTICE), learner_id=karl.id)
    session.commit()

    def found(**query: str) -> list[str]:
        page = support.get(PLACE, query_string=query).text
        return sorted((name for name in ("Lena Lind", "Karl Kurz") if f">{name}<" in page), key=page.index)

    assert found() == ["Lena Lind", "Karl Kurz"]
    assert found(q="lind") == found(state="in_progress") == found(quiz=str(exam.id)) == ["Lena Lind"]
    assert found(q="karl_k@") == found(state="graded") == ["Karl Kurz"]
    assert found(q="100%") == found(quiz=str(exam.id), state="graded") == []
    assert found(state="nonsense", quiz="nonsense") == ["Lena Lind", "Karl Kurz"]
    assert "No attempt fits" in support.get(f"{PLACE}?q=nobody").text


def test_the_list_takes_as_many_queries_for_many_as_for_few(support: FlaskClient, session: Session, queries: QueryCount) -> None:
    quiz = make_quiz(session)
    session.commit()
    support.get(PLACE)  # the first request of a session asks a little more
    counts = []
    for _ in range(2):
        for _ in range(5):
            make_attempt(session, quiz)
        session.commit()
        queries.clear()
        support.get(PLACE)
        counts.append(queries.selects)
    assert counts[0] == counts[1]


def test_an_attempt_page_spells_the_time_out_and_tells_the_story(
    admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt
) -> None:
    make_accommodation(session, attempt.learner_id, multiplier="1.25", extra_minutes=5)
    answer(session, attempt, 1, {"choice": "a"})
    services.take_lease(session, attempt_id=attempt.id, learner_id=attempt.learner_id, token="tab-11111111", now=clock.now())
    services.take_lease(session, attempt_id=attempt.id, learner_id=attempt.learner_id, token="tab-22222222", now=clock.now())
    session.commit()
    post(admin, csrf, f"{PLACE}/{attempt.id}/extend", minutes="10", reason="The fire alarm <rang>.")
    page = admin.get(f"{PLACE}/{attempt.id}").text
    for words in (
        "1 hour 20 minutes = 1 hour × 1.25 + 5 minutes",
        "10 minutes",
        "1 of 5 questions",
        "1 time",
        "Chain intact",
        "Given more time",
        "The fire alarm &lt;rang&gt;.",
        "Ana Admin",
        "Accommodation: ",
    ):
        assert words in page, words


def test_staff_replay_what_was_said_and_see_no_key(support: FlaskClient, session: Session, attempt: Attempt) -> None:
    answer(session, attempt, 1, {"choice": "b"})
    answer(session, attempt, 5, {"text": "17"})
    session.commit()
    page = support.get(f"{PLACE}/{attempt.id}/replay").text
    assert "The next fact" in page
    assert "17" in page
    for key in ("The next token", "4096", "hallucination"):
        assert key not in page


def test_previews_and_practice_are_nobodys_business(admin: FlaskClient, session: Session) -> None:
    practice = make_attempt(session, make_quiz(session, kind=QuizKind.PRACTICE))
    session.commit()
    for place in ("", "/replay", "/void"):
        assert admin.get(f"{PLACE}/{practice.id}{place}").status_code == 404


# ---- acting


def test_support_gives_an_hour_and_sees_how_much_is_left(support: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    place = f"{PLACE}/{attempt.id}/extend"
    assert post(support, csrf, place, minutes="45", reason="A broken keyboard.").status_code == 303
    page = support.get(place).text
    assert "You may give 15 more." in page
    refused = post(support, csrf, place, minutes="30", reason="Again.")
    assert (refused.status_code, "15 more minutes" in refused.text, "Again." in refused.text) == (400, True, True)
    fresh(session)
    assert attempt.added_seconds == 45 * 60
    assert "Pause" not in support.get(f"{PLACE}/{attempt.id}").text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"minutes": "10", "reason": ""}, "Say why"),
        ({"minutes": "ten", "reason": "Because."}, "whole minutes"),
        ({"minutes": "-5", "reason": "Because."}, "whole minutes"),
        ({"minutes": "99999999999", "reason": "Because."}, "whole minutes"),
        ({"minutes": "10", "reason": "no"}, "Say why"),
        ({"minutes": "10", "reason": "x" * 501}, "Say it"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_changes_nothing(
    admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt, data: dict[str, str], words: str
) -> None:
    answered = post(admin, csrf, f"{PLACE}/{attempt.id}/extend", **data)
    assert answered.status_code == 400
    assert words in answered.text
    assert "error-summary" in answered.text
    fresh(session)
    assert attempt.added_seconds == 0


def test_an_admin_takes_an_attempt_through_all_of_it(admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    def act(name: str, **data: Any) -> AttemptState:
        answered = post(admin, csrf, f"{PLACE}/{attempt.id}/{name}", reason="Because of the storm.", **data)
        assert answered.status_code == 303, answered.text
        fresh(session)
        return attempt.state

    assert act("pause") is AttemptState.PAUSED
    assert act("resume") is AttemptState.IN_PROGRESS
    assert attempt.started_at is not None
    attempt.started_at -= 2 * HOUR
    attempt.deadline_at = attempt.compute_deadline()
    session.commit()
    services.expire_overdue(session, now=clock.now())
    session.commit()
    assert act("reopen", minutes="15") is AttemptState.IN_PROGRESS
    assert act("void", gives_back="y") is AttemptState.VOIDED
    assert attempt.is_counted is False
    page = admin.get(f"{PLACE}/{attempt.id}").text
    for words in ("Paused", "Resumed", "Opened again", "Set aside", "Because of the storm."):
        assert words in page
    names = session.scalars(select(EventRecord.name).where(EventRecord.subject_id == attempt.id, EventRecord.actor_id.is_not(None)))
    assert set(names) >= {"AttemptPaused", "AttemptResumed", "AttemptReopened", "AttemptVoided"}


def test_an_act_that_came_too_late_says_so(admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=clock.now())
    session.commit()
    answered = post(admin, csrf, f"{PLACE}/{attempt.id}/pause", reason="Because.")
    assert (answered.status_code, "Only an attempt that runs" in answered.text) == (409, True)
    assert post(admin, csrf, f"{PLACE}/{attempt.id}/nonsense").status_code == 404


def test_staff_do_not_act_on_their_own_attempt(admin: FlaskClient, session: Session, sign_in: SignIn, csrf: Csrf) -> None:
    me = make_user(session, roles=["admin"])
    mine = make_attempt(session, make_quiz(session), learner_id=me.id)
    sign_in(me, client=admin)
    assert "This is your own attempt" in admin.get(f"{PLACE}/{mine.id}").text
    assert post(admin, csrf, f"{PLACE}/{mine.id}/extend", minutes="10", reason="I am slow.").status_code == 403
    fresh(session)
    assert mine.added_seconds == 0


# ---- accommodations


def test_support_accommodates_a_learner(support: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    place = f"/backoffice/learners/{attempt.learner_id}/accommodation"
    data = {"multiplier": "1,5", "extra_minutes": "10", "hides_timer": "y", "reason": "health", "last_day": ""}
    assert post(support, csrf, place, **data).status_code == 303
    fresh(session)
    row = session.get_one(Accommodation, attempt.learner_id)
    assert (row.reason, attempt.hides_timer, attempt.limit_seconds) == (ReasonCategory.HEALTH, True, 6000)
    page = support.get(place).text
    assert 'value="1.5"' in page
    assert "Sam Sato" in page
    assert post(support, csrf, f"{place}/end").status_code == 303
    fresh(session)
    assert session.get(Accommodation, attempt.learner_id) is None
    assert attempt.limit_seconds == 3600


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"multiplier": "much"}, "between 1 and 4"),
        ({"multiplier": "NaN"}, "between 1 and 4"),
        ({"multiplier": "1e400"}, "between 1 and 4"),
        ({"multiplier": "9"}, "between 1 and 4"),
        ({}, "change nothing"),
        ({"multiplier": "2", "last_day": "2020-01-01"}, "That day is over"),
        ({"multiplier": "2", "last_day": "soon"}, "Not a valid date"),
        ({"multiplier": "2", "reason": "love"}, "Not a valid choice"),
        ({"multiplier": "2", "extra_minutes": "-3"}, "whole minutes"),
    ],
)
def test_an_accommodation_that_cannot_be_keeps_the_form(
    support: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt, data: dict[str, str], words: str
) -> None:
    place = f"/backoffice/learners/{attempt.learner_id}/accommodation"
    usual = {"multiplier": "1", "extra_minutes": "0", "reason": "other", "last_day": ""}
    answered = post(support, csrf, place, **(usual | data))
    assert (answered.status_code, words in answered.text) == (400, True)
    fresh(session)
    assert session.get(Accommodation, attempt.learner_id) is None


def test_why_somebody_is_accommodated_stands_on_no_other_page(admin: FlaskClient, session: Session, attempt: Attempt) -> None:
    make_accommodation(session, attempt.learner_id)
    session.get_one(Accommodation, attempt.learner_id).reason = ReasonCategory.DISABILITY
    session.commit()
    for place in (f"{PLACE}/{attempt.id}", f"/backoffice/learners/{attempt.learner_id}", "/backoffice/quizzes"):
        assert "isability" not in admin.get(place).text


# ---- overrides and groups


def test_an_override_is_set_changed_and_removed(admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    place = f"/backoffice/quizzes/{attempt.quiz_id}/overrides"
    learner = get_user(session, attempt.learner_id)
    data = {"email": learner.email.upper(), "group": "", "minutes": "90", "closes_at": "2099-01-01T14:00", "reason": "Travels by ship."}
    assert post(admin, csrf, f"{place}/new", **data).status_code == 303
    fresh(session)
    row = session.scalars(select(QuizOverride)).one()
    assert (row.learner_id, row.minutes, row.closes_at.isoformat()) == (learner.id, 90, "2099-01-01T14:00:00+00:00")
    assert attempt.limit_seconds == 5400
    listed = admin.get(place).text
    for words in ("90 min", "Travels by ship.", "Until 1 January 2099, 14:00 UTC", learner.name):
        assert words in listed
    page = admin.get(f"{place}/{row.id}").text
    assert 'value="90"' in page
    assert 'value="2099-01-01T14:00' in page
    assert post(admin, csrf, f"{place}/{row.id}", minutes="0", never_closes="y", reason="No hurry.").status_code == 303
    fresh(session)
    assert (row.minutes, row.never_closes, attempt.deadline_at) == (0, True, None)
    assert post(admin, csrf, f"{place}/{row.id}/remove", **{"remove-reason": ""}).location.endswith(str(row.id))
    assert post(admin, csrf, f"{place}/{row.id}/remove", **{"remove-reason": "It is over."}).status_code == 303
    fresh(session)
    assert session.scalars(select(QuizOverride)).all() == []
    assert attempt.limit_seconds == 3600


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": "nobody@example.com", "minutes": "5"}, "Nobody has an account"),
        ({"minutes": "5"}, "either a learner or a group"),
        ({"email": "lena@example.com"}, "at least one thing"),
        ({"email": "lena@example.com", "minutes": "x"}, "Write minutes"),
        ({"email": "lena@example.com", "attempts": "101"}, "Write up to"),
        ({"email": "lena@example.com", "opens_at": "2099-02-01T00:00", "closes_at": "2099-01-01T00:00"}, "after it opens"),
        ({"email": "lena@example.com", "closes_at": "noon"}, "Not a valid datetime"),
        ({"email": "lena@example.com", "group": "11111111-1111-1111-1111-111111111111"}, "Not a valid choice"),
        ({"email": "lena@example.com", "minutes": "5", "reason": ""}, "Say why"),
    ],
)
def test_an_override_that_cannot_be_keeps_the_form(
    admin: FlaskClient, session: Session, csrf: Csrf, data: dict[str, str], words: str
) -> None:
    quiz = make_quiz(session)
    make_user(session, email="lena@example.com")
    session.commit()
    usual = {"email": "", "group": "", "minutes": "", "opens_at": "", "closes_at": "", "attempts": "", "reason": "Because."}
    answered = post(admin, csrf, f"/backoffice/quizzes/{quiz.id}/overrides/new", **(usual | data))
    assert (answered.status_code, words in answered.text) == (400, True)
    fresh(session)
    assert session.scalars(select(QuizOverride)).all() == []


def test_an_override_of_another_quiz_does_not_exist_here(admin: FlaskClient, session: Session, csrf: Csrf) -> None:
    quiz, other = make_quiz(session), make_quiz(session)
    row = make_override(session, quiz, learner_id=make_user(session).id, minutes=5)
    session.commit()
    place = f"/backoffice/quizzes/{other.id}/overrides/{row.id}"
    assert admin.get(place).status_code == 404
    assert post(admin, csrf, f"{place}/remove", **{"remove-reason": "Because."}).status_code == 404


def test_a_group_has_members_by_address_and_terms_of_its_own(admin: FlaskClient, session: Session, csrf: Csrf, attempt: Attempt) -> None:
    learner = get_user(session, attempt.learner_id)
    place = post(admin, csrf, "/backoffice/groups", name="Berlin, May").location
    assert "already" in post(admin, csrf, "/backoffice/groups", name="berlin, may").text
    assert post(admin, csrf, place, email="nobody@example.com").status_code == 400
    assert post(admin, csrf, place, email=learner.email).status_code == 303
    assert learner.name in admin.get(place).text
    group_id = place.rsplit("/", 1)[1]
    data = {"email": "", "group": group_id, "minutes": "75", "reason": "A slow network."}
    assert post(admin, csrf, f"/backoffice/quizzes/{attempt.quiz_id}/overrides/new", **data).status_code == 303
    fresh(session)
    assert attempt.limit_seconds == 75 * 60
    assert post(admin, csrf, f"{place}/remove").status_code == 409
    assert post(admin, csrf, f"{place}/members/{learner.id}/remove").status_code == 303
    fresh(session)
    assert attempt.limit_seconds == 3600
    assert "Group Berlin, May" in admin.get(f"/backoffice/quizzes/{attempt.quiz_id}/overrides").text


def test_support_reads_overrides_and_sets_none(support: FlaskClient, session: Session) -> None:
    quiz, group = make_quiz(session, title="Big exam"), make_group(session)
    make_override(session, quiz, group_id=group.id, minutes=5)
    session.commit()
    assert "Big exam" in support.get("/backoffice/quizzes").text
    page = support.get(f"/backoffice/quizzes/{quiz.id}/overrides").text
    assert "New override" not in page
    assert "5 min" in page


# ---- outages


def test_outages_are_listed_with_what_was_given_back(support: FlaskClient, session: Session, attempt: Attempt) -> None:
    assert "No outages" in support.get("/backoffice/outages").text
    answer_all(session, attempt)
    services.beat(session, instance="web-1", now=clock.now() - HOUR / 2)
    attempt.started_at -= 3 * HOUR / 4
    attempt.deadline_at = attempt.compute_deadline()
    session.flush()
    outage = services.beat(session, instance="web-1", now=clock.now())
    assert outage is not None
    services.settle_some(session, outage, after=None, now=clock.now())
    session.commit()
    page = support.get("/backoffice/outages").text
    for words in ("30 minutes", "No process was there", "1 outage"):
        assert words in page
    assert "30 minutes" in support.get(f"{PLACE}/{attempt.id}").text
    assert quizzes.get_attempt_of(session, attempt.learner_id, attempt.id).credited_seconds >= 1800
