"""Bringing in the questions of `seed_content`."""

import time
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from laurel.bank import queries, services
from laurel.bank.formats.seed import read_question
from laurel.bank.models import Question
from laurel.bank.rules import QuestionStatus
from laurel.core.errors import InvalidInputError
from laurel.settings import root
from tests.factories.accounts import make_user
from tests.factories.bank import latest_version, make_category, make_draft


def record(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pe1-x-01",
        "type": "single_choice",
        "domain": "foundations",
        "difficulty": 2,
        "objective": "Say what a model predicts",
        "stem": "What does it predict?",
        "general_feedback": "It continues text.",
        "options": [
            {"text": "The next token", "correct": True, "feedback": "Yes."},
            {"text": "The next fact", "correct": False, "feedback": "No."},
        ],
    } | changes


def short_answer(**changes: Any) -> dict[str, Any]:
    answers = [{"pattern": "token*", "fraction": "1", "feedback": "Yes."}]
    fields = {key: value for key, value in record(type="short_answer").items() if key != "options"}
    return fields | {"answers": answers} | changes


def parts(kind: str, **fields: Any) -> dict[str, Any]:
    """A record of a kind that is answered part by part."""
    return {key: value for key, value in record(type=kind).items() if key != "options"} | fields


PAIRS = [{"stem": "temperature", "match": "variety", "feedback": "x"}, {"stem": "top_p", "match": "variety", "feedback": "y"}]
ITEMS = [{"text": "Plan"}, {"text": "Write"}, {"text": "Test", "feedback": "x"}]
GAPS = [
    {"input": "choice", "options": [{"text": "A", "correct": True, "feedback": "x"}, {"text": "B", "correct": False, "feedback": "x"}]},
    {"input": "text", "answers": [{"pattern": "token*", "fraction": "1", "feedback": "x"}], "case_sensitive": True},
    {"input": "number", "weight": "2", "answers": [{"value": "4", "tolerance": "1", "fraction": "1", "feedback": "x"}]},
]


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        (parts("matching", pairs=PAIRS, distractors=["length"]), "temperature → variety; top_p → variety"),
        (parts("ordering", items=ITEMS, scheme="all_pairs"), "1. Plan; 2. Write; 3. Test"),
        (parts("cloze", gaps=GAPS, stem="[[1]] [[2]] [[3]]"), "1. A; 2. token…; 3. 4 (3 to 5)"),
    ],
)
def test_a_question_of_parts_comes_in(session: Session, bring_in: Any, fields: dict[str, Any], right: str) -> None:
    assert latest_version(session, bring_in(fields)).typed_body().right_answer_text() == right


@pytest.fixture
def bring_in(session: Session, now: datetime) -> Any:
    category, author = make_category(session), make_user(session)

    def run(fields: dict[str, Any]) -> Question:
        return services.import_question(session, fields, category_id=category.id, owner_id=author.id, now=now)

    return run


def test_a_record_becomes_a_question_that_learners_get(session: Session, bring_in: Any) -> None:
    question = bring_in(record())

    assert (question.external_id, question.status, question.difficulty) == ("pe1-x-01", QuestionStatus.READY, 2)
    assert queries.get_latest_ready_version(session, question.id).typed_body().right_answer_text() == "The next token"


def test_reading_the_same_again_changes_nothing(session: Session, bring_in: Any) -> None:
    first = bring_in(record())
    revision = first.revision

    second = bring_in(record())

    assert (second.id, second.latest_n, second.revision) == (first.id, 1, revision)


def test_a_changed_record_becomes_the_next_version(session: Session, bring_in: Any) -> None:
    bring_in(record())

    question = bring_in(record(stem="What comes next?"))

    assert (question.latest_n, question.ready_n, question.status) == (2, 2, QuestionStatus.READY)
    assert queries.get_latest_ready_version(session, question.id).stem == "What comes next?"


def test_a_changed_fact_needs_no_version(bring_in: Any) -> None:
    bring_in(record())
    question = bring_in(record(difficulty=5))
    assert (question.latest_n, question.difficulty, question.status) == (1, 5, QuestionStatus.READY)


