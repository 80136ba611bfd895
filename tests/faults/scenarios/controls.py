"""Negative controls: with a known-bad setting, or a known-bad twin, the same check must go red."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.faults.cluster import FORGETFUL
from tests.faults.lab import FULL, Lab, Load, Scale, Site, exam
from tests.faults.processes import ROOT, Web, kill_all
from tests.faults.scenarios import scenario
from tests.faults.table import Row, control
from tests.faults.world import make_world


class EarlyWeb(Web):
    """The twin that acknowledges before it commits."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.faults.twins.early_server", str(self.port)]


def become_early(site: Site) -> Site:
    environment = {**site.environment, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    site.web = EarlyWeb(environment, log=site.folder / "twin.log")
    return site


@scenario("F1c", "control: a server that acknowledges before it commits, its workers killed", short=True)
def early_server(lab: Lab, scale: Scale) -> Iterator[Row]:
    for kind in scale.databases if scale is FULL else ["sqlite"]:
        site = become_early(lab.new_site(kind))
        site.start()
        with exam(site, scale) as load:
            for _ in range(2):
                load.wait_for_saves(5 * scale.clients)
                kill_all(site.web.running.children())
            load.wait_for_saves(scale.clients)
            load.run_for(1.0)
        site.stop()
        yield red_by_loss(load, "F1c", "kill -9 of workers that acknowledge before they commit")


def red_by_loss(load: Load, code: str, what: str) -> Row:
    findings = load.findings
    return control(code, what, load.site.kind, is_red=findings.lost_ops > 0, lost_ops=findings.lost_ops, of=len(load.journal.acknowledged))


@scenario("F2c", "control: PostgreSQL with synchronous_commit = off, killed", short=True)
def forgetful_postgresql(lab: Lab, scale: Scale) -> Iterator[Row]:
    cluster = lab.new_cluster(FORGETFUL)
    site = lab.new_site("postgresql", cluster=cluster)
    cluster.run("CHECKPOINT")
    site.start()
    world = make_world(site.database, learners=scale.clients, each=scale.attempts_each)
    cluster.run("CHECKPOINT")  # what was there before is kept: only answers can be lost
    with exam(site, scale, world=world) as load:
        for _ in range(3 if scale is FULL else 1):
            load.wait_for_saves(5 * scale.clients)
            load.hurt()
            cluster.kill()
            cluster.start()
        load.wait_for_saves(5 * scale.clients)
        if scale is FULL:
            load.run_for(scale.seconds)  # every question is answered again: what was lost can no longer be seen in the current answers
    site.stop()
    yield red_by_loss(load, "F2c", "kill -9 of PostgreSQL with synchronous_commit=off")
    final = load.findings.lost_final
    if scale is FULL:
        what = "the same, judged by the final state alone: blind to most of it"
        yield control("F2d", what, site.kind, is_red=load.findings.lost_ops > final, lost_ops=load.findings.lost_ops, lost_final=final)
    cluster.close()


@scenario("B1c", "control: cp of a SQLite database as a backup", short=True)
def copied_file(lab: Lab, scale: Scale) -> Iterator[Row]:
    site = lab.new_site("sqlite")
    site.start()
    with exam(site, scale) as load:
        load.wait_for_saves(10 * scale.clients)
        copy = site.folder / "copy.db"
        acknowledged = dict(load.journal.acknowledged)
        shutil.copy(site.file, copy)
    site.stop()
    missing, sound = missing_in(copy, set(map(str, acknowledged)))
    yield control(
        "B1c", "cp of the SQLite file during an exam", "sqlite", is_red=missing > 0, missing=missing, of=len(acknowledged), integrity=sound
    )


def missing_in(copy: Path, acknowledged: set[str]) -> tuple[int, str]:
    """How many of these operations the copy lacks, and what SQLite says of its integrity."""
    import sqlite3

    with closing(sqlite3.connect(copy)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        kept = {row[0] for row in connection.execute("SELECT op_id FROM answer_ops")} if "answer_ops" in tables else set()
    return len({op_id.replace("-", "") for op_id in acknowledged} - kept), str(sound)
