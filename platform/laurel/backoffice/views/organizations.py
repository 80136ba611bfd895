"""Organizations that certify in their own name: who they are, and what is awarded in it."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.organizations import AwardForm, NewOrganizationForm, OrganizationForm
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.credentials.models.organizations import Organization
from laurel.credentials.queries import organizations as queries
from laurel.credentials.rules.organizations import MAX_LOGO_BYTES
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.issuers import in_name_of, issuer_of
from laurel.credentials.services.organizations import change_organization, find_faults, make_organization
from laurel.web.access import my_id, policy
from laurel.web.bodies import takes
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_organizations", __name__, url_prefix="/backoffice/organizations")
BODY = MAX_LOGO_BYTES + 100_000


@bp.get("")
@policy(GET="keys:write")
def organization_list() -> ResponseReturnValue:
    house = issuer_of(current_app.extensions["laurel_settings"])
    found = queries.list_organizations(current_session())
    issuers = [(organization, in_name_of(house, organization)) for organization in found]
    return render_template("backoffice/organization_list.html", house=house, issuers=issuers, work_nav=work_nav())


@bp.route("/new", methods=["GET", "POST"])
@takes(BODY)
@policy(GET="keys:write", POST="keys:write")
def new_page() -> ResponseReturnValue:
    """One more issuer. Its short name is chosen once."""
    form = NewOrganizationForm()
    logo, slug = form.picture(), (form.slug.data or "").strip()
    if form.is_submitted() and is_right(form, find_faults(current_session(), form.facts(), slug=slug, logo=logo)):
        try:
            with transaction() as session:
                made = make_organization(session, slug, form.facts(), logo=logo, actor_id=my_id(), now=database_now(session))
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"{made.name} is there. Its keys are made within a minute.", "success")
            return redirect(url_for(".organization_page", organization_id=made.id), 303)
    house = issuer_of(current_app.extensions["laurel_settings"])
    page = render_template("backoffice/organization_new_page.html", form=form, house=house, work_nav=work_nav())
    return page, 400 if form.is_submitted() else 200


@bp.route("/<uuid:organization_id>", methods=["GET", "POST"])
@takes(BODY)
@policy(GET="keys:write", POST="keys:write")
def organization_page(organization_id: UUID) -> ResponseReturnValue:
    """What its next certificates say of it. Those that were issued keep what they say."""
    form = OrganizationForm(**words_of(queries.get_organization(current_session(), organization_id)))
    logo = form.picture()
    if form.is_submitted() and is_right(form, find_faults(current_session(), form.facts(), logo=logo)):
        try:
            with transaction() as session:
                change_organization(session, organization_id, form.facts(), logo=logo, actor_id=my_id(), now=database_now(session))
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash("Changed. Certificates from now on say it; those from before stay as they are.", "success")
            return redirect(url_for(".organization_page", organization_id=organization_id), 303)
    return show(organization_id, form, AwardForm(), status=400 if form.is_submitted() else 200)


@bp.post("/<uuid:organization_id>/credentials")
@policy(POST="keys:write")
def award(organization_id: UUID) -> ResponseReturnValue:
    """From now on a credential is awarded in the organization's name."""
    found, form = queries.get_organization(current_session(), organization_id), AwardForm()
    if form.achievement.data in map(str, list_awarded(organization_id)):
        flash(f"That is awarded in the name of {found.name} already. Nothing was changed.", "warning")
        return redirect(url_for(".organization_page", organization_id=organization_id), 303)
    offer(form, organization_id)
    if not form.validate():
        return show(organization_id, OrganizationForm(formdata=None, **words_of(found)), form, status=400)
    with transaction() as session:
        made = award_in_name_of(session, UUID(form.achievement.data), organization_id, actor_id=my_id(), now=database_now(session))
    flash(f"{made.name} is awarded in the name of {found.name} from now on.", "success")
    return redirect(url_for(".organization_page", organization_id=organization_id), 303)


@bp.post("/<uuid:organization_id>/credentials/<uuid:achievement_id>/return")
@policy(POST="keys:write")
def give_back(organization_id: UUID, achievement_id: UUID) -> ResponseReturnValue:
    """From now on it is awarded in the name of the house."""
    if achievement_id in list_awarded(organization_id):
        with transaction() as session:
            award_in_name_of(session, achievement_id, None, actor_id=my_id(), now=database_now(session))
        flash("It is awarded in the name of the house from now on.", "success")
    else:
        flash("It is not awarded in this name any more. Nothing was changed.", "warning")
    return redirect(url_for(".organization_page", organization_id=organization_id), 303)


def is_right(form: OrganizationForm, faults: Sequence[InvalidInputError]) -> bool:
    """Whether there is nothing to say. Otherwise all of it is said at once, each beside its field, and at most one thing beside each."""
    form.validate()
    for fault in faults:
        if fault.field is None or not form[fault.field].errors:
            show_error(form, fault)
    return not form.errors


def words_of(organization: Organization) -> dict[str, str]:
    """What the form shows; a logo is sent anew or kept."""
    return {name: getattr(organization, name) for name in ("name", "url", "email", "description", "official", "linkedin_id")}


def list_awarded(organization_id: UUID) -> set[UUID]:
    return {one.achievement_id for one in queries.list_awarded_by(current_session(), organization_id)}


def offer(form: AwardForm, organization_id: UUID) -> None:
    others = queries.list_awarded_by_others(current_session(), organization_id)
    form.achievement.choices = [("", "Choose …"), *((str(one.achievement_id), one.name) for one in others)]


def show(organization_id: UUID, form: OrganizationForm, award_form: AwardForm, *, status: int = 200) -> ResponseReturnValue:
    session = current_session()
    organization = queries.get_organization(session, organization_id)
    offer(award_form, organization_id)
    house = issuer_of(current_app.extensions["laurel_settings"])
    page = render_template(
        "backoffice/organization_page.html",
        organization=organization,
        issuer=in_name_of(house, organization),
        house=house,
        awarded=queries.list_awarded_by(session, organization_id),
        form=form,
        award_form=award_form,
        work_nav=work_nav(),
    )
    return page, status
