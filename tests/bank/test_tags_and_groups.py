from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.bank import queries, services
from laurel.bank.models import QuestionTag
from laurel.bank.rules.tags import clean_group, clean_tags, split_tags
from laurel.core.errors import InvalidInputError
from tests.factories.bank import make_draft, make_question


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ([], ()),
        (["Law", " data  protection ", "law", ""], ("data protection", "law")),
        (["STRASSE", "straße"], ("strasse",)),
        (["e\u0301"], ("é",)),
    ],
)
def test_tags_are_stored_in_one_form(written: list[str], stored: tuple[str, ...]) -> None:
    assert clean_tags(written) == stored
    assert clean_tags(stored) == stored


@pytest.mark.parametrize("tags", [["x" * 61], [f"tag {number}" for number in range(21)], ["a,b"], ["a\x00b"]])
def test_what_is_no_tag_is_refused_at_its_field(tags: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clean_tags(tags)
    assert refused.value.field == "tags"


def test_tags_are_read_with_commas_between_them() -> None:
    assert split_tags(" law, data protection ,, ") == ["law", "data protection"]


def test_the_same_words_are_the_same_group() -> None:
    assert clean_group("  Context \n Windows ") == clean_group("context windows") == "context windows"
    with pytest.raises(InvalidInputError):
        clean_group("x" * 121)


def test_a_save_writes_the_tags_and_the_group_and_makes_no_version_of_them(session: Session, now: datetime) -> None:
    question = make_question(session, tags=("law", "data"), duplicate_group="Windows")
    assert queries.map_tags(session, [question.id]) == {question.id: ["data", "law"]}
    assert question.duplicate_group == "windows"

    draft = make_draft(question.category_id, tags=("law", "new"))
    services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=question.revision)
    assert queries.map_tags(session, [question.id]) == {question.id: ["law", "new"]}
    assert (question.duplicate_group, question.latest_n, question.ready_n) == (None, 1, 1)

    services.save_version(
        session, question.id, make_draft(question.category_id), author_id=question.owner_id, now=now, base_revision=question.revision
    )
    assert session.scalar(select(func.count()).select_from(QuestionTag)) == 0


def test_questions_are_found_by_a_tag_and_by_its_words(session: Session) -> None:
    wanted, other = make_question(session, tags=("data protection",)), make_question(session, tags=("data",))

    def found(**narrowed: str) -> set[object]:
        rows = session.execute(queries.list_questions(queries.QuestionFilter(owner_id=None, **narrowed)))
        return {row[0].id for row in rows}

    assert found(tag="data protection") == {wanted.id}
    assert found(tag="data") == {other.id}
    assert found(tag="dat") == set()
    assert found(text="protection") == {wanted.id}


def test_what_a_field_offers_is_the_owners(session: Session) -> None:
    mine = make_question(session, tags=("b", "a"), duplicate_group="mine")
    make_question(session, owner_id=mine.owner_id, tags=("b",), duplicate_group="mine")
    theirs = make_question(session, tags=("c",), duplicate_group="theirs")
    assert queries.list_tags(session, owner_id=mine.owner_id) == ["a", "b"]
    assert queries.list_groups(session, owner_id=mine.owner_id) == ["mine"]
    assert queries.list_tags(session, owner_id=None) == ["a", "b", "c"]
    assert queries.list_groups(session, owner_id=None) == ["mine", "theirs"]
    assert queries.list_groupmates(session, theirs, owner_id=None) == []


def test_groupmates_are_the_others_of_the_group(session: Session) -> None:
    one = make_question(session, duplicate_group="same")
    two = make_question(session, owner_id=one.owner_id, duplicate_group="same")
    make_question(session, duplicate_group="same")
    assert [mate for mate, _ in queries.list_groupmates(session, one, owner_id=one.owner_id)] == [two.id]
    assert len(queries.list_groupmates(session, one, owner_id=None)) == 2
    assert queries.list_groupmates(session, make_question(session), owner_id=None) == []
