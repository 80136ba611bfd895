from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.app import Ports
from laurel.core import clock
from laurel.core.bus import deliver, list_due
from laurel.core.db import Database
from laurel.core.events import EventRecord
from laurel.core.mail import Mail
from laurel.credentials import queries
from laurel.credentials.models import AchievementVersion, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course, make_credential, make_pending
from tests.fakes import PlainVault
from tests.printed import words_of

PARDON = {"reason": "issued in error", "note": "The exam was sat by somebody else."}


@pytest.fixture
def admin(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Ann Admin", roles=["admin"]))


@pytest.fixture
def send(admin: FlaskClient, csrf: Callable[..., str]) -> Callable[..., TestResponse]:
    def post(path: str, **fields: str) -> TestResponse:
        return admin.post(f"/backoffice/credentials/{path}", data={"csrf_token": csrf(), **fields})

    return post


def run_due(database: Database) -> None:
    with database.session(writes=False) as session:
        due = list_due(session, now=clock.now())
    for delivery_id in due:
        assert deliver(lambda: database.session(writes=True), delivery_id, clock=clock.now)


def test_before_it_is_revoked_the_page_says_what_that_does(admin: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    page = admin.get(f"/backoffice/credentials/{credential.id}/revoke").text

    for words in ("revoked for good", "REVOKED", "status list", credential.holder_name, "Revoke this certificate"):
        assert words in page
    assert "superseded" not in page.split("<form")[1]  # nobody says that by hand


def test_revoking_takes_effect_everywhere_and_says_who_did_it(
    send: Callable[..., TestResponse], client: FlaskClient, session: Session, database: Database
) -> None:
    credential = make_credential(session)
    session.commit()

    answer = send(f"{credential.id}/revoke", **PARDON, tells_holder="y")
    run_due(database)

    assert answer.status_code == 303
    session.rollback()
    told = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position.desc())).first()
    assert told is not None
    assert (told.reason, told.actor_id is not None) == ("issued in error", True)
    assert session.scalars(select(EventRecord).filter_by(name="CredentialRevoked")).one().actor_id == told.actor_id
    public = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
    assert "issued in error" in public
    assert "somebody else" not in public
    mail = session.scalars(select(Mail).where(Mail.subject.contains("revoked"))).one()
    for body in (mail.text, mail.html or ""):
        assert "issued in error" in body
        assert "somebody else" in body
        assert "certificates@example.com" in body
    staff_page = client.get(f"/backoffice/credentials/{credential.id}").text
    assert "Ann Admin" in staff_page
    assert "Revoke …" not in staff_page


def test_the_pdf_of_a_revoked_certificate_says_so_with_the_date(
    send: Callable[..., TestResponse], client: FlaskClient, session: Session
) -> None:
    credential = make_credential(session)
    session.commit()
    before = client.get(f"/credentials/{credential.id}/certificate.pdf")

    send(f"{credential.id}/revoke", **PARDON)

    after = client.get(f"/credentials/{credential.id}/certificate.pdf", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200  # no copy from before is taken for it
    assert f"REVOKED {clock.now():%d.%m.%Y}" in words_of(after.data)


def test_a_suspected_fraud_is_not_warned_by_mail(send: Callable[..., TestResponse], session: Session, database: Database) -> None:
    credential = make_credential(session)
    session.commit()

    send(f"{credential.id}/revoke", **PARDON)
    run_due(database)

    assert session.scalars(select(Mail).where(Mail.subject.contains("revoked"))).all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "", "note": "x"},
        {"reason": "issued in error", "note": "  "},
        {"reason": "superseded by a corrected version", "note": "x"},
    ],
)
def test_nothing_is_revoked_without_a_reason_and_a_note(send: Callable[..., TestResponse], session: Session, wrong: dict[str, str]) -> None:
    credential = make_credential(session)
    session.commit()

    answer = send(f"{credential.id}/revoke", **wrong)

    assert answer.status_code == 400
    assert "field-error" in answer.text
    session.rollback()
    assert credential.state is CredentialState.ISSUED


