"""The classroom: a learner's courses, their lessons, and the doors to quizzes and exams."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.accounts.services import TooManyTriesError
from laurel.bank.rules import Posted, chosen_in, values_under
from laurel.catalog.queries import OutlineLesson, get_lesson_html
from laurel.catalog.rules import LessonKind
from laurel.commerce.queries import Credits, count_credits, find_offer
from laurel.commerce.rules import OfferingKind
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.learning import queries, services
from laurel.learning.forms import CheckForm, DoneForm, StartExamForm, StartForm
from laurel.learning.queries import CourseProgress, LessonLockedError, NotEnrolledError
from laurel.quizzes import queries as quizzes
from laurel.quizzes.models import Attempt
from laurel.quizzes.queries import PracticeQuestion
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.services import (
    OpenAttemptError,
    WrongPasswordError,
    check_practice_answer,
    count_password_try,
    forgive_password_try,
    reset_practice_answer,
    start_attempt,
)
from laurel.settings import Settings
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.browser_sessions import LazySession, keep_session_until
from laurel.web.limits import START, limiter, network
from laurel.web.session import current_session, transaction
from laurel.web.urgency import urgent

bp = Blueprint("learning", __name__, url_prefix="/learn")
start_quiz = partial(start_attempt, honor_code_accepted=False)
SESSION_SLACK = timedelta(minutes=20)
"""How much longer than the exam a session lives, so that a result can still be read."""


def blueprints(settings: Settings) -> list[Blueprint]:
    return [bp]


@bp.errorhandler(NotEnrolledError)
def go_to_enrolling(error: NotEnrolledError) -> ResponseReturnValue:
    """Who is not enrolled is shown how to."""
    return redirect(url_for("commerce.enroll_page", slug=error.course.slug))


@bp.errorhandler(LessonLockedError)
def go_to_the_map(error: LessonLockedError) -> ResponseReturnValue:
    """Who is too early is shown what comes first."""
    flash(error.message, "info")
    return redirect(url_for(".course_page", course_slug=(request.view_args or {})["course_slug"]))


def load(course_slug: str, lesson_slug: str) -> tuple[CourseProgress, OutlineLesson]:
    """The learner's way through the course, and the lesson if it is open."""
    way = queries.get_course_progress(current_session(), my_id(), course_slug)
    return way, way.get_open_lesson(lesson_slug)


def surroundings(way: CourseProgress, lesson: OutlineLesson) -> dict[str, Any]:
    """What every page of a lesson shows around it."""
    previous, following = way.neighbors(lesson)
    modules = [
        {
            "title": f"{number} · {module.title}",
            "lessons": [
                {
                    "title": item.title,
                    "href": url_for(".lesson_page", course_slug=way.course.slug, lesson_slug=item.slug),
                    "minutes": item.minutes,
                    "state": way.states[item.id],
                    "is_current": item.id == lesson.id,
                }
                for item in module.lessons
            ],
        }
        for number, module in enumerate(way.outline.modules, start=1)
    ]
    return {
        "way": way,
        "lesson": lesson,
        "previous": previous,
        "next": following,
        "is_done": lesson.id in way.done,
        "map_modules": modules,
    }


@bp.get("")
@policy(GET=SIGNED_IN)
def home_page() -> ResponseReturnValue:
    courses = queries.list_my_courses(current_session(), my_id())
    current = next((item for item in courses if item.may_enter and item.next_lesson_slug is not None), None)
    being_read = quizzes.list_being_read(current_session(), my_id())
    return render_template("learning/home_page.html", courses=courses, current=current, being_read=being_read)


@bp.get("/<course_slug>")
@policy(GET=SIGNED_IN)
def course_page(course_slug: str) -> ResponseReturnValue:
    return render_template("learning/course_page.html", way=queries.get_course_progress(current_session(), my_id(), course_slug))


@bp.get("/<course_slug>/<lesson_slug>")
@policy(GET=SIGNED_IN)
def lesson_page(course_slug: str, lesson_slug: str) -> ResponseReturnValue:
    """One lesson. A result, which knows only where its attempt was started, leads further from here: with `?go=on` to what comes
    after a lesson that is done, with `?read=…` to the module about a domain."""
    way, lesson = load(course_slug, lesson_slug)
    if request.args.get("go") == "on" and lesson.id in way.done:
        return go_on(way, lesson)
    if request.args.get("read"):
        return read_again(way, request.args["read"])
    if lesson.kind is LessonKind.READING:
        return reading_page(way, lesson)
    return lobby_page(way, lesson, StartExamForm() if lesson.kind is LessonKind.EXAM else StartForm())


