"""Staff find a person's orders, receipts and attempts by any address that the person has proven to be theirs."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import LinkPurpose, MailedLink, User
from laurel.commerce.services.fulfilling import settle
from laurel.commerce.services.receipts import issue_receipt
from laurel.core.clock import now
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_further_address, make_user
from tests.factories.commerce import make_order
from tests.factories.quizzes import make_attempt, make_quiz

WORK = "grace@navy.example"


@pytest.fixture
def staff(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, roles=["admin"]))


@pytest.fixture
def grace(session: Session) -> User:
    """She has a further address, an order with its receipt, and an attempt."""
    person = make_user(session, name="Grace Hopper", email="hopper@example.com")
    make_further_address(session, person, WORK)
    act(session, person)
    act(session, make_user(session, name="Bob Other", email="bob@example.com"))
    session.commit()
    return person


def act(session: Session, person: User) -> None:
    order = make_order(session, buyer=person)
    settle(session, order, amount_paid=order.total, ref=f"pi_{order.number}", now=now())
    issue_receipt(session, order, now())
    make_attempt(session, make_quiz(session), learner_id=person.id)


LISTS = pytest.mark.parametrize("path", ["/backoffice/orders", "/backoffice/receipts", "/backoffice/attempts"])


@LISTS
@pytest.mark.parametrize("words", [WORK, "GRACE@Navy", "navy.example", "hopper@example.com", "hopper"])
def test_any_proven_address_finds_the_person(staff: FlaskClient, grace: User, path: str, words: str) -> None:
    page = staff.get(path, query_string={"q": words}).text

    assert "Grace Hopper" in page
    assert "Bob Other" not in page


@LISTS
@pytest.mark.parametrize("words", ["grace_navy", "navy%example", "asked@example.com"])
def test_what_only_looks_like_it_and_what_was_never_proven_finds_nobody(
    staff: FlaskClient, session: Session, grace: User, path: str, words: str
) -> None:
    link = MailedLink(
        id="some-link",
        user_id=grace.id,
        purpose=LinkPurpose.ADD,
        email="asked@example.com",
        password_digest="",
        created_at=now(),
        ends_at=now() + timedelta(hours=1),
    )
    session.add(link)
    session.commit()

    assert "Grace Hopper" not in staff.get(path, query_string={"q": words}).text


@LISTS
def test_a_search_takes_as_many_queries_for_many_addresses_as_for_one(
    staff: FlaskClient, session: Session, grace: User, queries: QueryCount, path: str
) -> None:
    def count() -> int:
        queries.clear()
        assert "Grace Hopper" in staff.get(path, query_string={"q": "navy"}).text
        return queries.selects

    count()  # warms the connection up
    one = count()
    for number in range(4):
        make_further_address(session, grace, f"grace{number}@navy.example")
        person = make_user(session, name=f"Sailor {number}")
        make_further_address(session, person, f"sailor{number}@navy.example")
        act(session, person)
    session.commit()

    assert count() == one <= 8
    assert staff.get(path, query_string={"q": "navy"}).text.count("Grace Hopper") == 1