def test_what_is_revoked_cannot_be_revoked_again_nor_corrected(send: Callable[..., TestResponse], session: Session) -> None:
    credential = make_credential(session)
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    session.commit()

    assert send(f"{credential.id}/revoke", **PARDON).status_code == 303
    assert send(f"{credential.id}/correct", holder_name="X", reason="y", act="correct").status_code == 303

    session.rollback()
    assert credential.revocation_reason is RevocationReason.HOLDER_REQUEST


@pytest.mark.parametrize("act", ["revoke", "correct"])
def test_nobody_acts_on_a_certificate_of_their_own(session: Session, sign_in: SignIn, act: str) -> None:
    admin = make_user(session, roles=["admin"])
    credential = make_credential(session, learner=admin)
    browser = sign_in(admin)

    assert browser.get(f"/backoffice/credentials/{credential.id}/{act}").status_code == 403
    assert "Correct" not in browser.get(f"/backoffice/credentials/{credential.id}").text.split("<main")[1].split("</h1>")[1][:600]


def test_a_correction_is_shown_first_and_made_only_as_it_was_shown(send: Callable[..., TestResponse], session: Session) -> None:
    credential = make_credential(session)
    session.commit()
    path = f"{credential.id}/correct"

    look = send(path, holder_name="Ada King", reason="She married.", act="look")
    seen = look.text.split('name="seen"')[1].split('value="')[1].split('"')[0]
    other = send(path, holder_name="Somebody Else", reason="She married.", act="correct", seen=seen)
    unseen = send(path, holder_name="Ada King", reason="She married.", act="correct")

    assert look.status_code == 200
    assert "From “Ada Lovelace” to “Ada King”" in look.text
    assert "Version 1 is superseded" in look.text
    for answer in (other, unseen):
        assert answer.status_code == 200
        assert "Correct the certificate" in answer.text
    assert len(session.scalars(select(CredentialVersion)).all()) == 1

    made = send(path, holder_name="Ada King", reason="She married.", act="correct", seen=seen)
    again = send(path, holder_name="Ada King", reason="She married.", act="correct", seen=seen)

    assert (made.status_code, again.status_code) == (303, 303)
    session.rollback()
    assert credential.holder_name == "Ada King"
    assert len(session.scalars(select(CredentialVersion)).all()) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_corrects_what_a_colleague_has_just_corrected_hears_that_they_were_faster(
    send: Callable[..., TestResponse], session: Session
) -> None:
    credential = make_credential(session)
    session.commit()
    path = f"{credential.id}/correct"
    seen = {}
    for name in ("Ada King", "Ada Byron"):  # both look, then both press the button
        look = send(path, holder_name=name, reason="She married.", act="look")
        seen[name] = look.text.split('name="seen"')[1].split('value="')[1].split('"')[0]

    answers = [send(path, holder_name=name, reason="She married.", act="correct", seen=shown) for name, shown in seen.items()]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Somebody was faster" in answers[1].text
    session.refresh(credential)
    assert credential.holder_name == "Ada King"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_signed_yet_is_revoked_after_saying_what_that_does(send: Callable[..., TestResponse], session: Session) -> None:
    pending = make_pending(session)
    session.commit()

    page = send(f"{pending.id}/revoke", note="\u200b", reason="issued in error")
    assert page.status_code == 400
    for words in ("It will not be signed", "Say why"):
        assert words in page.text
    assert send(f"{pending.id}/revoke", **PARDON).status_code == 303

    session.refresh(pending)
    assert pending.state is CredentialState.REVOKED


