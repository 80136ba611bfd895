"""On hold: staff look into a certificate, and until they decide it is neither valid nor revoked. Status lists know nothing of it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials.models import Credential, CredentialVersion, StatusEntry
from laurel.credentials.queries import list_history
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.holds import put_on_hold, release
from laurel.credentials.services.issuing import revoke
from tests.backoffice.test_credential_acts import run_due
from tests.conftest import SignIn
from tests.credentials.test_examining import ALL_GOOD, verdict_of
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential, make_pending

WHY = "A neighbor of yours in the exam was found to have had help."
PAGE = {"Accept": "text/html"}


def words_of(client: FlaskClient, credential: Credential) -> tuple[str, str, bool]:
    """What the API and the page say, and whether the page shows the color of what is valid."""
    page = client.get(f"/credentials/{credential.id}", headers=PAGE).text
    word = page.partition('<p class="verdict-word">')[2].partition("<")[0]
    return client.get(f"/api/v1/certificates/{credential.number}").json["verdict"], word, "verdict-ok" in page


def test_what_is_on_hold_is_valid_nowhere_here_and_as_before_once_it_is_released(
    client: FlaskClient, session: Session, sign_in: SignIn, csrf: Callable[[], str], database: Database
) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)
    text = session.scalars(select(CredentialVersion.signed_json)).one()
    address = f"/backoffice/credentials/{credential.id}"
    admin = sign_in(make_user(session, roles=["admin"]))

    empty = admin.post(f"{address}/hold", data={"csrf_token": csrf(), "note": " "})
    assert (empty.status_code, "Say why" in empty.text) == (400, True)
    assert admin.post(f"{address}/hold", data={"csrf_token": csrf(), "note": WHY}).location == address
    run_due(database)

    assert words_of(client, credential) == ("on hold", "On hold", False)
    assert verdict_of(client, text) == ("on hold", {**ALL_GOOD, "not_on_hold": False})
    assert WHY not in client.get(f"/credentials/{credential.id}", headers=PAGE).text
    assert WHY in admin.get(address).text
    assert "On hold" in admin.get("/backoffice/credentials").text
    assert session.scalars(select(StatusEntry.set_at)).all() == [None]

    assert admin.post(f"{address}/release", data={"csrf_token": csrf(), "note": "It was not you."}).location == address
    run_due(database)

    assert words_of(client, credential) == ("valid", "Valid", True)
    assert verdict_of(client, text) == ("valid", ALL_GOOD)
    session.rollback()
    mails = session.scalars(select(Mail).where(Mail.recipient == holder.email).order_by(Mail.due_at)).all()
    assert [
        (mail.key.split(":")[0], WHY in mail.text, "It was not you." in mail.text)
        for mail in mails
        if "held" in mail.key or "released" in mail.key
    ] == [
        ("credential-held", True, False),
        ("credential-released", False, True),
    ]


def test_each_act_is_written_down_once_with_who_did_it_and_without_the_words(session: Session) -> None:
    credential, admin = make_credential(session), make_user(session, roles=["admin"])
    for act in (put_on_hold, put_on_hold, release, release):
        act(session, credential.id, note=WHY, actor_id=admin.id, now=clock.now())

    links = [(link.kind, link.actor_id, link.reason) for link in list_history(session, credential.id)][1:]
    assert links == [(HistoryKind.HELD, admin.id, ""), (HistoryKind.RELEASED, admin.id, "")]
    names = session.scalars(select(EventRecord.name).where(EventRecord.actor_id == admin.id).order_by(EventRecord.id)).all()
    assert names == ["CredentialHeld", "CredentialReleased"]


def test_a_revoked_one_is_revoked_whether_it_was_on_hold_or_not(client: FlaskClient, session: Session) -> None:
    credential, admin = make_credential(session), make_user(session, roles=["admin"])
    put_on_hold(session, credential.id, note=WHY, actor_id=admin.id, now=clock.now())
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=admin.id, now=clock.now())
    pending = make_pending(session)
    session.commit()

    assert words_of(client, credential)[:2] == ("revoked", "Revoked")
    for other in (credential, pending):
        with pytest.raises(ConflictError):
            put_on_hold(session, other.id, note=WHY, actor_id=admin.id, now=clock.now())
