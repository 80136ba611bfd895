"""Redeeming a seat that somebody else bought."""

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.accounts.services import TooManyTriesError
from laurel.catalog.queries import get_course_card
from laurel.commerce import services
from laurel.commerce.forms import RedeemForm
from laurel.commerce.views.edge import bp
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.web.access import SIGNED_IN, my_id, policy, purpose
from laurel.web.limits import network
from laurel.web.session import transaction


def redeem_a_seat() -> str:
    return "take the seat that was bought for you"


@bp.get("/redeem")
@policy(GET=SIGNED_IN)
@purpose(redeem_a_seat)
def redeem_page() -> ResponseReturnValue:
    """Where a code is written. A mailed link brings it along."""
    return render_template("commerce/redeem_page.html", form=RedeemForm(formdata=None, code=request.args.get("code", "")[:60]))


@bp.post("/redeem")
@policy(POST=SIGNED_IN)
def redeem_seat() -> ResponseReturnValue:
    """Take the seat. The try is counted first, in a transaction of its own, and taken back if the code was good."""
    form = RedeemForm()
    if not form.validate_on_submit():
        return render_template("commerce/redeem_page.html", form=form), 400
    try:
        with transaction() as session:
            counted = services.count_redeeming(session, user_id=my_id(), network=network(), now=database_now(session))
        with transaction() as session:
            course = _redeem(session, form.code.data or "")
            services.forgive_redeeming(session, counted)
    except TooManyTriesError as error:
        form.code.errors = [error.message]
        return render_template("commerce/redeem_page.html", form=form), 429, {"Retry-After": str(error.seconds)}
    except InvalidInputError as error:
        form.code.errors = [error.message]
        return render_template("commerce/redeem_page.html", form=form), 400
    title, slug = course
    flash(f"The seat is yours: you are enrolled in {title}.", "success")
    return redirect(f"/learn/{slug}", 303)


def _redeem(session: Session, code: str) -> tuple[str, str]:
    """The course that the code opened: its title and its slug."""
    course_id = services.redeem_seat(session, code, user_id=my_id(), now=database_now(session))
    course = get_course_card(session, course_id)
    return course.title, course.slug
