"""Writing questions in the studio, without a script."""

import re
from itertools import cycle

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question, QuestionCategory, QuestionVersion
from laurel.bank.rules import QuestionKind, QuestionStatus
from tests.factories.bank import BODIES, latest_version, make_question
from tests.studio.question_forms import HOME, SLUGS, count, fill_in, look_again, only_question, read_form, send, text_of

WRITTEN: dict[QuestionKind, tuple[dict[str, str], str]] = {
    QuestionKind.SINGLE_CHOICE: ({"options-0-text": "Tokens", "options-1-text": "Facts", "right": "a"}, "Tokens"),
    QuestionKind.MULTIPLE_RESPONSE: (
        {"options-0-text": "A", "options-0-is_right": "y", "options-1-text": "B", "options-2-text": "C", "options-2-is_right": "y"},
        "A; C",
    ),
    QuestionKind.TRUE_FALSE: ({"answer": "false", "feedback_true": "No."}, "False"),
    QuestionKind.SHORT_ANSWER: ({"answers-0-pattern": "token", "answers-1-pattern": "tok*", "answers-1-credit": "50"}, "token"),
    QuestionKind.NUMERICAL: ({"answers-0-value": "1,500", "answers-0-tolerance": "0.5"}, "1500 (1499.5 to 1500.5)"),
    QuestionKind.ESSAY: (
        {"criteria-0-name": "Clear", "criteria-0-points": "4", "criteria-0-levels": "4: Yes\n0: No", "max_words": "200"},
        "",
    ),
    QuestionKind.MATCHING: (
        {
            "stems-0-text": "temperature",
            "stems-0-match": "variety",
            "stems-1-text": "top_p",
            "stems-1-match": "variety",
            "choices-0-text": "length",
        },
        "temperature → variety; top_p → variety",
    ),
    QuestionKind.ORDERING: (
        {"items-0-text": "Plan", "items-1-text": "Write", "items-2-text": "Test", "scheme": "all_pairs"},
        "1. Plan; 2. Write; 3. Test",
    ),
    QuestionKind.CLOZE: (
        {"gaps-0-input": "number", "gaps-0-units": "m; km = 1000", "answers-0-text": "1,500", "answers-0-tolerance": "1"},
        "1. 1500 (1499 to 1501) m",
    ),
}


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_an_author_writes_a_question_of_each_kind(
    session: Session, desk: FlaskClient, author: User, category: QuestionCategory, kind: QuestionKind
) -> None:
    changes, right = WRITTEN[kind]

    response = fill_in(desk, f"{HOME}/new/{SLUGS[kind]}", stem="What comes *next*?", category=str(category.id), **changes)

    question = only_question(session)
    assert response.status_code == 303
    assert response.location == f"{HOME}/{question.id}"
    assert (question.owner_id, question.status, question.difficulty) == (author.id, QuestionStatus.DRAFT, 3)
    assert latest_version(session, question).typed_body().right_answer_text() == right
    assert "What comes <em>next</em>?" in desk.get(response.location).get_data(as_text=True)


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_saving_what_was_opened_changes_nothing(session: Session, desk: FlaskClient, author: User, kind: QuestionKind) -> None:
    question = make_question(session, kind=kind, owner_id=author.id)
    before = latest_version(session, question)
    session.commit()

    fill_in(desk, f"{HOME}/{question.id}/edit")

    look_again(session, question)
    assert (question.latest_n, question.status) == (1, QuestionStatus.READY)
    assert latest_version(session, question).content_hash == before.content_hash


