"""A question as an author hands it in, before it is a version."""

import hashlib
import json
import re
from dataclasses import dataclass
from uuid import UUID

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.kinds import Body, Part, QuestionKind, Renderers
from laurel.bank.rules.reading import clean_text, refuse
from laurel.bank.rules.tags import clean_group, clean_tags

IMAGE_WITHOUT_TEXT = re.compile(r"!\[\s*\]\s*[(\[]")
MAX_OBJECTIVE = 300
EASIEST, HARDEST = 1, 5
NO_HTML = Renderers(block=lambda _text: "", inline=lambda _text: "")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """Everything about a question that its author decides."""

    category_id: UUID
    stem: str
    body: Body
    general_feedback: str = ""
    objective: str = ""
    difficulty: int = 3
    tags: tuple[str, ...] = ()
    duplicate_group: str = ""

    @property
    def kind(self) -> QuestionKind:
        return self.body.kind

    def cleaned(self) -> "QuestionDraft":
        """The same draft with its texts in their stored form; raises InvalidInputError for what cannot be stored."""
        stem = clean_text(self.stem, "stem")
        if not stem:
            refuse("Write the question.", "stem")
        if not EASIEST <= self.difficulty <= HARDEST:
            refuse("The difficulty goes from 1 to 5.", "difficulty")
        return QuestionDraft(
            category_id=self.category_id,
            stem=stem,
            body=self.body,
            general_feedback=clean_text(self.general_feedback, "general_feedback"),
            objective=clean_text(self.objective, "objective", limit=MAX_OBJECTIVE),
            difficulty=self.difficulty,
            tags=clean_tags(self.tags),
            duplicate_group=clean_group(self.duplicate_group),
        )


def content_hash(stem: str, body: Body, general_feedback: str) -> str:
    """The same for two versions exactly if a learner would see and earn the same; HTML is left out, it follows from the rest."""
    content = {
        "kind": body.kind.value,
        "stem": stem,
        "body": body.rendered(NO_HTML).to_json(),
        "general_feedback": general_feedback,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def parts_of(stem: str, body: Body, general_feedback: str) -> list[Part]:
    """Everything a version holds, in order."""
    return [Part("Question", stem), *body.parts(), Part("General feedback", general_feedback)]


def check_draft(*, stem: str, body: Body, general_feedback: str, objective: str) -> list[Finding]:
    """What speaks against putting the question to learners, the errors first."""
    found = [*body.check(), *body.check_stem(stem)]
    mute = [part for part in parts_of(stem, body, general_feedback) if IMAGE_WITHOUT_TEXT.search(part.text)]
    found += [error(f"{part.label}: an image has no text for those who cannot see it.") for part in mute]
    if not general_feedback:
        found.append(warning("There is no general feedback: the idea behind the answer.", "general_feedback"))
    if not objective:
        found.append(warning("There is no learning objective: what answering it shows.", "objective"))
    return sorted(found, key=lambda finding: finding.severity.value)
