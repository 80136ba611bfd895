"""`laurel keys …` as an operator types it."""

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.commands import main
from laurel.core import clock
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.credentials.models import CredentialEvent, IssuerKey
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.keys import KeyState
from laurel.credentials.services.issuers import ensure_key, in_name_of
from tests.credentials.conftest import SEALING
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER
from tests.factories.organizations import make_acme


@pytest.fixture
def first(session: Session, operator: None) -> IssuerKey:
    key = ensure_key(session, ISSUER, AesKeyVault(SEALING), now=clock.now())
    session.commit()
    return key


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, ["keys", *words], input=answer)


def well(*words: str, answer: str | None = None) -> str:
    result = run(*words, answer=answer)
    assert result.exit_code == 0, result.output
    return result.output


def state_of(session: Session, key: IssuerKey) -> KeyState:
    session.rollback()
    session.refresh(key)
    return key.state


def test_a_year_in_the_life_of_keys(session: Session, first: IssuerKey) -> None:
    made = re.search(r"key-\d{4}-02", well("stage", "--reason", "yearly"))
    assert made is not None
    early = run("activate", made[0], "--reason", "yearly")
    session.execute(update(IssuerKey).filter_by(fragment=made[0]).values(staged_at=clock.now() - timedelta(hours=25)))
    session.commit()
    well("activate", made[0], "--reason", "yearly")
    shown = well("list")

    assert early.exit_code == 1
    assert re.search(r"may be activated from \d+ \w+ \d{4}, \d\d:\d\d UTC on", early.output)
    assert "Traceback" not in early.output
    assert state_of(session, first) is KeyState.RETIRED
    assert re.search(rf"{first.fragment} +di +retired", shown)
    assert re.search(rf"{made[0]} +di +active", shown)


def test_a_stolen_key_is_replaced_at_once(session: Session, first: IssuerKey) -> None:
    assert run("compromise", first.fragment, "--reason", "stolen", answer="n\n").exit_code == 1
    assert state_of(session, first) is KeyState.ACTIVE

    well("compromise", first.fragment, "--reason", "stolen", "--yes")
    assert "! No key is active that signs certificates." in well("list")
    well("stage", "--reason", "instead of the stolen one")
    second = first.fragment.replace("-01", "-02")
    assert "--emergency" in run("activate", second, "--reason", "instead").output
    well("activate", second, "--emergency", "--reason", "instead")

    assert state_of(session, first) is KeyState.COMPROMISED
    assert "!" not in well("list")


def test_tokens_of_a_stolen_key_are_not_signed_again_and_nobody_is_told_so(session: Session, first: IssuerKey) -> None:
    well("stage", "--purpose", "jwt", "--reason", "first")
    said = well("compromise", first.fragment.replace("key", "jwt"), "--reason", "stolen", "--yes")

    assert "Tokens that it signed do not count any more" in said
    assert "The worker signs" not in said


def test_the_key_in_use_is_retired_only_if_it_is_lost(session: Session, first: IssuerKey) -> None:
    refused = run("retire", first.fragment, "--reason", "tired of it")
    assert (refused.exit_code, "in use" in refused.output) == (1, True)

    assert "Nothing is lost" in well("retire", first.fragment, "--lost", "--reason", "disk broken")
    assert state_of(session, first) is KeyState.RETIRED


def test_a_second_key_of_one_purpose_is_not_staged(session: Session, first: IssuerKey) -> None:
    well("stage", "--reason", "yearly")
    again = run("stage", "--reason", "yearly, on another screen")

    assert (again.exit_code, "is staged already. Activate it, or retire it" in again.output) == (1, True)
    assert "Error" in again.output


def test_the_history_keeps_who_decided(session: Session, first: IssuerKey) -> None:
    admin = make_user(session, roles=["admin"])
    session.commit()

    well("stage", "--reason", "yearly", "--by", admin.email)
    nobody = run("stage", "--reason", "yearly", "--by", "nobody@example.com")

    session.rollback()
    staged = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.KEY_STAGED)).one()
    assert (staged.actor_id, nobody.exit_code) == (admin.id, 1)
    assert "Nobody has the address" in nobody.output


def test_another_key_encryption_key_is_noticed(first: IssuerKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_ENCRYPTION_KEY", "another one")

    shown = well("list")

    assert "does not open" in shown
    assert f"! The key {first.fragment} does not open: KEY_ENCRYPTION_KEY is missing or another one." in shown


def test_a_key_that_is_not_there_is_said_in_a_sentence(first: IssuerKey) -> None:
    missing = run("activate", "key-1999-01", "--reason", "typo")

    assert (missing.exit_code, missing.output) == (1, "Error: did:web:laurel.test has no key key-1999-01.\n")


def test_an_organizations_keys_are_looked_after_by_its_short_name(session: Session, first: IssuerKey) -> None:
    acme = make_acme(session)
    key = ensure_key(session, in_name_of(ISSUER, acme), AesKeyVault(SEALING), now=clock.now())
    session.commit()

    well("retire", key.fragment, "--org", "acme", "--lost", "--reason", "disk broken")
    nobody = run("stage", "--org", "nobody", "--reason", "typo")

    assert (state_of(session, key), state_of(session, first)) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert (nobody.exit_code, nobody.output) == (1, "Error: There is no such organization.\n")
    shown = well("list")
    assert shown.index(f"{ISSUER.did}\n") < shown.index(f"{ISSUER.did}:orgs:acme\n")
    assert "! Acme Academy: No key is active that signs certificates." in shown
