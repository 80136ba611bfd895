import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.events import EventRecord
from laurel.credentials.models import AchievementVersion, CredentialEvent, CredentialVersion
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.erasing import erase_own
from laurel.credentials.services.issuing import revoke
from laurel.credentials.views.bulk_files import AT_ONCE
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential, make_pending
from tests.factories.holders import make_private


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


ZIP = "/backoffice/credentials/certificates.zip"


def test_what_the_list_shows_comes_as_one_file_and_each_history_says_who_took_it(
    session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    wanted, private, others = make_credential(session), make_credential(session), make_credential(session)
    make_private(session, private)
    make_pending(session)
    admin = make_user(session, roles=["admin"])
    session.commit()
    browser, achievement_id = sign_in(admin), session.get_one(AchievementVersion, wanted.achievement_version_id).achievement_id

    everything, some = (
        browser.post(f"{ZIP}{query}", data={"csrf_token": csrf()}).data
        for query in ("", f"?state=issued&achievement={achievement_id}&q={wanted.number}")
    )

    session.rollback()  # what was written meanwhile is seen
    archive = zipfile.ZipFile(io.BytesIO(some))
    stored = session.scalars(select(CredentialVersion).filter_by(credential_id=wanted.id)).one()
    assert set(archive.namelist()) == {"contents.csv", f"{wanted.number}/certificate.pdf", f"{wanted.number}/credential.json"}
    assert archive.read(f"{wanted.number}/credential.json").decode() == stored.signed_json
    said = zipfile.ZipFile(io.BytesIO(everything)).read("contents.csv").decode("utf-8-sig")
    lines = {line[1]: line[2].split(":")[0] for line in list(csv.reader(io.StringIO(said)))[1:]}
    assert lines == {wanted.number: "PDF and JSON", others.number: "PDF and JSON", private.number: "left out"}
    downloads = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.DOWNLOADED))
    noted = [(event.credential_id, event.actor_id) for event in downloads]
    assert sorted(noted, key=str) == sorted([(wanted.id, admin.id), (wanted.id, admin.id), (others.id, admin.id)], key=str)
    told = [event.facts for event in session.scalars(select(EventRecord).filter_by(name="ListedFilesTaken").order_by(EventRecord.id))]
    assert [(facts["certificates"], facts["state"]) for facts in told] == [(2, ""), (1, "issued")]  # the private one stays
    assert wanted.number not in str(told)  # what was searched for may be a name


def test_what_is_erased_while_the_file_is_packed_is_left_out_and_the_others_keep_their_places(
    session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    made = [make_credential(session, at=clock.now() - timedelta(days=days)) for days in range(1, AT_ONCE + 4)]
    erased = made[AT_ONCE + 1]  # of those that are read when the first ones are packed already
    browser = sign_in(make_user(session, roles=["admin"]))

    sending = browser.post(ZIP, data={"csrf_token": csrf()}, buffered=False)
    erase_own(session, erased.holder_id, erased.id, typed=erased.number, now=clock.now())
    session.commit()

    said = zipfile.ZipFile(io.BytesIO(sending.data)).read("contents.csv").decode("utf-8-sig")
    lines = [line[:2] for line in list(csv.reader(io.StringIO(said)))[1:]]
    assert lines == [[str(n), one.number] for n, one in enumerate(made, start=1) if one is not erased]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("state=nonsense", 400, "Choose a state and a credential of the list."),
        ("achievement=nonsense", 400, "Choose a state and a credential of the list."),
        ("q=nobody", 200, "None of these certificates is signed"),
        ("state=pending", 200, "None of these certificates is signed"),
    ],
)
def test_where_there_is_nothing_to_take_it_is_said_and_not_written_down(
    session: Session, sign_in: SignIn, csrf: Callable[..., str], query: str, status: int, words: str
) -> None:
    make_pending(session)
    admin = sign_in(make_user(session, roles=["admin"]))
    session.commit()

    answer = admin.post(f"{ZIP}?{query}", data={"csrf_token": csrf()}, follow_redirects=True)

    assert (answer.status_code, words in answer.text, f"?{query}" in answer.request.full_path) == (status, True, True)
    assert session.scalars(select(EventRecord).filter_by(name="ListedFilesTaken")).all() == []


def test_the_file_of_what_is_found_is_offered_to_those_who_may_have_it(staff: FlaskClient, session: Session, sign_in: SignIn) -> None:
    make_credential(session)
    session.commit()

    page = "/backoffice/credentials?state=issued"
    assert ZIP not in staff.get(page).text

    assert f'action="{ZIP}?state=issued"' in sign_in(make_user(session, roles=["admin"])).get(page).text
