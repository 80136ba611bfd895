"""States, addresses, reading time, preflight and comparison of articles."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.articles.rules import (
    CTA_LINE,
    MAX_SLUG,
    NEXT,
    SLUG,
    ArticleDraft,
    ArticleStatus,
    ChangedLine,
    ChangeKind,
    Severity,
    advance,
    check_draft,
    check_slug,
    compare,
    count_words,
    inspect,
    list_internal_links,
    reading_minutes,
    suggest_slug,
)
from laurel.articles.services import render_body
from laurel.core.errors import ConflictError, InvalidInputError
from tests.factories.articles import draft_with

S = ArticleStatus
ALLOWED = {
    (S.DRAFT, S.IN_REVIEW),
    (S.DRAFT, S.SCHEDULED),
    (S.DRAFT, S.PUBLISHED),
    (S.DRAFT, S.ARCHIVED),
    (S.IN_REVIEW, S.DRAFT),
    (S.IN_REVIEW, S.SCHEDULED),
    (S.IN_REVIEW, S.PUBLISHED),
    (S.IN_REVIEW, S.ARCHIVED),
    (S.SCHEDULED, S.DRAFT),
    (S.SCHEDULED, S.PUBLISHED),
    (S.SCHEDULED, S.ARCHIVED),
    (S.PUBLISHED, S.PUBLISHED),
    (S.PUBLISHED, S.ARCHIVED),
    (S.ARCHIVED, S.DRAFT),
    (S.ARCHIVED, S.PUBLISHED),
}


@pytest.mark.parametrize(("current", "wanted"), list(product(S, S)))
def test_an_article_becomes_only_what_it_may(current: ArticleStatus, wanted: ArticleStatus) -> None:
    if (current, wanted) in ALLOWED:
        assert advance(current, wanted) is wanted
    else:
        with pytest.raises(ConflictError, match="cannot become"):
            advance(current, wanted)


def test_every_status_has_its_line_in_the_table() -> None:
    assert set(NEXT) == set(S)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How to read a model announcement", "how-to-read-a-model-announcement"),
        ("What’s new? Café & Crème – 100 %", "whats-new-cafe-creme-100"),
        ("日本語", ""),
        ("word " * 40, "word-" * 15 + "word"),
        ("x" * 200, "x" * MAX_SLUG),
    ],
)
def test_a_title_suggests_an_address(title: str, slug: str) -> None:
    assert suggest_slug(title) == slug


@given(st.text(max_size=200))
def test_a_suggested_address_is_empty_or_valid(title: str) -> None:
    slug = suggest_slug(title)

    assert slug == "" or (SLUG.match(slug) and len(slug) <= MAX_SLUG)


@pytest.mark.parametrize("slug", ["", "-a", "a-", "a--b", "A", "a_b", "a/b", "a b", "é", "a\n", "a" * 81])
def test_what_is_no_address_is_refused(slug: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_slug(slug)

    assert refused.value.field == "slug"


@pytest.mark.parametrize(
    ("words", "images", "minutes"), [(0, 0, 1), (238, 0, 1), (239, 0, 2), (468, 0, 2), (476, 0, 2), (238, 1, 2), (0, 5, 1)]
)
def test_reading_time_counts_238_words_a_minute_and_12_seconds_an_image(words: int, images: int, minutes: int) -> None:
    assert reading_minutes(words, images) == minutes


def test_a_word_holds_a_letter_or_a_digit() -> None:
    assert count_words("Two words – and 3 more: don’t, l’été …") == 7


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "t" * 161}, "title"),
        ({"dek": "d" * 301}, "dek"),
        ({"body": "b" * 60_001}, "body"),
        ({"tags": ("t" * 41,)}, "tags"),
        ({"tags": tuple(f"tag {n}" for n in range(13))}, "tags"),
        ({"category": "c" * 61}, "category"),
        ({"seo_description": "s" * 301}, "seo_description"),
        ({"author_name": "a" * 121}, "author_name"),
    ],
)
def test_a_draft_that_is_too_long_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_draft(draft_with(**changes))

    assert refused.value.field == field


def test_a_draft_is_kept_tidy() -> None:
    draft = check_draft(draft_with(title=" Two\n words ", tags=(" AI ", "ai", "", "Models"), body="a\r\nb"))

    assert (draft.title, draft.tags, draft.body) == ("Two words", ("AI", "Models"), "a\nb")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("{{ cta: end-card }}", "end-card"),
        ("{{cta:end-card}}", "end-card"),
        ("{{  cta :  end-card  }}  ", "end-card"),
        ("{{ cta: NOT-A-SLUG }}", "NOT-A-SLUG"),
        ("{{ cta: }}", ""),
        ("{{ cta: two words }}", None),
        ("{{ cta end-card }}", None),
        ("see {{ cta: end-card }}", None),
        ("{{ cta: end-card }} here", None),
        ("{ cta: end-card }", None),
    ],
)
def test_a_cta_line_names_its_call_to_action(line: str, name: str | None) -> None:
    found = CTA_LINE.match(line)

    assert (found[1] if found else None) == name


SLUGS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
SPACES = st.text(alphabet=" ", max_size=3)


@given(
    before=st.sampled_from(["", "A paragraph.", "- a list", "## A heading", "> a quote", "| a | b |\n|---|---|\n| 1 | 2 |"]),
    slug=SLUGS,
    a=SPACES,
    b=SPACES,
    c=SPACES,
)
def test_a_cta_line_alone_in_its_paragraph_becomes_a_place(before: str, slug: str, a: str, b: str, c: str) -> None:
    rendered = render_body(f"{before}\n\n{{{{{a}cta:{b}{slug}{c}}}}}\n\nAnother paragraph.")

    assert rendered.placed == [slug]
    assert "cta" not in rendered.html


@given(st.text(max_size=300))
def test_any_text_renders_without_a_script(body: str) -> None:
    assert "<script" not in render_body(body).html.lower()


def test_places_of_one_call_to_action_are_counted() -> None:
    segments = render_body("{{ cta: a }}\n{{ cta: b }}\n\nText.\n\n{{ cta: a }}").segments

    assert [(s["cta"], s["key"]) for s in segments if "cta" in s] == [("a", "1"), ("b", "1"), ("a", "2")]


@pytest.mark.parametrize(
    "body",
    [
        "- {{ cta: a }}",
        "> {{ cta: a }}",
        "Words {{ cta: a }}",
        "{{ cta: a }} words",
        "{{ cta: a }}\nwords",
        "| {{ cta: a }} |\n|---|",
        "## {{ cta: a }}",
        "{{ CTA: a }}",
    ],
)
def test_a_cta_line_that_is_not_alone_is_an_error_and_no_place(body: str) -> None:
    rendered = render_body(body)

    findings = inspect(draft_with(body=body), slug="a", html=rendered.html, placed=rendered.placed, cta_problems={}, dead_links=[])

    assert rendered.placed == []
    assert "A call to action stands inside other text. Put its line into a paragraph of its own." in [f.message for f in findings]


def test_a_cta_line_in_code_is_code() -> None:
    rendered = render_body("```\n{{ cta: a }}\n```\n\n    {{ cta: a }}\n\nWrite `{{ cta: a }}` so.")

    findings = inspect(draft_with(), slug="a", html=rendered.html, placed=rendered.placed, cta_problems={}, dead_links=[])

    assert rendered.placed == []
    assert not [f for f in findings if f.severity is Severity.ERROR]


def test_references_and_footnotes_work_across_places() -> None:
    html = render_body("See [it][1].[^1]\n\n{{ cta: a }}\n\n[1]: /courses/x\n\n[^1]: A note.").html

    assert 'href="/courses/x"' in html
    assert "A note." in html


def messages(draft: ArticleDraft, severity: Severity, **changes: object) -> list[str]:
    facts: dict[str, object] = {"slug": "a", "html": "<p>x</p>", "placed": ["c"], "cta_problems": {"c": []}, "dead_links": []}
    return [f.message for f in inspect(draft, **{**facts, **changes}) if f.severity is severity]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("draft", "changes", "message"),
    [
        (draft_with(title=""), {}, "The article has no title."),
        (draft_with(), {"slug": ""}, "The article has no address."),
        (draft_with(body=" "), {}, "The article has no text."),
        (draft_with(), {"placed": ["c", "zzz"]}, "There is no call to action called “zzz”."),
        (draft_with(), {"cta_problems": {"c": ["it is archived."]}}, "Call to action “c”: it is archived."),
        (draft_with(), {"dead_links": ["/articles/gone"]}, "The link /articles/gone leads nowhere."),
    ],
)
def test_an_error_blocks(draft: ArticleDraft, changes: dict[str, object], message: str) -> None:
    assert messages(draft, Severity.ERROR, **changes) == [message]


@pytest.mark.parametrize(
    ("draft", "changes", "message"),
    [
        (draft_with(seo_description="short"), {}, "The search description has 5 characters; 50 to 155 are shown in full."),
        (draft_with(dek=""), {}, "A sentence under the title helps readers decide."),
        (draft_with(category=""), {}, "Without a category readers find the article only among all others."),
        (draft_with(author_name=""), {}, "The byline names nobody."),
        (draft_with(), {"html": "<h2 id='a'>A</h2><h4 id='b'>B</h4>"}, "A heading skips a level."),
        (draft_with(), {"placed": []}, "There is no call to action in the text."),
        (draft_with(), {"placed": ["c"] * 4}, "There are 4 calls to action; more than three disturb reading."),
    ],
)
def test_a_warning_informs(draft: ArticleDraft, changes: dict[str, object], message: str) -> None:
    assert messages(draft, Severity.WARNING, **changes) == [message]
    assert messages(draft, Severity.ERROR, **changes) == []


def test_a_good_article_has_no_findings() -> None:
    assert inspect(draft_with(), slug="a", html="<h2>A</h2><h3>B</h3>", placed=["c"], cta_problems={"c": []}, dead_links=[]) == []


def test_internal_links_are_those_to_articles_and_courses() -> None:
    html = render_body(
        "[a](/articles/one) [b](/courses/two?x=1 'a > b') [c](/articles/three/#part) [d](https://example.com/articles/four) "
        '[e](/verify) [f](/articles) `<a href="/articles/five">`'
    ).html

    assert list_internal_links(html) == [("articles", "one"), ("courses", "two"), ("articles", "three")]


def test_a_comparison_shows_the_words_that_differ_and_counts_the_rest() -> None:
    old = "one\ntwo\nthree\nfour\nhello dear world\nsix"

    lines = compare(old, old.replace("dear", "new") + "\nseven")

    assert lines[0].skipped == 3
    assert [(line.kind.value, [text for kind, text in line.parts if kind is not ChangeKind.SAME]) for line in lines[1:]] == [
        ("same", []),
        ("removed", ["dear"]),
        ("added", ["new"]),
        ("same", []),
        ("added", ["seven"]),
    ]


def rebuilt(lines: list[ChangedLine], original: list[str], side: ChangeKind) -> list[str]:
    """One side of a comparison, what it left out taken from the original."""
    found: list[str] = []
    for line in lines:
        if line.skipped:
            found += original[len(found) : len(found) + line.skipped]
        elif line.kind in {side, ChangeKind.SAME}:
            found.append("".join(text for _, text in line.parts))
    return found


@given(st.text(alphabet="ab \n", max_size=120), st.text(alphabet="ab \n", max_size=120))
def test_a_comparison_loses_nothing(old: str, new: str) -> None:
    lines = compare(old, new)

    assert rebuilt(lines, old.splitlines(), ChangeKind.REMOVED) == old.splitlines()
    assert rebuilt(lines, new.splitlines(), ChangeKind.ADDED) == new.splitlines()


def test_very_long_texts_are_replaced_instead_of_compared() -> None:
    old = "\n".join(f"a{n % 150}" for n in range(30_000))

    lines = compare(old, old + "\nx")

    assert len(lines) == 60_001
