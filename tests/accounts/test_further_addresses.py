"""An address is one person's, whether it is their first or a further one, and whoever comes at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts import services
from laurel.accounts.models import FurtherAddress, LinkPurpose, MailedLink, User
from laurel.accounts.queries import find_user_by_email, list_addresses_of
from laurel.accounts.services.links import link_id, make_link
from laurel.core import clock
from laurel.core.db import Database, table_of
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.ids import new_id
from laurel.core.mail import Mail, MailStatus
from tests.factories.accounts import make_further_address, make_user

WORK = "ada@work.example"


def claim(session: Session, user: User, email: str, now: datetime) -> str:
    """The id of a link that would add the address."""
    return link_id(make_link(session, user, LinkPurpose.ADD, email=email, now=now))


def recipients(session: Session) -> list[tuple[str, str]]:
    return [(mail.recipient, mail.subject) for mail in session.scalars(select(Mail).order_by(Mail.id))]


def test_a_person_is_found_by_any_of_their_addresses(session: Session) -> None:
    ada, _grace = make_user(session, email="ada@example.com"), make_user(session)
    make_further_address(session, ada, WORK)

    assert [find_user_by_email(session, address) for address in ("ada@example.com", " ADA@Work.example ", "x@work.example")] == [
        ada,
        ada,
        None,
    ]


def test_nobody_registers_with_a_further_address_of_somebody(app: Flask, session: Session, now: datetime) -> None:
    make_further_address(session, make_user(session), WORK)

    with pytest.raises(services.EmailTakenError):
        services.register(session, email="Ada@work.example", name="Eve", now=now, confirmed=True)


def test_the_database_itself_keeps_an_address_out_of_the_other_table(session: Session, now: datetime) -> None:
    """Code from before this table writes into `users` without looking here."""
    ada, grace = make_user(session, email="ada@example.com"), make_user(session)
    make_further_address(session, grace, WORK)
    further = table_of(FurtherAddress)
    row = {"id": new_id(), "user_id": grace.id, "verified_at": now}
    mine = User(email=WORK, name="Eve", password=None, created_at=now)

    for write in (
        lambda: session.execute(update(User).where(User.id == ada.id).values(email=WORK)),
        lambda: session.execute(insert(further).values(**row, email="ada@example.com")),
        lambda: session.execute(update(further).values(email="ada@example.com")),
        lambda: (session.add(mine), session.flush()),
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            write()
    assert (ada.email, len(session.scalars(select(FurtherAddress)).all())) == ("ada@example.com", 1)


def at_once(database: Database, *acts: Callable[[Session], object]) -> list[str]:
    """What came of acts that begin together, each in a transaction of its own: `done`, or the name of the error."""
    start = Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> str:
        start.wait()
        with database.session(writes=True) as session:
            try:
                act(session)
            except (services.AddressTakenError, services.EmailTakenError, InvalidInputError) as error:
                return type(error).__name__
            session.commit()
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_of_two_who_prove_an_address_at_once_one_has_it(app: Flask, database: Database, session: Session, now: datetime) -> None:
    people = [make_user(session) for _ in range(3)]
    links = {user.id: claim(session, user, WORK, now) for user in people}
    session.commit()

    def prove(user_id: UUID) -> Callable[[Session], object]:
        return lambda own: services.add_address(own, user_id, links[user_id], now=now)

    assert at_once(database, *map(prove, links)) == ["AddressTakenError", "AddressTakenError", "done"]

    session.rollback()
    owner = session.scalars(select(FurtherAddress.user_id)).one()
    for user_id, link in links.items():
        error = services.DeadLinkError if user_id == owner else services.AddressTakenError
        with pytest.raises(error):
            services.get_claim(session, user_id, link, now=now)


def test_of_one_who_registers_and_one_who_proves_an_address_at_once_one_has_it(
    app: Flask, database: Database, session: Session, now: datetime
) -> None:
    ada = make_user(session)
    links = [(f"both-{number}@work.example", claim(session, ada, f"both-{number}@work.example", now)) for number in range(3)]
    session.commit()

    for address, link in links:
        found = at_once(
            database,
            lambda own, address=address: services.register(own, email=address, name="Eve", now=now, confirmed=True),
            lambda own, link=link: services.add_address(own, ada.id, link, now=now),
        )
        session.rollback()
        taken = [*session.scalars(select(User.email)), *session.scalars(select(FurtherAddress.email))].count(address)
        assert (taken, "done" in found, len(set(found))) == (1, True, 2)


def test_somebody_who_registers_while_an_address_changes_its_place_is_refused(
    app: Flask, database: Database, session: Session, now: datetime
) -> None:
    ada = make_user(session, email="ada@example.com")
    further = make_further_address(session, ada, WORK)
    session.commit()

    found = at_once(
        database,
        lambda own: services.make_first(own, ada.id, further.id, now=now),
        lambda own: services.register(own, email="ada@example.com", name="Eve", now=now, confirmed=True),
        lambda own: services.register(own, email=WORK, name="Eve", now=now, confirmed=True),
    )

    session.refresh(ada)
    assert found == ["EmailTakenError", "EmailTakenError", "done"]
    assert list_addresses_of(session, ada) == [WORK, "ada@example.com"]


def test_who_asks_several_times_at_once_gets_no_sixth_address(app: Flask, database: Database, session: Session, now: datetime) -> None:
    ada = make_user(session)
    for _ in range(3):
        make_further_address(session, ada)
    session.commit()

    def ask(number: int) -> Callable[[Session], object]:
        return lambda own: services.request_address(own, ada.id, email=f"more-{number}@example.com", now=now)

    assert at_once(database, *map(ask, range(3))) == ["InvalidInputError", "InvalidInputError", "done"]


def test_a_claim_withdrawn_or_ended_makes_room(app: Flask, session: Session, now: datetime) -> None:
    ada, eve = make_user(session), make_user(session)
    for number in range(4):
        services.request_address(session, ada.id, email=f"{number}@example.com", now=now)
    first = session.scalars(select(MailedLink).filter_by(email="0@example.com")).one()
    with pytest.raises(InvalidInputError, match="5 addresses at most"):
        services.request_address(session, ada.id, email="4@example.com", now=now)
    services.request_address(session, ada.id, email="0@example.com", now=now)  # the same one again: a new link, no further place

    fresh = session.scalars(select(MailedLink).filter_by(email="0@example.com")).one()
    assert fresh.id != first.id
    for handle in ("", fresh.id, fresh.id[:15]):
        services.withdraw_claim(session, ada.id, handle, now=now)
    services.withdraw_claim(session, eve.id, fresh.id[:16], now=now)
    assert len(session.scalars(select(MailedLink)).all()) == 4

    services.withdraw_claim(session, ada.id, fresh.id[:16], now=now)
    services.request_address(session, ada.id, email="4@example.com", now=now)
    services.request_address(session, ada.id, email="5@example.com", now=now + timedelta(days=2))


def test_a_link_adds_its_address_once_within_two_days_and_for_who_asked(app: Flask, session: Session, now: datetime) -> None:
    ada, eve = make_user(session), make_user(session)
    link = claim(session, ada, WORK, now)

    with pytest.raises(services.StrangersLinkError):
        services.add_address(session, eve.id, link, now=now)
    with pytest.raises(services.DeadLinkError):
        services.add_address(session, ada.id, link, now=now + timedelta(days=2))
    services.add_address(session, ada.id, link, now=now)
    with pytest.raises(services.DeadLinkError):
        services.add_address(session, ada.id, link, now=now)

    assert list_addresses_of(session, ada) == [ada.email, WORK]
    assert recipients(session) == [(ada.email, f"{WORK} was added to your account")]


def test_mails_go_to_the_address_that_was_made_the_first_and_both_are_told(app: Flask, session: Session, now: datetime) -> None:
    ada = make_user(session, email="ada@example.com")
    further, confirmed_at = make_further_address(session, ada, WORK), ada.confirmed_at
    reset = link_id(make_link(session, ada, LinkPurpose.RESET, now=now))

    services.make_first(session, ada.id, further.id, now=now)

    assert (ada.email, ada.confirmed_at) == (WORK, further.verified_at)
    kept = session.scalars(select(FurtherAddress)).one()
    assert (kept.email, kept.verified_at) == ("ada@example.com", confirmed_at)
    assert recipients(session) == [(to, f"Our mails go to {WORK} from now on") for to in (WORK, "ada@example.com")]
    with pytest.raises(services.DeadLinkError):
        services.get_link(session, reset, LinkPurpose.RESET, now=now)
    with pytest.raises(NotFoundError):
        services.make_first(session, ada.id, further.id, now=now)


def test_a_first_address_that_was_never_confirmed_does_not_stay(app: Flask, session: Session, now: datetime) -> None:
    ada = make_user(session, email="typo@example.com", confirmed=False)
    further = make_further_address(session, ada, WORK)

    services.make_first(session, ada.id, further.id, now=now)

    assert list_addresses_of(session, ada) == [WORK]
    assert find_user_by_email(session, "typo@example.com") is None


def test_a_removed_address_is_free_and_its_mails_keep_no_words(app: Flask, session: Session) -> None:
    now, (ada, eve) = clock.now() + timedelta(seconds=1), (make_user(session), make_user(session))
    further = make_further_address(session, ada, WORK)
    services.tell(session, ada, "Something of before", recipient=WORK, now=now)
    session.execute(update(Mail).values(status=MailStatus.SENT, sent_at=now))
    for user_id, address_id in ((eve.id, further.id), (ada.id, ada.id)):
        with pytest.raises(NotFoundError):
            services.remove_address(session, user_id, address_id, now=now)

    services.remove_address(session, ada.id, further.id, now=now)

    assert list_addresses_of(session, ada) == [ada.email]
    told = f"{WORK} was removed from your account"
    assert recipients(session) == [(WORK, ""), (ada.email, told), (WORK, told)]
    assert services.register(session, email=WORK, name="Eve", now=now, confirmed=True).email == WORK


def test_further_addresses_go_with_the_person(session: Session, now: datetime) -> None:
    ada = make_user(session)
    make_further_address(session, ada)
    claim(session, ada, WORK, now)

    session.execute(delete(User).where(User.id == ada.id))

    assert session.scalars(select(FurtherAddress)).all() == []
    assert session.scalars(select(MailedLink)).all() == []
