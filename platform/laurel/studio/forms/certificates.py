"""What an author sends of a course's certificate: what it says, how it looks, how long it holds, and how it is renewed."""

from datetime import datetime
from typing import Any, ClassVar

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, Optional

from laurel.catalog.queries import CourseCard
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.printing import has_pdf
from laurel.credentials.rules.renewing import MAX_DAYS, MAX_POINTS, RenewalTerms
from laurel.credentials.rules.validity import MAX_MONTHS, Validity, check_not_over, check_validity
from laurel.credentials.rules.words import MAX_HUE, MAX_TAG, MAX_TAGS, MAX_TEXT, NUMERALS, CertificateWords, check_criteria, read_tags
from laurel.studio.forms.quizzes import whole
from laurel.web.forms import DayField, LaurelForm, NameField, read_seen

MONTHS, DAY, EVER = "months", "day", "ever"
LASTS = [
    SelectChoice(MONTHS, "For so many months from its award"),
    SelectChoice(DAY, "Until one day, with which all of them end"),
    SelectChoice(EVER, "For ever"),
]
LEVELS = [SelectChoice("0", "A star, for no level"), *(SelectChoice(str(n), numeral) for n, numeral in enumerate(NUMERALS, start=1))]
DAYS = f"Write whole days, 0 to {MAX_DAYS}."


def at_most(field: str) -> Length:
    return Length(max=MAX_TEXT[field], message=f"Use at most {MAX_TEXT[field]} characters.")


def printable(_form: Any, field: Field) -> None:
    """Refuse what the PDF of every holder would lack."""
    if not has_pdf(field.data or ""):
        raise ValidationError("Our fonts lack a letter of this, so no certificate could be printed. Write it with other letters.")


class ReviewedForm(LaurelForm):
    """A form that is looked at once more before it counts; `seen` is the state that its author started from.

    `places`: the fields whose names differ from those that services use.
    """

    seen = HiddenField()
    places: ClassVar[dict[str, str]] = {}

    @property
    def values(self) -> list[tuple[str, str]]:
        """What was typed, to be sent again as it is; the token is not among it, nor a box that is not ticked."""
        sent = [field for field in self if field.type != "CSRFTokenField" and (field.type != "BooleanField" or field.data)]
        return [(field.name, "y" if field.type == "BooleanField" else str(field.data or "")) for field in sent]

    def put_beside(self, error: InvalidInputError) -> None:
        """Show what a service refused beside the field that it is about."""
        name = self.places.get(error.field or "", error.field or "")
        if name in self:
            self[name].errors = [*self[name].errors, error.message]
        else:
            self.form_errors.append(error.message)


