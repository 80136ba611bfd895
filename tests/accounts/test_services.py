from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import flask_security.utils
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.accounts import services
from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.accounts.services import passwords
from laurel.accounts.services.links import delete_ended_links, make_link
from laurel.core.db import Database
from laurel.core.errors import ConflictError, InvalidInputError, UnavailableError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from tests.factories.accounts import PASSWORD, make_user


def names_of_events(session: Session) -> list[str]:
    return list(session.scalars(select(EventRecord.name).order_by(EventRecord.id)))


def test_who_registers_can_be_found_and_is_mailed_a_link(app: Flask, session: Session, now: datetime) -> None:
    user = services.register(session, email="Ada@Example.COM", password=PASSWORD, name="Ada", now=now)

    assert user.email == "ada@example.com"
    assert user.confirmed_at is None
    assert user.role_names == []
    assert names_of_events(session) == ["UserRegistered"]
    mail = session.scalars(select(Mail)).one()
    assert mail.recipient == "ada@example.com"
    assert "http://laurel.test/confirm/" in mail.text
    assert "http://laurel.test/confirm/" in (mail.html or "")


def test_a_confirmed_person_gets_no_mail(app: Flask, session: Session, now: datetime) -> None:
    user = services.register(session, email="staff@example.com", password=PASSWORD, name="S", now=now, role_names=["admin"], confirmed=True)

    assert user.confirmed_at == now
    assert user.role_names == ["admin"]
    assert session.scalar(select(func.count()).select_from(Mail)) == 0


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@example.com", " Ada@Example.com "])
def test_an_address_has_one_account(app: Flask, session: Session, now: datetime, again: str) -> None:
    services.register(session, email="ada@example.com", name="Ada", now=now, confirmed=True)

    with pytest.raises(services.EmailTakenError):
        services.register(session, email=again.strip(), name="Eve", now=now)


def test_two_who_register_at_once_end_in_one_account(app: Flask, database: Database, now: datetime) -> None:
    def register(_number: int) -> bool:
        with database.session(writes=True) as session:
            try:
                services.register(session, email="ada@example.com", name="Ada", now=now, confirmed=True)
            except services.EmailTakenError:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(register, range(4))) == [False, False, False, True]


def test_a_password_given_plain_is_checked(app: Flask, session: Session, now: datetime) -> None:
    with pytest.raises(InvalidInputError):
        services.register(session, email="ada@example.com", password="laurel2026", name="Ada", now=now)


def test_our_hashes_verify_in_flask_security(app: Flask, session: Session) -> None:
    with app.test_request_context():
        assert flask_security.utils.verify_password(PASSWORD, services.hash_password(PASSWORD))
        assert services.verify_password(PASSWORD, flask_security.utils.hash_password(PASSWORD))


def test_passwords_are_argon2id_with_owasp_parameters() -> None:
    assert services.hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_is_kept_exactly_as_typed() -> None:
    hashed = services.hash_password("  cafe\u0301 au lait  ")

    assert services.verify_password("  cafe\u0301 au lait  ", hashed)
    assert not services.verify_password("cafe\u0301 au lait", hashed)
    assert not services.verify_password("  caf\u00e9 au lait  ", hashed)


def test_nobody_has_a_password() -> None:
    assert not services.verify_password("nobody has this password", None)


def test_a_hash_with_older_parameters_is_outdated() -> None:
    old = passwords.context.using(argon2__memory_cost=8192, argon2__time_cost=1).hash(PASSWORD)

    assert services.is_outdated(old)
    assert not services.is_outdated(services.hash_password(PASSWORD))


@pytest.fixture
def no_patience() -> Iterator[None]:
    patience, passwords.WAIT = passwords.WAIT, 0.05
    yield
    passwords.WAIT = patience


def test_a_third_hash_at_a_time_waits_and_gives_up(no_patience: None) -> None:
    with passwords.hashing_slot(), passwords.hashing_slot(), pytest.raises(UnavailableError):
        services.hash_password(PASSWORD)

    assert services.hash_password(PASSWORD)


