"""The chain of events: nobody changes it, anybody can check it, and what is cut off its end is found."""

import hashlib
import json
import logging
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.app import Ports
from laurel.commands import main
from laurel.core import clock
from laurel.core.db import Database, table_of
from laurel.credentials.models import CredentialEvent
from laurel.credentials.models.anchors import ChainAnchor
from laurel.credentials.rules.anchors import find_anchors
from laurel.credentials.rules.history import GENESIS, HistoryKind, find_break
from laurel.credentials.services import anchoring
from laurel.credentials.services.anchoring import BrokenChainError, find_chain_trouble, find_due_end, keep_anchor
from laurel.credentials.services.chain_export import iterate_lines
from laurel.credentials.services.history import record
from laurel.credentials.services.issuers import ensure_key
from laurel.settings import Settings, root
from laurel.worker import Chores
from tests.conftest import SignIn
from tests.credentials.chains import anchor, unguarded
from tests.credentials.test_audit import run
from tests.factories.accounts import make_user
from tests.factories.credentials import ISSUER, make_credential
from tests.fakes import PlainVault

HOUR = timedelta(hours=1)
CHANGES: list[Callable[[Session], object]] = [
    lambda session: session.execute(update(CredentialEvent).values(reason="nothing happened")),
    lambda session: session.execute(delete(CredentialEvent).where(CredentialEvent.position == 2)),
    lambda session: session.execute(update(ChainAnchor).values(position=7)),
    lambda session: session.execute(delete(ChainAnchor)),
]


def grow(session: Session, *, to: int) -> None:
    for n in range(to):
        record(session, HistoryKind.KEY_STAGED, at=clock.now(), reason=f'“{n}” said \\ the\nkey: "position":{n},')


def cut(session: Session, *, behind: int) -> None:
    with unguarded(session):
        session.execute(delete(CredentialEvent).where(CredentialEvent.position > behind))
        session.flush()
    session.expire_all()


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_the_chain_or_its_anchors(session: Session, change: Callable[[Session], object]) -> None:
    grow(session, to=3)
    anchor(session)
    session.commit()

    with pytest.raises(IntegrityError, match="is only ever added to"):
        change(session)


def test_nothing_is_put_in_the_place_of_an_entry_either(session: Session) -> None:
    grow(session, to=2)
    entry = session.scalars(select(CredentialEvent).filter_by(position=2)).one()
    values = {column.name: getattr(entry, column.name) for column in table_of(CredentialEvent).columns} | {"reason": "another"}
    session.commit()

    statement = insert(CredentialEvent).values(values)
    with pytest.raises(IntegrityError):
        session.execute(statement.prefix_with("OR REPLACE", dialect="sqlite"))


def test_it_is_not_emptied_in_one_go(session: Session) -> None:
    grow(session, to=1)
    session.commit()
    has_truncate = session.get_bind().dialect.name == "postgresql"

    with pytest.raises(IntegrityError, match="is only ever added to"):
        session.execute(text("TRUNCATE credential_events" if has_truncate else "DELETE FROM credential_events"))


def test_every_exported_line_is_what_was_hashed_whatever_the_size_of_a_page(database: Database, session: Session) -> None:
    grow(session, to=5)
    session.commit()

    lines = list(iterate_lines(partial(database.session, writes=False), size=2))

    hashes = [hashlib.sha256(line.removesuffix("\n").encode()).hexdigest() for line in lines]
    assert [json.loads(line)["previous_hash"] for line in lines] == [GENESIS, *hashes[:-1]]
    assert hashes == list(session.scalars(select(CredentialEvent.hash).order_by(CredentialEvent.position)))
    assert list(iterate_lines(partial(database.session, writes=False), after=3)) == lines[3:]


@pytest.mark.usefixtures("operator")
def test_the_check_in_the_documentation_accepts_what_the_command_writes_and_names_the_line_that_was_changed(
    session: Session, tmp_path: Path
) -> None:
    grow(session, to=4)
    session.commit()
    page = (root() / "docs" / "history.md").read_text()
    shell, python = (re.findall(rf"```{name}\n(.*?)```", page, re.DOTALL)[0] for name in ("sh", "python"))
    head = session.scalars(select(CredentialEvent.hash).filter_by(position=4)).one()
    result = CliRunner().invoke(main, ["credentials", "events", "--format", "jsonl", "--output", str(tmp_path / "events.jsonl")])
    assert (result.exit_code, result.output) == (0, "4 entries\n")

    def check(program: list[str]) -> tuple[int, str]:
        done = subprocess.run(program, cwd=tmp_path, check=False, capture_output=True, text=True)
        return done.returncode, (done.stdout + done.stderr).strip()

    programs = (["sh", "-c", shell], ["python3", "-c", python])
    assert [check(program) for program in programs] == [(0, f"4 entries, the last hash is {head}")] * 2
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    for damage in ([*lines[:2], lines[2].replace("said", "did"), lines[3]], [*lines[:2], lines[3]]):
        (tmp_path / "events.jsonl").write_text("\n".join(damage))  # as an editor leaves it that ends no last line
        expected = "line 4 does not follow" if len(damage) == 4 else "line 3 does not follow"
        assert [check(program) for program in programs] == [(1, expected)] * 2


