"""A certificate's number is never broken at a hyphen: on every page that says one, each stands in one line."""

from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential, make_pending
from tests.factories.holders import make_name_change, make_private
from tests.factories.renewals import make_holder

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = {"Accept": "text/html"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NOT_SET = {"title", "script", "style", "pre", "code", "textarea"}
"""What is no running text: it is in no line, or in one that scrolls."""


class Numbers(HTMLParser):
    """How often a page says a number in its text, and where that may be broken."""

    def __init__(self, number: str, page: str) -> None:
        super().__init__()
        self.number, self.open, self.said = number, list[tuple[str, str]](), 0
        self.broken: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.number not in data or any(tag in NOT_SET for tag, _ in self.open):
            return
        self.said += 1
        if not any({"nowrap", "visually-hidden"} & set(classes.split()) for _, classes in self.open):
            self.broken.append(" ".join(data.split()))


def check(client: FlaskClient, number: str, *pages: str) -> Iterator[str]:
    """Each page that says the number nowhere, or where it can be broken."""
    for page in pages:
        found = Numbers(number, client.get(page, headers=PAGE).text)
        if not found.said or found.broken:
            yield f"{page}: {found.broken or 'not said'}"


def test_on_the_pages_that_anybody_sees(client: FlaskClient, session: Session) -> None:
    shown, hidden, pending = make_credential(session), make_credential(session), make_pending(session)
    make_private(session, hidden)
    revoke(session, pending.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.commit()

    for credential in (shown, hidden, pending):
        assert list(check(client, credential.number, f"/credentials/{credential.id}")) == []
    assert list(check(client, shown.number, f"/verify?number={shown.number}")) == []
    assert list(check(client, "LRL-0000-0000-0000", "/verify?number=LRL-0000-0000-0000")) == []
    assert list(check(client, "LRL-7Q4M-KD2X-93ZZ", "/verify", "/verify?number=LRL-1")) == []


def test_on_the_pages_of_its_holder(session: Session, sign_in: SignIn) -> None:
    holder = make_holder(session)
    holder.begin()
    holder.sit()
    new = holder.sign(holder.renewals()[0])
    session.commit()
    client, home = sign_in(holder.room.learner), f"/account/credentials/{holder.credential.id}"

    assert list(check(client, new.number, home, f"{home}/renewal", "/account/credentials")) == []
    assert list(check(client, holder.credential.number, home, f"{home}/renewal", f"{home}/erase", f"{home}/activities")) == []


def test_on_the_pages_of_staff(session: Session, sign_in: SignIn) -> None:
    credential = make_credential(session, learner=make_user(session), at=clock.now() - timedelta(days=1))
    change = make_name_change(session, session.get_one(User, credential.holder_id))
    session.commit()
    staff, home = sign_in(make_user(session, roles=["owner"])), f"/backoffice/credentials/{credential.id}"

    pages = ["/backoffice/credentials", home, *(f"{home}/{act}" for act in ("correct", "revoke", "hold", "erase"))]
    assert list(check(staff, credential.number, *pages, f"/backoffice/name-changes/{change.id}")) == []


def test_text_around_a_number_is_escaped_and_markup_is_left_as_it_is(app: Flask) -> None:
    with app.test_request_context():
        said = render_template_string("{{ text | unbroken }}", text="<b> LRL-7Q4M-KD2X-93ZZ & LRL-1")
        markup = render_template_string("{{ '<b>LRL-7Q4M-KD2X-93ZZ</b>' | safe | unbroken }}{{ 7 | unbroken }}")

    assert said == '&lt;b&gt; <span class="numbers nowrap">LRL-7Q4M-KD2X-93ZZ</span> &amp; LRL-1'
    assert markup == "<b>LRL-7Q4M-KD2X-93ZZ</b>7"
