"""What is done to an account: registered, renamed, confirmed, given a password, roles, a second factor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts import events
from laurel.accounts.models import LinkPurpose, User
from laurel.accounts.queries import count_people_with_role, find_user_by_email, get_user, lock_user
from laurel.accounts.rules import NAME_MAX, Role, check_password, parse_roles
from laurel.accounts.services.addresses import normalize_email
from laurel.accounts.services.links import delete_links, make_link
from laurel.accounts.services.passwords import hash_password
from laurel.core.bus import publish
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.ids import new_id
from laurel.core.mail import queue_mail


class EmailTakenError(InvalidInputError):
    message = "There is already an account with this e-mail address."


def register(
    session: Session,
    *,
    email: str,
    name: str,
    now: datetime,
    password: str | None = None,
    password_hash: str | None = None,
    role_names: Sequence[str] = (),
    confirmed: bool = False,
) -> User:
    """Open an account and, unless the address is `confirmed`, mail the link that confirms it.

    Give the `password` (checked and hashed here) or its hash (from `hash_password`, before the transaction); without
    either nobody can sign in until a password is set by a mailed link. Raises EmailTakenError, InvalidInputError.
    """
    address = normalize_email(email)
    if password is not None:
        check_password(password, email=address, name=name)
        password_hash = hash_password(password)
    if find_user_by_email(session, address) is not None:
        raise EmailTakenError(field="email")
    user = User(email=address, name=name, password=password_hash, created_at=now, role_names=parse_roles(role_names))
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise EmailTakenError(field="email") from None
    if confirmed:
        user.confirmed_at = now
    else:
        _mail_confirmation(session, user, "welcome", now=now)
    session.flush()
    publish(session, events.UserRegistered(occurred_at=now, user_id=user.id), actor_id=user.id)
    return user


def rename(session: Session, user_id: UUID, *, name: str) -> User:
    """Change the person's name, as pages and mails say it. What stands on certificates is not touched."""
    user = get_user(session, user_id)
    user.name = name
    session.flush()
    return user


def rename_on_certificates(session: Session, user_id: UUID, *, name: str | None) -> User:
    """Say which name the next certificate carries (None: the person's name). Whether that may be changed is for the caller to know."""
    user = get_user(session, user_id)
    user.certificate_name = name or None
    session.flush()
    return user


def keep_certificate_name(user: User, name: str) -> None:
    """A certificate carries this name: from now on the next one does, too, however the person is called. One chosen before stays."""
    if user.certificate_name is None:
        user.certificate_name = name if len(name) <= NAME_MAX else user.name


def request_confirmation(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Mail the link that confirms the person's address. A confirmed one gets no mail."""
    user = get_user(session, user_id)
    if user.confirmed_at is None:
        _mail_confirmation(session, user, "confirm", now=now)


def confirm_email(session: Session, user: User, *, now: datetime) -> None:
    """The person read a mail sent to their address. Saying it twice changes nothing."""
    delete_links(session, user, LinkPurpose.CONFIRM)
    if user.confirmed_at is None:
        user.confirmed_at = now
        session.flush()
        publish(session, events.EmailConfirmed(occurred_at=now, user_id=user.id), actor_id=user.id)


def request_reset(session: Session, email: str, *, now: datetime) -> None:
    """Mail a link for a new password to this address, if it is somebody's. For nobody's address the same work is done and undone."""
    user, address = find_user_by_email(session, email), normalize_email(email)
    if user is not None and user.active:
        token = make_link(session, user, LinkPurpose.RESET, email=address, now=now)
        queue_mail(session, "reset", key=f"reset:{new_id()}", recipient=address, now=now, name=user.name, token=token)
        return
    undone = session.begin_nested()
    stranger = User(email=f"{new_id()}@nobody.invalid", name="", password=None, created_at=now, active=False)
    session.add(stranger)
    session.flush()
    token = make_link(session, stranger, LinkPurpose.RESET, now=now)
    queue_mail(session, "reset", key=f"reset:{new_id()}", recipient=stranger.email, now=now, name=stranger.name, token=token)
    undone.rollback()


def change_password(
    session: Session, user_id: UUID, *, password_hash: str, by_reset: bool, now: datetime, mailed_to: str | None = None
) -> User:
    """Set the password, end every session, and tell the person by mail. A reset also shows that the first address is theirs,
    unless its link was `mailed_to` a further one.
    """
    user = lock_user(session, user_id)
    user.password = password_hash
    user.forget_sessions()
    delete_links(session, user, LinkPurpose.RESET)
    session.flush()
    publish(session, events.PasswordChanged(occurred_at=now, user_id=user.id, by_reset=by_reset), actor_id=user.id)
    if by_reset and mailed_to in {None, user.email}:
        confirm_email(session, user, now=now)
    tell(session, user, "Your password was changed", now=now)
    return user


def enable_second_factor(session: Session, user: User, *, secret: str, now: datetime) -> None:
    """From now on a code is asked for at sign-in. `secret` is sealed already. The person's sessions end."""
    user.tf_primary_method, user.tf_totp_secret = "authenticator", secret
    user.forget_sessions()
    session.flush()
    publish(session, events.SecondFactorEnabled(occurred_at=now, user_id=user.id), actor_id=user.id)
    tell(session, user, "Two-factor sign-in was turned on", now=now)


def remove_second_factor(session: Session, user_id: UUID, *, is_required: bool, now: datetime) -> User:
    """The password alone is enough again; the person's sessions end. Where it `is_required`, ConflictError."""
    if is_required:
        raise ConflictError("Members of staff need a second factor.")
    user = lock_user(session, user_id)
    user.tf_primary_method = user.tf_totp_secret = user.totp_counter = user.mf_recovery_codes = None
    user.forget_sessions()
    session.flush()
    publish(session, events.SecondFactorRemoved(occurred_at=now, user_id=user.id), actor_id=user.id)
    tell(session, user, "Two-factor sign-in was turned off", now=now)
    return user


def set_roles(session: Session, user_id: UUID, *, role_names: Sequence[str], by_id: UUID | None, now: datetime) -> User:
    """Say what a person is besides a learner; their sessions end. The last owner stays one: ConflictError."""
    user = lock_user(session, user_id)
    wanted = parse_roles(role_names)
    if wanted == user.role_names:
        return user
    if Role.OWNER in user.role_names and Role.OWNER not in wanted and count_people_with_role(session, Role.OWNER) == 1:
        raise ConflictError("This is the only owner. Make somebody else an owner first.")
    user.role_names = wanted
    user.forget_sessions()
    session.flush()
    publish(session, events.RolesChanged(occurred_at=now, user_id=user.id, role_names=" ".join(wanted)), actor_id=by_id)
    return user


def tell(session: Session, user: User, what: str, *, now: datetime, recipient: str | None = None) -> None:
    """Mail the person, at their first address or at `recipient`, that something about their account's safety changed."""
    address = recipient or user.email
    queue_mail(session, "security_notice", key=f"security:{new_id()}", recipient=address, now=now, name=user.name, what=what, at=now)


def _mail_confirmation(session: Session, user: User, mail: str, *, now: datetime) -> None:
    token = make_link(session, user, LinkPurpose.CONFIRM, now=now)
    queue_mail(session, mail, key=f"{mail}:{new_id()}", recipient=user.email, now=now, name=user.name, token=token)
