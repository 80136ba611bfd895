"""Every route × method × person, against `authz.toml`. What was denied changed nothing."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.approvals.services import ask
from laurel.catalog.models import Course
from laurel.commerce.queries.receipts import list_receipt_numbers
from laurel.core.db import Base, Database
from laurel.credentials.rules.key_acts import ActKind, KeyAct
from laurel.credentials.services.key_acts import ACTION, MAY
from tests.conftest import SignIn
from tests.credentials.rotation import stage
from tests.factories.accounts import make_further_address, make_user
from tests.factories.articles import make_article
from tests.factories.bank import make_question
from tests.factories.commerce import (
    make_code,
    make_dispute,
    make_order,
    make_paid_order,
    make_payment,
    make_permit,
    make_review_task,
    make_seats,
)
from tests.factories.credentials import make_achievement, make_course, make_credential, make_revocation_job
from tests.factories.ctas import make_cta
from tests.factories.holders import make_name_change, make_share_link
from tests.factories.learning import make_classroom
from tests.factories.organizations import make_acme
from tests.factories.points import make_activity
from tests.factories.quizzes import make_attempt, make_quiz, make_review_request, make_waiting, tasks_of
from tests.factories.terms import make_group, make_override

EXPECTED: dict[str, Any] = tomllib.loads((Path(__file__).parent / "authz.toml").read_text())
ACTORS = {
    "visitor": None,
    "owner": (),
    "other": (),
    "author": ("author",),
    "writer": ("author",),
    "marketer": ("marketer",),
    "support": ("support",),
    "admin": ("admin",),
    "chief": ("owner",),
}


def name_of(method: str, rule: str) -> str:
    """The route as `authz.toml` names it: without the digest of the static files."""
    return f"{method} {re.sub(r'^/static/[0-9a-f]+/', '/static/', rule)}"


def routes(app: Flask) -> list[tuple[str, str]]:
    rules = app.url_map.iter_rules()
    return sorted((method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_is_expected_and_every_expectation_is_a_route(shared_app: Flask) -> None:
    found = {name_of(method, rule) for method, rule in routes(shared_app)}

    assert found - set(EXPECTED["routes"]) == set()
    assert set(EXPECTED["routes"]) - found == set()


@dataclass(frozen=True)
class World:
    """One of everything that an address can name."""

    people: dict[str, User | None]
    values: dict[str, str]

    def address(self, rule: str) -> str:
        rule = re.sub(r"<any\('([^']+)'[^>]*>", r"\1", rule)
        return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: self.values[found[1]], rule)


FIXED = {
    "lesson_slug": "lesson-1",
    "kind": "single_choice",
    "number": "1",
    "position": "1",
    "n": "1",
    "name": "pay.css",
    "cs": "cs_test_1",
    "token": "no-such-token",
    "handle": "no-such-session",
    "fragment": "no-such-key",
    "filename": "css/tokens.css",
}
"""What addresses name that is no row of the world."""


def make_people(session: Session) -> dict[str, User | None]:
    return {name: None if roles is None else make_user(session, roles=roles) for name, roles in ACTORS.items()}


def build(session: Session) -> World:
    people = make_people(session)
    owner, author = people["owner"], people["author"]
    assert owner is not None
    assert author is not None
    room = make_classroom(session, learner=owner)
    room.course.owner_id = author.id
    attempt = make_attempt(session, room.exam, learner_id=owner.id)
    quiz = make_quiz(session, owner_id=author.id)
    values: dict[str, str | UUID] = {
        **FIXED,
        "slug": room.course.slug,
        "course_slug": room.course.slug,
        **build_money(session, owner),
        **build_shop(session, owner, room.course),
        "attempt_id": attempt.id,
        "question_id": make_question(session, owner_id=author.id).id,
        "quiz_id": quiz.id,
        "group_id": make_group(session).id,
        "override_id": make_override(session, quiz, learner_id=owner.id, attempts=5).id,
        "task_id": tasks_of(session, make_waiting(session, owner_id=author.id, learner_id=owner.id))[0].id,
        "article_id": make_article(session).id,
        "cta_id": make_cta(session).id,
        "program_id": make_achievement(session, course=make_course(session, owner=author)).achievement_id,
        **build_certificates(session, owner),
        **build_keys(session),
        "user_id": owner.id,
        "address_id": make_further_address(session, owner).id,
        "request_id": make_review_request(session).id,
        "delivery_id": owner.id,
        "mail_id": owner.id,
    }
    session.commit()
    return World(people, {name: str(value) for name, value in values.items()})


def build_money(session: Session, owner: User) -> dict[str, str | UUID]:
    """An order, and what may become of it."""
    order = make_order(session, buyer=owner)
    return {
        "order_id": order.id,
        "receipt_number": next(iter(list_receipt_numbers(session, [make_paid_order(session, buyer=owner).id]).values())),
        "dispute_id": make_dispute(session, make_payment(session, order)).id,
        "review_task_id": make_review_task(session, order).id,
    }


def build_certificates(session: Session, owner: User) -> dict[str, str | UUID]:
    """A certificate of the owner, a link that shows it, a job that would revoke it, and another name that they want on it."""
    credential = make_credential(session, learner=owner)
    return {
        "credential_id": credential.id,
        "job_id": make_revocation_job(session, credential).id,
        "link_id": make_share_link(session, credential).id,
        "change_id": make_name_change(session, owner).id,
        "activity_id": make_activity(session, credential).id,
    }


def build_keys(session: Session) -> dict[str, str | UUID]:
    """A key that is staged, and somebody's wish to retire it; an organization that has keys of its own."""
    key = stage(session)
    act = KeyAct(key_id=key.id, method=key.method, state=key.state, kind=ActKind.RETIRE, reason="not needed")
    asker = make_user(session, roles=["owner"])
    facts = act.to_json()
    request = ask(session, action=ACTION, about_id=key.id, facts=facts, asked_by_id=asker.id, capability=MAY, now=key.staged_at)
    organization = make_acme(session)
    achievement_id = make_achievement(session).achievement_id
    return {"key_id": key.id, "approval_id": request.id, "organization_id": organization.id, "achievement_id": achievement_id}


