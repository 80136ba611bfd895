"""Signing keys: which there are, what is to be looked after, and what may be done, by whom together with whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.backoffice.forms import show_error
from laurel.backoffice.forms.keys import CompromiseForm, KeyActForm, StageForm
from laurel.backoffice.navigation import work_nav
from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials.gateway import KeyVault, KeyVaultError
from laurel.credentials.models import IssuerKey
from laurel.credentials.queries import staff
from laurel.credentials.queries.keys import count_signed, get_key, list_keys
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.key_acts import TAKES_TWO, ActKind, KeyAct, Verb, list_verbs
from laurel.credentials.rules.keys import STAGING, KeyPurpose, KeyState
from laurel.credentials.services import key_acts
from laurel.credentials.services.issuers import get_issuer, get_issuer_of_key, issuer_of, list_issuers
from laurel.credentials.services.keys import AlreadyStagedError, find_lost_keys, stage
from laurel.credentials.services.trouble import find_reminders, find_trouble
from laurel.web.access import my_id, policy
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.session import current_session, transaction

bp = Blueprint("backoffice_keys", __name__, url_prefix="/backoffice/keys")
NO_VAULT = "This key does not open with the site’s KEY_ENCRYPTION_KEY, so nothing was changed. docs/keys.md says what to do."
NO_SEAL = "KEY_ENCRYPTION_KEY is missing, so a new key could not be sealed and none was made. docs/keys.md says what to do."
DONE = {
    ActKind.ACTIVATE: "signs from now on.",
    ActKind.ACTIVATE_NOW: "signs from now on.",
    ActKind.RETIRE: "is retired.",
    ActKind.GIVE_UP: "is retired. Nothing can be signed until another key is active.",
    ActKind.COMPROMISE: "is withdrawn. The worker signs its certificates again.",
}
ONCE_MORE = "That needs a password that was given in the last ten minutes. Give it, then do it once more: nothing was changed."


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key with what it signed; `ready_at` is when a staged one may be used."""

    key: IssuerKey
    documents: int
    lists: int
    is_lost: bool

    @property
    def since(self) -> datetime:
        key = self.key
        moments = {KeyState.ACTIVE: key.active_at, KeyState.RETIRED: key.retired_at, KeyState.STAGED: key.staged_at}
        return moments.get(key.state, key.withdrawn_at) or key.staged_at

    @property
    def ready_at(self) -> datetime | None:
        return self.key.staged_at + STAGING if self.key.state is KeyState.STAGED else None


def house() -> Issuer:
    return issuer_of(current_app.extensions["laurel_settings"])


def vault() -> KeyVault:
    found: KeyVault = current_app.extensions["laurel_ports"].keys
    return found


def takes_two(act: KeyAct) -> bool:
    return act.kind in TAKES_TWO and current_app.extensions["laurel_settings"].two_person_rule


def say_done(act: KeyAct) -> str:
    """What is so now, in a sentence."""
    return f"{act.method.rpartition('#')[2]} {DONE[act.kind]}"


def show_keys(session: Session, issuer: Issuer) -> list[ShownKey]:
    """All keys of an issuer, the newest first."""
    signed, lost = count_signed(session, issuer.did), {key.id for key in find_lost_keys(session, issuer, vault())}
    return [ShownKey(key, *signed.get(key.id, (0, 0)), key.id in lost) for key in reversed(list_keys(session, issuer.did))]


@bp.get("")
@policy(GET="keys:write")
def key_list() -> ResponseReturnValue:
    session = current_session()
    now = database_now(session)
    return render_template(
        "backoffice/key_list.html",
        issuers=[(issuer, show_keys(session, issuer)) for issuer in list_issuers(session, house())],
        purposes=list(KeyPurpose),
        now=now,
        troubles=find_trouble(session, house(), vault(), now=now),
        reminders=find_reminders(session, house(), now=now),
        requests=key_acts.list_open(session, now=now),
        work_nav=work_nav(),
    )


@bp.route("/stage", methods=["GET", "POST"])
@policy(GET="keys:write", POST="keys:write")
def stage_page() -> ResponseReturnValue:
    """A new key: it is published and signs nothing, so one person is enough."""
    if not is_fresh():
        return ask_once_more()
    form, status = StageForm(list_issuers(current_session(), house()), organization=request.args.get("organization", "")), 200
    if form.is_submitted():
        status = 400
    if form.validate_on_submit():
        try:
            with transaction() as session:
                issuer, purpose = get_issuer(session, house(), form.organization.data), KeyPurpose(form.purpose.data)
                now, reason = database_now(session), form.reason.data.strip()
                made = stage(session, issuer, vault(), purpose=purpose, reason=reason, actor_id=my_id(), now=now)
        except AlreadyStagedError as error:
            form.purpose.errors, status = [error.message], 409
        except KeyVaultError:
            form.form_errors.append(NO_SEAL)
            status = 503
        else:
            flash(f"{made.fragment} is published. In 24 hours it may be activated.", "success")
            return redirect(url_for(".key_page", key_id=made.id), 303)
    return render_template("backoffice/key_stage_page.html", form=form, work_nav=work_nav()), status


