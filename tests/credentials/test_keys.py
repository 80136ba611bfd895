"""The life of keys, on both databases."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.models import Credential, CredentialEvent, IssuerKey
from laurel.credentials.queries.keys import find_active_key, list_published_keys
from laurel.credentials.rules.history import HistoryKind, find_break
from laurel.credentials.rules.keys import KeyPurpose, KeyState, TooEarlyError
from laurel.credentials.services import keys
from laurel.credentials.services.issuers import NoActiveKeyError, ensure_key
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.keys import AlreadyStagedError
from laurel.credentials.services.status_lists import refresh_status_lists
from tests.credentials.rotation import activate, compromise, rotate, stage
from tests.credentials.test_concurrency import at_once
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential, make_pending
from tests.fakes import PlainVault


def first_key(session: Session, *, purpose: KeyPurpose = KeyPurpose.DATA_INTEGRITY) -> IssuerKey:
    return ensure_key(session, ISSUER, PlainVault(), now=clock.now(), purpose=purpose)


def retire(session: Session, key: IssuerKey, *, is_lost: bool = False) -> IssuerKey:
    return keys.retire(session, ISSUER, key.fragment, reason="test", actor_id=None, now=clock.now(), is_lost=is_lost)


def expire(session: Session, after: timedelta) -> list[str]:
    return [key.fragment for key in keys.expire_keys(session, ISSUER, now=clock.now() + after)]


def test_a_staged_key_is_published_and_not_used(session: Session) -> None:
    first = first_key(session)

    staged = stage(session)

    assert [key.fragment for key in list_published_keys(session, ISSUER.did)] == [first.fragment, staged.fragment]
    assert find_active_key(session, ISSUER.did) is first


def test_one_key_of_a_purpose_is_staged_at_a_time(session: Session) -> None:
    first_key(session)
    staged = stage(session)

    with pytest.raises(AlreadyStagedError, match=f"{staged.fragment} is staged already"):
        stage(session)
    stage(session, purpose=KeyPurpose.JWT)
    retire(session, staged)

    assert stage(session).state is KeyState.STAGED


def test_eight_who_stage_a_key_at_once_stage_one(database: Database) -> None:
    with database.session(writes=True) as session:
        first_key(session)
        session.commit()

    def work(session: Session) -> None:
        with suppress(AlreadyStagedError):
            stage(session, at=clock.now())

    at_once(database, work)

    with database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(IssuerKey).filter_by(state=KeyState.STAGED)) == 1


def test_a_new_key_retires_the_one_before_and_both_stay_published(session: Session) -> None:
    first = first_key(session)

    second = rotate(session)

    assert (first.state, second.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert [key.fragment for key in list_published_keys(session, ISSUER.did)] == [second.fragment, first.fragment]


def test_a_key_that_was_just_published_is_refused_and_nothing_changes(session: Session) -> None:
    first = first_key(session)
    staged = stage(session, at=clock.now() - timedelta(hours=23))

    with pytest.raises(TooEarlyError, match="24 hours after it was published"):
        activate(session, staged)
    with pytest.raises(ConflictError, match="no emergency"):
        activate(session, staged, is_emergency=True)

    assert (first.state, staged.state) == (KeyState.ACTIVE, KeyState.STAGED)


def test_a_key_whose_private_half_does_not_open_is_never_put_to_use(session: Session) -> None:
    first, staged = first_key(session), stage(session)

    with pytest.raises(KeyVaultError):
        keys.activate(session, ISSUER, PlainVault(lost=True), staged.fragment, reason="", actor_id=None, now=clock.now())

    assert (first.state, staged.state) == (KeyState.ACTIVE, KeyState.STAGED)


def test_each_step_may_be_told_twice(session: Session) -> None:
    first, second = first_key(session), rotate(session)
    assert activate(session, second) is second
    retire(session, first)
    compromise(session, first.fragment)
    compromise(session, first.fragment)

    kinds = list(session.scalars(select(CredentialEvent.kind).order_by(CredentialEvent.position)))
    assert kinds == [
        HistoryKind.KEY_ACTIVATED,
        HistoryKind.KEY_STAGED,
        HistoryKind.KEY_RETIRED,
        HistoryKind.KEY_ACTIVATED,
        HistoryKind.KEY_COMPROMISED,
    ]


def test_the_history_says_who_and_why_and_its_chain_holds(session: Session) -> None:
    first_key(session)
    admin = make_user(session, roles=["admin"])
    staged = keys.stage(
        session, ISSUER, PlainVault(), purpose=KeyPurpose.DATA_INTEGRITY, reason="yearly", actor_id=admin.id, now=clock.now()
    )
    session.commit()
    session.expire_all()

    chain = session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)).all()

    assert (chain[1].kind, chain[1].key_id, chain[1].actor_id) == (HistoryKind.KEY_STAGED, staged.id, admin.id)
    assert chain[1].reason == f"{staged.fragment}: yearly"
    assert find_break((event.link, event.hash) for event in chain) is None


def test_the_database_itself_refuses_two_active_keys(session: Session) -> None:
    first_key(session)
    staged = stage(session)

    staged.state = KeyState.ACTIVE

    with pytest.raises(IntegrityError):
        session.flush()


def test_keys_for_proofs_and_for_tokens_do_not_disturb_each_other(session: Session) -> None:
    proofs, tokens = first_key(session), first_key(session, purpose=KeyPurpose.JWT)

    rotate(session)

    assert (proofs.state, tokens.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert list_published_keys(session, ISSUER.did)[-1] is tokens  # old verifiers take the first, whatever it signs


def test_the_key_in_use_is_not_retired_by_mistake(session: Session) -> None:
    first = first_key(session)

    with pytest.raises(ConflictError, match="in use"):
        retire(session, first)
    assert retire(session, first, is_lost=True).state is KeyState.RETIRED


def test_a_key_that_does_not_exist_is_not_found(session: Session) -> None:
    with pytest.raises(NotFoundError, match="no key key-1999-01"):
        compromise(session, "key-1999-01")


def test_a_name_of_a_key_is_never_used_again_and_no_key_is_made_behind_our_backs(session: Session) -> None:
    first = first_key(session)
    compromise(session, first.fragment)

    with pytest.raises(NoActiveKeyError):
        first_key(session)
    second = activate(session, stage(session, at=clock.now()), is_emergency=True)

    assert (first.fragment[-3:], second.fragment[-3:]) == ("-01", "-02")
    assert [key.fragment for key in list_published_keys(session, ISSUER.did)] == [second.fragment]


def test_without_an_active_key_an_award_waits_and_is_signed_later(session: Session) -> None:
    lost = first_key(session)
    pending = make_pending(session)
    retire(session, lost, is_lost=True)
    session.commit()

    with pytest.raises(NoActiveKeyError):
        issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now())
    session.rollback()
    activate(session, stage(session, at=clock.now()), is_emergency=True)

    assert issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=clock.now()).issued_at is not None


def test_a_retired_key_stays_until_all_that_it_signed_has_ended(session: Session) -> None:
    make_credential(session, validity_months=12)
    [first] = list_published_keys(session, ISSUER.did)
    rotate(session)

    assert expire(session, timedelta(days=300)) == []  # the status lists, too, were signed with it
    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(days=5))
    assert expire(session, timedelta(days=360)) == []
    assert expire(session, timedelta(days=370)) == [first.fragment]
    assert first.fragment not in {key.fragment for key in list_published_keys(session, ISSUER.did)}


def test_a_key_that_signed_something_without_end_stays_for_ever(session: Session) -> None:
    make_credential(session, validity_months=0)
    rotate(session)
    refresh_status_lists(session, ISSUER, PlainVault(), now=clock.now() + timedelta(days=5))

    assert expire(session, timedelta(days=36500)) == []


def test_a_retired_key_for_tokens_stays_as_long_as_what_it_may_have_signed(session: Session) -> None:
    tokens = first_key(session, purpose=KeyPurpose.JWT)
    make_credential(session, validity_months=12)
    activate(session, stage(session, purpose=KeyPurpose.JWT))

    assert expire(session, timedelta(days=360)) == []
    assert expire(session, timedelta(days=370)) == [tokens.fragment]


def test_a_key_that_was_just_retired_stays_a_day_for_signatures_under_way(session: Session) -> None:
    first_key(session)
    abandoned = stage(session)
    retire(session, abandoned)

    assert expire(session, timedelta(hours=23)) == []
    assert expire(session, timedelta(hours=25)) == [abandoned.fragment]


def test_a_credential_names_the_key_that_was_in_use(session: Session) -> None:
    credential: Credential = make_credential(session)
    second = rotate(session)
    later = make_credential(session)

    names = {row.credential_id: row.key_id for row in session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.ISSUED))}
    assert names[later.id] == second.id
    assert names[credential.id] != second.id
