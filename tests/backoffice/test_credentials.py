import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential, make_pending


@pytest.fixture
def staff(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Sam Staff", roles=["support"]))


def test_staff_find_credentials_by_number_name_address_and_state(staff: FlaskClient, session: Session) -> None:
    ada = make_credential(session)
    charles = make_pending(session, learner=make_user(session, name="Charles Bäbbage", email="charles_b@example.com"))
    session.commit()

    def found(**query: str) -> set[str]:
        page = staff.get("/backoffice/credentials", query_string=query).text
        return {credential.number for credential in (ada, charles) if credential.number in page}

    assert found() == {ada.number, charles.number}
    assert found(q=ada.number.lower().replace("-", " ")) == {ada.number}
    assert found(q="bäbb") == found(q="BÄBB") == {charles.number}
    assert found(q="charles_b@example.com") == {charles.number}
    assert found(q="100%") == set()
    assert found(q=str(charles.id)) == {charles.number}
    assert found(q=f"http://laurel.test/credentials/{ada.id}/certificate.pdf?download=1") == {ada.number}
    assert found(q=f"http://laurel.test/v/{ada.number}") == {ada.number}
    assert found(state="pending") == {charles.number}
    assert found(state="nonsense") == {ada.number, charles.number}


def test_staff_see_what_waits_for_its_signature(staff: FlaskClient, session: Session) -> None:
    pending = make_pending(session)
    session.commit()

    page = staff.get(f"/backoffice/credentials/{pending.id}").text

    assert "Awarded, and not yet signed" in page
    assert "Nothing is signed yet." in page


def test_staff_see_the_documents_the_history_and_the_note_of_a_revocation(staff: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Mixed up two people.", actor_id=None, now=clock.now())
    session.commit()

    page = staff.get(f"/backoffice/credentials/{credential.id}").text

    for words in ("Mixed up two people.", "issued in error", f"key-{clock.now():%Y}-01", "Revoked", "Issued", "entry", "First issued"):
        assert words in page


def test_an_empty_list_says_what_it_is_for(staff: FlaskClient) -> None:
    assert "No credentials yet" in staff.get("/backoffice/credentials").text
    assert "No credential fits" in staff.get("/backoffice/credentials?q=nobody").text


def test_only_staff_who_may_read_credentials_enter(session: Session, sign_in: SignIn) -> None:
    author = sign_in(make_user(session, roles=["author"]))

    assert author.get("/backoffice/credentials").status_code == 403
