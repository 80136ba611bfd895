"""The list of questions, who sees which, and the categories."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank import queries
from laurel.bank.models import QuestionCategory
from laurel.bank.rules import QuestionKind, QuestionStatus
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.studio.question_forms import HOME, SLUGS, fill_in, look_again, read_form, send, text_of


def test_the_list_shows_an_author_their_own_questions_only(session: Session, desk: FlaskClient, author: User) -> None:
    make_question(session, owner_id=author.id, stem="Mine alone")
    make_question(session, stem="Somebody else’s")
    session.commit()

    page = text_of(desk.get(HOME))

    assert "Mine alone" in page
    assert "Somebody else’s" not in page
    assert "Ready 1" in page


def test_an_admin_sees_and_edits_everybodys(session: Session, sign_in: SignIn) -> None:
    question = make_question(session, stem="Somebody’s")
    desk = sign_in(make_user(session, roles=["admin"]))

    assert "Somebody’s" in text_of(desk.get(HOME))
    assert fill_in(desk, f"{HOME}/{question.id}/edit", stem="Put right").status_code == 303


@pytest.mark.parametrize("tail", ["", "/edit", "/preview", "/versions"])
def test_another_authors_question_does_not_exist(session: Session, desk: FlaskClient, tail: str) -> None:
    question = make_question(session)
    session.commit()
    assert desk.get(f"{HOME}/{question.id}{tail}").status_code == 404


def test_another_authors_question_cannot_be_changed_by_knowing_its_address(session: Session, desk: FlaskClient, author: User) -> None:
    mine, theirs = make_question(session, owner_id=author.id), make_question(session)
    session.commit()
    fields = read_form(desk.get(f"{HOME}/{mine.id}/edit").get_data(as_text=True), "stem")

    assert send(desk, f"{HOME}/{theirs.id}/edit", fields, stem="Taken over").status_code == 404
    data = {"csrf_token": fields["csrf_token"], "status": "retired", "base_revision": "1"}
    assert desk.post(f"{HOME}/{theirs.id}/status", data=data).status_code == 404

    look_again(session, theirs)
    assert (theirs.latest_n, theirs.status) == (1, QuestionStatus.READY)


@pytest.mark.parametrize(("roles", "code"), [([], 403), (["marketer"], 403), (["support"], 403), (["author"], 200), (["admin"], 200)])
def test_only_those_who_write_questions_enter(session: Session, sign_in: SignIn, roles: list[str], code: int) -> None:
    assert sign_in(make_user(session, roles=roles)).get(HOME).status_code == code


def test_filters_find_and_say_so_when_they_do_not(session: Session, desk: FlaskClient, author: User, category: QuestionCategory) -> None:
    inner = make_category(session, slug="basics/inner", title="Inner")
    inner.parent_id = category.id
    make_question(session, owner_id=author.id, category_id=inner.id, stem="Deep inside", kind=QuestionKind.NUMERICAL)
    make_question(session, owner_id=author.id, stem="Elsewhere", objective="Name the parts")
    session.commit()

    def found(query: str) -> tuple[bool, bool]:
        page = text_of(desk.get(f"{HOME}?{query}"))
        return "Deep inside" in page, "Elsewhere" in page

    assert found(f"category={category.id}") == (True, False)
    assert found("kind=numerical") == (True, False)
    assert found("objective=parts") == (False, True)
    assert found("q=elsewhere") == (False, True)
    assert found("status=draft") == (False, False)
    assert "No question matches" in text_of(desk.get(f"{HOME}?q=%25%25%25"))


STRANGE = ["kind=essay", "status=gone", "category=1", "category=../x", "q=%00", f"q={'a' * 5000}", "sort=password", "q='%22%3E%3Cscript%3E"]


@pytest.mark.parametrize("query", STRANGE)
def test_a_strange_filter_is_harmless(desk: FlaskClient, query: str) -> None:
    response = desk.get(f"{HOME}?{query}")
    assert response.status_code == 200
    assert "><script>" not in response.get_data(as_text=True)


def test_an_empty_bank_says_what_it_is_for(desk: FlaskClient) -> None:
    assert "Quizzes and exams draw their questions from here." in text_of(desk.get(HOME))


def test_a_long_list_has_pages_and_takes_a_steady_number_of_queries(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, queries: QueryCount
) -> None:
    for number in range(30):
        make_question(session, owner_id=author.id, category_id=category.id, stem=f"Question number {number}")
    session.commit()
    queries.clear()

    page = text_of(desk.get(f"{HOME}?q=number"))

    assert "Page 1 of 2 · 30 questions" in page
    assert queries.selects <= 10  # two of them ask PostgreSQL for the time
    assert "/studio/questions?q=number&amp;page=2" in page


def test_a_category_is_made_and_chosen(session: Session, desk: FlaskClient, category: QuestionCategory) -> None:
    path = f"{HOME}/categories"
    fields = read_form(desk.get(path).get_data(as_text=True), "title")

    response = desk.post(path, data=fields | {"title": "Prompts & co", "parent": str(category.id)}, follow_redirects=True)
    again = desk.post(path, data=fields | {"title": "Prompts & co", "parent": str(category.id)})

    assert "Basics › Prompts &amp; co" in text_of(response)
    assert (again.status_code, "There is such a category already." in text_of(again)) == (400, True)
    assert queries_slug(session) == {"basics", "basics/prompts-co"}


def queries_slug(session: Session) -> set[str]:
    session.rollback()
    return {category.slug for category in queries.list_categories(session)}


def test_a_kind_that_is_not_there_is_a_404(desk: FlaskClient) -> None:
    assert desk.get(f"{HOME}/new/poem").status_code == 404
    assert all(desk.get(f"{HOME}/new/{slug}").status_code == 200 for slug in SLUGS.values())


def test_hostile_text_is_shown_as_text(session: Session, desk: FlaskClient, category: QuestionCategory) -> None:
    evil = "<img src=x onerror=alert(1)>{{1234*1001}}"
    changes = {"options-0-text": evil, "options-1-text": "B", "options-0-feedback": evil, "right": "a"}
    response = fill_in(desk, f"{HOME}/new/single-choice", stem=evil, category=str(category.id), objective=evil, **changes)

    for tail in ("", "/edit", "/preview", "/versions"):
        page = desk.get(f"{response.location}{tail}").get_data(as_text=True)
        assert "<img src=x" not in page
        assert "1235234" not in page


def test_no_page_of_an_author_is_kept_by_a_cache(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    assert desk.get(f"{HOME}/{question.id}").headers["Cache-Control"] == "no-store"
