"""Who issues, and with which key."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core.errors import NotFoundError, UnavailableError
from laurel.credentials.gateway import KeyVault, Signer
from laurel.credentials.models import IssuerKey
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries.keys import count_fragments, find_active_key, has_key
from laurel.credentials.queries.organizations import find_organization, get_organization, list_organizations
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import ALGORITHM, KeyPurpose, KeyState, fragment_prefix
from laurel.credentials.services import history
from laurel.settings import Settings, Stage


class NoActiveKeyError(UnavailableError):
    """There were keys, and none is in use: nothing is signed until staff put one to use."""

    message = "No signing key is active. See `laurel keys list`, then `laurel keys activate`."


@dataclass(frozen=True, slots=True)
class Signatory:
    """The issuer with its active key opened, for the length of one signature."""

    issuer: Issuer
    key: IssuerKey
    signer: Signer


def issuer_of(settings: Settings) -> Issuer:
    """The house: the issuer that the settings describe, in whose name everything is awarded unless said otherwise."""
    return Issuer(
        public_url=settings.public_url,
        name=settings.issuer_name,
        email=settings.issuer_email,
        is_production=settings.stage is Stage.PRODUCTION,
        official=settings.issuer_official,
        linkedin_id=settings.linkedin_organization_id,
    )


def in_name_of(house: Issuer, organization: Organization | None) -> Issuer:
    """The organization as an issuer on this site; the house where there is none."""
    if organization is None:
        return house
    return replace(
        house,
        slug=organization.slug,
        name=organization.name,
        email=organization.email,
        home_url=organization.url,
        description=organization.description,
        has_logo=organization.has_logo,
        official=organization.official,  # who answers for the house does not answer for others
        linkedin_id=organization.linkedin_id,
    )


def issuer_for(session: Session, house: Issuer, organization_id: UUID | None) -> Issuer:
    """The same for an organization that is known by its id."""
    return in_name_of(house, get_organization(session, organization_id) if organization_id is not None else None)


def list_issuers(session: Session, house: Issuer) -> list[Issuer]:
    """The house, then the organizations by name."""
    return [house, *(in_name_of(house, organization) for organization in list_organizations(session))]


def find_issuer(session: Session, house: Issuer, did: str) -> Issuer | None:
    """Who has this DID on this site. Asks the database only about what may be one of its organizations."""
    slug = house.slug_of(did)
    if not slug:
        return house if slug == "" else None
    organization = find_organization(session, slug)
    return in_name_of(house, organization) if organization is not None else None


def get_issuer(session: Session, house: Issuer, slug: str) -> Issuer:
    """By slug, the empty one being the house's; raises NotFoundError."""
    organization = find_organization(session, slug) if slug else None
    if slug and organization is None:
        raise NotFoundError("There is no such organization.")
    return in_name_of(house, organization)


def get_issuer_of_key(session: Session, house: Issuer, key_id: UUID) -> Issuer:
    """Whose key this is; raises NotFoundError, also for a key from before the site had its present address."""
    key = session.get(IssuerKey, key_id)
    found = find_issuer(session, house, key.did) if key is not None else None
    if found is None:
        raise NotFoundError("There is no such key.")
    return found


def ensure_key(
    session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime, purpose: KeyPurpose = KeyPurpose.DATA_INTEGRITY
) -> IssuerKey:
    """The issuer's active key. The very first one is made here, at seeding, by the worker or at the first signature.

    Raises NoActiveKeyError where there were keys and none is active: then a person decides what comes next.
    """
    found = find_active_key(session, issuer.did, purpose)
    if found is not None:
        return found
    if has_key(session, issuer.did, purpose):
        raise NoActiveKeyError
    history.hold_chain(session)
    try:
        with session.begin_nested():
            made = make_key(session, issuer, keys, purpose=purpose, state=KeyState.ACTIVE, now=now)
    except IntegrityError:  # somebody else made it at the same moment
        return ensure_key(session, issuer, keys, now=now, purpose=purpose)
    history.record(session, HistoryKind.KEY_ACTIVATED, at=now, key_id=made.id, reason=made.method)
    return made


def open_signatory(session: Session, issuer: Issuer, keys: KeyVault, *, now: datetime) -> Signatory:
    """The issuer, ready to sign. Raises NoActiveKeyError, or what the vault raises if it cannot open the key."""
    key = ensure_key(session, issuer, keys, now=now)
    return Signatory(issuer, key, keys.open(key.pair))


def make_key(session: Session, issuer: Issuer, keys: KeyVault, *, purpose: KeyPurpose, state: KeyState, now: datetime) -> IssuerKey:
    """A new key pair under a name that no key had before. Two at the same moment: the second raises IntegrityError."""
    prefix = fragment_prefix(purpose, now)
    fragment = f"{prefix}{count_fragments(session, issuer.did, prefix) + 1:02}"
    pair = keys.make(ALGORITHM[purpose], method=f"{issuer.did}#{fragment}")
    key = IssuerKey(
        did=issuer.did,
        fragment=fragment,
        purpose=purpose,
        algorithm=pair.algorithm,
        public_key=pair.public_key,
        sealed_private_key=pair.sealed,
        state=state,
        staged_at=now,
        active_at=now if state is KeyState.ACTIVE else None,
    )
    session.add(key)
    session.flush()
    return key
