"""Reading `seed_content/` and writing it once: people, questions, quizzes, courses, articles."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.queries import find_user_by_email
from laurel.accounts.services import hash_password, register
from laurel.articles.services import import_seed
from laurel.bank.services import create_category, import_question
from laurel.catalog.models import Course, Module
from laurel.catalog.rules import CourseContent, CourseStatus, LessonKind, Question
from laurel.catalog.services import LessonContent, publish_course, publish_lesson, put_module
from laurel.commerce.rules import OfferingKind
from laurel.commerce.services.orders import create_offering
from laurel.core.db import Database, database_now
from laurel.core.errors import DomainError
from laurel.core.money import parse_amount
from laurel.credentials.rules.programs import Alignment, ProgramOptions
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.services.programs import import_certificate
from laurel.quizzes.rules import QuizKind, QuizSettings, SlotKind, SlotSpec
from laurel.quizzes.services import import_quiz
from laurel.seed_files import FOLDER, read_markdown, read_people, read_toml
from laurel.settings import Settings, SettingsError

OFFERED = {
    OfferingKind.COURSE: ("prices", "{}"),
    OfferingKind.SEATS: ("seat_prices", "{}, team seat"),
    OfferingKind.EXAM_RETAKE: ("retake_prices", "{}, exam retake"),
    OfferingKind.RENEWAL: ("renewal_prices", "{}, renewal of the certificate"),
}
"""What `[offering]` may set prices for, and what stands on orders and receipts."""
ROLES = {"learner": (), "author": ("author",), "marketer": ("marketer",), "staff": ("admin",), "owner": ("owner",)}


@dataclass(frozen=True)
class Seeding:
    """What every step needs: the session, who owns the content, and when it is."""

    session: Session
    author: User
    now: datetime
    left: list[str] = field(default_factory=list)
    """What was left as it is although the files say something of it, each in a sentence."""


def seed_database(settings: Settings, database: Database, *, password: str | None) -> list[str]:
    """Write all of it in one transaction; what was left as it is, sentence by sentence. Raises SettingsError that names the wrong file."""
    with database.session(writes=True) as session:
        now = database_now(session)
        people = seed_people(session, password=password, now=now)
        seeding = Seeding(session, people["author"], now)
        for folder in sorted((FOLDER / "courses").iterdir(), key=lambda path: (path.name != "ai-foundations", path.name)):
            seed_course(seeding, folder, settings)
        for file in sorted((FOLDER / "articles").glob("*.md")):
            with _located(file):
                front, body = read_markdown(file)
                import_seed(session, slug=file.stem, front_matter=front, body=body, author_id=people["marketer"].id, now=now)
        session.commit()
    return seeding.left


def seed_people(session: Session, *, password: str | None, now: datetime) -> dict[str, User]:
    """The demo accounts by their role. One that nobody could sign in to so far gets the password; one that has its own keeps it."""
    return {person["role"]: _seed_person(session, person, password, now) for person in read_people()}


def _seed_person(session: Session, person: dict[str, str], password: str | None, now: datetime) -> User:
    found = find_user_by_email(session, person["email"])
    if found is not None:
        if found.password is None and password is not None:
            found.password = hash_password(password)
        return found
    return register(
        session,
        email=person["email"],
        password=password,
        name=person["name"],
        now=now,
        role_names=ROLES[person["role"]],
        confirmed=True,
    )


def seed_course(seeding: Seeding, folder: Path, settings: Settings) -> None:
    """One course with its questions, quizzes, lessons, offering and achievement."""
    facts = read_toml(folder / "course.toml")
    with _located(folder / "course.toml"):
        course = _publish_course(seeding, folder.name, facts)
        categories = _seed_bank(seeding, folder, facts)
        quizzes = _seed_quizzes(seeding, folder, categories)
        if "exam" in facts:
            quizzes["exam"] = _seed_exam(seeding, folder.name, facts["exam"], categories)
        _seed_modules(seeding, folder, course, facts, quizzes)
        _seed_offering(seeding, folder.name, course, facts, settings)


def _seed_offering(seeding: Seeding, slug: str, course: Course, facts: dict[str, Any], settings: Settings) -> None:
    """What is sold, and what is earned."""
    for kind, (key, title) in OFFERED.items():
        written = facts["offering"].get(key, {})
        prices = {code: parse_amount(text, code) for code, text in written.items() if code in settings.currencies}
        if written:
            name = title.format(facts["title"])
            create_offering(seeding.session, course_id=course.id, title=name, prices=prices, now=seeding.now, kind=kind)
    earned = facts["credential"]
    imported = import_certificate(
        seeding.session,
        course_id=course.id,
        slug=slug,
        name=earned["name"],
        description=earned["description"],
        criteria=earned["criteria"],
        validity_months=earned.get("validity_months", 0),
        valid_until=earned.get("valid_until"),
        badge={"hue": facts["badge"]["hue"], "level": facts["level"]},
        tags=earned["tags"],
        code=facts["code"],
        options=_program_options(earned),
        renewal=_renewal_terms(earned),
        now=seeding.now,
    )
    if imported is None:
        seeding.left.append(f"The certificate of {slug} was written in the studio: [credential] of its course.toml was not read.")


def _program_options(earned: dict[str, Any]) -> ProgramOptions | None:
    """What `[credential]` says besides its words; None if it says nothing: then what was decided in the studio stays."""
    written = {name: earned[name] for name in ("offers_score", "names_holder") if name in earned}
    if not written and "alignments" not in earned:
        return None
    return ProgramOptions(alignments=[Alignment(**one) for one in earned.get("alignments", [])], **written)


def _renewal_terms(earned: dict[str, Any]) -> RenewalTerms:
    """What `[credential]` says about renewing; what it does not say is as usual."""
    names = ("window_days", "grace_days", "includes_attempts", "by_exam", "points")
    return RenewalTerms(**{name: earned[f"renewal_{name}"] for name in names if f"renewal_{name}" in earned})


def _publish_course(seeding: Seeding, slug: str, facts: dict[str, Any]) -> Course:
    content = CourseContent(
        title=facts["title"],
        mark=facts["mark"],
        code=facts["code"],
        level=facts["level"],
        category=facts["category"],
        outcome=facts["outcome"],
        summary=facts["summary"],
        hours=facts.get("hours", 0),
        updated_on=facts["updated_on"],
        hue=facts["badge"]["hue"],
        languages=tuple(facts["languages"]),
        for_whom=tuple(facts["for_whom"]),
        not_for=tuple(facts["not_for"]),
        outcomes=tuple(facts["outcomes"]),
        aliases=tuple(facts["aliases"]),
        includes=tuple(facts["offering"]["includes"]),
        refund_days=facts["offering"]["refund_days"],
        next_slug=facts.get("next_course"),
        faq=tuple(Question(question=entry["question"], answer=entry["answer"]) for entry in facts["faq"]),
    )
    status = CourseStatus(facts["status"])
    return publish_course(seeding.session, slug=slug, owner_id=seeding.author.id, status=status, content=content, now=seeding.now)


def _seed_bank(seeding: Seeding, folder: Path, facts: dict[str, Any]) -> dict[str, UUID]:
    """The exam's pool and a category for each of its domains, by the domain's name."""
    categories: dict[str, UUID] = {}
    if "exam" not in facts:
        return categories
    top = _category(seeding, folder.name, facts["title"])
    for part in facts["exam"]["blueprint"]:
        domain = part["domain"]
        category = _category(seeding, f"{folder.name}-{domain}", part["title"], top)
        categories[domain] = category
        file = folder / "bank" / f"{domain}.toml"
        _import_questions(seeding, file, read_toml(file)["questions"], category)
    practice = _category(seeding, f"{folder.name}-lessons", "Lessons and modules", top)
    categories[""] = practice
    return categories


def _category(seeding: Seeding, slug: str, title: str, parent_id: UUID | None = None) -> UUID:
    return create_category(seeding.session, slug=slug, title=title, parent_id=parent_id).id


def _import_questions(seeding: Seeding, file: Path, records: list[dict[str, Any]], category_id: UUID) -> list[UUID]:
    with _located(file):
        return [
            import_question(seeding.session, record, category_id=category_id, owner_id=seeding.author.id, now=seeding.now).id
            for record in records
        ]


def _seed_quizzes(seeding: Seeding, folder: Path, categories: dict[str, UUID]) -> dict[str, UUID]:
    """Quizzes by where they belong: the lesson's path, the module's folder, or `exam`."""
    quizzes: dict[str, UUID] = {}
    for file in sorted((folder / "quizzes").glob("*.toml")) if categories else []:
        record = read_toml(file)
        about = record["quiz"]
        kind = QuizKind(about["kind"])
        question_ids = _import_questions(seeding, file, record["questions"], categories[""])
        slots = [SlotSpec(kind=SlotKind.FIXED, question_id=question_id) for question_id in question_ids]
        rules = QuizSettings(pass_percent=Decimal(about.get("pass_percent", 0)), shuffle_options=kind is QuizKind.GRADED)
        quiz = _import_quiz(seeding, f"{folder.name}/{file.stem}", kind, about["title"], slots, rules)
        quizzes[about["lesson"] if kind is QuizKind.PRACTICE else about["module"]] = quiz
    return quizzes


def _import_quiz(seeding: Seeding, external_id: str, kind: QuizKind, title: str, slots: list[SlotSpec], rules: QuizSettings) -> UUID:
    quiz = import_quiz(
        seeding.session,
        external_id=external_id,
        kind=kind,
        title=title,
        owner_id=seeding.author.id,
        slots=slots,
        settings=rules,
        now=seeding.now,
    )
    return quiz.id


def _seed_exam(seeding: Seeding, slug: str, exam: dict[str, Any], categories: dict[str, UUID]) -> UUID:
    """The course's exam, drawn by its blueprint."""
    slots = [
        SlotSpec(
            kind=SlotKind.RANDOM,
            category_id=categories[part["domain"]],
            count=part["count"],
            domain=part["domain"],
            domain_title=part["title"],
        )
        for part in exam["blueprint"]
    ]
    rules = QuizSettings(
        minutes=exam["minutes"],
        pass_percent=Decimal(exam["pass_percent"]),
        attempts_allowed=exam["attempts"],
        retake_wait_hours=tuple(exam["retake_wait_hours"]),
        instructions=exam["instructions"],
        honor_code=exam["honor_code"],
        shuffle_options=True,
        shuffle_questions=True,
    )
    return _import_quiz(seeding, f"{slug}/exam", QuizKind.EXAM, exam["title"], slots, rules)


