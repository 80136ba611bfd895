"""A marketer writes calls to action and sees what came of them."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.attribution.rules import TouchKind
from laurel.attribution.services import credit_order, link_touch, record_touch
from laurel.catalog.rules import CourseStatus
from laurel.commerce.rules import OrderState
from laurel.commerce.services import place_order
from laurel.core import clock
from laurel.ctas.models import Cta, Placement
from laurel.ctas.services import save_cta
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.articles import make_article
from tests.factories.ctas import draft_of, make_certified_course, make_course, make_cta

Csrf = Callable[..., str]
WORDS = {
    "name": "Level 1, end",
    "style": "end_card",
    "heading": "Make it official",
    "body": "{exam.questions} questions for {price}.",
    "button": "See it",
    "act": "save",
    "base_version": "0",
}


@pytest.fixture
def marketer(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["marketer"]))


def post(client: FlaskClient, csrf: Csrf, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data={"csrf_token": csrf("/studio/ctas/new"), **fields}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def only(session: Session) -> Cta:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Cta)).one()


def test_a_marketer_writes_a_call_to_action(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_certified_course(session)
    session.commit()

    code, html = post(marketer, csrf, "/studio/ctas/new", slug="level-1-end", course=str(course.id), **WORDS)

    assert code == 200
    assert "Place it with the line {{ cta:level-1-end }}." in html
    assert "5 questions for $195." in html
    assert (only(session).slug, only(session).course_id, only(session).style.value) == ("level-1-end", course.id, "end_card")


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": ""}, "name", "Give it a name"),
        ({"slug": "Not A Slug"}, "slug", "Use lower-case letters"),
        ({"slug": "taken"}, "slug", "There is a call to action of this name already."),
        ({"body": "It costs {cost}."}, "body", "{cost} is not a token. You can use {course.title}, {price}"),
        ({"heading": "Only {price"}, "heading", "{ is not a token."),
        ({"heading": ""}, "heading", "Write a heading."),
        ({"button": "b" * 41}, "button", "Field cannot be longer"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(
    marketer: FlaskClient, session: Session, csrf: Csrf, changes: dict[str, str], field: str, message: str
) -> None:
    course = make_course(session)
    make_cta(session, slug="taken", course=course)
    session.commit()

    code, html = post(marketer, csrf, "/studio/ctas/new", **{"slug": "new", "course": str(course.id), **WORDS, **changes})

    assert code == 400
    note = re.search(rf'id="{field}-error">(.*?)</p>', html, re.DOTALL)
    assert note is not None
    assert message in note[1]
    assert "See it" in html or field == "button"
    assert only(session).slug == "taken"


@pytest.mark.parametrize("course", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_course_that_is_not_offered_for_choice_is_refused(marketer: FlaskClient, session: Session, csrf: Csrf, course: str) -> None:
    make_course(session)
    session.commit()

    code, html = post(marketer, csrf, "/studio/ctas/new", slug="new", course=course, **WORDS)

    assert code == 400
    assert 'id="course-error"' in html


def test_a_style_that_does_not_exist_is_refused(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_course(session)
    session.commit()

    code, _ = post(marketer, csrf, "/studio/ctas/new", slug="new", course=str(course.id), **{**WORDS, "style": "popup"})

    assert code == 400


def test_a_preview_saves_nothing_and_shows_today_s_facts(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_certified_course(session)
    cta = make_cta(session, slug="end", course=course)
    session.commit()

    code, html = post(marketer, csrf, f"/studio/ctas/{cta.id}", course=str(course.id), **{**WORDS, "act": "preview", "heading": "Another"})

    assert code == 200
    assert "Another" in html
    assert "5 questions for $195." in html
    assert only(session).heading == "Learn it"


def test_a_preview_of_wrong_words_says_what_is_wrong(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_course(session, title="Later", status=CourseStatus.COMING_SOON)
    session.commit()

    _, html = post(marketer, csrf, "/studio/ctas/new", slug="x", course=str(course.id), **{**WORDS, "act": "preview", "body": "{nope}"})
    preview = html.split("<live-preview")[1]

    assert "Its course, Later, is not open for enrollment." in preview
    assert "{nope}" not in preview


def test_a_save_changes_it_in_the_articles(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_certified_course(session)
    cta = make_cta(session, slug="end", course=course)
    make_article(session, slug="a", body="Text.\n\n{{ cta:end }}")
    session.commit()

    _, html = post(marketer, csrf, f"/studio/ctas/{cta.id}", course=str(course.id), **{**WORDS, "base_version": "1"})

    assert "Saved. It has changed wherever it stands." in html
    assert "Used in 1 article." in html
    assert ">How models learn</a>" in html
    assert "Make it official" in marketer.get("/articles/a").get_data(as_text=True)


def test_the_second_marketer_sees_what_the_first_wrote(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    course = make_course(session)
    cta = make_cta(session, slug="end", course=course)
    save_cta(session, cta.id, draft=draft_of(course, heading="Theirs"), base_version=1, editor_id=cta.owner_id, now=clock.now())
    session.commit()
    fields = {"course": str(course.id), **WORDS}

    code, html = post(marketer, csrf, f"/studio/ctas/{cta.id}", **{**fields, "base_version": "1"})
    assert code == 409
    assert "“Theirs”" in html
    assert 'value="Make it official"' in html
    assert only(session).heading == "Theirs"
    base = re.search(r'name="base_version" type="hidden" value="(\d+)"', html)
    assert base is not None
    code, _ = post(marketer, csrf, f"/studio/ctas/{cta.id}", **{**fields, "base_version": base[1]})

    assert (code, only(session).heading) == (200, "Make it official")


def test_one_in_use_is_archived_instead_of_deleted(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    cta = make_cta(session, slug="end", heading="Come in")
    make_article(session, slug="a", body="Text.\n\n{{ cta:end }}")
    session.commit()
    address = f"/studio/ctas/{cta.id}"

    assert "Delete" not in marketer.get(address).get_data(as_text=True)
    code, html = post(marketer, csrf, f"{address}/delete")
    assert code == 409
    assert "Archive it instead." in html
    post(marketer, csrf, f"{address}/archive")
    assert "Come in" not in marketer.get("/articles/a").get_data(as_text=True)
    post(marketer, csrf, f"{address}/restore")

    assert "Come in" in marketer.get("/articles/a").get_data(as_text=True)


def test_one_that_was_never_placed_is_deleted(marketer: FlaskClient, session: Session, csrf: Csrf) -> None:
    cta = make_cta(session, slug="end")
    session.commit()

    code, html = post(marketer, csrf, f"/studio/ctas/{cta.id}/delete")

    assert (code, "Deleted." in html) == (200, True)
    session.rollback()
    session.expire_all()
    assert session.scalars(select(Cta)).all() == []


def test_the_list_is_searched_filtered_and_paged(marketer: FlaskClient, session: Session) -> None:
    course = make_course(session)
    for number in range(27):
        make_cta(session, slug=f"cta-number-{number}", name=f"Number {number}.", course=course)
    make_article(session, body="Text.\n\n{{ cta:cta-number-26 }}")
    session.commit()

    def rows(query: str) -> list[str]:
        return re.findall(r'<th scope="row"><a[^>]*>(.*?)</a>', marketer.get(f"/studio/ctas{query}").get_data(as_text=True))

    assert len(rows("")) == 25
    assert len(rows("?page=2")) == 2
    assert rows("?q=number+26") == ["Number 26."]
    assert rows("?status=archived") == []
    assert "1 article" in marketer.get("/studio/ctas?q=number+26").get_data(as_text=True)
    assert "Nothing matches" in marketer.get("/studio/ctas?q=zzz").get_data(as_text=True)


def test_results_show_clicks_orders_and_unknown_sources(marketer: FlaskClient, session: Session) -> None:
    course = make_course(session)
    cta = make_cta(session, slug="end", name="End card", course=course)
    article = make_article(session, slug="a", title="The article", body="Text.\n\n{{ cta:end }}")
    placement = session.scalars(select(Placement).filter_by(key="1")).one()

    def click(bot_reason: str | None) -> str:
        return record_touch(
            session,
            kind=TouchKind.CLICK,
            cta_id=cta.id,
            placement_id=placement.id,
            article_id=article.id,
            course_id=course.id,
            referrer_host=None,
            bot_reason=bot_reason,
            now=clock.now(),
        )

    click("crawler word: bot")
    for token in (click(None), None):
        buyer = make_user(session)
        order = place_order(session, buyer_id=buyer.id, course_id=course.id, currency="usd", click_token=token, now=clock.now())
        order.state, order.amount_paid = OrderState.PAID, order.total
        session.flush()
        link_touch(session, order_id=order.id, click_token=token, placed_at=order.created_at)
        credit_order(session, order.id, now=clock.now())
    session.commit()

    html = marketer.get("/studio/ctas/results").get_data(as_text=True)
    cells = re.findall(r'<td class="is-number" data-label="[^"]+">(.*?)</td>', html)

    assert "Of 2 paid orders, 1 has no known source." in html
    assert "End card" in html
    assert "The article" in html
    assert cells == ["1", "1", "1", "$195"]


def test_empty_lists_say_how_to_begin(marketer: FlaskClient) -> None:
    assert "Write the first one" in marketer.get("/studio/ctas").get_data(as_text=True)
    assert "No clicks yet" in marketer.get("/studio/ctas/results").get_data(as_text=True)


@pytest.mark.parametrize("roles", [[], ["author"], ["support"]])
def test_only_marketing_writes_calls_to_action(session: Session, sign_in: SignIn, roles: list[str]) -> None:
    cta = make_cta(session)
    client = sign_in(make_user(session, roles=roles))

    for address in ("", "/new", f"/{cta.id}", "/results"):
        assert client.get(f"/studio/ctas{address}").status_code == 403


def test_one_that_does_not_exist_is_not_found(marketer: FlaskClient, csrf: Csrf) -> None:
    address = "/studio/ctas/00000000-0000-0000-0000-000000000000"

    assert marketer.get(address).status_code == 404
    assert post(marketer, csrf, f"{address}/archive")[0] == 404
