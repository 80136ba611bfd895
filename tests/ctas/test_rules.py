"""The tokens of calls to action, their problems, and their links."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.errors import InvalidInputError
from laurel.core.money import Money
from laurel.ctas.rules import (
    TOKENS,
    CourseFacts,
    CtaCopy,
    CtaStatus,
    CtaStyle,
    advance,
    check_copy,
    fill,
    fill_cta,
    list_problems,
    list_unknown_tokens,
    make_link_token,
    read_link_token,
)

FACTS = CourseFacts(
    course_id=UUID(int=1),
    slug="ai-prompt-engineer-level-1",
    title="AI Prompt Engineer Level 1",
    mark="™",
    level=1,
    hours=12,
    outcome="Write prompts.",
    hue=160,
    is_offered=True,
    price=Money("usd", 19500),
    questions=50,
    minutes=90,
    pass_percent=Decimal("70.0000000000"),
    validity_months=12,
)
BARE = replace(FACTS, price=None, questions=None, minutes=None, pass_percent=None, validity_months=0)
COPY = CtaCopy(style=CtaStyle.END_CARD, heading="Make it official", body="The exam has {exam.questions} questions.", button="See it")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{course.title} for {price}.", "AI Prompt Engineer Level 1™ for $195."),
        (
            "{exam.questions} questions in {exam.minutes} minutes, pass mark {exam.pass}.",
            "50 questions in 90 minutes, pass mark 70\u00a0%.",
        ),
        ("Valid for {validity}. No tokens here.", "Valid for 12 months. No tokens here."),
        ("", ""),
    ],
)
def test_tokens_read_the_facts(text: str, filled: str) -> None:
    assert fill(text, FACTS.values) == filled


def test_a_sentence_whose_fact_is_missing_is_left_out() -> None:
    text = "Learn it. The exam has {exam.questions} questions in {exam.minutes} minutes. It costs {price}! See you."

    assert fill(text, BARE.values) == "Learn it. See you."


@pytest.mark.parametrize(("amount", "text"), [(0, "free"), (19550, "$195.50"), (19500, "$195")])
def test_a_price_is_said_in_words_that_fit_a_sentence(amount: int, text: str) -> None:
    assert replace(FACTS, price=Money("usd", amount)).values["price"] == text


@pytest.mark.parametrize(("percent", "text"), [("70", "70 %"), ("62.50", "62.5 %"), ("100", "100 %")])
def test_a_pass_mark_has_no_superfluous_zeros(percent: str, text: str) -> None:
    assert replace(FACTS, pass_percent=Decimal(percent)).pass_text == text


def test_a_single_month_is_one_month() -> None:
    assert replace(FACTS, validity_months=1).values["validity"] == "1 month"


@pytest.mark.parametrize("text", ["{cost}", "{Price}", "{ price }", "{}", "{price", "price}", "{{price}}", "{exam.questions }"])
def test_what_is_no_token_is_refused_at_the_save(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a token") as refused:
        check_copy(f"Words {text} words.", field="body")

    assert refused.value.field == "body"
    assert fill(f"Words {text} words.", FACTS.values) == ""


def test_copy_is_kept_on_one_line() -> None:
    assert check_copy("  two\nlines,  {price} ", field="body") == "two lines, {price}"


PIECES = st.lists(
    st.one_of(st.sampled_from([f"{{{token}}}" for token in TOKENS]), st.text(max_size=20), st.sampled_from([". ", "! ", "{", "}", "? "])),
    max_size=12,
)


@given(pieces=PIECES, missing=st.sets(st.sampled_from(TOKENS)))
def test_braces_are_never_printed(pieces: list[str], missing: set[str]) -> None:
    values = {name: "" if name in missing else value for name, value in FACTS.values.items()}

    filled = fill("".join(pieces), values)

    assert "{" not in filled
    assert "}" not in filled


@given(st.text(alphabet=st.characters(exclude_characters="{}"), max_size=200))
def test_copy_without_tokens_stays_as_it_is(text: str) -> None:
    assert fill(text, FACTS.values) == text.strip()
    assert list_unknown_tokens(text) == []


def test_a_filled_call_to_action_has_the_facts_that_exist() -> None:
    filled = fill_cta(COPY, FACTS, href="/go/x")

    assert filled.body == "The exam has 50 questions."
    assert [value for _, _, value in filled.facts] == ["12 hours", "50 questions", "90 minutes", "70 %", "$195"]
    assert [value for _, _, value in fill_cta(COPY, BARE, href="/go/x").facts] == ["12 hours"]


def test_a_heading_without_its_fact_names_the_course() -> None:
    filled = fill_cta(replace(COPY, heading="Only {price}", button="Pay {price}"), BARE, href="/go/x")

    assert (filled.heading, filled.button) == ("AI Prompt Engineer Level 1™", "See the course")


def test_only_a_course_with_an_exam_is_labeled_a_certification() -> None:
    assert fill_cta(COPY, FACTS, href="/").label == "Certification"
    assert fill_cta(COPY, BARE, href="/").label == "Course"


@pytest.mark.parametrize(
    ("copy", "status", "facts", "problem"),
    [
        (COPY, CtaStatus.ARCHIVED, FACTS, "it is archived."),
        (COPY, CtaStatus.ACTIVE, None, "its course has no public page."),
        (COPY, CtaStatus.ACTIVE, replace(FACTS, is_offered=False), "its course, AI Prompt Engineer Level 1, is not open for enrollment."),
        (COPY, CtaStatus.ACTIVE, BARE, "{exam.questions} is empty for AI Prompt Engineer Level 1."),
        (replace(COPY, body="Now {cheap}."), CtaStatus.ACTIVE, FACTS, "{cheap} is not a token."),
    ],
)
def test_what_must_not_go_before_readers_is_said(copy: CtaCopy, status: CtaStatus, facts: CourseFacts | None, problem: str) -> None:
    assert list_problems(copy, status, facts) == [problem]


def test_a_right_call_to_action_has_no_problems() -> None:
    assert list_problems(COPY, CtaStatus.ACTIVE, FACTS) == []


def test_a_status_may_become_itself_and_the_other() -> None:
    assert advance(CtaStatus.ACTIVE, CtaStatus.ARCHIVED) is CtaStatus.ARCHIVED
    assert advance(CtaStatus.ARCHIVED, CtaStatus.ACTIVE) is CtaStatus.ACTIVE
    assert advance(CtaStatus.ACTIVE, CtaStatus.ACTIVE) is CtaStatus.ACTIVE


def test_a_link_names_its_placement_and_is_always_the_same() -> None:
    placement_id = uuid4()
    token = make_link_token(placement_id, keys=["new", "old"])

    assert token == make_link_token(placement_id, keys=["new"])
    assert read_link_token(token, keys=["new"]) == placement_id


def test_a_link_outlives_a_change_of_the_key() -> None:
    placement_id = uuid4()

    assert read_link_token(make_link_token(placement_id, keys=["old"]), keys=["new", "old"]) == placement_id
    assert read_link_token(make_link_token(placement_id, keys=["old"]), keys=["new"]) is None


@given(st.text(max_size=100))
def test_nobody_else_can_make_a_link(token: str) -> None:
    assert read_link_token(token, keys=["secret"]) is None
