"""What an author sends of a random section: where it draws from, how many, and how hard they shall be."""

from typing import Any
from uuid import UUID

from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, ValidationError
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, Optional

from laurel.bank.rules import clean_tags, split_tags
from laurel.bank.rules.drafts import EASIEST, HARDEST, MAX_OBJECTIVE
from laurel.bank.rules.tags import MAX_TAG, MAX_TAGS
from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules import DrawFilter, SlotKind, SlotSpec
from laurel.quizzes.rules.filtering import BANDS, TagsMatch
from laurel.quizzes.rules.quizzes import MAX_QUESTIONS
from laurel.quizzes.rules.scoring import shown_mark
from laurel.studio.forms.questions.base import DIFFICULTIES
from laurel.studio.forms.quizzes import PartForm, whole

MATCHES = [SelectChoice(TagsMatch.ALL.value, "all of them"), SelectChoice(TagsMatch.ANY.value, "any of them")]
SHARE = f"Write a number between 0 and {MAX_QUESTIONS}, or leave all three empty."


class DrawForm(PartForm):
    """Questions to be drawn from a category, anew for each attempt."""

    category = SelectField("Category", validators=[InputRequired("Choose a category.")])
    with_subcategories = BooleanField("And the categories within it")
    tags = StringField("Tags", validators=[Optional(), Length(max=MAX_TAGS * (MAX_TAG + 2))])
    tags_match = RadioField("A question needs", choices=MATCHES, default=TagsMatch.ALL.value)
    objective = StringField("Words of the learning objective", validators=[Optional(), Length(max=MAX_OBJECTIVE)])
    easiest = SelectField("Difficulty from", choices=DIFFICULTIES, default=str(EASIEST))
    hardest = SelectField("Difficulty to", choices=DIFFICULTIES, default=str(HARDEST))
    count = StringField("How many questions", validators=[whole(1, MAX_QUESTIONS, f"Write a number between 1 and {MAX_QUESTIONS}.")])
    easy = StringField("Easy (1 and 2)", validators=[Optional(), whole(0, MAX_QUESTIONS, SHARE)])
    medium = StringField("Medium (3)", validators=[Optional(), whole(0, MAX_QUESTIONS, SHARE)])
    hard = StringField("Hard (4 and 5)", validators=[Optional(), whole(0, MAX_QUESTIONS, SHARE)])

    def validate_tags(self, field: Field) -> None:
        try:
            clean_tags(split_tags(field.data or ""))
        except InvalidInputError as error:
            raise ValidationError(error.message) from error

    def _spread(self) -> tuple[int, ...]:
        parts = [self[band.name].data or "" for band in BANDS]
        return tuple(int(part or 0) for part in parts) if any(parts) else ()

    def slot(self) -> SlotSpec:
        return SlotSpec(
            kind=SlotKind.RANDOM,
            category_id=UUID(self.category.data),
            count=int(self.count.data),
            domain=self.domain,
            domain_title=self.domain_title.data or "",
            max_mark=self.points,
            draw_filter=DrawFilter(
                with_subcategories=self.with_subcategories.data,
                tags=clean_tags(split_tags(self.tags.data or "")),
                tags_match=TagsMatch(self.tags_match.data),
                objective=self.objective.data or "",
                easiest=int(self.easiest.data),
                hardest=int(self.hardest.data),
                spread=self._spread(),
            ),
        )

    @staticmethod
    def values_of(slot: SlotSpec) -> dict[str, Any]:
        """The values of the fields for a slot."""
        wanted = slot.draw_filter
        spread = {band.name: str(count) for band, count in zip(BANDS, wanted.spread, strict=False)}
        return spread | {
            "category": str(slot.category_id),
            "count": str(slot.count),
            "domain_title": slot.domain_title,
            "max_mark": shown_mark(slot.max_mark),
            "with_subcategories": wanted.with_subcategories,
            "tags": ", ".join(wanted.tags),
            "tags_match": wanted.tags_match.value,
            "objective": wanted.objective,
            "easiest": str(wanted.easiest),
            "hardest": str(wanted.hardest),
        }