def test_an_empty_certificate_name_leaves_it_to_the_name(app: Flask, session: Session) -> None:
    user = make_user(session, name="Ada")

    services.rename_on_certificates(session, user.id, name="Augusta Ada King")
    assert user.name_on_certificates == "Augusta Ada King"

    services.rename(session, user.id, name="Ada King")
    services.rename_on_certificates(session, user.id, name="")
    assert user.name_on_certificates == "Ada King"


def test_the_name_on_a_certificate_is_kept_for_the_next_one_however_the_account_is_called(app: Flask, session: Session) -> None:
    user = make_user(session, name="Ada")

    services.keep_certificate_name(user, "Augusta Ada King")
    services.keep_certificate_name(user, "Somebody Else")
    services.rename(session, user.id, name="Mallory")
    assert user.name_on_certificates == "Augusta Ada King"

    other = make_user(session, name="Ada")
    services.keep_certificate_name(other, "x" * 240)
    assert other.certificate_name == "Ada"


def test_a_mailed_link_is_kept_as_a_digest_only(app: Flask, session: Session, now: datetime) -> None:
    user = make_user(session)

    token = make_link(session, user, LinkPurpose.RESET, now=now)

    assert session.scalars(select(MailedLink.id)).one() == services.link_id(token) != token


def dead(session: Session, token: str, purpose: LinkPurpose, now: datetime) -> bool:
    try:
        services.get_user_of_link(session, services.link_id(token), purpose, now=now)
    except services.DeadLinkError:
        return True
    return False


@pytest.mark.parametrize(
    ("purpose", "minutes", "expected"),
    [(LinkPurpose.RESET, 59, False), (LinkPurpose.RESET, 61, True), (LinkPurpose.CONFIRM, 2879, False), (LinkPurpose.CONFIRM, 2881, True)],
)
def test_a_link_dies_of_age(app: Flask, session: Session, now: datetime, purpose: LinkPurpose, minutes: int, expected: bool) -> None:
    token = make_link(session, make_user(session), purpose, now=now)

    assert dead(session, token, purpose, now + timedelta(minutes=minutes)) is expected


def test_a_reset_link_dies_with_the_password_the_address_the_account_or_a_newer_link(app: Flask, session: Session, now: datetime) -> None:
    def change_password(user: User) -> None:
        user.password = "another hash"

    def change_address(user: User) -> None:
        user.email = f"new-{user.email}"

    def disable(user: User) -> None:
        user.active = False

    def ask_again(user: User) -> None:
        make_link(session, user, LinkPurpose.RESET, now=now)

    for change in (change_password, change_address, disable, ask_again):
        user = make_user(session)
        token = make_link(session, user, LinkPurpose.RESET, now=now)
        assert not dead(session, token, LinkPurpose.RESET, now)
        change(user)
        session.flush()
        assert dead(session, token, LinkPurpose.RESET, now), change.__name__


def test_a_link_is_good_for_its_purpose_only(app: Flask, session: Session, now: datetime) -> None:
    token = make_link(session, make_user(session), LinkPurpose.CONFIRM, now=now)

    assert dead(session, token, LinkPurpose.RESET, now)
    assert dead(session, token[:-1] + ("A" if token[-1] != "A" else "B"), LinkPurpose.CONFIRM, now)
    assert dead(session, "", LinkPurpose.CONFIRM, now)


def test_old_links_are_cleared_away(app: Flask, session: Session, now: datetime) -> None:
    make_link(session, make_user(session), LinkPurpose.RESET, now=now)

    assert delete_ended_links(session, now=now + timedelta(minutes=59)) == 0
    assert delete_ended_links(session, now=now + timedelta(minutes=61)) == 1


def test_a_changed_password_ends_sessions_and_links_and_is_told(app: Flask, session: Session, now: datetime) -> None:
    user = make_user(session, confirmed=False)
    before = user.fs_uniquifier
    token = make_link(session, user, LinkPurpose.RESET, now=now)

    services.change_password(session, user.id, password_hash="new", by_reset=True, now=now)

    assert user.password == "new"
    assert user.fs_uniquifier != before
    assert user.confirmed_at == now
    assert dead(session, token, LinkPurpose.RESET, now)
    assert names_of_events(session) == ["PasswordChanged", "EmailConfirmed"]
    assert session.scalars(select(Mail.subject)).one() == "Your password was changed"


