"""`make verify-outside`: a Laurel of its own, and Digital Bazaar's verifier, which judges what it serves. Exit status 1 if it errs."""

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.models import Credential
from laurel.credentials.models.organizations import Organization
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import KeyPurpose
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services import keys
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.services.issuing import issue, revoke
from laurel.credentials.services.status_lists import refresh_status_lists
from laurel.migrating import migrate_database
from laurel.models import import_all
from tests.factories.credentials import make_pending
from tests.factories.organizations import make_acme, make_pending_of, png
from tests.factories.scores import give_score
from tests.faults.processes import Process, free_port, wait_until

HERE = Path(__file__).parent
HOST = "laurel.test"
SECRET = "only for this run, and long enough"
VAULT = AesKeyVault(SECRET)
ISSUER = Issuer(public_url=f"https://{HOST}", name="Laurel Academy", email="certificates@example.com")
ISSUED = timedelta(minutes=10)
"""So long ago the certificates were issued."""
REVOKED = timedelta(minutes=6)
"""So long ago they were revoked: since then the clock has passed one of the marks at which a changed status list is signed."""


@dataclass
class Verifier:
    """The verifier's process, which takes one document after the other."""

    process: subprocess.Popen[str]
    fetched: dict[str, int] = field(default_factory=dict)

    def judge(self, document: bytes) -> tuple[str, str]:
        """Its verdict and the reason for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"document": base64.b64encode(document).decode()}) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        for url in found["fetched"]:
            self.fetched[url] = self.fetched.get(url, 0) + 1
        return found["verdict"], found["reason"]


@dataclass
class Site:
    """The site's database and the port at which its server listens."""

    database: Database
    port: int
    wrong: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)

    def served(self, credential: Credential) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", f"/credentials/{credential.id}", headers={"Host": HOST, "Accept": "application/ld+json"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"The credential answered {answer.status}.")
        return body

    def issue(self, session: Session, organization: Organization | None = None) -> Credential:
        """A certificate of the house or of an organization, and what of it must never be asked for."""
        then = clock.now() - ISSUED
        pending = make_pending(session, at=then) if organization is None else make_pending_of(session, organization, at=then)
        give_score(session, pending)
        pending.score_consented_at = then  # so that all that a document can say is judged
        issued = issue(session, pending.id, issuer=ISSUER, keys=VAULT, now=then)
        session.commit()
        self.private |= {str(issued.id), issued.number, str(issued.subject_id)}
        return issued

    def expect(self, claim: str, verdict: str, found: tuple[str, str]) -> None:
        is_right = found[0] == verdict
        print(f"  {'ok ' if is_right else 'NO '} {claim}: {found[0]}{f' ({found[1]})' if found[1] else ''}", flush=True)
        if not is_right:
            self.wrong.append(claim)


def main(arguments: list[str]) -> int:
    import_all()
    with (
        tempfile.TemporaryDirectory(prefix="laurel-outside-") as folder,
        running_site(Path(folder)) as site,
        running_verifier(site) as judge,
    ):
        with site.database.session(writes=True) as session:
            check_life(site, judge, session)
            check_life(site, judge, session, make_acme(session, logo=png()))
            check_bytes(site, judge, session, step=20 if "--quick" in arguments else 1)
        check_privacy(site, judge)
        print(f"\n{len(site.wrong)} wrong." if site.wrong else "\nAll is as it should be.")
    return 1 if site.wrong else 0


