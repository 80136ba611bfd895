"""What a refund would end, said before it is made."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.models import Entitlement, Offering, Order
from laurel.commerce.queries.refunds import LineStand, list_line_stands
from laurel.commerce.rules import AccessEffect, EntitlementStatus, OfferingKind


def foresee_refund(session: Session, order: Order, parts: Mapping[UUID, tuple[int, int]], effect: AccessEffect) -> list[str]:
    """Sentences for staff about a refund of `parts` (line: amount, seats): what ends when, and what stays."""
    sentences = []
    for stand in list_line_stands(session, order):
        if stand.line.id not in parts:
            continue
        amount, seats = parts[stand.line.id]
        title = stand.line.title
        if effect is AccessEffect.KEEP:
            sentences.append(f"{title}: nothing ends. Access stays as it is.")
        elif stand.line.kind is OfferingKind.SEATS:
            sentences += _about_seats(session, stand, seats, is_whole=amount >= stand.money.left)
        elif stand.line.kind is OfferingKind.EXAM_RETAKE:
            sentences.append(_about_retake(stand))
        elif stand.line.kind is OfferingKind.RENEWAL:
            sentences.append(_about_renewal(stand))
        else:
            sentences += _about_rights(session, stand)
    return sentences


def _about_seats(session: Session, stand: LineStand, seats: int, *, is_whole: bool) -> list[str]:
    title, unused, used = stand.line.title, stand.unused_seats, stand.used_seats
    if not is_whole:
        stays = f" {used} redeemed {'seat stays' if used == 1 else 'seats stay'}." if used else ""
        return [f"{title}: {seats} of {unused} unused seats stop working now.{stays}"]
    return [f"{title}: {_about_unused(seats, unused)}", *_about_rights(session, stand)]


def _about_unused(seats: int, unused: int) -> str:
    """Of a line that goes back as a whole: what is taken back is taken at once, what else is unused with the money."""
    later = "as soon as Stripe says that the money is back."
    if unused == 0:
        return "there are no unused seats."
    if seats == unused:
        return f"all {unused} unused seats stop working now."
    if seats == 0:
        return f"all {unused} unused seats stop working {later}"
    return f"{seats} of {unused} unused seats {'stops' if seats == 1 else 'stop'} working now, the other {unused - seats} {later}"


def _about_retake(stand: LineStand) -> str:
    if stand.credit is None or stand.credit.revoked_at is not None:
        return f"{stand.line.title}: there is no retake left to take back."
    if stand.credit.consumed_at is not None:
        return f"{stand.line.title}: the retake was used already. Nothing is taken back."
    return f"{stand.line.title}: the unused retake stops working now."


def _about_renewal(stand: LineStand) -> str:
    if stand.renewal is None or stand.renewal.status is EntitlementStatus.REVOKED:
        return f"{stand.line.title}: there is no renewal left to take back."
    if stand.renewal.used_at is None:
        return f"{stand.line.title}: nothing was renewed yet, and nothing will be once Stripe says that the money is back."
    return f"{stand.line.title}: the renewed certificate is revoked as soon as Stripe says that the money is back."


def _about_rights(session: Session, stand: LineStand) -> list[str]:
    standing = [right for right in stand.rights if right.status is not EntitlementStatus.REVOKED]
    if not standing:
        return [f"{stand.line.title}: no access is left that could end."]
    people = select(User.id, User.name).where(User.id.in_([right.user_id for right in standing]))
    names = {row.id: row.name for row in session.execute(people)}
    others = _who_has_it_otherwise(session, stand, standing)
    return [
        f"{names[right.user_id]} keeps {stand.line.title}: they have it from elsewhere, too."
        if right.user_id in others
        else f"{names[right.user_id]} loses {stand.line.title} as soon as Stripe says that the money is back."
        for right in standing
    ]


def _who_has_it_otherwise(session: Session, stand: LineStand, standing: list[Entitlement]) -> frozenset[UUID]:
    """Of these people, those who have the line's course by another right as well."""
    statement = (
        select(Entitlement.user_id)
        .join(Offering, Offering.id == Entitlement.offering_id)
        .where(Entitlement.user_id.in_([right.user_id for right in standing]), Offering.course_id == stand.line.offering.course_id)
        .where(Entitlement.status == EntitlementStatus.ACTIVE, Entitlement.id.not_in([right.id for right in stand.rights]))
    )
    return frozenset(session.scalars(statement))
