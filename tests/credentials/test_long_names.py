"""One limit for names, said wherever one is typed; certificates with longer ones from before are whole everywhere."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.rules import NAME_MAX
from laurel.core import clock
from laurel.core.errors import InvalidInputError
from laurel.credentials.models import Credential
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.name_changes import check_wanted_name
from laurel.credentials.services import name_changes
from laurel.credentials.services.issuing import issue
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.factories.holders import apply_name, make_name_change, reverse_name
from tests.fakes import PlainVault

on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = ("Wolfeschlegelsteinhausenbergerdorff " * 7)[:239] + "r"
SAID = f"At most {NAME_MAX} characters."
PAGE = {"Accept": "text/html"}


def make_long(session: Session) -> Credential:
    """As a list of before could name somebody."""
    ago = clock.now() - timedelta(days=1)
    pending = make_pending(session, at=ago)
    pending.holder_name = LONG
    session.flush()
    return issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=ago)


@pytest.mark.parametrize("check", [check_wanted_name, check_new_name])
def test_a_name_that_is_typed_has_at_most_so_many_characters_whoever_types_it(check: Callable[[str], str]) -> None:
    assert check("x" * NAME_MAX) == "x" * NAME_MAX
    with pytest.raises(InvalidInputError, match=f"{NAME_MAX} characters"):
        check("x" * (NAME_MAX + 1))


@on_one
def test_every_page_on_which_a_name_is_typed_says_how_long_it_may_be(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    credential = make_credential(session)
    session.commit()

    assert SAID in client.get("/register").text
    staff = sign_in(make_user(session, roles=["owner"]))
    for page in ("/account/name", "/account/certificate-name", f"/backoffice/credentials/{credential.id}/correct"):
        assert SAID in staff.get(page).text, page
    assert f"A name has at most {NAME_MAX} characters." in staff.get("/backoffice/credentials/bulk/issue").text


@on_one
def test_a_longer_name_from_before_is_whole_on_page_and_pdf_and_pictures(client: FlaskClient, session: Session) -> None:
    credential = make_long(session)
    session.commit()
    page = f"/credentials/{credential.id}"

    assert LONG in client.get(page, headers=PAGE).text
    assert LONG in client.get(f"{page}.json").text
    for file in ("certificate.pdf", "badge.png", "badge.svg", "card.png"):
        assert client.get(f"{page}/{file}").status_code == 200, file
    asked = client.post(f"{page}/holder", data={"name": LONG})
    assert asked.status_code == 303  # it is public, so there is nothing to ask


def test_a_change_of_a_longer_name_can_be_taken_back(session: Session) -> None:
    credential = make_long(session)
    person = session.get_one(User, credential.holder_id)
    change = make_name_change(session, person)
    name_changes.approve_name(session, change.id, actor_id=make_user(session, roles=["admin"]).id, now=clock.now())
    apply_name(session, change)
    later = clock.now() + timedelta(minutes=1)

    name_changes.ask_to_reverse(session, person.id, change.id, now=later)
    reverse_name(session, change, at=later)

    session.refresh(credential)
    assert credential.holder_name == LONG