class CertificateForm(ReviewedForm):
    """`now`, the moment by which a last day is judged, is set before it is validated; `course_title` where it is the course's first.

    `is_examined`: the course has an exam; without one nobody earns what is written here.
    """

    now: datetime
    course_title = ""
    is_examined = True
    places: ClassVar[dict[str, str]] = {"validity_months": "months"}

    name = NameField("Name", validators=[InputRequired("Give it a name, such as Certified Widget Maker."), at_most("name"), printable])
    description = TextAreaField(
        "Description", validators=[InputRequired("Say in one or two sentences what its holder can do."), at_most("description"), printable]
    )
    criteria = TextAreaField(
        "What a holder has shown", validators=[InputRequired("Say what one has to do to earn it."), at_most("criteria")]
    )
    tags = StringField("Topics", validators=[Optional(), Length(max=MAX_TAGS * (MAX_TAG + 2), message="That is too long.")])
    code = StringField("Code", validators=[Optional(), at_most("code")])
    lasts = RadioField("How long it holds", choices=LASTS, validators=[InputRequired("Choose how long it holds.")])
    months = StringField("Months")
    valid_until = DayField("Last day (UTC)")
    level = SelectField("Numeral on the badge", choices=LEVELS, default="0")
    hue = StringField("Hue of the badge", validators=[whole(0, MAX_HUE, f"Write a whole number, 0 to {MAX_HUE}.")])

    def validate_criteria(self, field: Field) -> None:
        try:
            check_criteria(field.data or "")
        except InvalidInputError as error:
            raise ValidationError(error.message) from None

    def validate_tags(self, field: Field) -> None:
        found = read_tags(field.data or "")
        if len(found) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in found):
            raise ValidationError(f"Name at most {MAX_TAGS} topics, each of at most {MAX_TAG} characters.")

    def validate_months(self, field: Field) -> None:
        if self.lasts.data == MONTHS:
            whole(1, MAX_MONTHS, f"Write for how many months, 1 to {MAX_MONTHS}, or choose for ever.")(self, field)

    def validate_valid_until(self, field: Field) -> None:
        if self.lasts.data != DAY or field.errors:
            return
        if field.data is None:
            raise ValidationError("Enter the day with which all of them end.")
        try:
            check_not_over(check_validity(Validity(until=field.data)), self.now)
        except InvalidInputError as error:
            raise ValidationError(error.message) from None

    @property
    def seen_n(self) -> int:
        """The version that the author started from, 0 being none."""
        return read_seen(self.seen.data)

    @property
    def validity(self) -> Validity:
        return Validity(
            months=int(self.months.data) if self.lasts.data == MONTHS else 0,
            until=self.valid_until.data if self.lasts.data == DAY else None,
        )

    @property
    def words(self) -> CertificateWords:
        """What a valid form says."""
        return CertificateWords(
            name=self.name.data,
            description=self.description.data,
            criteria=self.criteria.data,
            tags=read_tags(self.tags.data or ""),
            code=self.code.data or "",
            hue=int(self.hue.data),
            level=int(self.level.data),
            validity=self.validity,
        )


def values_of(words: CertificateWords) -> dict[str, Any]:
    """What the form shows of a certificate that there is."""
    validity = words.validity
    return {
        "name": words.name,
        "description": words.description,
        "criteria": words.criteria,
        "tags": ", ".join(words.tags),
        "code": words.code,
        "lasts": DAY if validity.until is not None else MONTHS if validity.months else EVER,
        "months": str(validity.months or ""),
        "valid_until": validity.until,
        "level": str(words.level),
        "hue": str(words.hue),
    }


def suggestion_for(course: CourseCard | None) -> dict[str, Any]:
    """What the form shows where there is none yet: what the course's page says, if it has one."""
    if course is None:
        return {"hue": "160"}
    return {"name": course.title, "code": course.content.code, "level": str(course.level), "hue": str(course.badge_hue)}


class RenewalForm(ReviewedForm):
    """By which ways, from when and until when the certificates of a program are renewed."""

    places: ClassVar[dict[str, str]] = {
        "renewal_window_days": "window_days",
        "renewal_grace_days": "grace_days",
        "renewal_points": "points",
    }

    window_days = StringField("Days before the end", validators=[whole(0, MAX_DAYS, DAYS)])
    grace_days = StringField("Days after the end", validators=[whole(0, MAX_DAYS, DAYS)])
    by_exam = BooleanField("By passing the exam again")
    includes_attempts = BooleanField("A renewal brings the exam’s attempts along")
    points = StringField("CPD points", validators=[whole(0, MAX_POINTS, f"Write whole points, 0 to {MAX_POINTS}.")])

    def validate_grace_days(self, field: Field) -> None:
        if not (field.errors or self.window_days.errors) and int(self.window_days.data) == int(field.data) == 0:
            raise ValidationError("Let holders renew for at least one day, before the end or after it.")

    @property
    def terms(self) -> RenewalTerms:
        """What a valid form says."""
        return RenewalTerms(
            window_days=int(self.window_days.data),
            grace_days=int(self.grace_days.data),
            includes_attempts=bool(self.includes_attempts.data),
            by_exam=bool(self.by_exam.data),
            points=int(self.points.data),
        )


def values_of_terms(terms: RenewalTerms) -> dict[str, Any]:
    return {
        "window_days": str(terms.window_days),
        "grace_days": str(terms.grace_days),
        "includes_attempts": terms.includes_attempts,
        "by_exam": terms.by_exam,
        "points": str(terms.points),
        "seen": terms.stamp,
    }
