"""Keys never leave the server early: unmistakable marks stand in everything that gives an answer away, and no response holds one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind
from laurel.catalog.queries import list_lessons
from laurel.core.clock import now
from laurel.core.ids import new_id
from laurel.learning.services import finish_lesson
from laurel.quizzes import queries, services
from laurel.quizzes.models import Attempt, Quiz
from laurel.quizzes.queries.attempts import content_of
from laurel.quizzes.rules import AttemptState, Field, Phase, QuizKind, ReviewMatrix, SlotSpec, states
from laurel.quizzes.rules.access import AccessRules
from laurel.quizzes.rules.showing import show_question
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import BODIES, make_question
from tests.factories.learning import Classroom, make_classroom
from tests.factories.quizzes import ESSAY, WRONG, answer, answer_all, fixed, make_attempt, make_quiz
from tests.security.test_route_matrix import FIXED, World, build, make_people, routes

SECRET_TEXTS = re.compile("feedback|rubric|criteria|model_answer|notes")
WRITTEN = WRONG | {QuestionKind.ESSAY: ESSAY}
TELLING_WORDS = ("is_correct", "is_right", '"fraction"', "tolerance", "option-verdict", "option-feedback", "right_answer")
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOT_COMPARED = (QuestionKind.SHORT_ANSWER, QuestionKind.NUMERICAL, QuestionKind.ESSAY, QuestionKind.ORDERING)
"""Typed, or shown in another order each time; what an item of an order is called is made of its words."""
AFTERWARDS = (Phase.JUST_AFTER, Phase.LATER, Phase.CLOSED)


@dataclass
class Marks:
    """The marks that were planted, by what they stand in."""

    texts: list[str] = field(default_factory=list)
    general: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def all(self) -> list[str]:
        return [*self.texts, *self.general, *self.keys]

    def make(self, kept: list[str], form: str = "KANARI{}X") -> str:
        kept.append(form.format(next(self.numbers)))
        return kept[-1]

    def plant(self, value: Any, name: str = "", *, is_secret: bool = False) -> Any:
        """The same body with marks in it wherever a text, a typed answer or a weight gives something away."""
        is_secret = is_secret or bool(SECRET_TEXTS.search(name))
        if isinstance(value, Mapping):
            return {key: self.plant(inner, key, is_secret=is_secret) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.plant(inner, name, is_secret=is_secret) for inner in value]
        return self._mark(value, name, is_secret=is_secret) if isinstance(value, str) else value

    def _mark(self, value: str, name: str, *, is_secret: bool) -> str:
        if is_secret and name != "points":
            return self.make(self.texts)
        if name in {"pattern", "value"}:
            return self.make(self.keys, "kanaripattern{}x" if name == "pattern" else "90817{:03d}.25")
        return self.make(self.keys, "0.0737373{}") if name == "fraction" and value != "1" else value


def plant_all(session: Session, marks: Marks, owner: User) -> list[SlotSpec]:
    """A question of every kind there is, with marks in it."""
    slots = []
    for kind in QuestionKind:
        before = len(marks.texts) + len(marks.keys)
        body = marks.plant(BODIES[kind])
        if kind is QuestionKind.SINGLE_CHOICE:  # what the others are worth says which one is right
            body["options"][1]["fraction"] = marks.make(marks.keys, "0.0737373{}")
        assert len(marks.texts) + len(marks.keys) > before, f"nothing is planted in {kind}: tell `Marks.plant` where its key stands"
        general = marks.make(marks.general)
        slots.append(
            fixed(
                make_question(session, kind=kind, body=body, owner_id=owner.id, general_feedback=general, objective=marks.make(marks.texts))
            )
        )
    return slots


@dataclass
class Exam:
    """A course whose every quiz asks planted questions, and an attempt at its exam."""

    world: World
    attempt: Attempt
    marks: Marks
    learner: User

    def search(self, answer: Any) -> list[str]:
        """The marks that a response holds, in its body or in its headers."""
        said = answer.get_data().decode("utf-8", "replace") + str(answer.headers)
        answer.close()
        return [mark for mark in (*self.marks.all(), *TELLING_WORDS) if mark in said]


def reach_the_exam(session: Session, room: Classroom) -> None:
    for lesson in list_lessons(session, room.course.id)[:-1]:
        finish_lesson(session, room.enrollment.id, lesson_id=lesson.id, now=now())


class OnlyTheExam(dict[str, str]):
    """What addresses name, in a world that holds nothing beside the exam."""

    def __missing__(self, name: str) -> str:
        return FIXED.get(name) or str(new_id())


@pytest.fixture
def exam(session: Session) -> Exam:
    """The exam of a course that its learner has reached; all questions are answered wrongly."""
    return sit(session, World(make_people(session), OnlyTheExam()))


@pytest.fixture
def exam_of_a_site(session: Session) -> Exam:
    """The same in a world in which there is one of everything."""
    return sit(session, build(session))


def sit(session: Session, world: World) -> Exam:
    marks = Marks()
    learner, author = world.people["owner"], world.people["author"]
    assert learner is not None
    assert author is not None
    room = make_classroom(session, learner=learner, slots=plant_all(session, marks, author), access=AccessRules(logs_focus=True))
    reach_the_exam(session, room)
    attempt = make_attempt(session, room.exam, learner_id=learner.id)
    for slot in queries.list_paper(session, attempt.id):
        answer(session, attempt, slot.number, WRITTEN[queries.get_slot(session, attempt.id, slot.number)[1].kind])
    values = {"slug": room.course.slug, "course_slug": room.course.slug, "attempt_id": str(attempt.id), "quiz_id": str(room.exam.id)}
    session.commit()
    world.values.update(values)
    return Exam(world, attempt, marks, learner)


def put(session: Session, attempt: Attempt, state: AttemptState) -> None:
    """Let the attempt stand in this state."""
    session.commit()
    session.refresh(attempt)
    if state is AttemptState.GRADED:
        services.submit_attempt(session, attempt_id=attempt.id, learner_id=attempt.learner_id, now=now())
    if attempt.state is not state:
        attempt.state = state
        attempt.finished_at = None if state in states.OPEN else now()
    session.commit()


def pages(app: Flask, world: World) -> Iterator[str]:
    """Every address of the site that answers a GET, once for each lesson and each question where it names one."""
    for method, rule in routes(app):
        if method != "GET" or rule.startswith("/static/") or rule == "/studio/style-guide":  # it shows samples
            continue
        lessons = ("lesson-1", "quiz", "exam") if "<lesson_slug>" in rule else ("lesson-1",)
        numbers = range(1, len(QuestionKind) + 2) if "/questions/<int:number>" in rule else (1,)
        for lesson in lessons:
            for number in numbers:
                world.values.update(lesson_slug=lesson, number=str(number))
                yield world.address(rule)


def find_leaks(browser: FlaskClient, exam: Exam, addresses: Iterable[str]) -> list[str]:
    """Where a mark shows up on these pages."""
    return [f"{address}: {found}" for address in addresses if (found := exam.search(browser.get(address)))]


def about(exam: Exam, addresses: Iterable[str]) -> Iterator[str]:
    """The addresses that name the attempt, its quiz or its course."""
    names = [exam.world.values[name] for name in ("attempt_id", "quiz_id", "course_slug")]
    return (address for address in addresses if any(name in address for name in names))


@pytest.mark.parametrize("state", AttemptState)
def test_no_page_of_an_exam_holds_a_key_in_any_state_of_it(
    app: Flask, session: Session, sign_in: SignIn, exam: Exam, state: AttemptState
) -> None:
    put(session, exam.attempt, state)
    browser = sign_in(exam.learner, client=app.test_client())
    answers = [browser.get(address) for address in about(exam, pages(app, exam.world))]
    statuses = {answer.status_code for answer in answers}
    assert [(answer.request.path, found) for answer in answers if (found := exam.search(answer))] == []
    assert statuses >= ({200, 302, 404} if state is AttemptState.IN_PROGRESS else {200, 404, 409})


@ON_ONE_DATABASE
def test_no_page_of_the_site_holds_a_key_for_its_learner(app: Flask, sign_in: SignIn, exam_of_a_site: Exam) -> None:
    exam = exam_of_a_site
    assert find_leaks(sign_in(exam.learner, client=app.test_client()), exam, pages(app, exam.world)) == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("actor", ["visitor", "other", "marketer", "support"])
def test_no_page_holds_a_key_for_anybody_else(app: Flask, session: Session, sign_in: SignIn, exam_of_a_site: Exam, actor: str) -> None:
    exam = exam_of_a_site
    browser, person = app.test_client(), exam.world.people[actor]
    if person is not None:
        sign_in(person, client=browser)
    assert find_leaks(browser, exam, pages(app, exam.world)) == []


def test_the_preview_of_an_author_holds_no_more_than_a_learner_gets(app: Flask, session: Session, sign_in: SignIn, exam: Exam) -> None:
    author = exam.world.people["author"]
    assert author is not None
    quiz = session.get_one(Quiz, exam.attempt.quiz_id)
    preview = make_attempt(session, quiz, learner_id=author.id, is_preview=True)
    world = World(exam.world.people, OnlyTheExam(exam.world.values, attempt_id=str(preview.id)))
    seen = Exam(world, preview, exam.marks, author)
    session.commit()
    browser = sign_in(author, client=app.test_client())
    own = [address for address in pages(app, world) if address.startswith("/attempts")]
    assert find_leaks(browser, seen, own) == []
    put(session, preview, AttemptState.GRADED)
    assert find_leaks(browser, seen, own) == []


def test_the_search_finds_what_an_author_may_see(app: Flask, session: Session, sign_in: SignIn, exam: Exam) -> None:
    """The control: where keys may be read, these very marks are found."""
    author = exam.world.people["author"]
    assert author is not None
    question = {"question_id": str(queries.list_paper(session, exam.attempt.id)[0].question_id)}
    browser = sign_in(author, client=app.test_client())
    found = exam.search(browser.get(World({}, question).address("/studio/questions/<uuid:question_id>")))
    assert len([mark for mark in found if mark.startswith("KANARI")]) >= 4


# ---- what is not a page: saving, leases, errors, conflicts


@dataclass
class Script:
    """What a browser's script and its forms send, good and broken, and what comes back."""

    browser: FlaskClient
    attempt: Attempt
    token: str
    answers: list[Any] = field(default_factory=list)

    def send(self, method: str, place: str, **content: Any) -> None:
        headers = {"X-CSRFToken": self.token, "Accept": "application/json"}
        self.answers.append(self.browser.open(f"/attempts/{self.attempt.id}{place}", method=method, headers=headers, **content))

    def save(self, **facts: Any) -> None:
        item = {"op_id": str(new_id()), "slot": 1, "seq": 90, "answer": {"choice": "o1"}, "client_ts": ""} | facts
        self.send("PATCH", "/answers", json={"items": [item], "lease": None})

    def answer(self, slot: int, kind: QuestionKind) -> None:
        op_id = str(new_id())
        self.save(slot=slot, op_id=op_id, seq=50, answer=WRITTEN[kind])
        self.save(slot=slot, op_id=op_id, seq=50, answer=None)
        self.save(slot=slot, seq=3, answer=WRITTEN[kind])
        self.save(slot=slot, answer={"choice": "z"})
        for fields in ({"answer": "o1"}, {"answer": ["o1", "o2"]}, {"answer": "z", "op_id": str(new_id()), "seq": "51"}, {"op_id": "7"}):
            self.send("POST", f"/questions/{slot}", data={"op_id": op_id, "seq": "50"} | fields)

    @property
    def statuses(self) -> set[int]:
        return {answer.status_code for answer in self.answers}


