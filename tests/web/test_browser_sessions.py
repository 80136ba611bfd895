"""Sessions live in the database and end by its clock."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Session

from laurel.core.db import Database, database_now
from laurel.web.browser_sessions import (
    BrowserSession,
    address_prefix,
    delete_ended_sessions,
    end_sessions_of,
    keep_session_until,
    list_sessions_of,
)
from tests.conftest import SignIn
from tests.factories.accounts import make_user


def only_row(session: Session) -> BrowserSession:
    session.rollback()
    return session.scalars(select(BrowserSession)).one()


def count_rows(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(BrowserSession)) or 0


def age(session: Session, row: BrowserSession, **changes: timedelta) -> None:
    for name, by in changes.items():
        setattr(row, name, getattr(row, name) - by)
    session.commit()


@pytest.mark.parametrize(("roles", "idle"), [([], timedelta(days=14)), (["support"], timedelta(minutes=30))])
def test_a_session_ends_when_it_idles(probe: FlaskClient, sign_in: SignIn, session: Session, roles: list[str], idle: timedelta) -> None:
    sign_in(make_user(session, roles=roles), client=probe)

    age(session, only_row(session), last_seen_at=idle - timedelta(seconds=30))
    assert probe.get("/probe/mine").status_code == 200
    age(session, only_row(session), last_seen_at=idle + timedelta(seconds=1))
    assert probe.get("/probe/mine").status_code == 302


@pytest.mark.parametrize(("roles", "absolute"), [([], timedelta(days=60)), (["support"], timedelta(hours=12))])
def test_a_session_in_use_ends_all_the_same(
    probe: FlaskClient, sign_in: SignIn, session: Session, roles: list[str], absolute: timedelta
) -> None:
    sign_in(make_user(session, roles=roles), client=probe)

    age(session, only_row(session), ends_at=absolute - timedelta(seconds=30))
    assert probe.get("/probe/mine").status_code == 200
    age(session, only_row(session), ends_at=timedelta(seconds=31))
    assert probe.get("/probe/mine").status_code == 302


def test_a_running_exam_keeps_its_session(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=probe)
    row = only_row(session)
    keep_session_until(session, row.id, database_now(session) + timedelta(minutes=5))
    age(session, row, last_seen_at=timedelta(days=15), ends_at=timedelta(days=61))

    assert probe.get("/probe/mine").status_code == 200

    age(session, only_row(session), keep_until=timedelta(minutes=6), last_seen_at=timedelta(days=15))
    assert probe.get("/probe/mine").status_code == 302


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(hours=2), timedelta(days=30)])
def test_a_jump_of_this_machines_clock_signs_nobody_out(
    probe: FlaskClient, sign_in: SignIn, session: Session, database: Database, jump: timedelta
) -> None:
    if database.is_sqlite:
        jump = min(jump, timedelta(minutes=25))  # its clock is this machine's: only a jump backward or a small one is harmless
    sign_in(make_user(session, roles=["support"]), client=probe)

    with time_machine.travel(datetime.now(UTC) + jump):  # noqa: TID251 (the test moves the clock)
        assert probe.get("/probe/mine").status_code == 200


def test_the_cookie_is_a_bare_token_and_the_database_keeps_its_digest(probe: FlaskClient, session: Session) -> None:
    answer = probe.get("/probe/form")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("laurel_demo=")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    token = cookie.split("=")[1].split(";")[0]
    assert len(token) == 43
    assert token not in str(only_row(session).__dict__)


@pytest.mark.parametrize("token", ["planted", "", "x" * 3000, "%00", "../../etc/passwd"])
def test_a_token_that_we_did_not_give_is_worth_nothing(probe: FlaskClient, session: Session, token: str) -> None:
    probe.set_cookie("laurel_demo", token, domain="laurel.test")

    answer = probe.get("/probe/form")

    assert answer.status_code == 200
    assert f"laurel_demo={token};" not in answer.headers["Set-Cookie"]
    assert count_rows(session) == 1


def test_only_who_needs_a_session_gets_one(probe: FlaskClient, session: Session) -> None:
    probe.get("/probe/public")
    probe.get("/probe/mine")
    probe.get("/probe/wrong/404")

    assert count_rows(session) == 0


def test_use_is_noted_once_a_minute(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    sign_in(make_user(session), client=probe)
    probe.get("/probe/mine")  # the first page keeps a token for its forms
    before = only_row(session).last_seen_at
    probe.get("/probe/mine")
    assert only_row(session).last_seen_at == before

    age(session, only_row(session), last_seen_at=timedelta(seconds=61))
    probe.get("/probe/mine")

    assert only_row(session).last_seen_at >= before


def test_what_a_view_did_not_commit_is_not_committed_with_the_session(probe: FlaskClient, token: str, session: Session) -> None:
    probe.post("/probe/anyone", data={"csrf_token": token})
    probe.post("/probe/anyone", data={"csrf_token": token})

    assert only_row(session).data["seen"] == 2


def test_strangers_sessions_are_cleared_away_soon_and_others_at_their_end(session: Session) -> None:
    user = make_user(session)
    now = database_now(session)

    def add(name: str, *, user_id: object, seen: timedelta, ends: timedelta) -> None:
        session.add(
            BrowserSession(
                id=name,
                user_id=user_id,  # type: ignore[arg-type]
                data={},
                created_at=now - timedelta(days=20),
                last_seen_at=now - seen,
                idle_seconds=100,
                ends_at=now + ends,
            )
        )

    add("stranger, idle", user_id=None, seen=timedelta(hours=13), ends=timedelta(hours=1))
    add("stranger, lately", user_id=None, seen=timedelta(hours=1), ends=timedelta(hours=1))
    add("person, idle", user_id=user.id, seen=timedelta(days=13), ends=timedelta(days=1))
    add("person, over", user_id=user.id, seen=timedelta(days=1), ends=timedelta(seconds=-1))
    session.flush()

    assert delete_ended_sessions(session, now=now) == 2
    assert set(session.scalars(select(BrowserSession.id))) == {"stranger, lately", "person, idle"}


def test_a_person_without_an_account_has_no_sessions(probe: FlaskClient, sign_in: SignIn, session: Session) -> None:
    user = make_user(session)
    sign_in(user, client=probe)

    session.delete(user)
    session.commit()

    assert count_rows(session) == 0
    assert probe.get("/probe/mine").status_code == 302


def test_all_sessions_but_one_end(sign_in: SignIn, probe: FlaskClient, session: Session) -> None:
    user, other = make_user(session), make_user(session)
    for person in (user, user, user, other):
        sign_in(person, client=probe)
    kept = list_sessions_of(session, user.id)[1]

    assert end_sessions_of(session, user.id, except_id=kept.id) == 2
    assert [row.id for row in list_sessions_of(session, user.id)] == [kept.id]
    assert len(list_sessions_of(session, other.id)) == 1


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8::1", "2001:db8::/48"),
        ("::1", "::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str | None, prefix: str) -> None:
    assert address_prefix(address) == prefix


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_that_begins_a_session_queues_with_those_who_write(client: FlaskClient, database: Database) -> None:
    turns = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "INTO browser_sessions" in statement:
            turns.append(connection.get_execution_options().get("laurel_writes", True))

    assert client.get("/login").status_code == 200

    assert turns == [True]
