"""Writing questions: versions, conflicts, the steps of a question's life."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank import queries, services
from laurel.bank.models import QuestionVersion
from laurel.bank.rules import QuestionKind, QuestionStatus, parse_body
from laurel.bank.services import NotReadyError, StaleQuestionError
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_draft, make_question


def test_a_new_question_is_a_draft_that_nobody_gets(session: Session, now: datetime) -> None:
    author, category = make_user(session, roles=["author"]), make_category(session)

    question = services.create_question(session, make_draft(category.id), author_id=author.id, now=now)

    assert (question.status, question.latest_n, question.ready_n) == (QuestionStatus.DRAFT, 1, None)
    assert queries.list_ready_in_category(session, category.id) == []


def test_html_is_made_when_a_version_is_saved(session: Session) -> None:
    question = make_question(
        session,
        stem="Is `x` *safe*? <script>alert(1)</script>",
        body={"options": [{"text": "**Yes**", "fraction": "1", "feedback": "[why](javascript:alert(1))"}, {"text": "No"}]},
    )
    version = latest_version(session, question)

    assert "<code>x</code> <em>safe</em>" in version.stem_html
    assert "<script>" not in version.stem_html
    assert version.body["options"][0]["html"] == "<strong>Yes</strong>"
    assert "href" not in version.body["options"][0]["feedback_html"]
    assert version.body["options"][1]["feedback_html"] == ""


def test_a_version_that_learners_get_stays_while_a_new_one_is_written(session: Session, now: datetime) -> None:
    question = make_question(session)
    before = queries.get_latest_ready_version(session, question.id)

    draft = make_draft(question.category_id, stem="What does it predict, given what?")
    services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=1)

    assert (question.latest_n, question.ready_n, question.status) == (2, 1, QuestionStatus.DRAFT)
    assert queries.get_latest_ready_version(session, question.id).id == before.id
    assert queries.list_ready_in_category(session, question.category_id) == [before.id]


def test_the_new_version_is_used_once_it_is_ready(session: Session, now: datetime) -> None:
    question = make_question(session)
    draft = make_draft(question.category_id, stem="Changed")
    services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=1)

    for status in (QuestionStatus.IN_REVIEW, QuestionStatus.READY):
        services.set_status(session, question.id, status, changed_by_id=question.owner_id, now=now, base_revision=question.revision)

    assert queries.get_latest_ready_version(session, question.id).stem == "Changed"


def test_saving_the_same_content_makes_no_version(session: Session, now: datetime) -> None:
    question = make_question(session)
    draft = make_draft(question.category_id, objective="Another objective")

    services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=1)

    assert (question.latest_n, question.status, question.objective) == (1, QuestionStatus.READY, "Another objective")


def test_a_save_from_a_stale_page_changes_nothing_and_hands_both_back(session: Session, now: datetime) -> None:
    question = make_question(session)
    first, second = (make_draft(question.category_id, stem=stem) for stem in ("Mine", "Yours"))
    services.save_version(session, question.id, first, author_id=question.owner_id, now=now, base_revision=1)

    with pytest.raises(StaleQuestionError) as stale:
        services.save_version(session, question.id, second, author_id=question.owner_id, now=now, base_revision=1)

    assert (stale.value.current.stem, stale.value.draft.stem) == ("Mine", "Yours")
    assert latest_version(session, question).stem == "Mine"


def test_a_stale_save_is_noticed_even_where_only_the_objective_had_changed(session: Session, now: datetime) -> None:
    question = make_question(session)
    mine = make_draft(question.category_id, objective="Mine")
    services.save_version(session, question.id, mine, author_id=question.owner_id, now=now, base_revision=1)

    with pytest.raises(StaleQuestionError):
        services.save_version(session, question.id, mine, author_id=question.owner_id, now=now, base_revision=1)


def test_versions_are_never_rewritten(session: Session, now: datetime) -> None:
    question = make_question(session)
    for revision, stem in enumerate(("Two", "Three"), start=1):
        draft = make_draft(question.category_id, stem=stem)
        services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=revision)

    stems = [version.stem for version, _ in session.execute(queries.list_versions(question.id))]

    assert stems == ["Three", "Two", "What does a language model predict?"]


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (QuestionStatus.DRAFT, QuestionStatus.READY),
        (QuestionStatus.IN_REVIEW, QuestionStatus.RETIRED),
        (QuestionStatus.READY, QuestionStatus.IN_REVIEW),
        (QuestionStatus.RETIRED, QuestionStatus.READY),
        (QuestionStatus.READY, QuestionStatus.READY),
    ],
)
def test_a_step_that_is_not_in_the_table_is_refused(
    session: Session, now: datetime, current: QuestionStatus, wanted: QuestionStatus
) -> None:
    question = make_question(session, status=current)
    with pytest.raises(ConflictError):
        services.set_status(session, question.id, wanted, changed_by_id=question.owner_id, now=now, base_revision=1)


@pytest.mark.parametrize("wanted", [QuestionStatus.RETIRED, QuestionStatus.DRAFT])
def test_a_question_that_leaves_ready_is_drawn_no_more(session: Session, now: datetime, wanted: QuestionStatus) -> None:
    question = make_question(session)

    services.set_status(session, question.id, wanted, changed_by_id=question.owner_id, now=now, base_revision=1)

    assert queries.list_ready_in_category(session, question.category_id) == []
    with pytest.raises(NotFoundError):
        queries.get_latest_ready_version(session, question.id)


def test_a_question_without_a_key_does_not_become_ready(session: Session, now: datetime) -> None:
    body = {"options": [{"text": "A"}, {"text": "B"}]}
    question = make_question(session, body=body, status=QuestionStatus.IN_REVIEW)

    with pytest.raises(NotReadyError) as refused:
        services.set_status(session, question.id, QuestionStatus.READY, changed_by_id=question.owner_id, now=now, base_revision=1)

    assert "No option is marked as right." in refused.value.message
    assert question.status is QuestionStatus.IN_REVIEW


def test_what_nobody_has_seen_does_not_become_ready(session: Session, now: datetime) -> None:
    question = make_question(session, status=QuestionStatus.IN_REVIEW)
    question.revision = 7

    with pytest.raises(ConflictError):
        services.set_status(session, question.id, QuestionStatus.READY, changed_by_id=question.owner_id, now=now, base_revision=1)


def test_a_retired_question_is_not_edited(session: Session, now: datetime) -> None:
    question = make_question(session, status=QuestionStatus.RETIRED)
    draft = make_draft(question.category_id, stem="Changed")
    with pytest.raises(ConflictError):
        services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stem": " "}, "stem"),
        ({"stem": "a\x00b"}, "stem"),
        ({"stem": "x" * 20_001}, "stem"),
        ({"difficulty": 6}, "difficulty"),
        ({"objective": "x" * 301}, "objective"),
        ({"general_feedback": "\ud800"}, "general_feedback"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_at_its_field(
    session: Session, now: datetime, changes: dict[str, object], field: str
) -> None:
    draft = replace(make_draft(make_category(session).id), **changes)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError) as refused:
        services.create_question(session, draft, author_id=make_user(session).id, now=now)
    assert refused.value.field == field


def test_a_question_needs_a_category_that_exists(session: Session, now: datetime) -> None:
    with pytest.raises(NotFoundError):
        services.create_question(session, make_draft(new_id()), author_id=make_user(session).id, now=now)


def test_a_category_told_twice_is_one(session: Session) -> None:
    one = services.create_category(session, slug="prompts/basics", title="Basics")
    other = services.create_category(session, slug="prompts/basics", title="The basics")
    assert (one.id, one.title) == (other.id, "The basics")


@pytest.mark.parametrize("slug", ["", "Basics", "a b", "../x", "a--b", "/a", "a/", "x" * 121])
def test_a_category_needs_a_plain_slug(session: Session, slug: str) -> None:
    with pytest.raises(InvalidInputError):
        services.create_category(session, slug=slug, title="Basics")


def test_every_save_and_every_step_is_kept_as_an_event(session: Session, now: datetime) -> None:
    question = make_question(session, status=QuestionStatus.DRAFT)
    services.set_status(
        session, question.id, QuestionStatus.IN_REVIEW, changed_by_id=question.owner_id, now=now + timedelta(minutes=1), base_revision=1
    )

    names = session.scalars(select(EventRecord.name).order_by(EventRecord.id)).all()

    assert names == ["QuestionSaved", "QuestionStatusChanged"]


def test_a_body_comes_back_typed(session: Session) -> None:
    question = make_question(session, kind=QuestionKind.NUMERICAL)
    session.commit()
    session.expire_all()

    version = session.scalars(select(QuestionVersion).filter_by(question_id=question.id)).one()

    assert version.typed_body() == parse_body(QuestionKind.NUMERICAL, version.body)
    assert version.typed_body().right_answer_text() == "4096"
