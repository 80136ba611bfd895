"""What a credential says of the exam that earned it: its score and a record of it, only where its holder agreed (0024)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamRecord:
    """What may be said of a passed exam. No question, no answer, and no time that one person alone was given.

    `score` and `required` are percentages, the score as `quizzes.rules.scoring.Score.shown` rounds it: half up to two places.
    """

    score: Decimal
    required: Decimal
    questions: int
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedScore:
    """The score as a signed document says it."""

    value: str
    required: str

    @property
    def words(self) -> str:
        return f"{self.value} %"

    @property
    def pass_words(self) -> str:
        return f"passed with {self.required} % or better"


def in_achievement(achievement_url: str, record: ExamRecord | None) -> dict[str, Any]:
    """The members that an achievement has besides: how its result is to be read."""
    if record is None:
        return {}
    described = {
        "id": _description_id(achievement_url, record),
        "type": ["ResultDescription"],
        "name": "Exam score",
        "resultType": "Percent",
        "valueMin": "0",
        "valueMax": "100",
        "requiredValue": write_percent(record.required),
    }
    return {"resultDescription": [described]}


def in_subject(achievement_url: str, record: ExamRecord | None) -> dict[str, Any]:
    """The members that the subject has besides: the result. Numbers are strings: verifiers write JSON numbers differently."""
    if record is None:
        return {}
    result = {
        "type": ["Result"],
        "resultDescription": _description_id(achievement_url, record),
        "value": write_percent(record.score),
        "status": "Completed",
    }
    return {"result": [result]}


def in_credential(credential_url: str, record: ExamRecord | None) -> dict[str, Any]:
    """The members that the credential has besides: the record of the exam, which is found at an address of its own."""
    if record is None:
        return {}
    evidence = {
        "id": f"{credential_url}/evidence",
        "type": ["Evidence"],
        "name": "Exam record",
        "genre": "Assessment",
        "narrative": narrative_of(record),
    }
    return {"evidence": [evidence]}


def preview(credential_url: str, achievement_url: str, record: ExamRecord) -> dict[str, Any]:
    """Exactly what is signed besides, where it stands in the document."""
    subject = {"achievement": in_achievement(achievement_url, record), **in_subject(achievement_url, record)}
    return {"credentialSubject": subject, **in_credential(credential_url, record)}


def narrative_of(record: ExamRecord) -> str:
    questions = f"{record.questions} {'question' if record.questions == 1 else 'questions'}"
    time = f"{record.minutes} minutes" if record.minutes else "no time limit"
    return f"A graded exam: {questions}; {time}."


def write_percent(value: Decimal) -> str:
    """`92`, `87.5`: no trailing zeros, never an exponent."""
    return f"{value.quantize(Decimal('0.01')).normalize():f}"


def score_in(document: Any) -> SignedScore | None:
    """The score that a document says, with the least that passes; None if it says none."""
    result, description = _first(_subject(document), "result"), _first(_at(_subject(document), "achievement"), "resultDescription")
    value, required = _at(result, "value"), _at(description, "requiredValue")
    if not (isinstance(value, str) and isinstance(required, str)):
        return None
    return SignedScore(value=value, required=required)


def evidence_in(document: Any) -> dict[str, Any] | None:
    """The record of the exam that a document says; None if it says none."""
    found = _first(document, "evidence")
    return found if isinstance(found, dict) else None


def list_score_faults(document: Any, expected: dict[str, Any] | None) -> Iterator[str]:
    """How a document differs from what it must say of the exam: `expected` is its `preview`; None if its holder has not agreed."""
    said = {
        "score": _at(_subject(document), "result"),
        "reading of the score": _at(_at(_subject(document), "achievement"), "resultDescription"),
        "exam record": _at(document, "evidence"),
    }
    if expected is None:
        if any(value is not None for value in said.values()):
            yield "it says what came out of the exam, and its holder has not agreed to that"
        return
    subject = expected["credentialSubject"]
    due = (subject["result"], subject["achievement"]["resultDescription"], expected["evidence"])
    for (name, value), wanted in zip(said.items(), due, strict=True):
        if value != wanted:
            yield f"its {name} is not what follows from the attempt that earned it"


def _description_id(achievement_url: str, record: ExamRecord) -> str:
    """The same wherever the same is described: one name must not stand for two pass marks."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{achievement_url}#score-{write_percent(record.required)}')}"


def _subject(document: Any) -> Any:
    return _at(document, "credentialSubject")


def _at(value: Any, member: str) -> Any:
    return value.get(member) if isinstance(value, dict) else None


def _first(value: Any, member: str) -> Any:
    """The one entry of a list."""
    entries = _at(value, member)
    return entries[0] if isinstance(entries, list) and len(entries) == 1 else None
