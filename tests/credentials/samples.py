"""One credential's facts and a key, for tests without a database. They lie in the past and never end, whenever the tests run."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from laurel.credentials.gateway import KeyPair
from laurel.credentials.keypair_gateway import sign_locally
from laurel.credentials.rules.document import AchievementFacts, CredentialFacts, HolderFacts
from laurel.credentials.rules.scores import ExamRecord

SEED = bytes(range(32))
PUBLIC_KEY = "z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd"  # as openbadgeslib writes it
SIGNER = sign_locally(KeyPair("did:web:laurel.test#key-2026-01", "Ed25519", PUBLIC_KEY, b""), SEED)
PUBLIC_PEM = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n"
FACTS = CredentialFacts(
    credential_id=UUID("0b7d6a52-7e0b-4e5e-9c0f-1f6f9a6f2c11"),
    number="LRL-7Q4M-KD2X-93ZZ",
    achievement=AchievementFacts(
        slug="widget-safety",
        n=3,
        name="Certified Widget Safety Practitioner",
        description="Awarded for passing the Widget Safety exam.",
        criteria="Pass the exam with **80 %** or better.",
        language="en",
        tags=("safety",),
    ),
    holder=HolderFacts(
        subject_id=UUID("5f3b2c9e-4d0a-4c9a-8f57-0a3b8a4b9f01"), name="Ada Lovelace", email="Ada@Example.com", salt="b0f1c2d3e4f5a6b7"
    ),
    awarded_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    valid_from=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    valid_until=None,
    started_at=datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
    status_list=7,
    status_index=94567,
)

RECORD = ExamRecord(score=Decimal("92.00"), required=Decimal("80"), questions=60, minutes=90)
"""What came out of the exam, for those whose holder agrees."""


def with_holder(facts: CredentialFacts, *, name: str) -> CredentialFacts:
    """The same, for somebody else."""
    return replace(facts, holder=replace(facts.holder, name=name))