def test_an_authors_edit_outlives_the_next_seeding(session: Session, bring_in: Any, now: datetime) -> None:
    question = bring_in(record())
    draft = make_draft(question.category_id, stem="Edited")
    services.save_version(session, question.id, draft, author_id=question.owner_id, now=now, base_revision=question.revision)

    bring_in(record())

    assert latest_version(session, question).stem == "Edited"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "A question: id is missing"),
        (record(id=7), "A question: id must be text in quotes."),
        (record(type="poem"), "pe1-x-01: type must be one of single_choice"),
        (record(stem="  "), "pe1-x-01: stem is missing"),
        (record(difficulty="2"), "pe1-x-01: difficulty must be a whole number"),
        (record(difficulty=True), "pe1-x-01: difficulty must be a whole number"),
        (record(difficulty=9), "The difficulty goes from 1 to 5."),
        (record(objectve="x"), "pe1-x-01: there is no field called objectve here."),
        (record(options=[]), "pe1-x-01: options are missing."),
        (record(options=[{"text": "A", "correct": True, "feedback": "x"}]), "needs two options"),
        (record(options=[{"text": "A", "correct": "yes", "feedback": "x"}] * 2), "pe1-x-01, option 1: correct must be true or false"),
        (record(options=[{"text": "A", "correct": True}] * 2), "pe1-x-01, option 1: feedback is missing."),
        (record(options=[{"text": "A", "correct": True, "feedback": "x"}] * 2), "exactly one option needs correct = true."),
        (
            record(options=[{"text": "A", "correct": True, "feedback": "x"}, {"text": "a", "correct": False, "feedback": "x"}]),
            "pe1-x-01: Option 2 says the same as another one.",
        ),
        (record(type="multiple_response", policy="luck"), "pe1-x-01: policy: This must be one of all_or_nothing"),
        (record(type="true_false"), "there is no field called options here"),
        (short_answer(options=[]), "there is no field called options here"),
        (short_answer(answers=[]), "answers are missing"),
        (parts("matching", pairs=[]), "pairs are missing"),
        (parts("matching", pairs=PAIRS, distractors="length"), "distractors must be a list of texts"),
        (parts("matching", pairs=[PAIRS[0] | {"match": "x" * 3000}]), "pe1-x-01: This is too long"),
        (parts("matching", pairs=[PAIRS[0] | {"choice": "x"}]), "pe1-x-01, pair 1: there is no field called choice here"),
        (parts("ordering", items=ITEMS[:2]), "pe1-x-01: A question about an order needs three items at least."),
        (parts("ordering", items=ITEMS, scheme="luck"), "scheme: This must be one of absolute_position"),
        (parts("cloze", gaps=GAPS, stem="[[1]] [[2]]"), "pe1-x-01: Gap 3 is not in the text."),
        (parts("cloze", gaps=[{"input": "essay"}]), "pe1-x-01, gap 1: input must be one of choice, text, number."),
        (parts("cloze", gaps=[GAPS[1] | {"options": []}]), "pe1-x-01, gap 1: there is no field called options here"),
    ],
)
def test_a_record_with_a_mistake_is_refused_with_its_place(session: Session, bring_in: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        bring_in(fields)
    assert message in refused.value.message


def test_the_whole_of_seed_content_comes_in_quickly_and_twice_the_same(session: Session, now: datetime) -> None:
    author, category = make_user(session), make_category(session)
    files = sorted(Path(root() / "seed_content" / "courses").glob("*/*/*.toml"))
    records = [fields for file in files for fields in tomllib.loads(file.read_text())["questions"]]
    began = time.process_time()  # what a busy machine does not change
    for at in (now, now + timedelta(days=1)):
        for fields in records:
            services.import_question(session, fields, category_id=category.id, owner_id=author.id, now=at)
    session.commit()

    assert len(queries.list_ready_in_category(session, category.id)) == len(records)
    assert time.process_time() - began < 20  # 2 seconds on an idle machine
    assert {question.latest_n for question, _ in session.execute(queries.list_questions(queries.QuestionFilter(owner_id=None)))} == {1}


def test_a_record_may_name_tags_and_a_group(session: Session, bring_in: Any) -> None:
    question = bring_in(record(tags=["Tokens", "basics"], duplicate_group="Next token"))
    assert queries.map_tags(session, [question.id]) == {question.id: ["basics", "tokens"]}
    assert question.duplicate_group == "next token"


@pytest.mark.parametrize("tags", ["law", [1], [""], {"law": True}])
def test_tags_of_a_record_are_a_list_of_texts(tags: object) -> None:
    with pytest.raises(InvalidInputError, match="tags must be a list of texts"):
        read_question(record(tags=tags))


def test_a_record_without_tags_keeps_the_hash_that_it_had_before_there_were_any() -> None:
    """Else the next start would import everything again, over what authors did since."""
    assert read_question(record()).source_hash == "338d1767670ef43bba4f45c117c0afe2338ec953cd13d8a51fc32e11a8fdce84"