@bp.get("/<uuid:key_id>")
@policy(GET="keys:write")
def key_page(key_id: UUID) -> ResponseReturnValue:
    session = current_session()
    issuer = get_issuer_of_key(session, house(), key_id)
    shown = show_keys(session, issuer)
    found = next(one for one in shown if one.key.id == key_id)
    return render_template(
        "backoffice/key_page.html",
        shown=found,
        issuer=issuer,
        verbs=list_verbs(found.key.state),
        active=find_active(shown, found.key.purpose),
        history=staff.list_acts_on_key(session, key_id),
        now=database_now(session),
        work_nav=work_nav(),
    )


def find_active(shown: list[ShownKey], purpose: KeyPurpose) -> ShownKey | None:
    return next((one for one in shown if one.key.purpose is purpose and one.key.state is KeyState.ACTIVE), None)


@bp.route("/<uuid:key_id>/<any('activate', 'retire', 'compromise'):verb>", methods=["GET", "POST"])
@policy(GET="keys:write", POST="keys:write")
def act_page(key_id: UUID, verb: str) -> ResponseReturnValue:
    """What the act does stands above the button. Who has a colleague asks for their agreement; a stolen key is withdrawn at once."""
    if not is_fresh():
        return ask_once_more()
    session, wanted = current_session(), Verb(verb)
    key = get_key(session, get_issuer_of_key(session, house(), key_id).did, key_id)
    form = CompromiseForm(key.fragment) if wanted is Verb.COMPROMISE else KeyActForm()
    try:
        act = key_acts.plan(session, house(), key_id, wanted, reason=form.reason.data or "–", now=database_now(session))
    except ConflictError as error:
        flash(error.message, "warning")
        return redirect(url_for(".key_page", key_id=key_id), 303)
    if not form.is_submitted():
        return show_act(key, form, act)
    return perform(key, form, act) if form.validate() else show_act(key, form, act, status=400)


def perform(key: IssuerKey, form: KeyActForm, shown: KeyAct) -> ResponseReturnValue:
    """Do it, or ask for a second person."""
    try:
        with transaction() as session:
            now = database_now(session)
            act = key_acts.plan(session, house(), key.id, Verb(request.view_args["verb"]), reason=form.reason.data, now=now)  # type: ignore[index]
            if form.seen.data != act.kind.value:
                raise key_acts.ChangedKeyError
            if takes_two(act):
                approval = key_acts.propose(session, house(), act, actor_id=my_id(), now=now)
                flash("Asked for. It is done once a colleague has agreed.", "success")
                return redirect(url_for("backoffice_key_requests.request_page", approval_id=approval.id), 303)
            key_acts.do_alone(session, house(), vault(), act, actor_id=my_id(), now=now)
    except InvalidInputError as error:
        show_error(form, error)
        return show_act(key, form, shown, status=400)
    except ConflictError as error:
        form.form_errors.append(error.message)
        return show_act(key, form, shown, status=409)
    except KeyVaultError:
        form.form_errors.append(NO_VAULT)
        return show_act(key, form, shown, status=503)
    flash(say_done(act), "success")
    return redirect(url_for(".key_page", key_id=key.id), 303)


def show_act(key: IssuerKey, form: KeyActForm, act: KeyAct, *, status: int = 200) -> ResponseReturnValue:
    issuer = get_issuer_of_key(current_session(), house(), key.id)
    shown = show_keys(current_session(), issuer)
    form.seen.data = act.kind.value
    page = render_template(
        "backoffice/key_act_page.html",
        shown=next(one for one in shown if one.key.id == key.id),
        active=find_active(shown, key.purpose),
        issuer=issuer,
        act=act,
        takes_two=takes_two(act),
        form=form,
        work_nav=work_nav(),
    )
    return page, status


def ask_once_more() -> ResponseReturnValue:
    """To the password and back; what was already sent has changed nothing."""
    if request.method == "POST":
        flash(ONCE_MORE, "info")
    return ask_for_password()