def test_an_edit_becomes_a_draft_version_while_learners_keep_theirs(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()

    response = fill_in(desk, f"{HOME}/{question.id}/edit", stem="What comes next?", **{"options-1-text": "The next idea"})

    page = text_of(desk.get(response.location))
    look_again(session, question)
    assert (question.latest_n, question.ready_n) == (2, 1)
    assert "Version 2 is saved as a draft. Learners get version 1 until it is ready." in page
    assert [o["key"] for o in latest_version(session, question).body["options"]] == ["a", "b", "c", "d"]


BAD: list[tuple[QuestionKind, dict[str, str], str]] = [
    (QuestionKind.SINGLE_CHOICE, {"stem": "  "}, "Write the question."),
    (QuestionKind.SINGLE_CHOICE, {"category": ""}, "Choose a category."),
    (QuestionKind.SINGLE_CHOICE, {"options-1-text": "", "options-1-feedback": "Why"}, "Write the text of option 2, or remove it."),
    (QuestionKind.SINGLE_CHOICE, {"options-1-credit": "half"}, "Write a percentage such as 50 or 33.33333."),
    (QuestionKind.SINGLE_CHOICE, {"options-1-credit": "150"}, "The credit lies between -100 % and 100 %."),
    (
        QuestionKind.MULTIPLE_RESPONSE,
        {"policy": "weighted", "options-1-credit": "9", "options-0-credit": ""},
        "Write how much this right option earns.",
    ),
    (
        QuestionKind.MULTIPLE_RESPONSE,
        {"policy": "weighted", "options-2-credit": "5"},
        "Tick this option as right, or give it no credit above 0.",
    ),
    (QuestionKind.SHORT_ANSWER, {"answers-0-pattern": ""}, "Write answer 1, or remove it."),
    (QuestionKind.NUMERICAL, {"answers-0-value": "many"}, "This is not a number. Write it like 0.5 or 1,500, or * for any number."),
    (QuestionKind.NUMERICAL, {"answers-0-tolerance": "1,5"}, "This is not a number. Write it like 0.5 or 1,500."),
    (QuestionKind.NUMERICAL, {"answers-0-tolerance": "-1"}, "A tolerance is zero or more."),
    (QuestionKind.ESSAY, {"criteria-1-name": ""}, "Name criterion 2, or remove it."),
    (QuestionKind.ESSAY, {"criteria-1-points": "none"}, "This is not a number. Write it like 0.5 or 1,500."),
    (QuestionKind.ESSAY, {"criteria-1-points": "0"}, "Write points from 0.01 to 1000, with two decimal places at most."),
    (QuestionKind.ESSAY, {"criteria-0-levels": "4: Yes\nno"}, "Level 2: Write points from 0 to 1000, with two decimal places at most."),
    (QuestionKind.ESSAY, {"criteria-0-levels": "5: Yes"}, "A level earns more than the 4 points of its criterion."),
    (QuestionKind.ESSAY, {"max_words": "20"}, "The most words are fewer than the least."),
    (QuestionKind.MATCHING, {"stems-1-match": ""}, "Write what matches in pair 2."),
    (QuestionKind.MATCHING, {"stems-1-text": ""}, "Write what is to be matched in pair 2, or remove the pair."),
    (QuestionKind.ORDERING, {"items-2-text": ""}, "Write item 3, or remove it."),
    (QuestionKind.CLOZE, {"gaps-1-weight": "0"}, "The weight of a gap is above 0 and at most 1000."),
    (QuestionKind.CLOZE, {"answers-3-gap": "9"}, "Write the number of one of the gaps above."),
    (QuestionKind.CLOZE, {"answers-3-text": "many"}, "This is not a number. Write it like 0.5 or 1,500, or * for any number."),
    (QuestionKind.CLOZE, {"answers-1-credit": "-5"}, "In a gap the credit lies between 0 % and 100 %."),
    (QuestionKind.CLOZE, {"gaps-2-units": "m = x"}, "This is not a number. Write it like 0.5 or 1,500."),
]


@pytest.mark.parametrize(("kind", "changes", "message"), BAD)
def test_bad_input_is_named_beside_its_field_and_nothing_is_lost(
    session: Session, desk: FlaskClient, author: User, kind: QuestionKind, changes: dict[str, str], message: str
) -> None:
    question = make_question(session, kind=kind, owner_id=author.id)
    session.commit()
    wrong = next(reversed(changes)) if "feedback" not in next(reversed(changes)) else "options-1-text"

    response = fill_in(desk, f"{HOME}/{question.id}/edit", **({"general_feedback": "Mine & yours"} | changes))

    page = response.get_data(as_text=True)
    assert response.status_code == 400
    assert f'href="#{wrong}"' in page
    assert page.count(message) == 2
    assert f'id="{wrong}-error"' in page
    assert read_form(page, "stem")["general_feedback"] == "Mine & yours"
    assert count(session, QuestionVersion) == 1


def test_a_row_is_added_without_a_script_and_keeps_what_was_typed(desk: FlaskClient, session: Session) -> None:
    response = fill_in(desk, f"{HOME}/new/single-choice", act="add-options", stem="Half a question", **{"options-3-text": "Last"})

    fields = read_form(response.get_data(as_text=True), "stem")
    assert (fields["stem"], fields["options-3-text"], fields["options-4-key"]) == ("Half a question", "Last", "e")
    assert re.search(r'<textarea[^>]* autofocus [^>]*id="options-4-text"', response.get_data(as_text=True))
    assert count(session, Question) == 0


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("up-options-1", "bacd"),
        ("down-options-0", "bacd"),
        ("down-options-3", "abcd"),
        ("up-options-0", "abcd"),
        ("remove-options-1", "acd"),
    ],
)
def test_rows_are_moved_and_removed_with_their_keys(session: Session, desk: FlaskClient, author: User, act: str, expected: str) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()

    response = fill_in(desk, f"{HOME}/{question.id}/edit", act=act)

    fields = read_form(response.get_data(as_text=True), "stem")
    assert "".join(value for name, value in fields.items() if re.fullmatch(r"options-\d-key", name)) == expected
    assert fields["right"] == "a"


