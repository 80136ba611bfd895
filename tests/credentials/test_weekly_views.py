"""How often a certificate was looked at: a number for a week that is over, and nothing about anybody."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.core.db import Base
from laurel.credentials.models import Credential
from laurel.credentials.models.weekly_views import WeeklyViews
from laurel.credentials.rules.passes import Link, write_token
from laurel.credentials.rules.weekly_views import SHOWN, WEEK, week_of, weeks_told
from laurel.credentials.services.weekly_views import add_views
from tests.conftest import SignIn
from tests.factories.credentials import make_credential
from tests.factories.holders import make_private, make_share_link

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def credential(session: Session) -> Credential:
    issued = make_credential(session)
    session.commit()
    return issued


def counted(session: Session) -> dict[date, int]:
    session.rollback()
    return {row.monday: row.views for row in session.scalars(select(WeeklyViews))}


def test_only_weeks_that_are_over_and_not_too_few_are_told() -> None:
    this, last, before = date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 9)

    told = weeks_told({this: 90, last: 5, before: 4}, since=NOW - WEEK * 20, now=NOW)

    assert [(week.first_day, week.views) for week in told[:2]] == [(last, 5), (before, None)]
    assert (len(told), {week.views for week in told[2:]}) == (SHOWN, {None})
    assert week_of(datetime(2026, 11, 23, tzinfo=UTC)) == week_of(datetime(2026, 11, 29, 23, 59, tzinfo=UTC)) == this


def test_no_week_is_told_in_which_there_was_nothing_to_look_at() -> None:
    told = weeks_told({}, since=datetime(2026, 11, 15, 23, 59, tzinfo=UTC), now=NOW)

    assert [week.first_day for week in told] == [date(2026, 11, 16), date(2026, 11, 9)]
    assert weeks_told({}, since=NOW, now=NOW) == []


def test_pages_that_were_shown_are_written_together_once_a_minute(app: Flask, client: FlaskClient, session: Session) -> None:
    seen, private = make_credential(session), make_credential(session)
    link = make_share_link(session, make_private(session, private))
    session.commit()
    token = write_token(Link(link.id), app.extensions["laurel_settings"].secret_key)
    page = f"/credentials/{seen.id}"
    with time_machine.travel(NOW, tick=False) as traveller:
        for _ in range(3):
            client.get(page, headers=BROWSER)
        client.head(page, headers=BROWSER)
        client.get(f"{page}.json")
        client.get(f"/credentials/{private.id}", headers=BROWSER)
        client.get(f"/credentials/{private.id}?t={token}", headers=BROWSER)
        client.get(f"/credentials/{uuid4()}", headers=BROWSER)
        assert counted(session) == {}
        traveller.shift(timedelta(minutes=1))
        client.get(page, headers=BROWSER).close()  # as servers do when all of it is sent
        assert counted(session) == {date(2026, 11, 23): 4}
        client.get(page, headers=BROWSER)

    assert counted(session) == {date(2026, 11, 23): 4}
    assert session.scalars(select(WeeklyViews.credential_id)).one() == seen.id


def test_a_number_is_all_that_is_kept() -> None:
    assert set(Base.metadata.tables["weekly_views"].columns.keys()) == {"credential_id", "monday", "views"}


@pytest.mark.usefixtures("app")
def test_what_is_erased_or_private_by_then_is_left_out_and_old_weeks_go(session: Session, credential: Credential) -> None:
    private = make_private(session, make_credential(session))
    old, monday = week_of(NOW) - WEEK * (SHOWN + 1), week_of(NOW)
    session.add(WeeklyViews(credential_id=credential.id, monday=old, views=9))
    session.flush()

    for _ in range(2):
        add_views(session, {(credential.id, monday): 3, (private.id, monday): 7, (uuid4(), monday): 2}, now=NOW)
    session.commit()

    assert counted(session) == {monday: 6}


def test_the_holder_alone_sees_weekly_totals_and_none_while_it_is_private(
    client: FlaskClient, session: Session, credential: Credential, sign_in: SignIn
) -> None:
    last = week_of(clock.now()) - WEEK
    credential.issued_at = clock.now() - WEEK * (SHOWN + 1)
    session.add(WeeklyViews(credential_id=credential.id, monday=last, views=4321))
    session.add(WeeklyViews(credential_id=credential.id, monday=last - WEEK, views=4))
    session.commit()
    holder = sign_in(session.get_one(User, credential.holder_id))

    shown = holder.get(f"/account/credentials/{credential.id}").text
    assert "4,321" in shown
    assert shown.count("fewer than 5</dd>") == SHOWN - 1
    assert "4,321" not in client.get(f"/credentials/{credential.id}", headers=BROWSER).text

    make_private(session, credential)
    session.commit()
    assert "looked at" not in holder.get(f"/account/credentials/{credential.id}").text
