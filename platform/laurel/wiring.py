"""Who reacts to what: for each event, what happens *together* with it and what *afterwards*."""

from functools import partial

from laurel.attribution import handlers as attribution
from laurel.commerce import handlers as commerce
from laurel.commerce.events import (
    AccessReturned,
    CourseEntitled,
    DisputeClosed,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    PaymentFailed,
    RefundFailed,
    RefundSucceeded,
    RenewalPaid,
    RenewalReturned,
    RenewalTaken,
)
from laurel.core.bus import Subscriptions
from laurel.credentials import handlers as credentials
from laurel.credentials.events import (
    ActivityDecided,
    CredentialAwarded,
    CredentialCorrected,
    CredentialHeld,
    CredentialIssued,
    CredentialReinstated,
    CredentialReleased,
    CredentialRevoked,
    NameChangeApplied,
    NameChangeApproved,
    NameChangeRefused,
    NameChangeReversed,
    NameReversalAsked,
    RenewalEarned,
    SignatureRenewed,
)
from laurel.credentials.gateway import KeyVault
from laurel.credentials.services.issuers import issuer_of
from laurel.learning import handlers as learning
from laurel.learning.events import CourseCompleted
from laurel.quizzes import handlers as quizzes
from laurel.quizzes.events import AttemptGraded, AttemptSubmitted, GradersFinished, ReviewDecided
from laurel.settings import Settings


def subscriptions(settings: Settings, keys: KeyVault) -> Subscriptions:
    """The whole business, on one page."""
    pause = partial(credentials.pause_what_was_released, issuer=issuer_of(settings), keys=keys, env=settings.host)
    follow_fee = partial(credentials.follow_renewal_fee, issuer=issuer_of(settings), keys=keys, env=settings.host)
    return Subscriptions(
        together={  # same transaction: all of it happens, or none of it
            CourseEntitled: [learning.enroll_entitled],
            AttemptGraded: [credentials.note_renewal, learning.finish_assessed_lesson],
            CourseCompleted: [credentials.award_credential],
        },
        afterwards={  # a transaction of its own, tried again until it works
            OrderPlaced: [attribution.link_order],
            AttemptSubmitted: [quizzes.email_exam_receipt],
            GradersFinished: [quizzes.email_graded],
            ReviewDecided: [quizzes.email_review_answer],
            OrderExpired: [commerce.remind_of_unfinished_order],
            PaymentFailed: [commerce.email_failed_payment],
            OrderPaid: [attribution.credit_order, commerce.email_receipt],
            RefundSucceeded: [commerce.email_refund],
            RefundFailed: [commerce.email_failed_refund],
            AccessReturned: [partial(credentials.issue_held, issuer=issuer_of(settings), keys=keys)],
            **{moved: [follow_fee] for moved in (RenewalPaid, RenewalTaken, RenewalReturned)},
            DisputeClosed: [credentials.revoke_after_lost_dispute] if settings.lost_dispute_revokes else [],
            RenewalEarned: [credentials.renew_credential],
            CredentialAwarded: [partial(credentials.issue_credential, issuer=issuer_of(settings), keys=keys)],
            CredentialIssued: [credentials.email_holder],
            SignatureRenewed: [credentials.email_renewed_signature],
            CredentialCorrected: [partial(credentials.email_correction, issuer=issuer_of(settings))],
            CredentialHeld: [partial(credentials.email_hold, issuer=issuer_of(settings))],
            CredentialReleased: [credentials.email_release, pause],
            CredentialRevoked: [partial(credentials.email_revocation, issuer=issuer_of(settings))],
            CredentialReinstated: [credentials.email_reinstatement],
            ActivityDecided: [credentials.email_activity_decision],
            NameChangeApproved: [partial(credentials.apply_name_change, issuer=issuer_of(settings), keys=keys)],
            NameChangeApplied: [credentials.email_name_change],
            NameChangeRefused: [credentials.email_name_refusal],
            NameReversalAsked: [partial(credentials.reverse_name_change, issuer=issuer_of(settings), keys=keys)],
            NameChangeReversed: [credentials.email_name_reversal],
        },
    )