def test_a_new_gap_gets_the_next_free_number_and_an_answer_the_gap_of_the_last(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, kind=QuestionKind.CLOZE, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/edit"

    without_second = read_form(fill_in(desk, path, act="remove-gaps-1").get_data(as_text=True), "stem")
    added = read_form(send(desk, path, without_second, act="add-gaps").get_data(as_text=True), "stem")
    answered = read_form(send(desk, path, added, act="add-answers").get_data(as_text=True), "stem")

    assert [added[f"gaps-{row}-key"] for row in range(3)] == ["1", "3", "2"]
    assert answered["answers-4-gap"] == "3"


def test_moving_rows_of_parts_changes_the_key_and_no_keys(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, kind=QuestionKind.ORDERING, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/edit"

    moved = read_form(fill_in(desk, path, act="up-items-2").get_data(as_text=True), "stem")
    send(desk, path, moved, **{"items-0-text": "Say what a good answer would be"})

    look_again(session, question)
    assert [item["key"] for item in latest_version(session, question).body["items"]] == ["ib", "ic", "ia"]


def test_an_option_that_moves_to_another_gap_gets_a_key_of_its_own(session: Session, desk: FlaskClient, author: User) -> None:
    options = {"options": [{"text": "yes", "fraction": "1"}, {"text": "no"}]}
    body = {"gaps": [{"input": "choice", "body": options}, {"input": "choice", "body": options}]}
    question = make_question(session, kind=QuestionKind.CLOZE, body=body, stem="[[1]] [[2]]", owner_id=author.id)
    session.commit()

    fill_in(desk, f"{HOME}/{question.id}/edit", **{"answers-3-gap": "1", "answers-3-text": "perhaps"})

    look_again(session, question)
    first = latest_version(session, question).body["gaps"][0]["body"]["options"]
    assert [option["text"] for option in first] == ["yes", "no", "perhaps"]
    assert len({option["key"] for option in first}) == 3


def test_versions_of_parts_are_compared_part_by_part(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, kind=QuestionKind.MATCHING, owner_id=author.id)
    session.commit()
    fill_in(desk, f"{HOME}/{question.id}/edit", **{"stems-1-match": "How long the answer can be"})
    page = text_of(desk.get(f"{HOME}/{question.id}/versions"))
    assert "Match of stem 2" in page
    assert "<ins>can </ins>" in page
    assert "Match of stem 1" not in page
    assert f"/{question.id}" in text_of(desk.get(f"{HOME}?q=answer+can+be"))  # and it is found by its new words


@pytest.mark.parametrize(
    "act", ["add-answers", "fly", "up-options-99", "remove-options-x", "remove-options-", "add-csrf_token", "up-options-²"]
)
def test_a_button_that_is_not_there_does_nothing(desk: FlaskClient, act: str) -> None:
    response = fill_in(desk, f"{HOME}/new/single-choice", act=act, stem="Kept")
    assert response.status_code == 400
    assert read_form(response.get_data(as_text=True), "stem")["stem"] == "Kept"


def test_there_is_no_eleventh_option(desk: FlaskClient) -> None:
    fields = read_form(desk.get(f"{HOME}/new/single-choice").get_data(as_text=True), "stem")
    for number in range(4, 12):
        response = send(desk, f"{HOME}/new/single-choice", fields, act="add-options")
        fields = read_form(response.get_data(as_text=True), "stem")
        assert response.status_code == (200 if number < 10 else 400)
    assert "There can be 10 options at most." in text_of(response)


def test_a_draft_is_previewed_before_it_is_saved(desk: FlaskClient, session: Session, category: QuestionCategory) -> None:
    response = fill_in(desk, f"{HOME}/new/true-false", act="preview", stem="Is `x` safe?", category=str(category.id), answer="true")
    assert "Is <code>x</code> safe?" in response.get_data(as_text=True)
    assert count(session, Question) == 0


def test_a_second_save_from_a_stale_tab_shows_both_and_loses_nothing(session: Session, desk: FlaskClient, author: User) -> None:
    question = make_question(session, owner_id=author.id)
    session.commit()
    path = f"{HOME}/{question.id}/edit"
    stale = read_form(desk.get(path).get_data(as_text=True), "stem")
    fill_in(desk, path, stem="Saved in the other tab")

    response = send(desk, path, stale, stem="Written in this tab", general_feedback="My thoughts")

    page = response.get_data(as_text=True)
    kept = read_form(page, "stem")
    look_again(session, question)
    assert response.status_code == 409
    assert question.latest_n == 2
    assert "Saved in the other tab" in text_of(response)
    assert (kept["stem"], kept["general_feedback"]) == ("Written in this tab", "My thoughts")

    again = send(desk, path, kept)

    look_again(session, question)
    assert again.status_code == 303
    assert (question.latest_n, latest_version(session, question).stem) == (3, "Written in this tab")


def test_the_bodies_of_the_factory_are_complete() -> None:
    assert set(BODIES) == set(WRITTEN) == set(QuestionKind)


HOSTILE = ["\x00", "x" * 30_000, "</textarea><script>alert(1)</script>", "-1", "1e999", "NaN", "²", "🙂\u202e", "{{7*7}}%s", "*" * 500]


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_no_field_brings_the_form_down(desk: FlaskClient, category: QuestionCategory, kind: QuestionKind) -> None:
    path = f"{HOME}/new/{SLUGS[kind]}"
    fields = read_form(desk.get(path).get_data(as_text=True), "stem") | WRITTEN[kind][0] | {"stem": "Why?", "category": str(category.id)}
    names = [*fields, "options-999999999999-text", "answers-07-pattern", "act", "right"]
    one_each = [fields | {name: value} for name, value in zip(names, cycle(HOSTILE), strict=False)]
    all_at_once = [dict.fromkeys(names, value) | {"csrf_token": fields["csrf_token"]} for value in HOSTILE]
    for data in one_each + all_at_once:
        response = desk.post(path, data=data)
        assert response.status_code in {303, 400, 413}, data
        assert "<script>alert" not in response.get_data(as_text=True)


def test_a_field_that_is_sent_twice_is_no_form(desk: FlaskClient) -> None:
    path = f"{HOME}/new/single-choice"
    fields = read_form(desk.get(path).get_data(as_text=True), "stem")
    assert desk.post(path, data=fields | {"stem": ["One", "Two"]}).status_code == 400
