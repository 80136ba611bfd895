"""The worker: Huey runs it, the rows in `deliveries`, `mails` and `attempts` say what is to be done."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Lock, Thread
from time import sleep
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.services import delete_ended_links
from laurel.app import Ports
from laurel.commerce.models import ReconcileRun
from laurel.commerce.services import Till, retry_due_events, submit_waiting_refunds
from laurel.commerce.services.reconcile import Audit, reconcile
from laurel.core import clock
from laurel.core.bus import bus, deliver, list_due
from laurel.core.db import Database, database_now
from laurel.core.mail import Message as Mail
from laurel.core.mail import claim_mail, list_due_mails, record_sending
from laurel.credentials.gateway import KeyVaultError
from laurel.credentials.queries import list_pending
from laurel.credentials.queries.bulk import list_running_jobs
from laurel.credentials.queries.keys import list_to_be_signed_again
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services.anchoring import find_due_end, keep_anchor
from laurel.credentials.services.bulk_batches import Desk, run_job
from laurel.credentials.services.expiry import tell_of_expiry
from laurel.credentials.services.forgetting import forget_former_names
from laurel.credentials.services.issuers import NoActiveKeyError, ensure_key, issuer_of, list_issuers
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.keys import expire_keys, list_missing_purposes
from laurel.credentials.services.renewal import renew_signature
from laurel.credentials.services.status_lists import refresh_status_lists
from laurel.credentials.services.stuck import carry_on_all
from laurel.credentials.services.trouble import find_reminders, find_trouble, tell_staff
from laurel.learning.queries import list_rights_without_enrollment
from laurel.pulse import settle_outages
from laurel.quizzes.queries import list_due_for_submission
from laurel.quizzes.queries.usage import count_usage
from laurel.quizzes.services import expire_attempt, forget_old_signs
from laurel.quizzes.services.integrity import delete_old_focus_notes
from laurel.quizzes.services.usage import save_usage
from laurel.settings import Settings
from laurel.sweeping import AT_A_STRETCH, Sweeps, make_point_renewals, make_renewals
from laurel.web.browser_sessions import delete_ended_sessions
from laurel.web.counters import delete_ended_counters

log = logging.getLogger("laurel.worker")
TOGETHER = 100
"""So many deliveries, then so many mails. Where so many deliveries wait, bulk jobs do not add to them."""
GIVE_WAY_SECONDS = 0.005
"""Between two batches of a bulk job: whoever waits for SQLite looks every millisecond."""
CATCH_UP_SECONDS = 0.1
NO_SIGNATORY = (NoActiveKeyError, KeyVaultError)


class Chores:
    """Everything that happens without a request. Each may run twice, in parallel, or be killed half-way."""

    def __init__(self, settings: Settings, database: Database, ports: Ports, *, stretch: timedelta = AT_A_STRETCH) -> None:
        self.settings = settings
        self.stretch = stretch
        self.database = database
        self.ports = ports
        self._bulk = Lock()
        self._signing_again = Sweeps("Credential %s could not be signed again", hopeless=NO_SIGNATORY, stretch=stretch)
        self._issuing = Sweeps("Credential %s could not be signed", hopeless=NO_SIGNATORY, stretch=stretch)

    def open_session(self) -> Session:
        return self.database.session(writes=True)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction, committed if its block ends well."""
        with self.open_session() as session:
            yield session
            session.commit()

    def now(self) -> datetime:
        with self.database.session(writes=False) as session:
            return database_now(session)

    def run_due(self) -> int:
        """Deliver what is due and send the mails that wait, until nothing is left; returns how many things were done.

        However much there is, it ends after a while: what only the clock brings about is looked after in between. It rings for the rest.
        """
        done, ends_at = 0, clock.now() + self.stretch
        while True:
            succeeded = sum(deliver(self.open_session, delivery_id, clock=self.now) for delivery_id in self._list_due())
            sent = self.send_mails()
            done += succeeded + sent
            if not succeeded and not sent:
                return done
            if clock.now() >= ends_at:
                bus.nudge()
                return done

    def _list_due(self) -> list[UUID]:
        with self.database.session(writes=False) as session:
            return list_due(session, now=database_now(session), limit=TOGETHER)

    def send_mails(self) -> int:
        """Send the mails that wait longest; one that cannot be sent gets its next time. Returns how many were sent."""
        with self.database.session(writes=False) as session:
            waiting = list_due_mails(session, now=database_now(session), limit=TOGETHER)
        sent = 0
        for mail_id in waiting:
            with self.transaction() as session:
                message = claim_mail(session, mail_id, now=database_now(session))
            if message is None:
                continue
            error = self._send(message)
            sent += error is None
            with self.transaction() as session:
                record_sending(session, mail_id, error=error, now=database_now(session))
        return sent

    def _send(self, message: Mail) -> str | None:
        try:
            self.ports.mailer.send(message)
        except Exception as error:
            log.exception("Mail %s was not sent", message.message_id)
            return f"{type(error).__name__}: {error}"
        return None

    def look_after_time(self) -> None:
        """What only the clock brings about: exams that are over, payments to ask about again.

        What outages took is given back first. Attempts end one by one: each for itself, and none holds a lock for the others.
        """
        settle_outages(self.database)
        with self.database.session(writes=False) as session:
            due = list_due_for_submission(session, now=database_now(session))
        for attempt_id in due:
            self._expire(attempt_id)
        retry_due_events(self._till())
        submit_waiting_refunds(self._till())

    def _expire(self, attempt_id: UUID) -> None:
        try:
            with self.transaction() as session:
                expire_attempt(session, attempt_id, now=database_now(session))
        except Exception:
            log.exception("Attempt %s could not be handed in", attempt_id)

    def refresh_lists(self) -> None:
        """Sign status lists again that changed or grow old. Apart from the rest: a missing key stops nothing else."""
        for issuer in self._issuers():
            with self._apart(f"status lists of {issuer.did}"), self.transaction() as session:
                refresh_status_lists(session, issuer, self.ports.keys, now=database_now(session))

    def make_first_keys(self) -> None:
        """Make the keys that there never were; afterwards, keys are a matter for people (`laurel keys`)."""
        for issuer in self._issuers():
            with self._apart(f"first keys of {issuer.did}"):
                self._make_first_keys_of(issuer)

    def _make_first_keys_of(self, issuer: Issuer) -> None:
        with self.database.session(writes=False) as session:
            missing = list_missing_purposes(session, issuer)
        for purpose in missing:
            with self.transaction() as session:
                ensure_key(session, issuer, self.ports.keys, now=database_now(session), purpose=purpose)

    def expire_keys(self) -> None:
        """Withdraw retired keys of which nothing is valid any more."""
        for issuer in self._issuers():
            with self._apart(f"ended keys of {issuer.did}"), self.transaction() as session:
                expire_keys(session, issuer, now=database_now(session))

    def _issuers(self) -> list[Issuer]:
        """The house and every organization: each has keys and lists of its own."""
        with self.database.session(writes=False) as session:
            return list_issuers(session, issuer_of(self.settings))

    @staticmethod
    @contextmanager
    def _apart(what: str) -> Iterator[None]:
        """A failure in the block is written down and hinders nothing else."""
        try:
            yield
        except Exception:
            log.exception("Not done: %s", what)

    def renew_signatures(self) -> int:
        """Sign again what compromised keys had signed, one by one, for a while; returns how many. What fails stays due."""
        house = issuer_of(self.settings)

        def find_next(did: str, after: UUID | None) -> Sequence[UUID]:
            with self.database.session(writes=False) as session:
                return list_to_be_signed_again(session, did, now=database_now(session), after=after)

        def sign(credential_id: UUID) -> bool:
            with self.transaction() as session:
                return renew_signature(session, credential_id, issuer=house, keys=self.ports.keys, now=database_now(session))

        self._signing_again.begin([issuer.did for issuer in self._issuers()])
        return self._signing_again.go_on(find_next, sign)

    def anchor_chain(self) -> None:
        """Now and then a signed line that says how far the chain of events went: into its table, and into the log, which is elsewhere."""
        with self.database.session(writes=False) as session:
            end = find_due_end(session, now=database_now(session))
        if end is None:
            return
        with self.transaction() as session:
            line = keep_anchor(session, end, issuer_of(self.settings), self.ports.keys, now=database_now(session))
        log.info("Anchor of the chain of events: %s", line or "somebody else made it")

    def tell_of_trouble(self) -> None:
        """Mail staff what keeps credentials from being signed or checked, and which key is to be changed soon."""
        issuer = issuer_of(self.settings)
        with self.database.session(writes=False) as session:
            now = database_now(session)
            troubles, reminders = find_trouble(session, issuer, self.ports.keys, now=now), find_reminders(session, issuer, now=now)
        if troubles or reminders:
            with self.transaction() as session:
                tell_staff(session, issuer, troubles, reminders, now=database_now(session))

    def look_after_credentials(self) -> None:
        """What the clock brings about for credentials. A missing key stops none of the others."""
        self.look_after_each(
            self.make_first_keys, self.refresh_lists, self.go_on_issuing, self.renew_signatures, self.anchor_chain, self.tell_of_trouble
        )

    def look_after_the_rest(self) -> None:
        """What is done once an hour. None of it stops the others."""
        renewals = partial(make_renewals, self.transaction), partial(make_point_renewals, self.transaction)
        self.look_after_each(
            self.clear_sessions,
            self.forget_names,
            *renewals,
            self.issue_pending,
            self.carry_on_with_names,
            self.expire_keys,
            self.tell_of_expiry,
        )

    def look_after_each(self, *chores: Callable[[], object]) -> None:
        """Do one after the other; whichever fails stops none of those behind it."""
        for chore in chores:
            with self._apart(getattr(chore, "__name__", str(chore))):
                chore()

    def count_usage(self) -> int:
        """Count anew how often questions were shown and how they were answered; nobody's save waits while it counts."""
        with self.database.session(writes=False) as session:
            counts = count_usage(session, now=database_now(session))
        with self.transaction() as session:
            return save_usage(session, counts, now=database_now(session))

    def issue_pending(self) -> int:
        """Sign the credentials that wait, but for what a payment holds back, however much that is; returns how many succeeded."""
        self._issuing.begin([issuer.slug for issuer in self._issuers()])
        return self.go_on_issuing()

    def go_on_issuing(self) -> int:
        """The hour's sweep had not time for all: the minutes do the rest."""
        house = issuer_of(self.settings)

        def find_next(slug: str, after: UUID | None) -> Sequence[UUID]:
            with self.database.session(writes=False) as session:
                return list_pending(session, slug, after=after)

        def sign(credential_id: UUID) -> bool:
            with self.transaction() as session:
                found = issue(session, credential_id, issuer=house, keys=self.ports.keys, now=database_now(session))
                return found.state is not CredentialState.PENDING

        return self._issuing.go_on(find_next, sign)

    def run_bulk(self) -> None:
        """Do what is left of bulk jobs; what hinders one is kept with it and holds up no other."""
        with self.database.session(writes=False) as session:
            running = list_running_jobs(session)
        for job_id in running:
            try:
                run_job(self.transaction, job_id, Desk(issuer_of(self.settings), self.ports.keys), give_way=self._give_way)
            except Exception:
                log.exception("A batch of bulk job %s could not be done", job_id)

    def _give_way(self) -> None:
        """Leave the database to whoever waits for it; no receipt and no certificate earned just now stands behind 10,000 mails."""
        sleep(GIVE_WAY_SECONDS)
        ends_at = clock.now() + self.stretch
        while len(self._list_due()) == TOGETHER and clock.now() < ends_at:
            sleep(CATCH_UP_SECONDS)

    def run_bulk_aside(self) -> None:
        """The same in a thread of its own, one at a time: exams are handed in and mails are sent meanwhile."""

        def run() -> None:
            if self._bulk.acquire(blocking=False):
                try:
                    self.run_bulk()
                except Exception:
                    log.exception("Bulk jobs could not be looked for")
                finally:
                    self._bulk.release()

        Thread(target=run, name="bulk", daemon=True).start()

    def carry_on_with_names(self) -> None:
        """Sign the changes of name that could not be signed."""
        carry_on_all(self.transaction, issuer_of(self.settings), self.ports.keys)

    def tell_of_expiry(self) -> int:
        """Tell the holders of certificates that end soon, some hundred in each transaction; returns how many were looked at."""
        told = 0
        while True:
            with self.transaction() as session:
                seen = tell_of_expiry(session, now=database_now(session))
            told += seen
            if not seen:
                return told

    def _till(self) -> Till:
        real = self.settings.takes_real_money
        return Till(transaction=self.transaction, payments=self.ports.payments, env=self.settings.host, is_live=real, now=self.now())

    def reconcile(self, *, is_deep: bool = False, started_by: str = "schedule") -> ReconcileRun | None:
        """Compare our books with Stripe's; None if another process is doing it."""
        read = partial(self.database.session, writes=False)
        audit = Audit(till=self._till(), read=read, checks=(list_rights_without_enrollment,))
        return reconcile(audit, is_deep=is_deep, started_by=started_by)

    def reconcile_aside(self, *, is_deep: bool = False) -> None:
        """Compare in a thread of its own: however long Stripe takes, exams are handed in and mails are sent meanwhile."""

        def run() -> None:
            try:
                self.reconcile(is_deep=is_deep)
            except Exception:
                log.exception("The books could not be compared with Stripe's")

        Thread(target=run, name="reconcile", daemon=True).start()

    def clear_sessions(self) -> None:
        """Clear away what is over: sessions, mailed links, counters of tries, notes about exams, heartbeats of processes that are gone."""
        with self.transaction() as session:
            now = database_now(session)
            delete_ended_sessions(session, now=now)
            delete_ended_links(session, now=now)
            delete_ended_counters(session, now=now)
            delete_old_focus_notes(session, now=now)
            forget_old_signs(session, now=now)

    def forget_names(self) -> None:
        """Forget the former names of people whose change of name cannot be taken back any more."""
        with self.transaction() as session:
            forget_former_names(session, now=database_now(session))
