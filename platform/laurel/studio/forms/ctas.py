"""What a marketer sends of a call to action."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, Regexp

from laurel.catalog.queries import CourseCard
from laurel.catalog.rules import CourseStatus
from laurel.core.errors import InvalidInputError
from laurel.ctas.models import Cta
from laurel.ctas.rules import MAX_BODY, MAX_BUTTON, MAX_HEADING, MAX_NAME, MAX_SLUG, SLUG, CtaCopy, CtaStyle, check_copy
from laurel.ctas.services import CtaDraft
from laurel.web.forms import LaurelForm, read_seen

STYLES = [
    SelectChoice(CtaStyle.CARD.value, "Card, between paragraphs"),
    SelectChoice(CtaStyle.END_CARD.value, "End card with the facts, after the text"),
    SelectChoice(CtaStyle.BANNER.value, "Banner, one line"),
    SelectChoice(CtaStyle.LINK.value, "Link, the quietest"),
]


def known_tokens(_form: Any, field: Field) -> None:
    """Refuse copy with a token that does not exist."""
    try:
        check_copy(field.data or "", field=field.name)
    except InvalidInputError as error:
        raise ValidationError(error.message) from None


class CtaForm(LaurelForm):
    """A call to action as it is written; `base_version` is the one that the marketer started from."""

    name = StringField("Name", validators=[InputRequired("Give it a name that you will recognize."), Length(max=MAX_NAME)])
    course = SelectField("Course", validators=[InputRequired("Choose the course that it leads to.")])
    style = RadioField("Style", choices=STYLES, default=CtaStyle.CARD.value)
    heading = StringField("Heading", validators=[InputRequired("Write a heading."), Length(max=MAX_HEADING), known_tokens])
    body = TextAreaField("Text", validators=[Length(max=MAX_BODY), known_tokens])
    button = StringField("Button", validators=[InputRequired("Say what the button does."), Length(max=MAX_BUTTON), known_tokens])
    base_version = HiddenField(default="0")

    def offer(self, courses: Sequence[CourseCard]) -> None:
        """Let one of these courses be chosen."""
        notes = {card.id: "" if card.status is CourseStatus.OPEN else f" ({card.status.replace('_', ' ')})" for card in courses}
        self.course.choices = [SelectChoice(str(card.id), f"{card.title}{card.mark}{notes[card.id]}") for card in courses]

    @property
    def course_id(self) -> UUID | None:
        return UUID(self.course.data) if self.course.data in {choice.value for choice in self.course.choices} else None

    @property
    def copy(self) -> CtaCopy:
        """The words as they stand in the form, right or wrong."""
        known = self.style.data in set(CtaStyle)
        style = CtaStyle(self.style.data) if known else CtaStyle.CARD
        return CtaCopy(style=style, heading=self.heading.data or "", body=self.body.data or "", button=self.button.data or "")

    @property
    def draft(self) -> CtaDraft:
        """What a valid form says."""
        copy = self.copy
        return CtaDraft(
            name=self.name.data or "",
            course_id=UUID(self.course.data),
            style=copy.style,
            heading=copy.heading,
            body=copy.body,
            button=copy.button,
        )

    @property
    def base(self) -> int:
        return read_seen(self.base_version.data)


class NewCtaForm(CtaForm):
    """A new call to action: its name in articles is chosen once."""

    slug = StringField(
        "Name in articles",
        validators=[
            InputRequired("Give it a name to place it by."),
            Length(max=MAX_SLUG),
            Regexp(SLUG, message="Use lower-case letters, digits and single hyphens, for example level-1-card."),
        ],
    )


def values_of(cta: Cta) -> dict[str, str]:
    """What the form shows of a saved call to action."""
    return {
        "name": cta.name,
        "course": str(cta.course_id),
        "style": cta.style.value,
        "heading": cta.heading,
        "body": cta.body,
        "button": cta.button,
        "base_version": str(cta.version),
    }
