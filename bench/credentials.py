"""How long certificates take: to sign, to render, to verify, to revoke. Milliseconds of the processor, in this process, on SQLite.

PYTHONPATH=platform:. python -m bench.credentials
"""

import secrets
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import process_time
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from openbadgeslib.ob3 import OB3LdpVerifier, add_data_integrity_proof
from sqlalchemy import func, select

from laurel.app import Ports, create_app
from laurel.core import clock
from laurel.core.bus import deliver, list_due
from laurel.core.db import Database
from laurel.credentials import queries
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.artwork import qr_code
from laurel.credentials.models import BulkJob, BulkRow
from laurel.credentials.openbadges_gateway import is_unaltered, sign_credential, sign_status_list
from laurel.credentials.rules.bulk import BATCH, BulkKind, BulkState, RowState
from laurel.credentials.rules.document import build_document
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.rules.status_list import LENGTH, status_list_document
from laurel.credentials.services.bulk_batches import Desk, advance
from laurel.credentials.services.issuers import ensure_key
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.tokens import make_token
from laurel.credentials.typst_gateway import render_certificate
from laurel.credentials.views.drawings import compose_certificate
from laurel.migrating import migrate_database
from laurel.models import import_all
from laurel.settings import Settings, Stage
from laurel.web.limits import limiter
from tests.credentials.samples import FACTS, PUBLIC_PEM, SEED, SIGNER
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential, make_pending
from tests.fakes import FakeMailer, FakePayments

import_all()
TIMES = 100
BATCHES = 20
VAULT = AesKeyVault("only for measuring")
TERMS = {"duplicates": Duplicates.SKIP.value, "tells_holder": True}
BROWSER = {"Accept": "text/html, */*;q=0.1"}


def measure(name: str, aim: float | None, work: Callable[[], object], *, times: int = TIMES, rows: Callable[[], int] = lambda: 1) -> None:
    """Print a line of the table: the work's processor time, by the row if it did several, after one run that is not counted."""
    work()
    rows()
    taken = []
    for _ in range(times):
        start = process_time()
        work()
        taken.append((process_time() - start) * 1000 / rows())
    cuts = quantiles(taken, n=100)
    print(f"| {name} | {cuts[49]:.1f} | {cuts[94]:.1f} | {f'{aim:.0f}' if aim else '–'} |")


def make_site(folder: Path) -> tuple[Flask, Database]:
    url = f"sqlite:///{folder / 'laurel.db'}"
    migrate_database(url)
    database = Database(url)
    settings = Settings(
        stage=Stage.TEST,
        public_url=ISSUER.public_url,
        database_url=url,
        secret_key=secrets.token_hex(32),
        instance=folder,
        key_encryption_key="only for measuring",
    )
    app = create_app(settings, database, Ports(payments=FakePayments(), mailer=FakeMailer(), keys=VAULT))
    limiter.enabled = False
    return app, database


def measure_signing(database: Database) -> None:
    document, private = build_document(ISSUER, FACTS), Ed25519PrivateKey.from_private_bytes(SEED)
    seconds = (clock.now() + timedelta(seconds=n) for n in count())  # each its own: what is the same for one second is worked out each time

    def sign_by_the_library() -> None:
        signed = add_data_integrity_proof(document, private, SIGNER.method, created=next(seconds))
        OB3LdpVerifier(pubkey_pem=PUBLIC_PEM).verify(signed)

    measure(
        "sign a credential, with the gate and its own verification",
        10,
        lambda: sign_credential(document, SIGNER, created=next(seconds), allows_http=True),
    )
    measure("(the same signature and verification by openbadgeslib alone)", None, sign_by_the_library)
    with database.session(writes=True) as session:
        waiting = [make_pending(session).id for _ in range(TIMES + 1)]
        session.commit()

    def issue_next() -> None:
        with database.session(writes=True) as session:
            issue(session, waiting.pop(), issuer=ISSUER, keys=VAULT, now=clock.now())
            session.commit()

    measure("issue: sign, store, index, history, event, commit", None, issue_next)


