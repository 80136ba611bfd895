"""Pages that hang leave one thread to the exams."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from flask import Flask

from laurel.core.errors import UnavailableError
from laurel.serving import Server
from laurel.web import urgency
from laurel.web.urgency import THREADS, Places, urgent

PAGES = "attempt_page question_page answer_question review_page hand_in_page submit_attempt save_answers take_lease".split()
EXAM = ["learning.start_attempt", *(f"quizzes.{name}" for name in PAGES)]


class Hanging:
    """A site with one page that hangs and one place for such pages."""

    def __init__(self) -> None:
        self.app = Flask("hanging")
        self.entered, self.end = Event(), Event()
        urgency.init_app(self.app, Places(1, patience=0.02))
        self.app.add_url_rule("/page", view_func=self.page)
        self.app.add_url_rule("/exam", view_func=self.exam)
        self.app.register_error_handler(UnavailableError, lambda error: (error.message, 503))

    def page(self) -> str:
        self.entered.set()
        self.end.wait(20)
        return "a page"

    @staticmethod
    @urgent
    def exam() -> str:
        return "an exam"

    def get(self, path: str) -> int:
        return self.app.test_client().get(path).status_code


@pytest.fixture
def site() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.end.set()


def test_a_page_finds_no_place_where_another_hangs_but_an_exam_does(site: Hanging) -> None:
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(site.get, "/page")
        assert site.entered.wait(20)
        assert site.get("/page") == 503
        assert site.get("/exam") == 200
        site.end.set()
        assert hanging.result(20) == 200
    assert site.get("/page") == 200


def test_an_address_that_leads_nowhere_takes_no_place(site: Hanging) -> None:
    assert [site.get("/nowhere") for _ in range(3)] == [404] * 3
    site.end.set()
    assert site.get("/page") == 200


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    places = Places(1, patience=20)
    assert places.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(places.take)
        places.give_back()
        assert waiting.result(20)


def test_after_one_has_waited_in_vain_nobody_waits_until_something_moves() -> None:
    places = Places(1, patience=0.01)
    assert places.take()
    assert not places.take()
    places._patience = 3600
    assert not places.take()
    places.give_back()
    assert places.take()


@pytest.mark.parametrize("name", EXAM)
def test_what_an_exam_depends_on_is_urgent(shared_app: Flask, name: str) -> None:
    assert shared_app.view_functions[name].is_urgent  # type: ignore[attr-defined]


def test_pages_are_not_urgent(shared_app: Flask) -> None:
    urgent_views = {name for name, view in shared_app.view_functions.items() if getattr(view, "is_urgent", False)}
    assert not {name for name in urgent_views if name.split(".")[0] not in {"quizzes", "health"}} - {"learning.start_attempt"}


def test_pages_may_use_all_threads_but_one(shared_app: Flask) -> None:
    assert Server("127.0.0.1:1", 1, {}).options["threads"] == THREADS > 1