def test_a_reset_for_a_stranger_leaves_nothing(app: Flask, session: Session, now: datetime) -> None:
    services.request_reset(session, "stranger@example.com", now=now)
    session.commit()

    for table in (User, Mail, MailedLink, EventRecord):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_reset_for_a_disabled_account_mails_nothing(app: Flask, session: Session, now: datetime) -> None:
    make_user(session, email="gone@example.com").active = False
    session.flush()

    services.request_reset(session, "gone@example.com", now=now)

    assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_reset_for_a_stranger_costs_as_many_statements(app: Flask, session: Session, now: datetime, queries: "object") -> None:
    make_user(session, email="ada@example.com")
    session.commit()
    counts = []
    for address in ("ada@example.com", "stranger@example.com"):
        queries.clear()  # type: ignore[attr-defined]
        services.request_reset(session, address, now=now)
        session.commit()
        counts.append(queries.writes)  # type: ignore[attr-defined]

    known, unknown = counts
    assert 0 <= unknown - known <= 1


def test_new_roles_end_the_sessions(app: Flask, session: Session, now: datetime) -> None:
    user = make_user(session)
    before = user.fs_uniquifier

    services.set_roles(session, user.id, role_names=["author"], by_id=None, now=now)
    after = user.fs_uniquifier
    services.set_roles(session, user.id, role_names=["author"], by_id=None, now=now)

    assert user.role_names == ["author"]
    assert before != after == user.fs_uniquifier
    assert names_of_events(session) == ["RolesChanged"]


def test_the_last_owner_stays_one(app: Flask, session: Session, now: datetime) -> None:
    owner = make_user(session, roles=["owner"])

    with pytest.raises(ConflictError):
        services.set_roles(session, owner.id, role_names=["admin"], by_id=owner.id, now=now)

    make_user(session, roles=["owner"])
    services.set_roles(session, owner.id, role_names=["admin"], by_id=owner.id, now=now)
    assert owner.role_names == ["admin"]


@pytest.mark.parametrize(
    "text",
    [
        "a@b",
        '"a b"@x.com',
        "a@x.com\nBcc: v@y.com",
        "a@x.com%0aTo:v",
        "a@x.com,b@x.com",
        "a@x.com;b@x.com",
        "Ada <a@x.com>",
        "a" * 400 + "@x.com",
        "ａdmin@x.com",
        "admin@exаmple.com",
        "a..b@x.com",
        ".a@x.com",
        "a@[127.0.0.1]",
        "a@localhost",
        "a@x.test",
        "a@-x.com",
        "a@@x.com",
        "",
        "@",
        "a@x.com\x00",
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        services.normalize_email(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("A@X.com", "a@x.com"),
        ("a+1@x.com", "a+1@x.com"),
        ("Ada.King@Example.COM", "ada.king@example.com"),
        ("a@xn--bcher-kva.de", "a@xn--bcher-kva.de"),
    ],
)
def test_an_address_is_kept_in_lower_case(text: str, address: str) -> None:
    assert services.normalize_email(text) == address


def test_limits_count_accounts_and_networks_apart(app: Flask, session: Session, now: datetime) -> None:
    for _ in range(10):
        services.count_or_refuse(session, "sign in", network="net", account="ada@example.com", now=now)

    with pytest.raises(services.TooManyTriesError) as refused:
        services.count_or_refuse(session, "sign in", network="elsewhere", account="ada@example.com", now=now)
    assert refused.value.seconds == pytest.approx(300, abs=2)
    assert services.count_or_refuse(session, "sign in", network="net", account="grace@example.com", now=now)


def test_a_try_that_succeeded_does_not_count(app: Flask, session: Session, now: datetime) -> None:
    for _ in range(40):
        counted = services.count_or_refuse(session, "sign in", network="campus", account=str(UUID(int=1)), now=now)
        services.forgive(session, counted)
