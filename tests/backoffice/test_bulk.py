"""The pages for many certificates at once."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.app import Ports
from laurel.core import clock
from laurel.core.dates import day
from laurel.core.db import Database
from laurel.credentials.models import BulkJob, BulkRow, Credential, CredentialEvent, CredentialVersion
from laurel.credentials.rules.bulk import BulkState
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.bulk import confirm
from laurel.credentials.services.issuing import revoke
from laurel.settings import Settings
from laurel.worker import Chores
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_credential, make_revocation_job

PLACE = "/backoffice/credentials/bulk"
HEAD = "email,name,course,awarded\n"
Send = Callable[..., TestResponse]
REVOKING = {"reason": "issued in error", "note": "A batch went wrong."}


@pytest.fixture
def admin(session: Session, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(session, name="Ann Admin", roles=["admin"]))


@pytest.fixture
def send(admin: FlaskClient, csrf: Callable[..., str]) -> Send:
    def post(path: str, **fields: object) -> TestResponse:
        return admin.post(PLACE + path, data={"csrf_token": csrf(), **fields})

    return post


@pytest.fixture
def upload(send: Send) -> Send:
    def post(text: str | bytes, key: str = "one form", **fields: str) -> TestResponse:
        columns = {"email": "email", "name": "name", "course": "course", "awarded": "awarded", "duplicates": "skip", "tells_holder": "y"}
        file = (io.BytesIO(text.encode() if isinstance(text, str) else text), "people.csv")
        return send("/issue", **{**columns, "key": key, "file": file, **fields})

    return post


def make_lines(session: Session, count: int) -> str:
    course = make_achievement(session).slug
    lines = [f"{make_user(session, name='Ada').email},Ada,{course},{clock.now() - timedelta(days=2):%Y-%m-%d}\n" for _ in range(count)]
    session.commit()
    return HEAD + "".join(lines)


def test_a_file_is_checked_confirmed_by_number_and_issued(
    upload: Send, send: Send, admin: FlaskClient, session: Session, settings: Settings, database: Database, ports: Ports
) -> None:
    text = make_lines(session, 3) + "nobody@example.com,Nobody,x,2026-11-01\n"

    report = upload(text)
    job_path = report.headers["Location"].removeprefix(PLACE)
    dry = admin.get(report.headers["Location"]).text
    wrong = send(f"{job_path}/confirm", count="4")
    right = send(f"{job_path}/confirm", count="3")
    running = admin.get(report.headers["Location"])
    Chores(settings, database, ports).run_bulk()
    done = admin.get(report.headers["Location"])

    assert report.status_code == 303
    for words in ("This is a dry run", "3 certificates are signed", "No course with a certificate", "Each holder gets a mail"):
        assert words in dry
    assert (wrong.status_code, right.status_code) == (400, 303)
    assert "not the number of rows" in wrong.text
    assert "3 certificates are signed" in wrong.text  # nothing of the report is lost
    assert running.headers["Refresh"] == "5"
    assert "1 of 4 rows" in running.text
    assert "Refresh" not in done.headers
    assert "3 certificates issued" in done.text
    certificate = session.scalars(select(Credential)).first()
    assert certificate is not None
    page = admin.get(f"/backoffice/credentials/{certificate.id}").text
    for words in ("imported by staff", "bulk import by staff", "Ann Admin"):
        assert words in page
    public = admin.get(f"/credentials/{certificate.id}", headers={"Accept": "text/html"}).text
    assert "entered by its staff" in public
    assert "This certificate is valid." in public
    assert admin.get(f"/credentials/{certificate.id}/certificate.pdf").status_code == 200


def test_a_dry_run_says_whose_names_cannot_be_printed(upload: Send, admin: FlaskClient, session: Session) -> None:
    report = upload(make_lines(session, 2).replace(",Ada,", ",\u1810\u1820\u1828,", 1))  # Mongolian

    dry = admin.get(report.headers["Location"]).text

    assert "2 certificates are signed" in dry
    assert "1 certificate has no PDF" in dry
    assert dry.count("There will be no PDF") == 1


def test_the_same_form_sent_twice_leads_to_one_report(upload: Send, session: Session) -> None:
    text = make_lines(session, 1)

    first, second = upload(text), upload(text)

    assert first.headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00", "UTF-16"),
        (HEAD.encode() + b"\xe9,x,y,z\n", "Line 2 is not in UTF-8"),
        (HEAD.encode() + b'"open\n', "From line 2 on this is no CSV"),
        (b"a,b\nc,d\n", "not among the headers of the file: a, b"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_beside_its_field(upload: Send, session: Session, data: bytes, words: str) -> None:
    answer = upload(data.replace(b"name", b"full name"), name="full name", duplicates="refuse")

    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="full name"' in answer.text  # the form is kept
    assert session.scalar(select(func.count()).select_from(BulkJob)) == 0


def test_no_file_and_a_file_that_is_too_large_are_refused(send: Send, admin: FlaskClient) -> None:
    assert send("/issue", key="x", email="email", name="name", course="course", awarded="awarded").status_code == 400
    large = admin.post(PLACE + "/issue", data=b"x" * (6 * 1024 * 1024), content_type="multipart/form-data; boundary=b")
    assert large.status_code == 413
    assert "This file is larger than 5 MB. Send it in parts." in large.text.split('id="file-error"')[1].split("</p>")[0]


def test_hostile_rows_are_told_by_line_and_harm_no_spreadsheet(upload: Send, admin: FlaskClient, session: Session) -> None:
    report = upload(HEAD + "a\x00@example.com,Ada,x,2026-11-01\n" + '"=1+1",<script>alert(1)</script>,x,2026-11-01\n')

    page = admin.get(report.headers["Location"]).text
    exported = admin.get(f"{report.headers['Location']}/report.csv")

    assert "cannot be signed" in page
    assert "begins with =" in page
    assert "<script>alert(1)" not in page
    cells = [cell for line in csv.reader(io.StringIO(exported.get_data(as_text=True).lstrip("\ufeff"))) for cell in line]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert exported.headers["Cache-Control"] == "private, no-store"


def test_a_dry_run_is_thrown_away_and_cannot_be_confirmed_then(upload: Send, send: Send, session: Session) -> None:
    path = upload(make_lines(session, 1)).headers["Location"].removeprefix(PLACE)

    stopped, late = send(f"{path}/discard"), send(f"{path}/confirm", count="1")

    assert (stopped.status_code, late.status_code) == (303, 409)
    assert session.scalars(select(BulkJob.state)).one() is BulkState.STOPPED


def test_a_form_without_its_key_is_told_so_and_drafts_nothing(upload: Send, session: Session) -> None:
    text = make_lines(session, 1)

    for key in ("", "x" * 65):
        answer = upload(text, key=key)
        assert (answer.status_code, "out of date" in answer.text) == (400, True)
    assert session.scalar(select(func.count()).select_from(BulkJob)) == 0


def test_headers_that_are_not_found_are_there_to_choose_from(upload: Send, session: Session) -> None:
    text = make_lines(session, 1).replace("email", "correo", 1)

    refused, told = upload(text, email=""), upload(text, email="correo")

    assert refused.status_code == 400
    assert '<option value="correo">' in refused.text
    assert told.status_code == 303


def test_a_running_job_is_paused_and_says_when_nothing_moves(upload: Send, send: Send, admin: FlaskClient, session: Session) -> None:
    place = upload(make_lines(session, 2)).headers["Location"]
    path = place.removeprefix(PLACE)
    send(f"{path}/confirm", count="2")
    session.execute(update(BulkJob).values(moved_at=clock.now() - timedelta(minutes=12, seconds=30)))
    session.commit()

    still = admin.get(place).text
    assert send(f"{path}/pause").status_code == 303
    paused = admin.get(place)
    assert send(f"{path}/resume").status_code == 303

    assert "Nothing has moved for 12 minutes" in still
    assert "until somebody lets it go on" in paused.text
    assert "Refresh" not in paused.headers
    assert "Nothing has moved" not in admin.get(place).text


def test_the_certificates_of_an_import_come_as_one_file_and_each_history_says_who_took_it(
    upload: Send, send: Send, admin: FlaskClient, session: Session, settings: Settings, database: Database, ports: Ports
) -> None:
    place = upload(make_lines(session, 3)).headers["Location"]
    path = place.removeprefix(PLACE)
    nothing = send(f"{path}/certificates.zip")
    send(f"{path}/confirm", count="3")
    Chores(settings, database, ports).run_bulk()
    private, revoked, plain = session.scalars(select(Credential).join(BulkRow, BulkRow.credential_id == Credential.id).order_by(BulkRow.n))
    private.visibility = Visibility.PRIVATE
    revoke(session, revoked.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.commit()

    answer = send(f"{path}/certificates.zip")

    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    listed = list(csv.reader(io.StringIO(archive.read("contents.csv").decode("utf-8-sig"))))
    assert (nothing.headers["Location"], archive.testzip()) == (place, None)
    assert sorted(archive.namelist()) == sorted(
        ["contents.csv", *(f"{found.number}/{name}" for found in (revoked, plain) for name in ("certificate.pdf", "credential.json"))]
    )
    stored = {found.credential_id: found for found in session.scalars(select(CredentialVersion))}
    assert archive.read(f"{plain.number}/credential.json").decode() == stored[plain.id].signed_json
    assert archive.read(f"{plain.number}/certificate.pdf").startswith(b"%PDF")
    assert [(line[1], line[2].split(":")[0]) for line in listed[1:]] == [
        (private.number, "left out"),
        (revoked.number, "PDF and JSON; revoked"),
        (plain.number, "PDF and JSON"),
    ]
    noted = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.DOWNLOADED)).all()
    assert {event.document_sha256 for event in noted} == {stored[one.id].sha256 for one in (revoked, plain)}
    assert "Downloaded by staff" in admin.get(f"/backoffice/credentials/{plain.id}").text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_many_are_revoked_by_numbers_after_a_look_and_a_number(
    send: Send, admin: FlaskClient, session: Session, settings: Settings, database: Database, ports: Ports
) -> None:
    listed = [make_credential(session) for _ in range(2)]
    other = make_credential(session)
    session.commit()
    numbers = "\n".join(credential.number.lower() for credential in listed)

    report = send("/revoke", key="k", numbers=numbers, **REVOKING)
    page = admin.get(report.headers["Location"]).text
    session.rollback()
    assert {credential.state for credential in listed} == {CredentialState.ISSUED}
    send(report.headers["Location"].removeprefix(PLACE) + "/confirm", count="2")
    Chores(settings, database, ports).run_bulk()

    assert "revoked for good" in page
    assert "2 certificates are revoked" in page
    session.rollback()
    session.expire_all()
    assert {credential.state for credential in listed} == {CredentialState.REVOKED}
    assert other.state is CredentialState.ISSUED


def test_what_a_job_has_revoked_by_mistake_is_reinstated_from_its_page(
    send: Send, admin: FlaskClient, session: Session, settings: Settings, database: Database, ports: Ports
) -> None:
    with time_machine.travel(clock.now() - timedelta(days=1)):
        wrongly = [make_credential(session) for _ in range(2)]
    revocation = make_revocation_job(session, *wrongly)
    confirm(session, revocation.id, count=2, actor_id=revocation.actor_id, now=clock.now())
    session.commit()
    assert "Reinstate them" not in admin.get(f"{PLACE}/{revocation.id}").text
    assert admin.get(f"{PLACE}/reinstate?job={revocation.id}").status_code == 404  # nothing was revoked yet
    Chores(settings, database, ports).run_bulk()
    assert f'href="{PLACE}/reinstate?job={revocation.id}"' in admin.get(f"{PLACE}/{revocation.id}").text
    form = admin.get(f"{PLACE}/reinstate?job={revocation.id}").text
    assert form.count(f'name="job" type="hidden" value="{revocation.id}"') == 1  # twice, it would be refused
    assert "All that “" in form

    report = send("/reinstate", key="k", job=str(revocation.id), reason="We had chosen the wrong month.")
    where = report.headers["Location"]
    dry = admin.get(where).text
    assert "2 certificates count again" in dry
    assert "We had chosen the wrong month." in dry
    revoked_at = session.get_one(Credential, wrongly[0].id, populate_existing=True).revoked_at
    assert revoked_at is not None
    assert f"Revoked on {day(revoked_at)}" in dry  # which around midnight is not the day of this line
    session.rollback()
    assert send(where.removeprefix(PLACE) + "/confirm", count="3").status_code == 400
    send(where.removeprefix(PLACE) + "/confirm", count="2")
    Chores(settings, database, ports).run_bulk()

    session.rollback()
    session.expire_all()
    assert {credential.state for credential in wrongly} == {CredentialState.ISSUED}
    done = admin.get(where).text
    assert "2 certificates reinstated." in done
    assert "Reinstate them" not in done
    listed = list(csv.reader(io.StringIO(admin.get(f"{where}/report.csv").text.lstrip("\ufeff"))))
    assert [row[1] for row in listed] == ["result", "done", "done"]
    assert "Reinstate: what “By hand” revoked" in admin.get(PLACE).text


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({}, 400, "Write the numbers"),
        ({"numbers": "LRL-7Q4M-KD2X-93ZZ\nLRL-1"}, 400, "Line 2"),
        ({"numbers": "LRL-0000-0000-0000", "reason": " "}, 400, "Say why"),
        ({"numbers": "LRL-0000-0000-0000", "key": ""}, 400, "out of date"),
        ({"job": "nonsense"}, 404, "no such job"),
        ({"job": "01a21ccd-5200-774a-a4f9-965ee228da76"}, 404, "no such job"),
    ],
)
def test_a_list_that_cannot_be_reinstated_is_said_and_kept(
    send: Send, session: Session, fields: dict[str, str], status: int, words: str
) -> None:
    answer = send("/reinstate", **{"key": "k", "reason": "A mistake of ours.", **fields})

    assert (answer.status_code, words in answer.text) == (status, True)
    assert session.scalar(select(func.count()).select_from(BulkJob)) == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "nobody revokes everything"),
        ({"numbers": "LRL-7Q4M-KD2X-93ZZ\nLRL-1"}, "Line 2"),
        ({"first_day": "2026-02-02", "last_day": "2026-02-01"}, "before the first"),
        ({"first_day": "2020-01-01", "last_day": "2020-01-02"}, "No certificate fits"),
        ({"first_day": "soon", "numbers": "LRL-1"}, "such as 2026-03-31"),
        ({"first_day": "soon", "numbers": "LRL-1"}, "Line 1"),
        ({"first_day": "2020-01-01", "note": ""}, "Say why"),
        ({"first_day": "2020-01-01", "reason": "made up"}, "choice"),
        ({"achievement": "made up"}, "choice"),
    ],
)
def test_a_filter_that_is_wrong_is_said_and_kept(send: Send, session: Session, fields: dict[str, str], words: str) -> None:
    answer = send("/revoke", **{"key": "k", **REVOKING, **fields})

    assert answer.status_code == 400
    assert words in answer.text
    assert session.scalar(select(func.count()).select_from(BulkJob)) == 0


def test_a_job_is_called_by_days_as_people_read_them(send: Send, admin: FlaskClient, session: Session) -> None:
    make_credential(session)
    session.commit()
    today = clock.now()

    report = send("/revoke", key="k", first_day="2020-02-03", last_day=f"{today:%Y-%m-%d}", **REVOKING)

    assert f"Revoke: from 3 February 2020, until {day(today)}" in admin.get(report.headers["Location"]).text


def test_support_reads_certificates_and_does_not_issue_or_revoke_many(session: Session, sign_in: SignIn) -> None:
    support = sign_in(make_user(session, roles=["support"]))

    assert support.get(PLACE).status_code == 403
    assert "Many at once" not in support.get("/backoffice/credentials").text


def test_a_report_of_many_rows_takes_as_many_queries_as_one_of_few(
    upload: Send, admin: FlaskClient, session: Session, queries: QueryCount
) -> None:
    path = upload(make_lines(session, 60)).headers["Location"]
    make_revocation_job(session, make_credential(session))
    session.commit()

    queries.clear()
    assert "60 rows" in admin.get(path).text
    assert queries.selects <= 7
    queries.clear()
    assert admin.get(PLACE).status_code == 200
    assert queries.selects <= 4
    queries.clear()
    upload(make_lines(session, 60), key="another")
    assert session.scalar(select(func.count()).select_from(BulkRow)) == 121
    assert queries.selects <= 80  # making the people included


def test_an_excel_workbook_is_as_good_as_a_csv_file(upload: Send, session: Session) -> None:
    course, ada = make_achievement(session).slug, make_user(session)
    session.commit()
    book, held, lately = Workbook(), io.BytesIO(), (clock.now() - timedelta(days=2)).date()
    for line in (HEAD.strip().split(","), [ada.email, "Ada", course, lately], ["bob@example.com", "=A2", course, lately]):
        book.active.append(line)
    book.save(held)

    assert upload(held.getvalue()).status_code == 303

    rows = session.scalars(select(BulkRow).order_by(BulkRow.n)).all()
    assert [(row.n, row.state.value, row.message) for row in rows] == [
        (2, "ready", ""),
        (3, "wrong", "Cell B3 is a formula. Put its value there."),
    ]
    assert "no Excel workbook" in upload(b"PK\x03\x04", key="another").get_data(as_text=True)
