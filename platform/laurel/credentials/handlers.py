"""What credentials do when others report something."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.events import AccessReturned, DisputeClosed, RenewalFeeMoved
from laurel.commerce.queries import get_order, is_access_withdrawn, list_revoked_rights
from laurel.commerce.rules import LOST
from laurel.core.db import database_now
from laurel.core.mail import queue_mail
from laurel.credentials import queries
from laurel.credentials.events import (
    AboutHolder,
    ActivityDecided,
    CredentialAwarded,
    CredentialCorrected,
    CredentialHeld,
    CredentialIssued,
    CredentialReinstated,
    CredentialReleased,
    CredentialRevoked,
    NameChangeApplied,
    NameChangeApproved,
    NameChangeRefused,
    NameChangeReversed,
    NameReversalAsked,
    RenewalEarned,
    SignatureRenewed,
)
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import Credential
from laurel.credentials.queries import CredentialRecord, names, points
from laurel.credentials.queries.renewing import find_line_of_renewal
from laurel.credentials.rules import linkedin
from laurel.credentials.rules.erasure import ErasedError
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.name_changes import REVERSIBLE
from laurel.credentials.rules.points import ActivityState, points_text
from laurel.credentials.rules.printing import has_pdf
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services import fee_renewals, issuing, name_changes, renewing
from laurel.credentials.services.issuers import in_name_of
from laurel.learning.events import CourseCompleted
from laurel.quizzes.events import AttemptGraded


def award_credential(session: Session, event: CourseCompleted) -> None:
    """Who completed a course has earned its credential. The intent is kept on its own, so that no failure hides it."""
    issuing.award(
        session,
        enrollment_id=event.enrollment_id,
        holder_id=event.learner_id,
        course_id=event.course_id,
        attempt_id=event.attempt_id,
        now=event.occurred_at,
    )


def issue_credential(session: Session, event: CredentialAwarded, *, issuer: Issuer, keys: KeyVault) -> None:
    """What was awarded is signed. If that fails, the credential stays pending and the delivery is tried again."""
    with suppress(ErasedError):  # since: nothing is left to be signed
        issuing.issue(session, event.credential_id, issuer=issuer, keys=keys, now=database_now(session))


def email_holder(session: Session, event: CredentialIssued) -> None:
    """The holder hears of it, with the address of the page and the number."""
    record = _find_told(session, event)
    if record is not None:
        until = record.version.valid_until if record.version else None
        renews = _former(session, record.credential, event.occurred_at)
        facts = {"valid_until": until, "renews": renews, "linkedin_url": linkedin.ENTRIES}
        _mail_holder(session, "credential", f"credential:{event.credential_id}", record, event, **facts)


def _former(session: Session, credential: Credential, now: datetime) -> dict[str, Any] | None:
    """What a renewal's mail says of the certificate that it renews."""
    if credential.renewed_from_id is None:
        return None
    old = queries.get_credential(session, credential.renewed_from_id)
    ends_at = old.version.valid_until if old.version else None
    return {"number": old.credential.number, "valid_until": ends_at, "has_ended": ends_at is not None and ends_at <= now}


def email_renewed_signature(session: Session, event: SignatureRenewed) -> None:
    """The holder hears that files from before do not verify any more, and where the new ones are."""
    record = _find_told(session, event)
    if record is not None:
        _mail_holder(session, "signature_renewed", f"signature-renewed:{event.credential_id}:{event.n}", record, event)


def email_correction(session: Session, event: CredentialCorrected, *, issuer: Issuer) -> None:
    """The holder hears that there is a newer document, and where to write if it is wrong. The former name is not said again."""
    record = _find_told(session, event)
    if record is not None:
        key = f"credential-corrected:{event.credential_id}:{event.version_n}"
        note = queries.get_version(session, event.credential_id, event.version_n).note
        facts = {"note": note, "appeal_address": _appeal_address(issuer, record)}
        _mail_holder(session, "credential_corrected", key, record, event, **facts)


def email_revocation(session: Session, event: CredentialRevoked, *, issuer: Issuer) -> None:
    """The holder hears that it was revoked, why, and where to write against it; not where staff decided otherwise."""
    record = _find_told(session, event)
    if record is not None and record.credential.state is CredentialState.REVOKED:
        revoked = record.credential
        facts = {"reason": revoked.revocation_reason, "note": revoked.revocation_note, "was_signed": record.version is not None}
        facts["appeal_address"] = _appeal_address(issuer, record)
        key = f"credential-revoked:{event.credential_id}:{event.occurred_at:%Y%m%d%H%M%S}"
        _mail_holder(session, "credential_revoked", key, record, event, **facts)