def test_staff_download_all_of_it_and_that_stands_in_it(session: Session, sign_in: SignIn, csrf: Callable[[], str]) -> None:
    make_credential(session)
    support = make_user(session, roles=["support"])
    session.commit()
    staff = sign_in(support)

    assert "Download all entries" in staff.get("/backoffice/credentials/history").text
    response = staff.post("/backoffice/credentials/history/events.jsonl", data={"csrf_token": csrf()})

    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["Content-Disposition"].startswith('attachment; filename="credential-events-')
    assert [line["kind"] for line in lines] == ["key activated", "issued", "downloaded by staff"]
    assert lines[-1]["actor_id"] == str(support.id)


def test_an_anchor_is_made_at_once_then_every_hour_or_thousand_entries_and_never_twice(session: Session) -> None:
    ensure_key(session, ISSUER, PlainVault(), now=clock.now())
    first = anchor(session)
    assert find_due_end(session, now=clock.now() + HOUR) is None  # nothing came since
    grow(session, to=1)
    assert find_due_end(session, now=clock.now() + HOUR / 2) is None
    second = anchor(session, after=HOUR)

    assert [found.position for found in find_anchors([f"x {first} y", second])] == [1, 2]
    assert keep_anchor(session, anchoring.End(2, "0" * 64), ISSUER, PlainVault(), now=clock.now()) is None


def test_an_end_that_was_cut_off_is_told_to_staff_and_is_not_anchored_over(session: Session) -> None:
    grow(session, to=5)
    anchor(session)
    grow(session, to=2)
    cut(session, behind=3)

    assert (
        find_break((event.link, event.hash) for event in session.scalars(select(CredentialEvent).order_by(CredentialEvent.position)))
        is None
    )
    [trouble] = find_chain_trouble(session, now=clock.now())
    assert "Entry 4 is missing or another one now" in trouble
    grow(session, to=9)
    with pytest.raises(BrokenChainError, match="at entry 5"):
        find_due_end(session, now=clock.now() + HOUR)


def test_no_anchor_is_made_over_an_entry_that_was_changed_and_staff_hear_that_none_is_made(session: Session) -> None:
    grow(session, to=1)
    anchor(session)
    grow(session, to=3)
    with unguarded(session):
        session.execute(update(CredentialEvent).where(CredentialEvent.position == 3).values(reason="nothing happened"))
    session.expire_all()

    with pytest.raises(BrokenChainError, match="at entry 3"):
        find_due_end(session, now=clock.now() + HOUR)
    assert find_chain_trouble(session, now=clock.now() + 3 * HOUR) == []
    [trouble] = find_chain_trouble(session, now=clock.now() + 5 * HOUR)
    assert "was not anchored since" in trouble


def test_the_worker_writes_an_anchor_into_its_log_and_the_audit_finds_by_it_what_was_cut_off_in_all_tables(
    app: Flask, settings: Settings, database: Database, ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    chores = Chores(settings, database, ports)
    with database.session(writes=True) as session:
        make_credential(session)
        session.commit()
    with caplog.at_level(logging.INFO, "laurel.worker"), time_machine.travel(clock.now(), tick=False):
        chores.look_after_credentials()
        chores.look_after_credentials()
    [kept] = find_anchors(caplog.messages)
    assert run(database, anchors=[kept]) == (1, [])

    with database.session(writes=True) as session:
        cut(session, behind=kept.position - 1)
        with unguarded(session):
            session.execute(delete(ChainAnchor))
            session.flush()
        session.commit()
    assert run(database)[1] == []  # a chain cannot tell by itself
    assert run(database, anchors=[kept])[1] == [f"the history had {kept.position} entries when it was made, and ends before"]


def test_the_audit_tells_anchors_that_are_forged_or_of_another_chain(database: Database) -> None:
    with database.session(writes=True) as session:
        grow(session, to=2)
        line = anchor(session)
        session.commit()
    [good] = find_anchors([line])
    [longer] = find_anchors([line.replace("laurel-anchor-1 2 ", "laurel-anchor-1 1 ")])
    [elsewhere] = find_anchors([line.replace("did:web:laurel.test", "did:web:laurel.example")])
    with database.session(writes=True) as session, unguarded(session):
        session.execute(update(ChainAnchor).values(hash="0" * 64))
        session.commit()

    details = run(database, anchors=[good, longer, elsewhere])[1]

    assert [detail.split(":")[0] for detail in details] == ["its line does not say what is stored of it", "did", "did"]
    assert "did not sign it" in details[1]


@pytest.mark.usefixtures("operator")
def test_the_command_holds_the_chain_against_the_anchors_in_a_file(database: Database, tmp_path: Path) -> None:
    with database.session(writes=True) as session:
        grow(session, to=2)
        anchor(session)
        session.commit()
    printed = CliRunner().invoke(main, ["credentials", "anchors"]).output
    (tmp_path / "log").write_text(f'{{"event": "Anchor of the chain of events: {printed.strip()}", "level": "info"}}\n')
    with database.session(writes=True) as session:
        cut(session, behind=1)
        session.commit()

    result = CliRunner().invoke(main, ["credentials", "audit", "--anchors", str(tmp_path / "log")])

    assert result.exit_code == 1
    assert result.output.count("the history had 2 entries when it was made, and ends before") == 2  # by our table, and by the file


@pytest.mark.usefixtures("operator", "database")
@pytest.mark.parametrize("content", [b"", b"laurel-anchor-1 2 0123\nabcdef 2026", b"\x93\xff\x00"])
def test_a_file_in_which_no_anchor_is_found_is_not_said_to_be_checked(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mail").write_bytes(content)

    result = CliRunner().invoke(main, ["credentials", "audit", "--anchors", str(tmp_path / "mail")])

    assert (result.exit_code, "There is no anchor in that text" in result.output, "difference" in result.output) == (1, True, False)
