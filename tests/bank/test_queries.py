"""Finding questions: filters, owners, what learners get."""

import pytest
from sqlalchemy.orm import Session

from laurel.bank import queries
from laurel.bank.queries import QuestionFilter
from laurel.bank.rules import QuestionKind, QuestionStatus
from laurel.core.errors import NotFoundError
from laurel.core.ids import new_id
from tests.conftest import QueryCount
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_question


def stems(session: Session, wanted: QuestionFilter) -> list[str]:
    return [version.stem for _, version in session.execute(queries.list_questions(wanted))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["Second", "100 % of *ÄRGER*"]),
        ("second", ["Second"]),
        ("ärger", ["100 % of *ÄRGER*"]),
        ("%", ["100 % of *ÄRGER*"]),
        ("_", []),
        ("*ärger*", ["100 % of *ÄRGER*"]),
        ("100 ärger", ["100 % of *ÄRGER*"]),
        ("100 second", []),
        ("next token", ["Second", "100 % of *ÄRGER*"]),  # an option says it
        ("q-17", ["Second"]),  # its external id
        ("\\", []),
        ("' OR 1=1 --", []),
        ("(a+)+$", []),
        ("nowhere " * 5000, []),
    ],
)
def test_a_search_finds_every_word_and_nothing_by_accident(session: Session, text: str, expected: list[str]) -> None:
    make_question(session, stem="100 % of *ÄRGER*")
    make_question(session, stem="Second", external_id="q-17")
    assert stems(session, QuestionFilter(owner_id=None, text=text)) == expected


def test_filters_narrow_together(session: Session) -> None:
    category = make_category(session)
    make_question(session, stem="A", category_id=category.id, kind=QuestionKind.TRUE_FALSE, objective="Tell tokens from words")
    make_question(session, stem="B", category_id=category.id, status=QuestionStatus.DRAFT)
    make_question(session, stem="C", kind=QuestionKind.TRUE_FALSE)

    everything = QuestionFilter(owner_id=None)
    assert stems(session, QuestionFilter(owner_id=None, category_ids=[category.id])) == ["B", "A"]
    assert stems(session, QuestionFilter(owner_id=None, kind=QuestionKind.TRUE_FALSE)) == ["C", "A"]
    assert stems(session, QuestionFilter(owner_id=None, status=QuestionStatus.DRAFT)) == ["B"]
    assert stems(session, QuestionFilter(owner_id=None, objective="TOKENS from")) == ["A"]
    assert stems(session, QuestionFilter(owner_id=None, category_ids=[category.id], kind=QuestionKind.TRUE_FALSE)) == ["A"]
    assert queries.count_by_status(session, everything)[QuestionStatus.READY] == 2
    assert queries.count_by_status(session, QuestionFilter(owner_id=None, status=QuestionStatus.DRAFT))[QuestionStatus.READY] == 2


def test_another_authors_question_does_not_exist(session: Session) -> None:
    mine, theirs = make_question(session, stem="Mine"), make_question(session, stem="Theirs")

    assert stems(session, QuestionFilter(owner_id=mine.owner_id)) == ["Mine"]
    assert queries.get_question(session, theirs.id, owner_id=None).id == theirs.id
    with pytest.raises(NotFoundError):
        queries.get_question(session, theirs.id, owner_id=mine.owner_id)
    assert queries.count_by_category(session, owner_id=mine.owner_id) == {mine.category_id: 1}


def test_only_the_latest_version_is_listed_and_searched(session: Session) -> None:
    question = make_question(session, stem="Old words")
    question.latest_n = 1
    assert stems(session, QuestionFilter(owner_id=None, text="old")) == ["Old words"]


def test_a_category_gives_one_ready_version_for_each_question_in_a_steady_order(session: Session) -> None:
    category, author = make_category(session), make_user(session)
    made = [make_question(session, category_id=category.id, owner_id=author.id) for _ in range(3)]
    make_question(session, category_id=category.id, status=QuestionStatus.DRAFT)
    make_question(session)

    expected = [latest_version(session, question).id for question in made]

    assert queries.list_ready_in_category(session, category.id) == expected


def test_many_versions_take_one_query(session: Session, queries_made: QueryCount) -> None:
    ids = [latest_version(session, make_question(session)).id for _ in range(3)]
    session.expunge_all()
    queries_made.clear()

    found = queries.get_versions(session, ids)

    assert set(found) == set(ids)
    assert queries_made.selects == 1


def test_a_version_that_does_not_exist_is_an_error(session: Session) -> None:
    known = latest_version(session, make_question(session)).id
    with pytest.raises(NotFoundError):
        queries.get_versions(session, [known, new_id()])
    with pytest.raises(NotFoundError):
        queries.get_version(session, new_id())
