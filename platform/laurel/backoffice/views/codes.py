"""Discount codes: what there is, a new one, and who used one."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from laurel.backoffice.forms import CodeForm, show_error
from laurel.backoffice.navigation import work_nav
from laurel.catalog.queries import list_course_cards
from laurel.commerce import queries, services
from laurel.commerce.models import DiscountCode, Offering
from laurel.commerce.rules.discounts import describe
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.web.access import my_id, policy
from laurel.web.pages import Page, paginate
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_codes", __name__, url_prefix="/backoffice/codes")


@bp.get("")
@policy(GET="orders:read")
def code_list() -> ResponseReturnValue:
    words, with_archived = request.args.get("q", "").strip()[:40], "archived" in request.args
    page: Page[DiscountCode] = paginate(current_session(), queries.select_discount_codes(words=words, with_archived=with_archived))
    return render_template(
        "backoffice/code_list.html", page=page, words=words, with_archived=with_archived, describe=describe, work_nav=work_nav()
    )


@bp.route("/new", methods=["GET", "POST"])
@policy(GET="codes:write", POST="codes:write")
def new_page() -> ResponseReturnValue:
    form, status = CodeForm(), 200
    offerings = list_sold(current_session())
    form.currency.choices = [SelectChoice(code, code.upper()) for code in current_app.extensions["laurel_settings"].currencies]
    form.offerings.choices = [SelectChoice(str(offering.id), offering.title) for offering in offerings]
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                code_id = _create(form)
            except InvalidInputError as error:
                show_error(form, error)
            else:
                flash("The code can be used.", "success")
                return redirect(url_for(".code_page", code_id=code_id), 303)
    return render_template("backoffice/code_new_page.html", form=form, work_nav=work_nav()), status


def list_sold(session: Session) -> Sequence[Offering]:
    """Everything that is for sale, course by course."""
    return queries.list_offerings(session, [card.id for card in list_course_cards(session)])


def _create(form: CodeForm) -> UUID:
    terms, offering_ids = form.terms(), [UUID(text) for text in form.offerings.data or ()]
    with transaction() as session:
        return services.create_code(session, terms, offering_ids=offering_ids, actor_id=my_id(), now=database_now(session)).id


@bp.get("/<uuid:code_id>")
@policy(GET="orders:read")
def code_page(code_id: UUID) -> ResponseReturnValue:
    session = current_session()
    code = queries.get_discount_code(session, code_id)
    only_for = queries.list_code_offerings(session, [code_id]).get(code_id, set())
    return render_template(
        "backoffice/code_page.html",
        code=code,
        off=describe(code.percent, code.amount, code.currency),
        only_for=[queries.get_offering(session, offering_id).title for offering_id in only_for],
        page=paginate(session, queries.select_uses(code_id), scalars=False),
        work_nav=work_nav(),
    )


@bp.post("/<uuid:code_id>/archive")
@policy(POST="codes:write")
def archive(code_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.archive_code(session, code_id, actor_id=my_id(), now=database_now(session))
    flash("Nobody can begin to use the code any more. Open orders that hold it keep their price.", "success")
    return redirect(url_for(".code_page", code_id=code_id), 303)
