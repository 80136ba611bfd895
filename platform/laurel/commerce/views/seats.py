"""The seats that a team bought: who has one, and the codes of the others."""

import csv
import io
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts.models import User
from laurel.accounts.queries import find_user
from laurel.accounts.services import TooManyTriesError
from laurel.commerce import queries, services
from laurel.commerce.forms import SeatForm, SeatMailForm
from laurel.commerce.models import Voucher
from laurel.commerce.rules import VoucherStatus
from laurel.commerce.rules.seats import show_code
from laurel.commerce.views.edge import bp, settings
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.core.spreadsheets import harmless
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import SAVE, limiter
from laurel.web.pages import paginate
from laurel.web.session import current_session, transaction

WORDS = {
    VoucherStatus.ISSUED: "Free",
    VoucherStatus.REDEEMED: "Taken",
    VoucherStatus.REVOKED: "Stopped",
    VoucherStatus.EXPIRED: "Expired",
}


@bp.get("/account/seats")
@policy(GET=SIGNED_IN)
def seat_list_page() -> ResponseReturnValue:
    session = current_session()
    page = paginate(session, queries.select_pools_of(my_id()), scalars=False)
    return render_template("commerce/seat_list_page.html", page=page, pools=queries.view_pools(session, page.rows))


@bp.get("/account/seats/<uuid:pool_id>")
@policy(GET=SIGNED_IN)
def seat_pool_page(pool_id: UUID) -> ResponseReturnValue:
    session = current_session()
    pool = queries.get_pool_of(session, my_id(), pool_id)
    page = paginate(session, queries.select_seats(pool.id), scalars=False)
    link = settings().public_url + url_for(".redeem_page")
    return render_template("commerce/seat_pool_page.html", pool=pool, page=page, words=WORDS, show_code=show_code, link=link)


@bp.get("/account/seats/<uuid:pool_id>.csv")
@policy(GET=SIGNED_IN)
def seat_file(pool_id: UUID) -> ResponseReturnValue:
    """All seats as a table for a spreadsheet. What somebody typed is never taken for a formula."""
    session = current_session()
    pool = queries.get_pool_of(session, my_id(), pool_id)
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL)
    table.writerow(["Seat", "Code", "State", "For whom", "Redeemed by", "E-mail", "Redeemed on"])
    for voucher, person in session.execute(queries.select_seats(pool.id)):
        table.writerow([harmless(cell) for cell in _row(voucher, person)])
    name = f"seats-{pool.order_number}.csv"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _row(voucher: Voucher, person: User | None) -> list[str]:
    redeemed_on = voucher.redeemed_at.date().isoformat() if voucher.redeemed_at is not None else ""
    who = [person.name, person.email] if person is not None else ["", ""]
    code = show_code(voucher.code) if voucher.status is VoucherStatus.ISSUED else ""
    return [str(voucher.seat_no), code, WORDS[voucher.status], voucher.label or "", *who, redeemed_on]


@bp.route("/account/seats/<uuid:pool_id>/<uuid:voucher_id>", methods=["GET", "POST"])
@limiter.limit(SAVE)
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def seat_page(pool_id: UUID, voucher_id: UUID) -> ResponseReturnValue:
    """One seat: its code, to copy or to mail; for whom it is; a new code if the old one went astray. A POST keeps for whom it is."""
    form = SeatForm()
    if form.validate_on_submit():
        with transaction() as session:
            services.label_seat(session, my_id(), pool_id, voucher_id, label=form.label.data or "")
        flash("That is noted.", "success")
        return redirect(url_for(".seat_pool_page", pool_id=pool_id), 303)
    return show_seat(pool_id, voucher_id, form=form if form.is_submitted() else None)


def show_seat(
    pool_id: UUID, voucher_id: UUID, *, form: SeatForm | None = None, mail_form: SeatMailForm | None = None, status: int = 200
) -> ResponseReturnValue:
    session = current_session()
    voucher = queries.get_voucher_of(session, my_id(), pool_id, voucher_id)
    page = render_template(
        "commerce/seat_page.html",
        pool=queries.get_pool_of(session, my_id(), pool_id),
        voucher=voucher,
        code=show_code(voucher.code),
        person=find_user(session, voucher.redeemed_by_id) if voucher.redeemed_by_id is not None else None,
        words=WORDS,
        link=settings().public_url + url_for(".redeem_page", code=show_code(voucher.code)),
        form=form or SeatForm(formdata=None, label=voucher.label or ""),
        mail_form=mail_form or SeatMailForm(formdata=None),
    )
    return page, 400 if form is not None else status


@bp.post("/account/seats/<uuid:pool_id>/<uuid:voucher_id>/mail")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def mail_seat(pool_id: UUID, voucher_id: UUID) -> ResponseReturnValue:
    form = SeatMailForm()
    queries.get_voucher_of(current_session(), my_id(), pool_id, voucher_id)
    if not form.validate_on_submit():
        return show_seat(pool_id, voucher_id, mail_form=form, status=400)
    try:
        with transaction() as session:
            services.mail_seat(session, my_id(), pool_id, voucher_id, email=form.email.data or "", now=database_now(session))
    except (InvalidInputError, TooManyTriesError) as error:
        form.email.errors = [error.message]
        return show_seat(pool_id, voucher_id, mail_form=form, status=400)
    flash(f"The code is on its way to {form.email.data}.", "success")
    return redirect(url_for(".seat_pool_page", pool_id=pool_id), 303)


@bp.post("/account/seats/<uuid:pool_id>/<uuid:voucher_id>/replace")
@limiter.limit(SAVE)
@policy(POST=SIGNED_IN)
def replace_seat_code(pool_id: UUID, voucher_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.replace_code(session, my_id(), pool_id, voucher_id, now=database_now(session))
    flash("The seat has a new code. The old one is worth nothing now.", "success")
    return redirect(url_for(".seat_page", pool_id=pool_id, voucher_id=voucher_id), 303)