def email_reinstatement(session: Session, event: CredentialReinstated) -> None:
    """The holder hears that it counts again, why, and that files from before do not."""
    record = _find_told(session, event)
    if record is not None and record.credential.state is CredentialState.ISSUED:
        note = queries.get_version(session, event.credential_id, event.version_n).note
        key = f"credential-reinstated:{event.credential_id}:{event.version_n}"
        _mail_holder(session, "credential_reinstated", key, record, event, note=note, had_files=event.version_n > 1)


def email_activity_decision(session: Session, event: ActivityDecided) -> None:
    """The holder hears what staff decided about an activity, and where their points stand now."""
    record = _find_told(session, event)
    if record is None:
        return
    activity = points.get_activity(session, event.activity_id)
    stands = ActivityState.APPROVED if activity.state is ActivityState.COUNTED else activity.state
    if stands != event.decision:  # taken back before this was written: the holder hears of that instead
        return
    key = f"activity:{event.credential_id}:{event.activity_id}:{event.decision}"
    book = points.get_book(session, record, now=database_now(session))
    facts = {
        "activity": activity,
        "points": points_text(activity.hundredths),
        "book": book,
        "points_text": points_text,
        "credential_id": event.credential_id,
    }
    _mail_holder(session, "activity_decided", key, record, event, decision=event.decision, **facts)


def email_hold(session: Session, event: CredentialHeld, *, issuer: Issuer) -> None:
    """The holder hears that their certificate is on hold and why, and where to write."""
    record = _find_told(session, event)
    if record is not None and record.credential.on_hold_at is not None:
        key = f"credential-held:{event.credential_id}:{event.occurred_at:%Y%m%d%H%M%S}"
        facts = {"note": record.credential.hold_note, "appeal_address": _appeal_address(issuer, record)}
        _mail_holder(session, "credential_on_hold", key, record, event, **facts)


def email_release(session: Session, event: CredentialReleased) -> None:
    """The holder hears that it counts as before."""
    record = _find_told(session, event)
    if record is not None and record.credential.on_hold_at is None:
        key = f"credential-released:{event.credential_id}:{event.occurred_at:%Y%m%d%H%M%S}"
        _mail_holder(session, "credential_released", key, record, event, note=record.credential.hold_note)


def _find_told(session: Session, event: AboutHolder) -> CredentialRecord | None:
    """The credential of which its holder hears; None if staff decided otherwise, or if it was erased since."""
    if not event.tells_holder:
        return None
    try:
        return queries.get_credential(session, event.credential_id)
    except ErasedError:
        return None


def _appeal_address(house: Issuer, record: CredentialRecord) -> str:
    """Where to write against what was done with it: to whoever it is of."""
    return in_name_of(house, record.organization).email


def _mail_holder(session: Session, name: str, key: str, record: CredentialRecord, event: AboutHolder, **facts: Any) -> None:
    holder, credential = session.get_one(User, event.holder_id), record.credential
    achievement = record.achievement
    queue_mail(
        session,
        name,
        key=key,
        recipient=holder.email,
        now=event.occurred_at,
        holder_name=credential.holder_name if credential.former_name_since is None else holder.name_on_certificates,
        achievement_name=achievement.name,
        has_pdf=has_pdf(credential.holder_name, achievement.name, achievement.description),
        number=record.credential.number,
        **_ways_to(credential),
        **facts,
    )


def _ways_to(credential: Credential) -> dict[str, Any]:
    """Where its mails lead: to the page that all may see; by the account where its bare address shows strangers nothing."""
    is_open = credential.visibility is not Visibility.PRIVATE and credential.address_token is None
    page = f"/credentials/{credential.id}" if is_open else f"/account/credentials/{credential.id}"
    return {"page": page, "pdf": f"{page}/certificate.pdf" if is_open else f"{page}/files/pdf", "is_open": is_open}


def issue_held(session: Session, event: AccessReturned, *, issuer: Issuer, keys: KeyVault) -> None:
    """What was earned while a bank was deciding is signed once the course is the learner's again."""
    waiting = queries.list_of_course(session, event.user_id, event.course_id, CredentialState.PENDING)
    for credential in queries.lock_credentials(session, waiting):
        issuing.issue(session, credential.id, issuer=issuer, keys=keys, now=database_now(session))


