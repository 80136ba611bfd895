"""Forms for questions: one for each kind, the list's filter, and the steps of a question's life."""

from collections.abc import Mapping

from laurel.bank.rules import QuestionKind
from laurel.studio.forms.questions.base import QuestionForm
from laurel.studio.forms.questions.choices import MultipleResponseForm, SingleChoiceForm, TrueFalseForm
from laurel.studio.forms.questions.composed import ClozeForm, MatchingForm, OrderingForm
from laurel.studio.forms.questions.steps import CategoryForm, StepForm
from laurel.studio.forms.questions.typed import NumericalForm, ShortAnswerForm
from laurel.studio.forms.questions.written import EssayForm

FORMS: Mapping[QuestionKind, type[QuestionForm]] = {
    QuestionKind.SINGLE_CHOICE: SingleChoiceForm,
    QuestionKind.MULTIPLE_RESPONSE: MultipleResponseForm,
    QuestionKind.TRUE_FALSE: TrueFalseForm,
    QuestionKind.SHORT_ANSWER: ShortAnswerForm,
    QuestionKind.NUMERICAL: NumericalForm,
    QuestionKind.ESSAY: EssayForm,
    QuestionKind.MATCHING: MatchingForm,
    QuestionKind.ORDERING: OrderingForm,
    QuestionKind.CLOZE: ClozeForm,
}

__all__ = ["FORMS", "CategoryForm", "QuestionForm", "StepForm"]
