from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionKind, QuestionStatus
from laurel.bank.services import save_version, set_status
from laurel.core.errors import ConflictError, InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.quizzes import queries, services
from laurel.quizzes.models import Quiz, QuizVersion
from laurel.quizzes.rules import QuizKind, QuizSettings, QuizStatus, SlotKind, SlotSpec
from laurel.quizzes.rules.quizzes import default_settings, move, remove
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_draft, make_question
from tests.factories.quizzes import drawn, fixed, make_attempt, make_quiz

EXAM = QuizSettings(minutes=30, pass_percent=Decimal(70), instructions="Read **well**.", retake_wait_hours=(24, 48))


def make_draft_quiz(session: Session, now: datetime, *slots: SlotSpec, settings: QuizSettings = EXAM) -> Quiz:
    author = make_user(session, roles=["author"])
    quiz = services.create_quiz(session, external_id=None, kind=QuizKind.EXAM, title="Exam", owner_id=author.id, now=now)
    services.save_draft(session, quiz.id, title="Exam", settings=settings, slots=slots, author_id=author.id, now=now)
    return quiz


def test_a_new_quiz_has_a_draft_and_nothing_for_learners(session: Session, now: datetime) -> None:
    quiz = make_draft_quiz(session, now)
    assert quiz.status is QuizStatus.DRAFT
    assert queries.find_draft(session, quiz.id) is not None
    with pytest.raises(NotFoundError):
        queries.get_published(session, quiz.id)


def test_a_draft_comes_back_as_it_was_saved(session: Session, now: datetime) -> None:
    question, category = make_question(session), make_category(session)
    slots = [fixed(question, domain="one", max_mark="2.5"), drawn(category.id, 3, domain="two")]
    quiz = make_draft_quiz(session, now, *slots)
    session.commit()
    session.expire_all()

    draft = queries.get_working_version(session, quiz)
    assert [slot.spec() for slot in queries.list_slots(session, draft.id)] == slots
    assert draft.settings() == QuizSettings(
        minutes=30,
        pass_percent=Decimal(70),
        instructions="Read **well**.",
        retake_wait_hours=(24, 48),
        review_preset=draft.review_preset,
    )
    assert "<strong>well</strong>" in draft.instructions_html


def test_publishing_gives_learners_the_draft(session: Session, now: datetime) -> None:
    quiz = make_draft_quiz(session, now, fixed(make_question(session)))
    version = services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)
    assert queries.get_published(session, quiz.id) == (quiz, version)
    assert queries.find_draft(session, quiz.id) is None
    assert session.scalar(select(func.count()).where(EventRecord.name == "QuizPublished")) == 1


def test_publishing_without_news_is_refused(session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    with pytest.raises(ConflictError, match="nothing new"):
        services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("nothing", "no questions yet"),
        ("draft question", "not ready for learners"),
        ("retired question", "not ready for learners"),
        ("small pool", "draws 3 from “Small”, where 2 are ready"),
        ("overlap", "no question is asked twice"),
        ("no pass mark", "no pass mark"),
        ("no time", "needs a time limit"),
    ],
)
def test_publishing_is_refused_with_the_reason(session: Session, now: datetime, case: str, message: str) -> None:
    category = make_category(session, title="Small")
    questions = [make_question(session, category_id=category.id) for _ in range(2)]
    settings = EXAM
    slots = [fixed(questions[0])]
    if case == "nothing":
        slots = []
    elif case == "draft question":
        slots = [fixed(make_question(session, status=QuestionStatus.DRAFT))]
    elif case == "retired question":
        slots = [fixed(make_question(session, status=QuestionStatus.RETIRED))]
    elif case == "small pool":
        slots = [drawn(category.id, 3)]
    elif case == "overlap":
        slots = [fixed(questions[0]), drawn(category.id, 2)]
    elif case == "no pass mark":
        settings = QuizSettings(minutes=30)
    elif case == "no time":
        settings = QuizSettings(pass_percent=Decimal(70))
    quiz = make_draft_quiz(session, now, *slots, settings=settings)

    with pytest.raises(services.NotPublishableError, match=message):
        services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)
    assert quiz.status is QuizStatus.DRAFT


