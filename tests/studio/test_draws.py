"""Random sections of a quiz, and the report on its papers, as their author sees them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import QuestionCategory
from laurel.bank.rules import QuestionKind
from laurel.quizzes import queries as quiz_queries
from laurel.quizzes.models import Quiz
from laurel.quizzes.rules import DrawFilter, QuizKind, SlotSpec
from laurel.quizzes.rules.filtering import TagsMatch
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_category, make_question
from tests.factories.quizzes import drawn, fixed, make_attempt, make_quiz
from tests.quizzes.papers import fill
from tests.studio.question_forms import fill_in, look_again, read_form, text_of


def page_of(quiz: Quiz, rest: str = "") -> str:
    return f"/studio/quizzes/{quiz.id}{rest}"


def press(client: FlaskClient, path: str, act: str = "save", **changes: str) -> Any:
    """Open the form at `path`, change some fields, press a button."""
    fields = read_form(client.get(path).get_data(as_text=True), "category")
    return client.post(path, data=fields | changes | {"act": act})


def slots_of(session: Session, quiz: Quiz) -> list[SlotSpec]:
    session.rollback()
    session.expire_all()
    return [slot.spec() for slot in quiz_queries.list_slots(session, quiz_queries.get_working_version(session, quiz).id)]


@pytest.fixture
def quiz(session: Session, author: User, category: QuestionCategory) -> Quiz:
    """A published exam with a fixed and a random section."""
    fill(session, 12, category_id=category.id, owner_id=author.id, tags=("law",), difficulty=2)
    fill(session, 6, category_id=category.id, owner_id=author.id, difficulty=4)
    first = make_question(session, owner_id=author.id, kind=QuestionKind.TRUE_FALSE)
    made = make_quiz(session, owner_id=author.id, slots=[fixed(first), drawn(category.id, 4, domain="basics")])
    session.commit()
    return made


def test_a_random_section_is_added_with_everything_that_narrows_it(
    session: Session, desk: FlaskClient, quiz: Quiz, category: QuestionCategory
) -> None:
    answer = press(
        desk,
        page_of(quiz, "/draw"),
        category=str(category.id),
        with_subcategories="y",
        tags=" Law, data ",
        tags_match="any",
        objective="predicts",
        easiest="2",
        hardest="4",
        count="3",
        easy="3",
        max_mark="0.5",
    )
    assert answer.status_code == 303
    made = slots_of(session, quiz)[2]
    assert (made.category_id, made.count, str(made.max_mark.normalize())) == (category.id, 3, "0.5")
    assert made.draw_filter == DrawFilter(
        with_subcategories=True,
        tags=("data", "law"),
        tags_match=TagsMatch.ANY,
        objective="predicts",
        easiest=2,
        hardest=4,
        spread=(3, 0, 0),
    )
    page = text_of(desk.get(page_of(quiz)))
    assert "3 drawn from “Basics” with its subcategories, tagged data or law, objective “predicts”, difficulty 2 to 4: 3 easy" in page
    assert "12 fit" in page


def test_a_section_that_is_opened_and_saved_stays_what_it_was(session: Session, desk: FlaskClient, quiz: Quiz) -> None:
    before = slots_of(session, quiz)
    assert press(desk, page_of(quiz, "/draw/2")).status_code == 303
    assert slots_of(session, quiz) == before
    press(desk, page_of(quiz, "/draw/2"), count="5", tags="law", easy="4", hard="1")
    press(desk, page_of(quiz, "/draw/2"), count="6", hard="2")
    after = slots_of(session, quiz)
    assert after[0] == before[0]
    assert (after[1].count, after[1].draw_filter.tags, after[1].draw_filter.spread) == (6, ("law",), (4, 0, 2))
    assert after[1].domain == "basics"


@pytest.mark.parametrize("position", [0, 1, 3, 99999999999])
def test_only_a_random_section_is_changed(desk: FlaskClient, quiz: Quiz, position: int) -> None:
    assert desk.get(page_of(quiz, f"/draw/{position}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "18 questions fit, 4 are drawn"),
        ({"tags": "law"}, "12 questions fit, 4 are drawn"),
        ({"count": "1", "tags": "nothing"}, "0 questions fit, 1 is drawn"),
        ({"easy": "3", "hard": "1"}, "Hard: 6 fit, 1 of them drawn."),
        ({"count": "19"}, "They do not suffice"),
    ],
)
def test_what_fits_is_counted_and_nothing_is_saved(
    session: Session, desk: FlaskClient, quiz: Quiz, changes: dict[str, str], words: str
) -> None:
    answer = press(desk, page_of(quiz, "/draw/2"), "count", **changes)
    assert answer.status_code == 200
    assert words in text_of(answer)
    assert "Not saved yet." in answer.text
    assert quiz_queries.find_draft(session, quiz.id) is None


def test_a_duplicate_group_counts_once(session: Session, desk: FlaskClient, author: User, quiz: Quiz, category: QuestionCategory) -> None:
    fill(session, 3, category_id=category.id, owner_id=author.id, duplicate_group="same")
    session.commit()
    answer = text_of(press(desk, page_of(quiz, "/draw/2"), "count"))
    assert "21 questions fit, 4 are drawn" in answer
    assert "Counting each duplicate group once, there are 19." in answer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": "0"}, "Write a number between 1 and 200."),
        ({"count": "many"}, "Write a number between 1 and 200."),
        ({"easy": "-1"}, "leave all three empty"),
        ({"easy": "1", "medium": "1"}, "The spread adds up to 2, but 4 are drawn."),
        ({"easiest": "4", "hardest": "2"}, "the lower one first"),
        ({"easiest": "9"}, "alid choice"),
        ({"tags_match": "none"}, "alid choice"),
        ({"tags": "x" * 61}, "A tag has at most 60 characters"),
        ({"tags": ",".join(f"t{n}" for n in range(21))}, "20 tags at most"),
        ({"objective": "x" * 301}, "longer than 300"),
        ({"max_mark": "0"}, "more than 0"),
        ({"count": "200"}, "A paper has at most 200 questions."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_form_is_kept(
    session: Session, desk: FlaskClient, quiz: Quiz, changes: dict[str, str], message: str
) -> None:
    answer = press(desk, page_of(quiz, "/draw/2"), domain_title="Kept words", **changes)
    assert answer.status_code == 400
    assert message in text_of(answer)
    assert 'value="Kept words"' in answer.text
    assert quiz_queries.find_draft(session, quiz.id) is None


def test_a_section_from_a_stale_page_overwrites_nothing(session: Session, desk: FlaskClient, quiz: Quiz) -> None:
    fields = read_form(desk.get(page_of(quiz, "/draw/2")).get_data(as_text=True), "category")
    press(desk, page_of(quiz, "/draw/2"), count="5")
    assert desk.post(page_of(quiz, "/draw/2"), data=fields | {"count": "6"}).status_code == 409
    assert slots_of(session, quiz)[1].count == 5


def test_publishing_what_cannot_be_filled_is_refused_with_the_section_in_words(session: Session, desk: FlaskClient, quiz: Quiz) -> None:
    press(desk, page_of(quiz, "/draw/2"), count="9", easy="1", medium="1", hard="7")
    fields = read_form(desk.get(page_of(quiz)).get_data(as_text=True), "base")
    page = text_of(desk.post(page_of(quiz, "/publish"), data=fields, follow_redirects=True))
    assert page.count("Section 2 draws 1 medium from “Basics”, where 0 are ready.") == 2
    assert page.count("Section 2 draws 7 hard from “Basics”, where 6 are ready.") == 2
    session.rollback()
    assert quiz_queries.get_published(session, quiz.id)[1].n == 1


def test_a_small_pool_is_warned_of(desk: FlaskClient, quiz: Quiz) -> None:
    assert "fewer than 3 times" not in text_of(desk.get(page_of(quiz)))
    press(desk, page_of(quiz, "/draw/2"), count="7", easy="4", hard="3")
    assert "so that papers are much alike and soon known. Section 2 (hard): 3 of 6." in text_of(desk.get(page_of(quiz)))


def test_a_practice_quiz_is_not_warned(session: Session, desk: FlaskClient, author: User, category: QuestionCategory) -> None:
    fill(session, 3, category_id=category.id, owner_id=author.id)
    quiz = make_quiz(session, kind=QuizKind.PRACTICE, owner_id=author.id, slots=[drawn(category.id, 2)])
    session.commit()
    assert "Nothing stands against it." in text_of(desk.get(page_of(quiz)))


def test_the_report_shows_papers_pools_questions_and_signs(session: Session, desk: FlaskClient, quiz: Quiz) -> None:
    for _ in range(3):
        make_attempt(session, quiz)
    session.commit()
    page = text_of(desk.get(page_of(quiz, "/papers")))
    assert "1,000 papers of version 1" in page
    assert "Your pool lasts about <b>1125 learners</b>" in page  # 18 questions, 250 views each, 4 drawn
    assert "its share of the last 3 papers" in page
    rows = {row.count(f"/{slots_of(session, quiz)[0].question_id}"): row for row in page.split("<tr")}
    assert "100 %" in rows[1]
    assert "often" not in rows[1]
    assert ", often" in page  # four of eighteen, three times
    assert page.count('role="img"') == page.count("The same as a table") == 2
    assert "assumed" in page
    assert "No question has 30 answers" in page
    assert "never a verdict" in page


def test_a_quiz_that_cannot_be_drawn_says_so_instead_of_a_report(session: Session, desk: FlaskClient, quiz: Quiz) -> None:
    press(desk, page_of(quiz, "/draw/2"), count="19")
    assert "No paper can be drawn yet" in text_of(desk.get(page_of(quiz, "/papers")))


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=999999999"])
def test_a_strange_page_of_the_report_is_refused(desk: FlaskClient, quiz: Quiz, query: str) -> None:
    assert desk.get(page_of(quiz, f"/papers?{query}")).status_code == 404


def test_the_report_lists_questions_by_pages(session: Session, desk: FlaskClient, author: User, quiz: Quiz) -> None:
    other = make_category(session)
    fill(session, 30, category_id=other.id, owner_id=author.id)
    long = make_quiz(session, owner_id=author.id, slots=[drawn(other.id, 2)])
    session.commit()
    assert "Page 1 of 2 · 30 questions" in text_of(desk.get(page_of(long, "/papers")))
    assert desk.get(page_of(long, "/papers?page=2")).text.count("/studio/questions/") == 5


def test_the_report_names_another_authors_question_without_a_way_to_it(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory
) -> None:
    mine = make_question(session, owner_id=author.id, category_id=category.id, stem="Mine?")
    theirs = make_question(session, category_id=category.id, stem="Theirs?")
    quiz = make_quiz(session, owner_id=author.id, slots=[drawn(category.id, 2)])
    session.commit()
    page = desk.get(page_of(quiz, "/papers")).text
    assert f"/studio/questions/{mine.id}" in page
    assert f"/studio/questions/{theirs.id}" not in page
    assert "Theirs?" in page


@pytest.mark.parametrize("sections", [1, 8])
def test_the_pages_take_a_steady_number_of_queries(
    session: Session, desk: FlaskClient, author: User, queries: QueryCount, sections: int
) -> None:
    slots = []
    for _ in range(sections):
        within = make_category(session)
        fill(session, 6, category_id=within.id, owner_id=author.id, tags=("law",), duplicate_group=f"g{sections}")
        fill(session, 4, category_id=within.id, owner_id=author.id, tags=("law",))
        slots.append(drawn(within.id, 2, tags=("law",), with_subcategories=True))
    quiz = make_quiz(session, owner_id=author.id, slots=slots)
    make_attempt(session, quiz)
    session.commit()
    for rest, budget in (("/papers", 20), ("/draw/1", 14), ("", 22)):
        queries.clear()
        assert desk.get(page_of(quiz, rest)).status_code == 200
        assert queries.selects <= budget, rest


@pytest.mark.parametrize("rest", ["/papers", "/draw/2"])
def test_another_authors_papers_do_not_exist(session: Session, sign_in: SignIn, quiz: Quiz, rest: str) -> None:
    stranger = sign_in(make_user(session, roles=["author"]))
    assert stranger.get(page_of(quiz, rest)).status_code == 404
    assert stranger.post(page_of(quiz, "/draw/2"), data={"count": "1"}).status_code in {400, 404}


def test_tags_and_the_group_are_edited_with_the_question(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id, tags=("old",))
    mate = make_question(session, owner_id=author.id, duplicate_group="windows", stem="How long is a window?")
    session.commit()
    path = f"/studio/questions/{question.id}"
    assert fill_in(desk, f"{path}/edit").status_code == 303
    page = text_of(desk.get(path))
    assert 'href="/studio/questions?tag=old">old</a>' in page
    assert "Never on a paper with" not in page

    assert fill_in(desk, f"{path}/edit", tags="Law, data protection", duplicate_group="Windows").status_code == 303
    look_again(session, question)
    assert (question.duplicate_group, question.latest_n, question.ready_n) == ("windows", 1, 1)
    page = text_of(desk.get(path))
    assert f'href="/studio/questions/{mate.id}">How long is a window?</a>' in page
    listed = text_of(desk.get("/studio/questions?tag=Data%20%20Protection"))
    assert "1 question<" in listed
    assert "data protection, law" in listed


@pytest.mark.parametrize(("field", "value", "message"), [("tags", "x" * 61, "A tag has at most 60"), ("duplicate_group", "x" * 121, "120")])
def test_a_tag_that_is_too_long_is_said_beside_its_field(
    session: Session, desk: FlaskClient, author: User, field: str, value: str, message: str
) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    answer = fill_in(desk, f"/studio/questions/{question.id}/edit", **{field: value})
    assert answer.status_code == 400
    assert message in answer.text.split(f'id="{field}-error"')[1][:600]