def _seed_modules(seeding: Seeding, folder: Path, course: Course, facts: dict[str, Any], quizzes: dict[str, UUID]) -> None:
    """Modules in their order, each with its lessons and the quiz that ends it; the exam comes last, in a module of its own."""
    position = count(1)
    for number, about in enumerate(facts.get("modules", []), start=1):
        module = put_module(
            seeding.session, course_id=course.id, slug=about["slug"], position=number, title=about["title"], summary=about["summary"]
        )
        for file in sorted((folder / "modules" / about["slug"]).glob("*.md")):
            quiz_id = quizzes.get(f"{about['slug']}/{file.stem}")
            with _located(file):
                _publish(seeding, module, next(position), _read_lesson(file, quiz_id))
        if about["slug"] in quizzes:
            _publish(seeding, module, next(position), _module_quiz(about, quizzes[about["slug"]]))
    if "exam" in facts:
        exam = facts["exam"]
        module = put_module(
            seeding.session,
            course_id=course.id,
            slug="exam",
            position=99,
            title="The exam",
            summary="Where you show what you have learned.",
        )
        content = LessonContent(
            slug="exam",
            kind=LessonKind.EXAM,
            title="Certification exam",
            summary=exam["title"],
            minutes=exam["minutes"],
            quiz_id=quizzes["exam"],
        )
        _publish(seeding, module, next(position), content)


def _publish(seeding: Seeding, module: Module, position: int, content: LessonContent) -> None:
    publish_lesson(seeding.session, module=module, position=position, content=content, now=seeding.now)


def _read_lesson(file: Path, quiz_id: UUID | None) -> LessonContent:
    front, body = read_markdown(file)
    return LessonContent(
        slug=file.stem.partition("-")[2],
        kind=LessonKind.READING,
        title=front["title"],
        summary=front["summary"],
        minutes=front["minutes"],
        body=body,
        is_preview=front.get("preview", False),
        quiz_id=quiz_id,
    )


def _module_quiz(about: dict[str, Any], quiz_id: UUID) -> LessonContent:
    return LessonContent(
        slug=f"{about['slug'].partition('-')[2]}-quiz",
        kind=LessonKind.QUIZ,
        title="Module quiz",
        summary=f"Show that you have understood: {about['title']}.",
        minutes=8,
        quiz_id=quiz_id,
    )


@contextmanager
def _located(file: Path) -> Iterator[None]:
    """Say in which file something is wrong."""
    try:
        yield
    except DomainError as error:
        raise SettingsError(f"{file.relative_to(FOLDER)}: {error.message}") from error
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{file.relative_to(FOLDER)}: {type(error).__name__} {error}") from error
