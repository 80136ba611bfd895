"""Finding keys, and what they signed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from laurel.core.errors import NotFoundError
from laurel.credentials.models import Credential, CredentialVersion, IssuerKey, StatusList
from laurel.credentials.rules.keys import PUBLISHED, TRUSTED, KeyPurpose, KeyState
from laurel.credentials.rules.verdicts import CredentialState


def find_active_key(session: Session, did: str, purpose: KeyPurpose = KeyPurpose.DATA_INTEGRITY) -> IssuerKey | None:
    """The key that signs for this DID."""
    return session.scalar(select(IssuerKey).filter_by(did=did, purpose=purpose, state=KeyState.ACTIVE))


def find_staged_key(session: Session, did: str, purpose: KeyPurpose) -> IssuerKey | None:
    """The key of this purpose that is published and not used yet; the first of them, where there are two from before that was refused."""
    staged = select(IssuerKey).filter_by(did=did, purpose=purpose, state=KeyState.STAGED)
    return session.scalar(staged.order_by(IssuerKey.staged_at, IssuerKey.fragment).limit(1))


def has_key(session: Session, did: str, purpose: KeyPurpose) -> bool:
    """Whether there was ever a key for this purpose, be it withdrawn meanwhile."""
    return session.scalar(select(IssuerKey.id).filter_by(did=did, purpose=purpose).limit(1)) is not None


def list_keys(session: Session, did: str) -> list[IssuerKey]:
    """All keys of a DID, withdrawn ones too, the oldest first."""
    return list(session.scalars(select(IssuerKey).filter_by(did=did).order_by(IssuerKey.staged_at, IssuerKey.fragment)))


def get_key(session: Session, did: str, key_id: UUID) -> IssuerKey:
    """One key of a DID, withdrawn or not; raises NotFoundError."""
    found = session.scalar(select(IssuerKey).filter_by(did=did, id=key_id))
    if found is None:
        raise NotFoundError("There is no such key.")
    return found


def list_published_keys(session: Session, did: str) -> list[IssuerKey]:
    """The keys that the DID document shows: the one that signs proofs, then the others from the newest to the oldest, tokens' keys last."""
    published = select(IssuerKey).where(IssuerKey.did == did, IssuerKey.state.in_(PUBLISHED))
    keys = session.scalars(published.order_by(IssuerKey.staged_at.desc(), IssuerKey.fragment.desc()))
    return sorted(keys, key=lambda key: (key.purpose is KeyPurpose.JWT, key.state is not KeyState.ACTIVE))


def get_published_token_key(session: Session, did: str, fragment: str) -> IssuerKey:
    """A key for tokens that may be shown; raises NotFoundError."""
    found = find_trusted_key(session, did, fragment, KeyPurpose.JWT)
    if found is None or found.state not in PUBLISHED:
        raise NotFoundError("There is no such key.")
    return found


def find_trusted_key(session: Session, did: str, fragment: str, purpose: KeyPurpose) -> IssuerKey | None:
    """The key of that name, as long as signatures by it count."""
    named = select(IssuerKey).filter_by(did=did, fragment=fragment, purpose=purpose)
    return session.scalar(named.where(IssuerKey.state.in_(TRUSTED)))


def lock_keys(session: Session, did: str) -> list[IssuerKey]:
    """All keys of a DID, locked until the transaction ends: who changes one sees the others stand still."""
    locking = select(IssuerKey).filter_by(did=did).order_by(IssuerKey.id).with_for_update(key_share=True)
    return list(session.scalars(locking, execution_options={"populate_existing": True}))


def count_fragments(session: Session, did: str, prefix: str) -> int:
    """How many keys of this DID have a name that begins so, withdrawn ones too: names are never used twice."""
    named = select(func.count()).select_from(IssuerKey).where(IssuerKey.did == did, IssuerKey.fragment.startswith(prefix, autoescape=True))
    return session.scalar(named) or 0


def count_signed(session: Session, did: str) -> dict[UUID, tuple[int, int]]:
    """How many documents and how many status lists each key of a DID has signed. A list counts for the key that signed it last."""
    documents = select(CredentialVersion.key_id, func.count()).group_by(CredentialVersion.key_id)
    lists = select(StatusList.key_id, func.count()).where(StatusList.did == did).group_by(StatusList.key_id)
    by_documents = {row[0]: row[1] for row in session.execute(documents)}
    by_lists = {row[0]: row[1] for row in session.execute(lists)}
    return {key_id: (by_documents.get(key_id, 0), by_lists.get(key_id, 0)) for key_id in by_documents.keys() | by_lists.keys()}


def is_needed(session: Session, key: IssuerKey, *, now: datetime) -> bool:
    """Whether something that a retired key signed may still be valid. A key for tokens may have signed every document of its time."""
    lasting = or_(CredentialVersion.valid_until.is_(None), CredentialVersion.valid_until > now)
    if key.purpose is KeyPurpose.JWT:
        its_time = CredentialVersion.signed_at <= (key.retired_at or now)
        return session.scalar(select(CredentialVersion.id).where(its_time, lasting).limit(1)) is not None
    if session.scalar(select(StatusList.id).where(StatusList.key_id == key.id).limit(1)) is not None:
        return True
    return session.scalar(select(CredentialVersion.id).where(CredentialVersion.key_id == key.id, lasting).limit(1)) is not None


def list_withdrawn_keys(session: Session, did: str) -> list[UUID]:
    """The compromised keys of a DID."""
    return list(session.scalars(select(IssuerKey.id).filter_by(did=did, state=KeyState.COMPROMISED)))


def list_to_be_signed_again(session: Session, did: str, *, now: datetime, after: UUID | None = None, limit: int = 100) -> Sequence[UUID]:
    """Valid credentials whose current document was signed with a key that is compromised, in the order of their ids."""
    statement = select(Credential.id).join(CredentialVersion, CredentialVersion.credential_id == Credential.id)
    statement = statement.where(*_to_be_signed_again(session, did, now))
    if after is not None:
        statement = statement.where(Credential.id > after)
    return session.scalars(statement.order_by(Credential.id).limit(limit)).all()


def count_to_be_signed_again(session: Session, did: str, *, now: datetime) -> int:
    """How many of them there are. Mostly no key was ever compromised: then nothing is searched."""
    if not list_withdrawn_keys(session, did):
        return 0
    counting = select(func.count()).select_from(Credential).join(CredentialVersion, CredentialVersion.credential_id == Credential.id)
    return session.scalar(counting.where(*_to_be_signed_again(session, did, now))) or 0


def _to_be_signed_again(session: Session, did: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        CredentialVersion.key_id.in_(list_withdrawn_keys(session, did)),
        CredentialVersion.n == Credential.current_n,
        Credential.state == CredentialState.ISSUED,
        or_(CredentialVersion.valid_until.is_(None), CredentialVersion.valid_until > now),
    )


def find_first_of_lists(session: Session, did: str) -> tuple[datetime | None, datetime | None]:
    """Since when a change of a status list waits to be published, and when the first published one ends; None if none does."""
    row = session.execute(select(func.min(StatusList.changed_at), func.min(StatusList.valid_until)).filter_by(did=did)).one()
    return row[0], row[1]