def test_a_fixed_question_and_a_draw_from_its_category_share_the_questions(session: Session, now: datetime) -> None:
    category = make_category(session)
    questions = [make_question(session, category_id=category.id) for _ in range(3)]
    quiz = make_draft_quiz(session, now, fixed(questions[0]), drawn(category.id, 2))
    services.publish_quiz(session, quiz.id, author_id=quiz.owner_id, now=now)

    for _ in range(5):
        paper = queries.list_paper(session, make_attempt(session, quiz).id)
        assert {slot.question_id for slot in paper} == {question.id for question in questions}
        assert paper[0].question_id == questions[0].id


def test_editing_what_is_published_makes_a_draft_and_leaves_learners_what_they_have(session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    _, published = queries.get_published(session, quiz.id)
    services.save_settings(session, quiz.id, title="Changed", settings=EXAM, author_id=quiz.owner_id, now=now, base=published.token)
    assert queries.get_published(session, quiz.id)[1].title == "Prompt exam"
    assert quiz.title == "Prompt exam"
    draft = queries.find_draft(session, quiz.id)
    assert (draft.n, draft.title, len(queries.list_slots(session, draft.id))) == (2, "Changed", 5)


def test_a_running_attempt_keeps_its_version_and_the_next_one_gets_the_new(session: Session, now: datetime) -> None:
    author = make_user(session, roles=["author"])
    question = make_question(session, owner_id=author.id, kind=QuestionKind.TRUE_FALSE, stem="Old words")
    quiz = make_quiz(session, slots=[fixed(question)], owner_id=author.id)
    running = make_attempt(session, quiz)

    draft = make_draft(question.category_id, kind=QuestionKind.TRUE_FALSE, stem="New words")
    save_version(session, question.id, draft, author_id=author.id, now=now, base_revision=question.revision)
    for status in (QuestionStatus.IN_REVIEW, QuestionStatus.READY):
        set_status(session, question.id, status, changed_by_id=author.id, now=now, base_revision=question.revision)
    token = queries.get_published(session, quiz.id)[1].token
    services.save_settings(session, quiz.id, title="Second", settings=EXAM, author_id=author.id, now=now, base=token)
    services.publish_quiz(session, quiz.id, author_id=author.id, now=now)
    following = make_attempt(session, quiz)

    assert queries.get_slot(session, running.id, 1)[1].stem == "Old words"
    assert queries.get_version(session, running.quiz_version_id).title == "Prompt exam"
    assert queries.get_slot(session, following.id, 1)[1].stem == "New words"
    assert queries.get_version(session, following.quiz_version_id).title == "Second"


def test_a_pinned_question_stays_at_its_version(session: Session, now: datetime) -> None:
    author = make_user(session, roles=["author"])
    question = make_question(session, owner_id=author.id, kind=QuestionKind.TRUE_FALSE, stem="Old words")
    pinned = SlotSpec(kind=SlotKind.FIXED, question_id=question.id, question_version_id=latest_version(session, question).id)
    quiz = make_quiz(session, slots=[pinned], owner_id=author.id)
    draft = make_draft(question.category_id, kind=QuestionKind.TRUE_FALSE, stem="New words")
    save_version(session, question.id, draft, author_id=author.id, now=now, base_revision=question.revision)
    assert queries.get_slot(session, make_attempt(session, quiz).id, 1)[1].stem == "Old words"


def test_a_save_from_a_stale_page_overwrites_nothing(session: Session, now: datetime) -> None:
    quiz = make_quiz(session)
    base = queries.get_published(session, quiz.id)[1].token
    services.save_settings(session, quiz.id, title="First", settings=EXAM, author_id=quiz.owner_id, now=now, base=base)
    with pytest.raises(services.StaleQuizError):
        services.save_settings(session, quiz.id, title="Second", settings=EXAM, author_id=quiz.owner_id, now=now, base=base)
    assert queries.find_draft(session, quiz.id).title == "First"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (QuizSettings(minutes=0), "minutes"),
        (QuizSettings(minutes=100_000), "minutes"),
        (QuizSettings(pass_percent=Decimal(101)), "pass_percent"),
        (QuizSettings(pass_percent=Decimal("70.123")), "pass_percent"),
        (QuizSettings(attempts_allowed=0), "attempts_allowed"),
        (QuizSettings(retake_wait_hours=(-1,)), "retake_wait_hours"),
        (QuizSettings(instructions="x" * 20_001), "instructions"),
        (QuizSettings(honor_code="\x00"), "honor_code"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_their_field(
    session: Session, now: datetime, wanted: QuizSettings, field: str
) -> None:
    quiz = make_draft_quiz(session, now)
    with pytest.raises(InvalidInputError) as refused:
        services.save_draft(session, quiz.id, title="Exam", settings=wanted, slots=[], author_id=quiz.owner_id, now=now)
    assert refused.value.field == field


def test_importing_the_same_again_changes_nothing_even_after_an_author_did(session: Session, now: datetime) -> None:
    question = make_question(session)
    author = make_user(session, roles=["author"])
    facts = {
        "external_id": "q-1",
        "kind": QuizKind.EXAM,
        "title": "Exam",
        "owner_id": author.id,
        "slots": [fixed(question)],
        "settings": EXAM,
    }
    quiz = services.import_quiz(session, **facts, now=now)
    services.import_quiz(session, **facts, now=now)
    assert session.scalar(select(func.count()).select_from(QuizVersion)) == 1

    base = queries.get_published(session, quiz.id)[1].token
    services.save_settings(session, quiz.id, title="The author's", settings=EXAM, author_id=author.id, now=now, base=base)
    services.publish_quiz(session, quiz.id, author_id=author.id, now=now)
    services.import_quiz(session, **facts, now=now)
    assert queries.get_published(session, quiz.id)[1].title == "The author's"

    services.import_quiz(session, **facts | {"title": "Exam, revised"}, now=now + timedelta(hours=1))
    assert queries.get_published(session, quiz.id)[1].title == "Exam, revised"
    assert session.scalar(select(func.count()).select_from(Quiz)) == 1


def test_the_facts_of_an_exam_are_those_of_its_published_version(session: Session) -> None:
    category, other = make_category(session), make_category(session)
    for kind in (QuestionKind.SINGLE_CHOICE, QuestionKind.NUMERICAL, QuestionKind.SINGLE_CHOICE):
        make_question(session, category_id=category.id, kind=kind)
        make_question(session, category_id=other.id, kind=QuestionKind.TRUE_FALSE)
    quiz = make_quiz(
        session, slots=[drawn(category.id, 2, domain="one"), drawn(other.id, 3, domain="two")], retake_wait_hours=(24,), attempts_allowed=2
    )
    facts = queries.describe_exam_facts(session, quiz.id)
    assert (facts.questions, facts.minutes, facts.pass_percent, facts.attempts) == (5, 60, Decimal(70), 2)
    assert facts.blueprint == [("One", 2), ("Two", 3)]
    assert facts.retake_wait_hours == (24,)
    assert facts.kinds == [QuestionKind.SINGLE_CHOICE, QuestionKind.TRUE_FALSE, QuestionKind.NUMERICAL]


def test_slots_move_and_go() -> None:
    one, two, three = (SlotSpec(kind=SlotKind.RANDOM, domain=name) for name in ("1", "2", "3"))
    assert move((one, two, three), 2, by=-1) == (two, one, three)
    assert move((one, two, three), 2, by=1) == (one, three, two)
    assert move((one, two, three), 1, by=-1) == (one, two, three)
    assert move((one, two, three), 3, by=1) == (one, two, three)
    assert remove((one, two, three), 2) == (one, three)
    assert remove((one, two, three), 9) == (one, two, three)


@pytest.mark.parametrize("kind", list(QuizKind))
def test_what_a_new_quiz_begins_with_is_allowed(session: Session, now: datetime, kind: QuizKind) -> None:
    author = make_user(session, roles=["author"])
    quiz = services.create_quiz(session, external_id=None, kind=kind, title="New", owner_id=author.id, now=now)
    assert queries.find_draft(session, quiz.id).minutes == default_settings(kind).minutes


@pytest.mark.parametrize("title", ["", "   ", "x" * 161])
def test_a_quiz_needs_a_title(session: Session, now: datetime, title: str) -> None:
    author = make_user(session, roles=["author"])
    with pytest.raises(InvalidInputError):
        services.create_quiz(session, external_id=None, kind=QuizKind.EXAM, title=title, owner_id=author.id, now=now)
