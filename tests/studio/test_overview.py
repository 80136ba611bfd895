"""The studio's first page says what waits for the person."""

import pytest
from sqlalchemy.orm import Session

from laurel.bank.rules import QuestionStatus
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.articles import make_draft_article
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import drawn, make_quiz, make_waiting


def test_an_author_sees_their_own_drafts_and_nobody_elses(session: Session, sign_in: SignIn) -> None:
    author = make_user(session, roles=["author"])
    make_question(session, owner_id=author.id).status = QuestionStatus.DRAFT
    make_question(session, owner_id=author.id).status = QuestionStatus.IN_REVIEW
    for _ in range(3):
        make_question(session).status = QuestionStatus.DRAFT
    make_draft_article(session)

    page = sign_in(author).get("/studio").text

    assert "1 draft question<" in page
    assert "1 question in review<" in page
    assert "article" not in page.partition("What waits for you")[2].partition("</section>")[0]


def test_a_marketer_sees_their_own_drafts(session: Session, sign_in: SignIn) -> None:
    marketer = make_user(session, roles=["marketer"])
    for _ in range(2):
        make_draft_article(session, author=marketer)
    make_draft_article(session)

    assert "2 draft articles of yours<" in sign_in(marketer).get("/studio").text


def test_where_nothing_waits_the_page_says_so(session: Session, sign_in: SignIn) -> None:
    assert "Every draft is finished" in sign_in(make_user(session, roles=["author"])).get("/studio").text


def test_essays_to_grade_are_counted(session: Session, sign_in: SignIn) -> None:
    author = make_user(session, roles=["author"])
    make_waiting(session, essays=2, owner_id=author.id)
    make_waiting(session, essays=1)

    assert "2 answers to grade<" in sign_in(author).get("/studio").text


def test_an_exam_that_nobody_can_start_is_named(session: Session, sign_in: SignIn) -> None:
    author = make_user(session, roles=["author"])
    category = make_category(session)
    questions = [make_question(session, category_id=category.id, owner_id=author.id) for _ in range(3)]
    make_quiz(session, slots=[drawn(category.id, 3)], owner_id=author.id, title="Bookkeeping exam")
    client = sign_in(author)
    assert "too few ready questions" not in client.get("/studio").text

    questions[0].ready_n = None
    session.commit()
    page = client.get("/studio").text

    assert "1 exam has too few ready questions" in page
    assert "Bookkeeping exam</a>: 1 missing" in page


@pytest.mark.parametrize("exams", [1, 6])
def test_it_takes_the_same_queries_however_much_there_is(session: Session, sign_in: SignIn, queries: QueryCount, exams: int) -> None:
    admin = make_user(session, roles=["admin"])
    for _ in range(exams):
        make_quiz(session, owner_id=admin.id)
    client = sign_in(admin)
    client.get("/studio")
    queries.clear()

    assert client.get("/studio").status_code == 200

    assert queries.selects <= 12
