"""Questions as a page shows them (`components/questions.html`), with no more about the key than may be seen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from laurel.bank.rules import (
    Answer,
    Body,
    Chosen,
    Grade,
    GradeState,
    Inputs,
    OptionReview,
    PartReview,
    ShownOption,
    ShownPart,
    write_form_value,
)
from laurel.quizzes.rules.page_keys import for_page, page_keys
from laurel.quizzes.rules.reviewing import Field
from laurel.quizzes.rules.rubrics import Reading, RubricView, Writing, show_rubric, writing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question with the learner's answer and nothing about the key. `name` is that of its form field; `points`: `2`, or nothing.

    `stem` is the text in pieces, (HTML, key of the part that stands behind it); `parts` are what is answered one by one.
    """

    number: int
    type: str
    stem_html: str
    stem: Sequence[tuple[str, str]]
    name: str
    disabled: bool
    options: Sequence[ShownOption]
    parts: Sequence[ShownPart]
    inputs: Inputs
    chosen: Chosen
    points: str = ""
    writing: Writing | None = None


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """How a part did, as far as it may be seen: `state` and the texts are "" where nothing may be said."""

    state: str
    feedback_html: str
    right_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackView:
    """How an answer did, as far as it may be seen: what may not is empty. `is_invalid`: no number could be read, which practice says."""

    state: str
    is_invalid: bool
    mark: str
    max_mark: str
    general_html: str
    right_answer_text: str
    options: Mapping[str, OptionReview]
    parts: Mapping[str, PartVerdict]
    rubric: RubricView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A question version as the pages need it."""

    body: Body
    stem_html: str
    general_feedback_html: str


def show_question(
    content: Content,
    *,
    number: int,
    name: str,
    answer: Answer,
    option_order: Sequence[str] = (),
    disabled: bool = False,
    points: str = "",
) -> QuestionView:
    """The question with its options in the paper's order and with the keys of its pages, or as the author has them."""
    options = {option.key: option for option in content.body.shown_options()}
    order = [key for key in option_order if key in options] or list(options)
    stem = content.body.shown_stem(content.stem_html)
    places = {key: place for place, (_, key) in enumerate(stem)}
    parts = sorted(content.body.shown_parts(order), key=lambda part: places.get(part.key, 0))
    keys = page_keys(content.body.kind, option_order)
    return QuestionView(
        number=number,
        type=content.body.kind.value,
        stem_html=content.stem_html,
        stem=stem,
        name=name,
        disabled=disabled,
        options=[] if parts else [_neutral(options[key], keys) for key in content.body.arranged(order, answer)],
        parts=[_neutral_part(part, keys) for part in parts],
        inputs=content.body.inputs,
        chosen=for_page(write_form_value(content.body.kind, content.body, answer), keys),
        points=points,
        writing=writing_of(content.body),
    )


def _neutral(option: ShownOption, keys: Mapping[str, str], *, part: str = "") -> ShownOption:
    return replace(option, key=keys.get(f"{part}{option.key}", option.key))


def _neutral_part(part: ShownPart, keys: Mapping[str, str]) -> ShownPart:
    return replace(part, options=[_neutral(option, keys, part=f"{part.key}.") for option in part.options])


SAYING = frozenset({Field.MARKS, Field.RIGHT_OR_WRONG, Field.OPTION_FEEDBACK, Field.GENERAL_FEEDBACK, Field.RIGHT_ANSWER})
"""The fields that say something about an answer."""


def show_feedback(
    content: Content,
    *,
    answer: Answer,
    grade: Grade,
    mark: str,
    max_mark: str,
    fields: Collection[Field],
    explain_all: bool,
    reading: Reading | None = None,
    option_order: Sequence[str] = (),
) -> FeedbackView | None:
    """What of the verdict may be seen; None if nothing may. Each field stands for itself.

    Until the right answer may be seen, verdicts stand at chosen options only. `explain_all` (practice) still shows the
    explanation of every option. `reading` is what a grader made of an essay. `option_order`: that of the paper, if the question
    was shown with the keys of its pages.
    """
    if SAYING.isdisjoint(fields):
        return None
    review = content.body.review(answer)
    may = _May.of(fields, explain_all=explain_all)
    general = [review.feedback_html] if may.explain and answer is not None else []
    if Field.GENERAL_FEEDBACK in fields:
        general.append(content.general_feedback_html)
    keys = page_keys(content.body.kind, option_order)
    return FeedbackView(
        state=grade.state.value if Field.RIGHT_OR_WRONG in fields else "",
        is_invalid=grade.is_invalid and explain_all,
        mark=mark if Field.MARKS in fields else "",
        max_mark=max_mark if Field.MAX_MARKS in fields else "",
        general_html="".join(general),
        right_answer_text=content.body.right_answer_text() if may.tell_key and not (review.options or review.parts) else "",
        options={keys.get(key, key): may.say_of_option(option) for key, option in review.options.items()},
        rubric=show_rubric(content.body, reading, fields=fields, explain_all=explain_all),
        parts={key: may.say_of_part(part) for key, part in review.parts.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _May:
    """What may be said of an option or a part: whether it was right, which would be right, and why."""

    judge: bool
    tell_key: bool
    explain: bool
    explain_all: bool

    @classmethod
    def of(cls, fields: Collection[Field], *, explain_all: bool) -> "_May":
        return cls(
            judge=Field.RIGHT_OR_WRONG in fields or Field.RIGHT_ANSWER in fields,
            tell_key=Field.RIGHT_ANSWER in fields,
            explain=Field.OPTION_FEEDBACK in fields,
            explain_all=explain_all,
        )

    def say_of_option(self, option: OptionReview) -> OptionReview:
        """The option without what may not be said of it; without any judgement nothing stands at it, not even that it was chosen."""
        return OptionReview(
            is_correct=option.is_correct and self.judge and (self.tell_key or option.is_chosen),
            is_chosen=option.is_chosen and self.judge,
            feedback_html=option.feedback_html if self.explain and (option.is_chosen or self.tell_key or self.explain_all) else "",
        )

    def say_of_part(self, part: PartReview) -> PartVerdict:
        """A part without an answer is explained only with the key, as a part that was wrong is if its explanation gives the key away."""
        is_told = part.state is GradeState.CORRECT or not (part.gives_away or part.state is GradeState.GAVE_UP)
        return PartVerdict(
            state=part.state.value if self.judge and part.state is not None else "",
            feedback_html=part.feedback_html if self.explain and (is_told or self.tell_key or self.explain_all) else "",
            right_text=part.right_text if self.tell_key and part.state is not GradeState.CORRECT else "",
        )
