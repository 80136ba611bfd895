"""Who is assembled: one application out of settings, ports and packages."""

from dataclasses import dataclass

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from laurel import wiring
from laurel.accounts import views as accounts
from laurel.accounts.queries import PERSON
from laurel.articles import views as articles
from laurel.backoffice import navigation as backoffice_navigation
from laurel.backoffice import views as backoffice
from laurel.commerce import views as commerce
from laurel.commerce.gateway import PaymentGateway
from laurel.commerce.rules.receipts import Seller
from laurel.commerce.services.receipts import letterhead
from laurel.core.bus import bus
from laurel.core.db import Database
from laurel.core.digests import digest_of
from laurel.core.mail import Mailer, MailTemplates, post
from laurel.credentials import views as credentials
from laurel.credentials.gateway import KeyVault
from laurel.ctas import views as ctas
from laurel.learning import views as learning
from laurel.learning.queries import get_course_use
from laurel.quizzes import views as quizzes
from laurel.settings import Settings, root
from laurel.storefront import views as storefront
from laurel.studio import navigation as studio_navigation
from laurel.studio import views as studio
from laurel.web import (
    access,
    addresses,
    bodies,
    browser_sessions,
    compression,
    csrf,
    errors,
    headers,
    health,
    limits,
    pages,
    static,
    urgency,
    viewer_cookie,
)
from laurel.web import session as request_session


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The outside world as this process reaches it."""

    payments: PaymentGateway
    mailer: Mailer
    keys: KeyVault


PACKAGES = (accounts, articles, backoffice, commerce, credentials, ctas, learning, quizzes, storefront, studio)
WORKPLACES = (
    errors.Workplace("/studio", "Studio", studio_navigation.work_nav),
    errors.Workplace("/backoffice", "Back office", backoffice_navigation.work_nav),
)


def create_app(settings: Settings, database: Database, ports: Ports) -> Flask:
    """The application: every request passes sessions, access, CSRF and limits before it reaches a view."""
    prefix = f"/static/{digest_of(static.FOLDER)}"
    app = Flask("laurel", root_path=str(static.FOLDER.parent), static_url_path=prefix, template_folder=str(root() / "templates"))
    _configure(app, settings)
    app.url_map.converters["int"] = addresses.StorableInteger
    app.extensions["laurel_settings"] = settings
    app.extensions["laurel_ports"] = ports
    app.extensions["laurel_course_use"] = get_course_use  # commerce asks learning, which it lies below
    request_session.init_app(app, database)
    urgency.init_app(app)
    bodies.init_app(app)
    browser_sessions.init_app(app, settings, PERSON)
    errors.init_app(app, WORKPLACES, credentials.tell_machine)
    pages.init_app(app, settings)
    gate = accounts.init_app(app, settings)
    access.init_app(app, gate)
    csrf.init_app(app)
    limits.init_app(app, settings)
    headers.init_app(app, settings)
    viewer_cookie.init_app(app, settings)
    health.init_app(app)
    Babel(app, default_locale="en", default_timezone="UTC")
    for package in PACKAGES:
        for blueprint in package.blueprints(settings):
            app.register_blueprint(blueprint)
    access.set_policy(app, "static", GET=access.PUBLIC)
    compression.init_app(app)
    static.init_app(app, settings)
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=1, x_host=0, x_prefix=0)  # type: ignore[method-assign]
    connect(settings, ports)
    return app


def connect(settings: Settings, ports: Ports) -> None:
    """Put subscriptions, mail templates and letterhead in force, for a web process and for a worker alike."""
    bus.subscriptions = wiring.subscriptions(settings, ports.keys)
    post.templates = MailTemplates(root() / "templates" / "email", public_url=settings.public_url)
    letterhead.seller = seller_of(settings)


def seller_of(settings: Settings) -> Seller:
    return Seller(name=settings.issuer_name, email=settings.issuer_email, address=settings.seller_address, tax_id=settings.seller_tax_id)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        TRUSTED_HOSTS=[settings.host.split(":")[0], settings.host],
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        MAX_FORM_PARTS=200,
        PROPAGATE_EXCEPTIONS=False,
        SESSION_REFRESH_EACH_REQUEST=False,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