def test_no_answer_to_a_script_or_a_form_holds_a_key(app: Flask, session: Session, sign_in: SignIn, exam: Exam) -> None:
    token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("a1b2c3")
    script = Script(sign_in(exam.learner, client=app.test_client(), csrf="a1b2c3"), exam.attempt, token)
    for slot in queries.list_paper(session, exam.attempt.id):
        script.answer(slot.number, queries.get_slot(session, exam.attempt.id, slot.number)[1].kind)
    script.send("PATCH", "/answers", data=b"{", content_type="application/json")
    script.send("PATCH", "/answers", data=b"x", content_type="text/plain")
    script.send("POST", "/lease", json={"items": [], "lease": "tab-12345678"})
    script.send("PATCH", "/answers", json={"items": [], "lease": "other-tab-1234"})
    script.send("POST", "/focus", json={"kind": "away", "amount": 5000, "slot": 1})
    script.send("POST", "/focus", json={"kind": "key"})
    for method, place in (("GET", "/submit"), ("GET", "/questions/99"), ("DELETE", "")):
        script.send(method, place)
    assert script.statuses >= {200, 303, 400, 404, 405, 409, 415}
    script.send("POST", "/submit")
    script.save()
    script.send("POST", "/submit")
    script.send("POST", "/lease", json={"items": [], "lease": "tab-12345678"})
    script.send("GET", "/questions/1")
    assert [answer.status_code for answer in script.answers[-5:]] == [303, 409, 303, 409, 409]
    assert [leak for answer in script.answers for leak in exam.search(answer)] == []


