"""What the worker does when: the queue's tasks, and the bell that wakes it in between."""

from collections.abc import Callable
from threading import Event

from huey import Huey, crontab

from laurel.core.bus import bus
from laurel.core.starting import when_it_answers
from laurel.queueing import Bell, make_huey
from laurel.settings import Settings
from laurel.worker import Chores


def add_tasks(huey: Huey, chores: Chores | None) -> Callable[[], None]:
    """Teach the queue its tasks and return the bell that wakes the worker; only the worker has `chores` to do.

    The worker's own bell stands in the queue once: what the clock brings about would otherwise stand behind a thousand calls.
    """
    is_rung = Event()

    @huey.task(name="run_due")  # type: ignore[untyped-decorator]
    def run_due() -> None:
        is_rung.clear()
        if chores is not None:
            chores.run_bulk_aside()
            chores.run_due()

    def ring() -> None:
        if not is_rung.is_set():
            is_rung.set()
            try:
                run_due()
            except BaseException:
                is_rung.clear()
                raise

    def every(schedule: object, name: str, work: Callable[[Chores], object]) -> None:
        @huey.periodic_task(schedule, name=name)  # type: ignore[untyped-decorator]
        def run() -> None:
            is_rung.clear()
            if chores is not None:
                work(chores)

    every(crontab(minute="*"), "each_minute", _each_minute)
    every(crontab(minute="*/5"), "each_five_minutes", Chores.reconcile_aside)
    every(crontab(minute="*/10"), "each_ten_minutes", Chores.count_usage)
    every(crontab(minute="17"), "each_hour", _each_hour)
    every(crontab(minute="43", hour="3"), "each_night", lambda chores: chores.reconcile_aside(is_deep=True))
    return ring if chores is not None else run_due  # the worker alone sees when a call was answered


def _each_minute(chores: Chores) -> None:
    chores.look_after_each(chores.run_bulk_aside, chores.look_after_time, chores.run_due, chores.look_after_credentials)


def _each_hour(chores: Chores) -> None:
    chores.look_after_the_rest()


def ring_the_bell(settings: Settings) -> None:
    """From now on this process's commits wake the worker."""
    bus.nudge = Bell(add_tasks(make_huey(settings), None)).ring


def run_worker(settings: Settings, chores: Chores) -> None:
    """Work until told to stop; SIGTERM lets the present task end."""

    def begin() -> Huey:
        huey = make_huey(settings)
        bus.nudge = add_tasks(huey, chores)
        chores.look_after_time()
        chores.run_bulk_aside()
        chores.run_due()
        return huey

    huey = when_it_answers(chores.database, begin)
    huey.create_consumer(workers=1, max_delay=0.5, graceful_signal="TERM").run()
