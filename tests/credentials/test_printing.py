"""Mails about a certificate link to its PDF only if there can be one."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials.events import CredentialIssued, SignatureRenewed
from laurel.credentials.handlers import email_holder, email_renewed_signature
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential


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
