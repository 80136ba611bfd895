from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.bank.rules import QuestionKind
from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules import ExpiryPolicy, Field, Phase, QuizKind, QuizSettings, ReviewMatrix, ReviewPreset
from laurel.quizzes.rules.access import AccessRules, describe_waits
from laurel.quizzes.rules.briefing import announce, describe_review, may_decide, settle, warn
from laurel.quizzes.rules.page_keys import own_keys, page_keys
from laurel.quizzes.rules.quizzes import PRESETS, default_settings, source_hash
from laurel.quizzes.rules.reviewing import matrix_of

F, P = Field, Phase
CLOSE = datetime(2026, 12, 1, tzinfo=UTC)
AFTER = (P.JUST_AFTER, P.LATER, P.CLOSED)


def matrix(*fields: Field, phases: tuple[Phase, ...] = AFTER, early: bool = False) -> ReviewMatrix:
    return ReviewMatrix(frozenset((field, phase) for field in fields for phase in phases) | {(F.PAPER, P.DURING)}, answers_early=early)


def test_a_certification_exam_is_said_in_two_sentences() -> None:
    assert describe_review(matrix_of(ReviewPreset.CERTIFICATION), QuizKind.EXAM, default_settings(QuizKind.EXAM)) == [
        "During the exam you see your own answers and what each question is worth.",
        "Afterwards you see pass or fail and how strong you were in each domain.",
    ]


def test_what_comes_later_is_said_as_what_is_new() -> None:
    said = describe_review(matrix_of(ReviewPreset.COURSE_QUIZ), QuizKind.GRADED, QuizSettings(attempts_allowed=2))
    assert said[2:] == ["Two minutes later you also see explanations.", "Once you have no attempt left you also see the right answers."]


@pytest.mark.parametrize(
    ("review", "rules", "sentence"),
    [
        (matrix(), QuizSettings(), "Afterwards you see nothing."),
        (matrix(F.PASSED, phases=(P.JUST_AFTER,)), QuizSettings(), "Two minutes later you no longer see pass or fail."),
        (matrix(F.PASSED, phases=(P.CLOSED,)), QuizSettings(closes_at=CLOSE), "Once it is closed you also see pass or fail."),
        (matrix(F.RIGHT_ANSWER), QuizSettings(), "Right answers stay hidden while you have an attempt left."),
    ],
)
def test_each_case_has_its_sentence(review: ReviewMatrix, rules: QuizSettings, sentence: str) -> None:
    assert sentence in describe_review(review, QuizKind.GRADED, rules)


def test_a_quiz_that_never_closes_promises_nothing_for_then() -> None:
    assert len(describe_review(matrix(F.PASSED, phases=(P.CLOSED,)), QuizKind.GRADED, QuizSettings())) == 2


@pytest.mark.parametrize(
    ("review", "kind", "rules", "part"),
    [
        (matrix(F.PAPER, F.RIGHT_ANSWER, early=True), QuizKind.GRADED, QuizSettings(), "while they have attempts left"),
        (matrix(F.PAPER, F.RIGHT_ANSWER), QuizKind.GRADED, QuizSettings(closes_at=CLOSE), "before the quiz closes"),
        (matrix(F.PAPER, F.PASSED), QuizKind.EXAM, QuizSettings(), "they can pass them on"),
        (matrix(F.GENERAL_FEEDBACK), QuizKind.GRADED, QuizSettings(), "stands in the paper"),
        (matrix(F.BANDS), QuizKind.EXAM, QuizSettings(), "Pass or fail is hidden"),
    ],
)
def test_an_author_is_warned(review: ReviewMatrix, kind: QuizKind, rules: QuizSettings, part: str) -> None:
    assert any(part in warning for warning in warn(review, rules, kind))


@pytest.mark.parametrize("kind", QuizKind)
def test_what_a_new_quiz_begins_with_needs_no_warning_and_is_settled(kind: QuizKind) -> None:
    review = matrix_of(PRESETS[kind])
    assert warn(review, default_settings(kind), kind) == []
    assert settle(review, kind) == review