# ---- after the end: each cell shows its own, and nothing else


@pytest.mark.parametrize("shown", [None, *Field])
def test_after_the_end_a_result_holds_what_its_cell_allows_and_no_other_key(
    app: Flask, session: Session, sign_in: SignIn, exam: Exam, shown: Field | None
) -> None:
    fields = {Field.PAPER} | ({shown} if shown else set())
    review = ReviewMatrix(frozenset((one, phase) for one in fields for phase in AFTERWARDS) | {(Field.PAPER, Phase.DURING)})
    author = exam.world.people["author"]
    assert author is not None
    asked = [queries.get_slot(session, exam.attempt.id, slot.number) for slot in queries.list_paper(session, exam.attempt.id)]
    graded = [slot.question_id for slot, version in asked if version.kind is not QuestionKind.ESSAY]  # essays: test_rules_rubrics
    slots = [fixed(session.get_one(Question, question_id)) for question_id in graded]
    quiz = make_quiz(session, kind=QuizKind.GRADED, slots=slots, owner_id=author.id, review=review, attempts_allowed=1)
    attempt = make_attempt(session, quiz, learner_id=exam.learner.id)
    answer_all(session, attempt, right=0)
    put(session, attempt, AttemptState.GRADED)
    page = sign_in(exam.learner, client=app.test_client()).get(f"/attempts/{attempt.id}/result").text
    found = {mark for mark in exam.marks.all() if mark in page}
    assert found.isdisjoint(exam.marks.general) is (shown is not Field.GENERAL_FEEDBACK)
    assert found.isdisjoint(exam.marks.keys) is (shown is not Field.RIGHT_ANSWER)
    assert found.isdisjoint(exam.marks.texts) is (shown is not Field.OPTION_FEEDBACK)
    assert ("Not quite" in page) is (shown is Field.RIGHT_OR_WRONG)


