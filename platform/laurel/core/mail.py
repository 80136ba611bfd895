"""Mail: written into the `mails` table with the facts that cause it, sent by the worker outside any transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import make_msgid, parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import Index, String, Text, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from laurel.core.bus import nudge_after_commit
from laurel.core.db import Base, text_enum
from laurel.core.errors import InvalidInputError
from laurel.core.ids import first_id_after, new_id

MAX_TRIES = 8
LEASE = timedelta(minutes=2)


class MailStatus(StrEnum):
    DUE = "due"
    SENT = "sent"
    FAILED = "failed"


class Mail(Base):
    """One message to one person, kept until it is sent; `key` makes a repeated cause write it once."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_status_due_at", "status", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    message_id: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime]
    status: Mapped[MailStatus] = mapped_column(text_enum(MailStatus), default=MailStatus.DUE)
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)


@dataclass(frozen=True, slots=True)
class Message:
    """What a mailer sends: one recipient, plain text and, where there is one, its HTML twin."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str | None


class Mailer(Protocol):
    """Hands one message to the mail system; raises if that did not take it."""

    def send(self, message: Message) -> None: ...


class MailTemplates:
    """Renders `email/<name>/{subject.txt,body.txt,body.html}`. Links are built from `public_url` alone."""

    def __init__(self, folder: Path, *, public_url: str, site_name: str = "Laurel") -> None:
        self.public_url = public_url
        self.environment = Environment(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=select_autoescape(["html"]), trim_blocks=True
        )
        self.environment.globals.update(public_url=public_url, site_name=site_name)

    def render(self, name: str, context: dict[str, Any]) -> tuple[str, str, str | None]:
        """Subject (one line), text and HTML (None where the mail has no `body.html`)."""
        subject = " ".join(self.environment.get_template(f"{name}/subject.txt").render(context).split())
        text = self.environment.get_template(f"{name}/body.txt").render(context)
        html_name = f"{name}/body.html"
        if html_name not in self.environment.list_templates():
            return subject, text, None
        return subject, text, self.environment.get_template(html_name).render(context)


class Post:
    """The mail templates in force; `app.create_app` puts them here."""

    templates: MailTemplates


post = Post()


def queue_mail(session: Session, name: str, /, *, key: str, recipient: str, now: datetime, **context: Any) -> None:
    """Write the mail `email/<name>` once: a second call with the same `key` changes nothing."""
    if session.scalar(select(Mail.id).where(Mail.key == key)) is not None:
        return
    subject, text, html = post.templates.render(name, context)
    add_mail(session, key=key, recipient=recipient, subject=subject, text=text, html=html, now=now)


def add_mail(session: Session, *, key: str, recipient: str, subject: str, text: str, html: str | None, now: datetime) -> None:
    """Write a mail whose words are ready. A recipient that could smuggle a header is refused."""
    if any(c in recipient for c in "\r\n,;") or parseaddr(recipient)[1] != recipient:
        raise InvalidInputError("That is not one e-mail address.")
    host = post.templates.public_url.split("//")[-1].split("/")[0].split(":")[0]
    session.add(
        Mail(
            key=key,
            message_id=make_msgid(domain=host),
            recipient=recipient,
            subject=" ".join(subject.split())[:300],
            text=text,
            html=html,
            due_at=now,
        )
    )
    session.flush()
    nudge_after_commit(session)


def forget_mails(session: Session, about: UUID) -> None:
    """Delete every mail whose key names this thing, sent or not."""
    session.execute(delete(Mail).where(Mail.key.contains(str(about))))


def empty_mails(session: Session, recipient: str, *, until: datetime) -> None:
    """Keep that mails were sent to this address, and nothing of what those said that were written until then, however long they were on
    their way; those that failed for good go."""
    written = (Mail.recipient == recipient, Mail.id < first_id_after(until))
    sent = update(Mail).where(*written, Mail.status == MailStatus.SENT)
    session.execute(sent.values(subject="", text="", html=None).execution_options(synchronize_session=False))
    session.execute(delete(Mail).where(*written, Mail.status == MailStatus.FAILED))


def list_due_mails(session: Session, *, now: datetime, limit: int = 50) -> list[UUID]:
    """Mails that wait and that nobody is sending."""
    return list(
        session.scalars(
            select(Mail.id)
            .where(Mail.status == MailStatus.DUE, Mail.due_at <= now)
            .where(or_(Mail.leased_until.is_(None), Mail.leased_until <= now))
            .order_by(Mail.due_at)
            .limit(limit)
        )
    )


def claim_mail(session: Session, mail_id: UUID, *, now: datetime) -> Message | None:
    """Take the mail for two minutes; None if it is sent or somebody else's. The caller commits, then sends."""
    claimed = session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.status == MailStatus.DUE)
        .where(or_(Mail.leased_until.is_(None), Mail.leased_until <= now))
        .values(leased_until=now + LEASE, tries=Mail.tries + 1)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    mail = session.get_one(Mail, mail_id, populate_existing=True)
    return Message(mail.message_id, mail.recipient, mail.subject, mail.text, mail.html)


def record_sending(session: Session, mail_id: UUID, *, error: str | None, now: datetime) -> None:
    """Note that the mail went out, or give it its next time (4, 16, 64 … seconds); after 8 tries it stays failed."""
    mail = session.get(Mail, mail_id)
    if mail is None:  # forgotten while it was being sent
        return
    mail.leased_until, mail.error = None, error
    if error is None:
        mail.status, mail.sent_at = MailStatus.SENT, now
    elif mail.tries >= MAX_TRIES:
        mail.status = MailStatus.FAILED
    else:
        mail.due_at = now + timedelta(seconds=min(4**mail.tries, 3600))


def retry_mail(session: Session, mail_id: UUID, *, now: datetime) -> None:
    """Give a failed mail eight more tries. One that is not failed stays as it is."""
    session.execute(
        update(Mail).where(Mail.id == mail_id, Mail.status == MailStatus.FAILED).values(status=MailStatus.DUE, tries=0, due_at=now)
    )
    nudge_after_commit(session)
