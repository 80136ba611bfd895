"""Pages about certificates in a real browser: no rule of axe broken, nothing wider than a small phone, and no script needed."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.core import clock
from laurel.credentials.models import BulkRow, Credential
from laurel.credentials.queries.keys import find_active_key
from laurel.credentials.rules.bulk import BulkKind, BulkState, RowState
from laurel.credentials.rules.bulk_table import COLUMNS, read_table
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.key_acts import Verb
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.bulk import confirm, draft_import
from laurel.credentials.services.bulk_reinstating import draft_reinstatement, judge
from laurel.credentials.services.bulk_waiting import put_off, say_waiting
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.key_acts import plan, propose
from tests.conftest import SignIn
from tests.credentials.bulk_jobs import finish, start
from tests.credentials.chains import anchor
from tests.credentials.rotation import stage
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_achievement, make_credential, make_pending, make_revocation_job
from tests.factories.organizations import FACTS, make_acme, make_credential_of, png
from tests.factories.points import make_activity
from tests.looking import faults_of
from tests.quizzes.browsing import SITE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SHOTS = os.environ.get("LAUREL_SHOTS")
SCHEMES = [("light", 1280), ("dark", 360), ("light", 360), ("dark", 1280)]
LONG = "Ada Augusta Byron King, Countess of Lovelace, Wolfeschlegelsteinhausenbergerdorff the Third"


def make_a_lot(session: Session) -> list[str]:
    """Certificates in every state; the addresses of the pages about them."""
    issued = make_credential(session, learner=make_user(session, name=LONG))
    revoked = make_credential(session)
    pending = make_pending(session)
    revoke(session, revoked.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Mixed up two people.", actor_id=None, now=clock.now())
    many = make_jobs(session, issued)
    anchor(session)
    session.commit()
    place = "/backoffice/credentials"
    one = [
        place,
        f"{place}/history",
        *(f"{place}/{found.id}" for found in (issued, revoked, pending)),
        f"{place}/{issued.id}/revoke",
        f"{place}/{issued.id}/correct",
        f"{place}/{revoked.id}/reinstate",
    ]
    return [*one, *many, *make_activities(session, issued), *make_keys(session)]


def make_jobs(session: Session, issued: Credential) -> list[str]:
    """Jobs of every kind and state; the addresses of the pages about them."""
    achievement = make_achievement(session)
    actor, person = make_user(session, roles=["admin"]), make_user(session, name=LONG)
    rows = [f'{person.email},"{LONG}",{achievement.slug},2026-11-01', f"nobody@example.com,Nobody,{achievement.slug},1.1.2026"]
    table = read_table("\n".join([",".join(COLUMNS), *rows]).encode(), {column: column for column in COLUMNS})
    draft = draft_import(
        session,
        table,
        key="a",
        title="people-of-last-year.csv",
        duplicates=Duplicates.SKIP,
        tells_holder=True,
        actor_id=actor.id,
        now=clock.now(),
    )
    running = make_revocation_job(session, issued, actor=actor)
    confirm(session, running.id, count=1, actor_id=actor.id, now=clock.now())
    running.moved_at = clock.now() - timedelta(minutes=12)
    running.error = "KeyVaultError: There is no key for did:web:laurel.test#key-2026-01."
    done = make_revocation_job(session, make_credential(session), make_credential(session), actor=actor)
    done.state, done.confirmed_at, done.finished_at, done.kind = BulkState.DONE, clock.now(), clock.now(), BulkKind.ISSUE
    rows = session.scalars(select(BulkRow).filter_by(job_id=done.id).order_by(BulkRow.n)).all()
    rows[0].state, rows[1].state, rows[1].message = RowState.DONE, RowState.FAILED, "The account or the course is not there any more."
    again = make_reinstatement(session, actor)
    jobs = [f"/{draft.id}", f"/{running.id}", f"/{done.id}", f"/{running.id}/stop"]
    return [f"/backoffice/credentials/bulk{path}" for path in ("", "/issue", "/revoke", *again, *jobs)]


def make_reinstatement(session: Session, actor: User) -> list[str]:
    """What a job has revoked, and would be reinstated; and a job that waits for a key. The addresses of the pages about them."""
    with time_machine.travel(clock.now() - timedelta(days=1)):
        wrongly = [make_credential(session, learner=make_user(session, name=LONG)) for _ in range(2)]
    revocation = make_revocation_job(session, *wrongly, actor=actor)
    finish(session, start(session, revocation))
    rows = judge(session, numbers=("LRL-0000-0000-0000",), revocation=revocation, actor_id=actor.id, now=clock.now())
    facts = {"title": f"what “{LONG}” revoked", "reason": "We had chosen the wrong month.", "actor_id": actor.id, "now": clock.now()}
    dry, waiting = (draft_reinstatement(session, rows, key=key, **facts) for key in ("dry", "waiting"))
    start(session, waiting)
    for row in session.scalars(select(BulkRow).filter_by(job_id=waiting.id, state=RowState.READY)):
        put_off(row)
    session.flush()
    waiting.error = say_waiting(session, waiting, ISSUER)
    return [f"/{revocation.id}", f"/reinstate?job={revocation.id}", f"/{dry.id}", f"/{waiting.id}"]


def make_activities(session: Session, credential: Credential) -> list[str]:
    """An activity with a long title and a long link, entered for another certificate, too; the addresses of the pages about it."""
    other = make_credential(session, learner=session.get_one(User, credential.holder_id))
    make_activity(session, other, title=LONG * 2)
    activity = make_activity(session, credential, title=LONG * 2, link=f"https://a.example/{'verylongpath' * 20}")
    session.commit()
    return ["/backoffice/activities", f"/backoffice/activities/{activity.id}"]


def make_keys(session: Session) -> list[str]:
    """Keys that want looking after, and a change of one that waits for a second person; the addresses of the pages about them."""
    active, staged = find_active_key(session, ISSUER.did), stage(session)
    assert active is not None
    active.active_at = clock.now() - timedelta(days=350)
    asker = make_user(session, name=LONG, roles=["owner"])
    act = plan(session, ISSUER, staged.id, Verb.ACTIVATE, reason="The yearly change. " + "x" * 200, now=clock.now())
    acme = make_acme(session, facts=replace(FACTS, name=f"Academy of {LONG}"[:120]), logo=png(600, 200))
    of_acme = make_credential_of(session, acme)
    request = propose(session, ISSUER, act, actor_id=asker.id, now=clock.now())
    session.commit()
    place = "/backoffice/keys"
    pages = [place, f"{place}/{active.id}", f"{place}/{active.id}/compromise", f"{place}/requests/{request.id}"]
    pages.append(f"/backoffice/organizations/{acme.id}")
    if SHOTS:
        pages += [f"{place}/stage", f"{place}/{staged.id}", f"{place}/{staged.id}/activate", "/backoffice", "/backoffice/organizations"]
        pages += ["/backoffice/organizations/new", f"/credentials/{of_acme.id}"]
    return pages


@pytest.mark.parametrize(("scheme", "width"), SCHEMES if SHOTS else SCHEMES[:2])
def test_pages_about_certificates_are_accessible_and_fit(
    visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn, scheme: str, width: int
) -> None:
    sign_in(make_user(session, name=LONG, roles=["owner"]))
    paths = make_a_lot(session)
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=True).new_page()
    wrong = []
    for number, path in enumerate(paths):
        page.goto(SITE + path)
        page.evaluate("stop()")  # a page of a running job would load itself again in the middle of this
        broken, overflow = faults_of(page)
        if broken or overflow:
            wrong.append((path, broken, overflow))
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{number:02}-{scheme}-{width}.png", full_page=True)

    assert wrong == []


def test_a_name_is_corrected_without_a_script(visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn) -> None:
    sign_in(make_user(session, name="Ann Admin", roles=["admin"]))
    credential = make_credential(session)
    session.commit()
    page = visit(java_script_enabled=False, viewport={"width": 360, "height": 800}).new_page()

    page.goto(f"{SITE}/backoffice/credentials/{credential.id}/correct")
    page.get_by_label("Name on the certificate").fill("Ada King")
    page.get_by_label("Why").fill("She married.")
    page.get_by_role("button", name="Show the change").click()
    expect(page.get_by_text("From “Ada Lovelace” to “Ada King”")).to_be_visible()
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "preview-360.png", full_page=True)
    page.get_by_role("button", name="Correct the certificate").click()

    expect(page.get_by_text("now carries the name Ada King")).to_be_visible()
    page.goto(f"{SITE}/credentials/{credential.id}")
    expect(page.get_by_role("heading", name="Ada King")).to_be_visible()


def test_what_a_job_has_revoked_is_reinstated_by_its_pages(visit: Callable[..., BrowserContext], session: Session, sign_in: SignIn) -> None:
    admin = make_user(session, name="Ann Admin", roles=["admin"])
    asked = next(path for path in make_reinstatement(session, admin) if "?job=" in path)
    sign_in(admin)
    session.commit()
    page = visit(java_script_enabled=False, viewport={"width": 360, "height": 800}).new_page()

    page.goto(f"{SITE}/backoffice/credentials/bulk{asked}")
    page.get_by_label("Why").fill("We had chosen the wrong month.")
    page.get_by_role("button", name="Show what can be reinstated").click()
    expect(page.get_by_text("2 certificates count again")).to_be_visible()
    page.get_by_label("Number of certificates").fill("2")
    page.get_by_role("button", name="Reinstate them").click()

    expect(page.get_by_text("It goes on by itself, also if you leave.")).to_be_visible()
