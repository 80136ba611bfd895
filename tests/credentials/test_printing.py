"""Mails link to a PDF only if there can be one; who answers for the issuer is shown as it was signed."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials.events import CredentialIssued, SignatureRenewed
from laurel.credentials.handlers import email_holder, email_renewed_signature
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.organizations import change_organization
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.factories.organizations import FACTS, make_acme, make_credential_of
from tests.fakes import PlainVault
from tests.printed import words_of


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("name", "has_pdf"), [("राम कृष्णमूर्ति", True), ("\u1810\u1820\u1828", False)], ids=["Hindi", "Mongolian"])
def test_a_mail_links_to_a_pdf_only_if_there_can_be_one(session: Session, name: str, has_pdf: bool) -> None:
    credential = make_credential(session, learner=make_user(session, name=name))
    about = {"occurred_at": clock.now(), "credential_id": credential.id, "holder_id": credential.holder_id}

    email_holder(session, CredentialIssued(**about))
    email_renewed_signature(session, SignatureRenewed(**about, n=2))

    mails = session.scalars(select(Mail)).all()
    assert len(mails) == 2
    for text in [part for mail in mails for part in (mail.text, mail.html or "")]:
        assert ("certificate.pdf" in text) is has_pdf
        assert ("print that page" in text) is not has_pdf


def test_who_answers_for_the_issuer_is_signed_and_shown_as_it_was_signed(client: FlaskClient, session: Session) -> None:
    said = "Dr. Helen Marsh, Head of Certification"
    issuer = replace(ISSUER, official=said)  # the site's settings name nobody by now
    credential = issue(session, make_pending(session).id, issuer=issuer, keys=PlainVault(), now=clock.now())
    session.commit()
    place = f"/credentials/{credential.id}"

    page = client.get(place, headers={"Accept": "text/html"})
    pdf = words_of(client.get(f"{place}/certificate.pdf").data)
    document = client.get(f"{place}.json")
    status = client.get(f"/api/v1/certificates/{credential.number}").json["credential"]
    examined = client.post("/api/v1/verify", data=document.data, content_type="application/json").json

    assert document.json["issuer"]["official"] == status["official"] == examined["credential"]["official"] == said
    assert said in page.text
    assert said in " ".join(pdf.split())
    assert examined["verdict"] == "valid"


def test_without_an_official_nobody_is_named(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    assert "official" not in client.get(f"/credentials/{credential.id}.json").json["issuer"]
    assert "For Laurel Academy" not in client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text


def test_who_answers_for_the_house_does_not_answer_for_an_organization(session: Session) -> None:
    house = replace(ISSUER, official="Dr. Helen Marsh")

    assert in_name_of(house, None).official == "Dr. Helen Marsh"
    assert in_name_of(house, make_acme(session)).official == ""
    named = make_acme(session, slug="named", facts=replace(FACTS, official="Mx. Robin Vale, Registrar"))
    assert in_name_of(house, named).official == "Mx. Robin Vale, Registrar"


def test_an_organizations_official_is_signed_and_stays_on_what_was_issued_whoever_holds_the_office_later(
    client: FlaskClient, session: Session
) -> None:
    acme = make_acme(session, facts=replace(FACTS, official="Mx. Robin Vale, Registrar"))
    credential = make_credential_of(session, acme)
    actor_id = make_user(session).id
    change_organization(session, acme.id, replace(FACTS, official="Somebody Else"), logo=None, actor_id=actor_id, now=clock.now())
    later = make_credential_of(session, acme)
    session.commit()
    page = f"/credentials/{credential.id}"

    assert client.get(f"{page}.json").json["issuer"]["official"] == "Mx. Robin Vale, Registrar"
    assert "Robin Vale, Registrar" in client.get(page, headers={"Accept": "text/html"}).text
    assert "Robin Vale, Registrar" in words_of(client.get(f"{page}/certificate.pdf").data)
    assert client.get(f"/credentials/{later.id}.json").json["issuer"]["official"] == "Somebody Else"


def test_the_preview_of_a_correction_names_who_will_answer_for_it(session: Session, sign_in: SignIn, csrf: Callable[[], str]) -> None:
    credential = make_credential_of(session, make_acme(session, facts=replace(FACTS, official="Mx. Robin Vale, Registrar")))
    session.commit()
    desk = sign_in(make_user(session, roles=["admin"]))

    shown = desk.post(
        f"/backoffice/credentials/{credential.id}/correct",
        data={"csrf_token": csrf(), "holder_name": "Eve Lovelace", "reason": "A misspelled name.", "act": "look"},
    )

    assert shown.status_code == 200
    assert "Mx. Robin Vale, Registrar" in shown.text


def test_download_pdf_downloads(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    page = client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
    found = re.search(r'href="([^"]*certificate\.pdf[^"]*)"', page)

    assert found
    assert client.get(found[1]).headers["Content-Disposition"] == f'attachment; filename="{credential.number}.pdf"'
