"""The part of the payment provider in memory that gives money back and takes it back."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from laurel.commerce.gateway import CheckoutNotFoundError, PaymentsRefusedError, RefundDetails
from laurel.commerce.rules import SeenDispute, SeenRefund, SeenWarning

BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass
class FakeRefunds:
    """Refunds and disputes. `refund_status` is what new refunds are; `refusals` are codes with which the next ones are refused.

    Of a payment in `charged` (its amount and currency) no more can go back than came, and nothing that a bank took.
    """

    refunds: dict[str, SeenRefund] = field(default_factory=dict)
    refund_keys: dict[str, str] = field(default_factory=dict)
    refund_status: str = "succeeded"
    refusals: list[str] = field(default_factory=list)
    loses_refunds: bool = False
    charged: dict[str, tuple[int, str]] = field(default_factory=dict)
    disputes: dict[str, SeenDispute] = field(default_factory=dict)
    warnings: dict[str, SeenWarning] = field(default_factory=dict)
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def create_refund(self, details: RefundDetails, *, key: str) -> SeenRefund:
        with self.lock:
            code = self._why_not(details, key)
        if self.loses_refunds and not code:
            self._make(details, key)
        self._called(key)
        if code:
            raise PaymentsRefusedError(code, code=code)
        if self.refusals:
            code = self.refusals.pop(0)
            raise PaymentsRefusedError(code, code=code)
        return self._make(details, key)

    def _why_not(self, details: RefundDetails, key: str) -> str:
        if key in self.refund_keys or details.intent_id not in self.charged:
            return ""
        if self.is_held(details.intent_id):
            return "charge_disputed"
        left = self.left_of(details.intent_id)
        return "" if details.amount <= left else "amount_too_large" if left else "charge_already_refunded"

    def left_of(self, intent_id: str) -> int:
        """What of a charge neither went back nor is on its way back."""
        gone = (
            told.amount for told in list(self.refunds.values()) if told.intent_id == intent_id and told.status not in {"failed", "canceled"}
        )
        return self.charged[intent_id][0] - sum(gone)

    def is_held(self, intent_id: str) -> bool:
        """Whether a bank has the money."""
        return any(told.is_withdrawn and not told.is_reinstated for told in list(self.disputes.values()) if told.intent_id == intent_id)

    def _make(self, details: RefundDetails, key: str) -> SeenRefund:
        with self.lock:  # who asks twice at once under one key is one
            if key not in self.refund_keys:
                made = self.add_refund(
                    details.intent_id,
                    details.amount,
                    currency=self.charged.get(details.intent_id, (0, "usd"))[1],
                    status=self.refund_status,
                    reason=details.reason,
                    refund_ref=details.refund_ref,
                    env=details.env,
                )
                self.refund_keys[key] = made.id
            return self.refunds[self.refund_keys[key]]

    def add_refund(self, intent_id: str, amount: int, *, currency: str = "usd", **facts: str) -> SeenRefund:
        """A refund as somebody makes one in the provider's dashboard, unless `facts` say otherwise."""
        told = {"status": "succeeded", "reason": "", "refund_ref": "", "env": "", "failure": "", **facts}
        made = SeenRefund(
            id=f"re_{uuid4().hex}",
            intent_id=intent_id,
            amount=amount,
            currency=currency,
            created_at=BEGAN + timedelta(seconds=len(self.refunds)),
            **told,
        )
        self.refunds[made.id] = made
        return made

    def change_refund(self, refund_id: str, **changes: Any) -> None:
        self.refunds[refund_id] = replace(self.refunds[refund_id], **changes)

    def fetch_refund(self, refund_id: str) -> SeenRefund:
        self._called(f"refund:{refund_id}")
        if refund_id not in self.refunds:
            raise CheckoutNotFoundError
        return self.refunds[refund_id]

    def list_refunds(self, intent_id: str) -> list[SeenRefund]:
        self._called(f"refunds:{intent_id}")
        return [refund for refund in list(self.refunds.values()) if refund.intent_id == intent_id]

    def find_intent_of_charge(self, charge_id: str) -> str | None:
        self._called(f"charge:{charge_id}")
        return charge_id.replace("ch_", "pi_", 1) if charge_id.startswith("ch_") else None

    def add_dispute(self, intent_id: str, amount: int, **facts: Any) -> SeenDispute:
        """A bank takes the money back, unless `facts` say otherwise."""
        made = SeenDispute(
            **{
                "id": f"dp_{uuid4().hex}",
                "intent_id": intent_id,
                "charge_id": intent_id.replace("pi_", "ch_", 1),
                "amount": amount,
                "currency": "usd",
                "status": "needs_response",
                "reason": "fraudulent",
                "is_live": False,
                "created_at": BEGAN,
                "due_by": BEGAN + timedelta(days=9),
                "is_withdrawn": True,
                "is_reinstated": False,
                **facts,
            }
        )
        self.disputes[made.id] = made
        return made

    def change_dispute(self, dispute_id: str, **changes: Any) -> None:
        self.disputes[dispute_id] = replace(self.disputes[dispute_id], **changes)

    def fetch_dispute(self, dispute_id: str) -> SeenDispute:
        self._called(f"dispute:{dispute_id}")
        if dispute_id not in self.disputes:
            raise CheckoutNotFoundError
        return self.disputes[dispute_id]

    def send_evidence(self, dispute_id: str, evidence: Mapping[str, str], *, key: str) -> SeenDispute:
        self._called(key)
        self._must_be_open(dispute_id)
        self.evidence[dispute_id] = dict(evidence)
        self.change_dispute(dispute_id, status="under_review")
        return self.disputes[dispute_id]

    def accept_dispute(self, dispute_id: str, *, key: str) -> SeenDispute:
        self._called(key)
        self._must_be_open(dispute_id)
        self.change_dispute(dispute_id, status="lost")
        return self.disputes[dispute_id]

    def _must_be_open(self, dispute_id: str) -> None:
        if dispute_id not in self.disputes:
            raise CheckoutNotFoundError
        if self.disputes[dispute_id].is_final:
            raise PaymentsRefusedError("This dispute is already closed.")

    def fetch_warning(self, warning_id: str) -> SeenWarning:
        self._called(f"warning:{warning_id}")
        if warning_id not in self.warnings:
            raise CheckoutNotFoundError
        return self.warnings[warning_id]

    def _called(self, key: str) -> None:
        raise NotImplementedError