def add_bulk_job(database: Database) -> UUID:
    """A confirmed list of people who have no certificate yet."""
    with database.session(writes=True) as session:
        course = make_course(session)
        make_achievement(session, course=course)
        now, actor = clock.now(), make_user(session)
        job = BulkJob(key="bench", kind=BulkKind.ISSUE, title="bench", terms=TERMS, created_at=now, actor_id=actor.id)
        job.state = BulkState.RUNNING
        session.add(job)
        session.flush()
        for n in range(BATCHES * BATCH):
            person = make_user(session)
            session.add(
                BulkRow(
                    job_id=job.id,
                    n=n,
                    state=RowState.READY,
                    email=person.email,
                    name=person.name,
                    course=course.slug,
                    awarded_at=now - timedelta(days=1),
                )
            )
        session.commit()
        return job.id


def measure_bulk(database: Database) -> None:
    """What one row of a file costs when it is issued: a batch of them in one transaction, as the worker does it, by the row."""
    job_id = add_bulk_job(database)
    made = [0]

    def advance_batch() -> None:
        with database.session(writes=True) as session:
            assert advance(session, job_id, Desk(ISSUER, VAULT), now=clock.now())
            session.commit()

    def count_made() -> int:
        """How many the last batch issued: it ends after a moment, however many are left."""
        with database.session(writes=False) as session:
            before, made[0] = made[0], session.scalar(select(func.count()).where(BulkRow.state == RowState.DONE)) or 0
        return made[0] - before

    measure("one row of a bulk import", 24, advance_batch, times=BATCHES, rows=count_made)
    open_session = partial(database.session, writes=True)
    with database.session(writes=False) as session:
        owed = list_due(session, now=clock.now(), limit=BATCHES * BATCH)
    measure("its mail, written by the worker", None, lambda: deliver(open_session, owed.pop(), clock=clock.now), times=len(owed) - 1)


def measure_reading(app: Flask, database: Database) -> None:
    with database.session(writes=True) as session:
        ensure_key(session, ISSUER, VAULT, now=clock.now(), purpose=KeyPurpose.JWT)
        credential_id: UUID = make_credential(session, keys=VAULT).id
        session.commit()
        found = queries.signed(queries.get_credential(session, credential_id))
        assert found is not None
        with app.test_request_context():
            certificate = compose_certificate(ISSUER, found)
    measure("PDF with the credential inside", 20, lambda: render_certificate(certificate), times=50)
    client = app.test_client()

    def get(address: str) -> Callable[[], object]:
        def ask() -> None:
            answer = client.get(address, base_url=ISSUER.public_url, headers=BROWSER)
            assert answer.status_code == 200, answer.status_code

        return ask

    page = get(f"/credentials/{credential_id}")
    measure("page of a credential", 5, page)

    def forget_and_get() -> None:
        is_unaltered.cache_clear()
        qr_code.cache_clear()
        page()

    measure("page of a credential, as the first who asks for it", None, forget_and_get)
    measure("verify page, by number", 5, get(f"/verify?number={found.credential.number}"))
    measure("signed document (JSON)", None, get(f"/credentials/{credential_id}.json"))

    def forget_token() -> None:
        make_token.cache_clear()
        get(f"/credentials/{credential_id}.jwt")()

    measure("token (JWT), signed anew", None, forget_token)
    measure("status list, as it is served", None, get("/status/revocation/1"))


def measure_lists() -> None:
    for share, name in ((0, "none"), (1000, "0.1 %"), (100, "1 %"), (20, "5 %")):
        revoked = secrets.SystemRandom().sample(range(LENGTH), LENGTH // share) if share else []

        def build(revoked: list[int] = revoked) -> object:
            document = status_list_document(url=ISSUER.status_list_url(1), did=ISSUER.did, indexes=revoked, now=clock.now())
            return sign_status_list(document, SIGNER, created=clock.now(), allows_http=True)

        measure(f"status list of {LENGTH:,} entries, {name} revoked: build and sign", 10, build)


def main() -> None:
    print("| | p50 ms | p95 ms | aim |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        app, database = make_site(Path(folder))
        measure_signing(database)
        measure_bulk(database)
        measure_reading(app, database)
        measure_lists()
        database.engine.dispose()


if __name__ == "__main__":
    main()
