"""What the chain of events says, for comparing it with the tables."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from laurel.credentials.models import AchievementVersion, Credential, CredentialEvent
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.rules.auditing_chain import DECISIVE, Told, renewal_named
from laurel.credentials.rules.erasure import number_sha256
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState

PAGE = 1_000


def map_told(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Told]]:
    """The decisive entries about each of these credentials, in the order of the chain."""
    rows = session.execute(
        select(CredentialEvent.credential_id, CredentialEvent.kind, CredentialEvent.version_n, CredentialEvent.document_sha256)
        .where(CredentialEvent.credential_id.in_(ids), CredentialEvent.kind.in_(DECISIVE))
        .order_by(CredentialEvent.position)
    )
    found: dict[UUID, list[Told]] = defaultdict(list)
    for credential_id, kind, version_n, digest in rows:
        if credential_id is not None:
            found[credential_id].append(Told(kind=kind, version_n=version_n, document_sha256=digest))
    return found


def list_lost_renewals(session: Session) -> list[tuple[int, str]]:
    """(position, reason) of entries that say that something was renewed by a certificate that is not there and was not erased."""
    lost: list[tuple[int, str]] = []
    after = 0
    telling = select(CredentialEvent.position, CredentialEvent.reason).where(CredentialEvent.kind == HistoryKind.RENEWED)
    while True:
        statement = telling.where(CredentialEvent.position > after).order_by(CredentialEvent.position).limit(PAGE)
        page = [(row[0], row[1]) for row in session.execute(statement)]
        if not page:
            return lost
        known = _list_known(session, [named for _at, reason in page if (named := renewal_named(reason)) is not None])
        lost += [(position, reason) for position, reason in page if renewal_named(reason) not in known]
        after = page[-1][0]


def _list_known(session: Session, named: Collection[UUID | str]) -> set[UUID | str]:
    """Those of these certificates, by id or by number, that are there or were erased."""
    ids = [one for one in named if isinstance(one, UUID)]
    hashes = {number_sha256(one): one for one in named if isinstance(one, str)}
    known: set[UUID | str] = set(session.scalars(select(Credential.id).where(Credential.id.in_(ids))))
    known |= set(session.scalars(select(Credential.number).where(Credential.number.in_(hashes.values()))))
    known |= set(session.scalars(select(ErasedCredential.credential_id).where(ErasedCredential.credential_id.in_(ids))))
    erased = session.scalars(select(ErasedCredential.number_sha256).where(ErasedCredential.number_sha256.in_(hashes)))
    return known | {hashes[digest] for digest in erased}


def map_erased_links(session: Session, renewals: Sequence[Credential]) -> dict[UUID, UUID]:
    """Renewal → the erased certificate that it renewed, of those of which the chain says so and that renew one of their own program now."""
    if not renewals:
        return {}
    old, awarded, former = aliased(Credential), aliased(AchievementVersion), aliased(AchievementVersion)
    within = (
        select(Credential.id)
        .join(old, old.id == Credential.renewed_from_id)
        .join(awarded, awarded.id == Credential.achievement_version_id)
        .join(former, (former.id == old.achievement_version_id) & (former.achievement_id == awarded.achievement_id))
        .where(Credential.id.in_([one.id for one in renewals]))
    )
    mine = set(session.scalars(within))
    said = {f"by {name}": one.id for one in renewals if one.id in mine for name in (one.id, one.number)}
    telling = (
        select(CredentialEvent.reason, CredentialEvent.credential_id)
        .join(ErasedCredential, ErasedCredential.credential_id == CredentialEvent.credential_id)
        .where(CredentialEvent.kind == HistoryKind.RENEWED, CredentialEvent.reason.in_(said))
        .order_by(CredentialEvent.position)
    )
    return {said[reason]: erased_id for reason, erased_id in session.execute(telling) if erased_id is not None}


def iterate_untold_renewals(session: Session) -> Iterator[str]:
    """Numbers of certificates that renew others and were signed, of which no entry says that they renewed anything."""
    told = {renewal_named(reason) for reason in session.scalars(select(CredentialEvent.reason).filter_by(kind=HistoryKind.RENEWED))}
    renewing = select(Credential.id, Credential.number).where(Credential.renewed_from_id.is_not(None))
    signed = renewing.where(Credential.state != CredentialState.PENDING).order_by(Credential.number)
    for credential_id, number in session.execute(signed):
        if credential_id not in told and number not in told:
            yield number
