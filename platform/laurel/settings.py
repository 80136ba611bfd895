"""Every setting, read once from the environment. A setting that would be dangerous in production stops the start."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

MAX_OFFICIAL = 100
"""Characters of a name and a role: they stand on one line or two of a certificate."""


class SettingsError(Exception):
    """A setting is missing or dangerous; the message says which and what to do."""


class Stage(StrEnum):
    """Where this process runs. `demo` and `test` may use plain http and the payment sandbox; `production` may not."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class PaymentOption(StrEnum):
    """What a payment page may ask for or do besides taking the money. Each needs its setting at Stripe."""

    TAX = "tax"
    """Stripe Tax works the tax out."""
    TAX_IDS = "tax-ids"
    """Businesses give their tax number."""
    ADDRESS = "address"
    """The billing address is always asked for."""
    INVOICES = "invoices"
    """Stripe makes an invoice, besides our own receipt."""
    TERMS = "terms"
    """The buyer agrees to the terms of service."""
    PROMOTION_CODES = "promotion-codes"
    """Where no code of ours is used: a field for Stripe's own promotion codes."""


def root() -> Path:
    """The folder that holds `templates`, `migrations` and `seed_content`: the checkout, or the installed package."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    return checkout if (checkout / "templates").is_dir() else here / "_root"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process."""

    stage: Stage
    public_url: str
    database_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...] = ()
    instance: Path
    proxy_hops: int = 0
    staff_second_factor: bool = True
    two_person_rule: bool = True
    """Whether signing keys are changed by two people: one asks, another agrees. Who is alone switches it off."""
    stripe_secret_key: str = ""
    stripe_webhook_secrets: tuple[str, ...] = ()
    stripe_api_base: str = ""
    currencies: tuple[str, ...] = ("usd", "eur")
    refund_max_progress: int = 50
    """Up to which share of a course's lessons, in percent, a buyer may give it back without asking."""
    lost_dispute_revokes: bool = True
    """Whether a certificate falls when the bank gives its holder the money back for good."""
    payment_options: frozenset[PaymentOption] = frozenset()
    key_encryption_key: str = ""
    mail_server: str = ""
    mail_port: int = 25
    mail_username: str = ""
    mail_password: str = ""
    mail_sender: str = "Laurel <no-reply@example.com>"
    redis_url: str = ""
    issuer_name: str = "Laurel Academy"
    issuer_email: str = "certificates@example.com"
    issuer_official: str = ""
    """Who answers for its certificates: name and role in one line. What is signed from now on says so; empty says nobody."""
    linkedin_organization_id: str = ""
    """The digits by which LinkedIn knows the issuer: with them an entry in a profile shows the logo."""
    seller_address: str = ""
    """The seller's postal address as it stands on receipts, its lines separated by `|` in the environment."""
    seller_tax_id: str = ""
    boot_id: str = ""
    """A name of this start that says nothing: whoever started the site finds it again under `/healthz`."""

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def host(self) -> str:
        """Host and, where it is not the scheme's own, port of the public address."""
        return urlsplit(self.public_url).netloc

    @property
    def uses_sandbox(self) -> bool:
        return bool(self.stripe_api_base)

    @property
    def takes_real_money(self) -> bool:
        return self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def is_demo(self) -> bool:
        return self.stage is Stage.DEMO


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises SettingsError where one is missing or dangerous."""
    env = os.environ if environment is None else environment
    stage = Stage(env.get("LAUREL_STAGE", "production"))
    local = stage is not Stage.PRODUCTION
    instance = _folder(env, make=local)
    settings = Settings(
        stage=stage,
        public_url=env.get("PUBLIC_URL", "http://127.0.0.1:8000" if local else "").rstrip("/"),
        database_url=env.get("DATABASE_URL", f"sqlite:///{instance / 'laurel.db'}"),
        secret_key=_secret(env, "SECRET_KEY", instance / "secret_key" if local else None),
        secret_key_fallbacks=_list(env, "SECRET_KEY_FALLBACKS"),
        instance=instance,
        proxy_hops=int(env.get("LAUREL_PROXY_HOPS", "0")),
        staff_second_factor=env.get("LAUREL_STAFF_SECOND_FACTOR", "0" if local else "1") == "1",
        two_person_rule=env.get("LAUREL_TWO_PERSON_RULE", "0" if local else "1") == "1",
        stripe_secret_key=env.get("STRIPE_SECRET_KEY", ""),
        stripe_webhook_secrets=_list(env, "STRIPE_WEBHOOK_SECRETS"),
        stripe_api_base=env.get("STRIPE_API_BASE", "").rstrip("/"),
        currencies=_list(env, "PAYMENTS_CURRENCIES") or ("usd", "eur"),
        refund_max_progress=_percent(env, "LAUREL_REFUND_MAX_PROGRESS", 50),
        lost_dispute_revokes=env.get("LAUREL_LOST_DISPUTE_REVOKES", "1") == "1",
        payment_options=_payment_options(env),
        key_encryption_key=_secret(env, "KEY_ENCRYPTION_KEY", instance / "key_encryption_key" if local else None),
        mail_server=env.get("MAIL_SERVER", ""),
        mail_port=int(env.get("MAIL_PORT", "25")),
        mail_username=env.get("MAIL_USERNAME", ""),
        mail_password=env.get("MAIL_PASSWORD", ""),
        mail_sender=env.get("MAIL_SENDER", "Laurel <no-reply@example.com>"),
        redis_url=env.get("REDIS_URL", ""),
        issuer_name=env.get("ISSUER_NAME", "Laurel Academy"),
        issuer_email=env.get("ISSUER_EMAIL", "certificates@example.com"),
        issuer_official=_official(env),
        linkedin_organization_id=_digits(env, "LINKEDIN_ORGANIZATION_ID"),
        seller_address="\n".join(part.strip() for part in env.get("SELLER_ADDRESS", "").split("|")),
        seller_tax_id=env.get("SELLER_TAX_ID", ""),
        boot_id=env.get("LAUREL_BOOT_ID") or secrets.token_hex(8),
    )
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """Raise SettingsError for what must not be: weak secrets anywhere; plain http, the sandbox or test keys in production."""
    if len(settings.secret_key) < 32:
        raise SettingsError("SECRET_KEY needs at least 32 characters: python -c 'import secrets; print(secrets.token_hex(32))'")
    url = urlsplit(settings.public_url)
    if url.scheme not in {"http", "https"} or not url.netloc or url.path:
        raise SettingsError("PUBLIC_URL must be the site's address without a path, for example https://laurel.example")
    if settings.stage is not Stage.PRODUCTION:
        if settings.stripe_secret_key.startswith("sk_live_"):
            raise SettingsError("STRIPE_SECRET_KEY is a live key. It belongs into production only.")
        return
    wrong = [
        (not settings.is_https, "PUBLIC_URL must begin with https:// in production."),
        (bool(settings.stripe_api_base), "STRIPE_API_BASE is for the sandbox. Leave it empty in production."),
        (not settings.stripe_secret_key, "STRIPE_SECRET_KEY is missing."),
        (not settings.stripe_webhook_secrets, "STRIPE_WEBHOOK_SECRETS is missing: the signing secret of your webhook endpoint."),
        (not settings.key_encryption_key, "KEY_ENCRYPTION_KEY is missing: it protects the credentials' signing keys."),
        (not settings.staff_second_factor, "Staff need a second factor in production: leave LAUREL_STAFF_SECOND_FACTOR unset."),
    ]
    for is_wrong, message in wrong:
        if is_wrong:
            raise SettingsError(message)


def _folder(env: Mapping[str, str], *, make: bool) -> Path:
    folder = Path(env.get("LAUREL_INSTANCE", "instance")).resolve()
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _official(env: Mapping[str, str]) -> str:
    official = " ".join(env.get("ISSUER_OFFICIAL", "").split())
    if len(official) > MAX_OFFICIAL:
        raise SettingsError(f"ISSUER_OFFICIAL must have {MAX_OFFICIAL} characters at most: a name and a role.")
    return official


def _digits(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise SettingsError(f"{name} must be digits alone, as they stand in the address of the organization's admin page.")
    return text


def _percent(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= 100):
        raise SettingsError(f"{name} must be a whole number from 0 to 100.")
    return int(text)


def _payment_options(env: Mapping[str, str]) -> frozenset[PaymentOption]:
    asked = _list(env, "PAYMENTS_OPTIONS")
    unknown = [name for name in asked if name not in set(PaymentOption)]
    if unknown:
        raise SettingsError(f"PAYMENTS_OPTIONS knows no {unknown[0]!r}. Choose of: {', '.join(PaymentOption)}")
    return frozenset(PaymentOption(name) for name in asked)


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _secret(env: Mapping[str, str], name: str, local_file: Path | None) -> str:
    """The secret from NAME or from the file that NAME_FILE names; a demo or test makes its own once, readable by its owner."""
    if env.get(name):
        return env[name]
    if env.get(f"{name}_FILE"):
        return Path(env[f"{name}_FILE"]).read_text().strip()
    if local_file is None:
        return ""
    if not local_file.exists():
        descriptor = os.open(local_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return local_file.read_text().strip()