def reading_page(way: CourseProgress, lesson: OutlineLesson, *, slot: int = 0, error: str = "") -> str:
    """A lesson to read, with its practice questions; `error` stands beside the question in `slot`."""
    session = current_session()
    practice = quizzes.find_practice_state(session, lesson.quiz_id, my_id()) if lesson.quiz_id else []
    if slot:
        practice = [_with_posted(item) if item.view.number == slot else item for item in practice]
    return render_template(
        "learning/lesson_page.html",
        html=get_lesson_html(session, lesson.id),
        practice=[{"slot": item.view, "feedback": item.feedback, "error": error if item.view.number == slot else ""} for item in practice],
        check_form=CheckForm(),
        done_form=DoneForm(),
        **surroundings(way, lesson),
    )


def _with_posted(item: PracticeQuestion) -> PracticeQuestion:
    """The question with what was sent and could not be checked."""
    return replace(item, view=replace(item.view, chosen=chosen_in(item.view.inputs, _posted_for(item.view.number))))


def _posted_for(number: int) -> Posted:
    return values_under(f"question-{number}", request.form.items(multi=True))


def lobby_page(way: CourseProgress, lesson: OutlineLesson, form: StartForm | StartExamForm) -> str:
    """The door to a quiz or an exam: what it is, its rules, and how long it really is."""
    session = current_session()
    now = database_now(session)
    bought = count_credits(session, my_id(), way.course.id) if lesson.kind is LessonKind.EXAM else Credits()
    lobby = quizzes.describe_lobby(session, _quiz_of(lesson), my_id(), now=now, extra_attempts=bought.bought)
    retake = find_offer(session, way.course.id, OfferingKind.EXAM_RETAKE) if lobby.obstacle is Obstacle.NO_ATTEMPTS_LEFT else None
    known = {"lobby": lobby, "form": form, "bought": bought, "retake": retake, "round_has_ended": lobby.round.has_ended(now)}
    return render_template("learning/lobby_page.html", **known, **surroundings(way, lesson))


def _quiz_of(lesson: OutlineLesson) -> UUID:
    if lesson.quiz_id is None:
        raise ConflictError("This lesson has no quiz yet.")
    return lesson.quiz_id


@bp.post("/<course_slug>/<lesson_slug>/done")
@policy(POST=SIGNED_IN)
def finish_lesson(course_slug: str, lesson_slug: str) -> ResponseReturnValue:
    with transaction() as session:
        services.read_lesson(session, learner_id=my_id(), course_slug=course_slug, lesson_slug=lesson_slug, now=database_now(session))
    return go_on(*load(course_slug, lesson_slug))


def go_on(way: CourseProgress, lesson: OutlineLesson) -> ResponseReturnValue:
    """To the lesson after this one, or to the course if it was the last."""
    _, following = way.neighbors(lesson)
    if following is None:
        return redirect(url_for(".course_page", course_slug=way.course.slug))
    return redirect(url_for(".lesson_page", course_slug=way.course.slug, lesson_slug=following.slug))


def read_again(way: CourseProgress, domain: str) -> ResponseReturnValue:
    """To the first lesson of the module about the domain, or to the course if there is no such module."""
    module = way.outline.find_module(domain)
    if module is None:
        return redirect(url_for(".course_page", course_slug=way.course.slug))
    return redirect(url_for(".lesson_page", course_slug=way.course.slug, lesson_slug=module.lessons[0].slug))


@bp.post("/<course_slug>/<lesson_slug>/reopen")
@policy(POST=SIGNED_IN)
def reopen_lesson(course_slug: str, lesson_slug: str) -> ResponseReturnValue:
    with transaction() as session:
        services.reopen_lesson(session, learner_id=my_id(), course_slug=course_slug, lesson_slug=lesson_slug)
    return redirect(url_for(".lesson_page", course_slug=course_slug, lesson_slug=lesson_slug))


