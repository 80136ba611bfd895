"""The accounts of the seed content, whatever was seeded before."""

from datetime import datetime

from sqlalchemy.orm import Session

from laurel.accounts.services import verify_password
from laurel.seed import seed_people

PASSWORD = "walk through the laurels"


def test_accounts_that_were_seeded_without_a_password_get_the_demos(session: Session, now: datetime) -> None:
    before = seed_people(session, password=None, now=now)
    assert not any(verify_password(PASSWORD, person.password) for person in before.values())

    after = seed_people(session, password=PASSWORD, now=now)

    assert {role: person.id for role, person in after.items()} == {role: person.id for role, person in before.items()}
    assert all(verify_password(PASSWORD, person.password) for person in after.values())


def test_who_has_a_password_keeps_it(session: Session, now: datetime) -> None:
    before = {person.password for person in seed_people(session, password=PASSWORD, now=now).values()}

    assert {person.password for person in seed_people(session, password="another one of four words", now=now).values()} == before