def check_life(site: Site, judge: Verifier, session: Session, organization: Organization | None = None) -> None:
    """Fresh, beside a revoked one, and after the key was rotated."""
    issuer = in_name_of(ISSUER, organization)
    print(f"The life of a certificate of {issuer.did}")
    first, second = site.issue(session, organization), site.issue(session, organization)
    site.expect("a fresh one is valid", "valid", judge.judge(site.served(first)))
    revoke(session, second.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now() - REVOKED)
    refresh_status_lists(session, issuer, VAULT, now=clock.now())
    session.commit()
    site.expect("a revoked one is revoked", "revoked", judge.judge(site.served(second)))
    site.expect("its neighbor is still valid", "valid", judge.judge(site.served(first)))
    rotate(session, issuer)
    third = site.issue(session, organization)
    site.expect("an old one is valid after the key was rotated", "valid", judge.judge(site.served(first)))
    site.expect("a revoked one stays revoked after it", "revoked", judge.judge(site.served(second)))
    site.expect("one by the new key is valid", "valid", judge.judge(site.served(third)))


def rotate(session: Session, issuer: Issuer) -> None:
    """The next key is published, and a day later it signs; the one so far retires."""
    staged = keys.stage(session, issuer, VAULT, purpose=KeyPurpose.DATA_INTEGRITY, reason="", actor_id=None, now=clock.now())
    tomorrow = clock.now() + timedelta(days=1)
    keys.activate(session, issuer, VAULT, staged.fragment, reason="", actor_id=None, now=tomorrow)
    session.commit()


def check_bytes(site: Site, judge: Verifier, session: Session, *, step: int) -> None:
    """No byte may differ: one in every `step` is changed, each in a copy of its own."""
    served = site.served(site.issue(session))
    print("Changed bytes")
    site.expect("the same, unchanged, is valid", "valid", judge.judge(served))
    places = range(0, len(served), step)
    accepted = []
    for place in places:
        changed = bytearray(served)
        changed[place] ^= 1
        verdict, _reason = judge.judge(bytes(changed))
        if verdict != "invalid":
            accepted.append(f"byte {place} of {served[max(0, place - 20) : place + 20]!r}: {verdict}")
    site.expect(
        f"each of {len(places)} changed copies ({len(served)} bytes) is invalid", "invalid", ("valid" if accepted else "invalid", "")
    )
    print(*accepted, sep="\n", end="\n" if accepted else "")


def check_privacy(site: Site, judge: Verifier) -> None:
    """What was fetched tells nobody which certificate was checked."""
    print("What the verifier fetched")
    for url, times in sorted(judge.fetched.items()):
        print(f"  {times:6} × {url}")
    telling = [url for url in judge.fetched if any(word in url for word in site.private) or "#" in url or "?" in url]
    found = ("invalid", ", ".join(telling)) if telling or not judge.fetched else ("valid", "")
    site.expect("no address names a certificate", "valid", found)


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A server as in production but for its stage: gunicorn, a database on disk, sealed keys."""
    url, port = f"sqlite:///{folder / 'laurel.db'}", free_port()
    migrate_database(url)
    environment = {
        "LAUREL_STAGE": "test",
        "LAUREL_INSTANCE": str(folder),
        "PUBLIC_URL": ISSUER.public_url,
        "DATABASE_URL": url,
        "KEY_ENCRYPTION_KEY": SECRET,
    }
    command = [sys.executable, "-m", "laurel", "serve", "--port", str(port), "--workers", "1", "--exit-with-stdin"]
    server = Process(command, log=folder / "server.log", environment=environment)
    database = Database(url)
    try:
        wait_until(lambda: answers(port), what="The server")
        yield Site(database, port)
    finally:
        database.engine.dispose()
        server.stop()


def answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/.well-known/did.json", headers={"Host": HOST})
        status = connection.getresponse().status
        connection.close()
    except OSError:
        return False
    return status == 200


@contextmanager
def running_verifier(site: Site) -> Iterator[Verifier]:
    context: Any = resources.files("openbadgeslib.ob3.contexts").joinpath("ob-v3p0-context-3.0.3.json")
    command = ["node", str(HERE / "verify.mjs"), HOST, str(site.port), str(context)]
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        try:
            yield Verifier(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(30)
    print(f"{time.monotonic() - began:.0f} seconds.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
