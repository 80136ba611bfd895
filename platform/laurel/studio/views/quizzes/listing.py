"""The list of quizzes, one quiz with its sections and what stands against it, its versions, and giving it to learners."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.queries import get_user
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.quizzes import queries, services
from laurel.quizzes.rules import QuizKind, QuizStatus
from laurel.quizzes.rules.briefing import describe_review
from laurel.quizzes.services import NotPublishableError
from laurel.studio.forms.quizzes import ActForm
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, read_base, searched, whose
from laurel.web.access import my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction


@bp.get("")
@policy(GET=WRITE)
def quiz_list_page() -> ResponseReturnValue:
    text = searched("q")
    kind = next((one for one in QuizKind if one == request.args.get("kind")), None)
    status = next((one for one in QuizStatus if one == request.args.get("status")), None)
    page = paginate(current_session(), queries.list_quizzes(owner_id=whose(), text=text, kind=kind, status=status))
    chosen = {"q": text, "kind": kind or "", "status": status or ""}
    return render_template("studio/quiz_list_page.html", page=page, chosen=chosen, kinds=list(QuizKind), statuses=list(QuizStatus))


@bp.get("/<uuid:quiz_id>")
@policy(GET=WRITE)
def quiz_page(quiz_id: UUID) -> ResponseReturnValue:
    session = current_session()
    quiz, version = find_quiz(quiz_id)
    return render_template(
        "studio/quiz_page.html",
        quiz=quiz,
        version=version,
        owner=get_user(session, quiz.owner_id),
        sections=queries.describe_sections(session, version),
        checks=queries.check_publishing(session, quiz, version),
        review_words=describe_review(version.review, quiz.kind, version.settings()),
        results=queries.summarize_results(session, quiz.id),
        form=ActForm(formdata=None, base=version.token),
    )


@bp.get("/<uuid:quiz_id>/versions")
@policy(GET=WRITE)
def quiz_versions_page(quiz_id: UUID) -> ResponseReturnValue:
    quiz, _version = find_quiz(quiz_id)
    versions = queries.list_versions(current_session(), quiz.id)
    return render_template("studio/quiz_versions_page.html", quiz=quiz, versions=versions)


@bp.post("/<uuid:quiz_id>/publish")
@policy(POST=WRITE)
def publish_quiz(quiz_id: UUID) -> ResponseReturnValue:
    """Give the draft to learners, from their next attempt on."""
    base = read_base(quiz_id)
    try:
        with transaction() as session:
            queries.get_quiz(session, quiz_id, owner_id=whose())
            version = services.publish_quiz(session, quiz_id, author_id=my_id(), now=database_now(session), base=base)
            words = f"Version {version.n} is published. The next attempt gets it; running ones keep what they have."
    except NotPublishableError as error:
        flash(error.message, "error")
    else:
        flash(words, "success")
    return redirect(url_for(".quiz_page", quiz_id=quiz_id), 303)


@bp.post("/<uuid:quiz_id>/preview")
@policy(POST=WRITE)
def preview_quiz(quiz_id: UUID) -> ResponseReturnValue:
    """Take the draft as a learner would. It counts nowhere."""
    home_path = url_for(".quiz_page", quiz_id=quiz_id)
    try:
        with transaction() as session:
            queries.get_quiz(session, quiz_id, owner_id=whose())
            attempt = services.start_attempt(
                session,
                quiz_id=quiz_id,
                learner_id=my_id(),
                home_path=home_path,
                honor_code_accepted=True,
                browser_session_token=None,
                now=database_now(session),
                is_preview=True,
            )
            attempt_id = attempt.id
    except (ConflictError, InvalidInputError) as error:
        flash(error.message, "error")
        return redirect(home_path, 303)
    return redirect(url_for("quizzes.attempt_page", attempt_id=attempt_id), 303)