@bp.post("/<course_slug>/<lesson_slug>/check")
@policy(POST=SIGNED_IN)
def check_answer(course_slug: str, lesson_slug: str) -> ResponseReturnValue:
    """One practice question: check it, or clear it to try again."""
    way, lesson = load(course_slug, lesson_slug)
    form = CheckForm()
    slot = form.slot.data or ""
    number = int(slot) if slot.isascii() and slot.isdigit() and len(slot) < 6 else 0
    try:
        with transaction() as session:
            _answer_practice(session, lesson, number)
    except InvalidInputError as error:
        return reading_page(way, lesson, slot=number, error=error.message), 400
    page = url_for(".lesson_page", course_slug=course_slug, lesson_slug=lesson_slug)
    return redirect(f"{page}#question-{number}" if "again" in request.form else f"{page}#question-{number}-result")


def _answer_practice(session: Session, lesson: OutlineLesson, number: int) -> None:
    quiz_id, now = _quiz_of(lesson), database_now(session)
    if "again" in request.form:
        reset_practice_answer(session, quiz_id=quiz_id, learner_id=my_id(), slot_number=number, now=now)
        return
    check_practice_answer(session, quiz_id=quiz_id, learner_id=my_id(), slot_number=number, posted=_posted_for(number), now=now)


@bp.post("/<course_slug>/<lesson_slug>/attempts", endpoint="start_attempt")
@policy(POST=SIGNED_IN)
@limiter.limit(START)
@urgent
def start_attempt_at(course_slug: str, lesson_slug: str) -> ResponseReturnValue:
    """Start a quiz or an exam: from now on its time runs."""
    way, lesson = load(course_slug, lesson_slug)
    if lesson.kind is LessonKind.READING:
        raise ConflictError("This lesson is read; there is nothing to start.")
    form = _start_form(lesson)
    if not form.validate_on_submit():
        return lobby_page(way, lesson, form), 400
    home_path = url_for(".lesson_page", course_slug=course_slug, lesson_slug=lesson_slug)
    try:
        attempt_id = _try_to_start(way.course.id, lesson, form, home_path=home_path)
    except OpenAttemptError as running:
        attempt_id = running.attempt_id
    except (WrongPasswordError, TooManyTriesError) as error:
        form.password.errors = [error.message]
        headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooManyTriesError) else {}
        return lobby_page(way, lesson, form), 429 if headers else 400, headers
    return redirect(url_for("quizzes.attempt_page", attempt_id=attempt_id))


def _start_form(lesson: OutlineLesson) -> StartForm:
    """What is asked before the start; agreeing to an honor code only where the exam has one, and so shows one."""
    has_honor_code = lesson.kind is LessonKind.EXAM and quizzes.get_published(current_session(), _quiz_of(lesson))[1].honor_code
    return StartExamForm() if has_honor_code else StartForm()


def _try_to_start(course_id: UUID, lesson: OutlineLesson, form: StartForm, *, home_path: str) -> UUID:
    """Start, after counting the try if there is a password to be guessed. Only a wrong password stays counted."""
    quiz_id, password = _quiz_of(lesson), form.password.data or ""
    counted = []
    if password.strip() and quizzes.get_published(current_session(), quiz_id)[1].password_hash:
        with transaction() as session:
            counted = count_password_try(session, learner_id=my_id(), network=network(), now=database_now(session))
    start = partial(services.start_exam, course_id=course_id, honor_code_accepted=True) if lesson.kind is LessonKind.EXAM else start_quiz
    try:
        with transaction() as session:
            attempt_id = _start(session, start, quiz_id=quiz_id, home_path=home_path, password=password)
            forgive_password_try(session, counted)
            return attempt_id
    except ConflictError:
        with transaction() as session:
            forgive_password_try(session, counted)
        raise


def _start(session: Session, start: Callable[..., Attempt], **how: Any) -> UUID:
    """Start the attempt and keep this browser's session alive until it is over."""
    mine = cast(LazySession, browser_session)
    attempt = start(session, learner_id=my_id(), browser_session_token=mine.token, now=database_now(session), **how)
    if attempt.deadline_at is not None and mine.row is not None:
        keep_session_until(session, mine.row.id, attempt.deadline_at + SESSION_SLACK)
    return attempt.id
