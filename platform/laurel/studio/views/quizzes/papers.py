"""The report on the papers of a quiz: how equal they are, how often each question is shown, and what speaks for a leak."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from laurel.bank.queries import get_versions, list_owned
from laurel.quizzes import queries
from laurel.quizzes.queries.fairness import LAST_PAPERS, SIMULATED, PaperReport
from laurel.quizzes.rules import exposing, fairness
from laurel.studio.views.quizzes.blueprint import WRITE, bp, find_quiz, title_of, whose
from laurel.web.access import policy
from laurel.web.pages import PAGE_SIZE, Page, page_number, percent
from laurel.web.session import current_session

SCORE_WIDTH, SHARE_WIDTH = 0.01, 0.05


@dataclass(frozen=True, slots=True)
class Chart:
    """What `components/charts.html` draws: values of one or two series over the same ranges."""

    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[int]]]

    @property
    def most(self) -> int:
        return max((value for _, values in self.series for value in values), default=0) or 1

    @property
    def rows(self) -> list[list[str | int]]:
        """The table that says the same, a row for each range."""
        return [[label, *(values[at] for _, values in self.series)] for at, label in enumerate(self.labels)]


def share(value: float, *, places: int = 0) -> str:
    """A share of 1 in percent, as a person reads it."""
    return percent(round(Decimal(value), places + 2))


@bp.get("/<uuid:quiz_id>/papers")
@policy(GET=WRITE)
def papers_page(quiz_id: UUID) -> ResponseReturnValue:
    """Simulate papers of the version that the author works on and show what they and the real ones have in common."""
    session = current_session()
    quiz, version = find_quiz(quiz_id)
    number = page_number()
    report = queries.report_papers(session, version)
    if report is None:
        return render_template("studio/papers_page.html", quiz=quiz, version=version, report=None)
    start = (number - 1) * PAGE_SIZE
    page = Page(rows=report.questions[start : start + PAGE_SIZE], number=number, size=PAGE_SIZE, total=len(report.questions))
    named = [*page.rows, *(line for line, _ in report.notable)]
    versions = get_versions(session, {line.version_id for line in named})
    return render_template(
        "studio/papers_page.html",
        quiz=quiz,
        version=version,
        report=report,
        page=page,
        owned=list_owned(session, {line.question_id for line in named}, owner_id=whose()),
        titles={version_id: title_of(found.stem_html) for version_id, found in versions.items()},
        scores=_score_chart(report),
        shares=_share_chart(report),
        share=share,
        simulated=SIMULATED,
        last_papers=LAST_PAPERS,
        exposing=exposing,
        fairness=fairness,
    )


def _score_chart(report: PaperReport) -> Chart:
    bars = fairness.histogram(report.forms.scores, width=SCORE_WIDTH)
    return Chart([f"{share(bar.start)} to {share(bar.end)}" for bar in bars], [("Papers", [bar.count for bar in bars])])


def _share_chart(report: PaperReport) -> Chart:
    """How many questions are on how large a share of the papers, expected and, if there are any, given out."""
    found = {"Expected": [line.expected for line in report.questions]}
    if report.given:
        found["Given out"] = [line.actual or 0.0 for line in report.questions]
    bars = fairness.histogram([value for values in found.values() for value in values], width=SHARE_WIDTH)
    counts = []
    for name, values in found.items():
        own = {round(bar.start, 4): bar.count for bar in fairness.histogram(values, width=SHARE_WIDTH)}
        counts.append((name, [own.get(round(bar.start, 4), 0) for bar in bars]))
    return Chart([f"{share(bar.start)} to {share(bar.end)}" for bar in bars], counts)
