"""Comparing our books with Stripe's, and bringing what is behind to where it belongs. (specs/payments.md §10)

A run never overwrites what we hold: it asks the same functions that webhooks ask, so what it repairs is repaired by the
ordinary way. Only one runs at a time, and it may be killed at any moment.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.gateway import CheckoutNotFoundError, KeyRefusedError, PaymentsRefusedError, PaymentsUnavailableError
from laurel.commerce.models import CheckoutAttempt, ReconcileRun
from laurel.commerce.queries import reconciling
from laurel.commerce.queries.invariants import list_broken_invariants
from laurel.commerce.queries.receipts import list_orders_without_receipt
from laurel.commerce.queries.reconciling import WaitingAttempt
from laurel.commerce.rules.reconciling import LEASE, Difference, Trouble, is_due, read_events_from
from laurel.commerce.services.checkout import resend_attempt
from laurel.commerce.services.comparing import compare_deeply
from laurel.commerce.services.inbox import KNOWN_TYPES, keep_notice, process_event, retry_due_events
from laurel.commerce.services.receipts import issue_receipt
from laurel.commerce.services.reminders import expire_order
from laurel.commerce.services.sync import sync_checkout
from laurel.commerce.services.till import Till

log = logging.getLogger("laurel.commerce")

MOST = 50
"""So many things of one kind are looked after in one run; the rest waits for the next."""
Check = Callable[[Session], list[Difference]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a run needs besides the till: a way to read without a writer's lock, and what others want compared.

    `checks` are the invariants of packages above this one, such as: who has the right to a course is enrolled in it.
    """

    till: Till
    read: Callable[[], AbstractContextManager[Session]]
    checks: Sequence[Check] = ()
    counts: Counter[str] = field(default_factory=Counter)
    found: list[Difference] = field(default_factory=list)


def reconcile(audit: Audit, *, is_deep: bool = False, started_by: str = "schedule") -> ReconcileRun | None:
    """One comparison; None if another one is running. What went wrong on the way is in the run, and never raised."""
    run_id = _begin(audit.till, is_deep=is_deep, started_by=started_by)
    if run_id is None:
        return None
    trouble: str | None = None
    try:
        _ask_stripe(audit, run_id, is_deep=is_deep)
    except KeyRefusedError as error:
        trouble = f"{Trouble.KEY_REFUSED}: {error.reason}"
    except (PaymentsUnavailableError, PaymentsRefusedError) as error:
        trouble = f"{Trouble.UNAVAILABLE}: {error.reason}"
    except Exception as error:
        log.exception("A comparison with Stripe broke off")
        trouble = f"{Trouble.DIED}: {error!r}"
    _write_missing_receipts(audit)
    _check_books(audit)
    return _end(audit, run_id, trouble)


def _begin(till: Till, *, is_deep: bool, started_by: str) -> UUID | None:
    try:
        with till.transaction() as session:
            _bury_the_dead(session, till)
            if reconciling.find_running(session) is not None:
                return None
            run = ReconcileRun(started_at=till.now, locked_until=till.now + LEASE, is_deep=is_deep, started_by=started_by)
            session.add(run)
            session.flush()
            return run.id
    except IntegrityError:
        return None  # another began at the same moment


def _bury_the_dead(session: Session, till: Till) -> None:
    """End runs whose process is gone."""
    session.execute(
        update(ReconcileRun)
        .where(ReconcileRun.is_running, ReconcileRun.locked_until < till.now)
        .values(is_running=False, finished_at=till.now, error=f"{Trouble.DIED}: it was not heard of any more")
        .execution_options(synchronize_session=False)
    )


def _ask_stripe(audit: Audit, run_id: UUID, *, is_deep: bool) -> None:
    _look_after_attempts(audit)
    audit.counts["events_retried"] += retry_due_events(audit.till, limit=MOST)
    _read_events(audit, run_id)
    if is_deep:
        counts, differences = compare_deeply(audit.till, audit.read)
        audit.counts.update(counts)
        audit.found.extend(differences)


