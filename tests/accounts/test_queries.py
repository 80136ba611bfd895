from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import PeopleFilters, count_people_with_role, find_user_by_email, get_user, list_people
from laurel.accounts.rules import Role
from laurel.core.errors import NotFoundError
from laurel.credentials.queries.staff import search_credentials
from tests.factories.accounts import make_further_address, make_user
from tests.factories.credentials import make_credential


def emails(session: Session, filters: PeopleFilters) -> list[str]:
    return [user.email.split("@")[0] for user in session.scalars(list_people(filters))]


@pytest.fixture
def people(session: Session) -> list[User]:
    return [
        make_user(session, name="Ada Lovelace", email="ada@example.com"),
        make_user(session, name="Grace Hopper", email="grace@example.org", roles=["author", "admin"]),
        make_user(session, name="100% Percy_Percent", email="percy@example.com", roles=["author"]),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (PeopleFilters(), ["percy", "grace", "ada"]),
        (PeopleFilters(words="LOVELACE"), ["ada"]),
        (PeopleFilters(words="grace example.org"), ["grace"]),
        (PeopleFilters(words="100%"), ["percy"]),
        (PeopleFilters(words="%"), ["percy"]),
        (PeopleFilters(words="y_p"), ["percy"]),
        (PeopleFilters(words="a_a"), []),
        (PeopleFilters(words="\\"), []),
        (PeopleFilters(words="' OR '1'='1"), []),
        (PeopleFilters(role=Role.AUTHOR), ["percy", "grace"]),
        (PeopleFilters(role=Role.ADMIN, words="hopper"), ["grace"]),
        (PeopleFilters(role=Role.OWNER), []),
    ],
)
def test_people_are_found(session: Session, people: list[User], filters: PeopleFilters, expected: list[str]) -> None:
    assert emails(session, filters) == expected


def test_an_address_is_found_however_it_is_spelled(session: Session, people: list[User]) -> None:
    assert find_user_by_email(session, " ADA@Example.com ") is people[0]
    assert find_user_by_email(session, "ada@example.co") is None


def test_people_and_their_certificates_are_found_by_a_further_address(session: Session, people: list[User]) -> None:
    credential = make_credential(session, learner=people[0])
    make_credential(session, learner=people[1])
    make_further_address(session, people[0], "ada@work_1.example")

    assert emails(session, PeopleFilters(words="Ada@WORK_1")) == ["ada"]
    assert [row[0] for row in session.execute(search_credentials("Work_1"))] == [credential]
    assert session.execute(search_credentials("work%1")).all() == []


def test_people_are_counted_by_role(session: Session, people: list[User]) -> None:
    assert count_people_with_role(session, Role.AUTHOR) == 2
    assert count_people_with_role(session, Role.OWNER) == 0


def test_nobody_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError):
        get_user(session, uuid4())
