"""The outside world, made real from the settings. The only file that knows every adapter."""

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

from laurel.app import Ports
from laurel.commerce.stripe_gateway import StripeGateway
from laurel.core.mail import Mailer, Message
from laurel.credentials.aes_gateway import AesKeyVault
from laurel.settings import Settings


def email_of(message: Message, sender: str) -> EmailMessage:
    """The message as mail systems want it: text first, its HTML twin beside it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, message.recipient, message.subject, message.message_id
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


class SmtpMailer:
    """Sends through an SMTP server, encrypted where the server can."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, message: Message) -> None:
        with smtplib.SMTP(self.settings.mail_server, self.settings.mail_port, timeout=10) as server:
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if self.settings.mail_username:
                server.login(self.settings.mail_username, self.settings.mail_password)
            server.send_message(email_of(message, self.settings.mail_sender))


class FolderMailer:
    """Writes each mail into a folder, where the demo's mailbox page and a curious person find it."""

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder, self.sender = folder, sender

    def send(self, message: Message) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in message.message_id.strip("<>"))
        (self.folder / f"{name}.eml").write_bytes(bytes(email_of(message, self.sender)))


def make_mailer(settings: Settings) -> Mailer:
    if settings.mail_server:
        return SmtpMailer(settings)
    return FolderMailer(settings.instance / "mails", settings.mail_sender)


def make_ports(settings: Settings) -> Ports:
    """What production and the demo use; tests bring fakes instead."""
    return Ports(payments=StripeGateway(settings), mailer=make_mailer(settings), keys=AesKeyVault(settings.key_encryption_key))