def test_a_correction_to_a_name_that_cannot_be_printed_says_so_first(send: Callable[..., TestResponse], session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    looks = [send(f"{credential.id}/correct", holder_name=name, reason="Her passport.", act="look") for name in ("\u1810\u1820", "王")]

    assert ["cannot be printed on the PDF" in look.text for look in looks] == [True, False]


def test_the_page_of_a_corrected_certificate_shows_its_versions_and_who_made_them(
    send: Callable[..., TestResponse], client: FlaskClient, session: Session
) -> None:
    credential = make_credential(session)
    session.commit()
    path = f"{credential.id}/correct"
    look = send(path, holder_name="Ada King", reason="She married.", act="look")
    send(
        path,
        holder_name="Ada King",
        reason="She married.",
        act="correct",
        seen=look.text.split('name="seen"')[1].split('value="')[1].split('"')[0],
    )

    page = client.get(f"/backoffice/credentials/{credential.id}").text

    for words in ("Superseded", "She married.", "Corrected", "Ann Admin", "the holder’s name", "Exam, attempt 1", ": passed"):
        assert words in page
    public = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
    assert "Ada King" in public
    assert "Lovelace" not in public
    assert "This certificate is valid." in public


@pytest.mark.parametrize(("name", "words"), [("", "Enter the name"), ("x" * 121, "at most 120 characters")])
def test_a_name_that_does_not_fit_is_said_beside_its_field(
    send: Callable[..., TestResponse], session: Session, name: str, words: str
) -> None:
    credential = make_credential(session)
    session.commit()

    answer = send(f"{credential.id}/correct", holder_name=name, reason="Because.", act="look")

    assert answer.status_code == 400
    assert words in answer.text
    assert "Because." in answer.text


def test_a_correction_without_the_key_changes_nothing_and_says_so(
    send: Callable[..., TestResponse], session: Session, ports: Ports
) -> None:
    credential = make_credential(session)
    session.commit()
    path = f"{credential.id}/correct"
    look = send(path, holder_name="Ada King", reason="She married.", act="look")
    seen = look.text.split('name="seen"')[1].split('value="')[1].split('"')[0]
    vault = ports.keys
    assert isinstance(vault, PlainVault)
    vault.lost = True
    try:
        answer = send(path, holder_name="Ada King", reason="She married.", act="correct", seen=seen)
    finally:
        vault.lost = False

    assert answer.status_code == 503
    assert "nothing was changed" in answer.text
    session.rollback()
    assert session.get_one(Credential, credential.id).holder_name == "Ada Lovelace"


def test_a_correction_that_cannot_be_signed_is_said_beside_the_name_and_changes_nothing(
    send: Callable[..., TestResponse], session: Session
) -> None:
    credential = make_credential(session, at=clock.now() - timedelta(days=1))
    session.execute(update(AchievementVersion).values(description=""))
    session.commit()
    look = send(f"{credential.id}/correct", holder_name="Ada King", reason="She married.").text
    seen = look.split('name="seen"')[1].split('value="')[1].split('"')[0]

    answer = send(f"{credential.id}/correct", holder_name="Ada King", reason="She married.", act="correct", seen=seen)

    assert answer.status_code == 400
    assert "With this name it cannot be signed (empty member: description)" in answer.text
    session.rollback()
    assert session.get_one(Credential, credential.id).holder_name == "Ada Lovelace"


def test_staff_find_the_certificates_of_one_course(admin: FlaskClient, session: Session) -> None:
    here = make_credential(session, name="Certified Baker")
    there = make_pending(session, name="Certified Brewer")
    session.commit()
    wanted = queries.get_credential(session, here.id).achievement.achievement_id

    page = admin.get("/backoffice/credentials", query_string={"achievement": str(wanted)}).text
    all_of_them = admin.get("/backoffice/credentials", query_string={"achievement": "nonsense"}).text

    assert here.number in page
    assert there.number not in page
    assert there.number in all_of_them


def test_the_list_and_the_page_take_as_many_queries_as_ever(admin: FlaskClient, session: Session, queries: QueryCount) -> None:
    course = make_course(session)
    make_achievement(session, course=course)
    made = [make_credential(session, learner=make_user(session), course=course) for _ in range(8)]
    session.commit()

    def count(path: str) -> int:
        queries.clear()
        assert admin.get(path).status_code == 200
        return queries.selects

    assert count("/backoffice/credentials") <= 6
    assert count(f"/backoffice/credentials/{made[0].id}") <= 8
