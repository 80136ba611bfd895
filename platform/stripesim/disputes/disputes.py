"""Disputes over the API: read, answer, give in."""

from stripesim.api.endpoint import Call, Endpoint, listing
from stripesim.api.errors import invalid, refused
from stripesim.api.paging import conditions_of, page
from stripesim.api.shape import Boolean, Choice, Group, Metadata, Range, Text
from stripesim.disputes import evidence
from stripesim.disputes.opening import OVER, end
from stripesim.events import emit
from stripesim.metadata import merged
from stripesim.store import Doc
from stripesim.work import Work

METHODS = ("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes")
CHANGES = Group(
    {
        "evidence": evidence.SHAPE,
        "intended_submission_method": Choice(METHODS),
        "metadata": Metadata(),
        "submit": Boolean(),
    }
)


def get_dispute(call: Call) -> Doc:
    return call.subject("dispute")


def list_disputes(call: Call) -> Doc:
    return page(call, "dispute", conditions_of(call.params, "charge", "created", "payment_intent"))


def update_dispute(call: Call) -> Doc:
    """Stage evidence (`submit=false`) or hand it in, which is what happens when nothing else is said."""
    work, params, dispute = call.work, call.params, call.subject("dispute")
    if dispute["status"] in OVER and {"evidence", "submit"} & set(params):
        raise refused("This dispute is already closed.")
    changed = dispute | {"metadata": merged(dispute["metadata"], params)}
    if "intended_submission_method" in params:
        changed["intended_submission_method"] = params["intended_submission_method"]
    if "evidence" in params:
        changed["evidence"] = _evidence(dispute, params["evidence"])
        changed["evidence_details"] = dispute["evidence_details"] | {"has_evidence": True}
    if params.get("submit", "evidence" in params):
        return _submit(work, dispute, changed)
    work.books.update(changed)
    emit(work, "charge.dispute.updated", changed, before=dispute)
    return changed


def _evidence(dispute: Doc, given: Doc) -> Doc:
    told: Doc = dispute["evidence"] | given
    if sum(len(told[name] or "") for name in evidence.TEXTS) > evidence.MOST_CHARACTERS:
        raise invalid(f"Evidence may have up to {evidence.MOST_CHARACTERS} characters in all.", param="evidence")
    return told


def _submit(work: Work, dispute: Doc, changed: Doc) -> Doc:
    details = changed["evidence_details"]
    is_inquiry = dispute["status"].startswith("warning_")
    submitted = changed | {
        "evidence_details": details | {"submission_count": details["submission_count"] + 1, "submission_method": "manual"},
        "status": "warning_under_review" if is_inquiry else "under_review",
    }
    work.books.update(submitted)
    emit(work, "charge.dispute.updated", submitted, before=dispute)
    outcome = evidence.DECISIVE.get(submitted["evidence"]["uncategorized_text"] or "")
    if outcome is None:
        return submitted
    return end(work, submitted, "warning_closed" if is_inquiry else outcome)


def close_dispute(call: Call) -> Doc:
    """Give in: the buyer keeps the money. It cannot be taken back."""
    dispute = call.subject("dispute")
    if dispute["status"] in OVER:
        raise refused("This dispute is already closed.")
    return end(call.work, dispute, "warning_closed" if dispute["status"].startswith("warning_") else "lost")


ENDPOINTS = (
    Endpoint("GET", "/v1/disputes/<object_id>", get_dispute),
    Endpoint("POST", "/v1/disputes/<object_id>", update_dispute, CHANGES),
    Endpoint("POST", "/v1/disputes/<object_id>/close", close_dispute),
    listing("/v1/disputes", list_disputes, {"charge": Text(), "created": Range(), "payment_intent": Text()}),
)