def revoke_after_lost_dispute(session: Session, event: DisputeClosed) -> None:
    """The bank gave the buyer the money back for good: certificates that it had paid for, the buyer's or by seats, do not count any more.

    Whoever has the course from elsewhere, too, keeps theirs.
    """
    if event.status != LOST:
        return
    order = get_order(session, event.order_id)
    lost: list[UUID] = []
    for holder_id, course_id in list_revoked_rights(session, order.id):
        if is_access_withdrawn(session, holder_id, course_id):
            for state in (CredentialState.PENDING, CredentialState.ISSUED):
                lost += queries.list_of_course(session, holder_id, course_id, state)
    for credential in queries.lock_credentials(session, lost):
        issuing.revoke(
            session,
            credential.id,
            reason=RevocationReason.REQUIREMENTS_WITHDRAWN,
            note=f"The payment of order {order.number} was taken back by the bank.",
            actor_id=None,
            now=event.occurred_at,
        )


def note_renewal(session: Session, event: AttemptGraded) -> None:
    """Who sat the exam again to renew their certificate, and passed, has earned a new one. Only that is written down: no lock is taken
    that the hand-in would have to wait for."""
    if event.passed and not event.is_preview:
        renewing.note_renewal(session, holder_id=event.learner_id, attempt_id=event.attempt_id, now=event.occurred_at)


def renew_credential(session: Session, event: RenewalEarned) -> None:
    """The new certificate is awarded, of the day on which it was earned."""
    facts = {"holder_id": event.holder_id, "attempt_id": event.attempt_id}
    renewing.renew(session, **facts, earned_at=event.occurred_at, now=database_now(session))


def follow_renewal_fee(session: Session, event: RenewalFeeMoved, *, issuer: Issuer, keys: KeyVault, env: str) -> None:
    """Who paid for renewing their certificate has a new one, for as long as the money stays."""
    fee_renewals.follow_fee(session, event.order_line_id, issuer=issuer, keys=keys, env=env, now=database_now(session))


def pause_what_was_released(session: Session, event: CredentialReleased, *, issuer: Issuer, keys: KeyVault, env: str) -> None:
    """What staff release does not count all the same while a bank decides about the fee that it was renewed for."""
    line_id = find_line_of_renewal(session, event.credential_id)
    if line_id is not None:
        fee_renewals.follow_fee(session, line_id, issuer=issuer, keys=keys, env=env, now=database_now(session))


def apply_name_change(session: Session, event: NameChangeApproved, *, issuer: Issuer, keys: KeyVault) -> None:
    """All certificates get the new name in one go, or none does and it is tried again."""
    name_changes.apply_name(session, event.change_id, issuer=issuer, keys=keys, now=database_now(session))


def reverse_name_change(session: Session, event: NameReversalAsked, *, issuer: Issuer, keys: KeyVault) -> None:
    """All certificates get their former name back in one go, or none does and it is tried again."""
    name_changes.reverse_name(session, event.change_id, issuer=issuer, keys=keys, now=database_now(session))


def email_name_change(session: Session, event: NameChangeApplied) -> None:
    """The person hears that it is done, and until when it can be taken back. The former name is not said again."""
    change, person = names.get_change(session, event.change_id)
    queue_mail(
        session,
        "name_changed",
        key=f"name-changed:{change.id}",
        recipient=person.email,
        now=event.occurred_at,
        new_name=change.new_name,
        lead_on=change.old_links_lead_on,
        reversible_until=event.occurred_at + REVERSIBLE,
    )


def email_name_refusal(session: Session, event: NameChangeRefused) -> None:
    """The person hears that staff did not agree, and why."""
    change, person = names.get_change(session, event.change_id)
    facts = {"name": person.name, "new_name": change.new_name, "reason": change.refusal}
    queue_mail(session, "name_refused", key=f"name-refused:{change.id}", recipient=person.email, now=event.occurred_at, **facts)


def email_name_reversal(session: Session, event: NameChangeReversed) -> None:
    """The person hears that their certificates are as they were. No name is said: the one that was taken back is nobody's business."""
    _change, person = names.get_change(session, event.change_id)
    queue_mail(session, "name_restored", key=f"name-restored:{event.change_id}", recipient=person.email, now=event.occurred_at)
