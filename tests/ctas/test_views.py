"""Following a call to action: what is recorded, what is not, and that it leads nowhere else."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.attribution.models import Touch
from laurel.ctas.models import Placement
from laurel.ctas.queries import get_cta
from laurel.ctas.rules import make_link_token
from laurel.ctas.services import place
from tests.conftest import QueryCount
from tests.factories.ctas import make_course, make_cta

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept-Language": "en",
    "Referer": "http://laurel.test/articles/a",
}


@pytest.fixture
def link(app: Flask, session: Session, now: datetime) -> str:
    """The address of a placed call to action."""
    make_cta(session, slug="end")
    place(session, article_id=uuid4(), places=[("end", "1")], now=now)
    placement = session.scalars(select(Placement)).one()
    session.commit()
    return f"/go/{make_link_token(placement.id, keys=[app.config['SECRET_KEY']])}"


def touches(session: Session) -> list[Touch]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Touch)))


def test_a_click_is_recorded_and_leads_to_the_course(client: FlaskClient, session: Session, link: str) -> None:
    answer = client.get(link, headers=BROWSER)

    (touch,) = touches(session)
    placement = session.scalars(select(Placement)).one()
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"?via={touch.click_token}")
    assert answer.headers["Location"].startswith("/courses/course-")
    assert (touch.placement_id, touch.cta_id, touch.article_id) == (placement.id, placement.cta_id, placement.article_id)
    assert (touch.referrer_host, touch.bot_reason) == (None, None)


def test_the_answer_is_not_kept_and_sets_no_cookie(client: FlaskClient, link: str) -> None:
    answer = client.get(link, headers=BROWSER)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers or "Cookie" not in answer.headers["Vary"]


def test_each_click_has_a_token_of_its_own(client: FlaskClient, session: Session, link: str) -> None:
    assert client.get(link, headers=BROWSER).headers["Location"] != client.get(link, headers=BROWSER).headers["Location"]
    assert len(touches(session)) == 2


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}]
)
def test_fetching_ahead_is_no_click(client: FlaskClient, session: Session, link: str, headers: dict[str, str]) -> None:
    answer = client.get(link, headers=BROWSER | headers)

    assert answer.status_code == 302
    assert "via=" not in answer.headers["Location"]
    assert touches(session) == []


def test_head_is_no_click(client: FlaskClient, session: Session, link: str, queries: QueryCount) -> None:
    queries.clear()
    answer = client.head(link, headers=BROWSER)

    assert answer.status_code == 302
    assert queries.writes == 0
    assert touches(session) == []


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (BROWSER | {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "crawler word: bot"),
        ({"User-Agent": BROWSER["User-Agent"]}, "no accept-language"),
    ],
)
def test_a_program_is_let_through_and_flagged(
    client: FlaskClient, session: Session, link: str, headers: dict[str, str], reason: str
) -> None:
    assert client.get(link, headers=headers).status_code == 302

    (touch,) = touches(session)
    assert touch.is_bot
    assert touch.bot_reason is not None
    assert touch.bot_reason.startswith(reason)


def test_another_site_is_remembered_by_its_host(client: FlaskClient, session: Session, link: str) -> None:
    client.get(link, headers=BROWSER | {"Referer": "https://news.example/story?reader=1"})

    assert touches(session)[0].referrer_host == "news.example"


@pytest.mark.parametrize("token", ["x", "eyJhIjoxfQ.x", "https:evil.example", "..", "%00", "'", "a" * 3000])
def test_a_link_that_we_did_not_make_leads_nowhere(client: FlaskClient, session: Session, token: str) -> None:
    answer = client.get(f"/go/{token}", headers=BROWSER)

    assert answer.status_code in {400, 404}
    assert "Location" not in answer.headers
    assert touches(session) == []


def test_a_signed_link_to_a_place_that_is_gone_leads_nowhere(app: Flask, client: FlaskClient, database: object) -> None:
    token = make_link_token(UUID(int=7), keys=[app.config["SECRET_KEY"]])

    assert client.get(f"/go/{token}").status_code == 404


def test_arguments_change_nothing(client: FlaskClient, session: Session, link: str) -> None:
    answer = client.get(f"{link}?next=https://evil.example&url=//evil.example", headers=BROWSER)

    assert answer.headers["Location"] == f"{answer.headers['Location'].partition('?')[0]}?via={touches(session)[0].click_token}"


def test_a_link_keeps_working_when_its_place_is_gone(client: FlaskClient, session: Session, link: str, now: datetime) -> None:
    placement = session.scalars(select(Placement)).one()
    place(session, article_id=placement.article_id, places=[], now=now)
    session.commit()

    assert client.get(link, headers=BROWSER).status_code == 302
    assert len(touches(session)) == 1


def test_a_post_is_refused(client: FlaskClient, link: str) -> None:
    assert client.post(link).status_code in {403, 405}


def test_following_takes_few_queries(client: FlaskClient, link: str, queries: QueryCount) -> None:
    queries.clear()
    client.get(link, headers=BROWSER)

    assert queries.writes == 1
    assert queries.selects <= 2


def test_the_course_of_today_counts(client: FlaskClient, session: Session, link: str) -> None:
    course = make_course(session, title="New")
    placement = session.scalars(select(Placement)).one()
    get_cta(session, placement.cta_id).course_id = course.id
    session.commit()

    assert client.get(link, headers=BROWSER).headers["Location"].startswith(f"/courses/{course.slug}?via=")
    assert touches(session)[0].course_id == course.id
