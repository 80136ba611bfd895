"""The pages on which a holder enters activities and staff decide about them."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import PointActivity
from laurel.credentials.rules.points import ActivityState
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.conftest import QueryCount, SignIn
from tests.factories.credentials import make_credential
from tests.factories.points import Collector, make_activity, yesterday

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STAFF = "/backoffice/activities"


@pytest.fixture
def holder(app: object, session: Session) -> Collector:
    holder = Collector(session)
    session.commit()
    return holder


def home(holder: Collector) -> str:
    return f"/account/credentials/{holder.credential.id}"


def text(answer: object) -> str:
    return " ".join(getattr(answer, "text", "").split())


def as_holder(holder: Collector, sign_in: SignIn) -> FlaskClient:
    return sign_in(holder.session.get_one(User, holder.credential.holder_id))


def as_staff(holder: Collector, sign_in: SignIn) -> FlaskClient:
    return sign_in(holder.session.get_one(User, holder.staff_id))


def form(csrf: Callable[..., str], **given: str) -> dict[str, str]:
    usual = {"title": "A course", "provider": "Somebody", "happened_on": yesterday().isoformat(), "points": "7,5", "note": "I was there."}
    return {**usual, "csrf_token": csrf(), **given}


def the_activity(session: Session) -> PointActivity:
    session.rollback()
    return session.scalars(select(PointActivity)).one()


def test_a_holder_enters_changes_and_withdraws_an_activity(holder: Collector, sign_in: SignIn, csrf: Callable[..., str]) -> None:
    client = as_holder(holder, sign_in)
    assert "30 needed, 0 approved" in text(client.get(f"{home(holder)}/renewal"))
    assert f'href="{home(holder)}/activities"' in client.get(home(holder)).text
    assert "30 points are missing" in text(client.get(f"{home(holder)}/activities"))

    assert client.post(f"{home(holder)}/activities/new", data=form(csrf)).location == f"{home(holder)}/activities"
    activity = the_activity(holder.session)
    mine = f"{home(holder)}/activities/{activity.id}"
    assert (activity.hundredths, activity.state) == (750, ActivityState.WAITING)
    assert "7.5 wait for staff" in text(client.get(f"{home(holder)}/activities"))
    assert 'value="7.5"' in client.get(mine).text
    assert client.post(mine, data=form(csrf, points="8")).status_code == 303
    assert the_activity(holder.session).hundredths == 800
    line = list(csv.reader(io.StringIO(client.get(f"{home(holder)}/activities.csv").text)))[1]
    assert line[1:7] == ["A course", "Somebody", "8", "", "I was there.", "waiting"]
    assert client.post(f"{mine}/withdraw", data={"csrf_token": csrf()}).status_code == 303
    assert "You withdrew it" in text(client.get(mine))
    assert client.post(mine, data=form(csrf)).location == f"{home(holder)}/renewal"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"title": ""}, "Enter what it was"),
        ({"title": "A course", "provider": "Twice"}, "You have entered this one already"),
        ({"happened_on": "31.3.2026"}, "Enter a day as year, month and day"),
        ({"happened_on": "0001-01-01"}, "Enter a day while the certificate was valid"),
        ({"points": "many"}, "Enter points as a number"),
        ({"note": ""}, "Give a link to it"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_form_is_kept(
    holder: Collector, sign_in: SignIn, csrf: Callable[..., str], given: dict[str, str], words: str
) -> None:
    make_activity(holder.session, holder.credential, title="A course", provider="Twice")
    client = as_holder(holder, sign_in)

    answer = client.post(f"{home(holder)}/activities/new", data=form(csrf, **given))

    assert answer.status_code == 400
    assert words in text(answer)
    assert len(holder.session.scalars(select(PointActivity)).all()) == 1
    assert 'value="Somebody"' in answer.text or "provider" in given


def test_where_points_renew_nothing_no_page_speaks_of_them(
    app: object, session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    other = Collector(session, terms=RenewalTerms())
    client = as_holder(other, sign_in)

    assert all("CPD" not in client.get(f"{home(other)}{page}").text for page in ("", "/renewal"))
    assert client.post(f"{home(other)}/activities/new", data=form(csrf)).location == f"{home(other)}/renewal"
    assert "Nothing can be entered" in text(client.get(f"{home(other)}/activities"))


def test_the_pages_say_what_stands_against_it(app: object, session: Session, sign_in: SignIn) -> None:
    early, complete = Collector(session, days_ago=100), Collector(session, days_ago=100)
    complete.collect(3000)
    assert "It is too early" in (page := text(as_holder(early, sign_in).get(f"{home(early)}/renewal")))
    assert "30 points are missing" in page
    assert "if they are still enough then, and nothing stands against it" in text(
        as_holder(complete, sign_in).get(f"{home(complete)}/renewal")
    )

    revoke(session, early.credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.commit()
    assert "CPD" not in text(as_holder(early, sign_in).get(f"{home(early)}/renewal")).split("<main")[1]


def test_staff_approve_the_last_one_and_the_certificate_is_renewed(
    holder: Collector, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    holder.collect(2500)
    activity = holder.enter(hundredths=500, link="https://graz.example/<b>", note="<script>1</script>")
    holder.session.commit()
    as_staff(holder, sign_in)
    assert f"{STAFF}/{activity.id}" in client.get(STAFF).text
    page = client.get(f"{STAFF}/{activity.id}").text
    assert "<script>1" not in page
    assert 'href="https://graz.example/&lt;b&gt;" rel="nofollow noopener noreferrer"' in page

    stale = client.post(f"{STAFF}/{activity.id}/approve", data={"csrf_token": csrf(), "seen": "7"})
    no_reason = client.post(f"{STAFF}/{activity.id}/refuse", data={"csrf_token": csrf(), "seen": "1"})
    assert (stale.status_code, no_reason.status_code) == (409, 400)
    assert "Say why" in text(no_reason)
    answer = client.post(f"{STAFF}/{activity.id}/approve", data={"csrf_token": csrf(), "seen": "1"}, follow_redirects=True)

    (renewal,) = holder.renewals()
    assert renewal.number in text(answer)
    assert client.post(f"{STAFF}/{activity.id}/take-back", data={"csrf_token": csrf(), "reason": "Why."}).status_code == 409
    assert "It has been renewed" in text(as_holder(holder, sign_in).get(f"{home(holder)}/activities"))


def test_staff_are_told_where_the_same_talk_is_entered_for_another_program(holder: Collector, sign_in: SignIn) -> None:
    session, day = holder.session, yesterday()
    mine = make_activity(session, holder.credential, title="Prompts, at Scale!")
    other = make_credential(session, learner=session.get_one(User, holder.credential.holder_id))
    same = make_activity(session, other, title="prompts  at scale", hundredths=250, state=ActivityState.COUNTED)
    strangers = make_activity(session, make_credential(session), title="Prompts at scale")
    silent = [
        make_activity(session, other, title="Prompts at scale", happened_on=day - timedelta(days=1)),
        make_activity(session, other, title="Prompts at scale", state=ActivityState.REFUSED),
        make_activity(session, other, title="Prompts at a scale"),
    ]
    session.commit()
    staff = as_staff(holder, sign_in)

    page = text(staff.get(f"{STAFF}/{mine.id}"))

    assert "The same day and title stand elsewhere" in page
    assert f'<a href="{STAFF}/{same.id}">prompts at scale</a>' in page
    assert f"{other.number}</span>: 2.5 points, counted" in page
    assert not [found for found in (strangers, *silent) if str(found.id) in page]
    assert str(mine.id) in staff.get(f"{STAFF}/{same.id}").text
    assert "stand elsewhere" not in staff.get(f"{STAFF}/{silent[2].id}").text


def test_staff_refuse_or_take_back_with_a_reason(holder: Collector, client: FlaskClient, sign_in: SignIn, csrf: Callable[..., str]) -> None:
    refused, approved = holder.enter(title="A party"), holder.enter(title="A talk")
    holder.approve(approved)
    holder.session.commit()
    as_staff(holder, sign_in)

    for activity, act, words in ((refused, "refuse", "It was a party."), (approved, "take-back", "The link is dead.")):
        sent = {"csrf_token": csrf(), "seen": "1", "reason": words}
        assert client.post(f"{STAFF}/{activity.id}/{act}", data=sent).status_code == 303
        assert words in text(client.get(f"{STAFF}/{activity.id}"))
    assert "A party" in client.get(f"{STAFF}?state=refused").text
    mine = as_holder(holder, sign_in).get(f"{home(holder)}/activities/{refused.id}")
    assert all(words in text(mine) for words in ("Staff did not approve it", "It was a party."))


def test_lists_page_and_ask_the_database_as_often_for_many_as_for_one(
    holder: Collector, client: FlaskClient, sign_in: SignIn, queries: QueryCount
) -> None:
    staff = holder.session.get_one(User, holder.staff_id)
    make_activity(holder.session, holder.credential, title="Talk 0", happened_on=yesterday() - timedelta(days=60))
    counts = []
    for more in (0, 30):
        for n in range(more):
            make_activity(holder.session, holder.credential, title=f"Talk {n + 1}")
        holder.session.commit()
        for person, address in ((staff, STAFF), (holder.session.get_one(User, holder.credential.holder_id), f"{home(holder)}/activities")):
            sign_in(person)
            queries.clear()
            page = client.get(address)
            counts.append(queries.selects)
            assert ("Page 1 of 2" in text(page)) is bool(more)
    assert counts[:2] == counts[2:]
    assert max(counts) <= 20
    assert "Talk 0" in client.get(f"{home(holder)}/activities?page=2").text
