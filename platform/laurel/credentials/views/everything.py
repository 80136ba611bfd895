"""All certificates of a holder as one ZIP file: read from the database at once, packed while it is sent."""

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.core.db import database_now
from laurel.core.errors import NotFoundError
from laurel.credentials.gateway import KeyVault
from laurel.credentials.queries import SignedCredential, record_of, select_credentials_of, signed
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services.shown import UnsignedWordsError
from laurel.credentials.services.tokens import NoTokenError, TokenKey, find_token_key
from laurel.credentials.views import drawings
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.bundle import Bundle, bundle
from laurel.credentials.views.packing import Outlet, write_file
from laurel.credentials.views.presenters import ShownCredential, show
from laurel.credentials.views.printing import issued_by, logo_beside
from laurel.credentials.views.turns import hand_out, take_turn
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import limiter
from laurel.web.session import database, end_transaction

PACKINGS = "10 per hour"
AT_MOST = 100
"""So many certificates go into one file. Who has more takes the earlier ones from their pages."""
UNSIGNED = "Our records of it do not agree with its signed file. We are looking into it."


@dataclass(frozen=True, slots=True)
class Collection:
    """A holder's latest certificates, as they are read: packing them takes no connection."""

    house: Issuer
    signed: list[SignedCredential]
    unsigned: list[ShownCredential]
    shared: dict[UUID | None, tuple[TokenKey | None, str]]
    """The key for tokens and the logo of each issuer, by its organization."""
    has_more: bool
    read_at: datetime


@bp.get("/account/credentials/everything.zip")
@limiter.limit(PACKINGS)
@policy(GET=SIGNED_IN)
def all_files_zip() -> ResponseReturnValue:
    """Every certificate of the person in a folder of its own, with the same files as its own ZIP."""
    keys: KeyVault = current_app.extensions["laurel_ports"].keys
    with take_turn(url_for(".credential_list")) as held:
        with database().session(writes=False) as session:
            found = collect(session, my_id(), issuer(), keys, now=database_now(session))
        end_transaction()
        if not found.signed:
            raise NotFoundError("None of your certificates is signed yet, so there are no files of them.")
        return hand_out(held, pack(found), f"certificates-{found.read_at:%Y-%m-%d}.zip")


def collect(session: Session, holder_id: UUID, house: Issuer, keys: KeyVault, *, at_most: int = AT_MOST, now: datetime) -> Collection:
    """The latest ones; what those of one issuer have in common is asked for once."""
    rows = session.execute(select_credentials_of(holder_id).limit(at_most + 1)).all()
    records = [record_of(row) for row in rows[:at_most]]
    ready, shared = [found for found in map(signed, records) if found is not None], dict[UUID | None, tuple[TokenKey | None, str]]()
    for found in ready:
        if found.achievement.organization_id not in shared:
            token = None
            with suppress(NoTokenError):
                token = find_token_key(session, issued_by(house, found), keys)
            shared[found.achievement.organization_id] = token, logo_beside(session, found)
    unsigned = [show(house, record) for record in records if record.version is None]
    return Collection(house, ready, unsigned, shared, has_more=len(rows) > at_most, read_at=now)


def pack(collection: Collection) -> Iterator[bytes]:
    """The ZIP, piece by piece. What cannot be printed as it was signed is left out, and the README says why."""
    outlet, inside, outside = Outlet(), list[ShownCredential](), [(shown, shown.sentence) for shown in collection.unsigned]
    with zipfile.ZipFile(outlet, "w") as archive:
        for found in collection.signed:
            shown = show(collection.house, found.record)
            try:
                _bundle(collection, found).write_into(archive)
                inside.append(shown)
            except UnsignedWordsError:
                outside.append((shown, UNSIGNED))
            yield outlet.take()
        readme = render_template("credentials/readme_of_all.txt", collection=collection, inside=inside, outside=outside)
        write_file(archive, "README.txt", readme.encode(), at=collection.read_at)
    yield outlet.take()


def _bundle(collection: Collection, found: SignedCredential) -> Bundle:
    own, (token, logo) = issued_by(collection.house, found), collection.shared[found.achievement.organization_id]
    return bundle(own, found, token, drawings.compose_certificate(own, found, logo=logo))
