"""What staff send about many certificates at once."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from laurel.accounts.rules import NAME_MAX
from laurel.backoffice.forms import whole
from laurel.backoffice.forms.credentials import ReinstateForm, RevokeForm
from laurel.core.dates import day
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.ids import new_id
from laurel.credentials.models import BulkJob
from laurel.credentials.queries.bulk import RevocationFilter
from laurel.credentials.rules.bulk import MAX_REINSTATED, MAX_ROWS
from laurel.credentials.rules.bulk_table import COLUMNS
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.numbers import parse_number
from laurel.web.forms import DayField, LaurelForm

MAX_LIST = 200_000


OUT_OF_DATE = "This page is out of date. Load it again."


class DraftForm(LaurelForm):
    """`key` makes one dry run of one form, however often it is sent."""

    key = HiddenField(validators=[InputRequired(OUT_OF_DATE), Length(max=64, message=OUT_OF_DATE)])


def header_field(label: str) -> StringField:
    """How a column is called in the file, where its name does not say it."""
    return StringField(label, validators=[Optional(), Length(max=80, message="A header has 80 characters at most.")])


class ImportForm(DraftForm):
    """A file of certificates."""

    longest_name = NAME_MAX
    file = FileField("CSV file or Excel workbook", validators=[FileRequired("Choose a file.")])
    email = header_field("Column with the e-mail address")
    name = header_field("Column with the name")
    course = header_field("Column with the course’s short name")
    awarded = header_field("Column with the day of the award")
    duplicates = RadioField(
        "If somebody holds a certificate of that course already",
        default=Duplicates.SKIP.value,
        choices=[
            SelectChoice(Duplicates.SKIP.value, "Leave the row out. What they hold stays as it is."),
            SelectChoice(
                Duplicates.REPLACE.value,
                "Replace it, by correcting its name: number and page stay, a new document is signed, and the former one is superseded for"
                " good. Only for the same day of award; a row with another day is wrong.",
            ),
            SelectChoice(
                Duplicates.ALLOW.value, "Allow it: issue another one with a number of its own, unless they hold one for that very day."
            ),
            SelectChoice(Duplicates.REFUSE.value, "Issue nothing of this file."),
        ],
        validators=[InputRequired("Choose one.")],
    )
    tells_holder = BooleanField("Tell each holder by mail", default=True)

    def headers(self) -> dict[str, str]:
        return {column: self[column].data or "" for column in COLUMNS}


class BulkRevokeForm(RevokeForm, DraftForm):
    """Which certificates shall be revoked, and why."""

    achievement = SelectField("Credential", validators=[Optional()])
    first_day = DayField("Awarded from (UTC)", validators=[Optional()])
    last_day = DayField("Awarded until (UTC)", validators=[Optional()])
    numbers = TextAreaField("Numbers", validators=[Optional(), Length(max=MAX_LIST, message="This list is too long. Do it in parts.")])

    def validate_last_day(self, field: DayField) -> None:
        first = self.first_day.data
        if first and field.data and field.data < first:
            raise ValidationError("The last day is before the first.")

    def validate_numbers(self, field: TextAreaField) -> None:
        check_numbers(field, most=MAX_ROWS)

    def wanted(self) -> RevocationFilter:
        """The filter; raises InvalidInputError if nothing narrows it."""
        first, last = self.first_day.data, self.last_day.data
        found = RevocationFilter(
            achievement_id=UUID(self.achievement.data) if self.achievement.data else None,
            since=datetime.combine(first, time(), UTC) if first else None,
            until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last else None,
            numbers=parse_numbers(self.numbers.data or "", most=MAX_ROWS),
        )
        if found == RevocationFilter():
            raise InvalidInputError("Choose a credential, days or numbers: nobody revokes everything.")
        return found

    def title(self) -> str:
        """What the job is called in the list."""
        chosen = dict(self.achievement.choices).get(self.achievement.data or "", "")
        first, last = self.first_day.data, self.last_day.data
        days = [f"from {day(first)}" if first else "", f"until {day(last)}" if last else ""]
        numbers = len(parse_numbers(self.numbers.data or "", most=MAX_ROWS))
        words = [chosen if self.achievement.data else "", *days, f"{numbers:,} number{'' if numbers == 1 else 's'}" if numbers else ""]
        return ", ".join(word for word in words if word)


class BulkReinstateForm(ReinstateForm, DraftForm):
    """Which certificates shall count again, and why: those of a list, or all that one job revoked (`job`)."""

    job = HiddenField()
    numbers = TextAreaField("Numbers", validators=[Optional(), Length(max=MAX_LIST, message="This list is too long. Do it in parts.")])

    def job_id(self) -> UUID | None:
        """The job that is meant, if one is; raises NotFoundError for what cannot be one."""
        try:
            return UUID(self.job.data) if self.job.data else None
        except ValueError:
            raise NotFoundError("There is no such job.") from None

    def validate_numbers(self, field: TextAreaField) -> None:
        check_numbers(field, most=MAX_REINSTATED)

    def wanted(self) -> tuple[str, ...]:
        """The numbers; raises InvalidInputError, with its field, if there are none and no job is meant."""
        numbers = parse_numbers(self.numbers.data or "", most=MAX_REINSTATED)
        if not numbers and not self.job.data:
            raise InvalidInputError("Write the numbers of the certificates.", field="numbers")
        return numbers

    def title(self, revocation: BulkJob | None) -> str:
        """What the job is called in the list."""
        numbers = len(parse_numbers(self.numbers.data or "", most=MAX_REINSTATED))
        words = [f"{numbers:,} number{'' if numbers == 1 else 's'}"] if numbers else []
        return ", ".join([f"what “{revocation.title}” revoked", *words] if revocation is not None else words)


class ConfirmForm(LaurelForm):
    """The number of rows, typed by hand."""

    count = StringField("Number of certificates", validators=[whole(1, MAX_ROWS, "Write the number of certificates as digits.")])


def parse_numbers(text: str, *, most: int) -> tuple[str, ...]:
    """One number a line, each once; raises InvalidInputError with the line that is none, and if there are too many."""
    numbers = []
    for n, line in enumerate((line.strip(" \t,;") for line in text.splitlines()), start=1):
        if not line:
            continue
        try:
            numbers.append(parse_number(line))
        except InvalidInputError as error:
            raise InvalidInputError(f"Line {n}: {error.message}", field="numbers") from None
    if len(numbers) > most:
        raise InvalidInputError(f"Write at most {most:,} numbers at once.", field="numbers")
    return tuple(dict.fromkeys(numbers))


def check_numbers(field: TextAreaField, *, most: int) -> None:
    """Raise ValidationError for what `parse_numbers` refuses: so it is said together with all else that is wrong with the form."""
    try:
        parse_numbers(field.data or "", most=most)
    except InvalidInputError as error:
        raise ValidationError(error.message) from None


def new_key() -> str:
    return str(new_id())
