"""The network between the site and its database forgets the connections that are open: a fail-over, or a NAT that lost its state."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from urllib.request import urlopen

from sqlalchemy import create_engine, text

from tests.faults.cluster import Cluster
from tests.faults.lab import Lab, Scale, Site, exam
from tests.faults.scenarios import scenario
from tests.faults.scenarios.loss import row_of
from tests.faults.scenarios.races import post
from tests.faults.table import Row, control
from tests.faults.world import Learner, make_world

TABLE = "laurel_faults"
TCP_USER_TIMEOUT = 4.0


def client_ports(cluster: Cluster, application: str) -> list[int]:
    rows = cluster.run(f"SELECT client_port FROM pg_stat_activity WHERE application_name LIKE '{application}%'")
    return [row[0] for row in rows if row[0]]


@contextmanager
def half_open(cluster: Cluster, ports: list[int]) -> Iterator[None]:
    """Packets of these connections vanish, in both directions; new connections work. The rules concern our own port only."""
    listed = ", ".join(map(str, ports))
    rules = f"""
        table inet {TABLE} {{
          chain output {{
            type filter hook output priority 0
            tcp dport {cluster.port} tcp sport {{ {listed} }} drop
            tcp sport {cluster.port} tcp dport {{ {listed} }} drop
          }}
        }}
    """
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", TABLE], check=True)


@scenario("F5b", "half-open connections to PostgreSQL", needs=["nftables"])
def half_open_connections(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.site("postgresql")
    others = make_world(site.database, learners=8).learners
    with exam(site, scale) as load:
        load.wait_for_saves(10 * scale.clients)
        hand_in(site, others[:4])  # from now on the web processes have rung the worker's bell: one more open connection each
        ports = client_ports(lab.cluster, "laurel")
        load.hurt()
        with half_open(lab.cluster, ports):
            submits = hand_in(site, others[4:])
            slowest = _slowest_health_check(site.web.address, seconds=8)
            load.wait_for_saves(3 * scale.clients)
    gap = load.times.worst_client_gap
    more = [f"worst gap {gap:.1f} s"] if gap > 2 * TCP_USER_TIMEOUT + 1 else []
    unanswered = sum(entry.status is None for entry in load.journal.tries)
    more += [f"{unanswered} saves without an answer"] if unanswered else []
    more += [f"handing in took {submits:.1f} s"] if submits > 2 * TCP_USER_TIMEOUT + 1 else []
    what = f"{len(ports)} open connections dropped for ever, new ones work"
    yield row_of(load, "F5b", what, more=more, slowest_submit_s=round(submits, 2), slowest_healthz_s=round(slowest, 2))


def hand_in(site: Site, learners: Sequence[Learner]) -> float:
    """All hand in at once; returns how long the slowest waited."""

    def submit(learner: Learner) -> float:
        began = time.monotonic()
        reply = post(site.web.port, learner, f"/attempts/{learner.attempts[0]}/submit")
        return time.monotonic() - began if reply is not None and reply.status == 303 else float("inf")

    with ThreadPoolExecutor(len(learners)) as pool:
        return max(pool.map(submit, learners))


def _slowest_health_check(address: str, *, seconds: float) -> float:
    """The longest time that `/healthz` took, asked again and again."""
    end, slowest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with urlopen(f"{address}/healthz", timeout=15):
                pass
        except OSError:
            return float("inf")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.2)
    return slowest


@scenario("F5c", "control: the same connection without tcp_user_timeout", needs=["nftables"])
def without_user_timeout(lab: Lab, _scale: Scale) -> Iterator[Row]:
    url = lab.cluster.create_database()
    engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 3, "application_name": "twin"})

    def ask() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    ask()
    thread = Thread(target=ask, daemon=True)
    began = time.monotonic()
    with half_open(lab.cluster, client_ports(lab.cluster, "twin")):
        thread.start()
        thread.join(15)
        hangs, waited = thread.is_alive(), time.monotonic() - began
    thread.join(30)  # the packets arrive after all
    engine.dispose()
    yield control("F5c", "no tcp_user_timeout: still hangs after", "postgresql", is_red=hangs, seconds=round(waited, 1))