def build_shop(session: Session, owner: User, course: Course) -> dict[str, str | UUID]:
    """What is sold, what the owner bought for others, and what they may buy."""
    pool, vouchers = make_seats(session, buyer=owner)
    return {
        "course_id": course.id,
        "offering_id": pool.offering_id,
        "pool_id": pool.id,
        "voucher_id": vouchers[0].id,
        "code_id": make_code(session).id,
        "permit_id": make_permit(session, owner, course).id,
    }


def outcome(client: FlaskClient, method: str, address: str, token: str) -> str:
    """What happened, in the words of `authz.toml`."""
    answer = client.open(address, method=method, headers={"X-CSRFToken": token}, data={} if method == "POST" else None)
    answer.close()  # a static file is streamed
    if answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith(("/login", "/register?next="))):
        return "sign_in"
    assert answer.status_code < 500 or answer.status_code == 503, f"{method} {address} answered {answer.status_code}"
    return {403: "no", 404: "none"}.get(answer.status_code, "ok")


TABLES = [table for table in Base.metadata.sorted_tables if table.name not in {"browser_sessions", "counters", "events"}]
ROWS = text(" UNION ALL ".join(f"SELECT '{table.name}', count(*) FROM {table.name}" for table in TABLES))  # noqa: S608 (our own names)


def count_rows(session: Session) -> dict[str, int]:
    session.rollback()
    return dict(session.execute(ROWS).all())


def agrees(found: str, wanted: str) -> bool:
    """A public address that names nothing real may also be not found: that is not a matter of rights."""
    return found == wanted or (wanted == "ok" and found == "none")


@pytest.mark.parametrize("actor", ACTORS)
def test_each_route_answers_this_person_as_expected(
    app: Flask, database: Database, session: Session, client: FlaskClient, sign_in: SignIn, actor: str
) -> None:
    world = build(session)
    signer = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
    wrong: list[str] = []
    before = None
    for method, rule in routes(app):
        wanted = EXPECTED["profiles"][EXPECTED["routes"][name_of(method, rule)]][actor]
        browser = app.test_client()
        person = world.people[actor]
        if person is not None:
            session.refresh(person)  # taking the second factor away ends the sessions that were
            sign_in(person, client=browser, csrf="a1b2c3")
        is_denied = wanted in {"no", "none", "sign_in"}
        before = (before or count_rows(session)) if is_denied else None  # after a denial nothing needs to be counted again
        found = outcome(browser, method, world.address(rule), signer.dumps("a1b2c3"))
        if not agrees(found, wanted):
            wrong.append(f"{method} {rule}: expected {wanted}, found {found}")
        if is_denied and count_rows(session) != before:
            wrong.append(f"{method} {rule}: denied, yet something changed")
            before = None

    assert wrong == []
