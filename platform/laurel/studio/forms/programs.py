"""What an author sends of a program's credentials."""

from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import Length

from laurel.credentials.models import AchievementVersion
from laurel.credentials.rules.programs import Alignment, ProgramOptions, read_alignments, write_alignments
from laurel.web.forms import LaurelForm, read_seen


class ProgramForm(LaurelForm):
    """`seen_n`: the version that the author started from."""

    alignments = TextAreaField("What it meets elsewhere", validators=[Length(max=20_000, message="That is too long.")])
    offers_score = BooleanField("Holders may show the score of the exam on their certificate")
    names_holder = BooleanField("The signed file says the holder’s name")
    seen_n = HiddenField()

    @property
    def seen(self) -> int:
        return read_seen(self.seen_n.data)

    @property
    def options(self) -> ProgramOptions:
        """Raises InvalidInputError for a line that cannot be read."""
        read = read_alignments(self.alignments.data or "")
        return ProgramOptions(alignments=read, offers_score=bool(self.offers_score.data), names_holder=bool(self.names_holder.data))


def form_of(version: AchievementVersion) -> ProgramForm:
    """The form, filled with what holds at present unless somebody sends it."""
    return ProgramForm(
        alignments=write_alignments(Alignment(**one) for one in version.alignments),
        offers_score=version.offers_score,
        names_holder=version.names_holder,
        seen_n=str(version.n),
    )