def _look_after_attempts(audit: Audit) -> None:
    """Ask about the pages whose end nobody told us, and let go of orders that have none."""
    till = audit.till
    with audit.read() as session:
        waiting = [a for a in reconciling.list_waiting_attempts(session, now=till.now, limit=10 * MOST) if _is_due(a, till)][:MOST]
        forgotten = reconciling.list_forgotten_orders(session, now=till.now, limit=MOST)
    for attempt in waiting:
        try:
            _look_after(audit, attempt)
        except PaymentsUnavailableError:
            raise
        except Exception as error:  # one that cannot be looked after must not hide all others
            log.exception("Attempt %s could not be looked after", attempt.id)
            audit.found.append(Difference("attempt_stuck", str(attempt.id), f"it could not be looked after: {type(error).__name__}"))
    for order_id in forgotten:
        with till.transaction() as session:
            audit.counts["orders_expired"] += expire_order(session, queries.lock_order(session, order_id), now=till.now)


def _look_after(audit: Audit, attempt: WaitingAttempt) -> None:
    if attempt.session_id is None:
        resend_attempt(audit.till, attempt.id)
        audit.counts["attempts_sent_again"] += 1
    else:
        _ask_about(audit, attempt.id, attempt.session_id)


def _is_due(attempt: WaitingAttempt, till: Till) -> bool:
    return attempt.session_id is None or is_due(created_at=attempt.created_at, asked_at=attempt.asked_at, now=till.now)


def _ask_about(audit: Audit, attempt_id: UUID, session_id: str) -> None:
    with audit.till.transaction() as session:
        session.execute(update(CheckoutAttempt).where(CheckoutAttempt.id == attempt_id).values(synced_at=audit.till.now))
    audit.counts["checkouts_asked"] += 1
    try:
        sync_checkout(audit.till, session_id)
    except CheckoutNotFoundError:
        audit.found.append(Difference("checkout_unknown", session_id, "Stripe does not know this payment page of ours"))


def _read_events(audit: Audit, run_id: UUID) -> None:
    """Act on what webhooks should have told us. Where we stopped reading is noted once everything was read."""
    till = audit.till
    with audit.read() as session:
        since = read_events_from(reconciling.find_events_until(session), now=till.now)
    for notices in till.payments.list_notices(sorted(KNOWN_TYPES), since=since):
        with audit.read() as session:
            known = reconciling.list_known_events(session, [notice.id for notice in notices])
        audit.counts["events_read"] += len(notices)
        for notice in notices:
            if notice.id not in known:
                with till.transaction() as session:
                    waits = keep_notice(session, notice, is_live=till.is_live, now=till.now, source="poll")
                if waits:
                    process_event(till, notice.id)
                    audit.counts["events_missed"] += 1
        _stay_alive(till, run_id)
    with till.transaction() as session:
        reconciling.get_run(session, run_id).events_until = till.now


def _stay_alive(till: Till, run_id: UUID) -> None:
    """Extend the lease by what a page of events may take."""
    with till.transaction() as session:
        run = reconciling.get_run(session, run_id)
        run.locked_until = run.locked_until + timedelta(minutes=1)


def _write_missing_receipts(audit: Audit) -> None:
    """Orders that were paid before receipts had numbers get theirs."""
    with audit.read() as session:
        missing = [order.id for order in list_orders_without_receipt(session, limit=MOST)]
    for order_id in missing:
        with audit.till.transaction() as session:
            issue_receipt(session, queries.lock_order(session, order_id), audit.till.now)
        audit.counts["receipts_written"] += 1


def _check_books(audit: Audit) -> None:
    """All invariants over what we hold at this moment. They only read, so nobody waits for them."""
    with audit.read() as session:
        audit.found.extend(list_broken_invariants(session))
        for check in audit.checks:
            audit.found.extend(check(session))


def _end(audit: Audit, run_id: UUID, trouble: str | None) -> ReconcileRun:
    differences = sorted(set(audit.found))
    for difference in differences:
        log.error("The books differ (%s) at %s: %s", difference.rule, difference.ref, difference.detail)
    with audit.till.transaction() as session:
        run = reconciling.get_run(session, run_id)
        run.is_running, run.finished_at = False, audit.till.now
        run.counts = {name: count for name, count in sorted(audit.counts.items()) if count}
        run.differences = [difference.told() for difference in differences]
        run.error = trouble[:2000] if trouble is not None else None
        return run
