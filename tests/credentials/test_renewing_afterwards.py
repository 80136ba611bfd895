"""The hand-in only says that a renewal was earned; it is awarded afterwards, whatever happens in between."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.events import Delivery, DeliveryStatus
from laurel.credentials.queries import lock_credential
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.services import history
from laurel.credentials.services.renewing import RenewalRefusedError
from laurel.settings import Settings
from laurel.sweeping import make_renewals
from laurel.worker import Chores
from tests.conftest import SignIn
from tests.factories.renewals import Holder, make_holder

pytestmark = pytest.mark.usefixtures("shared_app")


@pytest.fixture
def holder(session: Session) -> Holder:
    holder = make_holder(session)
    holder.begin()
    return holder


@pytest.fixture
def chores(settings: Settings, database: Database, ports: Ports) -> Chores:
    return Chores(settings, database, ports)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_hands_in_waits_neither_for_the_chain_of_certificates_nor_for_the_certificate(database: Database, holder: Holder) -> None:
    """Whoever waits for a lock gives up after two seconds, and what they did is lost."""
    attempt = holder.start()
    holder.session.commit()
    with database.session(writes=True) as other:
        lock_credential(other, holder.credential.id)
        history.hold_chain(other)

        holder.hand_in(attempt, works=False)
        holder.session.commit()

    assert (attempt.passed, holder.renewals()) == (True, [])
    holder.award()
    assert [new.attempt_id for new in holder.renewals()] == [attempt.id]


def test_a_renewal_whose_call_failed_for_good_is_awarded_by_the_sweep_once_of_the_day_on_which_it_was_earned(
    chores: Chores, holder: Holder
) -> None:
    attempt = holder.start(clock.now() - timedelta(hours=9))
    holder.hand_in(attempt, moment=clock.now() - timedelta(hours=8), works=False)
    waiting = Delivery.handler == "credentials.renew_credential"
    holder.session.execute(update(Delivery).where(waiting).values(status=DeliveryStatus.FAILED))
    holder.session.commit()

    assert [make_renewals(chores.transaction), make_renewals(chores.transaction)] == [1, 0]
    holder.session.execute(update(Delivery).where(waiting).values(status=DeliveryStatus.DUE))
    holder.award()

    [new] = holder.renewals()
    assert attempt.graded_at is not None
    assert (new.attempt_id, new.awarded_at) == (attempt.id, whole_second(attempt.graded_at))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_until_the_worker_comes_the_holder_reads_that_they_have_passed(client: FlaskClient, holder: Holder, sign_in: SignIn) -> None:
    attempt = holder.start()
    holder.hand_in(attempt, works=False)
    with pytest.raises(RenewalRefusedError):
        holder.begin()
    sign_in(holder.room.learner)
    address = f"/account/credentials/of-attempt/{attempt.id}"

    assert "You have passed" in client.get(f"/account/credentials/{holder.credential.id}/renewal").text
    assert "being made" in client.get(address).text
    assert client.get(f"{address}/state").json == {"state": "pending"}


def test_nothing_waits_for_the_sweep_but_what_was_earned_and_not_made(chores: Chores, holder: Holder) -> None:
    holder.sit(right=0)
    holder.session.commit()
    assert make_renewals(chores.transaction) == 0
    holder.sit()
    holder.session.commit()

    assert make_renewals(chores.transaction) == 0
    assert holder.session.scalars(select(Delivery.status).filter_by(handler="credentials.renew_credential")).all() == [DeliveryStatus.DONE]
