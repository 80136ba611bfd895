"""Signing again what a compromised key had signed: the same words, a new proof, the same place on the status list (K4)."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.core.bus import publish
from laurel.credentials import queries
from laurel.credentials.events import SignatureRenewed
from laurel.credentials.gateway import KeyVault
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion, IssuerKey, VersionCause
from laurel.credentials.openbadges_gateway import has_valid_proof, sign_credential
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import history
from laurel.credentials.services.issuers import issuer_for, open_signatory


class AlteredDocumentError(Exception):
    """The stored document is not the one that was signed. Signing it again would make a forgery genuine."""


def renew_signature(session: Session, credential_id: UUID, *, issuer: Issuer, keys: KeyVault, now: datetime) -> bool:
    """Sign the credential's current document again with the active key; False if there is nothing to do. Told twice, it changes nothing.

    Raises AlteredDocumentError, NoActiveKeyError, or what the vault raises.
    """
    credential = queries.lock_credential(session, credential_id)
    old, key, _entry, _list = queries.list_versions(session, credential_id)[0]
    if not _is_due(credential, old, key, now):
        return False
    if not _is_what_was_signed(session, old, key):
        raise AlteredDocumentError(f"Credential {credential.number}, version {old.n}")
    achievement = session.get_one(AchievementVersion, credential.achievement_version_id)
    signatory = open_signatory(session, issuer_for(session, issuer, achievement.organization_id), keys, now=now)
    document = {name: value for name, value in json.loads(old.signed_json).items() if name != "proof"}
    text = sign_credential(document, signatory.signer, created=now, allows_http=issuer.allows_http)
    new = _succeed(old, text, signatory.key.id, now=now)
    session.add(new)
    old.superseded_at, credential.current_n = now, new.n
    session.flush()
    _tell(session, credential, new, reason=f"{key.fragment} was compromised")
    return True


def _is_due(credential: Credential, version: CredentialVersion, key: IssuerKey, now: datetime) -> bool:
    has_ended = version.valid_until is not None and version.valid_until <= now
    return credential.state is CredentialState.ISSUED and key.state is KeyState.COMPROMISED and not has_ended


def _is_what_was_signed(session: Session, version: CredentialVersion, key: IssuerKey) -> bool:
    """By the document's own hash, by the history, and by its proof: whoever has the key could make a proof, but no history."""
    digest = hashlib.sha256(version.signed_json.encode()).hexdigest()
    entries = queries.list_history(session, version.credential_id)
    recorded = {entry.document_sha256 for entry in entries if entry.version_n == version.n}
    return digest == version.sha256 and digest in recorded and has_valid_proof(version.signed_json, key.public_key)


def _succeed(old: CredentialVersion, text: str, key_id: UUID, *, now: datetime) -> CredentialVersion:
    return CredentialVersion(
        credential_id=old.credential_id,
        n=old.n + 1,
        valid_from=old.valid_from,
        valid_until=old.valid_until,
        signed_json=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        key_id=key_id,
        status_entry_id=old.status_entry_id,
        signed_at=now,
        cause=VersionCause.SIGNATURE_RENEWED,
    )


def _tell(session: Session, credential: Credential, version: CredentialVersion, *, reason: str) -> None:
    history.record(
        session,
        HistoryKind.SIGNATURE_RENEWED,
        at=version.signed_at,
        credential_id=credential.id,
        version_n=version.n,
        key_id=version.key_id,
        reason=reason,
        document_sha256=version.sha256,
    )
    renewed = SignatureRenewed(occurred_at=version.signed_at, credential_id=credential.id, holder_id=credential.holder_id, n=version.n)
    publish(session, renewed)
