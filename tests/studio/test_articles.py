"""A marketer writes, checks, publishes and restores articles."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.articles import services
from laurel.articles.models import Article, ArticleRevision
from laurel.articles.rules import ArticleStatus
from laurel.catalog.rules import CourseStatus
from laurel.core import clock
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.articles import draft_with, make_article, make_draft_article
from tests.factories.ctas import make_certified_course, make_course, make_cta

Csrf = Callable[..., str]
FIELDS = {"dek": "Short.", "category": "Guides", "tags": "AI, models, ai", "author_name": "Mara", "seo_description": "", "base_n": "0"}


@pytest.fixture
def marketer(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Mara Moreau", roles=["marketer"]))


def post(client: FlaskClient, csrf: Csrf, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data={"csrf_token": csrf("/studio/articles/new"), **fields}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def only(session: Session) -> Article:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Article)).one()


def latest(session: Session, article: Article) -> ArticleRevision:
    session.rollback()
    session.expire_all()
    return session.scalars(select(ArticleRevision).filter_by(article_id=article.id, n=article.latest_n)).one()


def test_a_marketer_writes_an_article_with_a_call_to_action_and_publishes_it(
    marketer: FlaskClient, session: Session, csrf: Csrf, client: FlaskClient
) -> None:
    make_cta(session, slug="end", course=make_certified_course(session), body="{exam.questions} questions for {price}.")
    session.commit()

    code, html = post(
        marketer, csrf, "/studio/articles/new", title="What’s new?", slug="", body="Text.\n\n{{ cta:end }}", act="publish", **FIELDS
    )

    article = only(session)
    assert code == 200
    assert "Published. Readers see it now." in html
    assert (article.slug, article.status) == ("whats-new", ArticleStatus.PUBLISHED)
    assert latest(session, article).tags == ["AI", "models"]
    assert "5 questions for $195." in client.get("/articles/whats-new").get_data(as_text=True)


def test_saving_publishes_nothing(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    _, html = post(marketer, csrf, "/studio/articles/new", title="A title", slug="mine", body="Text.", act="save", **FIELDS)

    assert "Saved." in html
    assert only(session).status is ArticleStatus.DRAFT
    assert marketer.get("/articles/mine").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": ""}, "title", "Give the article a title"),
        ({"title": "t" * 161}, "title", "Field cannot be longer"),
        ({"slug": "Not a slug"}, "slug", "Use lower-case letters"),
        ({"slug": "taken"}, "slug", "There is an article at /articles/taken already."),
        ({"tags": ", ".join(f"tag {n}" for n in range(13))}, "tags", "An article has 12 tags at most."),
        ({"title": "日本語"}, "slug", "Use lower-case letters"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(
    marketer: FlaskClient, session: Session, csrf: Csrf, changes: dict[str, str], field: str, message: str
) -> None:
    make_draft_article(session, slug="taken")
    session.commit()

    fields = {"title": "A title", "slug": "", "body": "My long text.", "act": "save", **FIELDS, **changes}
    code, html = post(marketer, csrf, "/studio/articles/new", **fields)

    assert code == 400
    note = re.search(rf'id="{field}-error">(.*?)</p>', html, re.DOTALL)
    assert note is not None
    assert message in note[1]
    assert "My long text." in html
    assert only(session).slug == "taken"


def test_a_text_far_too_long_is_refused_beside_its_field_and_kept(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    text = "One word after the other. " * 15_000

    code, html = post(marketer, csrf, "/studio/articles/new", title="A title", slug="long", body=text, act="save", **FIELDS)

    assert code == 400
    assert "The text has at most 60,000 characters." in html
    assert text.strip() in html
    assert session.scalar(select(func.count()).select_from(Article)) == 0


def test_an_article_that_is_not_fit_is_saved_and_its_errors_lead_to_their_fields(
    marketer: FlaskClient, session: Session, csrf: Csrf
) -> None:
    make_cta(session, slug="soon", course=make_course(session, title="Later", status=CourseStatus.COMING_SOON))
    session.commit()

    body = "[x](/articles/nowhere)\n\n{{ cta:soon }}\n\n{{ cta:unknown }}"
    _, html = post(marketer, csrf, "/studio/articles/new", title="A", slug="a", body=body, act="publish", **FIELDS)

    assert "Not published yet: 3 things have to be put right first. Your text is saved." in html
    assert only(session).status is ArticleStatus.DRAFT
    for message in (
        "There is no call to action called “unknown”.",
        "Later, is not open for enrollment.",
        "/articles/nowhere leads nowhere.",
    ):
        assert re.search(rf'<a href="#body">[^\n]*{re.escape(message)}</a>', html)
    assert '<a href="#seo_description">' in html


def test_the_second_editor_sees_both_versions_and_may_keep_theirs(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    article = make_draft_article(session, slug="a", body="As it was.")
    other = make_user(session)
    services.save_article(
        session, article.id, slug="a", draft=draft_with(body="As they wrote."), base_n=1, author_id=other.id, now=clock.now()
    )
    session.commit()
    address = f"/studio/articles/{article.id}"

    fields = {**FIELDS, "title": "My title", "slug": "a", "body": "As I wrote.", "act": "save"}
    code, html = post(marketer, csrf, address, **{**fields, "base_n": "1"})

    assert code == 409
    assert "Somebody else saved this article" in html
    assert "<del>they</del>" in html
    assert "<ins>I</ins>" in html
    assert '<td data-label="Theirs">How models learn</td><td data-label="Yours">My title</td>' in re.sub(r">\s+<", "><", html)
    assert latest(session, article).body == "As they wrote."
    base_n = re.search(r'name="base_n" type="hidden" value="(\d+)"', html)
    assert base_n is not None
    assert base_n[1] == "2"
    code, _ = post(marketer, csrf, address, **{**fields, "base_n": base_n[1]})
    assert (code, latest(session, article).body) == (200, "As I wrote.")


def test_a_published_article_keeps_its_text_and_address_until_it_is_published_again(
    marketer: FlaskClient, session: Session, csrf: Csrf
) -> None:
    article = make_article(session, slug="a", body="Public.")
    session.commit()
    address = f"/studio/articles/{article.id}"
    fields = {**FIELDS, "title": "T", "body": "Newer.", "base_n": "1", "act": "save"}

    assert re.search(r'<input[^>]*name="slug"[^>]*readonly', marketer.get(address).get_data(as_text=True))
    code, html = post(marketer, csrf, address, slug="b", **fields)
    assert (code, "Readers know this address" in html) == (400, True)
    _, html = post(marketer, csrf, address, slug="a", **fields)

    assert "Newer draft" in html
    assert "Public." in marketer.get("/articles/a").get_data(as_text=True)
    post(marketer, csrf, f"{address}/publish")
    assert "Newer." in marketer.get("/articles/a").get_data(as_text=True)


def test_a_preview_shows_the_latest_text_and_counts_nothing(marketer: FlaskClient, session: Session, queries: QueryCount) -> None:
    make_cta(session, slug="end", course=make_certified_course(session))
    article = make_draft_article(session, body="Only in the draft.\n\n{{ cta:end }}")
    session.commit()

    answer = marketer.get(f"/studio/articles/{article.id}/preview")
    html = answer.get_data(as_text=True)

    assert "Only in the draft." in html
    assert "Preview of revision 1" in html
    assert "Not published" in html
    assert "/go/" not in html
    assert '<meta name="robots" content="noindex">' in html
    assert answer.headers["Cache-Control"] == "no-store"


def test_revisions_are_listed_compared_and_restored(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    article = make_draft_article(session, slug="a", body="One word.")
    author = make_user(session, name="Nora Ng")
    services.save_article(
        session, article.id, slug="a", draft=draft_with(title="New", body="Two words."), base_n=1, author_id=author.id, now=clock.now()
    )
    session.commit()
    address = f"/studio/articles/{article.id}/revisions"

    listing = marketer.get(address).get_data(as_text=True)
    shown = marketer.get(f"{address}/2").get_data(as_text=True)
    first = marketer.get(f"{address}/1").get_data(as_text=True)
    _, html = post(marketer, csrf, f"{address}/1/restore")

    assert "Nora Ng" in listing
    assert listing.index("Revision 2") < listing.index("Revision 1")
    assert "<del>One</del>" in shown
    assert "<ins>Two</ins>" in shown
    assert "The first one." in first
    assert "Revision 1 is the latest again." in html
    assert latest(session, article).body == "One word."
    assert marketer.get(f"{address}/9").status_code == 404


def test_an_article_is_saved_and_sent_to_review_in_one_step(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    _, html = post(marketer, csrf, "/studio/articles/new", title="A", slug="a", body="Text.", act="review", **FIELDS)

    assert "The article waits for review." in html
    assert only(session).status is ArticleStatus.IN_REVIEW


def test_the_steps_of_an_article(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    article = make_draft_article(session, slug="a")
    session.commit()
    address = f"/studio/articles/{article.id}"

    def status_after(step: str) -> tuple[int, str]:
        code, _ = post(marketer, csrf, f"{address}/{step}")
        return code, only(session).status.value

    assert status_after("send-to-review") == (200, "in_review")
    assert status_after("back-to-draft") == (200, "draft")
    assert status_after("publish") == (200, "published")
    assert status_after("send-to-review") == (409, "published")
    assert status_after("archive") == (200, "archived")
    assert marketer.get("/articles/a").status_code == 404
    assert status_after("burn") == (404, "archived")


def test_the_list_is_searched_filtered_and_paged(marketer: FlaskClient, session: Session) -> None:
    for number in range(27):
        make_draft_article(session, title=f"Number {number}.")
    make_article(session, title="100 % public", slug="public")
    session.commit()

    def titles(query: str) -> list[str]:
        html = marketer.get(f"/studio/articles{query}").get_data(as_text=True)
        return re.findall(r'<th scope="row"><a[^>]*>(.*?)</a>', html)

    assert len(titles("")) == 25
    assert len(titles("?page=2")) == 3
    assert titles("?status=published") == ["100 % public"]
    assert titles("?q=number+26") == ["Number 26."]
    assert titles("?q=%25") == ["100 % public"]
    assert titles("?status=archived") == []
    assert len(titles("?status=nonsense")) == 25
    assert "No article matches" in marketer.get("/studio/articles?q=zzz").get_data(as_text=True)


def test_an_empty_list_says_how_to_begin(marketer: FlaskClient) -> None:
    assert "Write the first article" in marketer.get("/studio/articles").get_data(as_text=True)


def test_the_picker_offers_what_can_be_placed(marketer: FlaskClient, session: Session) -> None:
    make_cta(session, slug="end", name="End card", course=make_course(session, title="Prompting"))
    session.commit()

    html = marketer.get("/studio/articles/new").get_data(as_text=True)

    assert "End card" in html
    assert "Prompting · card" in html
    assert "<code>{{ cta:end }}</code>" in html
    assert 'data-line="{{ cta:end }}"' in html


@pytest.mark.parametrize("roles", [[], ["author"], ["support"]])
def test_only_marketing_writes_articles(session: Session, sign_in: SignIn, roles: list[str]) -> None:
    article = make_draft_article(session)
    client = sign_in(make_user(session, roles=roles))

    for address in ("", "/new", f"/{article.id}", f"/{article.id}/preview", f"/{article.id}/revisions", f"/{article.id}/revisions/1"):
        assert client.get(f"/studio/articles{address}").status_code == 403


def test_visitors_are_asked_to_sign_in_and_change_nothing(client: FlaskClient, session: Session, csrf: Csrf) -> None:
    article = make_draft_article(session, slug="a")
    session.commit()

    assert client.get(f"/studio/articles/{article.id}").status_code == 302
    for step in ("publish", "archive", "revisions/1/restore"):
        answer = client.post(f"/studio/articles/{article.id}/{step}", data={"csrf_token": csrf()})
        assert answer.status_code in {302, 401}
    assert only(session).status is ArticleStatus.DRAFT


def test_a_post_without_its_token_changes_nothing(marketer: FlaskClient, session: Session) -> None:
    article = make_draft_article(session, slug="a")
    session.commit()

    assert marketer.post(f"/studio/articles/{article.id}/publish").status_code == 400
    assert marketer.post("/studio/articles/new", data={"title": "A", "slug": "b"}).status_code == 400
    assert session.scalar(select(func.count()).select_from(Article)) == 1