def test_the_right_answers_of_a_first_attempt_stay_hidden_while_the_last_one_runs(session: Session) -> None:
    quiz = make_quiz(session, kind=QuizKind.GRADED, attempts_allowed=2)
    first = make_attempt(session, quiz)
    answer_all(session, first, right=0)
    services.submit_attempt(session, attempt_id=first.id, learner_id=first.learner_id, now=now())
    second = make_attempt(session, quiz, learner_id=first.learner_id)

    def shows_answers() -> bool:
        result = queries.get_result(session, first.learner_id, first.id, now=now())
        return any(option.is_correct for item in result.questions if item.feedback for option in item.feedback.options.values())

    assert not shows_answers()
    services.submit_attempt(session, attempt_id=second.id, learner_id=first.learner_id, now=now())
    assert shows_answers()


# ---- what an option is called, and where it stands, says nothing


@pytest.mark.parametrize("kind", [kind for kind in QuestionKind if kind not in NOT_COMPARED])
def test_two_questions_that_differ_in_nothing_but_the_key_look_the_same(
    app: Flask, session: Session, sign_in: SignIn, kind: QuestionKind
) -> None:
    bodies = [with_key(kind, place) for place in (0, 1)]
    learner = make_user(session)
    seen = []
    for body in bodies:
        quiz = make_quiz(session, slots=[fixed(make_question(session, kind=kind, body=body, general_feedback=""))])
        attempt = make_attempt(session, quiz, learner_id=learner.id)
        session.commit()
        page = sign_in(learner, client=app.test_client()).get(f"/attempts/{attempt.id}/questions/1").text
        seen.append(page.split("<fieldset", 1)[1].split('<nav class="bottom-bar"')[0])
    assert seen[0] == seen[1]
    assert "<input" in seen[0] or "<select" in seen[0]


def with_key(kind: QuestionKind, place: int) -> dict[str, Any]:
    """A question whose right answer, or whose first author's words, are the ones at this place."""
    if kind is QuestionKind.TRUE_FALSE:
        return {"answer": bool(place)}
    options = [{"text": f"Option {n}", "fraction": "1" if n == place else "0"} for n in range(4)]
    if kind is QuestionKind.CLOZE:  # its options stand in the order of the dictionary: what the author wrote first is moved
        return {"gaps": [{"input": "choice", "body": {"options": options[place:] + options[:place]}}]}
    if kind is QuestionKind.MATCHING:
        words = ["red", "blue"]
        return {"stems": [{"key": f"s{n}", "text": f"Stem {n}", "choice": f"c{abs(n - place)}"} for n in (0, 1)],
                "choices": [{"key": f"c{n}", "text": words[n]} for n in (0, 1)]}  # fmt: skip
    return {"options": options}


def test_the_right_option_has_no_place_and_no_name_of_its_own(session: Session) -> None:
    """Its author wrote it first each time. Shuffled papers show it in every place, under the name of the place."""
    quiz = make_quiz(session, kinds=[QuestionKind.SINGLE_CHOICE], shuffle_options=True)
    names = set()
    for _ in range(30):
        attempt = make_attempt(session, quiz)
        slot, version = queries.get_slot(session, attempt.id, 1)
        view = show_question(content_of(version), number=1, name="answer", answer=None, option_order=slot.option_order)
        assert [option.key for option in view.options] == ["o1", "o2", "o3", "o4"]
        names |= {option.key for option in view.options if "token" in option.html}
    assert names == {"o1", "o2", "o3", "o4"}
