"""Pages that hang in the database: do they take the exam with them?"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.faults.lab import FULL, Lab, Scale, Site, exam
from tests.faults.processes import Web
from tests.faults.scenarios import scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.table import Row

READERS = 12
HELD_SECONDS = 8.0
LOCK_TIMEOUT = 2.0


@contextmanager
def readers_of(address: str) -> Iterator[None]:
    """So many people who read articles, again and again."""
    done = Event()

    def read() -> None:
        while not done.is_set():
            with suppress(HTTPError, OSError):
                urlopen(f"{address}/articles", timeout=30).close()
            done.wait(0.05)

    threads = [Thread(target=read, daemon=True) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(40)


@contextmanager
def articles_locked(site: Site) -> Iterator[None]:
    """Nobody can read an article: every page of them waits until `lock_timeout`."""
    assert site.cluster is not None
    with closing(site.cluster.connect(site.url.rsplit("/", 1)[1])) as connection:
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE")
        yield
        connection.execute("ROLLBACK")


@scenario("F3", "pages that hang in the database")
def hanging_pages(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.site("postgresql")
    apart = Web(site.environment, log=site.folder / "pages.log")
    apart.start()
    for address, what in ((site.web.address, "by the same processes"), (apart.address, "by processes of their own")):
        with exam(site, scale) as load, readers_of(address), articles_locked(site):
            load.hurt()
            load.run_for(HELD_SECONDS if scale is FULL else 3)
        gap = load.times.worst_client_gap
        more = [f"worst gap {gap:.1f} s"] if gap > (1.5 if address == apart.address else 3 * LOCK_TIMEOUT) else []
        yield row_of(load, "F3", f"{READERS} readers of pages that hang, served {what}", more=more)
    apart.stop()