@given(st.frozensets(st.tuples(st.sampled_from(Field), st.sampled_from(Phase))), st.sampled_from(QuizKind))
def test_while_it_runs_nothing_is_shown_that_nobody_may_decide(cells: frozenset[tuple[Field, Phase]], kind: QuizKind) -> None:
    shown = settle(ReviewMatrix(cells), kind).visible(P.DURING, has_attempt_left=True)
    assert F.PAPER in shown
    assert F.RIGHT_ANSWER not in shown
    assert all(may_decide(kind, field, P.DURING) for field in shown - {F.PAPER})
    assert kind is QuizKind.PRACTICE or shown <= {F.PAPER, F.MAX_MARKS}


@pytest.mark.parametrize(
    ("hours", "words"), [((), ""), ((0,), ""), ((1,), "1 hour"), ((24, 168, 336), "24 hours, then 7 days, then 14 days")]
)
def test_waits_are_said_in_words(hours: tuple[int, ...], words: str) -> None:
    assert describe_waits(hours) == words


@pytest.mark.parametrize(
    ("rules", "part"),
    [
        (QuizSettings(), "There is no time limit."),
        (QuizSettings(minutes=5), "handed in by itself"),
        (QuizSettings(minutes=5, expiry_policy=ExpiryPolicy.GRACE_PERIOD), "you must hand in yourself"),
        (QuizSettings(closes_at=CLOSE, expiry_policy=ExpiryPolicy.ABANDON), "is not graded"),
        (QuizSettings(access=AccessRules(one_way=True)), "You cannot go back"),
        (QuizSettings(access=AccessRules(logs_focus=True)), "It never decides anything by itself"),
    ],
)
def test_the_rules_say_what_is_true(rules: QuizSettings, part: str) -> None:
    assert any(part in rule for rule in announce(QuizKind.EXAM, rules, matrix()))


def test_what_an_importer_read_before_is_still_the_same_to_it() -> None:
    """The hash of settings that say nothing about access and review is the one from before they could."""
    plain = QuizSettings(minutes=60)
    assert source_hash(QuizKind.EXAM, "T", plain, []) == source_hash(QuizKind.EXAM, "T", replace(plain, access=AccessRules()), [])
    others = [replace(plain, access=AccessRules(one_way=True)), replace(plain, review=matrix())]
    assert len({source_hash(QuizKind.EXAM, "T", one, []) for one in (plain, *others)}) == 3
    assert "access" not in repr(plain)


@settings(max_examples=60)
@given(st.permutations("abcde"), st.lists(st.sampled_from("abcde"), unique=True))
def test_what_a_page_sends_back_is_what_it_was_shown(order: list[str], chosen: list[str]) -> None:
    keys = page_keys(QuestionKind.MULTIPLE_RESPONSE, order)
    assert own_keys(QuestionKind.MULTIPLE_RESPONSE, order, {"choices": [keys[key] for key in chosen]}) == {"choices": chosen}


@pytest.mark.parametrize("raw", [None, 7, "o1", [], {"choice": None}, {"choice": ""}])
def test_what_chooses_nothing_stays_as_it_is(raw: object) -> None:
    assert own_keys(QuestionKind.SINGLE_CHOICE, list("abcde"), raw) == raw


@pytest.mark.parametrize("choice", ["a", "e", "o6", "o0", "o01", "o1\n", {"o1": 1}, 1])
def test_what_is_no_place_on_the_paper_is_refused(choice: object) -> None:
    with pytest.raises(InvalidInputError, match="not an option"):
        own_keys(QuestionKind.SINGLE_CHOICE, list("abcde"), {"choice": choice})
    with pytest.raises(InvalidInputError, match="not an option"):
        own_keys(QuestionKind.MULTIPLE_RESPONSE, list("abcde"), {"choices": ["o1", choice]})
    with pytest.raises(InvalidInputError, match="not an option"):
        own_keys(QuestionKind.CLOZE, ["1.a", "1.b"], {"gaps": {"1": choice, "2": "typed"}})


def test_typed_answers_are_no_keys() -> None:
    assert own_keys(QuestionKind.SHORT_ANSWER, [], {"text": "o1"}) == {"text": "o1"}
    assert page_keys(QuestionKind.TRUE_FALSE, ["true", "false"]) == {}
