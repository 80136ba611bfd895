"""Where Stripe reports. What it says is a hint: it is verified, kept, and then looked up at Stripe. (specs/payments.md §7)"""

import logging

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from laurel.commerce import services
from laurel.commerce.gateway import ForgedNoticeError
from laurel.commerce.views.edge import payments, till
from laurel.core import clock
from laurel.web.access import WEBHOOK, policy
from laurel.web.limits import limiter
from laurel.web.session import transaction

log = logging.getLogger("laurel.commerce")

bp = Blueprint("stripe", __name__)
MAX_BYTES = 512 * 1024


@bp.post("/stripe/webhook")
@limiter.exempt
@policy(POST=WEBHOOK)
def stripe_webhook() -> ResponseReturnValue:
    """Verify, keep, act, and answer 200. What goes wrong after keeping is ours to try again, not Stripe's."""
    request.max_content_length = MAX_BYTES
    if request.mimetype != "application/json":
        abort(415)
    payload = request.get_data(cache=False)
    try:
        notice = payments().read_notice(payload, request.headers.get("Stripe-Signature", ""), now=clock.now())
    except ForgedNoticeError as error:
        log.warning("A webhook was refused: %s", type(error.__cause__).__name__)
        abort(400)
    desk = till()
    try:
        with transaction() as session:
            waits = services.keep_notice(session, notice, is_live=desk.is_live, now=desk.now)
    except IntegrityError:
        waits = True  # a copy came at the same moment and was kept
    if waits:
        services.process_event(desk, notice.id)
    return {"received": True}
