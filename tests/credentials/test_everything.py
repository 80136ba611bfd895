"""All certificates of a holder in one file."""

import io
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import Credential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.views.everything import collect, pack
from tests.conftest import QueryCount, SignIn
from tests.credentials.carriers import add_token_key
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, NAME, make_credential, make_pending
from tests.factories.holders import make_private
from tests.factories.organizations import make_pending_of
from tests.fakes import PlainVault

ALL = "/account/credentials/everything.zip"
LIST = "/account/credentials"


@pytest.fixture
def ada(session: Session) -> User:
    return make_user(session, name="Ada Lovelace")


@pytest.fixture
def credential(session: Session, ada: User) -> Credential:
    add_token_key(session)
    made = make_credential(session, learner=ada)
    session.commit()
    return made


@pytest.fixture
def holder(ada: User, credential: Credential, sign_in: SignIn) -> FlaskClient:
    return sign_in(ada)


def fetch(client: FlaskClient, address: str = ALL) -> tuple[dict[str, bytes], str]:
    """The files of all folders, and the README beside them."""
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "application/zip", "private, no-store")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    files = {name: archive.read(name) for name in archive.namelist()}
    return files, files.pop("README.txt", b"").decode()


def test_each_certificate_has_its_folder_with_the_files_of_its_own_zip(
    holder: FlaskClient, session: Session, ada: User, acme: Organization, credential: Credential
) -> None:
    revoked, private, others = make_credential(session, learner=ada), make_credential(session, learner=ada), make_credential(session)
    revoke(session, revoked.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    make_private(session, private)
    theirs = make_pending_of(session, acme, learner=ada)
    issue(session, theirs.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    session.commit()

    files, readme = fetch(holder)

    mine = (credential, revoked, private, theirs)
    own = dict[str, bytes]()
    for one in mine:
        own |= fetch(holder, f"/account/credentials/{one.id}/everything.zip")[0]
    assert files == own
    assert len(files) == 6 * len(mine) - 1  # the organization has no key for tokens
    said = {line.split()[0]: line.rpartition(": ")[2] for line in readme.splitlines() if line.startswith("LRL-")}
    assert said == {one.number: "revoked" if one is revoked else "valid" for one in mine}
    assert others.number not in readme


def test_what_has_no_files_is_named_with_the_reason_and_stops_nothing(
    holder: FlaskClient, session: Session, ada: User, credential: Credential
) -> None:
    pending, altered, erased = (
        make_pending(session, learner=ada),
        make_credential(session, learner=ada),
        make_credential(session, learner=ada),
    )
    gone = erased.number
    session.execute(update(Credential).where(Credential.id == altered.id).values(holder_name="Somebody Else"))
    erase_own(session, ada.id, erased.id, typed=gone, now=clock.now())
    session.commit()

    files, readme = fetch(holder)

    assert {name.split("/")[0] for name in files} == {credential.number}
    inside, _, outside = readme.partition("Not in this file:")
    assert (credential.number in inside, pending.number in inside, altered.number in inside) == (True, False, False)
    assert f"{pending.number}   {NAME}. This certificate was awarded and is being signed." in outside
    assert f"{altered.number}   {NAME}. Our records of it do not agree with its signed file." in outside
    assert gone not in readme
    assert "Certificates that were erased are not here" in outside


def test_who_has_very_many_is_told_that_these_are_the_latest(app: Flask, session: Session, ada: User, credential: Credential) -> None:
    mine = [credential, *(make_credential(session, learner=ada) for _ in range(2))]
    mine.sort(key=lambda one: (-one.awarded_at.timestamp(), one.id))

    with app.test_request_context(base_url=ISSUER.public_url):
        some, every = (collect(session, ada.id, ISSUER, PlainVault(), at_most=most, now=clock.now()) for most in (2, 3))
        archive = zipfile.ZipFile(io.BytesIO(b"".join(pack(some))))

    assert {name.split("/")[0] for name in archive.namelist()} == {"README.txt", *(one.number for one in mine[:2])}
    assert "These are the latest 2." in archive.read("README.txt").decode()
    assert (some.has_more, every.has_more) == (True, False)


def test_it_costs_no_more_queries_for_more_certificates(
    holder: FlaskClient, session: Session, ada: User, credential: Credential, queries: QueryCount
) -> None:
    queries.clear()
    fetch(holder)
    one = queries.selects
    for _ in range(2):
        make_credential(session, learner=ada)
    session.commit()
    queries.clear()

    files, _ = fetch(holder)

    assert (len(files), queries.selects, queries.writes) == (18, one, 0)


def test_it_is_offered_where_there_is_something_to_take(sign_in: SignIn, session: Session, holder: FlaskClient) -> None:
    assert f'href="{ALL}"' in holder.get(LIST).text
    waiting = make_pending(session)
    session.commit()

    other = sign_in(session.get_one(User, waiting.holder_id))

    assert ALL not in other.get(LIST).text
    nothing = other.get(ALL, headers={"Accept": "text/html"})
    assert (nothing.status_code, "None of your certificates is signed yet" in nothing.text) == (404, True)
