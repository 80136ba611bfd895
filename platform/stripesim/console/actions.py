"""The buttons of the control page: what each does with the form it stands in, and what it says afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from stripesim import money
from stripesim.api.endpoint import find_named
from stripesim.api.errors import invalid
from stripesim.disputes.opening import REASONS
from stripesim.sandbox import Sandbox
from stripesim.sim import acts
from stripesim.sim.acts import DisputeOutcome, PaymentOutcome, RefundOutcome
from stripesim.sim.asked import choice, one_of, whole
from stripesim.sim.faults import Fault, FaultKind
from stripesim.sim.views import LONGEST_DELAY, LONGEST_JUMP, LONGEST_WAIT, MOST_COPIES, advance
from stripesim.store import Doc
from stripesim.webhooks.mode import DeliveryMode, Flavor, Mode
from stripesim.work import Work

Form = Mapping[str, str]
Result = TypeVar("Result")
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Action:
    act: Callable[[Sandbox, Form], object]
    done: str


def perform(sandbox: Sandbox, name: str, form: Form) -> None:
    """Press a button. Raises `ApiError` with the reason if that makes no sense."""
    action = ACTIONS.get(name)
    if action is None:
        raise invalid("There is no such button.")
    action.act(sandbox, form)


def _at_work(act: Callable[[Work, Form], object]) -> Callable[[Sandbox, Form], object]:
    def run(sandbox: Sandbox, form: Form) -> object:
        with sandbox.work() as work:
            return act(work, form)

    return run


def _number(form: Form, name: str, *, most: int, least: int = 0) -> int:
    text = form.get(name, "").strip()
    return whole(int(text) if text.isdecimal() and len(text) < 12 else None, name, most=most, least=least)


def _amount(form: Form) -> int | None:
    """Minor units; an empty field means all there is."""
    return _number(form, "amount", least=1, most=money.MAXIMUM) if form.get("amount", "").strip() else None


def _jump(sandbox: Sandbox, form: Form) -> None:
    advance(sandbox, _number(form, "hours", least=1, most=LONGEST_JUMP // HOUR) * HOUR)


def _add_fault(sandbox: Sandbox, form: Form) -> None:
    times = None if form.get("times") == "always" else _number(form, "times", least=1, most=10_000)
    sandbox.faults.add(
        Fault(
            one_of(FaultKind, form.get("kind"), "kind"),
            method=choice(("GET", "POST"), form["method"], "method") if form.get("method") else None,
            path_prefix=form.get("path_prefix") or "/v1/",
            times=times,
            seconds=_number(form, "seconds", most=int(LONGEST_WAIT)),
        )
    )


def _deliver(sandbox: Sandbox, form: Form) -> None:
    sandbox.queue.mode = DeliveryMode(
        mode=one_of(Mode, form.get("mode"), "mode"),
        copies=_number(form, "copies", least=1, most=MOST_COPIES),
        seconds=_number(form, "seconds", most=LONGEST_DELAY),
    )


def _resend(sandbox: Sandbox, form: Form) -> None:
    flavor = one_of(Flavor, form.get("flavor"), "flavor")
    with sandbox.work() as work:
        event: Doc = find_named(work, "event", form.get("id", ""), param="id", status=404)
        sandbox.queue.add_again(work.books, event["id"], flavor)


def _tamper(work: Work, form: Form) -> None:
    session = acts.find_session(work, form.get("id", ""))
    changes: dict[str, Doc] = {
        "quantity": {"quantity": work.books.private(session["id"])["line_items"][0]["quantity"] + 1},
        "price": {"unit_amount": 100},
        "currency": {"currency": "eur" if session["currency"] != "eur" else "usd"},
        "livemode": {"livemode": True},
    }
    acts.tamper(work, session["id"], changes[choice(changes, form.get("what"), "what")])


def _dispute(work: Work, form: Form) -> None:
    reason = choice(REASONS, form.get("reason"), "reason")
    acts.dispute(work, form.get("id", ""), reason=reason, amount=_amount(form), is_inquiry=form.get("inquiry") == "yes")


def _of(form: Form) -> str:
    return form.get("id", "")


ACTIONS: dict[str, Action] = {
    "clock": Action(_jump, "The sandbox's clock was moved forward."),
    "fault": Action(_add_fault, "The fault waits for its requests."),
    "heal": Action(lambda sandbox, _: sandbox.faults.clear(), "All faults are gone."),
    "delivery": Action(_deliver, "Events to come are delivered that way."),
    "resend": Action(_resend, "The event is on its way again."),
    "expire": Action(_at_work(lambda work, form: acts.expire(work, _of(form))), "The payment page has expired."),
    "tamper": Action(_at_work(_tamper), "The session is not what the shop asked for any more."),
    "settle-payment": Action(
        _at_work(lambda work, form: acts.settle_payment(work, _of(form), one_of(PaymentOutcome, form.get("outcome"), "outcome"))),
        "The bank has answered.",
    ),
    "refund": Action(_at_work(lambda work, form: acts.refund(work, _of(form), _amount(form))), "The money is on its way back."),
    "settle-refund": Action(
        _at_work(lambda work, form: acts.settle_refund(work, _of(form), one_of(RefundOutcome, form.get("outcome"), "outcome"))),
        "The refund has changed.",
    ),
    "dispute": Action(_at_work(_dispute), "The buyer's bank has opened a dispute."),
    "close-dispute": Action(
        _at_work(lambda work, form: acts.close_dispute(work, _of(form), one_of(DisputeOutcome, form.get("outcome"), "outcome"))),
        "The bank has decided.",
    ),
    "warn": Action(_at_work(lambda work, form: acts.warn(work, _of(form))), "The card network has warned the shop."),
}
